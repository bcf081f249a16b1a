//! What is to happen by itself, and when: charges to ask about, what the processor will say, the next
//! step of an account's life, runs that bring no result.

use boothkeeper_domain::billing::Charge;
use boothkeeper_domain::{AccountId, Hash, PaymentId, RunId, Seq, Timestamp};
use boothkeeper_wire::problem::ProblemCode;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tx;
use crate::Error;

/// A charge that was decided: all that is needed to ask for it, and to go on after a crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenCharge {
    pub charge: Charge,
    pub at: Timestamp,
    /// Where the journal ended before it was decided.
    pub since: Seq,
    /// The command whose answer rests on it.
    pub command: Option<PendingCommand>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingCommand {
    pub id: Uuid,
    pub body: Hash,
}

/// Something that is due, in the order in which it happens within one instant.
#[derive(Debug, Clone)]
pub struct Due {
    pub account: AccountId,
    pub at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Charge {
        id: i64,
        open: Box<OpenCharge>,
    },
    /// The processor says again, or at last, how a payment went.
    Notice {
        id: i64,
        payment: PaymentId,
    },
    /// The account's own next step.
    Life,
    NoResult(RunId),
}

impl Tx<'_> {
    /// The same charge, decided twice before its answer came, is asked for once.
    pub fn open_charge(&self, account: i64, open: &OpenCharge) -> Result<(), Error> {
        let asked = "SELECT EXISTS (SELECT 1 FROM charges WHERE payment = ?1)";
        let mut asked = self.connection.prepare_cached(asked)?;
        if asked.query_row([open.charge.payment.as_str()], |row| row.get(0))? {
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

    /// `false` if another had its answer first.
    pub fn close_charge(&self, id: i64) -> Result<bool, Error> {
        let query = "DELETE FROM charges WHERE id = ?1";
        Ok(self.connection.prepare_cached(query)?.execute([id])? == 1)
    }

    /// The cloud looks the payment up at its processor at `due_at`.
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

    /// Whether anything of an account must happen before what is asked of it now.
    pub fn is_behind(&self, account: i64, now: Timestamp) -> Result<bool, Error> {
        let query = "SELECT EXISTS (SELECT 1 FROM charges WHERE account = ?1 AND due_at <= ?2)
            OR EXISTS (SELECT 1 FROM deliveries WHERE due_at <= ?2 AND account = ?1)
            OR EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND due_at <= ?2)
            OR EXISTS (SELECT 1 FROM runs INDEXED BY runs_by_due WHERE state = 'open' AND due_at <= ?2 AND account = ?1)";
        let mut statement = self.connection.prepare_cached(query)?;
        Ok(statement.query_row(params![account, now.millis()], |row| row.get(0))?)
    }

    /// The first thing due up to and including `until`, of one account or of all.
    pub fn next_due(
        &self,
        account: Option<&AccountId>,
        until: Timestamp,
    ) -> Result<Option<Due>, Error> {
        if let Some(charge) = self.first_charge(account, until)? {
            return Ok(Some(charge));
        }
        let mut all = Vec::new();
        for (query, read) in DUE {
            let mut statement = self.connection.prepare_cached(query)?;
            let values = params![account.map(AccountId::as_str), until.millis()];
            let found = statement.query_row(values, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            });
            if let Some((at, account, id, name)) = found.optional()? {
                let (at, account): (i64, String) = (at, account);
                all.push(Due {
                    account: AccountId::new(account)?,
                    at: Timestamp::from_millis(at),
                    what: read(id, name)?,
                });
            }
        }
        // The first of equals: their order is that of `DUE`.
        Ok(all.into_iter().min_by_key(|due| due.at))
    }

    fn first_charge(
        &self,
        account: Option<&AccountId>,
        until: Timestamp,
    ) -> Result<Option<Due>, Error> {
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
                Ok(Due {
                    account: AccountId::new(account)?,
                    at: Timestamp::from_millis(due_at),
                    what: What::Charge {
                        id,
                        open: Box::new(open),
                    },
                })
            })
            .transpose()
    }

    /// What failed waits, so that it holds up nothing else.
    pub fn postpone(&self, due: &Due, to: Timestamp) -> Result<(), Error> {
        let to = to.millis();
        let account = due.account.as_str();
        match &due.what {
            What::Charge { id, .. } => self.connection.execute(
                "UPDATE charges SET due_at = ?2 WHERE id = ?1",
                params![id, to],
            ),
            What::Notice { id, .. } => self.connection.execute(
                "UPDATE deliveries SET due_at = ?2 WHERE id = ?1",
                params![id, to],
            ),
            What::Life => self.connection.execute(
                "UPDATE accounts SET due_at = ?2 WHERE account = ?1",
                params![account, to],
            ),
            What::NoResult(run) => self.connection.execute(
                "UPDATE runs SET due_at = ?3 WHERE run = ?2
                 AND account = (SELECT id FROM accounts WHERE account = ?1)",
                params![account, run.as_str(), to],
            ),
        }?;
        Ok(())
    }
}

type Read = fn(i64, Option<String>) -> Result<What, Error>;

/// Instant, account, number and name of the first of each kind.
const DUE: [(&str, Read); 3] = [
    (
        "SELECT d.due_at, a.account, d.id, d.payment FROM deliveries d
         JOIN accounts a ON a.id = d.account
         WHERE d.due_at <= ?2 AND (?1 IS NULL OR a.account = ?1) ORDER BY d.due_at, d.id LIMIT 1",
        |id, payment| {
            let payment = PaymentId::new(payment.unwrap_or_default())?;
            Ok(What::Notice { id, payment })
        },
    ),
    (
        "SELECT due_at, account, id, NULL FROM accounts
         WHERE due_at <= ?2 AND (?1 IS NULL OR account = ?1) ORDER BY due_at, id LIMIT 1",
        |_, _| Ok(What::Life),
    ),
    (
        "SELECT r.due_at, a.account, r.seq, r.run FROM runs r INDEXED BY runs_by_due JOIN accounts a ON a.id = r.account
         WHERE r.state = 'open' AND r.due_at <= ?2 AND (?1 IS NULL OR a.account = ?1)
         ORDER BY r.due_at, r.seq LIMIT 1",
        |_, run| Ok(What::NoResult(RunId::new(run.unwrap_or_default())?)),
    ),
];
