//! Signing in: the key is tried, the account and the cloud's signing keys are pinned.

use boothkeeper_store::outbox::Binding;

use crate::{Client, Laptop, SyncError};

/// Binds the laptop to the account that `client`'s key opens. Another account's copy is dropped first;
/// the same account keeps its copy and the keys pinned before.
pub async fn bind(client: &Client, laptop: &Laptop, cloud: &str) -> Result<Binding, SyncError> {
    let meta = client.meta().await?;
    let account = meta.account.ok_or(SyncError::SignedOut)?;
    let cloud = cloud.trim_end_matches('/').to_owned();
    laptop
        .blocking(move |laptop| {
            let bound = laptop.outbox().binding()?;
            let binding = match bound {
                Some(bound) if bound.account == account => Binding { cloud, ..bound },
                _ => {
                    laptop.forget()?;
                    Binding {
                        cloud,
                        account,
                        keys: meta.keys,
                        clock: meta.clock,
                        diverged: None,
                        imported: false,
                    }
                }
            };
            laptop.outbox().bind(Some(&binding))?;
            Ok(binding)
        })
        .await
}
