//! Disputes at the terminal: written, sent, followed.

mod told;

use std::process::ExitCode;

use boothkeeper_app::disputes::{Begin, DisputeView, DraftView, Edits};
use boothkeeper_app::domain::disputes::DisputeKind;
use boothkeeper_app::domain::findings::FindingCode;
use boothkeeper_app::domain::privacy::masked;
use boothkeeper_app::domain::{Asset, Seq};
use boothkeeper_app::history::Since;
use boothkeeper_app::{App, AppError, Code};
use serde_json::{Value, json};

use crate::arguments::{ClaimArguments, DisputeCommand};
use crate::output::{self, Output, asset};
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
                true => app.disputes().list()?.disputes,
                false => vec![],
            };
            let draft = app.disputes().begin(&begin)?;
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
            let draft = app.disputes().draft(&id)?;
            let draft = change(app, draft, claim)?;
            output.draft(&draft, app)?;
        }
        DisputeCommand::List => output.disputes(&app.disputes().list()?, app)?,
        DisputeCommand::Show { id } => show(app, &id, output)?,
        DisputeCommand::Send { id, yes } => return send(app, &id, yes, output).await,
        DisputeCommand::Message { id, text } => {
            let queued = app.disputes().message(&id, &text)?;
            let (text, sent) = (text.trim(), masked(text.trim()));
            if sent != text {
                output.note(&format!(
                    "Guests' numbers and addresses are masked. It is sent as: {sent}"
                ));
            }
            return crate::send(app, &queued.id, output).await;
        }
        DisputeCommand::Withdraw { id } => match app.disputes().withdraw(&id)? {
            Some(queued) => return crate::send(app, &queued.id, output).await,
            None => {
                let said = match app.disputes().draft(&id) {
                    Ok(_) => "Taken back before it was sent: it is a draft again.",
                    Err(_) => "The draft is thrown away.",
                };
                output.done(&json!({ "id": id, "state": "withdrawn" }), said);
            }
        },
        DisputeCommand::SaveEml { id, file, to } => {
            let mail = app.disputes().save_mail(&id, &file, to.as_deref())?;
            let paths = mail.saved.iter().map(|path| path.display().to_string());
            let saved: Vec<_> = paths.collect();
            let said = match &mail.to {
                Some(to) => format!("Mail this to {to}: {}", saved.join(", ")),
                None => format!("Mail this to your vendor's support: {}", saved.join(", ")),
            };
            output.done(&json!({ "saved": saved, "to": mail.to }), &said);
        }
        DisputeCommand::SaveFiles { id, folder } => {
            let saved = app.disputes().save_files(&id, &folder)?;
            let said = format!("{} files in {}", saved.len(), folder.display());
            output.done(&json!({ "attachments": saved }), &said);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends it off; what the journal already explains is asked about where there is somebody to ask.
async fn send(app: &App, id: &str, yes: bool, output: &Output) -> Result<ExitCode, AppError> {
    if let Err(error) = app.session().sync_once().await
        && !error.is_transient()
        && error.code != Code::SignedOut
    {
        return Err(error);
    }
    let draft = app.disputes().draft(id)?;
    let doubtful = draft.explained.is_some() || draft.disputed_by.is_some();
    // A script has seen it in the draft that it sends.
    if doubtful && !yes && output.asks() {
        output.draft(&draft, app)?;
        if !output.confirm() {
            return Err(AppError::new(Code::NotConfirmed));
        }
    }
    app.disputes().send(id)?;
    let sent = match app.session().sync_once().await {
        Ok(synced) => match (synced.unsent, app.disputes().show(id)?) {
            // It has not become a ticket: what was refused is this one.
            (Some(error), DisputeView::Draft(_)) => Err(error),
            _ => Ok(()),
        },
        Err(error) => Err(error),
    };
    if let Err(error) = &sent
        && !error.is_transient()
        && error.code != Code::SignedOut
    {
        return Err(error.again());
    }
    show(app, id, output)?;
    match sent {
        Err(error) => {
            let (why, _) = words::sentence(error.code);
            output.note(&format!(
                "Not sent yet: {why} It waits in the outbox, and the next sync sends it."
            ));
            Ok(ExitCode::SUCCESS)
        }
        Ok(_) => Ok(ExitCode::SUCCESS),
    }
}

fn show(app: &App, id: &str, output: &Output) -> Result<(), AppError> {
    match app.disputes().show(id)? {
        DisputeView::Draft(draft) => output.draft(&draft, app),
        DisputeView::Ticket(ticket) => output.ticket(&ticket, app),
    }
}

fn begin(app: &App, finding: Option<&str>, claim: &ClaimArguments) -> Result<Begin, AppError> {
    if let Some(name) = finding {
        let code: FindingCode = serde_json::from_value(Value::from(name))
            .map_err(|error| AppError::because(Code::UnknownName, error))?;
        let explained = app.history().explain(Since::Days(claim.from, claim.to))?;
        let wanted = |seq: &Seq| claim.entries.is_empty() || claim.entries.contains(&seq.0);
        let named = explained.findings.into_iter().filter(|finding| {
            finding.code == code
                && (finding.entries.is_empty() || finding.entries.iter().any(wanted))
        });
        // One that nobody has complained of yet, before those that are with support.
        let found = named.min_by_key(|finding| finding.dispute.is_some());
        let none = "no finding of that name in these days; `boothkeeper explain` lists them";
        let found = found.ok_or(AppError::because(Code::NotFound, none))?;
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
        text.map(|text| output::amount(text, asset)).transpose()
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
        false => app.disputes().edit(&draft.id, edits)?,
    };
    for name in &claim.detach {
        let file = draft.files.iter().find(|file| file.name == *name);
        let file = file.ok_or(AppError::new(Code::NotFound))?;
        draft = app.disputes().detach(&draft.id, &file.sha256)?;
    }
    for file in &claim.files {
        draft = app.disputes().attach(&draft.id, file)?;
    }
    Ok(draft)
}
