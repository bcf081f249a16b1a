//! Prints results: lines for people, or one JSON document for scripts. With `--json` no file of messages is parsed.

use std::cell::RefCell;
use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use boothkeeper_app::domain::Timestamp;
use boothkeeper_app::{AppError, Code, Zone, system_zone};
use boothkeeper_messages::cli::{self, CLI_FAILURE};
use boothkeeper_messages::errors::ERRORS;
use boothkeeper_messages::problems::PROBLEMS;
use boothkeeper_messages::{Arguments, Family, moment};
use serde::Serialize;
use serde_json::json;

pub struct Output {
    json: bool,
    /// The zone that times are shown in.
    zone: Zone,
    /// The first error while writing the output.
    unwritten: RefCell<Option<std::io::Error>>,
}

pub fn exit(code: Code) -> ExitCode {
    ExitCode::from(code.exit())
}

/// Prints a usage error, or the help or version that was asked for.
pub fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let message = error.to_string();
        let document = json!({ "error": { "code": "usage", "message": message.trim() } });
        let _ = writeln!(std::io::stdout(), "{document}");
        return ExitCode::from(2);
    }
    match error.print() {
        Err(unwritten) if unwritten.kind() != ErrorKind::BrokenPipe => exit(Code::FileSystem),
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

impl Output {
    pub fn new(json: bool) -> Self {
        Output {
            json,
            zone: system_zone(),
            unwritten: RefCell::default(),
        }
    }

    pub fn json(&self) -> bool {
        self.json
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// A point in time as text, in the zone of this computer.
    pub fn local(&self, at: Timestamp) -> String {
        moment(at, &self.zone)
    }

    /// True if a part of the output could not be written.
    pub fn is_cut(&self) -> bool {
        self.unwritten.borrow().is_some()
    }

    /// The program's exit code. Output that could not be written is a failure, whatever the command did.
    pub fn ended(&self, code: ExitCode) -> ExitCode {
        match self.unwritten.take() {
            None => code,
            Some(error) => {
                to_stderr(&self.text(&CLI_FAILURE, "output"));
                self.cause(&error.to_string());
                exit(Code::FileSystem)
            }
        }
    }

    pub fn error(&self, error: &AppError) -> ExitCode {
        let (sentence, next) = self.sentences(error.code);
        if self.json {
            let problem = error.problem.map(|code| code.name());
            self.print_document(&json!({ "error": {
                "code": error.code,
                "problem": problem,
                "message": sentence,
                "next": next,
                "causes": error.causes(),
            }}));
        } else {
            to_stderr(&sentence);
            if let Some(problem) = error.problem {
                to_stderr(&format!("  {}", PROBLEMS.name(problem.name())));
            }
            to_stderr(&next);
            for cause in error.causes() {
                self.cause(&cause);
            }
        }
        exit(error.code)
    }

    /// Reports that the command was not confirmed. `seen` is what the command would have done; only JSON shows it.
    pub fn not_confirmed(&self, seen: &impl Serialize) -> ExitCode {
        let (sentence, next) = self.sentences(Code::NotConfirmed);
        if self.json {
            self.print_document(&json!({ "error": {
                "code": Code::NotConfirmed,
                "message": sentence,
                "next": next,
                "quote": seen,
            }}));
        } else {
            to_stderr(&sentence);
            to_stderr(&next);
        }
        exit(Code::NotConfirmed)
    }

    /// Prints an error and its next step on standard error, although the command goes on or has succeeded.
    pub fn warn(&self, code: Code) {
        let (sentence, next) = self.sentences(code);
        to_stderr(&format!("{sentence} {next}"));
    }

    /// The two sentences of an error: what happened, and what to do next at a terminal.
    pub fn sentences(&self, code: Code) -> (String, String) {
        let (name, next) = (code.name(), "next-cli");
        let next = match self.json {
            true => ERRORS.english_attribute(name, next).map(ToOwned::to_owned),
            false => ERRORS.attribute(name, next, &Arguments::new()),
        };
        (self.text(&ERRORS, name), next.unwrap_or_default())
    }

    /// The text of a message without variables; with `--json` always the English text, without reading a file of
    /// messages.
    pub fn text(&self, family: &Family, code: &str) -> String {
        let text = match self.json {
            true => family.english(code).map(ToOwned::to_owned),
            false => family.text(code),
        };
        text.unwrap_or_default()
    }

    fn cause(&self, cause: &str) {
        match self.json {
            true => to_stderr(&format!("  {cause}")),
            false => to_stderr(&format!("  {}", cli::because(cause))),
        }
    }

    /// Prints the JSON document with `--json`, otherwise the sentence.
    pub fn print_result(&self, document: &impl Serialize, sentence: impl FnOnce() -> String) {
        if self.json {
            self.print_document(document);
        } else {
            self.print_line(&sentence());
        }
    }

    /// Prints a line that JSON output does not have.
    pub fn note(&self, sentence: impl FnOnce() -> String) {
        if !self.json {
            self.print_line(&sentence());
        }
    }

    pub fn print_document(&self, document: &impl Serialize) {
        self.print_line(&serde_json::to_string(document).unwrap_or_default());
    }

    /// Prints text that others wrote. Each of its lines is indented, so that none passes for output of this program.
    pub fn lines(&self, indent: &str, text: &str) {
        text.lines()
            .for_each(|line| self.print_line(&format!("{indent}{line}")));
    }

    /// Prints the text as one line, whatever characters it has.
    pub fn print_line(&self, text: &str) {
        let written = writeln!(std::io::stdout().lock(), "{}", neutral(text));
        match written {
            // A reader may stop early, as `head` does: that is no failure.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.unwritten.borrow_mut().get_or_insert(error);
            }
            _ => {}
        }
    }

    /// True if standard input is a terminal and no JSON is asked for.
    pub fn can_ask(&self) -> bool {
        !self.json && std::io::stdin().is_terminal()
    }

    /// Asks for confirmation. False without a terminal.
    pub fn confirm(&self) -> bool {
        if !self.can_ask() {
            return false;
        }
        self.print_line(&cli::decide_confirm());
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
    }
}

fn to_stderr(text: &str) {
    // A failure to write here cannot be reported anywhere else.
    let _ = writeln!(std::io::stderr().lock(), "{}", neutral(text));
}

/// The text as one harmless line: line breaks become spaces; characters that move the cursor or change the direction
/// of writing become U+FFFD.
fn neutral(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| match c {
            c if breaks(c) => ' ',
            c if turns(c) || c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use boothkeeper_messages::cli::CLI_CAUSE;

    use super::*;

    #[test]
    fn untrusted_text_is_printed_on_one_line_and_cannot_move_the_cursor() {
        let hostile = "Gala\n$9,999.00  live\r\u{1b}[2J\u{9b}1m\u{202e}x\u{2028}y\tz\u{7f}\u{200f}";
        let shown = neutral(hostile);
        assert!(
            !shown.contains(|c: char| c.is_control() || "\u{202e}\u{2028}\u{200f}".contains(c)),
            "{shown:?}"
        );
        assert!(shown.starts_with("Gala $9,999.00"));
        assert_eq!(neutral("Fête d’été 🎉 שלום"), "Fête d’été 🎉 שלום");
    }

    #[test]
    fn json_output_has_the_same_texts_as_the_terminal() {
        let (json, terminal) = (Output::new(true), Output::new(false));
        for code in Code::ALL {
            let (sentence, next) = json.sentences(*code);
            assert!(!sentence.is_empty() && !next.is_empty(), "{code:?}");
            assert_eq!((sentence, next), terminal.sentences(*code));
        }
        for code in CLI_CAUSE.codes() {
            let text = json.text(&CLI_CAUSE, code);
            assert_eq!(
                (text.is_empty(), &text),
                (false, &terminal.text(&CLI_CAUSE, code))
            );
        }
        assert_eq!(
            json.text(&CLI_FAILURE, "output"),
            terminal.text(&CLI_FAILURE, "output")
        );
    }
}
