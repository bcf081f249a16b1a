//! Tickets: a dispute as its document, beside what finds it again.

use boothkeeper_domain::disputes::Subject;
use boothkeeper_domain::{AccountId, DisputeId};
use boothkeeper_wire::dispute::Ticket;
use rusqlite::{OptionalExtension, params};

use super::Tx;
use crate::Error;

impl Tx<'_> {
    /// Newest first.
    pub fn tickets(&self, account: i64) -> Result<Vec<Ticket>, Error> {
        let query = "SELECT document FROM tickets WHERE account = ?1 ORDER BY id DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map([account], |row| row.get::<_, String>(0))?;
        rows.map(|document| Ok(serde_json::from_str(&document?)?))
            .collect()
    }

    pub fn ticket(&self, account: i64, dispute: &DisputeId) -> Result<Option<Ticket>, Error> {
        let query = "SELECT document FROM tickets WHERE account = ?1 AND dispute = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, dispute.as_str()], |row| {
            row.get::<_, String>(0)
        });
        let document = row.optional()?;
        Ok(document
            .map(|text| serde_json::from_str(&text))
            .transpose()?)
    }

    /// The account that a dispute is of, for support.
    pub fn ticket_account(&self, dispute: &DisputeId) -> Result<Option<AccountId>, Error> {
        let query = "SELECT a.account FROM tickets t JOIN accounts a ON a.id = t.account
                     WHERE t.dispute = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row([dispute.as_str()], |row| row.get::<_, String>(0));
        Ok(row.optional()?.map(AccountId::new).transpose()?)
    }

    /// Every dispute, newest first, with its account.
    pub fn all_tickets(&self) -> Result<Vec<(AccountId, Ticket)>, Error> {
        let query =
            "SELECT a.account, t.document FROM tickets t JOIN accounts a ON a.id = t.account
                     ORDER BY t.id DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (account, document) = row?;
            Ok((AccountId::new(account)?, serde_json::from_str(&document)?))
        })
        .collect()
    }

    /// The open ticket on exactly this subject.
    pub fn open_ticket(&self, account: i64, subject: &Subject) -> Result<Option<Ticket>, Error> {
        let query = "SELECT document FROM tickets WHERE account = ?1 AND subject = ?2 AND open = 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let subject = serde_json::to_string(subject)?;
        let row = statement.query_row(params![account, subject], |row| row.get::<_, String>(0));
        let document = row.optional()?;
        Ok(document
            .map(|text| serde_json::from_str(&text))
            .transpose()?)
    }

    pub fn insert_ticket(
        &self,
        account: i64,
        subject: &Subject,
        ticket: &Ticket,
    ) -> Result<(), Error> {
        let insert = "INSERT INTO tickets (account, dispute, subject, open, document)
                      VALUES (?1, ?2, ?3, 1, ?4)";
        let subject = serde_json::to_string(subject)?;
        let document = serde_json::to_string(ticket)?;
        let values = params![account, ticket.id.as_str(), subject, document];
        self.connection.prepare_cached(insert)?.execute(values)?;
        Ok(())
    }

    pub fn update_ticket(&self, account: i64, ticket: &Ticket) -> Result<(), Error> {
        let update =
            "UPDATE tickets SET open = ?3, document = ?4 WHERE account = ?1 AND dispute = ?2";
        let document = serde_json::to_string(ticket)?;
        let open = ticket.state.is_open();
        let values = params![account, ticket.id.as_str(), open, document];
        self.connection.prepare_cached(update)?.execute(values)?;
        Ok(())
    }
}
