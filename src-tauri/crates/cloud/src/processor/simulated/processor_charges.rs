//! The simulated processor's tables: its charges, and the deliveries ordered for payments that it has not charged yet.

use boothkeeper_domain::billing::ChargeOutcome;
use boothkeeper_domain::{AccountId, Amount, PaymentId, Timestamp};
use boothkeeper_wire::sandbox::Delivery;
use rusqlite::{OptionalExtension, Row, params};

use crate::Error;
use crate::store::Tx;

/// The migration that moves into these tables what the cloud kept for the simulator: a card's behaviour in the
/// account's row becomes the token of a card that behaves so, a charge's delivery leaves the charge's document.
pub const TABLES: &str = r#"
     -- `account` is the account's public id. `confirmed_at` (ms) is when an approved charge is said to be one; NULL is
     -- never, 0 is long ago.
     ALTER TABLE processor_charges RENAME TO older_charges;
     CREATE TABLE processor_charges (
         payment TEXT PRIMARY KEY,
         account TEXT NOT NULL,
         cents INTEGER NOT NULL,
         state TEXT NOT NULL,
         code TEXT,
         confirmed_at INTEGER
     ) WITHOUT ROWID;
     INSERT INTO processor_charges
         SELECT c.payment, a.account, c.cents, c.state, c.code,
             CASE
                 WHEN o.document -> '$.delivery' = '"lost"' THEN NULL
                 WHEN o.document -> '$.delivery.delayed_seconds' IS NOT NULL
                     THEN (SELECT min(d.due_at) FROM deliveries d WHERE d.payment = c.payment)
                 ELSE 0
             END
         FROM older_charges c JOIN accounts a ON a.id = c.account LEFT JOIN charges o ON o.payment = c.payment;
     DROP TABLE older_charges;
     -- Notices from before there was a table of charges are of approved ones.
     INSERT OR IGNORE INTO processor_charges
         SELECT d.payment, a.account, 0, 'approved', NULL, 0 FROM deliveries d JOIN accounts a ON a.id = d.account;

     CREATE TABLE processor_deliveries (payment TEXT PRIMARY KEY, delivery TEXT NOT NULL) WITHOUT ROWID;
     INSERT INTO processor_deliveries
         SELECT payment, document -> '$.delivery' FROM charges
         WHERE document -> '$.delivery' <> '"instant"'
             AND payment NOT IN (SELECT payment FROM processor_charges);
     UPDATE charges SET document = json_remove(document, '$.delivery');

     UPDATE accounts SET card_token = CASE card_behaviour
         WHEN '"decline"' THEN 'tok_declined'
         WHEN '"timeout"' THEN 'tok_timeout'
         WHEN '"requires_action"' THEN 'tok_requires_action'
         ELSE 'tok_visa'
     END;
     ALTER TABLE accounts DROP COLUMN card_behaviour;"#;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeState {
    Approved,
    /// With the processor's code.
    Declined(String),
    /// The bank or the cardholder has not decided.
    Pending,
    Refunded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCharge {
    pub state: ChargeState,
    /// From when on an approved charge is stated to be one; `None` is never.
    pub confirmed_at: Option<Timestamp>,
}

impl StoredCharge {
    /// What the processor states about the charge at `at`.
    pub fn answer(&self, at: Timestamp) -> ChargeOutcome {
        match &self.state {
            ChargeState::Declined(code) => ChargeOutcome::Declined(code.clone()),
            ChargeState::Pending => ChargeOutcome::Pending,
            ChargeState::Approved | ChargeState::Refunded => {
                match self.confirmed_at.is_some_and(|confirmed| confirmed <= at) {
                    true => ChargeOutcome::Approved,
                    false => ChargeOutcome::Pending,
                }
            }
        }
    }

    fn of(row: &Row<'_>) -> Result<Self, Error> {
        let (state, code): (String, Option<String>) = (row.get("state")?, row.get("code")?);
        let confirmed_at: Option<i64> = row.get("confirmed_at")?;
        let state = match state.as_str() {
            "approved" => ChargeState::Approved,
            "declined" => ChargeState::Declined(code.unwrap_or_default()),
            "pending" => ChargeState::Pending,
            "refunded" => ChargeState::Refunded,
            _ => return Err(Error::Invariant("a stored charge has an unknown state")),
        };
        Ok(StoredCharge {
            state,
            confirmed_at: confirmed_at.map(Timestamp::from_millis),
        })
    }
}

impl ChargeState {
    const fn columns(&self) -> (&'static str, Option<&String>) {
        match self {
            ChargeState::Approved => ("approved", None),
            ChargeState::Declined(code) => ("declined", Some(code)),
            ChargeState::Pending => ("pending", None),
            ChargeState::Refunded => ("refunded", None),
        }
    }
}

impl Tx<'_> {
    pub fn stored_charge(&self, payment: &PaymentId) -> Result<Option<StoredCharge>, Error> {
        let query = "SELECT state, code, confirmed_at FROM processor_charges WHERE payment = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([payment.as_str()])?;
        rows.next()?.map(StoredCharge::of).transpose()
    }

    pub(super) fn insert_charge(
        &self,
        payment: &PaymentId,
        account: &AccountId,
        amount: Amount,
        charge: &StoredCharge,
    ) -> Result<(), Error> {
        let (state, code) = charge.state.columns();
        let query = "INSERT INTO processor_charges VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let confirmed_at = charge.confirmed_at.map(Timestamp::millis);
        let (payment, account) = (payment.as_str(), account.as_str());
        let values = params![payment, account, amount.minor(), state, code, confirmed_at];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    pub(super) fn update_charge(
        &self,
        payment: &PaymentId,
        charge: &StoredCharge,
    ) -> Result<(), Error> {
        let (state, code) = charge.state.columns();
        let query = "UPDATE processor_charges SET state = ?2, code = ?3, confirmed_at = ?4 WHERE payment = ?1";
        let confirmed_at = charge.confirmed_at.map(Timestamp::millis);
        let values = params![payment.as_str(), state, code, confirmed_at];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    pub(super) fn refund_charge(&self, payment: &PaymentId) -> Result<(), Error> {
        let query = "UPDATE processor_charges SET state = 'refunded' WHERE payment = ?1";
        self.connection.execute(query, [payment.as_str()])?;
        Ok(())
    }

    /// All charges whose payment ids begin with `prefix`.
    pub fn stored_charges(&self, prefix: &str) -> Result<Vec<(PaymentId, StoredCharge)>, Error> {
        let query = "SELECT payment, state, code, confirmed_at FROM processor_charges
                     WHERE payment >= ?1 AND payment < ?1 || '`' ORDER BY payment";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([prefix])?;
        let mut charges = Vec::new();
        while let Some(row) = rows.next()? {
            let payment: String = row.get("payment")?;
            charges.push((PaymentId::new(payment)?, StoredCharge::of(row)?));
        }
        Ok(charges)
    }

    /// Charges of an account that the bank or the cardholder has not decided.
    pub(super) fn pending_charges(&self, account: &AccountId) -> Result<Vec<PaymentId>, Error> {
        let query = "SELECT payment FROM processor_charges
                     WHERE account = ?1 AND state = 'pending' ORDER BY payment";
        let mut statement = self.connection.prepare_cached(query)?;
        let payments = statement.query_map([account.as_str()], |row| row.get::<_, String>(0))?;
        payments
            .map(|payment| Ok(PaymentId::new(payment?)?))
            .collect()
    }

    pub(super) fn put_delivery(
        &self,
        payment: &PaymentId,
        delivery: Delivery,
    ) -> Result<(), Error> {
        let query = "INSERT INTO processor_deliveries VALUES (?1, ?2)";
        let delivery = serde_json::to_string(&delivery)?;
        self.connection
            .execute(query, params![payment.as_str(), delivery])?;
        Ok(())
    }

    /// Removes and returns what was ordered for a payment; instant if nothing was.
    pub(super) fn take_delivery(&self, payment: &PaymentId) -> Result<Delivery, Error> {
        let query = "DELETE FROM processor_deliveries WHERE payment = ?1 RETURNING delivery";
        let mut statement = self.connection.prepare_cached(query)?;
        let ordered = statement.query_row([payment.as_str()], |row| row.get::<_, String>(0));
        match ordered.optional()? {
            Some(ordered) => Ok(serde_json::from_str(&ordered)?),
            None => Ok(Delivery::Instant),
        }
    }
}
