//! Disputes that are being written: kept as they are typed, gone when the cloud has a ticket for them.

use boothkeeper_domain::disputes::{DisputeKind, Premise};
use boothkeeper_domain::{Amount, DisputeId, PaymentId, Seq, Timestamp};
use boothkeeper_wire::dispute::Attachment;
use chrono::NaiveDate;
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outbox;
use super::marked::Mark;
use crate::StoreError;

/// Drafts that have become tickets, kept to be found by what they were.
const KEPT: usize = 200;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub saved_at: Timestamp,
    pub kind: DisputeKind,
    /// The finding that it began with.
    pub premise: Option<Premise>,
    pub expected: Option<Amount>,
    /// The balance when that was said.
    #[serde(default)]
    pub actual: Option<Amount>,
    pub noticed_on: NaiveDate,
    /// The days that its histories are of, both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub entries: Vec<Seq>,
    pub message: String,
    pub payment: Option<PaymentId>,
    pub paid: Option<Amount>,
    pub paid_on: Option<NaiveDate>,
    pub coupon: Option<String>,
    pub plan: Option<String>,
    pub legacy: Vec<String>,
    /// The operator's own; those that the app makes are made when it is sent.
    pub files: Vec<Attachment>,
    /// A person has changed it: it never goes by itself.
    pub edited: bool,
    /// What it complains of has come right since.
    pub came_right: bool,
    /// What it was sent as.
    pub command: Option<Uuid>,
    /// What it has become: a draft no more.
    #[serde(default)]
    pub ticket: Option<DisputeId>,
}

impl Draft {
    /// What it complains of came right while it was as the app wrote it: it is kept for a while, to say so.
    pub fn is_withdrawn(&self) -> bool {
        self.came_right && !self.edited && self.command.is_none() && self.ticket.is_none()
    }
}

impl Outbox {
    /// Newest first; without those that have become tickets.
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        let mut drafts = self.all_drafts()?;
        drafts.retain(|draft| draft.ticket.is_none());
        Ok(drafts)
    }

    fn all_drafts(&self) -> Result<Vec<Draft>, StoreError> {
        let query = "SELECT id, document, mark FROM drafts ORDER BY rowid DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map([], columns)?;
        rows.map(|row| read(row?)).collect()
    }

    pub fn draft(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        let query = "SELECT id, document, mark FROM drafts WHERE id = ?1";
        let row = self.connection.query_row(query, [id.as_bytes()], columns);
        row.optional()?.map(read).transpose()
    }

    pub fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        let put = "INSERT INTO drafts VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET document = ?2, mark = ?3";
        let document = serde_json::to_string(draft)?;
        let mark = Mark::of(draft.id.as_bytes(), &document);
        let values = rusqlite::params![draft.id.as_bytes(), document, mark];
        self.connection.prepare_cached(put)?.execute(values)?;
        self.written()
    }

    /// Does something while no other process writes here.
    pub fn alone<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = Transaction::new_unchecked(&self.connection, Immediate);
        let transaction = begun.map_err(StoreError::from)?;
        let done = act()?;
        transaction.commit().map_err(StoreError::from)?;
        self.committed()?;
        Ok(done)
    }

    /// Reads, changes and writes a draft, with nobody between; `None` if there is none.
    pub fn change_draft<E: From<StoreError>>(
        &self,
        id: Uuid,
        change: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<Option<()>, E> {
        self.alone(|| {
            let Some(mut draft) = self.draft(id)? else {
                return Ok(None);
            };
            change(&mut draft)?;
            self.put_draft(&draft)?;
            Ok(Some(()))
        })
    }

    /// Keeps of a draft which ticket it has become; of long ago nobody asks.
    pub fn filed(&self, draft: &Draft, ticket: &DisputeId) -> Result<(), StoreError> {
        self.put_draft(&Draft {
            ticket: Some(ticket.clone()),
            ..draft.clone()
        })?;
        let old = self.all_drafts()?;
        for draft in old.iter().filter(|draft| draft.ticket.is_some()).skip(KEPT) {
            self.drop_draft(draft.id)?;
        }
        Ok(())
    }

    pub fn drop_draft(&self, id: Uuid) -> Result<bool, StoreError> {
        let delete = "DELETE FROM drafts WHERE id = ?1";
        let gone = self.connection.execute(delete, [id.as_bytes()])? == 1;
        self.written()?;
        Ok(gone)
    }
}

type Columns = (Vec<u8>, String, Mark);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn read((id, document, mark): Columns) -> Result<Draft, StoreError> {
    let document = mark.check(&id, document)?;
    let draft = serde_json::from_str(&document).map_err(StoreError::damaged_by);
    draft.map_err(StoreError::of_outbox)
}
