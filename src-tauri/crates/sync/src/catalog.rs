//! The cloud's catalog, kept beside the copy: previews are computed with the prices and policies that the
//! cloud has, not those that this version was built with.

use crate::{Client, Laptop, SyncError};

/// Fetches the catalog if the cloud has another than the one kept. One that cannot be read leaves the one
/// kept in its place.
pub async fn refresh_catalog(client: &Client, laptop: &Laptop) -> Result<(), SyncError> {
    let known = laptop
        .blocking(|laptop| Ok(laptop.read(|cache| cache.catalog())?))
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
