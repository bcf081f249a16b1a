//! Disputes, their drafts and what proves them, in words.

use std::process::ExitCode;

use boothkeeper_app::disputes::Verdict;
use boothkeeper_app::disputes::{DisputeState, DisputesView, DraftView, Said, TicketView};
use boothkeeper_app::domain::Asset;
use boothkeeper_app::words::{cause, dispute, money};
use boothkeeper_app::{App, AppError, Code};
use serde_json::json;

use crate::output::{self, Output, asset, json_name};
use crate::words;

impl Output {
    pub fn disputes(&self, view: &DisputesView, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        if view.disputes.is_empty() {
            self.line("Nothing is in dispute.");
        }
        for row in &view.disputes {
            let owed = row.owed.map_or(String::new(), |owed| money(owed, &asset));
            let state = match (
                row.came_right,
                row.overdue,
                row.returned,
                row.reply_expected_by,
            ) {
                (true, ..) if row.state == DisputeState::Withdrawn => {
                    "withdrawn: it has come right by itself".to_owned()
                }
                (true, ..) => "draft: this has come right meanwhile".to_owned(),
                _ if row.answered => {
                    format!("{}: support has written, answer it", json_name(&row.state))
                }
                (_, true, ..) => format!("{}: no reply yet, overdue", json_name(&row.state)),
                (_, _, Some(amount), _) => {
                    format!("{}: {}", json_name(&row.state), money(amount, &asset))
                }
                (_, _, _, Some(by)) => {
                    format!(
                        "{}, reply expected by {}",
                        json_name(&row.state),
                        zone.local(by)
                    )
                }
                _ => json_name(&row.state),
            };
            self.line(&format!(
                "{:<36}  {owed:>10}  {}",
                row.id,
                dispute(row.kind)
            ));
            self.line(&format!("    {state}; {}", zone.local(row.at)));
        }
        let (open, won) = (
            money(view.open_amount, &asset),
            money(view.won_back, &asset),
        );
        self.line(&format!(
            "open: {} ({open}); won back this year: {won}",
            view.open
        ));
        Ok(())
    }

    /// A draft in the form that `dispute show` promises, with all that is known of it beside.
    pub fn draft(&self, draft: &DraftView, app: &App) -> Result<(), AppError> {
        if self.json() {
            let mut document = serde_json::to_value(draft).unwrap_or_default();
            let chosen = draft.rows.iter().filter(|row| row.chosen);
            document["entries"] = json!(chosen.map(|row| row.row.seq).collect::<Vec<_>>());
            document["attachments"] = json!(draft.files);
            document["messages"] = json!([]);
            self.print(&document);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        let amount = |amount: Option<_>| amount.map_or("?".to_owned(), |a| money(a, &asset));
        self.line(&format!(
            "{}  {}  ({})",
            draft.id,
            dispute(draft.kind),
            json_name(&draft.state)
        ));
        self.line(&format!(
            "  expected {}, actual {}: owed {}",
            amount(draft.expected),
            money(draft.actual, &asset),
            amount(draft.owed)
        ));
        let sum = |amount| money(amount, &asset);
        self.line(&format!(
            "  {} to {}: {} {} = {}, {} entries",
            draft.from,
            draft.to,
            sum(draft.opening),
            match draft.delta.is_negative() {
                true => format!("- {}", sum(draft.delta.negated())),
                false => format!("+ {}", sum(draft.delta)),
            },
            sum(draft.closing),
            draft.count
        ));
        if let Some(explained) = &draft.explained {
            self.line(&format!(
                "  ALREADY EXPLAINED{}: {} {} (entry {}). You can still file it.",
                match explained.part {
                    true => " IN PART",
                    false => "",
                },
                cause(explained.code),
                money(explained.delta, &asset),
                explained
                    .entries
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        if let Some(ticket) = &draft.disputed_by {
            self.line(&format!(
                "  ALREADY IN DISPUTE: {ticket} is open on this, or on part of it."
            ));
        }
        for row in draft.rows.iter().filter(|row| row.chosen) {
            let what = row.row.service.as_deref().unwrap_or(&row.row.kind);
            let (at, delta) = (zone.local(row.row.at), money(row.row.delta, &asset));
            self.line(&format!(
                "  {:>8}  {at}  {delta:>10}  {what}",
                row.row.seq.0
            ));
        }
        for file in &draft.files {
            self.line(&format!("  attached: {} ({} bytes)", file.name, file.bytes));
        }
        self.line(&format!("  noticed: {}", draft.noticed_on));
        self.said(&draft.said);
        self.line("  message:");
        self.lines("    ", &draft.message_sent);
        if draft.message_sent != draft.message {
            self.line("  Guests' numbers and addresses are masked in it.");
        }
        if draft.came_right {
            self.line(
                "  This has come right meanwhile: send it again only if something is still wrong.",
            );
        }
        if draft.state == DisputeState::Draft && draft.problems.is_empty() {
            self.line(&match app.is_imported()? {
                true => format!(
                    "send it by mail: boothkeeper --imported dispute save-eml {} FILE",
                    draft.id
                ),
                false => format!("send it: boothkeeper dispute send {}", draft.id),
            });
        }
        for problem in &draft.problems {
            self.line(&format!(
                "  before it is sent: {}",
                words::problem(*problem)
            ));
        }
        Ok(())
    }

    pub fn ticket(&self, ticket: &TicketView, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(ticket);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        self.line(&format!(
            "{}  {}  ({})",
            ticket.id,
            dispute(ticket.kind),
            json_name(&ticket.state)
        ));
        if let Some(by) = ticket.reply_expected_by {
            let late = if ticket.overdue {
                ", which has passed"
            } else {
                ""
            };
            self.line(&format!("  reply expected by {}{late}", zone.local(by)));
        }
        if let Some(outcome) = ticket.outcome {
            let returned = money(ticket.returned, &asset);
            self.line(&format!("  {}: {returned}", json_name(&outcome)));
        }
        let amount = |amount: Option<_>| amount.map_or("?".to_owned(), |a| money(a, &asset));
        self.line(&format!(
            "  expected {}, actual {}",
            amount(ticket.expected),
            amount(ticket.actual)
        ));
        if !ticket.entries.is_empty() {
            let seqs: Vec<_> = ticket.entries.iter().map(ToString::to_string).collect();
            self.line(&format!("  entries: {}", seqs.join(", ")));
        }
        self.said(&ticket.said);
        for message in &ticket.messages {
            let (at, from) = (zone.local(message.at), json_name(&message.from));
            self.line(&format!("  {at}  {from}:"));
            self.lines("    ", &message.text);
            for file in &message.attachments {
                self.line(&format!("    {} ({} bytes)", file.name, file.bytes));
            }
        }
        for file in &ticket.attachments {
            self.line(&format!(
                "  {}  {} ({} bytes)",
                file.sha256, file.name, file.bytes
            ));
        }
        Ok(())
    }

    /// What a person has said of it, as far as anything was.
    fn said(&self, said: &Said) {
        let legacy = (!said.legacy.is_empty()).then(|| said.legacy.join(", "));
        for (what, said) in [
            ("payment", said.payment.clone()),
            ("paid", said.paid.map(|paid| money(paid, &Asset::usd()))),
            ("paid on", said.paid_on.map(|day| day.to_string())),
            ("coupon", said.coupon.clone()),
            ("plan", said.plan.clone()),
            ("legacy products", legacy),
        ] {
            if let Some(said) = said {
                self.line(&format!("  {what}: {said}"));
            }
        }
    }

    /// What a packet proves.
    pub fn verdict(&self, verdict: &Verdict) -> ExitCode {
        if self.json() {
            self.print(verdict);
        } else if verdict.ok {
            self.line(&format!(
                "{} entries of account {} from {} to {}, up to entry {}, are as they were signed, with the key {}.",
                verdict.entries, verdict.account, verdict.from, verdict.to, verdict.seq, verdict.signed_by
            ));
            self.line(&format!(
                "What came after {} is not in it.",
                verdict.signed_at
            ));
            self.line(match (verdict.trusted, verdict.imported) {
                (true, _) => "It is a key of that cloud.",
                (_, true) => "The operator imported this history and signed it here: no cloud has verified it.",
                _ => "Whether that key is your cloud's is told by --cloud URL.",
            });
            if !verdict.unproven.is_empty() {
                let names = verdict.unproven.join(", ");
                self.line(&format!("Not covered by that proof: {names}."));
            }
        } else {
            let flaw = verdict.flaw.as_ref().map_or("", words::flaw);
            let first = verdict.first_bad_seq;
            let first = first.map_or(String::new(), |seq| format!(", first at entry {seq}"));
            self.line(&format!("NOT PROVEN: {flaw}{first}."));
            if verdict.imported && verdict.trusted {
                self.line("The operator imported this history and signed it here: no cloud can vouch for it.");
            }
        }
        match verdict.ok {
            true => ExitCode::SUCCESS,
            false => output::exit(Code::Diverged),
        }
    }
}
