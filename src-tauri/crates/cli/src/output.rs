//! Documents as lines for people, or as one JSON document for scripts.

use std::io::Write;
use std::process::ExitCode;

use boothkeeper_app::domain::trust::Trust;
use boothkeeper_app::domain::{Amount, Asset};
use boothkeeper_app::views::{
    BalanceView, CommandView, Doctor, HistoryPage, OutboxView, VerifyView,
};
use boothkeeper_app::{App, AppError, Code};
use serde::Serialize;
use serde_json::json;

use crate::words;

pub struct Output {
    json: bool,
}

/// `cloud-api.md`: 1 failed, 3 signed out, 4 offline, 5 refused, 6 diverged; 2 is usage.
pub fn exit(code: Code) -> ExitCode {
    ExitCode::from(match code {
        Code::KeyMalformed | Code::AddressMalformed | Code::OutOfRange | Code::UnknownName => 2,
        Code::SignedOut => 3,
        Code::Offline | Code::Portal | Code::Server => 4,
        Code::Refused => 5,
        Code::Diverged => 6,
        _ => 1,
    })
}

pub fn trust_exit(trust: Trust) -> ExitCode {
    match trust {
        Trust::Diverged => exit(Code::Diverged),
        _ => ExitCode::SUCCESS,
    }
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output { json }
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
            eprintln!("{sentence}");
            if let Some(problem) = error.problem {
                eprintln!("  {}", problem.title());
            }
            eprintln!("{next}");
            for cause in error.causes() {
                eprintln!("  because: {cause}");
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
        self.line(&format!("{}  {}", money(balance, asset), trust(view)));
        for bucket in &view.buckets {
            let kind = json_name(&bucket.kind);
            self.line(&format!("  {kind:<12} {:>12}", money(bucket.amount, asset)));
        }
        for pending in &view.pending {
            let kind = json_name(&pending.kind);
            let amount = money(pending.amount, asset);
            self.line(&format!(
                "  {kind:<12} {amount:>12}  pending since {}",
                pending.since
            ));
        }
    }

    pub fn history(&self, page: &HistoryPage, app: &App) -> Result<(), AppError> {
        if self.json {
            self.print(page);
            return Ok(());
        }
        let asset = app.balance()?.asset.ok_or(AppError::new(Code::NotSynced))?;
        for entry in &page.entries {
            let row = &entry.row;
            let what = row.service.as_deref().unwrap_or(&row.kind);
            let event = row.event.as_deref().unwrap_or_default();
            let (delta, after) = (money(row.delta, &asset), money(row.balance_after, &asset));
            self.line(&format!(
                "{:>8}  {}  {delta:>10}  {after:>10}  {what:<20}  {event}",
                row.seq.0, row.at
            ));
        }
        self.line(&format!(
            "opening {}  closing {}",
            money(page.opening, &asset),
            money(page.closing, &asset)
        ));
        if let Some(next) = page.next {
            self.line(&format!("more: --before {next}"));
        }
        Ok(())
    }

    pub fn outbox(&self, view: &OutboxView) {
        if self.json {
            return self.print(view);
        }
        if view.commands.is_empty() {
            self.line("Nothing waits.");
        }
        for command in &view.commands {
            self.line(&command_line(command));
        }
    }

    pub fn command(&self, command: &CommandView) {
        if self.json {
            self.print(command);
        } else {
            self.line(&command_line(command));
        }
    }

    pub fn verify(&self, view: &VerifyView) {
        if self.json {
            return self.print(view);
        }
        self.line(&match view.first_bad_seq {
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
            self.line(&text);
        }
    }

    fn print(&self, document: &impl Serialize) {
        self.line(&serde_json::to_string(document).unwrap_or_default());
    }

    fn line(&self, text: &str) {
        // A reader that stopped reading, `head` say, has all it wanted.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }
}

fn money(amount: Amount, asset: &Asset) -> String {
    let sign = if asset.code == "USD" { "$" } else { "" };
    let text = asset.decimal(amount).to_string();
    match text.strip_prefix('-') {
        Some(rest) => format!("-{sign}{rest}"),
        None => format!("{sign}{text}"),
    }
}

fn json_name(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.and_then(|v| v.as_str().map(|s| s.replace('_', " ")));
    name.unwrap_or_default()
}

fn trust(view: &BalanceView) -> String {
    let as_of = view.as_of.map(|at| at.to_string()).unwrap_or_default();
    let why = view.reason.map(words::reason).unwrap_or_default();
    match view.trust {
        Trust::Live => format!("live, verified as of {as_of}"),
        Trust::Cached => format!("as of {as_of}, {why}"),
        Trust::Stale => format!("as of {as_of}, {why}; it may have changed since"),
        Trust::Unknown => "unknown".to_owned(),
        Trust::Diverged => format!("DIVERGED: last proven {as_of}; the cloud says otherwise"),
    }
}

fn command_line(command: &CommandView) -> String {
    let problem = command.problem.map(|code| code.title()).unwrap_or_default();
    format!(
        "{}  {:<18} {:<14} {problem}",
        command.id, command.kind, command.state
    )
}
