//! The account's tickets as fetched from the cloud, each with a checksum. They can be fetched again.

use boothkeeper_domain::Seq;
use boothkeeper_wire::dispute::{Ticket, TicketCursor, Tickets};
use rusqlite::params;

use super::Cache;
use super::settings::{set, text_checksum};
use crate::StoreError;

/// Name of the setting with the journal's seq at which all tickets were last fetched.
const SEQ: &str = "tickets_seq";
/// Name of the setting with the cursor after which the next page of tickets begins.
const AFTER: &str = "tickets_after";

impl Cache {
    /// All tickets, newest first; `None` if they have never been fetched.
    pub fn tickets(&self) -> Result<Option<Tickets>, StoreError> {
        let Some(seq) = self.tickets_seq()? else {
            return Ok(None);
        };
        let query =
            "SELECT dispute, document, mark FROM tickets ORDER BY opened DESC, dispute DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([])?;
        let mut disputes = Vec::new();
        while let Some(row) = rows.next()? {
            let (dispute, document): (String, String) = (row.get(0)?, row.get(1)?);
            if text_checksum(&dispute, &document) != row.get::<_, i64>(2)? {
                return Err(StoreError::damaged(Seq::ZERO));
            }
            disputes.push(serde_json::from_str(&document).map_err(StoreError::damaged_by)?);
        }
        Ok(Some(Tickets {
            seq,
            disputes,
            after: self.tickets_after()?,
            has_more: false,
        }))
    }

    /// The journal's seq at which all tickets were last fetched.
    pub fn tickets_seq(&self) -> Result<Option<Seq>, StoreError> {
        let seq = self.setting(SEQ)?;
        Ok(seq.and_then(|seq| seq.parse().ok()).map(Seq))
    }

    /// The cursor after which the next page of tickets begins.
    pub fn tickets_after(&self) -> Result<Option<TicketCursor>, StoreError> {
        Ok(self.setting(AFTER)?.and_then(|after| after.parse().ok()))
    }

    /// Stores a page of changed tickets. `whole` is true for the answer of a cloud without pages, which has all tickets
    /// and replaces those stored.
    pub fn put_tickets(&self, page: &Tickets, whole: bool) -> Result<(), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        if whole {
            transaction.execute("DELETE FROM tickets", [])?;
        }
        for ticket in &page.disputes {
            let document = serde_json::to_string(ticket)?;
            let mark = text_checksum(ticket.id.as_str(), &document);
            let put = "INSERT OR REPLACE INTO tickets VALUES (?1, ?2, ?3, ?4)";
            let values = params![ticket.id.as_str(), opened(ticket), document, mark];
            transaction.prepare_cached(put)?.execute(values)?;
        }
        if let Some(after) = page.after {
            set(&transaction, AFTER, &after.to_string())?;
        }
        if !page.has_more {
            set(&transaction, SEQ, &page.seq.to_string())?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Deletes all tickets, so that they are fetched again.
    pub fn forget_tickets(&self) -> Result<(), StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        transaction.execute("DELETE FROM tickets", [])?;
        transaction.execute("DELETE FROM settings WHERE name IN (?1, ?2)", [SEQ, AFTER])?;
        transaction.commit()?;
        Ok(())
    }
}

fn opened(ticket: &Ticket) -> i64 {
    ticket.opened_at.millis()
}
