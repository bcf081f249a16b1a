//! Documents as lines for people, or as one JSON document for scripts.

use std::cell::RefCell;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use boothkeeper_app::balance::BalanceView;
use boothkeeper_app::domain::trust::{Reason, Trust};
use boothkeeper_app::domain::{Amount, Asset, Kind};
use boothkeeper_app::history::{HistoryPage, RowView};
use boothkeeper_app::outbox::{CommandView, OutboxView};
use boothkeeper_app::session::{Doctor, VerifyView};
use boothkeeper_app::words::money;
use boothkeeper_app::{App, AppError, Code, Zone, system_zone};
use serde::Serialize;
use serde_json::json;

use crate::words;

pub struct Output {
    json: bool,
    /// What times are shown in.
    zone: Zone,
    /// Why something of the output was not written.
    unwritten: RefCell<Option<std::io::Error>>,
}

pub fn exit(code: Code) -> ExitCode {
    ExitCode::from(code.exit())
}

/// What was typed cannot be read; help and version are what was asked for.
pub fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let message = error.to_string();
        let document = json!({ "error": { "code": "usage", "message": message.trim() } });
        let _ = writeln!(std::io::stdout(), "{document}");
        return ExitCode::from(2);
    }
    match error.print() {
        Err(unwritten) if unwritten.kind() != ErrorKind::BrokenPipe => exit(Code::FileSystem),
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

pub fn trust_exit(trust: Trust) -> ExitCode {
    match trust {
        Trust::Diverged => exit(Code::Diverged),
        _ => ExitCode::SUCCESS,
    }
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output {
            json,
            zone: system_zone(),
            unwritten: RefCell::default(),
        }
    }

    /// Whether something of the output was not written.
    pub fn is_cut(&self) -> bool {
        self.unwritten.borrow().is_some()
    }

    /// How the program ends: what could not be written was not said, whatever was done.
    pub fn ended(&self, code: ExitCode) -> ExitCode {
        match self.unwritten.take() {
            None => code,
            Some(error) => {
                to_stderr(&format!(
                    "The output could not be written: {error}. What was asked for may have been done: look before you repeat it."
                ));
                exit(Code::FileSystem)
            }
        }
    }

    pub fn error(&self, error: &AppError) -> ExitCode {
        let (sentence, next) = words::sentence(error.code);
        if self.json {
            let problem = error.problem.map(|code| code.name());
            self.print(&json!({ "error": {
                "code": error.code,
                "problem": problem,
                "message": sentence,
                "next": next,
                "causes": error.causes(),
            }}));
        } else {
            to_stderr(&sentence);
            if let Some(problem) = error.problem {
                to_stderr(&format!("  {}", problem.title()));
            }
            to_stderr(&next);
            for cause in error.causes() {
                to_stderr(&format!("  because: {cause}"));
            }
        }
        exit(error.code)
    }

    pub fn done(&self, document: &impl Serialize, sentence: &str) {
        if self.json {
            self.print(document);
        } else {
            self.line(sentence);
        }
    }

    pub fn balance(&self, view: &BalanceView) {
        if self.json {
            return self.print(view);
        }
        let (Some(balance), Some(asset)) = (view.balance, &view.asset) else {
            return self.line("No balance yet: this copy has never been synced.");
        };
        self.line(&format!(
            "{}  {}",
            money(balance, asset),
            trust(view, &self.zone)
        ));
        for bucket in &view.buckets {
            let kind = json_name(&bucket.kind);
            self.line(&format!("  {kind:<12} {:>12}", money(bucket.amount, asset)));
        }
        for pending in &view.pending {
            let kind = json_name(&pending.kind);
            let amount = money(pending.amount, asset);
            self.line(&format!(
                "  {kind:<12} {amount:>12}  pending since {}",
                self.zone.local(pending.since)
            ));
        }
    }

    pub fn refusals(&self, count: usize) {
        if count > 0 && !self.json {
            self.line(&format!(
                "{count} waiting action(s) were refused or need a new decision: see `boothkeeper outbox list`."
            ));
        }
    }

    pub fn history(&self, page: &HistoryPage, app: &App) -> Result<(), AppError> {
        if self.json {
            self.print(page);
            return Ok(());
        }
        let asset = app
            .balance()
            .view()?
            .asset
            .ok_or(AppError::new(Code::NotSynced))?;
        for entry in &page.entries {
            let row = &entry.row;
            let what = row.service.as_deref().unwrap_or(&row.kind);
            let more = more(row, &asset);
            let (delta, after) = (money(row.delta, &asset), money(row.balance_after, &asset));
            let (at, status) = (app.zone().local(row.at), json_name(&row.status));
            self.line(&format!(
                "{:>8}  {at}  {delta:>10}  {after:>10}  {what:<20}  {status:<12}  {more}",
                row.seq.0
            ));
        }
        self.line(&format!(
            "balance before and after these days: {}, {}",
            money(page.opening, &asset),
            money(page.closing, &asset)
        ));
        if let Some(next) = page.next {
            self.line(&format!("more: the same with --before {next}"));
        }
        Ok(())
    }

    pub fn outbox(&self, view: &OutboxView, asset: Option<&Asset>) {
        if self.json {
            return self.print(view);
        }
        if view.commands.is_empty() {
            self.line("Nothing waits.");
        }
        for command in &view.commands {
            self.line(&self.command_line(command, asset));
        }
    }

    pub fn command(&self, command: &CommandView, asset: Option<&Asset>) {
        if self.json {
            self.print(command);
        } else {
            self.line(&self.command_line(command, asset));
        }
    }

    pub fn verify(&self, view: &VerifyView, imported: bool) {
        if self.json {
            return self.print(view);
        }
        self.line(&match view.first_bad_seq {
            None if view.diverged => format!(
                "All {} entries are as the cloud signed them, up to {}; but the cloud now tells another story.",
                view.entries, view.seq
            ),
            None if imported => format!(
                "All {} entries are as they were imported; no cloud has verified them.",
                view.entries
            ),
            None => format!(
                "All {} entries are as the cloud signed them, up to {}.",
                view.entries, view.seq
            ),
            Some(seq) => format!("Entry {seq} is not what was proven. Run it again while online."),
        });
    }

    pub fn doctor(&self, doctor: &Doctor) {
        // The same document either way: it is for reading to support, too.
        let text = serde_json::to_string_pretty(doctor).unwrap_or_default();
        if self.json {
            self.print(doctor);
        } else {
            text.lines().for_each(|line| self.line(line));
        }
    }

    pub fn json(&self) -> bool {
        self.json
    }

    pub fn print(&self, document: &impl Serialize) {
        self.line(&serde_json::to_string(document).unwrap_or_default());
    }

    /// Text of several lines, somebody's message say: each line behind `indent`, so that none passes for ours.
    pub fn lines(&self, indent: &str, text: &str) {
        text.lines()
            .for_each(|line| self.line(&format!("{indent}{line}")));
    }

    /// One line, whatever is in it.
    pub fn line(&self, text: &str) {
        let written = writeln!(std::io::stdout().lock(), "{}", neutral(text));
        match written {
            // A reader that stopped reading, `head` say, has all it wanted.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.unwritten.borrow_mut().get_or_insert(error);
            }
            _ => {}
        }
    }
}

pub fn to_stderr(text: &str) {
    // Where this cannot be written there is no other place to say so.
    let _ = writeln!(std::io::stderr().lock(), "{}", neutral(text));
}

/// What a row says beside credits: its event, the plan it leads to, what is to come, what the card paid.
fn more(row: &RowView, asset: &Asset) -> String {
    let plan = row.plan.as_ref().map(|plan| {
        let cycle = row.cycle.map(|cycle| format!(" {}", json_name(&cycle)));
        format!("{plan}{}", cycle.unwrap_or_default())
    });
    let coming = row
        .coming
        .map(|coming| format!("{} to come", money(coming, asset)));
    let charge = row.charge.as_ref();
    let unpaid = row.kind == Kind::PaymentFailed.name();
    let by = if unpaid { "not paid:" } else { "card" };
    let charge = charge.map(|charge| format!("{by} {}", money(charge.amount, &Asset::usd())));
    let parts = [row.event.clone(), plan, coming, charge];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Names and words come from elsewhere: none of them breaks the line, moves the cursor or turns the text around.
fn neutral(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| match c {
            c if breaks(c) => ' ',
            c if turns(c) || c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// What a copy's amounts are counted in; it is read without a key.
/// An amount as it is typed: a dollar sign is no reason to refuse it.
pub fn amount(text: &str, asset: &Asset) -> Result<Amount, AppError> {
    let number = match asset.scale {
        0 => text,
        _ => text.trim().trim_start_matches('$'),
    };
    asset.parse(number).ok_or(AppError::new(Code::OutOfRange))
}

pub fn asset(app: &App) -> Result<Asset, AppError> {
    app.balance()
        .view()?
        .asset
        .ok_or(AppError::new(Code::NotSynced))
}

pub fn json_name(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.and_then(|v| v.as_str().map(|s| s.replace('_', " ")));
    name.unwrap_or_default()
}

pub fn trust(view: &BalanceView, zone: &Zone) -> String {
    let as_of = view.as_of.map(|at| zone.local(at)).unwrap_or_default();
    let why = view.reason.map(words::reason).unwrap_or_default();
    match view.trust {
        Trust::Live => format!("live, verified as of {as_of}"),
        // That nobody has asked the cloud since is how a command line works, and no trouble.
        Trust::Cached if view.reason == Some(Reason::NotConnected) => format!("as of {as_of}"),
        Trust::Cached => format!("as of {as_of}, {why}"),
        Trust::Stale => format!("as of {as_of}, {why}; it may have changed since"),
        Trust::Unknown => "unknown".to_owned(),
        Trust::Imported => format!("IMPORTED, unverified; reaches to {as_of}"),
        Trust::Diverged if view.reason == Some(Reason::Damaged) => {
            format!("DAMAGED: last proven {as_of}; run `boothkeeper sync` while online")
        }
        Trust::Diverged => format!("DIVERGED: last proven {as_of}; the cloud says otherwise"),
    }
}

/// What a refusal names, in words: amounts in the account's asset.
fn facts(facts: &serde_json::Value, asset: Option<&Asset>) -> String {
    let named = facts.as_object().into_iter().flatten();
    let said = named.filter_map(|(name, value)| {
        let amount = value.as_i64().and_then(|minor| Amount::new(minor).ok());
        let amount = amount
            .zip(asset)
            .map(|(amount, asset)| money(amount, asset));
        let text = amount.or_else(|| value.as_str().map(ToOwned::to_owned))?;
        Some(format!("{} {text}", name.replace('_', " ")))
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return String::new();
    }
    format!("({})", said.join(", "))
}

impl Output {
    fn command_line(&self, command: &CommandView, asset: Option<&Asset>) -> String {
        let in_asset = |amount| asset.map(|asset| money(amount, asset));
        let amount = command.amount.and_then(in_asset);
        let switch = command
            .enabled
            .map(|on| if on { "on" } else { "off" }.to_owned());
        let plan = command.plan.as_ref().map(|plan| {
            let cycle = command.cycle.map(|cycle| format!(" {}", json_name(&cycle)));
            format!("{plan}{}", cycle.unwrap_or_default())
        });
        let order = command
            .payment_order
            .map(|order| json_name(&order.first) + " first");
        let method = command
            .method
            .map(|method| format!("by {}", json_name(&method)));
        let what = amount.or(switch).or(plan).or(order).or(method);
        let what = what.or(command.coupon.clone()).unwrap_or_default();
        let problem = command.problem.map(|code| code.title()).unwrap_or_default();
        let figures = command.facts.as_ref().map(|named| facts(named, asset));
        let waits = match (command.state.as_str(), command.not_after) {
            ("queued", Some(limit)) => {
                let limit = self.zone.local(limit);
                format!("waits for the cloud, until {limit} ({})", self.zone.name())
            }
            ("unknown", _) if command.withdrawn => {
                "taken back; the cloud is asked whether it has happened already".into()
            }
            ("applied" | "settled", _) if command.withdrawn => {
                "could not be taken back: it had happened already".into()
            }
            ("unknown", _) => "sent, not answered: the cloud is asked with the next sync".into(),
            ("applied", _) => "done, says the cloud; the copy does not show it yet".into(),
            ("damaged", _) => "not as it was written: never sent".to_owned(),
            ("needs_decision", _) => "not done: things have changed, decide again".to_owned(),
            _ => String::new(),
        };
        let now = command.quote.as_ref().map(|quote| {
            let charge = quote.charge.as_ref();
            let charge =
                charge.map(|c| format!("; now charges {}", money(c.amount, &Asset::usd())));
            let destroys = match quote.destroyed.as_slice() {
                [] => String::new(),
                events => format!("; now destroys {}", events.join(", ")),
            };
            charge.unwrap_or_default() + &destroys
        });
        let line = format!(
            "{}  {:<18} {what:<12} {:<14} {problem} {} {waits}{}",
            command.id,
            command.kind,
            command.state,
            figures.unwrap_or_default(),
            now.unwrap_or_default()
        );
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_breaks_the_line_or_moves_the_cursor() {
        let hostile = "Gala\n$9,999.00  live\r\u{1b}[2J\u{9b}1m\u{202e}x\u{2028}y\tz\u{7f}\u{200f}";
        let shown = neutral(hostile);
        assert!(
            !shown.contains(|c: char| c.is_control() || "\u{202e}\u{2028}\u{200f}".contains(c)),
            "{shown:?}"
        );
        assert!(shown.starts_with("Gala $9,999.00"));
        assert_eq!(neutral("Fête d’été 🎉 שלום"), "Fête d’été 🎉 שלום");
    }
}
