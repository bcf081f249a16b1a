//! One consistent state of the verified local copy of the journal, for several reads in a row.

use std::sync::Arc;

use boothkeeper_domain::{Asset, Catalog};
use boothkeeper_store::Cache;
use boothkeeper_store::cache::{Head, Names};
use boothkeeper_store::outbox::{Binding, Divergence};

use crate::{App, AppError, Code};

pub(crate) struct Snapshot<'a> {
    pub cache: &'a Cache,
    pub binding: &'a Binding,
    pub head: Arc<Head>,
    pub names: Arc<Names>,
}

impl App {
    /// Runs `ask` on one state of the verified local copy. Fails with `SignedOut` without an account, with `NotSynced`
    /// before the first sync, and with `Damaged` if the copy's sums do not match its verified balance.
    pub(crate) fn read_copy<T>(
        &self,
        ask: impl FnOnce(&Snapshot<'_>) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let binding = self.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        let answer = self.local_copy.read(|cache| {
            let head = binding.check_account(cache.head(&binding.keys)?)?;
            let head = head.ok_or(AppError::new(Code::NotSynced))?;
            // Without this check, damaged sums per day (rollups) would be shown as correct.
            cache.check_sums(&head)?;
            ask(&Snapshot {
                cache,
                binding: &binding,
                head,
                names: cache.names()?,
            })
        });
        if answer
            .as_ref()
            .is_err_and(|error| error.code == Code::Damaged)
        {
            // The next sync sees this record and repairs the copy.
            if self.read_only_reason().is_none() {
                self.local_copy.record_divergence(Divergence::Damage)?;
            }
        }
        answer
    }
}

impl Snapshot<'_> {
    /// The cloud's catalog as last fetched; before the first fetch, the catalog that is built into this version.
    pub fn catalog(&self) -> Result<Catalog, AppError> {
        let identity = self.head.account.identity.as_ref();
        let programme = identity.ok_or(AppError::new(Code::NotSynced))?.programme;
        let kept = self.cache.catalog()?;
        if let Some(kept) = kept.filter(|kept| kept.programme == programme) {
            return Ok(kept);
        }
        Catalog::shipped(programme).map_err(|error| AppError::because(Code::Internal, error))
    }

    /// Fails with `Imported` for an imported history, which lacks plan, period and card.
    pub fn require_cloud_account(&self) -> Result<(), AppError> {
        match self.binding.imported {
            true => Err(AppError::new(Code::Imported)),
            false => Ok(()),
        }
    }

    /// The unit of the account's amounts.
    pub fn asset(&self) -> Result<&Asset, AppError> {
        let identity = self.head.account.identity.as_ref();
        let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
        Ok(&identity.asset)
    }
}
