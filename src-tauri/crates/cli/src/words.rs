//! Codes as sentences: what happened, and what to do next.

use boothkeeper_app::Code;
use boothkeeper_app::disputes::DraftProblem;
use boothkeeper_app::disputes::Flaw;
use boothkeeper_app::domain::trust::Reason;
use boothkeeper_messages::Arguments;
use boothkeeper_messages::errors::ERRORS;

/// What happened, and the next step at a terminal.
pub fn sentence(code: Code) -> (String, String) {
    let name = code.name();
    let text = ERRORS.text(name).unwrap_or_default();
    let next = ERRORS.attribute(name, "next-cli", &Arguments::new());
    (text, next.unwrap_or_default())
}

pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotConnected => "not connected",
        Reason::Offline => "offline",
        Reason::Portal => "the Wi-Fi wants a login",
        Reason::Server => "the cloud has a problem",
        Reason::CloudTooOld => "this cloud is too old for live",
        Reason::SignedOut => "signed out",
        Reason::Damaged => "the copy is damaged",
    }
}

/// Why a packet proves nothing.
pub const fn flaw(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::Format => "it is no proof of a kind that is known here",
        Flaw::Chain => "the entries are not those of the chain",
        Flaw::Contradiction => "an entry contradicts the one before, or the unit that is named",
        Flaw::Days => "entries of these days are left out, or others are among them",
        Flaw::Sum => "opening and closing are not what the entries come to",
        Flaw::Signature => "the signature is not over these entries",
        Flaw::UnknownKey => "it is signed with a key that this cloud does not have",
        Flaw::Table => "usage-history.csv says something else than the signed entries",
    }
}

/// What has to be done before a dispute can be sent.
pub const fn problem(problem: DraftProblem) -> &'static str {
    match problem {
        DraftProblem::NoMessage => "write a message, with --message",
        DraftProblem::MessageTooLong => "shorten the message to 16,000 characters",
        DraftProblem::NoRows => "name at least one entry, with --entry",
        DraftProblem::TooManyRows => "name at most 400 entries",
        DraftProblem::SumFails => "run `boothkeeper verify`: the days do not add up",
        DraftProblem::NoDays => "choose days in order, with --from and --to",
        DraftProblem::TooManyFiles => "take files off, with --detach: at most 20",
        DraftProblem::FilesTooLarge => "take files off, with --detach: 10 MiB each, 25 MiB in all",
        DraftProblem::FileMissing => "take off the file that is gone, with --detach",
        DraftProblem::AccountClosed => "choose --kind account_closed: the account is closed",
    }
}
