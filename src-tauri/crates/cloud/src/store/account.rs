//! Accounts: their rows with access key, newest seq and the state computed from all entries; and the append of entries.

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::billing::time::next;
use boothkeeper_domain::{Account, AccountId, Catalog, Entry, Hash, Programme, Seq};
use boothkeeper_wire::api::Head;
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::SEGMENT;
use boothkeeper_wire::{chain, entry};
use rusqlite::{OptionalExtension, params};

use super::Tx;
use super::checksum::{Fold, damaged};
use crate::Error;

/// A stored account.
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
        self.store_fold(&row, None)?;
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

    /// The account of an access key and its head (newest seq and chain value), without the account's state: live
    /// channels read it every few seconds.
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

    /// Encodes, chains and stores entries, with the account's state after them and the instant of the account's next
    /// task. No other function makes bytes of the journal.
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
        self.store_fold(row, due)
    }
}
