//! The outbox: what the operator did and the cloud has not answered, and the binding to an account.
//!
//! Neither can be fetched again, so the file is its own, synchronous to the disk, and no recovery of
//! the cache touches it. Every step is an `UPDATE … WHERE state = …`: of two processes only one takes
//! it (`sync.md`).

use std::path::Path;

use boothkeeper_domain::{AccountId, Seq, Timestamp};
use boothkeeper_wire::api::{ClockKind, CommandAnswer, CommandRequest, CommandState};
use boothkeeper_wire::checkpoint::PublicKey;
use boothkeeper_wire::problem::Problem;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use rusqlite_migration::{M, Migrations};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;
use crate::cache::refuse_newer;
use crate::memo::Memo;

const STEPS: &[M<'_>] = &[M::up(
    "CREATE TABLE binding (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
     CREATE TABLE commands (
         id BLOB PRIMARY KEY,
         created_at INTEGER NOT NULL,
         resource TEXT NOT NULL,
         body TEXT NOT NULL,
         decided_at_seq INTEGER NOT NULL,
         state TEXT NOT NULL,
         answer TEXT
     );
     CREATE INDEX commands_by_state ON commands (state, created_at);",
)];

/// Which account this folder copies, and whom to believe about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub cloud: String,
    pub account: AccountId,
    /// Pinned at sign-in.
    pub keys: Vec<PublicKey>,
    pub clock: ClockKind,
    /// Set when the copy and the cloud were found not to agree; why, and since when.
    #[serde(default)]
    pub diverged: Option<Diverged>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    pub since: Timestamp,
    pub what: Divergence,
}

impl Binding {
    pub fn is_damaged(&self) -> bool {
        let diverged = self.diverged.as_ref();
        diverged.is_some_and(|diverged| diverged.what == Divergence::Damage)
    }
}

/// How the copy and the cloud disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The cloud's journal is another one before our place.
    Fork,
    /// The cloud's journal is shorter than our copy.
    CursorAhead,
    /// What was sent does not bear out the cloud's own signed word.
    Checkpoint,
    /// Signed by a key that no pinned key vouches for.
    UnknownKey,
    /// An entry contradicts those before it.
    Contradiction,
    /// The copy's own bytes are not what was proven, and could not be mended yet.
    Damage,
}

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
}

impl State {
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

    fn named(name: &str) -> Result<State, StoreError> {
        let state = Self::ALL.into_iter().find(|state| state.name() == name);
        state.ok_or(StoreError::Damaged {
            seq: None,
            source: None,
        })
    }
}

/// A command as kept. `body` is the text that is sent, byte for byte, each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub body: String,
    pub request: CommandRequest,
    pub state: State,
    pub problem: Option<Problem>,
}

#[derive(Debug)]
pub struct Outbox {
    connection: Connection,
    binding: Memo<(), Option<Binding>>,
}

const COLUMNS: &str = "id, created_at, body, state, answer";
/// Answered and done with: at most this many are kept to look back on.
const KEPT: u32 = 200;

impl Outbox {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Self::ready(connection)
    }

    /// Opens for reading only; `None` if there is no such file.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        refuse_newer(&connection, "outbox.sqlite", STEPS.len())?;
        Ok(Some(Self::on(connection)))
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
        self.binding.get(&self.connection, &(), read)
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

    /// Drops every command: another account has its own.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM commands", [])?;
        Ok(())
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
        let insert = "INSERT INTO commands VALUES (?1, ?2, ?3, ?4, ?5, 'queued', NULL)";
        // One kind of action concerns one thing: those keep their order, others do not wait.
        let resource = &request.kind;
        self.connection.execute(
            insert,
            params![id.as_bytes(), now.millis(), resource, body, decided_at.0],
        )?;
        Ok(())
    }

    /// Newest first.
    pub fn list(&self) -> Result<Vec<Command>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM commands ORDER BY created_at DESC, id DESC");
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
        let query = format!(
            "SELECT {COLUMNS} FROM commands c WHERE state IN ('queued', 'unknown')
             AND NOT EXISTS (SELECT 1 FROM commands b WHERE b.resource = c.resource
                 AND b.state IN ('queued', 'sending', 'unknown')
                 AND (b.created_at, b.id) < (c.created_at, c.id))
             ORDER BY created_at, id"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let command = read(row)?;
            if !skip.contains(&command.id) {
                return Ok(Some(command));
            }
        }
        Ok(None)
    }

    /// Whether anything waits for the cloud.
    pub fn waiting(&self) -> Result<usize, StoreError> {
        let query = "SELECT count(*) FROM commands WHERE state IN ('queued', 'sending', 'unknown', 'applied')";
        Ok(self
            .connection
            .prepare_cached(query)?
            .query_row([], |row| row.get(0))?)
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

    pub fn answered(&self, id: Uuid, answer: &CommandAnswer) -> Result<bool, StoreError> {
        let state = match answer.state {
            CommandState::Applied => State::Applied,
            CommandState::Rejected => State::Rejected,
            CommandState::NeedsDecision => State::NeedsDecision,
        };
        let update = "UPDATE commands SET state = ?2, answer = ?3
                      WHERE id = ?1 AND state IN ('sending', 'unknown')";
        let answer = serde_json::to_string(answer)?;
        let values = params![id.as_bytes(), state.name(), answer];
        Ok(self.connection.prepare_cached(update)?.execute(values)? == 1)
    }

    /// A process that died while sending does not know what came of it.
    pub fn recover(&self) -> Result<usize, StoreError> {
        let update = "UPDATE commands SET state = 'unknown' WHERE state = 'sending'";
        Ok(self.connection.execute(update, [])?)
    }

    /// Settles what was applied once its entries are in the verified copy. May be repeated: the copy and
    /// this file do not commit together.
    pub fn settle(&self, copied_to: Seq) -> Result<(), StoreError> {
        let update = "UPDATE commands SET state = 'settled'
                      WHERE state = 'applied' AND json_extract(answer, '$.head') <= ?1";
        self.connection
            .prepare_cached(update)?
            .execute([copied_to.0])?;
        let forget = "DELETE FROM commands WHERE state IN ('settled', 'cancelled') AND id NOT IN
                      (SELECT id FROM commands ORDER BY created_at DESC LIMIT ?1)";
        self.connection.prepare_cached(forget)?.execute([KEPT])?;
        Ok(())
    }

    fn step(&self, id: Uuid, from: &[State], to: State) -> Result<bool, StoreError> {
        let from: Vec<_> = from.iter().map(|s| format!("'{}'", s.name())).collect();
        let update = format!(
            "UPDATE commands SET state = ?2 WHERE id = ?1 AND state IN ({})",
            from.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&update)?;
        Ok(statement.execute(params![id.as_bytes(), to.name()])? == 1)
    }
}

fn read(row: &rusqlite::Row<'_>) -> Result<Command, StoreError> {
    let body: String = row.get(2)?;
    let state: String = row.get(3)?;
    let answer: Option<String> = row.get(4)?;
    let answer: Option<CommandAnswer> = answer
        .map(|text| serde_json::from_str(&text).map_err(StoreError::damaged_by))
        .transpose()?;
    Ok(Command {
        id: Uuid::from_bytes(row.get(0)?),
        created_at: Timestamp::from_millis(row.get(1)?),
        request: serde_json::from_str(&body).map_err(StoreError::damaged_by)?,
        body,
        state: State::named(&state)?,
        problem: answer.and_then(|answer| answer.problem),
    })
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Amount;
    use boothkeeper_wire::api::Action;

    use super::*;

    fn queued(outbox: &Outbox, at: i64, action: Action) -> Uuid {
        let id = Uuid::now_v7();
        let request = action.request(None);
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
}
