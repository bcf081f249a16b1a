//! An account's stored journal: rows for the newest entries, sealed segments of [`SEGMENT`] entries for the older ones.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use boothkeeper_domain::{Amount, Entry, Hash, Seq};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::{SEGMENT, compress, decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::{OptionalExtension, params};
use xxhash_rust::xxh3::Xxh3Default;

use super::checksum::damaged;
use super::{AccountRow, Tx};
use crate::Error;

/// A stored part of a journal.
#[derive(Debug)]
pub enum JournalPart {
    /// A sealed segment's frame, with the chain value and balance after its last entry.
    Segment {
        last: Seq,
        chain: Hash,
        balance: Amount,
        frame: Vec<u8>,
    },
    /// Entries' lines with their newlines, and the chain value after the last line.
    Lines {
        last: Seq,
        chain: Hash,
        lines: Vec<u8>,
    },
}

impl Tx<'_> {
    /// Moves the rows of the last [`SEGMENT`] entries up to `last` into a segment.
    pub(super) fn seal(&self, row: &AccountRow, last: Seq) -> Result<(), Error> {
        let lines = self.rows_after(row.id, Seq(last.0 - SEGMENT))?;
        let JournalPart::Lines { lines, .. } = lines else {
            return Err(Error::Invariant("a segment without rows"));
        };
        let insert = "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let frame = compress(&lines)?;
        self.connection.prepare_cached(insert)?.execute(params![
            row.id,
            last.0,
            row.chain.0,
            row.state.balance.minor(),
            frame,
            segment_checksum(last, &row.chain, row.state.balance.minor(), &frame),
        ])?;
        let delete = "DELETE FROM entries WHERE account = ?1 AND seq <= ?2";
        self.connection
            .prepare_cached(delete)?
            .execute(params![row.id, last.0])?;
        Ok(())
    }

    fn rows_after(&self, account: i64, after: Seq) -> Result<JournalPart, Error> {
        let query =
            "SELECT seq, line, chain FROM entries WHERE account = ?1 AND seq > ?2 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query(params![account, after.0])?;
        let (mut last, mut chain, mut lines) = (after, Hash([0; 32]), Vec::new());
        while let Some(row) = rows.next()? {
            last = Seq(row.get(0)?);
            lines.extend_from_slice(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
            lines.push(b'\n');
            chain = Hash(row.get(2)?);
        }
        Ok(JournalPart::Lines { last, chain, lines })
    }

    /// The part of the journal that begins after `after`: the rest of a segment, or the newest rows. `None` after the
    /// newest entry. Fails with `account_damaged` if the part does not match its checksum or chain.
    pub fn journal_after(
        &self,
        row: &AccountRow,
        after: Seq,
    ) -> Result<Option<JournalPart>, Error> {
        if after >= row.state.seq {
            return Ok(None);
        }
        let last = Seq((after.0 / SEGMENT + 1) * SEGMENT);
        let Some(segment) = self.segment(row.id, last)? else {
            let rows = self.rows_after(row.id, after)?;
            self.check_rows(row, after, &rows)?;
            return Ok(Some(rows));
        };
        let JournalPart::Segment { chain, frame, .. } = &segment else {
            return Ok(Some(segment));
        };
        let skipped = usize::try_from(after.0 % SEGMENT).unwrap_or(0);
        if skipped == 0 {
            return Ok(Some(segment));
        }
        let whole = decompress(frame)?;
        let offset: usize = lines(&whole)?
            .take(skipped)
            .map(|line| line.len() + 1)
            .sum();
        Ok(Some(JournalPart::Lines {
            last,
            chain: *chain,
            lines: whole[offset..].to_vec(),
        }))
    }

    fn segment(&self, account: i64, last: Seq) -> Result<Option<JournalPart>, Error> {
        let query =
            "SELECT chain, balance, frame, mark FROM segments WHERE account = ?1 AND last = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, last.0], |row| {
            let (chain, balance): ([u8; 32], i64) = (row.get(0)?, row.get(1)?);
            let (frame, mark): (Vec<u8>, Option<i64>) = (row.get(2)?, row.get(3)?);
            let chain = Hash(chain);
            // Segments that an earlier version of the cloud stored have no checksum.
            let sound =
                mark.is_none_or(|mark| mark == segment_checksum(last, &chain, balance, &frame));
            Ok((chain, balance, frame, sound))
        });
        let Some((chain, balance, frame, sound)) = row.optional()? else {
            return Ok(None);
        };
        if !sound {
            tracing::error!(account, %last, "a stored segment is damaged");
            return Err(ProblemCode::AccountDamaged.into());
        }
        let balance = Amount::new(balance);
        Ok(Some(JournalPart::Segment {
            last,
            chain,
            balance: balance.map_err(|_| Error::Invariant("a stored balance is out of range"))?,
            frame,
        }))
    }

    /// The chain value after the entry at `seq`; `None` past the newest entry.
    pub fn chain_at(&self, row: &AccountRow, seq: Seq) -> Result<Option<Hash>, Error> {
        if seq == Seq::ZERO {
            return Ok(Some(chain::genesis(&row.account)));
        }
        if seq > row.state.seq {
            return Ok(None);
        }
        let query = "SELECT chain FROM entries WHERE account = ?1 AND seq = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let stored = statement.query_row(params![row.id, seq.0], |row| row.get(0));
        if let Some(chain) = stored.optional()? {
            return Ok(Some(Hash(chain)));
        }
        let last = Seq(seq.0.div_ceil(SEGMENT) * SEGMENT);
        let first = Seq(last.0 - SEGMENT);
        let before = match self.segment(row.id, first)? {
            Some(JournalPart::Segment { chain, .. }) => chain,
            Some(JournalPart::Lines { .. }) | None => chain::genesis(&row.account),
        };
        let Some(JournalPart::Segment { frame, .. }) = self.segment(row.id, last)? else {
            return Err(Error::Invariant("the journal has a gap"));
        };
        let wanted = usize::try_from(seq.0 - first.0).unwrap_or(0);
        let whole = decompress(&frame)?;
        let hash = lines(&whole)?
            .take(wanted)
            .fold(before, |previous, line| chain::next(&previous, line));
        Ok(Some(hash))
    }

    /// Fails with `account_damaged` unless the newest entries match their chain and reach the seq and chain value in
    /// the account's row.
    fn check_rows(&self, row: &AccountRow, after: Seq, rows: &JournalPart) -> Result<(), Error> {
        let JournalPart::Lines {
            last,
            chain,
            lines: whole,
        } = rows
        else {
            return Ok(());
        };
        let before = self.chain_at(row, after)?;
        let before = before.ok_or(Error::Invariant("the journal has a gap"))?;
        let computed = lines(whole)?.fold(before, |previous, line| chain::next(&previous, line));
        // Entries may have been appended since `row` was read.
        let reaches_head = match last.cmp(&row.state.seq) {
            Ordering::Less => false,
            Ordering::Equal => *chain == row.chain,
            Ordering::Greater => true,
        };
        match computed == *chain && reaches_head {
            true => Ok(()),
            false => Err(damaged(
                &row.account,
                "its newest entries are not what was chained",
            )),
        }
    }

    /// Several entries with the chain value after each, by seq. Seqs that are not in the journal are left out. Each
    /// segment is unpacked once.
    pub fn entries_at(
        &self,
        row: &AccountRow,
        seqs: &BTreeSet<Seq>,
    ) -> Result<BTreeMap<Seq, (Hash, Entry)>, Error> {
        let mut found = BTreeMap::new();
        let known = seqs
            .iter()
            .filter(|seq| **seq > Seq::ZERO && **seq <= row.state.seq);
        let known: Vec<_> = known.copied().collect();
        let base = |seq: &Seq| (seq.0 - 1) / SEGMENT * SEGMENT;
        for wanted in known.chunk_by(|one, next| base(one) == base(next)) {
            let first = Seq(base(&wanted[0]));
            let whole = match self.journal_after(row, first)? {
                None => continue,
                Some(JournalPart::Lines { lines, .. }) => lines,
                Some(JournalPart::Segment { frame, .. }) => decompress(&frame)?,
            };
            let before = self.chain_at(row, first)?;
            let mut chain = before.ok_or(Error::Invariant("the journal has a gap"))?;
            for (line, seq) in lines(&whole)?.zip(first.0 + 1..) {
                chain = chain::next(&chain, line);
                if wanted.contains(&Seq(seq)) {
                    found.insert(Seq(seq), (chain, entry::decode(line)?));
                }
            }
        }
        Ok(found)
    }

    /// One entry of the journal; `None` past the newest entry.
    pub fn entry(&self, row: &AccountRow, seq: Seq) -> Result<Option<Entry>, Error> {
        if seq == Seq::ZERO {
            return Ok(None);
        }
        let whole = match self.journal_after(row, Seq(seq.0 - 1))? {
            None => return Ok(None),
            Some(JournalPart::Lines { lines, .. }) => lines,
            Some(JournalPart::Segment { frame, .. }) => decompress(&frame)?,
        };
        let line = lines(&whole)?
            .next()
            .ok_or(Error::Invariant("the journal has a gap"))?;
        Ok(Some(entry::decode(line)?))
    }
}

fn segment_checksum(last: Seq, chain: &Hash, balance: i64, frame: &[u8]) -> i64 {
    let mut hasher = Xxh3Default::new();
    hasher.update(&last.0.to_le_bytes());
    hasher.update(&chain.0);
    hasher.update(&balance.to_le_bytes());
    hasher.update(frame);
    hasher.digest().cast_signed()
}
