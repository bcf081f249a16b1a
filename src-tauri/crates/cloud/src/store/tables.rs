//! The tables of settings, command answers and runs.

use boothkeeper_domain::{Hash, RunId, Seq, Timestamp};
use boothkeeper_wire::problem::ProblemCode;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::Tx;
use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Open,
    Succeeded,
    Failed,
}

impl RunState {
    const fn name(self) -> &'static str {
        match self {
            RunState::Open => "open",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
        }
    }

    fn named(name: &str) -> Result<Self, Error> {
        match name {
            "open" => Ok(RunState::Open),
            "succeeded" => Ok(RunState::Succeeded),
            "failed" => Ok(RunState::Failed),
            _ => Err(Error::Invariant("a stored run has an unknown state")),
        }
    }
}

#[derive(Debug, Clone)]
pub struct RunRow {
    pub charge: Seq,
    pub request_hash: Hash,
    pub state: RunState,
    pub refund: Option<Seq>,
    /// When the run counts as failed, if it is still open.
    pub due_at: Timestamp,
}

impl Tx<'_> {
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let query = "SELECT value FROM meta WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    pub fn set_setting(&self, name: &str, value: &[u8]) -> Result<(), Error> {
        let query = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
        self.connection.execute(query, params![name, value])?;
        Ok(())
    }

    pub fn drop_setting(&self, name: &str) -> Result<(), Error> {
        self.connection
            .execute("DELETE FROM meta WHERE name = ?1", [name])?;
        Ok(())
    }

    /// A stored command: the hash of its body, and its answer's HTTP status and JSON.
    pub fn command(&self, account: i64, id: Uuid) -> Result<Option<(Hash, u16, String)>, Error> {
        let query =
            "SELECT body_hash, status, answer FROM commands WHERE account = ?1 AND command = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, id.as_bytes()], |row| {
            Ok((Hash(row.get(0)?), row.get(1)?, row.get(2)?))
        });
        Ok(row.optional()?)
    }

    pub fn insert_command(
        &self,
        account: i64,
        id: Uuid,
        body: &Hash,
        status: u16,
        answer: &str,
    ) -> Result<(), Error> {
        let query = "INSERT INTO commands VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![account, id.as_bytes(), body.0, status, answer];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    pub fn run(&self, account: i64, run: &RunId) -> Result<Option<RunRow>, Error> {
        let query = "SELECT seq, request_hash, state, refund, due_at FROM runs WHERE account = ?1 AND run = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, run.as_str()], |row| {
            let state: String = row.get(2)?;
            Ok((
                row.get(0)?,
                Hash(row.get(1)?),
                state,
                row.get(3)?,
                row.get(4)?,
            ))
        });
        row.optional()?
            .map(
                |(charge, request_hash, state, refund, due_at): (u64, _, _, Option<u64>, i64)| {
                    Ok(RunRow {
                        charge: Seq(charge),
                        request_hash,
                        state: RunState::named(&state)?,
                        refund: refund.map(Seq),
                        due_at: Timestamp::from_millis(due_at),
                    })
                },
            )
            .transpose()
    }

    pub fn put_run(&self, account: i64, run: &RunId, row: &RunRow) -> Result<(), Error> {
        let query = "INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT DO UPDATE SET state = ?5, refund = ?6";
        self.connection.prepare_cached(query)?.execute(params![
            account,
            run.as_str(),
            row.charge.0,
            row.request_hash.0,
            row.state.name(),
            row.refund.map(|seq| seq.0),
            row.due_at.millis(),
        ])?;
        Ok(())
    }

    pub fn account_count(&self) -> Result<u64, Error> {
        let query = "SELECT count(*) FROM accounts";
        Ok(self.connection.query_row(query, [], |row| row.get(0))?)
    }

    pub fn found<T>(value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| ProblemCode::NotFound.into())
    }
}
