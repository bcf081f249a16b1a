//! One state of the proven copy, to ask several things of.

use std::sync::Arc;

use boothkeeper_domain::Asset;
use boothkeeper_store::Cache;
use boothkeeper_store::cache::{Head, Names};

use crate::{App, AppError, Code};

pub(crate) struct Copied<'a> {
    pub cache: &'a Cache,
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
        self.laptop.read(|cache| {
            let head = cache.head(&binding.keys)?;
            ask(&Copied {
                cache,
                head: head.ok_or(AppError::new(Code::NotSynced))?,
                names: cache.names()?,
            })
        })
    }
}

impl Copied<'_> {
    pub fn asset(&self) -> Result<&Asset, AppError> {
        let identity = self.head.account.identity.as_ref();
        let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
        Ok(&identity.asset)
    }
}
