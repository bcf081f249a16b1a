//! The arguments that say what a dispute is about, for beginning a draft and for changing one.

use std::path::PathBuf;

use boothkeeper_app::disputes::{Begin, DraftView, Edits};
use boothkeeper_app::domain::disputes::DisputeKind;
use boothkeeper_app::domain::findings::FindingCode;
use boothkeeper_app::domain::{Asset, Seq};
use boothkeeper_app::history::Since;
use boothkeeper_app::{App, AppError, Code, Date};
use boothkeeper_messages::cli::CLI_CAUSE;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use crate::commands::balance::asset;
use crate::output::Output;
use crate::values::{amount, day};

#[derive(Debug, Args)]
pub struct ClaimArguments {
    /// What it is about.
    #[arg(long, value_parser = kind())]
    kind: Option<DisputeKind>,
    /// An entry's number; may be repeated. All of them together replace the draft's.
    #[arg(long = "entry")]
    entries: Vec<u64>,
    /// What the balance should be: 150.00.
    #[arg(long)]
    expected: Option<String>,
    /// The day it was noticed.
    #[arg(long, value_parser = day)]
    noticed: Option<Date>,
    /// First day of the history that goes with it.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// Last day, included.
    #[arg(long, value_parser = day)]
    to: Option<Date>,
    /// What happened, in your words.
    #[arg(long)]
    message: Option<String>,
    /// A receipt: PDF, PNG, JPEG or .eml; may be repeated.
    #[arg(long = "attach")]
    files: Vec<PathBuf>,
    /// An attached file to take off, by its name in the draft; may be repeated.
    #[arg(long)]
    detach: Vec<String>,
    /// Of a purchase: the processor's or the receipt's number.
    #[arg(long)]
    payment: Option<String>,
    /// What was paid, in dollars.
    #[arg(long)]
    paid: Option<String>,
    /// The day it was paid.
    #[arg(long, value_parser = day)]
    paid_on: Option<Date>,
    /// The code of a coupon whose bonus is missing.
    #[arg(long)]
    coupon: Option<String>,
    /// The plan that was asked for.
    #[arg(long)]
    plan: Option<String>,
    /// A legacy product; may be repeated.
    #[arg(long)]
    legacy: Vec<String>,
}

/// A kind of dispute by its name in the journal. `--help` lists the names.
fn kind() -> impl TypedValueParser<Value = DisputeKind> {
    PossibleValuesParser::new(DisputeKind::ALL.iter().map(|kind| kind.name()))
        .try_map(|name| DisputeKind::named(&name).ok_or("no such kind"))
}

impl ClaimArguments {
    /// True if anything but entries and days is given.
    fn has_details(&self) -> bool {
        let files = !self.files.is_empty() || !self.detach.is_empty() || !self.legacy.is_empty();
        let texts = [&self.message, &self.payment, &self.coupon, &self.plan];
        let amounts = self.expected.is_some() || self.paid.is_some();
        let days = self.noticed.is_some() || self.paid_on.is_some();
        files || amounts || days || texts.iter().any(|text| text.is_some())
    }

    fn seqs(&self) -> Vec<Seq> {
        self.entries.iter().copied().map(Seq).collect()
    }
}

/// Begins a draft. Fails with `draft_exists` if there is already a draft about the same subject and details are given:
/// they would overwrite what is in that draft.
pub fn begin(
    app: &App,
    finding: Option<&str>,
    claim: ClaimArguments,
    output: &Output,
) -> Result<DraftView, AppError> {
    let begin = subject(app, finding, &claim, output)?;
    let before = app.disputes().list()?.disputes;
    let draft = app.disputes().begin(&begin)?;
    let known = before.iter().any(|known| known.id == draft.id);
    if known && claim.has_details() {
        return Err(AppError::because(Code::DraftExists, draft.id));
    }
    // The draft has its entries already; the typed ones would replace them.
    let claim = ClaimArguments {
        entries: vec![],
        ..claim
    };
    let id = draft.id.clone();
    let changed = change(app, draft, claim);
    if changed.is_err() && !known {
        // What was typed is refused as a whole: no draft is left behind.
        app.disputes().withdraw(&id)?;
    }
    changed
}

/// What a new draft is made from: a finding, entries, or a kind of dispute.
fn subject(
    app: &App,
    finding: Option<&str>,
    claim: &ClaimArguments,
    output: &Output,
) -> Result<Begin, AppError> {
    if let Some(name) = finding {
        return of_finding(app, name, claim, output);
    }
    if !claim.entries.is_empty() {
        return Ok(Begin::Entries(claim.seqs()));
    }
    // A draft of the kind `PurchaseMissing` takes the pending purchases as its entries. Typed payment details may be
    // about another purchase.
    let named = claim.payment.is_some() || claim.paid.is_some() || claim.paid_on.is_some();
    Ok(Begin::Kind(match claim.kind {
        Some(DisputeKind::PurchaseMissing) if named => DisputeKind::Other,
        kind => kind.unwrap_or(DisputeKind::Other),
    }))
}

/// The finding with the code `name` in the given days; if entries are given, one that is about one of them.
fn of_finding(
    app: &App,
    name: &str,
    claim: &ClaimArguments,
    output: &Output,
) -> Result<Begin, AppError> {
    let unknown = || AppError::because(Code::UnknownName, output.text(&CLI_CAUSE, "no_finding"));
    let code = serde_json::from_value::<FindingCode>(Value::from(name)).map_err(|_| unknown())?;
    let explained = app.history().explain(Since::Days(claim.from, claim.to))?;
    let wanted = |seq: &Seq| claim.entries.is_empty() || claim.entries.contains(&seq.0);
    let named = explained.findings.into_iter().filter(|finding| {
        finding.code == code && (finding.entries.is_empty() || finding.entries.iter().any(wanted))
    });
    // A finding that support does not have yet is preferred.
    let found = named.min_by_key(|finding| finding.dispute.is_some());
    let none = || AppError::because(Code::NotFound, output.text(&CLI_CAUSE, "no_finding"));
    let entries = found.ok_or_else(none)?.entries;
    Ok(Begin::Finding { code, entries })
}

/// Changes a draft; entries and texts that are not given stay as they are.
pub fn change(app: &App, draft: DraftView, claim: ClaimArguments) -> Result<DraftView, AppError> {
    let asset = asset(app)?;
    let parsed = |text: &Option<String>, asset: &Asset| {
        let text = text.as_ref();
        text.map(|text| amount(text, asset)).transpose()
    };
    let edits = Edits {
        kind: claim.kind,
        expected: parsed(&claim.expected, &asset)?,
        noticed_on: claim.noticed,
        from: claim.from,
        to: claim.to,
        entries: (!claim.entries.is_empty()).then(|| claim.seqs()),
        paid: parsed(&claim.paid, &Asset::usd())?,
        message: claim.message,
        payment: claim.payment,
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
