//! Stores the cloud's catalog with the copy, so that previews use the cloud's prices and policies and not those that
//! this version was built with.

use boothkeeper_store::StoreError;

use crate::{Client, Laptop, SyncError};

/// Fetches the catalog if the cloud's version differs from the stored one. A fetched catalog that cannot be parsed is
/// ignored, and the stored one stays.
pub async fn refresh_catalog(client: &Client, laptop: &Laptop) -> Result<(), SyncError> {
    let known = laptop
        .blocking(
            |laptop| match laptop.read(boothkeeper_store::Cache::catalog) {
                // The stored catalog is damaged: fetch it again.
                Err(StoreError::Damaged { .. }) => Ok(None),
                catalog => Ok(catalog?),
            },
        )
        .await?;
    let known = known.map(|catalog| catalog.version);
    match client.catalog(known).await {
        Ok(Some(catalog)) => {
            laptop
                .blocking(move |laptop| Ok(laptop.cache().set_catalog(&catalog)?))
                .await
        }
        Ok(None) | Err(SyncError::Malformed(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
