//! What happened, entry by entry.

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::domain::{Asset, Kind, Seq};
use boothkeeper_app::history::{Format, HistoryPage, HistoryQuery, RowView};
use boothkeeper_app::names::CatalogNames;
use boothkeeper_app::{App, AppError, Code, Date};
use boothkeeper_messages::journal::{JOURNAL_KIND, JOURNAL_STATUS};
use boothkeeper_messages::{cli, code, money, usd};
use clap::Args;
use serde::Serialize;

use super::balance;
use super::plan::state as plan;
use crate::folder::Folder;
use crate::output::Output;
use crate::values::day;

/// What happened, newest first.
#[derive(Debug, Args)]
pub struct History {
    /// A service, by name or code; may be repeated.
    #[arg(long)]
    service: Vec<String>,
    /// A kind of entry, by name or code; may be repeated.
    #[arg(long)]
    kind: Vec<String>,
    /// An event's name; may be repeated.
    #[arg(long)]
    event: Vec<String>,
    /// First day, in this computer's zone: 2026-02-01.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// Last day, included.
    #[arg(long, value_parser = day)]
    to: Option<Date>,
    /// A run's id, an amount or a word.
    #[arg(long)]
    text: Option<String>,
    /// How many, 1 to 1000.
    #[arg(long, default_value_t = 50, conflicts_with = "export")]
    limit: usize,
    /// Continue before this entry: `next` of the page before.
    #[arg(long, conflicts_with = "export")]
    before: Option<u64>,
    /// Write all matches to a .csv or .json file instead.
    #[arg(long)]
    export: Option<PathBuf>,
}

impl History {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            let query = HistoryQuery {
                services: self.service,
                kinds: self.kind,
                events: self.event,
                from: self.from,
                to: self.to,
                text: self.text.unwrap_or_default(),
            };
            match self.export {
                Some(path) => export(&query, path, app, output)?,
                None => {
                    let before = self.before.map(Seq);
                    let page = app.history().page(&query, before, self.limit)?;
                    print(&page, app, output)?;
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Writes the entries to a file, as CSV or JSON by the ending of its name. Fails with `unknown_name` for other endings.
fn export(query: &HistoryQuery, path: PathBuf, app: &App, output: &Output) -> Result<(), AppError> {
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Format::Csv,
        Some("json") => Format::Json,
        _ => return Err(AppError::new(Code::UnknownName)),
    };
    let entries = app.history().export_to(query, format, &path)?;
    let exported = Exported {
        exported: path.display().to_string(),
        entries,
    };
    output.print_result(&exported, || {
        cli::history_exported(entries, &exported.exported)
    });
    Ok(())
}

#[derive(Serialize)]
struct Exported {
    /// The path of the exported file.
    exported: String,
    entries: u64,
}

fn print(page: &HistoryPage, app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        output.print_document(page);
        return Ok(());
    }
    let asset = balance::asset(app)?;
    let names = app.names();
    for entry in &page.entries {
        let row = &entry.row;
        let what = title(row, &names);
        let status = JOURNAL_STATUS.name(&code(&row.status));
        let details = details(row, &asset, &names);
        let (delta, after) = (money(row.delta, &asset), money(row.balance_after, &asset));
        let at = output.local(row.at);
        output.print_line(&format!(
            "{:>8}  {at:<29}  {delta:>10}  {after:>10}  {what:<20}  {status:<13}  {details}",
            row.seq.0
        ));
    }
    let (before, after) = (money(page.opening, &asset), money(page.closing, &asset));
    output.print_line(&cli::history_balances(&after, &before));
    if let Some(next) = page.next {
        output.print_line(&cli::history_more(&next.to_string()));
    }
    Ok(())
}

/// The service of a run, or else the kind of the entry.
pub fn title(row: &RowView, names: &CatalogNames) -> String {
    match &row.service {
        Some(service) => names.service(service),
        None => JOURNAL_KIND.name(&row.kind),
    }
}

/// The rest of a row after its change of credits: its event, new plan, credits still to come, and the card's payment.
fn details(row: &RowView, asset: &Asset, names: &CatalogNames) -> String {
    let plan = row.plan.as_ref();
    let plan = plan.map(|plan| plan::name(names, plan, row.cycle));
    let coming = row
        .coming
        .map(|amount| cli::history_coming(&money(amount, asset)));
    let failed = row.kind == Kind::PaymentFailed.name();
    let charge = row.charge.as_ref().map(|charge| {
        let amount = usd(charge.amount);
        match failed {
            true => cli::history_charge_failed(&amount),
            false => cli::history_charge(&amount),
        }
    });
    let parts = [row.event.clone(), plan, coming, charge];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
