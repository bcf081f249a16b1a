//! The arguments that every command of `boothkeeper` takes.

use std::path::PathBuf;

use clap::Parser;

use crate::commands::Command;

#[derive(Debug, Parser)]
#[command(name = "boothkeeper", version, about = "Know where every credit went.")]
pub struct Arguments {
    /// Folder of the local copy; by default in the system's folder for application data.
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// Use the imported account instead of the cloud's: unverified, kept beside the copy.
    #[arg(long, global = true)]
    pub imported: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The command whose help may have digits: its default of 30 days is the program's own, not a term of the catalog.
    const OWN_NUMBERS: &str = "explain";

    fn abouts(command: &clap::Command, found: &mut Vec<String>) {
        if command.get_name() != OWN_NUMBERS {
            found.extend(command.get_about().map(ToString::to_string));
        }
        for command in command.get_subcommands() {
            abouts(command, found);
        }
    }

    #[test]
    fn help_of_commands_contains_no_digits_or_dollar_amounts() {
        let mut found = Vec::new();
        abouts(&Arguments::command(), &mut found);
        assert!(found.len() > 20, "{found:?}");
        for about in found {
            let number = about.contains('$') || about.contains(|c: char| c.is_ascii_digit());
            assert!(!number, "{about}");
        }
    }
}
