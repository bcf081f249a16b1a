//! The outbox: what the operator did and the cloud has not answered, and the binding to an account.
//!
//! Neither can be fetched again, so the file is its own, synchronous to the disk, and no recovery of
//! the cache touches it. Every step is taken in a transaction that looks at the state first: of two
//! processes only one takes it.

mod drafts;
mod preferences;
mod reminders;
mod stored;

use std::path::Path;

use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::{DisputeId, Seq, Timestamp};
use boothkeeper_wire::api::{CommandAnswer, CommandRequest, CommandState};
use boothkeeper_wire::problem::Problem;
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Connection, OptionalExtension, Transaction};
use rusqlite_migration::{M, Migrations};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;
pub use crate::binding::{Binding, Diverged, Divergence};
use crate::cache::{overwrite, refuse_empty, refuse_newer};
use crate::memo::{Memo, Version};
use crate::read_only;
pub use drafts::Draft;
pub use reminders::{Said, Speaker};
use stored::{COLUMNS, Stored};

const STEPS: &[M<'_>] = &[
    M::up(
        "CREATE TABLE binding (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
     CREATE TABLE commands (
         id BLOB PRIMARY KEY,
         created_at INTEGER NOT NULL,
         resource TEXT NOT NULL,
         body TEXT NOT NULL,
         decided_at_seq INTEGER NOT NULL,
         state TEXT NOT NULL,
         answer TEXT,
         mark INTEGER NOT NULL
     );",
    ),
    M::up(
        "CREATE TABLE reminders (
             code TEXT NOT NULL,
             deadline INTEGER NOT NULL,
             tier INTEGER NOT NULL,
             at INTEGER NOT NULL,
             skipped INTEGER NOT NULL,
             PRIMARY KEY (code, deadline, tier)
         ) WITHOUT ROWID;",
    ),
    M::up(
        "CREATE TABLE preferences (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);",
    ),
    M::up(
        "CREATE TABLE drafts (id BLOB PRIMARY KEY, document TEXT NOT NULL);
         CREATE TABLE looked (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, at INTEGER NOT NULL);",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Queued,
    Sending,
    /// Sent, and no answer came: the cloud is asked for the id, nothing new is sent.
    Unknown,
    Applied,
    Rejected,
    NeedsDecision,
    /// Applied, and its entries are in the verified copy.
    Settled,
    Cancelled,
    /// Not as it was written: never sent, never counted as done, kept to be looked at.
    Damaged,
}

impl State {
    /// Not answered yet: to be sent, or to be asked about.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Queued | State::Sending | State::Unknown)
    }

    pub const fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Unknown => "unknown",
            State::Applied => "applied",
            State::Rejected => "rejected",
            State::NeedsDecision => "needs_decision",
            State::Settled => "settled",
            State::Cancelled => "cancelled",
            State::Damaged => "damaged",
        }
    }

    const ALL: [State; 8] = [
        State::Queued,
        State::Sending,
        State::Unknown,
        State::Applied,
        State::Rejected,
        State::NeedsDecision,
        State::Settled,
        State::Cancelled,
    ];

    fn named(name: &str) -> Option<State> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A command as kept. `body` is the text that is sent, byte for byte, each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub body: String,
    /// `None` for what cannot be read any more.
    pub request: Option<CommandRequest>,
    pub state: State,
    pub problem: Option<Problem>,
    /// What it would do now, where that was worse than what was seen.
    pub quote: Option<Quote>,
    /// Where the cloud's journal ended when it answered.
    pub head: Option<Seq>,
    /// The ticket that a dispute came to.
    pub dispute: Option<DisputeId>,
}

#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    binding: Memo<(), Option<Binding>>,
}

/// States that nothing follows.
const DONE: [State; 4] = [
    State::Rejected,
    State::NeedsDecision,
    State::Settled,
    State::Cancelled,
];
/// Answered and done with: at most this many are kept to look back on.
const KEPT: u32 = 200;

impl Outbox {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_to_write(path).map_err(StoreError::of_outbox)
    }

    fn open_to_write(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Self::ready(connection)
    }

    /// Opens for reading only; `None` if there is no such file.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::open_read_only(path).map_err(StoreError::of_outbox)
    }

    fn open_read_only(path: &Path) -> Result<Option<Self>, StoreError> {
        let opened = read_only::open(path, |connection| {
            refuse_newer(connection, "outbox.sqlite", STEPS.len())?;
            refuse_empty(connection)
        })?;
        Ok(opened.map(Self::on))
    }

    pub fn in_memory() -> Result<Self, StoreError> {
        Self::ready(Connection::open_in_memory()?)
    }

    fn ready(mut connection: Connection) -> Result<Self, StoreError> {
        refuse_newer(&connection, "outbox.sqlite", STEPS.len())?;
        Migrations::from_slice(STEPS)
            .to_latest(&mut connection)
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
                error => StoreError::Migration(error),
            })?;
        Ok(Self::on(connection))
    }

    fn on(connection: Connection) -> Self {
        Outbox {
            connection,
            binding: Memo::default(),
        }
    }

    pub fn binding(&self) -> Result<Option<Binding>, StoreError> {
        let read = || self.read_binding();
        self.binding.get(Version::of(&self.connection)?, &(), read)
    }

    fn read_binding(&self) -> Result<Option<Binding>, StoreError> {
        let query = "SELECT document FROM binding";
        let document = self
            .connection
            .query_row(query, [], |row| row.get::<_, String>(0))
            .optional()?;
        document
            .map(|text| serde_json::from_str(&text).map_err(StoreError::damaged_by))
            .transpose()
    }

    pub fn bind(&self, binding: Option<&Binding>) -> Result<(), StoreError> {
        let Some(binding) = binding else {
            self.connection.execute("DELETE FROM binding", [])?;
            return Ok(());
        };
        let document = serde_json::to_string(binding)?;
        let replace = "INSERT OR REPLACE INTO binding VALUES (1, ?1)";
        self.connection.execute(replace, [document])?;
        Ok(())
    }

    /// Drops every command: another account has its own. What was said stays said: whoever signs in again is
    /// not told everything anew.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM commands; DELETE FROM drafts; DELETE FROM looked;")?;
        overwrite(&self.connection)
    }

    /// Keeps a command, on disk before anything of it is sent.
    pub fn queue(
        &self,
        id: Uuid,
        request: &CommandRequest,
        decided_at: Seq,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(request)?;
        let stored = Stored {
            id: *id.as_bytes(),
            created_at: now.millis(),
            resource: request.resource().to_owned(),
            body,
            decided_at: decided_at.0,
            state: State::Queued.name().to_owned(),
            answer: None,
        };
        stored.write(&self.connection)
    }

    /// Newest first, by the order in which they were decided: a clock can be set back.
    pub fn list(&self) -> Result<Vec<Command>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM commands ORDER BY rowid DESC");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([])?;
        let mut commands = Vec::new();
        while let Some(row) = rows.next()? {
            commands.push(read(row)?);
        }
        Ok(commands)
    }

    pub fn get(&self, id: Uuid) -> Result<Option<Command>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM commands WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([id.as_bytes()])?;
        rows.next()?.map(read).transpose()
    }

    /// The oldest command to ask about or to send: per resource in order, and behind nothing whose
    /// fate is not known.
    pub fn next(&self, skip: &[Uuid]) -> Result<Option<Command>, StoreError> {
        let mut held: Vec<String> = Vec::new();
        for command in self.list()?.into_iter().rev() {
            let open = command.state.is_open();
            let resource = command.request.as_ref().map(|r| r.resource().to_owned());
            let Some(resource) = resource else {
                continue;
            };
            if !open || held.contains(&resource) {
                continue;
            }
            if command.state != State::Sending && !skip.contains(&command.id) {
                return Ok(Some(command));
            }
            held.push(resource);
        }
        Ok(None)
    }

    /// How many actions would be lost with this file: not sent, or sent and not answered, or only begun.
    pub fn unsent(&self) -> Result<usize, StoreError> {
        let open = |state| !DONE.contains(&state) && state != State::Applied;
        let commands = self.list()?.iter().filter(|c| open(c.state)).count();
        let drafts = self.drafts()?;
        let begun = |draft: &&Draft| draft.edited && draft.command.is_none();
        Ok(commands + drafts.iter().filter(begun).count())
    }

    /// Whether anything waits for the cloud.
    pub fn waiting(&self) -> Result<usize, StoreError> {
        let open = |state| !DONE.contains(&state);
        Ok(self.list()?.iter().filter(|c| open(c.state)).count())
    }

    /// `false` if it was sent, or cancelled, by somebody else meanwhile.
    pub fn start_sending(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[State::Queued], State::Sending)
    }

    /// The answer did not come: it may have happened.
    pub fn lost(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[State::Sending], State::Unknown)
    }

    /// The cloud has never seen the id: it goes again, same id, same body.
    pub fn never_arrived(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[State::Unknown, State::Sending], State::Queued)
    }

    /// Only what was never sent can be cancelled.
    pub fn cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[State::Queued], State::Cancelled)
    }

    /// Puts what was refused or handed back out of sight.
    pub fn dismiss(&self, id: Uuid) -> Result<bool, StoreError> {
        let delete =
            "DELETE FROM commands WHERE id = ?1 AND state IN ('rejected', 'needs_decision')";
        Ok(self.connection.execute(delete, [id.as_bytes()])? == 1)
    }

    pub fn answered(&self, id: Uuid, answer: &CommandAnswer) -> Result<bool, StoreError> {
        let state = match answer.state {
            CommandState::Applied => State::Applied,
            CommandState::Rejected => State::Rejected,
            CommandState::NeedsDecision => State::NeedsDecision,
        };
        let answer = serde_json::to_string(answer)?;
        self.change(id, &[State::Sending, State::Unknown], state, Some(answer))
    }

    /// A process that died while sending does not know what came of it.
    pub fn recover(&self) -> Result<usize, StoreError> {
        let mut recovered = 0;
        for command in self.list()? {
            recovered += usize::from(self.step(command.id, &[State::Sending], State::Unknown)?);
        }
        Ok(recovered)
    }

    /// Settles what was applied once its entries are in the verified copy. May be repeated: the copy and
    /// this file do not commit together.
    pub fn settle(&self, copied_to: Seq) -> Result<(), StoreError> {
        for command in self.list()? {
            if command.state == State::Applied && command.head.is_some_and(|h| h <= copied_to) {
                self.step(command.id, &[State::Applied], State::Settled)?;
            }
        }
        let forget = "DELETE FROM commands WHERE state IN ('settled', 'cancelled') AND id NOT IN
                      (SELECT id FROM commands ORDER BY rowid DESC LIMIT ?1)";
        self.connection.prepare_cached(forget)?.execute([KEPT])?;
        Ok(())
    }

    fn step(&self, id: Uuid, from: &[State], to: State) -> Result<bool, StoreError> {
        self.change(id, from, to, None)
    }

    /// `false` if it is not in one of the states it may leave, or not as it was written.
    fn change(
        &self,
        id: Uuid,
        from: &[State],
        to: State,
        answer: Option<String>,
    ) -> Result<bool, StoreError> {
        let transaction = Transaction::new_unchecked(&self.connection, Immediate)?;
        let query = format!("SELECT {COLUMNS} FROM commands WHERE id = ?1");
        let stored = transaction
            .prepare_cached(&query)?
            .query_row([id.as_bytes()], Stored::read)
            .optional()?;
        let Some((mut stored, true)) = stored else {
            return Ok(false);
        };
        if !State::named(&stored.state).is_some_and(|state| from.contains(&state)) {
            return Ok(false);
        }
        to.name().clone_into(&mut stored.state);
        stored.answer = answer.or(stored.answer);
        stored.write(&transaction)?;
        transaction.commit()?;
        Ok(true)
    }
}

fn read(row: &rusqlite::Row<'_>) -> Result<Command, StoreError> {
    let (stored, sound) = Stored::read(row)?;
    let request = serde_json::from_str(&stored.body).ok();
    let answer = match &stored.answer {
        Some(text) => serde_json::from_str::<CommandAnswer>(text).ok(),
        None => None,
    };
    let state = State::named(&stored.state).filter(|_| sound && request.is_some());
    Ok(Command {
        id: Uuid::from_bytes(stored.id),
        created_at: Timestamp::from_millis(stored.created_at),
        request,
        body: stored.body,
        state: state.unwrap_or(State::Damaged),
        head: answer.as_ref().map(|answer| answer.head),
        problem: answer.as_ref().and_then(|answer| answer.problem.clone()),
        dispute: answer.as_ref().and_then(|answer| answer.dispute.clone()),
        quote: answer.and_then(|answer| answer.quote),
    })
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Amount;
    use boothkeeper_wire::action::Action;

    use super::*;

    fn queued(outbox: &Outbox, at: i64, action: Action) -> Uuid {
        let id = Uuid::now_v7();
        let request = action.request(None, None);
        outbox
            .queue(id, &request, Seq(1), Timestamp::from_millis(at))
            .unwrap();
        id
    }

    fn buy() -> Action {
        Action::BuyCredits {
            amount: Amount::of(5_000),
        }
    }

    fn applied(head: u64) -> CommandAnswer {
        CommandAnswer {
            state: CommandState::Applied,
            entries: vec![Seq(head)],
            head: Seq(head),
            problem: None,
            quote: None,
            dispute: None,
        }
    }

    #[test]
    fn what_was_sent_is_never_cancelled_and_never_sent_twice() {
        let outbox = Outbox::in_memory().unwrap();
        let id = queued(&outbox, 1, buy());
        assert!(outbox.start_sending(id).unwrap());
        assert!(!outbox.start_sending(id).unwrap(), "a second process");
        assert!(!outbox.cancel(id).unwrap());
        assert_eq!(outbox.recover().unwrap(), 1, "the process died");
        assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Unknown);
        assert!(outbox.never_arrived(id).unwrap());
        assert!(outbox.cancel(id).unwrap());
        assert!(!outbox.start_sending(id).unwrap());
    }

    #[test]
    fn an_applied_command_settles_when_its_entries_are_here() {
        let outbox = Outbox::in_memory().unwrap();
        let id = queued(&outbox, 1, buy());
        outbox.start_sending(id).unwrap();
        assert!(outbox.answered(id, &applied(9)).unwrap());
        assert!(!outbox.answered(id, &applied(9)).unwrap(), "a late repeat");
        outbox.settle(Seq(8)).unwrap();
        assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Applied);
        assert_eq!(outbox.waiting().unwrap(), 1);
        outbox.settle(Seq(9)).unwrap();
        assert_eq!(outbox.get(id).unwrap().unwrap().state, State::Settled);
        assert_eq!(outbox.waiting().unwrap(), 0);
    }

    #[test]
    fn one_resource_keeps_its_order_and_others_do_not_wait() {
        let outbox = Outbox::in_memory().unwrap();
        let first = queued(&outbox, 1, buy());
        let second = queued(&outbox, 2, buy());
        let other = queued(&outbox, 3, Action::SetAutoRecharge { enabled: true });
        assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
        outbox.start_sending(first).unwrap();
        outbox.lost(first).unwrap();
        assert_eq!(outbox.next(&[first]).unwrap().unwrap().id, other);
        outbox.start_sending(first).unwrap();
        outbox.answered(first, &applied(2)).unwrap();
        assert_eq!(outbox.next(&[]).unwrap().unwrap().id, second);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_change_the_order_of_decisions() {
        let outbox = Outbox::in_memory().unwrap();
        let first = queued(&outbox, 1_000, buy());
        let second = queued(&outbox, 1, buy());
        assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
        outbox.start_sending(first).unwrap();
        outbox.never_arrived(first).unwrap();
        assert_eq!(outbox.next(&[]).unwrap().unwrap().id, first);
        assert_eq!(outbox.list().unwrap()[0].id, second, "newest first");
    }

    #[test]
    fn what_a_wrong_clock_said_does_not_count_and_one_speaker_does_not_silence_the_other() {
        use boothkeeper_domain::deadlines::{Deadline, DeadlineCode};
        use boothkeeper_domain::reminders;
        use boothkeeper_domain::time::{DAY, HOUR};

        let outbox = Outbox::in_memory().unwrap();
        let end = Timestamp::from_millis(100 * DAY);
        let grace = [Deadline {
            code: DeadlineCode::GraceEnd,
            at: end,
            at_risk: None,
            since: None,
        }];
        let say = |speaker, now| {
            let plan = outbox.say(speaker, now, |said| {
                reminders::plan(&grace, said, now, false)
            });
            plan.unwrap().fire.len()
        };
        // A clock that is six days ahead says the last of it.
        let wrong = end.plus(-HOUR);
        assert_eq!(say(Speaker::Desktop, wrong), 1);
        assert_eq!(say(Speaker::Desktop, wrong), 0);
        // It is set right: the tiers come as if nothing had been said.
        let right = [7 * DAY, 3 * DAY, DAY, 2 * HOUR].map(|ahead| end.plus(-ahead));
        assert_eq!(right.map(|now| say(Speaker::Desktop, now)), [1, 1, 1, 1]);
        assert_eq!(say(Speaker::CommandLine, right[3]), 1);
        assert_eq!(say(Speaker::Desktop, right[3]), 0);
    }
}
