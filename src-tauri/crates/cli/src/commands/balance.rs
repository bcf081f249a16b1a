//! The balance with how far it can be trusted, and how long the credits last.

use std::process::ExitCode;

use boothkeeper_app::balance::{BalanceView, RunwayView, read_from_folder};
use boothkeeper_app::domain::runway::{Basis, Daily, Estimate};
use boothkeeper_app::domain::trust::{Reason, Trust};
use boothkeeper_app::domain::{Asset, Timestamp};
use boothkeeper_app::{App, AppError, Code};
use boothkeeper_messages::cli_balance::{CLI_BALANCE_BUCKET, CLI_BALANCE_PENDING_KIND};
use boothkeeper_messages::shared::SHARED_REASON;
use boothkeeper_messages::{cli, cli_balance, code, event, money, overview};
use clap::Args;

use crate::folder::Folder;
use crate::output::{Output, exit};

/// The proven balance; does not call the cloud.
#[derive(Debug, Args)]
pub struct Balance;

impl Balance {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        let view = read_from_folder(&folder.options()?)?;
        print(&view, output);
        Ok(match view.trust {
            Trust::Diverged => exit(Code::Diverged),
            _ => ExitCode::SUCCESS,
        })
    }
}

/// The asset that amounts are counted in. Fails with `not_synced` if there is no copy yet.
pub fn asset(app: &App) -> Result<Asset, AppError> {
    let asset = app.balance().view()?.asset;
    asset.ok_or(AppError::new(Code::NotSynced))
}

/// Prints the balance, its kinds of credits (buckets) and what is pending. Reads `cli-balance.ftl` only.
pub fn print(view: &BalanceView, output: &Output) {
    if output.json() {
        return output.print_document(view);
    }
    let (Some(balance), Some(asset)) = (view.balance, &view.asset) else {
        return output.print_line(&cli_balance::never_synced());
    };
    output.print_line(&format!(
        "{}  {}",
        money(balance, asset),
        trust(view, output)
    ));
    for bucket in &view.buckets {
        let kind = CLI_BALANCE_BUCKET.name(&code(&bucket.kind));
        output.print_line(&format!("  {kind:<12} {:>12}", money(bucket.amount, asset)));
    }
    for pending in &view.pending {
        let kind = CLI_BALANCE_PENDING_KIND.name(&code(&pending.kind));
        let amount = money(pending.amount, asset);
        let since = cli_balance::pending_since(&output.local(pending.since));
        output.print_line(&format!("  {kind:<12} {amount:>12}  {since}"));
    }
}

/// A sentence on how far the balance can be trusted.
pub fn trust(view: &BalanceView, output: &Output) -> String {
    let when = view.as_of.map(|at| output.local(at)).unwrap_or_default();
    // That a command does not stay connected to the cloud is usual, so it is not given as a reason.
    let not_connected = view.reason == Some(Reason::NotConnected);
    let reason = || {
        let reason = view.reason.as_ref().map(code).unwrap_or_default();
        SHARED_REASON.name(&reason)
    };
    match view.trust {
        Trust::Live => cli_balance::live(&when),
        Trust::Cached if not_connected => cli_balance::cached(&when),
        Trust::Cached => cli_balance::cached_because(&reason(), &when),
        Trust::Stale if not_connected => cli_balance::stale(&when),
        Trust::Stale => cli_balance::stale_because(&reason(), &when),
        Trust::Unknown => cli_balance::unknown(),
        Trust::Imported => cli_balance::imported(&when),
        Trust::Diverged if view.reason == Some(Reason::Damaged) => cli_balance::damaged(&when),
        Trust::Diverged => cli_balance::diverged(&when),
    }
}

/// How long the credits last at the running event, or at the next one.
#[derive(Debug, Args)]
pub struct Runway;

impl Runway {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            let view = app.balance().runway()?;
            match output.json() {
                true => output.print_document(&view),
                false => print_runway(&view, app, output)?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn print_runway(view: &RunwayView, app: &App, output: &Output) -> Result<(), AppError> {
    let asset = asset(app)?;
    match &view.event {
        None => output.print_line(&cli::runway_no_event()),
        Some(event) => {
            let local = |at: Timestamp| output.local(at);
            let (from, to) = (local(event.starts_at), local(event.ends_at));
            output.print_line(&cli::runway_event(&event.name, &from, &to));
        }
    }
    match &view.estimate {
        None if view.event.is_some() => {
            output.print_line(&format!("  {}", overview::too_few_runs()))
        }
        None => {}
        Some(estimate) => print_estimate(estimate, &asset, output),
    }
    if let Some(daily) = &view.daily {
        print_daily(daily, &asset, output);
    }
    output.print_line(&event::spent_a_day(&money(view.a_day, &asset)));
    output.print_line(&trust(&app.balance().view()?, output));
    Ok(())
}

fn print_estimate(estimate: &Estimate, asset: &Asset, output: &Output) {
    let (confidence, events) = (code(&estimate.confidence), u64::from(estimate.events));
    let runs = cli::runway_runs(&money(estimate.needed, asset), estimate.runs);
    let basis = match estimate.basis {
        Basis::Own => cli::runway_basis_own(&confidence, events),
        Basis::Past => cli::runway_basis_past(&confidence, events),
    };
    output.print_line(&format!("  {runs} ({basis})"));
    let end = match estimate.ends_at {
        Some(at) => cli::runway_ends(&output.local(at), &money(estimate.missing, asset)),
        None => cli::runway_lasts(),
    };
    output.print_line(&format!("  {end}"));
}

fn print_daily(daily: &Daily, asset: &Asset, output: &Output) {
    let (used, limit) = (money(daily.used, asset), money(daily.limit, asset));
    let resets = output.local(daily.resets_at);
    output.print_line(&format!("  {}", cli::runway_daily(&resets, &limit, &used)));
    if let Some(at) = daily.reached_at {
        let reached = cli::runway_daily_reached(&output.local(at));
        output.print_line(&format!("  {reached}"));
    }
}
