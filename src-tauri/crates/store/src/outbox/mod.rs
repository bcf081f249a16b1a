//! The outbox: the operator's commands that the cloud has not answered, and the binding to an account.
//!
//! Neither can be fetched again. They are therefore in a file of their own, which is written with `synchronous = FULL`
//! and which repairs of the cache never touch. Every change of a command's state first checks the state in the same
//! transaction, so that only one of two processes makes the change.

mod checksums;
mod command_row;
mod drafts;
mod preferences;
mod reminders;
mod schema;

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
use crate::cache::{flush_wal, is_before, overwrite, refuse_empty, refuse_newer};
use crate::memo::{Memo, Version};
use crate::{private, read_only};
use boothkeeper_files::HighWater;
use checksums::{BINDING, Mark};
use command_row::{COLUMNS, CommandRow};
pub use drafts::Draft;
pub use reminders::{ReminderProgram, ShownTier};
use schema::{VERSIONS, steps};

/// State of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    Queued,
    Sending,
    /// Sent, but not answered. The cloud is asked about the id before the command is sent again.
    Unknown,
    Applied,
    Rejected,
    NeedsDecision,
    /// Applied, and its entries are in the verified copy.
    Settled,
    Cancelled,
    /// The row does not match its checksum or cannot be parsed. The command is never sent and never counted as done,
    /// only shown.
    Damaged,
}

impl OutboxState {
    /// True if the cloud refused the command or handed it back for a new decision.
    pub const fn is_refused(self) -> bool {
        matches!(self, OutboxState::Rejected | OutboxState::NeedsDecision)
    }

    /// True if the command is not answered yet.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            OutboxState::Queued | OutboxState::Sending | OutboxState::Unknown
        )
    }

    pub const fn name(self) -> &'static str {
        match self {
            OutboxState::Queued => "queued",
            OutboxState::Sending => "sending",
            OutboxState::Unknown => "unknown",
            OutboxState::Applied => "applied",
            OutboxState::Rejected => "rejected",
            OutboxState::NeedsDecision => "needs_decision",
            OutboxState::Settled => "settled",
            OutboxState::Cancelled => "cancelled",
            OutboxState::Damaged => "damaged",
        }
    }

    const ALL: [OutboxState; 8] = [
        OutboxState::Queued,
        OutboxState::Sending,
        OutboxState::Unknown,
        OutboxState::Applied,
        OutboxState::Rejected,
        OutboxState::NeedsDecision,
        OutboxState::Settled,
        OutboxState::Cancelled,
    ];

    fn named(name: &str) -> Option<OutboxState> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A stored command. `body` is the exact text that is sent, the same each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub body: String,
    /// `body` parsed; `None` if it is damaged.
    pub request: Option<CommandRequest>,
    pub state: OutboxState,
    pub problem: Option<Problem>,
    /// The cloud's new quote, if that was worse for the operator than the one seen.
    pub quote: Option<Quote>,
    /// The last seq of the cloud's journal when it answered.
    pub head: Option<Seq>,
    /// The entries that the command appended, according to the cloud.
    pub entries: Vec<Seq>,
    /// The last seq of the copy when the operator gave the command.
    pub decided_at: Seq,
    /// True if it was taken back after it may have been sent. The cloud is still asked for the result.
    pub withdrawn: bool,
    /// The ticket of a dispute.
    pub dispute: Option<DisputeId>,
}

/// An open outbox file.
#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    /// The count of changes, kept in a file beside the database.
    high_water: HighWater,
    binding: Memo<(), Option<Binding>>,
}

/// Final states.
const DONE: [OutboxState; 4] = [
    OutboxState::Rejected,
    OutboxState::NeedsDecision,
    OutboxState::Settled,
    OutboxState::Cancelled,
];
/// Settled and cancelled commands are deleted once this many newer commands exist.
const KEPT: u32 = 200;
/// Weight of failed attempts (see [`FailedAttempt::weight`]) at which a command is rejected: five temporary refusals, or
/// fifty requests that got no answer while the cloud could be reached.
const PATIENCE: u32 = 50;

/// Why an attempt to send a command, or to ask about it, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAttempt {
    /// The cloud refused it for a reason that may pass.
    Refused,
    /// There was no answer, or not one of the cloud, although the cloud could be reached. A bad network can cause this,
    /// so it counts a tenth of a refusal.
    Unanswered,
}

impl FailedAttempt {
    const fn weight(self) -> u32 {
        match self {
            FailedAttempt::Refused => 10,
            FailedAttempt::Unanswered => 1,
        }
    }
}

impl Outbox {
    /// Opens the outbox and creates it if it is missing. Fails with `OutboxDamaged` if it has lost changes.
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
        outbox.require_nothing_lost()?;
        outbox.record_commit()?;
        Ok(outbox)
    }

    /// Opens for reading only; `None` if there is no such file. A file of an older version is migrated first.
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
            Self::open_to_write(path)?.flush_wal();
            return Self::open_read_only(path);
        }
        let outbox = Self::from_connection(connection, HighWater::beside(path));
        outbox.require_nothing_lost()?;
        Ok(Some(outbox))
    }

    /// An empty outbox in memory, for simulations.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::ready(Connection::open_in_memory()?, HighWater::in_memory())
    }

    /// Fails with `OutboxDamaged` if committed changes are missing from the file.
    fn require_nothing_lost(&self) -> Result<(), StoreError> {
        // Read before the count, as another process may add to both: read later, it could be ahead.
        let known = self.high_water.read();
        match self.changes()? >= known {
            true => Ok(()),
            false => Err(StoreError::OutboxDamaged(Some(
                "committed changes are missing from the file".into(),
            ))),
        }
    }

    /// Reads everything once. Fails if the binding or a draft is damaged; a damaged command is no error, as it is
    /// listed as [`State::Damaged`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.binding()?;
        self.drafts()?;
        self.list()?;
        Ok(())
    }

    /// Number of changes ever made to the file.
    fn changes(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count FROM changes")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Records a write that is already on disk. Does nothing in an open transaction, which does this at its commit.
    fn record_write(&self) -> Result<(), StoreError> {
        match self.connection.is_autocommit() {
            true => self.record_commit(),
            false => Ok(()),
        }
    }

    /// Raises the count of changes kept beside the database. A failure to write it is ignored: the changes are
    /// committed, and without the number only a later loss may go unnoticed.
    fn record_commit(&self) -> Result<(), StoreError> {
        let _ = self.high_water.raise(self.changes()?);
        Ok(())
    }

    /// Moves the write-ahead log into the file, as far as other connections allow it. Call it before the connection is
    /// closed.
    pub fn flush_wal(&self) {
        flush_wal(&self.connection);
    }

    fn ready(mut connection: Connection, high_water: HighWater) -> Result<Self, StoreError> {
        refuse_newer(&connection, "outbox.sqlite", VERSIONS)?;
        Migrations::from_iter(steps())
            .to_latest(&mut connection)
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
                error => StoreError::Migration(error),
            })?;
        Ok(Self::from_connection(connection, high_water))
    }

    fn from_connection(connection: Connection, high_water: HighWater) -> Self {
        Outbox {
            connection,
            high_water,
            binding: Memo::default(),
        }
    }

    /// The binding; `None` if signed out. Fails with `OutboxDamaged` if its checksum does not match.
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

    /// Stores the binding, or deletes it.
    pub fn bind(&self, binding: Option<&Binding>) -> Result<(), StoreError> {
        let Some(binding) = binding else {
            self.connection.execute("DELETE FROM binding", [])?;
            return self.record_write();
        };
        let document = serde_json::to_string(binding)?;
        let replace = "INSERT OR REPLACE INTO binding VALUES (1, ?1, ?2)";
        let mark = Mark::of(BINDING, &document);
        self.connection
            .execute(replace, rusqlite::params![document, mark])?;
        self.record_write()
    }

    /// Deletes all commands, all drafts and the place last looked at, for signing out. Reminders stay recorded, so that
    /// they are not repeated after the next sign-in.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM commands; DELETE FROM drafts; DELETE FROM looked;")?;
        overwrite(&self.connection)?;
        self.record_write()
    }

    /// Stores a new command. It is on disk when this returns, before any of it is sent.
    pub fn queue(
        &self,
        id: Uuid,
        request: &CommandRequest,
        decided_at: Seq,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(request)?;
        let stored = CommandRow {
            id: *id.as_bytes(),
            created_at: now.millis(),
            resource: request.lane(id),
            body,
            decided_at: decided_at.0,
            state: OutboxState::Queued.name().to_owned(),
            answer: None,
            tries: 0,
            withdrawn: false,
        };
        stored.write(&self.connection)?;
        self.record_write()
    }

    /// All commands, newest first in the order in which they were given, which does not depend on the clock.
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

    /// One command; `None` if it is not stored.
    pub fn get(&self, id: Uuid) -> Result<Option<Command>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM commands WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([id.as_bytes()])?;
        rows.next()?.map(read).transpose()
    }

    /// The next command to send or to ask about: the oldest, but commands with files come last. Within a lane the order
    /// is kept, and a command waits until those before it are answered. Commands in `skip` are not returned.
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
            if command.state != OutboxState::Sending && !skip.contains(&command.id) {
                // Uploads can take long; commands without files do not wait for them.
                match request.blobs.is_empty() || command.state == OutboxState::Unknown {
                    true => return Ok(Some(command)),
                    false => _ = with_files.get_or_insert(command),
                }
            } else if command.withdrawn {
                // It will not be sent again, so the lane does not wait for it.
                continue;
            }
            held.push(lane);
        }
        Ok(with_files)
    }

    /// Number of actions that would be lost with this file: commands without an answer, damaged commands, and drafts
    /// that the operator has edited but not sent.
    pub fn unsent(&self) -> Result<usize, StoreError> {
        let open = |state| !DONE.contains(&state) && state != OutboxState::Applied;
        let commands = self.list()?.iter().filter(|c| open(c.state)).count();
        let drafts = self.drafts()?;
        let begun = |draft: &&Draft| draft.edited && draft.command.is_none();
        Ok(commands + drafts.iter().filter(begun).count())
    }

    /// Number of commands that are not in a final state.
    pub fn waiting(&self) -> Result<usize, StoreError> {
        let open = |state| !DONE.contains(&state);
        Ok(self.list()?.iter().filter(|c| open(c.state)).count())
    }

    /// Queued → sending. `false` if another process has sent or cancelled it meanwhile.
    pub fn start_sending(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[OutboxState::Queued], OutboxState::Sending)
    }

    /// Sending → unknown: no answer came, and the command may have been applied.
    pub fn mark_unknown(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[OutboxState::Sending], OutboxState::Unknown)
    }

    /// The cloud has never received the id: the command is queued again with the same id and body. It is cancelled
    /// instead if it was taken back, and rejected once the failed attempts weigh too much.
    pub fn requeue_or_cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        let from = [OutboxState::Unknown, OutboxState::Sending];
        self.change(id, &from, |stored| after_failure(stored))
    }

    /// Asking about an unknown command failed. The attempt is counted, so that it is not sent again without end.
    pub fn count_unanswered(&self, id: Uuid, trouble: FailedAttempt) -> Result<bool, StoreError> {
        let problem = Problem::new(boothkeeper_wire::problem::ProblemCode::Unavailable);
        let document = serde_json::to_string(&rejection(&problem))?;
        self.change(id, &[OutboxState::Unknown], |stored| {
            stored.tries = stored.tries.saturating_add(trouble.weight());
            stored.answer = Some(document);
            OutboxState::Unknown
        })
    }

    /// Asks again about applied commands whose answer named a seq past the end of the cloud's journal, `last_seq`.
    pub fn recheck_applied(&self, copied_to: Seq) -> Result<(), StoreError> {
        for command in self.list()? {
            let beyond = command.head.is_some_and(|head| head > copied_to);
            if command.state == OutboxState::Applied && beyond {
                self.step(command.id, &[OutboxState::Applied], OutboxState::Unknown)?;
            }
        }
        Ok(())
    }

    /// Sending failed, and the cloud has not stored the command: it is queued again, or rejected once the failed
    /// attempts weigh too much.
    pub fn record_failed_send(
        &self,
        id: Uuid,
        trouble: FailedAttempt,
        problem: &Problem,
    ) -> Result<bool, StoreError> {
        let document = serde_json::to_string(&rejection(problem))?;
        let from = [OutboxState::Queued, OutboxState::Sending];
        self.change(id, &from, |stored| {
            stored.tries = stored.tries.saturating_add(trouble.weight());
            stored.answer = Some(document);
            after_failure(stored)
        })
    }

    /// Rejects a command that the cloud will never accept.
    pub fn reject(&self, id: Uuid, problem: &Problem) -> Result<bool, StoreError> {
        let document = serde_json::to_string(&rejection(problem))?;
        let from = [
            OutboxState::Queued,
            OutboxState::Sending,
            OutboxState::Unknown,
        ];
        self.change(id, &from, |stored| {
            stored.answer = Some(document);
            OutboxState::Rejected
        })
    }

    /// Takes a command back. One that was never sent is cancelled. One that may have been sent is not sent again, and
    /// the cloud is still asked whether it was applied.
    pub fn cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        if self.step(id, &[OutboxState::Queued], OutboxState::Cancelled)? {
            return Ok(true);
        }
        self.change(id, &[OutboxState::Unknown], |stored| {
            // Taken back a second time, it is cancelled without an answer; the journal shows whether it was applied.
            match std::mem::replace(&mut stored.withdrawn, true) {
                true => OutboxState::Cancelled,
                false => OutboxState::Unknown,
            }
        })
    }

    /// Deletes a command that was rejected, needs a decision, or was applied according to the cloud without being in
    /// the journal.
    pub fn dismiss(&self, id: Uuid) -> Result<bool, StoreError> {
        // Use the checked state: the state in a damaged row is not reliable.
        let known = self.get(id)?;
        let ended = [
            OutboxState::Rejected,
            OutboxState::NeedsDecision,
            OutboxState::Applied,
        ];
        if !known.is_some_and(|command| ended.contains(&command.state)) {
            return Ok(false);
        }
        let delete = "DELETE FROM commands
            WHERE id = ?1 AND state IN ('rejected', 'needs_decision', 'applied')";
        let gone = self.connection.execute(delete, [id.as_bytes()])? == 1;
        self.record_write()?;
        Ok(gone)
    }

    /// Stores the cloud's answer. `false` if the command is not waiting for one.
    pub fn store_answer(&self, id: Uuid, answer: &CommandAnswer) -> Result<bool, StoreError> {
        let state = match answer.state {
            CommandState::Applied => OutboxState::Applied,
            CommandState::Rejected => OutboxState::Rejected,
            CommandState::NeedsDecision => OutboxState::NeedsDecision,
        };
        let answer = serde_json::to_string(answer)?;
        self.change(
            id,
            &[OutboxState::Sending, OutboxState::Unknown],
            |stored| {
                stored.answer = Some(answer);
                state
            },
        )
    }

    /// Sending → unknown for all commands, after a process was killed while sending. Returns their number.
    pub fn recover(&self) -> Result<usize, StoreError> {
        let mut recovered = 0;
        for command in self.list()? {
            recovered += usize::from(self.step(
                command.id,
                &[OutboxState::Sending],
                OutboxState::Unknown,
            )?);
        }
        Ok(recovered)
    }

    /// Applied → settled for each command whose answer's `head` the copy has reached and whose entries, according to
    /// `shown`, are in the copy. Call it again at any time: the copy and the outbox are not written in one transaction.
    pub fn settle<E: From<StoreError>>(
        &self,
        copied_to: Seq,
        mut shown: impl FnMut(&Command) -> Result<bool, E>,
    ) -> Result<(), E> {
        for command in self.list()? {
            let reached = command.head.is_some_and(|head| head <= copied_to);
            if command.state == OutboxState::Applied && reached && shown(&command)? {
                self.step(command.id, &[OutboxState::Applied], OutboxState::Settled)?;
            }
        }
        Ok(self.forget_old()?)
    }

    /// Deletes settled and cancelled commands that are not among the newest [`KEPT`].
    fn forget_old(&self) -> Result<(), StoreError> {
        let forget = "DELETE FROM commands WHERE state IN ('settled', 'cancelled') AND id NOT IN
                      (SELECT id FROM commands ORDER BY rowid DESC LIMIT ?1)";
        let gone = self.connection.prepare_cached(forget)?.execute([KEPT])?;
        match gone {
            0 => Ok(()),
            _ => self.record_write(),
        }
    }

    fn step(&self, id: Uuid, from: &[OutboxState], to: OutboxState) -> Result<bool, StoreError> {
        self.change(id, from, |_| to)
    }

    /// Changes a command and its state. `false` if its state is not in `from`, or if the row is missing or damaged.
    fn change(
        &self,
        id: Uuid,
        from: &[OutboxState],
        change: impl FnOnce(&mut CommandRow) -> OutboxState,
    ) -> Result<bool, StoreError> {
        let transaction = Transaction::new_unchecked(&self.connection, Immediate)?;
        let query = format!("SELECT {COLUMNS} FROM commands WHERE id = ?1");
        let stored = transaction
            .prepare_cached(&query)?
            .query_row([id.as_bytes()], CommandRow::read)
            .optional()?;
        let Some((mut stored, true)) = stored else {
            return Ok(false);
        };
        if !OutboxState::named(&stored.state).is_some_and(|state| from.contains(&state)) {
            return Ok(false);
        }
        let to = change(&mut stored);
        to.name().clone_into(&mut stored.state);
        stored.write(&transaction)?;
        transaction.commit()?;
        self.record_commit()?;
        Ok(true)
    }
}

/// The next state of a command that the cloud has not stored: cancelled if it was taken back, rejected after too many
/// failed attempts, else queued.
fn after_failure(stored: &CommandRow) -> OutboxState {
    match (stored.withdrawn, stored.tries < PATIENCE) {
        (true, _) => OutboxState::Cancelled,
        (false, true) => OutboxState::Queued,
        (false, false) => OutboxState::Rejected,
    }
}

/// The answer under which a refusal is stored.
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

/// The command of a row; [`State::Damaged`] if the row is damaged.
fn read(row: &rusqlite::Row<'_>) -> Result<Command, StoreError> {
    let (stored, sound) = CommandRow::read(row)?;
    let request = serde_json::from_str(&stored.body).ok();
    let answer = match &stored.answer {
        Some(text) => serde_json::from_str::<CommandAnswer>(text).ok(),
        None => None,
    };
    let state = OutboxState::named(&stored.state).filter(|_| sound && request.is_some());
    Ok(Command {
        id: Uuid::from_bytes(stored.id),
        created_at: Timestamp::from_millis(stored.created_at),
        request,
        body: stored.body,
        state: state.unwrap_or(OutboxState::Damaged),
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
