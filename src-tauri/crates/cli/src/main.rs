//! `boothkeeper`: the same use cases as the window, for terminals and scripts.

mod arguments;
mod decide;
mod dispute;
mod findings;
mod import;
mod output;
mod plan;
mod told;
mod words;

use std::io::Read;
use std::process::ExitCode;

use arguments::{
    Arguments, Command, CycleName, HistoryArguments, Order, OutboxCommand, PayWith, PlanCommand,
    RenewalCommand, Switch,
};
use boothkeeper_app::balance::glance;
use boothkeeper_app::disputes::verify_packet;
use boothkeeper_app::domain::account::{Payer, PaymentOrder};
use boothkeeper_app::domain::billing::plan::Target;
use boothkeeper_app::domain::calendar::Cycle;
use boothkeeper_app::domain::typed;
use boothkeeper_app::history::Format;
use boothkeeper_app::history::{HistoryQuery, Since};
use boothkeeper_app::import::imported_folder;
use boothkeeper_app::session::{Remember, default_data_folder};
use boothkeeper_app::{Action, App, AppError, Code, Options, start_outbox_over};
use clap::Parser;
use decide::{decide, decide_on, freshen, send};
use output::Output;
use serde::Serialize;
use serde_json::json;

fn main() -> ExitCode {
    if let Some(ended) = boothkeeper_app::run_if_document_reader() {
        return ended;
    }
    boothkeeper_app::log_to_stderr();
    // A reader that stops reading, `head` say, ends the program without a report.
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(arguments.json);
    let code = match run(arguments, &output) {
        Ok(code) => code,
        Err(error) => output.error(&error),
    };
    output.ended(code)
}

fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, AppError> {
    let data = arguments.data.or_else(default_data_folder);
    let data = data.ok_or(AppError::new(Code::FileSystem))?;
    let data = match (arguments.imported, &arguments.command) {
        // Nobody signs in to what has no cloud, be it there or not.
        (true, Command::Login { .. } | Command::Logout { .. }) => {
            return Err(AppError::new(Code::Imported));
        }
        (true, Command::Import(_)) | (false, _) => data,
        (true, _) => imported_folder(&data),
    };
    let options = Options::from_environment(data)?;
    if let Command::Import(arguments) = arguments.command {
        return import::run(&options, arguments, output);
    }
    if let Command::Balance = arguments.command {
        let view = glance(&options)?;
        output.balance(&view);
        return Ok(output::trust_exit(view.trust));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| AppError::because(Code::Internal, error))?;
    if let Command::Verify {
        packet: Some(packet),
        cloud,
    } = &arguments.command
    {
        // Neither a copy nor a key is wanted for it.
        let verdict = runtime.block_on(verify_packet(packet, cloud.as_deref(), &options.reader))?;
        return Ok(output.verdict(&verdict));
    }
    if let Command::Outbox(OutboxCommand::StartOver) = arguments.command {
        // It is for where nothing else can be opened.
        let aside = start_outbox_over(&options)?;
        let aside = aside.map(|path| path.display().to_string());
        let kept = aside.clone().map_or("There was none.".to_owned(), |path| {
            format!("The old one is kept as {path}.")
        });
        output.done(
            &json!({ "kept": aside }),
            &format!("A new outbox has begun. {kept} Log in again."),
        );
        return Ok(ExitCode::SUCCESS);
    }
    let app = App::open(options)?;
    let done = runtime.block_on(act(&app, arguments.command, output));
    let Some(code) = app.hindered() else {
        return done;
    };
    match done {
        // What was read was read; why nothing more can be done is said beside it.
        Ok(done) => {
            let (sentence, next) = words::sentence(code);
            output::to_stderr(&format!("{sentence} {next}"));
            Ok(done)
        }
        Err(error) if error.code == Code::ReadOnly => Err(AppError::because(code, error)),
        Err(error) => Err(error),
    }
}

async fn act(app: &App, command: Command, output: &Output) -> Result<ExitCode, AppError> {
    match command {
        Command::Login {
            cloud,
            key_stdin,
            demo,
        } => login(app, &cloud, key_stdin, demo, output).await?,
        Command::Logout { discard } => {
            app.session().sign_out(discard).await?;
            output.done(
                &json!({ "signed_in": false }),
                "Signed out. The copy on this computer is gone.",
            );
        }
        Command::Sync { watch: false } => {
            let before = refused(app)?;
            let synced = app.session().sync_once().await?;
            if let Some(error) = synced.unsent {
                // The copy is up to date all the same; the exit code is for what waits.
                return Err(error);
            }
            output.synced(&app.balance().view()?, &app.deadlines().remind()?, app);
            output.refusals(refused(app)?.saturating_sub(before));
        }
        Command::Sync { watch: true } => watch(app, output).await?,
        Command::Balance => output.balance(&app.balance().view()?),
        Command::History(arguments) => history(app, arguments, output)?,
        Command::Buy { amount, yes } => {
            let amount = output::amount(&amount, &asset(app)?)?;
            return decide::buy(app, amount, yes, output).await;
        }
        Command::AutoRecharge { switch, yes } => {
            return decide::set_auto_recharge(app, switch == Switch::On, yes, output).await;
        }
        Command::Explain { from, to } => {
            output.explain(&app.history().explain(Since::Days(from, to))?, app)?
        }
        Command::Plan { command: None } => output.plan(&app.plan().subscription()?, app)?,
        Command::Plan {
            command:
                Some(PlanCommand::Set {
                    plan,
                    cycle,
                    coupon,
                    yes,
                }),
        } => {
            let cycle = cycle.map(|cycle| match cycle {
                CycleName::Monthly => Cycle::Monthly,
                CycleName::Annual => Cycle::Annual,
            });
            let target = Target {
                plan,
                cycle,
                coupon,
            };
            return decide(app, Action::ChangePlan(target), yes, output).await;
        }
        Command::Pause { yes } => {
            app.session().signed_in()?;
            let target = Target::plan(&app.plan().free_plan()?.code, None);
            return decide(app, Action::ChangePlan(target), yes, output).await;
        }
        Command::Cancel { yes } => return decide(app, Action::Cancel, yes, output).await,
        Command::Resume => return decide(app, Action::Resume, false, output).await,
        Command::PayNow { with, yes } => {
            freshen(app).await?;
            let method = match with {
                Some(PayWith::Card) => Payer::Card,
                Some(PayWith::Credits) => Payer::Credits,
                None => app.plan().payer()?,
            };
            return decide_on(app, Action::PayNow { method }, yes, output).await;
        }
        Command::Renewal(RenewalCommand::Preview) => {
            output.renewal(&app.plan().renewal_preview()?, app)?;
        }
        Command::Renewal(RenewalCommand::Set { order, no_fallback }) => {
            app.session().signed_in()?;
            let first = match order {
                Order::CardFirst => Payer::Card,
                Order::CreditsFirst => Payer::Credits,
            };
            let fallback = !no_fallback;
            let queued = app
                .plan()
                .set_payment_order(PaymentOrder { first, fallback })?;
            return send(app, &queued.id, output).await;
        }
        Command::Coupon { code } => {
            app.session().signed_in()?;
            let queued = app.plan().redeem_coupon(&code)?;
            return send(app, &queued.id, output).await;
        }
        Command::Deadlines { ics: None } => output.deadlines(&app.deadlines().list()?, app)?,
        Command::Deadlines { ics: Some(path) } => {
            let deadlines = app.deadlines().list()?.deadlines.len();
            app.deadlines().calendar_to(&path)?;
            let path = path.display().to_string();
            let said = format!("{deadlines} deadlines in {path}");
            output.done(&json!({ "exported": path, "deadlines": deadlines }), &said);
        }
        Command::Runway => output.runway(&app.balance().runway()?, app)?,
        Command::Outbox(OutboxCommand::List) => {
            output.outbox(&app.outbox().list()?, unit(app).as_ref())
        }
        Command::Outbox(OutboxCommand::StartOver) => {}
        Command::Outbox(OutboxCommand::Cancel { id }) => {
            output.command(&app.outbox().cancel(&id)?, unit(app).as_ref())
        }
        Command::Dispute(command) => return dispute::run(app, command, output).await,
        Command::Import(_) => {}
        Command::Verify { .. } => {
            let view = app.session().verify_and_mend().await?;
            output.verify(&view, app.is_imported()?);
            if !view.ok {
                return Ok(output::exit(Code::Diverged));
            }
        }
        Command::Doctor => output.doctor(&app.session().doctor().await?),
    }
    Ok(ExitCode::SUCCESS)
}

async fn login(
    app: &App,
    cloud: &str,
    key_stdin: bool,
    demo: bool,
    output: &Output,
) -> Result<(), AppError> {
    if demo {
        app.session()
            .sign_in_to_demo(cloud, Remember::Keychain)
            .await?;
    } else {
        let key = if key_stdin { Some(read_key()?) } else { None };
        app.session()
            .sign_in(cloud, key.as_deref(), Remember::Keychain)
            .await?;
    }
    app.session().sync_once().await?;
    output.note("Signed in.");
    output.balance(&app.balance().view()?);
    Ok(())
}

fn read_key() -> Result<String, AppError> {
    let mut key = Vec::new();
    std::io::stdin()
        .take(1024)
        .read_to_end(&mut key)
        .map_err(|error| AppError::because(Code::KeyMalformed, error))?;
    typed::piped(&key).ok_or(AppError::new(Code::KeyMalformed))
}

/// What amounts are shown in, if that is known.
fn unit(app: &App) -> Option<boothkeeper_app::domain::Asset> {
    app.balance().view().ok()?.asset
}

fn refused(app: &App) -> Result<usize, AppError> {
    let commands = app.outbox().list()?.commands.into_iter();
    let refused = |state: &str| matches!(state, "rejected" | "needs_decision");
    Ok(commands.filter(|command| refused(&command.state)).count())
}

/// What amounts are counted in; signed out comes before never synced.
fn asset(app: &App) -> Result<boothkeeper_app::domain::Asset, AppError> {
    app.session().signed_in()?;
    unit(app).ok_or(AppError::new(Code::NotSynced))
}

/// Follows the cloud and says each change of balance or trust, until it is interrupted.
async fn watch(app: &App, output: &Output) -> Result<(), AppError> {
    let mut changes = app.changes();
    app.session().start()?;
    let mut said = None;
    loop {
        let view = app.balance().view()?;
        let now = (view.balance, view.trust, view.seq, view.reason);
        if said != Some(now) {
            output.balance(&view);
            said = Some(now);
        }
        if view.balance.is_some() {
            output.reminders(&app.deadlines().remind()?, app);
        }
        if output.is_cut() {
            return Ok(());
        }
        if !app.session().is_following() {
            // It ends by itself only where a person is needed.
            app.session().sync_once().await?;
            return Ok(());
        }
        // Trust falls by time alone, too.
        let tick = tokio::time::sleep(std::time::Duration::from_secs(1));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tick => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn history(app: &App, arguments: HistoryArguments, output: &Output) -> Result<(), AppError> {
    let query = HistoryQuery {
        services: arguments.service,
        kinds: arguments.kind,
        events: arguments.event,
        from: arguments.from,
        to: arguments.to,
        text: arguments.text.unwrap_or_default(),
    };
    let Some(path) = arguments.export else {
        let before = arguments.before.map(boothkeeper_app::domain::Seq);
        let page = app.history().page(&query, before, arguments.limit)?;
        output.history(&page, app)?;
        return Ok(());
    };
    let format = match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => Format::Csv,
        Some("json") => Format::Json,
        _ => return Err(AppError::new(Code::UnknownName)),
    };
    let entries = app.history().export_to(&query, format, &path)?;
    let exported = Exported {
        exported: path.display().to_string(),
        entries,
    };
    output.done(
        &exported,
        &format!("{entries} entries in {}", exported.exported),
    );
    Ok(())
}

#[derive(Serialize)]
struct Exported {
    exported: String,
    entries: u64,
}
