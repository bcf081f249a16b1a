//! What can be typed.

use std::path::PathBuf;

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
    },
    /// Switch auto-recharge.
    AutoRecharge { switch: Switch },
    /// Where the credits went: causes that add up, and what to know or do. The last 30 days, if not said.
    Explain {
        /// First day, in this computer's zone: 2026-02-01.
        #[arg(long)]
        from: Option<boothkeeper_app::Date>,
        /// Last day, included.
        #[arg(long)]
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
    Cancel,
    /// Take a cancellation back.
    Resume,
    /// Pay the fee that grace waits for.
    PayNow {
        /// The account's own order decides, if not said.
        #[arg(long)]
        with: Option<PayWith>,
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
    /// Prove the whole copy again, and mend it.
    Verify,
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
    #[arg(long)]
    pub from: Option<boothkeeper_app::Date>,
    /// Last day, included.
    #[arg(long)]
    pub to: Option<boothkeeper_app::Date>,
    /// A run's id, an amount or a word.
    #[arg(long)]
    pub text: Option<String>,
    /// 1 to 1000.
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
pub enum OutboxCommand {
    /// Newest first.
    List,
    /// Withdraw an action that was not sent yet.
    Cancel { id: String },
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
        /// Do it, having seen what is destroyed.
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
