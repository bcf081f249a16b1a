//! The steps of a command in the outbox: queued, sent in order, answered, taken back, settled (its entries are copied).

use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_wire::api::{CommandAnswer, CommandRequest, CommandState};
use boothkeeper_wire::problem::Problem;
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{OptionalExtension, Transaction};
use uuid::Uuid;

use super::command::{Command, FailedAttempt, OutboxState, read};
use super::command_row::{COLUMNS, CommandRow};
use super::{Draft, Outbox};
use crate::StoreError;

/// Final states of a command.
const DONE: [OutboxState; 4] = [
    OutboxState::Rejected,
    OutboxState::NeedsDecision,
    OutboxState::Settled,
    OutboxState::Cancelled,
];
/// Settled and cancelled commands are deleted once this many newer commands exist.
const KEPT: u32 = 200;
/// Weight of failed attempts (see [`FailedAttempt::weight`]) at which a command is rejected: five temporary refusals,
/// or fifty requests that got no answer while the cloud could be reached.
pub(super) const PATIENCE: u32 = 50;

impl Outbox {
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

    /// The next command to send or to ask about: the oldest, but commands with files come last. Within a lane (commands
    /// on the same matter) the order is kept: a command waits until those before it are answered. Commands in `skip`
    /// are not returned.
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
                // A command that was taken back is not sent again, so later commands of its lane do not wait for it.
                continue;
            }
            held.push(lane);
        }
        Ok(with_files)
    }

    /// Number of actions that would be lost with the outbox's file: commands without an answer, damaged commands, and
    /// drafts that the operator has edited but not sent.
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

    /// Queued → sending. `false` if another process has sent or cancelled the command meanwhile.
    pub fn start_sending(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[OutboxState::Queued], OutboxState::Sending)
    }

    /// Sending → unknown: no answer came, and the command may have been applied.
    pub fn mark_unknown(&self, id: Uuid) -> Result<bool, StoreError> {
        self.step(id, &[OutboxState::Sending], OutboxState::Unknown)
    }

    /// The cloud has never received the command's id: the command is queued again with the same id and body. It is
    /// cancelled instead if it was taken back, and rejected after too many failed attempts.
    pub fn requeue_or_cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        let from = [OutboxState::Unknown, OutboxState::Sending];
        self.change(id, &from, |stored| after_failure(stored))
    }

    /// Asking the cloud about a command in state unknown failed. The attempt is counted, so that the command is not
    /// tried again without end.
    pub fn count_unanswered(&self, id: Uuid, trouble: FailedAttempt) -> Result<bool, StoreError> {
        let problem = Problem::new(boothkeeper_wire::problem::ProblemCode::Unavailable);
        let document = serde_json::to_string(&rejection(&problem))?;
        self.change(id, &[OutboxState::Unknown], |stored| {
            stored.tries = stored.tries.saturating_add(trouble.weight());
            stored.answer = Some(document);
            OutboxState::Unknown
        })
    }

    /// Applied → unknown for commands whose answer named a seq past `copied_to`, the end of the cloud's journal: the
    /// cloud is asked about them again.
    pub fn recheck_applied(&self, copied_to: Seq) -> Result<(), StoreError> {
        for command in self.list()? {
            let beyond = command.head.is_some_and(|head| head > copied_to);
            if command.state == OutboxState::Applied && beyond {
                self.step(command.id, &[OutboxState::Applied], OutboxState::Unknown)?;
            }
        }
        Ok(())
    }

    /// Sending failed, and the cloud has not stored the command: it is queued again, or rejected after too many failed
    /// attempts.
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

    /// Takes a command back. A command that was never sent is cancelled. One that may have been sent is not sent again,
    /// and the cloud is still asked whether it was applied.
    pub fn cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        if self.step(id, &[OutboxState::Queued], OutboxState::Cancelled)? {
            return Ok(true);
        }
        self.change(id, &[OutboxState::Unknown], |stored| {
            // A command taken back a second time is cancelled without an answer; the journal shows whether it was
            // applied.
            match std::mem::replace(&mut stored.withdrawn, true) {
                true => OutboxState::Cancelled,
                false => OutboxState::Unknown,
            }
        })
    }

    /// Deletes a command that was rejected, needs a decision, or was applied according to the cloud without being
    /// settled.
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

    /// Stores the cloud's answer. `false` if the command is not waiting for an answer.
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

    /// Applied → settled for each command whose answer's `head` the local copy has reached and whose entries, according
    /// to `shown`, are in the copy. May be called at any time: copy and outbox are not written in one transaction.
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

/// The answer that is stored for a refused command.
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
