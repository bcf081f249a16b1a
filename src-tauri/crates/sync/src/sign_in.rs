//! Signing in: the account that a key has opened and the cloud's signing keys are pinned.

use boothkeeper_store::outbox::Binding;
use boothkeeper_wire::api::Meta;

use crate::{Laptop, SyncError};

/// Binds the laptop to the account that the cloud has named to its key. Another account's copy is dropped
/// first; the same account keeps its copy and the keys pinned before.
pub async fn bind(laptop: &Laptop, cloud: &str, meta: Meta) -> Result<Binding, SyncError> {
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
