//! The outbox: what the operator did and the cloud has not answered, and the binding to an account.
//!
//! Neither can be fetched again, so the file is its own, synchronous to the disk, and no recovery of
//! the cache touches it. Every step is taken in a transaction that looks at the state first: of two
//! processes only one takes it.

mod drafts;
mod marked;
mod preferences;
mod reminders;
mod schema;
mod stored;

use std::path::Path;

use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::{DisputeId, Seq, Timestamp};
use boothkeeper_wire::api::{CommandAnswer, CommandRequest, CommandState};
use boothkeeper_wire::problem::Problem;
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Connection, OptionalExtension, Transaction};
use rusqlite_migration::Migrations;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;
pub use crate::binding::{Binding, Diverged, Divergence};
use crate::cache::{fold_log, is_before, overwrite, refuse_empty, refuse_newer};
use crate::memo::{Memo, Version};
use crate::{private, read_only};
use boothkeeper_files::HighWater;
pub use drafts::Draft;
use marked::{BINDING, Mark};
pub use reminders::{Said, Speaker};
use schema::{VERSIONS, steps};
use stored::{COLUMNS, Stored};

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
    /// The entries that the cloud named as what came of it.
    pub entries: Vec<Seq>,
    /// Where the copy ended when it was decided.
    pub decided_at: Seq,
    /// Taken back when it may have been sent: the cloud is still to say what came of it.
    pub withdrawn: bool,
    /// The ticket that a dispute came to.
    pub dispute: Option<DisputeId>,
}

#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    high_water: HighWater,
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
/// What a command may go through before it is rejected: five refusals for a reason that may pass, or fifty requests
/// of its own that were not answered while the cloud was there.
const PATIENCE: u32 = 50;

/// What came between a command and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The cloud has refused it, for now.
    Refused,
    /// Something else answered, or nothing did, while the cloud was there: a network that is bad does that, too.
    Unanswered,
}

impl Trouble {
    const fn weight(self) -> u32 {
        match self {
            Trouble::Refused => 10,
            Trouble::Unanswered => 1,
        }
    }
}

impl Outbox {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_to_write(path).map_err(StoreError::of_outbox)
    }

    fn open_to_write(path: &Path) -> Result<Self, StoreError> {
        private::touch(path).map_err(StoreError::io(path))?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let outbox = Self::ready(connection, HighWater::beside(path))?;
        outbox.has_all()?;
        outbox.committed()?;
        Ok(outbox)
    }

    /// Opens for reading only; `None` if there is no such file.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::open_read_only(path).map_err(StoreError::of_outbox)
    }

    fn open_read_only(path: &Path) -> Result<Option<Self>, StoreError> {
        let opened = read_only::open(path, |connection| {
            refuse_newer(connection, "outbox.sqlite", VERSIONS)?;
            refuse_empty(connection)
        })?;
        let Some(connection) = opened else {
            return Ok(None);
        };
        if is_before(&connection, VERSIONS)? {
            drop(connection);
            Self::open_to_write(path)?.fold_log();
            return Self::open_read_only(path);
        }
        let outbox = Self::on(connection, HighWater::beside(path));
        outbox.has_all()?;
        Ok(Some(outbox))
    }

    pub fn in_memory() -> Result<Self, StoreError> {
        Self::ready(Connection::open_in_memory()?, HighWater::in_memory())
    }

    /// Nothing that was committed has been lost since.
    fn has_all(&self) -> Result<(), StoreError> {
        // First what is kept outside: another process may add to both meanwhile.
        let known = self.high_water.read();
        match self.changes()? >= known {
            true => Ok(()),
            false => Err(StoreError::OutboxDamaged(Some(
                "changes that were on disk are not there any more".into(),
            ))),
        }
    }

    /// Reads everything once: whether all of it is as it was written, but for commands, which say so themselves.
    pub fn check(&self) -> Result<(), StoreError> {
        self.binding()?;
        self.drafts()?;
        self.list()?;
        Ok(())
    }

    fn changes(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count FROM changes")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// What was written is on disk by now, unless a transaction is open that says so itself.
    fn written(&self) -> Result<(), StoreError> {
        match self.connection.is_autocommit() {
            true => self.committed(),
            false => Ok(()),
        }
    }

    /// What is committed is done: where its number cannot be kept, less is noticed of a later damage, and that is
    /// all.
    fn committed(&self) -> Result<(), StoreError> {
        let _ = self.high_water.raise(self.changes()?);
        Ok(())
    }

    /// Folds the log into the file, where no other process reads it: one file holds all then. For a connection that
    /// ends.
    pub fn fold_log(&self) {
        fold_log(&self.connection);
    }

    fn ready(mut connection: Connection, high_water: HighWater) -> Result<Self, StoreError> {
        refuse_newer(&connection, "outbox.sqlite", VERSIONS)?;
        Migrations::from_iter(steps())
            .to_latest(&mut connection)
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
                error => StoreError::Migration(error),
            })?;
        Ok(Self::on(connection, high_water))
    }

    fn on(connection: Connection, high_water: HighWater) -> Self {
        Outbox {
            connection,
            high_water,
            binding: Memo::default(),
        }
    }

    pub fn binding(&self) -> Result<Option<Binding>, StoreError> {
        let read = || self.read_binding();
        self.binding.get(Version::of(&self.connection)?, &(), read)
    }

    fn read_binding(&self) -> Result<Option<Binding>, StoreError> {
        let query = "SELECT document, mark FROM binding";
        let document = self
            .connection
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((document, mark)): Option<(String, Mark)> = document else {
            return Ok(None);
        };
        let document = mark.check(BINDING, document)?;
        let binding = serde_json::from_str(&document).map_err(StoreError::damaged_by);
        binding.map(Some).map_err(StoreError::of_outbox)
    }

    pub fn bind(&self, binding: Option<&Binding>) -> Result<(), StoreError> {
        let Some(binding) = binding else {
            self.connection.execute("DELETE FROM binding", [])?;
            return self.written();
        };
        let document = serde_json::to_string(binding)?;
        let replace = "INSERT OR REPLACE INTO binding VALUES (1, ?1, ?2)";
        let mark = Mark::of(BINDING, &document);
        self.connection
            .execute(replace, rusqlite::params![document, mark])?;
        self.written()
    }

    /// Drops every command: another account has its own. What was said stays said: whoever signs in again is
    /// not told everything anew.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM commands; DELETE FROM drafts; DELETE FROM looked;")?;
        overwrite(&self.connection)?;
        self.written()
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
            resource: request.lane(id),
            body,
            decided_at: decided_at.0,
            state: State::Queued.name().to_owned(),
            answer: None,
            tries: 0,
            withdrawn: false,
        };
        stored.write(&self.connection)?;
        self.written()
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

    /// The next command to ask about or to send, the oldest first and those with files last: per lane in order, and
    /// behind nothing whose fate is not known.
    pub fn next(&self, skip: &[Uuid]) -> Result<Option<Command>, StoreError> {
        let mut held: Vec<String> = Vec::new();
        let mut with_files = None;
        for command in self.list()?.into_iter().rev() {
            let Some(request) = &command.request else {
                continue;
            };
            let lane = request.lane(command.id);
            if !command.state.is_open() || held.contains(&lane) {
                continue;
            }
            if command.state != State::Sending && !skip.contains(&command.id) {
                // What has files to send takes its time: the rest does not wait for that.
                match request.blobs.is_empty() || command.state == State::Unknown {
                    true => return Ok(Some(command)),
                    false => _ = with_files.get_or_insert(command),
                }
            } else if command.withdrawn {
                // It is not sent again, whatever comes of it.
                continue;
            }
            held.push(lane);
        }
        Ok(with_files)
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

    /// The cloud has never seen the id: it goes again, same id, same body; unless it was taken back meanwhile.
    pub fn never_arrived(&self, id: Uuid) -> Result<bool, StoreError> {
        let from = [State::Unknown, State::Sending];
        self.change(id, &from, |stored| not_kept(stored))
    }

    /// It was sent, or asked about, and what came of it is still not known: counted, so that it is not sent for ever.
    pub fn unanswered(&self, id: Uuid, trouble: Trouble) -> Result<bool, StoreError> {
        let problem = Problem::new(boothkeeper_wire::problem::ProblemCode::Unavailable);
        let document = serde_json::to_string(&rejection(&problem))?;
        self.change(id, &[State::Unknown], |stored| {
            stored.tries = stored.tries.saturating_add(trouble.weight());
            stored.answer = Some(document);
            State::Unknown
        })
    }

    /// What the cloud called done past the end of its own journal is asked about again.
    pub fn doubt(&self, copied_to: Seq) -> Result<(), StoreError> {
        for command in self.list()? {
            let beyond = command.head.is_some_and(|head| head > copied_to);
            if command.state == State::Applied && beyond {
                self.step(command.id, &[State::Applied], State::Unknown)?;
            }
        }
        Ok(())
    }

    /// It did not go, and the cloud has not kept it: it waits again. With too much of that it is rejected: nothing
    /// waits for ever.
    pub fn troubled(
        &self,
        id: Uuid,
        trouble: Trouble,
        problem: &Problem,
    ) -> Result<bool, StoreError> {
        let document = serde_json::to_string(&rejection(problem))?;
        let from = [State::Queued, State::Sending];
        self.change(id, &from, |stored| {
            stored.tries = stored.tries.saturating_add(trouble.weight());
            stored.answer = Some(document);
            not_kept(stored)
        })
    }

    /// The cloud will never take it, and it was not sent or has been answered so.
    pub fn refused(&self, id: Uuid, problem: &Problem) -> Result<bool, StoreError> {
        let document = serde_json::to_string(&rejection(problem))?;
        let from = [State::Queued, State::Sending, State::Unknown];
        self.change(id, &from, |stored| {
            stored.answer = Some(document);
            State::Rejected
        })
    }

    /// Takes back what was never sent. What may have been sent is not sent again; whether it has happened, the
    /// cloud says.
    pub fn cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        if self.step(id, &[State::Queued], State::Cancelled)? {
            return Ok(true);
        }
        self.change(id, &[State::Unknown], |stored| {
            // Taken back for the second time it is given up: the journal shows whether it has happened.
            match std::mem::replace(&mut stored.withdrawn, true) {
                true => State::Cancelled,
                false => State::Unknown,
            }
        })
    }

    /// Puts out of sight what was refused or handed back, or what the cloud called done when its journal does not
    /// say so.
    pub fn dismiss(&self, id: Uuid) -> Result<bool, StoreError> {
        // Not by the row's own word: a damaged one is not what it says.
        let known = self.get(id)?;
        let ended = [State::Rejected, State::NeedsDecision, State::Applied];
        if !known.is_some_and(|command| ended.contains(&command.state)) {
            return Ok(false);
        }
        let delete = "DELETE FROM commands
            WHERE id = ?1 AND state IN ('rejected', 'needs_decision', 'applied')";
        let gone = self.connection.execute(delete, [id.as_bytes()])? == 1;
        self.written()?;
        Ok(gone)
    }

    pub fn answered(&self, id: Uuid, answer: &CommandAnswer) -> Result<bool, StoreError> {
        let state = match answer.state {
            CommandState::Applied => State::Applied,
            CommandState::Rejected => State::Rejected,
            CommandState::NeedsDecision => State::NeedsDecision,
        };
        let answer = serde_json::to_string(answer)?;
        self.change(id, &[State::Sending, State::Unknown], |stored| {
            stored.answer = Some(answer);
            state
        })
    }

    /// A process that died while sending does not know what came of it.
    pub fn recover(&self) -> Result<usize, StoreError> {
        let mut recovered = 0;
        for command in self.list()? {
            recovered += usize::from(self.step(command.id, &[State::Sending], State::Unknown)?);
        }
        Ok(recovered)
    }

    /// Settles what was applied once the verified copy reaches to where the cloud's journal ended and, by `shown`,
    /// its entries are in it. May be repeated: the copy and this file do not commit together.
    pub fn settle<E: From<StoreError>>(
        &self,
        copied_to: Seq,
        mut shown: impl FnMut(&Command) -> Result<bool, E>,
    ) -> Result<(), E> {
        for command in self.list()? {
            let reached = command.head.is_some_and(|head| head <= copied_to);
            if command.state == State::Applied && reached && shown(&command)? {
                self.step(command.id, &[State::Applied], State::Settled)?;
            }
        }
        Ok(self.forget_old()?)
    }

    fn forget_old(&self) -> Result<(), StoreError> {
        let forget = "DELETE FROM commands WHERE state IN ('settled', 'cancelled') AND id NOT IN
                      (SELECT id FROM commands ORDER BY rowid DESC LIMIT ?1)";
        let gone = self.connection.prepare_cached(forget)?.execute([KEPT])?;
        match gone {
            0 => Ok(()),
            _ => self.written(),
        }
    }

    fn step(&self, id: Uuid, from: &[State], to: State) -> Result<bool, StoreError> {
        self.change(id, from, |_| to)
    }

    /// `false` if it is not in one of the states it may leave, or not as it was written.
    fn change(
        &self,
        id: Uuid,
        from: &[State],
        change: impl FnOnce(&mut Stored) -> State,
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
        let to = change(&mut stored);
        to.name().clone_into(&mut stored.state);
        stored.write(&transaction)?;
        transaction.commit()?;
        self.committed()?;
        Ok(true)
    }
}

/// What becomes of a command that the cloud has not kept: it waits to be sent again, unless it was taken back or
/// has gone through too much.
fn not_kept(stored: &Stored) -> State {
    match (stored.withdrawn, stored.tries < PATIENCE) {
        (true, _) => State::Cancelled,
        (false, true) => State::Queued,
        (false, false) => State::Rejected,
    }
}

/// What a refusal is kept as.
fn rejection(problem: &Problem) -> CommandAnswer {
    CommandAnswer {
        state: CommandState::Rejected,
        entries: vec![],
        head: Seq::ZERO,
        problem: Some(problem.clone()),
        quote: None,
        dispute: None,
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
        decided_at: Seq(stored.decided_at),
        withdrawn: stored.withdrawn,
        entries: answer
            .as_ref()
            .map_or(vec![], |answer| answer.entries.clone()),
        head: answer.as_ref().map(|answer| answer.head),
        problem: answer.as_ref().and_then(|answer| answer.problem.clone()),
        dispute: answer.as_ref().and_then(|answer| answer.dispute.clone()),
        quote: answer.and_then(|answer| answer.quote),
    })
}

#[cfg(test)]
mod tests;
