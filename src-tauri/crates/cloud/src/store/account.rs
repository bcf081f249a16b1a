//! An account's row and its journal: rows for the newest entries, sealed segments for the rest.

use boothkeeper_domain::billing::time::next;
use boothkeeper_domain::{Account, AccountId, Amount, Catalog, Entry, Hash, Programme, Seq};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::{SEGMENT, compress, decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::{OptionalExtension, params};

use super::Tx;
use crate::Error;

/// An account as stored.
#[derive(Debug, Clone)]
pub struct AccountRow {
    pub id: i64,
    pub account: AccountId,
    pub programme: Programme,
    /// The simulated processor's, a JSON document; opaque to the store.
    pub card_behaviour: String,
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
        card_behaviour: &str,
    ) -> Result<AccountRow, Error> {
        let (state, genesis) = (Account::default(), chain::genesis(account));
        let query =
            "INSERT INTO accounts (account, key_hash, programme, card_behaviour, seq, chain, state)
                     VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)";
        self.connection.execute(
            query,
            params![
                account.as_str(),
                key_hash.0,
                serde_json::to_string(&programme)?,
                card_behaviour,
                genesis.0,
                serde_json::to_string(&state)?,
            ],
        )?;
        Ok(AccountRow {
            id: self.connection.last_insert_rowid(),
            account: account.clone(),
            programme,
            card_behaviour: card_behaviour.to_owned(),
            chain: genesis,
            state,
        })
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
            "SELECT id, account, programme, card_behaviour, chain, state FROM accounts WHERE {condition}"
        );
        let mut statement = self.connection.prepare_cached(&query)?;
        let row = statement.query_row(values, |row| {
            let (account, programme, state): (String, String, String) =
                (row.get(1)?, row.get(2)?, row.get(5)?);
            Ok((
                row.get(0)?,
                account,
                programme,
                row.get(3)?,
                row.get(4)?,
                state,
            ))
        });
        row.optional()?
            .map(|(id, account, programme, card_behaviour, chain, state)| {
                Ok(AccountRow {
                    id,
                    account: AccountId::new(account)?,
                    programme: serde_json::from_str(&programme)?,
                    card_behaviour,
                    chain: Hash(chain),
                    state: serde_json::from_str(&state)?,
                })
            })
            .transpose()
    }

    pub fn set_card_behaviour(&self, account: i64, behaviour: &str) -> Result<(), Error> {
        let query = "UPDATE accounts SET card_behaviour = ?2 WHERE id = ?1";
        self.connection
            .execute(query, params![account, behaviour])?;
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
        let update =
            "UPDATE accounts SET seq = ?2, chain = ?3, state = ?4, due_at = ?5 WHERE id = ?1";
        let state = serde_json::to_string(&row.state)?;
        let due = next(&row.state, catalog).map(|(at, _)| at.millis());
        let values = params![row.id, row.state.seq.0, row.chain.0, state, due];
        self.connection.prepare_cached(update)?.execute(values)?;
        Ok(())
    }

    /// Moves the rows up to `last` into a segment.
    fn seal(&self, row: &AccountRow, last: Seq) -> Result<(), Error> {
        let lines = self.rows_after(row.id, Seq(last.0 - SEGMENT))?;
        let Stored::Lines { lines, .. } = lines else {
            return Err(Error::Invariant("a segment without rows"));
        };
        let insert = "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection.prepare_cached(insert)?.execute(params![
            row.id,
            last.0,
            row.chain.0,
            row.state.balance.minor(),
            compress(&lines)?,
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
            return self.rows_after(row.id, after).map(Some);
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
        let query = "SELECT chain, balance, frame FROM segments WHERE account = ?1 AND last = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row(params![account, last.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        row.optional()?
            .map(|(chain, balance, frame)| {
                Ok(Stored::Segment {
                    last,
                    chain: Hash(chain),
                    balance: Amount::new(balance)
                        .map_err(|_| Error::Invariant("a stored balance is out of range"))?,
                    frame,
                })
            })
            .transpose()
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
            _ => chain::genesis(&row.account),
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
