//! Disputes: written, sent, followed.

mod claim;
mod print;

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::disputes::DisputeView;
use boothkeeper_app::domain::privacy::masked;
use boothkeeper_app::{App, AppError, Code};
use boothkeeper_messages::{cli, disputes};
use clap::{Args, Subcommand};
use serde_json::json;

use super::send;
use crate::folder::Folder;
use crate::output::Output;
use claim::ClaimArguments;

/// Disputes with support, and their results.
#[derive(Debug, Args)]
pub struct Dispute {
    #[command(subcommand)]
    command: DisputeCommand,
}

#[derive(Debug, Subcommand)]
enum DisputeCommand {
    /// Begin a draft, from a finding, from entries, or by its kind.
    New {
        /// A finding of `boothkeeper explain`, such as run_failed_not_refunded.
        #[arg(long)]
        finding: Option<String>,
        #[command(flatten)]
        claim: ClaimArguments,
    },
    /// Change a draft: what is given replaces what was there, files are added.
    Edit {
        /// The draft's.
        id: String,
        #[command(flatten)]
        claim: ClaimArguments,
    },
    /// Drafts and tickets, newest first.
    List,
    /// One of them, with support's messages.
    Show {
        /// The draft's or the ticket's.
        id: String,
    },
    /// Send a draft off with its proof; offline it waits.
    Send {
        /// The draft's.
        id: String,
        /// Do not ask, even if the journal already explains the difference or a ticket is open on it.
        #[arg(long)]
        yes: bool,
    },
    /// Write to support about an open ticket.
    Message {
        /// The ticket's, or that of the draft it was.
        id: String,
        /// Guests' numbers and addresses are masked in it.
        text: String,
    },
    /// Take back a ticket, or delete a draft.
    Withdraw {
        /// The draft's or the ticket's.
        id: String,
    },
    /// The whole dispute as e-mail to support, everything attached.
    SaveEml {
        /// The draft's.
        id: String,
        /// Where to; large ones become several, numbered.
        file: PathBuf,
        /// Support's address; by default the catalog's, and left open for an imported account.
        #[arg(long)]
        to: Option<String>,
    },
    /// The files that the app attaches, into a folder.
    SaveFiles {
        /// The draft's.
        id: String,
        /// Where to; made if it is not there.
        folder: PathBuf,
    },
}

impl Dispute {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| self.command.run(app, output).await)
    }
}

impl DisputeCommand {
    async fn run(self, app: &App, output: &Output) -> Result<ExitCode, AppError> {
        match self {
            DisputeCommand::New { finding, claim } => {
                let draft = claim::begin(app, finding.as_deref(), claim, output)?;
                print::draft(&draft, app, output)?;
            }
            DisputeCommand::Edit { id, claim } => {
                let draft = claim::change(app, app.disputes().draft(&id)?, claim)?;
                print::draft(&draft, app, output)?;
            }
            DisputeCommand::List => print::list(&app.disputes().list()?, app, output)?,
            DisputeCommand::Show { id } => show(app, &id, output)?,
            DisputeCommand::Send { id, yes } => send(app, &id, yes, output).await?,
            DisputeCommand::Message { id, text } => {
                return message(app, &id, &text, output).await;
            }
            DisputeCommand::Withdraw { id } => return withdraw(app, &id, output).await,
            DisputeCommand::SaveEml { id, file, to } => {
                let mail = app.disputes().save_mail(&id, &file, to.as_deref())?;
                let saved = paths(&mail.saved);
                output.print_result(&json!({ "saved": saved, "to": mail.to }), || {
                    let files = saved.join(", ");
                    match &mail.to {
                        Some(to) => cli::disputes_mail_to(&files, to),
                        None => cli::disputes_mail(&files),
                    }
                });
            }
            DisputeCommand::SaveFiles { id, folder } => {
                let saved = app.disputes().save_files(&id, &folder)?;
                output.print_result(&json!({ "attachments": saved }), || {
                    let folder = folder.display().to_string();
                    cli::disputes_files_saved(saved.len() as u64, &folder)
                });
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn paths(paths: &[PathBuf]) -> Vec<String> {
    let paths = paths.iter();
    paths.map(|path| path.display().to_string()).collect()
}

fn show(app: &App, id: &str, output: &Output) -> Result<(), AppError> {
    match app.disputes().show(id)? {
        DisputeView::Draft(draft) => print::draft(&draft, app, output),
        DisputeView::Ticket(ticket) => print::ticket(&ticket, app, output),
    }
}

/// Sends a draft. If the journal already explains the difference, or a ticket is open on it, a person at a terminal is
/// asked first. A script is not asked: the draft's JSON document says both.
async fn send(app: &App, id: &str, yes: bool, output: &Output) -> Result<(), AppError> {
    if let Err(error) = app.session().sync_once().await
        && !waits(&error)
    {
        return Err(error);
    }
    let draft = app.disputes().draft(id)?;
    let doubtful = draft.explained.is_some() || draft.disputed_by.is_some();
    if doubtful && !yes && output.can_ask() {
        print::draft(&draft, app, output)?;
        if !output.confirm() {
            return Err(AppError::new(Code::NotConfirmed));
        }
    }
    app.disputes().send(id)?;
    let sent = match app.session().sync_once().await {
        Ok(synced) => match (synced.unsent, app.disputes().show(id)?) {
            // The draft has not become a ticket, so it is the draft that the cloud refused.
            (Some(error), DisputeView::Draft(_)) => Err(error),
            _ => Ok(()),
        },
        Err(error) => Err(error),
    };
    if let Err(error) = &sent
        && !waits(error)
    {
        return Err(error.again());
    }
    show(app, id, output)?;
    if let Err(error) = sent {
        output.note(|| cli::disputes_not_sent(&output.sentences(error.code).0));
    }
    Ok(())
}

/// True for errors after which a dispute stays in the outbox, to be sent by a later sync.
fn waits(error: &AppError) -> bool {
    error.is_transient() || error.code == Code::SignedOut
}

async fn message(app: &App, id: &str, text: &str, output: &Output) -> Result<ExitCode, AppError> {
    let queued = app.disputes().message(id, text)?;
    let (text, sent) = (text.trim(), masked(text.trim()));
    if sent != text {
        output.note(|| format!("{} {sent}", disputes::message_masked()));
    }
    send::send(app, &queued.id, output).await
}

async fn withdraw(app: &App, id: &str, output: &Output) -> Result<ExitCode, AppError> {
    if let Some(queued) = app.disputes().withdraw(id)? {
        return send::send(app, &queued.id, output).await;
    }
    let document = json!({ "id": id, "state": "withdrawn" });
    output.print_result(&document, || match app.disputes().draft(id) {
        Ok(_) => cli::disputes_taken_back(),
        Err(_) => cli::disputes_deleted(),
    });
    Ok(ExitCode::SUCCESS)
}
