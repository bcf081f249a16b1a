//! Drafts of disputes. They are saved while they are written, and no longer listed once the cloud has a ticket for
//! them.

use boothkeeper_domain::disputes::{DisputeKind, Premise};
use boothkeeper_domain::{Amount, DisputeId, PaymentId, Seq, Timestamp};
use boothkeeper_wire::dispute::Attachment;
use chrono::NaiveDate;
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outbox;
use super::checksums::Mark;
use crate::StoreError;

/// Number of drafts that are kept after they have become tickets.
const KEPT: usize = 200;

/// A dispute that is being written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub saved_at: Timestamp,
    pub kind: DisputeKind,
    /// The finding that the draft is based on, if the app proposed the draft.
    pub premise: Option<Premise>,
    pub expected: Option<Amount>,
    /// The balance when `expected` was entered.
    #[serde(default)]
    pub actual: Option<Amount>,
    pub noticed_on: NaiveDate,
    /// First day of the history that is attached; `to` is the last day. Both are included.
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
    /// Files added by the operator. Files made by the app are added when the dispute is sent.
    pub files: Vec<Attachment>,
    /// True if the operator has changed the draft. An edited draft is never deleted automatically.
    pub edited: bool,
    /// True if the problem that the draft is about has been solved since.
    pub came_right: bool,
    /// The command in the outbox that sends the draft to the cloud.
    pub command: Option<Uuid>,
    /// The cloud's ticket that the draft has become.
    #[serde(default)]
    pub ticket: Option<DisputeId>,
}

impl Draft {
    /// True if the draft's problem was solved before the operator edited or sent the draft. It is kept for a while to
    /// show that.
    pub fn is_withdrawn(&self) -> bool {
        self.came_right && !self.edited && self.command.is_none() && self.ticket.is_none()
    }
}

impl Outbox {
    /// The drafts that are not tickets yet, newest first.
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

    /// One draft, also after it has become a ticket. Fails with `OutboxDamaged` if its checksum does not match.
    pub fn draft(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        let query = "SELECT id, document, mark FROM drafts WHERE id = ?1";
        let row = self.connection.query_row(query, [id.as_bytes()], columns);
        row.optional()?.map(read).transpose()
    }

    /// Inserts or replaces a draft.
    pub fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        let put = "INSERT INTO drafts VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET document = ?2, mark = ?3";
        let document = serde_json::to_string(draft)?;
        let mark = Mark::of(draft.id.as_bytes(), &document);
        let values = rusqlite::params![draft.id.as_bytes(), document, mark];
        self.connection.prepare_cached(put)?.execute(values)?;
        self.record_write()
    }

    /// Runs `act` in a write transaction, during which no other process can write to the outbox. An error rolls it
    /// back.
    pub fn in_write_transaction<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = Transaction::new_unchecked(&self.connection, Immediate);
        let transaction = begun.map_err(StoreError::from)?;
        let done = act()?;
        transaction.commit().map_err(StoreError::from)?;
        self.record_commit()?;
        Ok(done)
    }

    /// Reads, changes and writes a draft in one transaction; `None` if there is no such draft.
    pub fn change_draft<E: From<StoreError>>(
        &self,
        id: Uuid,
        change: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<Option<()>, E> {
        self.in_write_transaction(|| {
            let Some(mut draft) = self.draft(id)? else {
                return Ok(None);
            };
            change(&mut draft)?;
            self.put_draft(&draft)?;
            Ok(Some(()))
        })
    }

    /// Stores which ticket the draft has become, and deletes all but the newest `KEPT` drafts that have become tickets.
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

    /// Deletes a draft; `false` if there is none.
    pub fn drop_draft(&self, id: Uuid) -> Result<bool, StoreError> {
        let delete = "DELETE FROM drafts WHERE id = ?1";
        let gone = self.connection.execute(delete, [id.as_bytes()])? == 1;
        self.record_write()?;
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
