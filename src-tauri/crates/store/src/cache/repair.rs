//! Repairs a damaged cache. The entries' lines are verified by the hash chain from the first entry to a checkpoint that
//! the cloud has signed. Everything else is derived from the lines again; damaged lines are fetched again.

use boothkeeper_domain::{Account, Hash, Seq};
use boothkeeper_wire::checkpoint::{PublicKey, SignedCheckpoint};
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::{Connection, params};

use super::apply::{write_head_at, write_links, write_names, write_rows};
use super::head_record::Head;
use super::segments::chained;
use super::{Cache, EntryRow, Names, Rollups, table_checksums};
use crate::StoreError;
use boothkeeper_domain::Zone;

/// What is still needed to repair the local copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairOutcome {
    /// Nothing: the copy is repaired from its stored lines.
    Done,
    /// One segment must be fetched: the entries after `after`, up to `last`. `chain_after` is the chain value at
    /// `after`.
    Fetch {
        after: Seq,
        chain_after: Hash,
        last: Seq,
    },
    /// The newest lines or a chain value are damaged, and the whole copy must be fetched again.
    Rebuild,
}

/// The account's state computed from all verified lines, and the checkpoint that confirms it.
struct VerifiedFold {
    account: Account,
    signed: SignedCheckpoint,
}

impl Cache {
    /// Derives rows, names, links, rollups (sums per day) and head from the entries' lines again. Changes none of these
    /// if the lines cannot be verified.
    pub fn repair(&mut self, keys: &[PublicKey], zone: &Zone) -> Result<RepairOutcome, StoreError> {
        self.drop_what_can_be_fetched()?;
        let kept = self.read_head(keys).ok().flatten();
        let transaction = self.connection.unchecked_transaction()?;
        for table in ["entries", "names", "links", "rollups"] {
            transaction.execute(&format!("DELETE FROM {table}"), [])?;
        }
        table_checksums::forget_all(&transaction)?;
        let mut derived = Derived::new(&transaction, zone.clone());
        let walked = match self.walk(keys, |whole| derived.take(whole))? {
            Ok(walked) => walked,
            // Return without commit: nothing is changed while the lines cannot be verified.
            Err(wanted) => return Ok(wanted),
        };
        derived.rollups.write(&transaction)?;
        let head = new_head(walked, kept)?;
        write_head_at(&transaction, &head.0, &head.1)?;
        for table in ["tail", "checkpoints"] {
            let past = format!("DELETE FROM {table} WHERE seq > ?1");
            transaction.execute(&past, [head.0.account.seq.0])?;
        }
        transaction.commit()?;
        Ok(RepairOutcome::Done)
    }

    /// Deletes damaged settings, and all tickets if one of them is damaged. The next sync fetches or makes them again.
    fn drop_what_can_be_fetched(&self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare("SELECT name FROM settings")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let names: Vec<_> = names.flatten().collect();
        for name in names {
            if let Err(StoreError::Damaged { .. }) = self.setting(&name) {
                let delete = "DELETE FROM settings WHERE name = ?1";
                self.connection.execute(delete, [name])?;
            }
        }
        match self.tickets() {
            Err(StoreError::Damaged { .. }) => self.forget_tickets(),
            tickets => tickets.map(drop),
        }
    }

    /// The head (the end of the copy) computed from the entries' lines, for when the stored head record is damaged.
    pub(super) fn proven_head(&self, keys: &[PublicKey]) -> Result<Head, StoreError> {
        let walked = self.walk(keys, |_| Ok(()))?;
        let walked = walked.map_err(|_| StoreError::damaged(Seq::ZERO))?;
        Ok(new_head(walked, None)?.0)
    }

    /// Computes the head's account state again from the entries, for a record that another `FOLD_VERSION` has written.
    /// Such a record is not damage. The result is stored if this connection may write.
    pub(super) fn folded_again(&self, keys: &[PublicKey], kept: Head) -> Result<Head, StoreError> {
        let reached = kept.checkpoint.seq;
        let walked = self.walk(keys, |_| Ok(()))?;
        let walked = walked.map_err(|_| StoreError::damaged(reached))?;
        let (head, signed) = new_head(walked, Some(kept))?;
        let _ = write_head_at(&self.connection, &head, &signed);
        Ok(head)
    }

    /// Verifies all lines up to the newest valid checkpoint, computes the account's state from them, and hands them to
    /// `take`, segment by segment. If lines cannot be verified, the inner error says what the repair needs.
    fn walk(
        &self,
        keys: &[PublicKey],
        mut take: impl FnMut(&[u8]) -> Result<(), StoreError>,
    ) -> Result<Result<VerifiedFold, RepairOutcome>, StoreError> {
        let Some(signed) = self.newest_checkpoint(keys)? else {
            return Ok(Err(RepairOutcome::Rebuild));
        };
        let body = signed.verify(keys).map_err(StoreError::damaged_by)?.clone();
        let mut account = Account::default();
        let (mut at, mut so_far) = (Seq::ZERO, chain::genesis(&body.account));
        while at.0 + SEGMENT <= body.seq.0 {
            let last = Seq(at.0 + SEGMENT);
            let segment = match self.segment(last) {
                Ok(Some(segment)) => segment,
                Ok(None) | Err(StoreError::Damaged { .. }) => {
                    return Ok(Err(RepairOutcome::Rebuild));
                }
                Err(error) => return Err(error),
            };
            let whole = decompress(&segment.frame).ok();
            let Some(whole) = whole.filter(|w| chained(so_far, w) == Some(segment.chain)) else {
                return Ok(Err(RepairOutcome::Fetch {
                    after: at,
                    chain_after: so_far,
                    last,
                }));
            };
            fold(&mut account, &whole)?;
            take(&whole)?;
            (at, so_far) = (last, segment.chain);
        }
        let tail = self.lines_up_to(body.seq)?;
        let proven = chained(so_far, &tail) == Some(body.chain);
        if !proven || fold(&mut account, &tail).is_err() || account.seq != body.seq {
            return Ok(Err(RepairOutcome::Rebuild));
        }
        take(&tail)?;
        Ok(Ok(VerifiedFold { account, signed }))
    }

    /// The newest stored checkpoint with a valid signature.
    fn newest_checkpoint(
        &self,
        keys: &[PublicKey],
    ) -> Result<Option<SignedCheckpoint>, StoreError> {
        let query = "SELECT signed FROM checkpoints ORDER BY seq DESC";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let signed = row.get::<_, String>(0).ok();
            let signed =
                signed.and_then(|text| serde_json::from_str::<SignedCheckpoint>(&text).ok());
            if let Some(signed) = signed.filter(|signed| signed.verify(keys).is_ok()) {
                return Ok(Some(signed));
            }
        }
        Ok(None)
    }

    /// Stores a segment that was fetched again; `false` if it does not end in the stored chain value.
    pub fn replace_segment(
        &mut self,
        chain_after: Hash,
        last: Seq,
        frame: &[u8],
    ) -> Result<bool, StoreError> {
        let Some(segment) = self.segment(last)? else {
            return Ok(false);
        };
        let Ok(whole) = decompress(frame) else {
            return Ok(false);
        };
        if chained(chain_after, &whole) != Some(segment.chain) {
            return Ok(false);
        }
        let update = "UPDATE segments SET frame = ?2 WHERE last = ?1";
        self.connection.execute(update, params![last.0, frame])?;
        Ok(true)
    }
}

/// Writes the rows, names and links derived from entries' lines, and collects the rollups (sums per day).
struct Derived<'a> {
    connection: &'a Connection,
    zone: Zone,
    names: Names,
    rollups: Rollups,
}

impl<'a> Derived<'a> {
    fn new(connection: &'a Connection, zone: Zone) -> Self {
        Derived {
            connection,
            zone,
            names: Names::default(),
            rollups: Rollups::default(),
        }
    }

    fn take(&mut self, whole: &[u8]) -> Result<(), StoreError> {
        let (mut rows, mut links) = (Vec::new(), Vec::new());
        for line in lines(whole)? {
            let entry = entry::decode(line)?;
            let row = EntryRow::of(&entry, &mut self.names);
            self.rollups.add(&row, self.zone.day(row.at));
            links.extend(entry.body.refers_to().map(|target| (target, row.seq)));
            rows.push(row);
        }
        write_names(self.connection, &self.names.take_new())?;
        write_rows(self.connection, &rows)?;
        write_links(self.connection, &links)
    }
}

/// A new head (end of the copy) from the verified lines. Its times are those of the old head `kept` if that was
/// readable and has the same seq, otherwise the checkpoint's.
fn new_head(
    walked: VerifiedFold,
    kept: Option<Head>,
) -> Result<(Head, SignedCheckpoint), StoreError> {
    let checkpoint = walked.signed.body.clone();
    let same = kept.filter(|kept| kept.checkpoint.seq == checkpoint.seq);
    let (as_of, learnt_at) = match same {
        Some(kept) => (kept.as_of, kept.learnt_at),
        None => (checkpoint.time, checkpoint.time),
    };
    let head = Head {
        account: walked.account,
        checkpoint,
        as_of,
        learnt_at,
    };
    Ok((head, walked.signed))
}

fn fold(account: &mut Account, whole: &[u8]) -> Result<(), StoreError> {
    for line in lines(whole)? {
        let entry = entry::decode(line)?;
        account.apply(&entry).map_err(StoreError::damaged_by)?;
    }
    Ok(())
}
