//! Codes as sentences: what happened, and what to do next.

use boothkeeper_app::disputes::DraftProblem;
use boothkeeper_app::domain::trust::Reason;
use boothkeeper_app::{Code, Flaw};

/// The sentence for an operator and the next step.
pub fn sentence(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::SignedOut => (
            "You are not signed in, or the access key was revoked.",
            "Run `boothkeeper login --cloud URL --key-stdin` with a key from your account settings.",
        ),
        Code::KeyMalformed => (
            "That is not an access key.",
            "A key begins with bk_. Copy it again from your account settings.",
        ),
        Code::KeyMissing => (
            "No access key was given.",
            "Pipe one in with --key-stdin, or set BOOTHKEEPER_ACCESS_KEY.",
        ),
        Code::WrongAccount => (
            "This access key opens another account than the one this folder copies.",
            "Use this account's key, or another folder with --data; `boothkeeper login` changes the account.",
        ),
        Code::AddressMalformed => (
            "That is not a cloud's address.",
            "Use https://…; http:// is for this computer only.",
        ),
        Code::Offline => (
            "The cloud cannot be reached.",
            "Check the network and try again; the last proven balance stays readable.",
        ),
        Code::Portal => (
            "Something else answered in the cloud's place, most likely a Wi-Fi sign-in page.",
            "Open a browser, sign in to the Wi-Fi, and try again.",
        ),
        Code::Server => (
            "The cloud has a problem of its own.",
            "Try again in a few minutes; nothing was lost.",
        ),
        Code::Refused => (
            "That was refused.",
            "See the reason given; nothing was changed.",
        ),
        Code::UpdateNeeded => (
            "The cloud speaks a newer version than this program.",
            "Update Boothkeeper.",
        ),
        Code::Diverged => (
            "The copy and the cloud do not agree.",
            "Keep this computer's data as evidence and contact support.",
        ),
        Code::StreamBroken => (
            "The cloud's answer broke off or contradicts itself; only what was proven before that was taken over.",
            "Try again; if it repeats, contact support.",
        ),
        Code::OutboxDamaged => (
            "The file of waiting actions (outbox.sqlite in the data folder) is damaged or gone; the copy of the journal is not.",
            "Run `boothkeeper outbox start-over`, which keeps the old file beside the new one, then `boothkeeper login`. Look into the history before you repeat an action.",
        ),
        Code::OutboxSound => (
            "The outbox is not damaged; nothing was changed.",
            "See `boothkeeper outbox list`; `boothkeeper logout --discard` gives up what waits.",
        ),
        Code::ActionsWaiting => (
            "Actions or disputes are here that were not sent yet; they would be lost.",
            "See `boothkeeper outbox list` and `boothkeeper dispute list`: send or withdraw each; `boothkeeper logout --discard` gives them up.",
        ),
        Code::Damaged => (
            "The copy on this computer is damaged.",
            "Run `boothkeeper sync` while online: it is fetched again.",
        ),
        Code::DiskFull => (
            "The disk is full.",
            "Free some space and try again; the last good copy stays readable.",
        ),
        Code::ReadOnly => (
            "The data folder cannot be written to.",
            "Check its permissions, or choose another with --data.",
        ),
        Code::NewerFiles => (
            "A newer version of Boothkeeper has used this data folder.",
            "Update this program; nothing was touched.",
        ),
        Code::Locked => (
            "Another Boothkeeper is using this data folder.",
            "Close it, or let it do the syncing.",
        ),
        Code::OpenToOthers => (
            "Other users of this computer can look into the data folder.",
            "Close it: `chmod -R go= FOLDER`, with the folder that `boothkeeper doctor` names.",
        ),
        Code::FileSystem => (
            "A file cannot be read or written.",
            "Check the path and its permissions.",
        ),
        Code::NoKeychain => (
            "The system's keychain does not answer.",
            "Unlock it, or set BOOTHKEEPER_ACCESS_KEY: then nothing is stored.",
        ),
        Code::NotSynced => (
            "There is no copy of the account yet.",
            "Run `boothkeeper sync` while online.",
        ),
        Code::OutOfRange => (
            "A value is out of range.",
            "Amounts are plain decimals such as 50.00, dates are in order, a page has 1 to 1000 rows.",
        ),
        Code::UnknownName => (
            "There is no such name.",
            "`boothkeeper history --json` and `explain --json` show the names in use; exports end in .csv or .json.",
        ),
        Code::NotFound => (
            "There is no such thing.",
            "Check the id, or the number of the entry.",
        ),
        Code::NotCancellable => (
            "That action was sent already.",
            "Run `boothkeeper sync` to learn what came of it.",
        ),
        Code::AlreadyWaiting => (
            "This, or another action that it would contradict, is waiting to be sent.",
            "Run `boothkeeper sync`, or take it back with `boothkeeper outbox cancel ID`, and decide again.",
        ),
        Code::NotConfirmed => (
            "This charges or destroys what is named; nothing was done.",
            "Run it again with --yes.",
        ),
        Code::NotAFile => (
            "That is a folder, a link or a device, not a file.",
            "Name the file itself.",
        ),
        Code::FileEmpty => ("That file is empty.", "Choose another."),
        Code::FileTooLarge => (
            "That is too large: 10 MiB a file, 25 MiB and 20 files in all.",
            "Leave something out, or choose fewer days with --from and --to.",
        ),
        Code::FileType => (
            "Only PDF, PNG, JPEG and .eml can be attached, each under a name that says so.",
            "Export or print it as PDF, or rename it to what it is.",
        ),
        Code::TooManyFiles => (
            "A dispute takes at most 20 files.",
            "Take one off with `boothkeeper dispute edit ID --detach NAME` first.",
        ),
        Code::TextTooLong => (
            "The text is longer than 16,000 characters.",
            "Shorten it; long evidence belongs into an attached file.",
        ),
        Code::TooManyRows => (
            "A dispute takes at most 400 entries.",
            "File the rest as another, or name the days only.",
        ),
        Code::DraftIncomplete => (
            "Something is missing in this dispute.",
            "`boothkeeper dispute show ID` says what comes first; `dispute edit ID` changes it.",
        ),
        Code::CameRight => (
            "What this complains of has come right meanwhile; nothing was sent.",
            "Withdraw it, or send it again if something is still wrong.",
        ),
        Code::DraftExists => (
            "A draft on the same is there already.",
            "Run `boothkeeper dispute edit ID` with the id below, or withdraw it first.",
        ),
        Code::DisputeSent => (
            "That dispute was sent; it is changed no more.",
            "`boothkeeper dispute show ID` shows the ticket, `dispute message ID TEXT` adds to it.",
        ),
        Code::DraftsWaiting => (
            "A dispute on what was imported before is being written; it would be lost.",
            "Save it with `boothkeeper --imported dispute save-eml ID FILE`, then `boothkeeper --imported dispute withdraw ID`.",
        ),
        Code::NotOpen => (
            "That dispute was decided or withdrawn.",
            "Begin a new one if something is still wrong.",
        ),
        Code::Imported => (
            "This account was imported: no cloud is behind it, and of its plan and card nothing is known.",
            "Balance, history and explain work with --imported; a dispute goes by mail: `boothkeeper --imported dispute save-eml ID FILE`.",
        ),
        Code::NotAPacket => (
            "There is no proof in that.",
            "Name a usage-history.json, an archive or .eml that has one, or their folder.",
        ),
        Code::NoMailProgram => (
            "No program on this computer opens a letter.",
            "Use `boothkeeper dispute save-eml ID FILE` and attach the file to a mail.",
        ),
        Code::NotAHistory => (
            "That cannot be read as a usage history.",
            "It needs a row of titles and at least a date and an amount in each row.",
        ),
        Code::RowUnreadable => (
            "A row of that table cannot be read.",
            "Correct the cell named below, or say how it is meant: --dates, --decimal, --map.",
        ),
        Code::NotAReceipt => (
            "No amount, date and number of a purchase could be found in that receipt.",
            "Attach it to a dispute instead, and type what it says.",
        ),
        Code::EmailMissing => (
            "Whose history it is was not said.",
            "Name your account's address: --email you@example.com.",
        ),
        Code::AskMapping => (
            "It is not clear which column is which.",
            "Run it with --preview to see them, then say so: --map date=TITLE --map amount=TITLE.",
        ),
        Code::AskDates => (
            "The dates can be read in two ways.",
            "Say which: --dates dmy, mdy or ymd.",
        ),
        Code::AskDecimals => (
            "The amounts can be read in two ways.",
            "Say which: --decimal point or comma.",
        ),
        Code::Internal => (
            "Something went wrong that should not.",
            "Try again; if it repeats, run with RUST_LOG=debug and report it.",
        ),
    }
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
