//! Signing in and out, syncing, and the check of the installation.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use boothkeeper_app::balance::BalanceView;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::domain::user_input;
use boothkeeper_app::session::{Doctor as DoctorView, DoctorCheck, Remember};
use boothkeeper_app::{App, AppError, Code};
use boothkeeper_messages::cli::{self, CLI_DOCTOR_LINE};
use clap::Args;
use serde_json::json;

use super::plan::state as plan;
use super::{balance, deadlines};
use crate::folder::Folder;
use crate::output::Output;

/// Longest key that is read from standard input, in bytes.
const KEY_BYTES: u64 = 1024;

/// Sign in and copy the account's journal.
#[derive(Debug, Args)]
pub struct Login {
    /// The cloud's address: https://…, or http:// on this computer.
    #[arg(long)]
    cloud: String,
    /// Read the access key from standard input; else BOOTHKEEPER_ACCESS_KEY is used.
    #[arg(long)]
    key_stdin: bool,
    /// Use the demo account of a sandbox cloud.
    #[arg(long, conflicts_with = "key_stdin")]
    demo: bool,
}

impl Login {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.require_cloud()?;
        folder.with_app(output, async |app| {
            self.sign_in(app).await?;
            app.session().sync_once().await?;
            output.note(cli::session_signed_in);
            balance::print(&app.balance().view()?, output);
            Ok(ExitCode::SUCCESS)
        })
    }

    async fn sign_in(&self, app: &App) -> Result<(), AppError> {
        let session = app.session();
        if self.demo {
            session
                .sign_in_to_demo(&self.cloud, Remember::Keychain)
                .await?;
            return Ok(());
        }
        let key = self.key_stdin.then(read_key).transpose()?;
        session
            .sign_in(&self.cloud, key.as_deref(), Remember::Keychain)
            .await?;
        Ok(())
    }
}

fn read_key() -> Result<String, AppError> {
    let mut key = Vec::new();
    std::io::stdin()
        .take(KEY_BYTES)
        .read_to_end(&mut key)
        .map_err(|error| AppError::because(Code::KeyMalformed, error))?;
    user_input::piped(&key).ok_or(AppError::new(Code::KeyMalformed))
}

/// Forget the access key and the local copy.
#[derive(Debug, Args)]
pub struct Logout {
    /// Give up actions that wait to be sent.
    #[arg(long)]
    discard: bool,
}

impl Logout {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.require_cloud()?;
        folder.with_app(output, async |app| {
            app.session().sign_out(self.discard).await?;
            output.print_result(&json!({ "signed_in": false }), cli::session_signed_out);
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Bring the copy up to date and send what waits.
#[derive(Debug, Args)]
pub struct Sync {
    /// Stay connected and print every change.
    #[arg(long)]
    watch: bool,
}

impl Sync {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            match self.watch {
                true => watch(app, output).await?,
                false => sync(app, output).await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

async fn sync(app: &App, output: &Output) -> Result<(), AppError> {
    let before = refused(app)?;
    let synced = app.session().sync_once().await?;
    if let Some(error) = synced.unsent {
        // The local copy is up to date, but the exit code tells that an action could not be sent.
        return Err(error);
    }
    print_synced(
        &app.balance().view()?,
        &app.deadlines().take_terminal_reminders()?,
        app,
        output,
    );
    let actions = refused(app)?.saturating_sub(before);
    if actions > 0 {
        output.note(|| cli::session_refused(actions));
    }
    Ok(())
}

/// Number of actions that the cloud refused or handed back for a new decision.
fn refused(app: &App) -> Result<u64, AppError> {
    let commands = app.outbox().list()?.commands.into_iter();
    let refused = commands.filter(|command| command.state.is_refused());
    Ok(u64::try_from(refused.count()).unwrap_or(u64::MAX))
}

/// Follows the cloud and prints each change of balance or trust, until it is interrupted.
async fn watch(app: &App, output: &Output) -> Result<(), AppError> {
    let mut changes = app.changes();
    app.session().start()?;
    let mut printed = None;
    loop {
        let view = app.balance().view()?;
        let now = (view.balance, view.trust, view.seq, view.reason);
        if printed != Some(now) {
            balance::print(&view, output);
            printed = Some(now);
        }
        if view.balance.is_some() {
            deadlines::print_reminders(&app.deadlines().take_terminal_reminders()?, app, output);
        }
        if output.is_cut() {
            return Ok(());
        }
        if !app.session().is_running() {
            // The engine stops by itself only for an error that a person must resolve; this sync returns that error.
            app.session().sync_once().await?;
            return Ok(());
        }
        // The balance also becomes less trusted as time passes, without any change.
        let tick = tokio::time::sleep(Duration::from_secs(1));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tick => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// Prints the balance after a sync, the reminders that are due now, and warnings about the plan.
fn print_synced(view: &BalanceView, reminders: &[Reminder], app: &App, output: &Output) {
    if output.json() {
        let mut document = serde_json::to_value(view).unwrap_or_default();
        document["reminders"] = json!(reminders);
        return output.print_document(&document);
    }
    balance::print(view, output);
    deadlines::print_reminders(reminders, app, output);
    if let Ok(subscription) = app.plan().subscription() {
        // An imported account has no plan to warn about.
        let _ = plan::print_warnings(&subscription, app, output);
    }
}

/// Check the installation.
#[derive(Debug, Args)]
pub struct Doctor;

impl Doctor {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            let doctor = app.session().doctor().await?;
            if output.json() {
                output.print_document(&doctor);
                return Ok(ExitCode::SUCCESS);
            }
            print_doctor(&doctor, output);
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// What was checked, line by line, with the next step where something is wrong.
fn print_doctor(doctor: &DoctorView, output: &Output) {
    let line = |code: &str, text: &str| {
        let name = CLI_DOCTOR_LINE.name(code);
        output.print_line(&format!("{name:<16} {text}"));
    };
    line("version", doctor.version);
    line("data", &doctor.data);
    line("zone", &doctor.zone);
    if let Some(cloud) = &doctor.cloud {
        line("cloud", cloud);
    }
    let checks = [
        ("files", doctor.files),
        ("keychain", doctor.keychain),
        ("signed_in", doctor.signed_in),
        ("copy", doctor.copy),
        ("cloud_reachable", doctor.cloud_reachable),
    ];
    for (name, check) in checks {
        match check {
            DoctorCheck::Ok => line(name, &cli::doctor_in_order()),
            DoctorCheck::Problem(code) => {
                let (sentence, next) = output.sentences(code);
                line(name, &sentence);
                output.print_line(&format!("{:<16} {next}", ""));
            }
        }
    }
}
