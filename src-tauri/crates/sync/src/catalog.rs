//! The cloud's catalog, kept beside the copy: previews are computed with the prices and policies that the
//! cloud has, not those that this version was built with.

use boothkeeper_store::StoreError;

use crate::{Client, Laptop, SyncError};

/// Fetches the catalog if the cloud has another than the one kept. One that cannot be read leaves the one
/// kept in its place.
pub async fn refresh_catalog(client: &Client, laptop: &Laptop) -> Result<(), SyncError> {
    let known = laptop
        .blocking(
            |laptop| match laptop.read(boothkeeper_store::Cache::catalog) {
                // The one kept is not what was fetched: it is fetched again.
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
