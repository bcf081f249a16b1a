//! The simulated processor's tables: its charges, and the deliveries ordered for payments that it has not charged yet.

use boothkeeper_domain::billing::ChargeOutcome;
use boothkeeper_domain::{AccountId, Amount, PaymentId, Timestamp};
use boothkeeper_wire::sandbox::Delivery;
use rusqlite::{OptionalExtension, Row, params};

use crate::Error;
use crate::store::Tx;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeState {
    Approved,
    /// The text is the processor's code for the reason.
    Declined(String),
    /// The bank or the cardholder has not decided about the charge.
    Pending,
    Refunded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCharge {
    pub state: ChargeState,
    /// From when on the processor reports an approved charge as approved; `None` means never.
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

    /// Removes and returns the delivery that was ordered for a payment; instant if none was ordered.
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
