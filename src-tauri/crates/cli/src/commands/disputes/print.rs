//! Prints drafts, tickets and the list of both.

use boothkeeper_app::disputes::{
    ClaimDetails, DisputeRow, DisputeState, DisputesView, DraftView, FileView, MessageView,
    TicketView,
};
use boothkeeper_app::domain::disputes::{DisputeKind, Explained, Resolution};
use boothkeeper_app::domain::{Actor, Amount, Asset, Seq};
use boothkeeper_app::names::CatalogNames;
use boothkeeper_app::{App, AppError};
use boothkeeper_messages::disputes::{
    self, DISPUTES_ANSWERED, DISPUTES_EXPECTED, DISPUTES_KIND, DISPUTES_OVERDUE, DISPUTES_PROBLEM,
    DISPUTES_STATE, DisputesExpectedArguments, DisputesOverdueArguments,
};
use boothkeeper_messages::findings::FINDINGS_CAUSE;
use boothkeeper_messages::{Arguments, cli, code, day, money, readable, usd};
use serde_json::json;

use crate::commands::balance::asset;
use crate::commands::history;
use crate::output::Output;

/// Printed in place of an amount that is not known.
const UNKNOWN: &str = "?";

pub fn list(view: &DisputesView, app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        output.print_document(view);
        return Ok(());
    }
    let asset = asset(app)?;
    if view.disputes.is_empty() {
        output.print_line(&disputes::none());
    }
    for row in &view.disputes {
        let owed = row.owed.map_or(String::new(), |owed| money(owed, &asset));
        let (kind, standing) = (kind(row.kind), state_and_turn(row, &asset, output));
        output.print_line(&format!("{:<36}  {owed:>10}  {kind}", row.id));
        output.print_line(&format!("    {standing}; {}", output.local(row.at)));
    }
    let (claimed, won) = (
        money(view.open_amount, &asset),
        money(view.won_back, &asset),
    );
    output.print_line(&cli::disputes_sums(&claimed, view.open.into(), &won));
    Ok(())
}

/// The state of a dispute, and whose turn it is.
fn state_and_turn(row: &DisputeRow, asset: &Asset, output: &Output) -> String {
    let name = code(&row.state);
    let by = row.reply_expected_by.map(|at| output.local(at));
    let special = match (row.state, row.returned) {
        (DisputeState::Withdrawn, _) if row.came_right => {
            Some(disputes::withdrew_itself_came_right())
        }
        _ if row.came_right => Some(disputes::draft_came_right()),
        _ if row.answered => DISPUTES_ANSWERED.text(&name),
        _ if row.overdue => {
            DISPUTES_OVERDUE.text_with(&name, &(&DisputesOverdueArguments { by }).into())
        }
        (DisputeState::Resolved, Some(amount)) => {
            Some(disputes::resolved_amount(&money(amount, asset)))
        }
        _ if by.is_some() => {
            DISPUTES_EXPECTED.text_with(&name, &(&DisputesExpectedArguments { by }).into())
        }
        _ => None,
    };
    special.unwrap_or_else(|| state(row.state))
}

fn state(state: DisputeState) -> String {
    DISPUTES_STATE.name(&code(&state))
}

/// A kind of dispute as a phrase: "A failed run that was charged".
fn kind(kind: DisputeKind) -> String {
    let long = DISPUTES_KIND.attribute(kind.name(), "long", &Arguments::new());
    long.unwrap_or_else(|| DISPUTES_KIND.name(kind.name()))
}

/// Prints a draft. Its JSON document has the form of a ticket's, with everything else that is known of the draft.
pub fn draft(draft: &DraftView, app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        let mut document = serde_json::to_value(draft).unwrap_or_default();
        let chosen = draft.rows.iter().filter(|row| row.chosen);
        document["entries"] = json!(chosen.map(|row| row.row.seq).collect::<Vec<_>>());
        document["attachments"] = json!(draft.files);
        document["messages"] = json!([]);
        output.print_document(&document);
        return Ok(());
    }
    let asset = asset(app)?;
    let indented = |text: String| output.print_line(&format!("  {text}"));
    let (kind, state) = (kind(draft.kind), state(draft.state));
    output.print_line(&format!("{}  {kind}  ({state})", draft.id));
    let (actual, expected) = (Some(draft.actual), draft.expected);
    indented(cli::disputes_claim(
        &amount_or_unknown(actual, &asset),
        &amount_or_unknown(expected, &asset),
        &amount_or_unknown(draft.owed, &asset),
    ));
    let (from, to) = (day(draft.from), day(draft.to));
    indented(cli::disputes_days(&from, &sum(draft, &asset), &to));
    if let Some(known) = &draft.explained {
        indented(explained(known, &asset));
    }
    if let Some(ticket) = &draft.disputed_by {
        indented(cli::disputes_disputed(ticket));
    }
    let names = app.names();
    for row in draft.rows.iter().filter(|row| row.chosen) {
        let row = &row.row;
        let what = history::title(row, &names);
        let (at, delta) = (output.local(row.at), money(row.delta, &asset));
        indented(format!("{:>8}  {at:<29}  {delta:>10}  {what}", row.seq.0));
    }
    for attached in &draft.files {
        indented(cli::disputes_attached(&file(attached)));
    }
    indented(cli::disputes_noticed(&day(draft.noticed_on)));
    print_details(&draft.said, &names, output);
    // The message is shown as it is sent.
    indented(match draft.message_sent == draft.message {
        true => cli::disputes_message(),
        false => disputes::message_masked(),
    });
    output.lines("    ", &draft.message_sent);
    if draft.came_right {
        indented(disputes::came_right());
    }
    if draft.state == DisputeState::Draft && draft.problems.is_empty() {
        output.print_line(&match app.is_imported()? {
            true => cli::disputes_send_mail(&draft.id),
            false => cli::disputes_send(&draft.id),
        });
    }
    for problem in &draft.problems {
        let step = DISPUTES_PROBLEM.attribute(&code(problem), "next-cli", &Arguments::new());
        let step = step.unwrap_or_else(|| readable(&code(problem)));
        indented(cli::disputes_before_sent(&step));
    }
    Ok(())
}

fn amount_or_unknown(amount: Option<Amount>, asset: &Asset) -> String {
    amount.map_or(UNKNOWN.to_owned(), |amount| money(amount, asset))
}

/// The sum of the draft's days: opening balance, change and closing balance.
fn sum(draft: &DraftView, asset: &Asset) -> String {
    let sum = |amount| money(amount, asset);
    let (opening, closing) = (sum(draft.opening), sum(draft.closing));
    let rows = u64::from(draft.count);
    match draft.delta.is_negative() {
        true => disputes::sums_down(&sum(draft.delta.negated()), &closing, &opening, rows),
        false => disputes::sums_up(&sum(draft.delta), &closing, &opening, rows),
    }
}

fn explained(explained: &Explained, asset: &Asset) -> String {
    let cause = FINDINGS_CAUSE.name(&code(&explained.code));
    let (amount, entries) = (money(explained.delta, asset), seqs(&explained.entries));
    let count = explained.entries.len() as u64;
    match explained.part {
        true => cli::disputes_explained_part(&amount, &cause, count, &entries),
        false => cli::disputes_explained(&amount, &cause, count, &entries),
    }
}

fn seqs(seqs: &[Seq]) -> String {
    let seqs: Vec<_> = seqs.iter().map(ToString::to_string).collect();
    seqs.join(", ")
}

fn file(file: &FileView) -> String {
    cli::disputes_file(file.bytes, &file.name)
}

/// Prints the details that the operator has given beside the entries and the message.
fn print_details(details: &ClaimDetails, names: &CatalogNames, output: &Output) {
    let products = Some(names.products(&details.legacy)).filter(|products| !products.is_empty());
    let text =
        |given: &Option<String>, sentence: fn(&str) -> String| given.as_deref().map(sentence);
    let lines = [
        text(&details.payment, cli::disputes_payment),
        text(&details.paid.map(usd), cli::disputes_paid),
        text(&details.paid_on.map(day), cli::disputes_paid_on),
        text(&details.coupon, cli::disputes_coupon),
        text(
            &details.plan.as_deref().map(|plan| names.plan(plan)),
            cli::disputes_plan,
        ),
        text(&products, cli::disputes_legacy),
    ];
    for line in lines.into_iter().flatten() {
        output.print_line(&format!("  {line}"));
    }
}

pub fn ticket(ticket: &TicketView, app: &App, output: &Output) -> Result<(), AppError> {
    if output.json() {
        output.print_document(ticket);
        return Ok(());
    }
    let asset = asset(app)?;
    let indented = |text: String| output.print_line(&format!("  {text}"));
    let (kind, state) = (kind(ticket.kind), state(ticket.state));
    output.print_line(&format!("{}  {kind}  ({state})", ticket.id));
    if let Some(by) = ticket.reply_expected_by {
        let by = output.local(by);
        indented(match ticket.overdue {
            true => cli::disputes_reply_overdue(&by),
            false => cli::disputes_reply(&by),
        });
    }
    if let Some(outcome) = ticket.outcome {
        let returned = money(ticket.returned, &asset);
        indented(match outcome {
            Resolution::Credited => cli::disputes_credited(&returned),
            Resolution::Refunded => cli::disputes_refunded(&returned),
            Resolution::Explained => cli::disputes_outcome_explained(&returned),
        });
    }
    indented(cli::disputes_balances(
        &amount_or_unknown(ticket.actual, &asset),
        &amount_or_unknown(ticket.expected, &asset),
    ));
    if !ticket.entries.is_empty() {
        indented(cli::disputes_entries(&seqs(&ticket.entries)));
    }
    print_details(&ticket.said, &app.names(), output);
    for message in &ticket.messages {
        print_message(message, output);
    }
    for attached in &ticket.attachments {
        indented(format!("{}  {}", attached.sha256, file(attached)));
    }
    Ok(())
}

fn print_message(message: &MessageView, output: &Output) {
    let from = match message.from {
        Actor::Support => disputes::from_support(),
        Actor::Operator => disputes::from_you(),
        other => readable(&code(&other)),
    };
    output.print_line(&format!("  {}  {from}:", output.local(message.at)));
    output.lines("    ", &message.text);
    for attached in &message.attachments {
        output.print_line(&format!("    {}", file(attached)));
    }
}
