//! The commands (verbs) of `boothkeeper`. A new verb needs one file, or a part of its feature's file, with its
//! arguments, its `run` and its printing; one line below; and its sentences in `cli.ftl`.

mod balance;
mod deadlines;
mod disputes;
mod explain;
mod history;
mod import;
mod outbox;
mod plan;
mod send;
mod session;
mod verify;

use std::process::ExitCode;

use boothkeeper_app::AppError;
use clap::Subcommand;

use crate::folder::Folder;
use crate::output::Output;

/// Makes the enum that clap parses, and runs each verb by its own `run`.
macro_rules! verbs {
    ($($name:ident($verb:ty),)+) => {
        #[derive(Debug, Subcommand)]
        pub enum Command {
            $($name($verb),)+
        }

        impl Command {
            pub fn run(self, folder: Folder, output: &Output) -> Result<ExitCode, AppError> {
                match self {
                    $(Command::$name(verb) => verb.run(&folder, output),)+
                }
            }
        }
    };
}

// The verbs, in the order in which `--help` lists them.
verbs! {
    Login(session::Login),
    Logout(session::Logout),
    Sync(session::Sync),
    Balance(balance::Balance),
    History(history::History),
    Buy(plan::Buy),
    AutoRecharge(plan::AutoRecharge),
    Explain(explain::Explain),
    Plan(plan::Plan),
    Renewal(plan::Renewal),
    Pause(plan::Pause),
    Cancel(plan::Cancel),
    Resume(plan::Resume),
    PayNow(plan::PayNow),
    Coupon(plan::Coupon),
    Deadlines(deadlines::Deadlines),
    Runway(balance::Runway),
    Outbox(outbox::Outbox),
    Import(import::Import),
    Dispute(disputes::Dispute),
    Verify(verify::Verify),
    Doctor(session::Doctor),
}
