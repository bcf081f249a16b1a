//! The simulated processor's book: what it was asked to charge, and what became of it.

use boothkeeper_domain::{Amount, PaymentId};
use rusqlite::{OptionalExtension, params};

use super::Tx;
use crate::Error;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    Approved,
    /// With the processor's code.
    Declined(String),
    /// It timed out, or the cardholder is asked.
    Pending,
    Refunded,
}

impl PaymentState {
    const fn columns(&self) -> (&'static str, Option<&String>) {
        match self {
            PaymentState::Approved => ("approved", None),
            PaymentState::Declined(code) => ("declined", Some(code)),
            PaymentState::Pending => ("pending", None),
            PaymentState::Refunded => ("refunded", None),
        }
    }

    fn of(state: &str, code: Option<String>) -> Result<Self, Error> {
        match state {
            "approved" => Ok(PaymentState::Approved),
            "declined" => Ok(PaymentState::Declined(code.unwrap_or_default())),
            "pending" => Ok(PaymentState::Pending),
            "refunded" => Ok(PaymentState::Refunded),
            _ => Err(Error::Invariant("a stored payment has an unknown state")),
        }
    }
}

impl Tx<'_> {
    pub fn payment(&self, payment: &PaymentId) -> Result<Option<PaymentState>, Error> {
        let query = "SELECT state, code FROM processor_charges WHERE payment = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row([payment.as_str()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        });
        row.optional()?
            .map(|(state, code)| PaymentState::of(&state, code))
            .transpose()
    }

    pub fn insert_payment(
        &self,
        payment: &PaymentId,
        account: i64,
        amount: Amount,
        state: &PaymentState,
    ) -> Result<(), Error> {
        let (state, code) = state.columns();
        let query = "INSERT INTO processor_charges VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![payment.as_str(), account, amount.minor(), state, code];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    pub fn set_payment(&self, payment: &PaymentId, state: &PaymentState) -> Result<(), Error> {
        let (state, code) = state.columns();
        let query = "UPDATE processor_charges SET state = ?2, code = ?3 WHERE payment = ?1";
        let values = params![payment.as_str(), state, code];
        self.connection.prepare_cached(query)?.execute(values)?;
        Ok(())
    }

    /// All payments whose ids begin so.
    pub fn payments_of(&self, prefix: &str) -> Result<Vec<(PaymentId, PaymentState)>, Error> {
        let query = "SELECT payment, state, code FROM processor_charges
                     WHERE payment >= ?1 AND payment < ?1 || '`' ORDER BY payment";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([prefix])?;
        let mut payments = Vec::new();
        while let Some(row) = rows.next()? {
            let (payment, state): (String, String) = (row.get(0)?, row.get(1)?);
            let state = PaymentState::of(&state, row.get(2)?)?;
            payments.push((PaymentId::new(payment)?, state));
        }
        Ok(payments)
    }

    /// Charges of an account that wait for the bank or the cardholder.
    pub fn pending_payments(&self, account: i64) -> Result<Vec<PaymentId>, Error> {
        let query = "SELECT payment FROM processor_charges
                     WHERE account = ?1 AND state = 'pending' ORDER BY payment";
        let mut statement = self.connection.prepare_cached(query)?;
        let payments = statement.query_map([account], |row| row.get::<_, String>(0))?;
        payments
            .map(|payment| Ok(PaymentId::new(payment?)?))
            .collect()
    }
}
