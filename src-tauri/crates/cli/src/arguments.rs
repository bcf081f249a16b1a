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
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Continue before this entry: `next` of the page before.
    #[arg(long)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}
