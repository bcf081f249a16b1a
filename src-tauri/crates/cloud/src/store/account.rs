//! An account's row and its journal: rows for the newest entries, sealed segments for the rest.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::billing::time::next;
use boothkeeper_domain::{Account, AccountId, Amount, Catalog, Entry, Hash, Programme, Seq};
use boothkeeper_wire::api::Head;
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::{SEGMENT, compress, decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::{OptionalExtension, params};
use xxhash_rust::xxh3::Xxh3Default;

use super::Tx;
use super::fold::{Fold, damaged};
use crate::Error;

/// An account as stored.
#[derive(Debug, Clone)]
pub struct AccountRow {
    pub id: i64,
    pub account: AccountId,
    pub programme: Programme,
    /// The processor's token for the card on file.
    pub card_token: Option<String>,
    pub chain: Hash,
    pub state: Account,
}

/// A run of the journal as it is kept.
#[derive(Debug)]
pub enum Stored {
    /// A sealed segment's frame, with the chain and balance at its end.
    Segment {
        last: Seq,
        chain: Hash,
        balance: Amount,
        frame: Vec<u8>,
    },
    /// Lines with their newlines, and the chain at their end.
    Lines {
        last: Seq,
        chain: Hash,
        lines: Vec<u8>,
    },
}

impl Tx<'_> {
    pub fn insert_account(
        &self,
        account: &AccountId,
        key_hash: &Hash,
        programme: Programme,
        card_token: Option<&str>,
    ) -> Result<AccountRow, Error> {
        let (state, genesis) = (Account::default(), chain::genesis(account));
        let query =
            "INSERT INTO accounts (account, key_hash, programme, card_token, seq, chain, state, rules, mark)
                     VALUES (?1, ?2, ?3, ?4, 0, ?5, '', 0, 0)";
        self.connection.execute(
            query,
            params![
                account.as_str(),
                key_hash.0,
                serde_json::to_string(&programme)?,
                card_token,
                genesis.0,
            ],
        )?;
        let row = AccountRow {
            id: self.connection.last_insert_rowid(),
            account: account.clone(),
            programme,
            card_token: card_token.map(str::to_owned),
            chain: genesis,
            state,
        };
        self.keep_fold(&row, None)?;
        Ok(row)
    }

    pub fn programme(&self, account: &AccountId) -> Result<Programme, Error> {
        let query = "SELECT programme FROM accounts WHERE account = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let programme = statement.query_row([account.as_str()], |row| row.get::<_, String>(0))?;
        Ok(serde_json::from_str(&programme)?)
    }

    pub fn account_by_key(&self, key_hash: &Hash) -> Result<Option<AccountRow>, Error> {
        self.account_where("key_hash = ?1", params![key_hash.0])
    }

    pub fn account(&self, account: &AccountId) -> Result<AccountRow, Error> {
        let row = self.account_where("account = ?1", params![account.as_str()])?;
        row.ok_or_else(|| ProblemCode::NotFound.into())
    }

    fn account_where(
        &self,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Option<AccountRow>, Error> {
        let query = format!(
            "SELECT id, account, programme, card_token, chain, state, seq, rules, mark FROM accounts WHERE {condition}"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let row = statement.query_row(values, |row| {
            let (account, programme, state): (String, String, String) =
                (row.get(1)?, row.get(2)?, row.get(5)?);
            let chain: [u8; 32] = row.get(4)?;
            let fold = Fold {
                account: &account,
                seq: row.get(6)?,
                chain: &chain,
                state: &state,
            };
            let sound =
                row.get::<_, u32>(7)? == FOLD_VERSION && fold.mark() == row.get::<_, i64>(8)?;
            let (id, card_token) = (row.get(0)?, row.get(3)?);
            Ok((id, account, programme, card_token, chain, state, sound))
        });
        let Some((id, account, programme, card_token, chain, state, sound)) = row.optional()?
        else {
            return Ok(None);
        };
        let account = AccountId::new(account)?;
        if !sound {
            return Err(damaged(&account, "its fold is not what was stored"));
        }
        Ok(Some(AccountRow {
            id,
            programme: serde_json::from_str(&programme)?,
            card_token,
            chain: Hash(chain),
            state: serde_json::from_str(&state)?,
            account,
        }))
    }

    /// Whose key it is and where the journal ends, without the fold: what a live channel asks every few seconds.
    pub fn head_by_key(&self, key_hash: &Hash) -> Result<Option<(AccountId, Head)>, Error> {
        let query = "SELECT account, seq, chain FROM accounts WHERE key_hash = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let found = statement.query_row([key_hash.0], |row| {
            let head = Head {
                seq: Seq(row.get(1)?),
                chain: Hash(row.get(2)?),
            };
            Ok((row.get::<_, String>(0)?, head))
        });
        let found = found.optional()?;
        found
            .map(|(account, head)| Ok((AccountId::new(account)?, head)))
            .transpose()
    }

    pub fn set_card_token(&self, account: i64, token: Option<&str>) -> Result<(), Error> {
        let query = "UPDATE accounts SET card_token = ?2 WHERE id = ?1";
        self.connection.execute(query, params![account, token])?;
        Ok(())
    }

    pub fn revoke_key(&self, account: i64, never: &Hash) -> Result<(), Error> {
        let query = "UPDATE accounts SET key_hash = ?2 WHERE id = ?1";
        self.connection.execute(query, params![account, never.0])?;
        Ok(())
    }

    /// Encodes, chains and stores entries with the state after them, and when that next asks for
    /// something: the one place where bytes of the journal are made.
    pub fn append(
        &self,
        row: &mut AccountRow,
        entries: &[Entry],
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let insert = "INSERT INTO entries VALUES (?1, ?2, ?3, ?4)";
        for entry in entries {
            let line = entry::encode(entry)?;
            row.state.apply(entry)?;
            row.chain = chain::next(&row.chain, &line);
            let values = params![row.id, entry.seq.0, line, row.chain.0];
            self.connection.prepare_cached(insert)?.execute(values)?;
            if entry.seq.0.is_multiple_of(SEGMENT) {
                self.seal(row, entry.seq)?;
            }
        }
        let due = next(&row.state, catalog).map(|(at, _)| at);
        self.keep_fold(row, due)
    }

    /// Moves the rows up to `last` into a segment.
    fn seal(&self, row: &AccountRow, last: Seq) -> Result<(), Error> {
        let lines = self.rows_after(row.id, Seq(last.0 - SEGMENT))?;
        let Stored::Lines { lines, .. } = lines else {
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
            segment_mark(last, &row.chain, row.state.balance.minor(), &frame),
        ])?;
        let delete = "DELETE FROM entries WHERE account = ?1 AND seq <= ?2";
        self.connection
            .prepare_cached(delete)?
            .execute(params![row.id, last.0])?;
        Ok(())
    }

    fn rows_after(&self, account: i64, after: Seq) -> Result<Stored, Error> {
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
        Ok(Stored::Lines { last, chain, lines })
    }

    /// The next run of the journal after `after`: the rest of a segment, or the newest rows. `None` at
    /// the head.
    pub fn stored_after(&self, row: &AccountRow, after: Seq) -> Result<Option<Stored>, Error> {
        if after >= row.state.seq {
            return Ok(None);
        }
        let last = Seq((after.0 / SEGMENT + 1) * SEGMENT);
        let Some(segment) = self.segment(row.id, last)? else {
            let rows = self.rows_after(row.id, after)?;
            self.check_rows(row, after, &rows)?;
            return Ok(Some(rows));
        };
        let Stored::Segment { chain, frame, .. } = &segment else {
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
        Ok(Some(Stored::Lines {
            last,
            chain: *chain,
            lines: whole[offset..].to_vec(),
        }))
    }

    fn segment(&self, account: i64, last: Seq) -> Result<Option<Stored>, Error> {
        let query =
            "SELECT chain, balance, frame, mark FROM segments WHERE account = ?1 AND last = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, last.0], |row| {
            let (chain, balance): ([u8; 32], i64) = (row.get(0)?, row.get(1)?);
            let (frame, mark): (Vec<u8>, Option<i64>) = (row.get(2)?, row.get(3)?);
            let chain = Hash(chain);
            // Segments of before there were marks have none.
            let sound = mark.is_none_or(|mark| mark == segment_mark(last, &chain, balance, &frame));
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
        Ok(Some(Stored::Segment {
            last,
            chain,
            balance: balance.map_err(|_| Error::Invariant("a stored balance is out of range"))?,
            frame,
        }))
    }

    /// The chain value after the entry at `seq`; `None` past the head.
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
            Some(Stored::Segment { chain, .. }) => chain,
            Some(Stored::Lines { .. }) | None => chain::genesis(&row.account),
        };
        let Some(Stored::Segment { frame, .. }) = self.segment(row.id, last)? else {
            return Err(Error::Invariant("the journal has a gap"));
        };
        let wanted = usize::try_from(seq.0 - first.0).unwrap_or(0);
        let whole = decompress(&frame)?;
        let hash = lines(&whole)?
            .take(wanted)
            .fold(before, |previous, line| chain::next(&previous, line));
        Ok(Some(hash))
    }

    /// The newest rows are what was chained, up to the head that the account's marked row names.
    fn check_rows(&self, row: &AccountRow, after: Seq, rows: &Stored) -> Result<(), Error> {
        let Stored::Lines {
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
        // More may have been appended since the account was read.
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

    /// Several entries, each with the chain value there, by place; what is not in the journal is left out. Each
    /// segment is opened once.
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
            let whole = match self.stored_after(row, first)? {
                None => continue,
                Some(Stored::Lines { lines, .. }) => lines,
                Some(Stored::Segment { frame, .. }) => decompress(&frame)?,
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

    /// One entry, as committed.
    pub fn entry(&self, row: &AccountRow, seq: Seq) -> Result<Option<Entry>, Error> {
        if seq == Seq::ZERO {
            return Ok(None);
        }
        let whole = match self.stored_after(row, Seq(seq.0 - 1))? {
            None => return Ok(None),
            Some(Stored::Lines { lines, .. }) => lines,
            Some(Stored::Segment { frame, .. }) => decompress(&frame)?,
        };
        let line = lines(&whole)?
            .next()
            .ok_or(Error::Invariant("the journal has a gap"))?;
        Ok(Some(entry::decode(line)?))
    }
}

fn segment_mark(last: Seq, chain: &Hash, balance: i64, frame: &[u8]) -> i64 {
    let mut hasher = Xxh3Default::new();
    hasher.update(&last.0.to_le_bytes());
    hasher.update(&chain.0);
    hasher.update(&balance.to_le_bytes());
    hasher.update(frame);
    hasher.digest().cast_signed()
}
