//! Disputes at the terminal: written, sent, followed.

use std::process::ExitCode;

use boothkeeper_app::disputes::{
    Begin, DisputeView, DisputesView, DraftView, Edits, Said, TicketView,
};
use boothkeeper_app::domain::disputes::DisputeKind;
use boothkeeper_app::domain::findings::FindingCode;
use boothkeeper_app::domain::{Asset, Seq};
use boothkeeper_app::views::Since;
use boothkeeper_app::words::{cause, dispute, money};
use boothkeeper_app::{App, AppError, Code, Verdict};
use serde_json::{Value, json};

use crate::arguments::{ClaimArguments, DisputeCommand};
use crate::output::{self, Output, asset, json_name};
use crate::words;

pub async fn run(
    app: &App,
    command: DisputeCommand,
    output: &Output,
) -> Result<ExitCode, AppError> {
    match command {
        DisputeCommand::New { finding, claim } => {
            let begin = begin(app, finding.as_deref(), &claim)?;
            let before = match claim.says() {
                true => app.disputes()?.disputes,
                false => vec![],
            };
            let draft = app.begin_dispute(&begin)?;
            // What was written into it stays as it is.
            if before.iter().any(|known| known.id == draft.id) {
                return Err(AppError::because(Code::DraftExists, draft.id));
            }
            // What it began with are its rows already.
            let claim = ClaimArguments {
                entries: vec![],
                ..claim
            };
            let draft = change(app, draft, claim)?;
            output.draft(&draft, app)?;
        }
        DisputeCommand::Edit { id, claim } => {
            let draft = app.draft(&id)?;
            let draft = change(app, draft, claim)?;
            output.draft(&draft, app)?;
        }
        DisputeCommand::List => output.disputes(&app.disputes()?, app)?,
        DisputeCommand::Show { id } => show(app, &id, output)?,
        DisputeCommand::Send { id, yes } => return send(app, &id, yes, output).await,
        DisputeCommand::Message { id, text } => {
            let queued = app.message_dispute(&id, &text)?;
            return crate::send(app, &queued.id, output).await;
        }
        DisputeCommand::Withdraw { id } => match app.withdraw_dispute(&id)? {
            Some(queued) => return crate::send(app, &queued.id, output).await,
            None => {
                let said = match app.draft(&id) {
                    Ok(_) => "Taken back before it was sent: it is a draft again.",
                    Err(_) => "The draft is thrown away.",
                };
                output.done(&json!({ "id": id, "state": "withdrawn" }), said);
            }
        },
        DisputeCommand::SaveEml { id, file } => {
            let saved = app.save_mail(&id, &file)?;
            let saved: Vec<_> = saved
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let said = format!("Mail this to support: {}", saved.join(", "));
            output.done(&json!({ "saved": saved }), &said);
        }
        DisputeCommand::SaveFiles { id, folder } => {
            let saved = app.save_files(&id, &folder)?;
            let said = format!("{} files in {}", saved.len(), folder.display());
            output.done(&json!({ "attachments": saved }), &said);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends it off; what the journal already explains is asked about where there is somebody to ask.
async fn send(app: &App, id: &str, yes: bool, output: &Output) -> Result<ExitCode, AppError> {
    if let Err(error) = app.sync_once().await
        && !error.is_transient()
        && error.code != Code::SignedOut
    {
        return Err(error);
    }
    let draft = app.draft(id)?;
    let doubtful = draft.explained.is_some() || draft.disputed_by.is_some();
    if doubtful && !yes && output.asks() {
        output.draft(&draft, app)?;
        if !output.confirm() {
            return Err(AppError::new(Code::NotConfirmed));
        }
    }
    app.send_draft(id)?;
    let sent = app.sync_once().await;
    show(app, id, output)?;
    match sent {
        Err(error) if !error.is_transient() && error.code != Code::SignedOut => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn show(app: &App, id: &str, output: &Output) -> Result<(), AppError> {
    match app.dispute(id)? {
        DisputeView::Draft(draft) => output.draft(&draft, app),
        DisputeView::Ticket(ticket) => output.ticket(&ticket, app),
    }
}

fn begin(app: &App, finding: Option<&str>, claim: &ClaimArguments) -> Result<Begin, AppError> {
    if let Some(name) = finding {
        let code: FindingCode = serde_json::from_value(Value::from(name))
            .map_err(|error| AppError::because(Code::UnknownName, error))?;
        let explained = app.explain(Since::Days(claim.from, claim.to))?;
        let wanted = |seq: &Seq| claim.entries.is_empty() || claim.entries.contains(&seq.0);
        let found = explained.findings.into_iter().find(|finding| {
            finding.code == code
                && (finding.entries.is_empty() || finding.entries.iter().any(wanted))
        });
        let found = found.ok_or(AppError::new(Code::NotFound))?;
        return Ok(Begin::Finding {
            code,
            entries: found.entries,
        });
    }
    if !claim.entries.is_empty() {
        let entries = claim.entries.iter().copied().map(Seq).collect();
        return Ok(Begin::Entries(entries));
    }
    // What is said of a purchase is of that one, not of one that happens to be on its way.
    let named = claim.payment.is_some() || claim.paid.is_some() || claim.paid_on.is_some();
    Ok(Begin::Kind(match claim.kind {
        Some(DisputeKind::PurchaseMissing) if named => DisputeKind::Other,
        kind => kind.unwrap_or(DisputeKind::Other),
    }))
}

fn change(app: &App, draft: DraftView, claim: ClaimArguments) -> Result<DraftView, AppError> {
    let asset = asset(app)?;
    let amount = |text: Option<&String>, asset: &Asset| {
        text.map(|text| asset.parse(text).ok_or(AppError::new(Code::OutOfRange)))
            .transpose()
    };
    let edits = Edits {
        kind: claim.kind,
        expected: amount(claim.expected.as_ref(), &asset)?,
        noticed_on: claim.noticed,
        from: claim.from,
        to: claim.to,
        entries: (!claim.entries.is_empty())
            .then(|| claim.entries.iter().copied().map(Seq).collect()),
        message: claim.message,
        payment: claim.payment,
        paid: amount(claim.paid.as_ref(), &Asset::usd())?,
        paid_on: claim.paid_on,
        coupon: claim.coupon,
        plan: claim.plan,
        legacy: (!claim.legacy.is_empty()).then_some(claim.legacy),
    };
    let mut draft = match edits == Edits::default() {
        true => draft,
        false => app.edit_draft(&draft.id, edits)?,
    };
    for name in &claim.detach {
        let file = draft.files.iter().find(|file| file.name == *name);
        let file = file.ok_or(AppError::new(Code::NotFound))?;
        draft = app.detach(&draft.id, &file.sha256)?;
    }
    for file in &claim.files {
        draft = app.attach(&draft.id, file)?;
    }
    Ok(draft)
}

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
                (true, ..) => "draft: this has come right meanwhile".to_owned(),
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
                "  ALREADY EXPLAINED: {} {} (entry {}). You can still file it.",
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
                "  ALREADY IN DISPUTE: {ticket} is open on an entry of this."
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
        self.line(&format!("  message: {}", draft.message_sent));
        if draft.message_sent != draft.message {
            self.line("  Guests' numbers and addresses are masked in it.");
        }
        if draft.came_right {
            self.line(
                "  This has come right meanwhile: send it again only if something is still wrong.",
            );
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
            self.line(&format!("  {at}  {from}: {}", message.text));
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
                "{} entries of account {} up to {} are as they were signed, with the key {}.",
                verdict.entries, verdict.account, verdict.seq, verdict.signed_by
            ));
            self.line(match (verdict.trusted, verdict.imported) {
                (true, _) => "It is a key of that cloud.",
                (_, true) => "The operator imported this history and signed it here: no cloud has verified it.",
                _ => "Whether that key is your cloud's is told by --cloud URL.",
            });
            if !verdict.unproven.is_empty() {
                let names = verdict.unproven.join(", ");
                self.line(&format!("Nothing is proven of {names}."));
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
