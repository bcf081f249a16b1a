//! Where the credits went: causes, and findings with their next steps.

use std::process::ExitCode;

use boothkeeper_app::domain::findings::{CauseCode, Finding, NextStep, Spent};
use boothkeeper_app::domain::{Amount, Asset, Seq, Timestamp};
use boothkeeper_app::history::{Explanation, Since};
use boothkeeper_app::{App, AppError, Date};
use boothkeeper_messages::cli::CLI_SEVERITY;
use boothkeeper_messages::findings::{
    self, FINDINGS_CAUSE, FINDINGS_STEP, FINDINGS_TEXT, FindingsStepArguments,
    FindingsTextArguments,
};
use boothkeeper_messages::{cli, code, day, money, readable, usd};
use clap::Args;

use super::balance;
use crate::folder::Folder;
use crate::output::Output;
use crate::values;

/// Number of services, and of events, that are listed: those whose runs cost most.
const MOST_PARTS: usize = 5;
/// Number of entries up to which a finding lists them one by one.
const MOST_ENTRIES: usize = 5;

/// Where the credits went: causes that add up, and what to know or do; by default for the last 30 days.
#[derive(Debug, Args)]
pub struct Explain {
    /// First day, in this computer's zone: 2026-02-01.
    #[arg(long, value_parser = values::day)]
    from: Option<Date>,
    /// Last day, included.
    #[arg(long, value_parser = values::day)]
    to: Option<Date>,
}

impl Explain {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        folder.with_app(output, async |app| {
            let explanation = app.history().explain(Since::Days(self.from, self.to))?;
            match output.json() {
                true => output.print_document(&explanation),
                false => print(&explanation, app, output)?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn print(view: &Explanation, app: &App, output: &Output) -> Result<(), AppError> {
    let (asset, imported) = (balance::asset(app)?, app.is_imported()?);
    if let Some((from, to)) = view.days {
        output.print_line(&cli::explain_days(&day(from), &day(to)));
    }
    print_amount(&cli::explain_opening(), view.opening, &asset, output);
    let names = app.names();
    for cause in &view.causes {
        let name = FINDINGS_CAUSE.name(&code(&cause.code));
        let what = format!("  {name} ({})", cause.entries.len());
        print_amount(&what, cause.delta, &asset, output);
        if cause.code == CauseCode::Usage {
            let by_service = cli::explain_by_service();
            let service = |code: &str| names.service(code);
            print_parts(&by_service, &view.by_service, service, &asset, output);
            let event = ToOwned::to_owned;
            print_parts(
                &cli::explain_by_event(),
                &view.by_event,
                event,
                &asset,
                output,
            );
        }
    }
    print_amount(&cli::explain_closing(), view.closing, &asset, output);
    for finding in &view.findings {
        let severity = CLI_SEVERITY.name(&code(&finding.severity));
        output.print_line(&format!("[{severity}] {}", text(finding, &asset, output)));
        if let Some(proof) = proof(&finding.entries) {
            output.print_line(&format!("    {proof}"));
        }
        if let Some(step) = step(finding, imported) {
            output.print_line(&format!("    -> {step}"));
        }
    }
    let (at, zone) = (output.local(view.as_of), output.zone().name());
    output.print_line(&cli::explain_as_of(&at, zone));
    Ok(())
}

fn print_amount(what: &str, amount: Amount, asset: &Asset, output: &Output) {
    output.print_line(&format!("{what:<38} {:>14}", money(amount, asset)));
}

/// Prints what runs cost by service or by event, largest first. A single part is left out: it is the sum of all runs.
fn print_parts(
    title: &str,
    parts: &[Spent],
    name: impl Fn(&str) -> String,
    asset: &Asset,
    output: &Output,
) {
    if parts.len() < 2 {
        return;
    }
    output.print_line(&format!("    {title}"));
    let (listed, rest) = parts.split_at(parts.len().min(MOST_PARTS));
    for part in listed {
        let name = part.name.as_deref().map(&name);
        let name = name.unwrap_or_else(cli::explain_no_name);
        let what = format!("      {name} ({})", part.count);
        print_amount(&what, part.delta, asset, output);
    }
    if !rest.is_empty() {
        let more = cli::explain_more_parts(rest.len() as u64);
        output.print_line(&format!("      {more}"));
    }
}

/// The text of a finding. If it is about something that has not happened, it also says up to when that is known.
fn text(finding: &Finding, asset: &Asset, output: &Output) -> String {
    let local = |at: Option<Timestamp>| at.map(|at| output.local(at));
    let given = FindingsTextArguments {
        amount: finding.amount.map(|amount| money(amount, asset)),
        at: local(finding.at),
        charge: finding.charge.as_ref().map(|charge| usd(charge.amount)),
        rows: Some(finding.entries.len() as u64),
        until: local(finding.deadline),
    };
    let name = code(&finding.code);
    let text = FINDINGS_TEXT.text_with(&name, &(&given).into());
    let text = text.unwrap_or_else(|| readable(&name));
    match finding.known_until {
        Some(until) => format!("{text} {}", findings::known_until(&output.local(until))),
        None => text,
    }
}

/// The numbers of the entries that prove a finding.
fn proof(entries: &[Seq]) -> Option<String> {
    let seqs: Vec<_> = entries.iter().map(ToString::to_string).collect();
    let count = seqs.len() as u64;
    match &seqs[..] {
        [] => None,
        [first, .., last] if seqs.len() > MOST_ENTRIES => {
            Some(cli::explain_proof_range(count, first, last))
        }
        some => Some(cli::explain_proof(count, &some.join(", "))),
    }
}

/// A finding's next step as a command to type or as advice; `None` if there is nothing to do, or nothing that an
/// imported account can do.
fn step(finding: &Finding, imported: bool) -> Option<String> {
    let us = match imported {
        true => "boothkeeper --imported",
        false => "boothkeeper",
    };
    if let Some(dispute) = &finding.dispute {
        return Some(findings::in_dispute(dispute, us));
    }
    let (action, first) = (finding.action?, finding.entries.first());
    let needs_cloud = matches!(
        action,
        NextStep::ChangePaymentOrder
            | NextStep::ReplaceCard
            | NextStep::PayNow
            | NextStep::Pause
            | NextStep::BuyCredits
    );
    if imported && needs_cloud {
        return None;
    }
    let attribute = match (action, first) {
        (NextStep::Dispute, None) => "next-cli-without-entry",
        (NextStep::LookAtRows, None) => return None,
        _ => "next-cli",
    };
    let given = FindingsStepArguments {
        code: Some(code(&finding.code)),
        entry: first.map(ToString::to_string),
        rows: Some(finding.entries.len() as u64),
        us: Some(us.to_owned()),
    };
    FINDINGS_STEP.attribute(&code(&action), attribute, &(&given).into())
}
