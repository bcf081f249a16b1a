//! The schedule: open charges, notices of payments, the next step of each account's life, and open runs, each with the
//! instant at which it is due.

use boothkeeper_domain::billing::Charge;
use boothkeeper_domain::{AccountId, Hash, PaymentId, RunId, Seq, Timestamp};
use boothkeeper_wire::problem::ProblemCode;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tx;
use crate::Error;

/// A charge of the card that the processor has not answered, with all that is needed to make it and to go on after a
/// crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenCharge {
    pub charge: Charge,
    pub at: Timestamp,
    /// The journal's last seq before the decision to charge.
    pub since: Seq,
    /// The command that is answered once the processor has answered the charge.
    pub command: Option<PendingCommand>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingCommand {
    pub id: Uuid,
    pub body: Hash,
}

/// A scheduled task of an account.
#[derive(Debug, Clone)]
pub struct DueTask {
    pub account: AccountId,
    pub at: Timestamp,
    pub task: Task,
}

#[derive(Debug, Clone)]
pub enum Task {
    Charge {
        id: i64,
        open: Box<OpenCharge>,
    },
    /// A payment's outcome is looked up at the processor.
    Notice {
        id: i64,
        payment: PaymentId,
    },
    /// The next step of the account's life: renewal, retry, allowance, expiry, closure.
    AccountStep,
    /// An open run got no result in time and counts as failed.
    RunTimeout(RunId),
}

impl Tx<'_> {
    /// Stores a decided charge. Fails with `in_progress` if a charge with the same payment id is open already.
    pub fn open_charge(&self, account: i64, open: &OpenCharge) -> Result<(), Error> {
        let is_open = "SELECT EXISTS (SELECT 1 FROM charges WHERE payment = ?1)";
        let mut is_open = self.connection.prepare_cached(is_open)?;
        if is_open.query_row([open.charge.payment.as_str()], |row| row.get(0))? {
            return Err(ProblemCode::InProgress.into());
        }
        let query =
            "INSERT INTO charges (account, payment, due_at, document) VALUES (?1, ?2, ?3, ?4)";
        let document = serde_json::to_string(open)?;
        let (payment, due) = (open.charge.payment.as_str(), open.at.millis());
        let values = params![account, payment, due, document];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    /// Deletes a charge that was answered. `false` if another task has deleted it already.
    pub fn close_charge(&self, id: i64) -> Result<bool, Error> {
        let query = "DELETE FROM charges WHERE id = ?1";
        Ok(self.connection.prepare_cached(query)?.execute([id])? == 1)
    }

    /// Schedules a look-up of the payment at its processor. Does nothing for an unknown account.
    pub fn schedule_notice(
        &self,
        account: &AccountId,
        payment: &PaymentId,
        due_at: Timestamp,
    ) -> Result<(), Error> {
        let query = "INSERT INTO deliveries (due_at, account, payment)
                     SELECT ?1, id, ?3 FROM accounts WHERE account = ?2";
        let values = params![due_at.millis(), account.as_str(), payment.as_str()];
        self.connection.execute(query, values)?;
        Ok(())
    }

    pub fn close_notice(&self, id: i64) -> Result<(), Error> {
        self.connection
            .execute("DELETE FROM deliveries WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Whether a task of the account is due at `now`.
    pub fn is_behind(&self, account: i64, now: Timestamp) -> Result<bool, Error> {
        let query = "SELECT EXISTS (SELECT 1 FROM charges WHERE account = ?1 AND due_at <= ?2)
            OR EXISTS (SELECT 1 FROM deliveries WHERE due_at <= ?2 AND account = ?1)
            OR EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND due_at <= ?2)
            OR EXISTS (SELECT 1 FROM runs INDEXED BY runs_by_due WHERE state = 'open' AND due_at <= ?2 AND account = ?1)";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row(params![account, now.millis()], |row| row.get(0))?)
    }

    /// The first task that is due up to and including `until`, of one account or of all. Open charges come before all
    /// other tasks.
    pub fn next_due(
        &self,
        account: Option<&AccountId>,
        until: Timestamp,
    ) -> Result<Option<DueTask>, Error> {
        if let Some(charge) = self.first_charge(account, until)? {
            return Ok(Some(charge));
        }
        let mut all = Vec::new();
        for (query, read) in FIRST_DUE {
            let mut statement = self.connection.prepare_cached(query)?;
            let values = params![account.map(AccountId::as_str), until.millis()];
            let found = statement.query_row(values, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            });
            if let Some((at, account, id, name)) = found.optional()? {
                let (at, account): (i64, String) = (at, account);
                all.push(DueTask {
                    account: AccountId::new(account)?,
                    at: Timestamp::from_millis(at),
                    task: read(id, name)?,
                });
            }
        }
        // `min_by_key` returns the first of equals, so within one instant the order is that of `FIRST_DUE`.
        Ok(all.into_iter().min_by_key(|due| due.at))
    }

    fn first_charge(
        &self,
        account: Option<&AccountId>,
        until: Timestamp,
    ) -> Result<Option<DueTask>, Error> {
        let query = "SELECT c.id, a.account, c.document, c.due_at FROM charges c
                     JOIN accounts a ON a.id = c.account
                     WHERE c.due_at <= ?2 AND (?1 IS NULL OR a.account = ?1) ORDER BY c.id LIMIT 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let values = params![account.map(AccountId::as_str), until.millis()];
        let row = statement.query_row(values, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        row.optional()?
            .map(|(id, account, document, due_at): (_, String, String, _)| {
                let open: OpenCharge = serde_json::from_str(&document)?;
                Ok(DueTask {
                    account: AccountId::new(account)?,
                    at: Timestamp::from_millis(due_at),
                    task: Task::Charge {
                        id,
                        open: Box::new(open),
                    },
                })
            })
            .transpose()
    }

    /// Moves a failed or waiting task to a later instant, so that it does not block the others.
    pub fn postpone(&self, due: &DueTask, to: Timestamp) -> Result<(), Error> {
        let to = to.millis();
        let account = due.account.as_str();
        match &due.task {
            Task::Charge { id, .. } => self.connection.execute(
                "UPDATE charges SET due_at = ?2 WHERE id = ?1",
                params![id, to],
            ),
            Task::Notice { id, .. } => self.connection.execute(
                "UPDATE deliveries SET due_at = ?2 WHERE id = ?1",
                params![id, to],
            ),
            Task::AccountStep => self.connection.execute(
                "UPDATE accounts SET due_at = ?2 WHERE account = ?1",
                params![account, to],
            ),
            Task::RunTimeout(run) => self.connection.execute(
                "UPDATE runs SET due_at = ?3 WHERE run = ?2
                 AND account = (SELECT id FROM accounts WHERE account = ?1)",
                params![account, run.as_str(), to],
            ),
        }?;
        Ok(())
    }
}

type Read = fn(i64, Option<String>) -> Result<Task, Error>;

/// The first due task of each kind except charges: its instant, account, row id and name.
const FIRST_DUE: [(&str, Read); 3] = [
    (
        "SELECT d.due_at, a.account, d.id, d.payment FROM deliveries d
         JOIN accounts a ON a.id = d.account
         WHERE d.due_at <= ?2 AND (?1 IS NULL OR a.account = ?1) ORDER BY d.due_at, d.id LIMIT 1",
        |id, payment| {
            let payment = PaymentId::new(payment.unwrap_or_default())?;
            Ok(Task::Notice { id, payment })
        },
    ),
    (
        "SELECT due_at, account, id, NULL FROM accounts
         WHERE due_at <= ?2 AND (?1 IS NULL OR account = ?1) ORDER BY due_at, id LIMIT 1",
        |_, _| Ok(Task::AccountStep),
    ),
    (
        "SELECT r.due_at, a.account, r.seq, r.run FROM runs r INDEXED BY runs_by_due JOIN accounts a ON a.id = r.account
         WHERE r.state = 'open' AND r.due_at <= ?2 AND (?1 IS NULL OR a.account = ?1)
         ORDER BY r.due_at, r.seq LIMIT 1",
        |_, run| Ok(Task::RunTimeout(RunId::new(run.unwrap_or_default())?)),
    ),
];
