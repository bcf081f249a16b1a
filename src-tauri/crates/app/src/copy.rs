//! One state of the proven copy, to ask several things of.

use std::sync::Arc;

use boothkeeper_domain::{Asset, Catalog};
use boothkeeper_store::Cache;
use boothkeeper_store::cache::{Head, Names};
use boothkeeper_store::outbox::{Binding, Divergence};

use crate::{App, AppError, Code};

pub(crate) struct Copied<'a> {
    pub cache: &'a Cache,
    pub binding: &'a Binding,
    pub head: Arc<Head>,
    pub names: Arc<Names>,
}

impl App {
    /// Asks the copy, which must have been synced.
    pub(crate) fn on_copy<T>(
        &self,
        ask: impl FnOnce(&Copied<'_>) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let binding = self.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        let answer = self.laptop.read(|cache| {
            let head = binding.own(cache.head(&binding.keys)?)?;
            let head = head.ok_or(AppError::new(Code::NotSynced))?;
            // Sums that do not come to the proven balance are not shown.
            cache.sums_to(&head)?;
            ask(&Copied {
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
            // The next sync mends it unasked.
            if self.hindered().is_none() {
                self.laptop.diverged(Divergence::Damage)?;
            }
        }
        answer
    }
}

impl Copied<'_> {
    /// The cloud's catalog as last fetched; before that the one this version ships.
    pub fn catalog(&self) -> Result<Catalog, AppError> {
        let identity = self.head.account.identity.as_ref();
        let programme = identity.ok_or(AppError::new(Code::NotSynced))?.programme;
        let kept = self.cache.catalog()?;
        if let Some(kept) = kept.filter(|kept| kept.programme == programme) {
            return Ok(kept);
        }
        Catalog::shipped(programme).map_err(|error| AppError::because(Code::Internal, error))
    }

    /// Nothing is said of what an import does not know.
    pub fn is_no_import(&self) -> Result<(), AppError> {
        match self.binding.imported {
            true => Err(AppError::new(Code::Imported)),
            false => Ok(()),
        }
    }

    pub fn asset(&self) -> Result<&Asset, AppError> {
        let identity = self.head.account.identity.as_ref();
        let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
        Ok(&identity.asset)
    }
}
