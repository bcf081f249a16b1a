//! An account's stored state, computed from all its entries, with the version of the rules that computed it and a
//! checksum. A state of other rules is computed again from the journal; one that does not match its checksum is damage.

use boothkeeper_domain::account::FOLD_VERSION;
use boothkeeper_domain::billing::time::next;
use boothkeeper_domain::{Account, AccountId, Catalog, Hash, Seq, Timestamp};
use boothkeeper_wire::stream::{decompress, lines};
use boothkeeper_wire::{chain, entry};
use rusqlite::{Params, params};

use super::checksum::{Fold, damaged};
use super::{AccountRow, JournalPart, Tx};
use crate::Error;

impl Tx<'_> {
    /// Stores the account's state after its newest entry, with the version of the rules, a checksum, and the instant of
    /// the account's next task.
    pub(super) fn store_fold(
        &self,
        row: &AccountRow,
        due_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let state = serde_json::to_string(&row.state)?;
        let mark = Fold {
            account: row.account.as_str(),
            seq: row.state.seq.0,
            chain: &row.chain.0,
            state: &state,
        };
        let update = "UPDATE accounts SET seq = ?2, chain = ?3, state = ?4, due_at = ?5, rules = ?6, mark = ?7
                      WHERE id = ?1";
        self.connection.prepare_cached(update)?.execute(params![
            row.id,
            row.state.seq.0,
            row.chain.0,
            state,
            due_at.map(Timestamp::millis),
            FOLD_VERSION,
            mark.mark(),
        ])?;
        Ok(())
    }

    /// Accounts whose stored state was computed from the journal by another version of the rules.
    pub fn accounts_with_older_folds(&self) -> Result<Vec<AccountId>, Error> {
        self.accounts_where("rules <> ?1", [FOLD_VERSION])
    }

    /// Accounts whose next step (renewal, expiry, …) is scheduled.
    pub fn accounts_with_due(&self) -> Result<Vec<AccountId>, Error> {
        self.accounts_where("due_at IS NOT NULL", [])
    }

    fn accounts_where(
        &self,
        condition: &str,
        values: impl Params,
    ) -> Result<Vec<AccountId>, Error> {
        let query = format!("SELECT account FROM accounts WHERE {condition}");
        let mut statement = self.connection.prepare_cached(&query)?;
        let accounts = statement.query_map(values, |row| row.get::<_, String>(0))?;
        accounts
            .map(|account| Ok(AccountId::new(account?)?))
            .collect()
    }

    /// Computes an account's state again from its journal and stores it. Fails with `account_damaged` if the journal
    /// does not match its chain or ends before the seq in the account's row.
    pub fn rebuild_fold(&self, account: &AccountId, catalog: &Catalog) -> Result<(), Error> {
        let query = "SELECT id, seq, chain, card_token FROM accounts WHERE account = ?1";
        let mut row = self
            .connection
            .query_row(query, [account.as_str()], |row| {
                Ok(AccountRow {
                    id: row.get(0)?,
                    account: account.clone(),
                    programme: catalog.programme,
                    card_token: row.get(3)?,
                    chain: Hash(row.get(2)?),
                    // `journal_after` reads the journal up to this seq.
                    state: Account {
                        seq: Seq(row.get(1)?),
                        ..Account::default()
                    },
                })
            })?;
        let end = row.state.seq;
        let (mut state, mut at) = (Account::default(), Seq::ZERO);
        let mut so_far = chain::genesis(account);
        while let Some(stored) = self.journal_after(&row, at)? {
            let (last, chain, whole) = match stored {
                JournalPart::Lines { last, chain, lines } => (last, chain, lines),
                JournalPart::Segment {
                    last, chain, frame, ..
                } => (last, chain, decompress(&frame)?),
            };
            for line in lines(&whole)? {
                state.apply(&entry::decode(line)?)?;
                so_far = chain::next(&so_far, line);
            }
            if so_far != chain || state.seq != last {
                return Err(damaged(account, "its journal is not what was chained"));
            }
            at = last;
        }
        if state.seq != end || so_far != row.chain {
            return Err(damaged(account, "its journal ends before its head"));
        }
        row.state = state;
        let due = next(&row.state, catalog).map(|(at, _)| at);
        self.store_fold(&row, due)
    }
}
