//! What can be typed.

use std::path::PathBuf;

use boothkeeper_app::domain::disputes::DisputeKind;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(name = "boothkeeper", version, about = "Know where every credit went.")]
pub struct Arguments {
    /// The folder of the local copy; the system's place for application data if not said.
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// Read the imported account instead of the cloud's: unverified, beside the copy.
    #[arg(long, global = true)]
    pub imported: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in and copy the account's journal.
    Login {
        /// The cloud's address: https://…, or http:// on this computer.
        #[arg(long)]
        cloud: String,
        /// Read the access key from standard input; else BOOTHKEEPER_ACCESS_KEY is used.
        #[arg(long)]
        key_stdin: bool,
        /// Use the demo account of a sandbox cloud.
        #[arg(long, conflicts_with = "key_stdin")]
        demo: bool,
    },
    /// Forget the access key and the local copy.
    Logout {
        /// Give up actions that wait to be sent.
        #[arg(long)]
        discard: bool,
    },
    /// Bring the copy up to date and send what waits.
    Sync {
        /// Stay connected and say every change.
        #[arg(long)]
        watch: bool,
    },
    /// The proven balance; does not call the cloud.
    Balance,
    /// What happened, newest first.
    History(HistoryArguments),
    /// Buy credits on the card on file, at once; offline the purchase waits for up to a day.
    Buy {
        /// In the account's unit: 50 or 50.00.
        amount: String,
        /// Do it, having seen what is charged.
        #[arg(long)]
        yes: bool,
    },
    /// Switch auto-recharge.
    AutoRecharge {
        switch: Switch,
        /// Do it, having seen what is charged.
        #[arg(long)]
        yes: bool,
    },
    /// Where the credits went: causes that add up, and what to know or do. The last 30 days, if not said.
    Explain {
        /// First day, in this computer's zone: 2026-02-01.
        #[arg(long, value_parser = day)]
        from: Option<boothkeeper_app::Date>,
        /// Last day, included.
        #[arg(long, value_parser = day)]
        to: Option<boothkeeper_app::Date>,
    },
    /// The plan, its period, who pays, and the next renewal.
    Plan {
        #[command(subcommand)]
        command: Option<PlanCommand>,
    },
    /// What the next renewal does, and who pays it.
    #[command(subcommand)]
    Renewal(RenewalCommand),
    /// Pause to Pay-As-You-Go: credits stay, fees end, scheduled events are destroyed.
    Pause {
        /// Do it, having seen what is destroyed.
        #[arg(long)]
        yes: bool,
    },
    /// No renewal any more: access to the period's end, then 30 days, then the account closes.
    Cancel {
        /// Do it, having seen what that leads to.
        #[arg(long)]
        yes: bool,
    },
    /// Take a cancellation back.
    Resume,
    /// Pay the fee that grace waits for.
    PayNow {
        /// The account's own order decides, if not said.
        #[arg(long)]
        with: Option<PayWith>,
        /// Do it, having seen what is charged.
        #[arg(long)]
        yes: bool,
    },
    /// Redeem a coupon.
    Coupon { code: String },
    /// What is due, when, and what is at stake.
    Deadlines {
        /// Write them to a calendar file instead.
        #[arg(long, value_name = "FILE")]
        ics: Option<PathBuf>,
    },
    /// How far the credits go at the event that runs, or at the next.
    Runway,
    /// Actions that wait for the cloud, and what came of them.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Read a usage history (CSV, or our own JSON) and receipts (.eml, PDF) into an account of their own. A table
    /// takes the place of what was imported before; receipts alone are added.
    Import(ImportArguments),
    /// What support is asked about, and what came of it.
    #[command(subcommand)]
    Dispute(DisputeCommand),
    /// Prove the whole copy again, and mend it; or prove a packet from its files alone.
    Verify {
        /// A usage-history.json, an archive or letter that has one, or a folder of them.
        packet: Option<PathBuf>,
        /// Believe only keys that this cloud names now.
        #[arg(long, requires = "packet")]
        cloud: Option<String>,
    },
    /// Look the installation over.
    Doctor,
}

#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// A service's code; may be repeated.
    #[arg(long)]
    pub service: Vec<String>,
    /// A kind of entry; may be repeated.
    #[arg(long)]
    pub kind: Vec<String>,
    /// An event's name; may be repeated.
    #[arg(long)]
    pub event: Vec<String>,
    /// First day, in this computer's zone: 2026-02-01.
    #[arg(long, value_parser = day)]
    pub from: Option<boothkeeper_app::Date>,
    /// Last day, included.
    #[arg(long, value_parser = day)]
    pub to: Option<boothkeeper_app::Date>,
    /// A run's id, an amount or a word.
    #[arg(long)]
    pub text: Option<String>,
    /// How many, 1 to 1000.
    #[arg(long, default_value_t = 50, conflicts_with = "export")]
    pub limit: usize,
    /// Continue before this entry: `next` of the page before.
    #[arg(long, conflicts_with = "export")]
    pub before: Option<u64>,
    /// Write all matches to a .csv or .json file instead.
    #[arg(long)]
    pub export: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum DisputeCommand {
    /// Begin a draft, from a finding, from entries, or by its kind.
    New {
        /// A finding of `boothkeeper explain`: run_failed_not_refunded, say.
        #[arg(long)]
        finding: Option<String>,
        #[command(flatten)]
        claim: ClaimArguments,
    },
    /// Change a draft: what is said takes the place of what was, files are added.
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
        /// Unasked also if the journal already explains the difference, or a ticket is open on it.
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
    /// Take back a ticket, or throw a draft away.
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
        /// Support's address; the catalog's, if not said, and left open for an imported account.
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

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Tables and receipts, in any order.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Only show how it would be read.
    #[arg(long)]
    pub preview: bool,
    /// Your account's address at the vendor.
    #[arg(long)]
    pub email: Option<String>,
    /// Counts whole credits instead of dollars.
    #[arg(long)]
    pub studio: bool,
    /// Which column is which: date=Datum; may be repeated, and is remembered.
    #[arg(long = "map", value_name = "FIELD=TITLE")]
    pub map: Vec<String>,
    /// In which order day, month and year stand.
    #[arg(long)]
    pub dates: Option<Dates>,
    /// What stands before the cents.
    #[arg(long)]
    pub decimal: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dates {
    Dmy,
    Mdy,
    Ymd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mark {
    Point,
    Comma,
}

#[derive(Debug, Args)]
pub struct ClaimArguments {
    /// What it is about.
    #[arg(long, value_parser = dispute_kind())]
    pub kind: Option<DisputeKind>,
    /// An entry's number; may be repeated. All of them together take the place of the draft's.
    #[arg(long = "entry")]
    pub entries: Vec<u64>,
    /// What the balance should be: 150.00.
    #[arg(long)]
    pub expected: Option<String>,
    /// The day it was noticed.
    #[arg(long, value_parser = day)]
    pub noticed: Option<boothkeeper_app::Date>,
    /// First day of the history that goes with it.
    #[arg(long, value_parser = day)]
    pub from: Option<boothkeeper_app::Date>,
    /// Last day, included.
    #[arg(long, value_parser = day)]
    pub to: Option<boothkeeper_app::Date>,
    /// What happened, in your words.
    #[arg(long)]
    pub message: Option<String>,
    /// A receipt: PDF, PNG, JPEG or .eml; may be repeated.
    #[arg(long = "attach")]
    pub files: Vec<PathBuf>,
    /// An attached file, by its name in the draft, to be taken off; may be repeated.
    #[arg(long)]
    pub detach: Vec<String>,
    /// Of a purchase: the processor's or the receipt's number.
    #[arg(long)]
    pub payment: Option<String>,
    /// What was paid, in dollars.
    #[arg(long)]
    pub paid: Option<String>,
    /// The day it was paid.
    #[arg(long, value_parser = day)]
    pub paid_on: Option<boothkeeper_app::Date>,
    /// The code of a coupon whose bonus is missing.
    #[arg(long)]
    pub coupon: Option<String>,
    /// The plan that was asked for.
    #[arg(long)]
    pub plan: Option<String>,
    /// A legacy product; may be repeated.
    #[arg(long)]
    pub legacy: Vec<String>,
}

impl ClaimArguments {
    /// Whether anything but entries and days is said.
    pub fn says(&self) -> bool {
        let files = !self.files.is_empty() || !self.detach.is_empty() || !self.legacy.is_empty();
        let texts = [&self.message, &self.payment, &self.coupon, &self.plan];
        let amounts = self.expected.is_some() || self.paid.is_some();
        let days = self.noticed.is_some() || self.paid_on.is_some();
        files || amounts || days || texts.iter().any(|text| text.is_some())
    }
}

/// A day as it is to be written.
fn day(text: &str) -> Result<boothkeeper_app::Date, &'static str> {
    text.parse().map_err(|_| "a day is written 2026-02-01")
}

/// Named as in the journal; `--help` lists them.
fn dispute_kind() -> impl TypedValueParser<Value = DisputeKind> {
    PossibleValuesParser::new(DisputeKind::ALL.map(DisputeKind::name))
        .try_map(|name| DisputeKind::named(&name).ok_or("no such kind"))
}

#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// Newest first.
    List,
    /// Take back an action that was not sent yet, or is not known to have arrived.
    Cancel { id: String },
    /// Put a damaged outbox aside and begin a new one; then log in again.
    StartOver,
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Change the plan or its cycle; what it costs is charged to the card.
    Set {
        plan: String,
        #[arg(value_enum)]
        cycle: Option<CycleName>,
        /// Redeem a coupon with it.
        #[arg(long)]
        coupon: Option<String>,
        /// Do it, having seen what is charged and destroyed.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum RenewalCommand {
    /// What happens with each payer first.
    Preview,
    /// Choose who pays first.
    Set {
        order: Order,
        /// The other is not asked.
        #[arg(long)]
        no_fallback: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CycleName {
    Monthly,
    Annual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    CardFirst,
    CreditsFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PayWith {
    Card,
    Credits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}
