//! Tickets (filed disputes): each is stored as the JSON document that is served, with columns to find it by.

use boothkeeper_domain::disputes::Subject;
use boothkeeper_domain::{AccountId, DisputeId, Seq};
use boothkeeper_wire::dispute::{MAX_TICKET, Ticket, TicketCursor};
use boothkeeper_wire::problem::ProblemCode;
use rusqlite::{OptionalExtension, params};

use super::Tx;
use crate::Error;

impl Tx<'_> {
    /// The newest tickets first, as many as fit into `bytes`: what laptops of before 2026-11-27 ask for.
    pub fn newest_tickets(&self, account: i64, bytes: usize) -> Result<Vec<Ticket>, Error> {
        let query = "SELECT document FROM tickets WHERE account = ?1 ORDER BY id DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([account])?;
        let (mut tickets, mut taken) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let document = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            taken += document.len();
            if taken > bytes {
                break;
            }
            tickets.push(serde_json::from_str(document)?);
        }
        Ok(tickets)
    }

    /// Tickets that changed after a cursor, with their cursors, in the order of change: at most `limit`, and no more
    /// once their documents exceed `bytes`.
    pub fn tickets_after(
        &self,
        account: i64,
        after: TicketCursor,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(TicketCursor, Ticket)>, Error> {
        let query = "SELECT changed, id, document FROM tickets
                     WHERE account = ?1 AND (changed, id) > (?2, ?3) ORDER BY changed, id LIMIT ?4";
        let mut statement = self.connection.prepare_cached(query)?;
        let values = params![account, after.changed, after.id, limit];
        let mut rows = statement.query(values)?;
        let (mut tickets, mut taken) = (Vec::new(), 0);
        while taken < bytes
            && let Some(row) = rows.next()?
        {
            let place = TicketCursor {
                changed: row.get(0)?,
                id: row.get(1)?,
            };
            let document = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            taken += document.len();
            tickets.push((place, serde_json::from_str(document)?));
        }
        Ok(tickets)
    }

    /// The cursor of the ticket that changed last.
    pub fn last_ticket(&self, account: i64) -> Result<Option<TicketCursor>, Error> {
        let query = "SELECT changed, id FROM tickets WHERE account = ?1
                     ORDER BY changed DESC, id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let last = statement.query_row([account], |row| {
            Ok(TicketCursor {
                changed: row.get(0)?,
                id: row.get(1)?,
            })
        });
        Ok(last.optional()?)
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

    /// The account that a dispute belongs to.
    pub fn ticket_account(&self, dispute: &DisputeId) -> Result<Option<AccountId>, Error> {
        let query = "SELECT a.account FROM tickets t JOIN accounts a ON a.id = t.account
                     WHERE t.dispute = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row([dispute.as_str()], |row| row.get::<_, String>(0));
        Ok(row.optional()?.map(AccountId::new).transpose()?)
    }

    /// All disputes of all accounts, newest first.
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
        changed: Seq,
        subject: &Subject,
        ticket: &Ticket,
    ) -> Result<(), Error> {
        let insert = "INSERT INTO tickets (account, dispute, subject, open, document, changed)
                      VALUES (?1, ?2, ?3, 1, ?4, ?5)";
        let subject = serde_json::to_string(subject)?;
        let document = document(ticket)?;
        let values = params![account, ticket.id.as_str(), subject, document, changed.0];
        self.connection.prepare_cached(insert)?.execute(values)?;
        Ok(())
    }

    /// Stores a changed ticket; `changed` is the seq of the entry that changed it.
    pub fn update_ticket(&self, account: i64, changed: Seq, ticket: &Ticket) -> Result<(), Error> {
        let update = "UPDATE tickets SET open = ?3, document = ?4, changed = ?5
                      WHERE account = ?1 AND dispute = ?2";
        let document = document(ticket)?;
        let open = ticket.state.is_open();
        let values = params![account, ticket.id.as_str(), open, document, changed.0];
        self.connection.prepare_cached(update)?.execute(values)?;
        Ok(())
    }
}

/// A ticket's JSON. Fails with `quota_reached` over [`MAX_TICKET`] bytes: the operator can open another ticket.
fn document(ticket: &Ticket) -> Result<String, Error> {
    let document = serde_json::to_string(ticket)?;
    match document.len() <= MAX_TICKET {
        true => Ok(document),
        false => Err(ProblemCode::QuotaReached.into()),
    }
}
