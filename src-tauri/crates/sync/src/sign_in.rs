//! Signing in: stores (pins) the account that the access key opens, and the cloud's signing keys.

use boothkeeper_store::outbox::Binding;
use boothkeeper_wire::api::Meta;

use crate::{LocalCopy, SyncError};

/// Binds the laptop to the account in `meta`. A local copy of another account is deleted first; the same account keeps
/// its copy and its pinned keys. Fails with `SignedOut` if `meta` names no account.
pub async fn bind(laptop: &LocalCopy, cloud: &str, meta: Meta) -> Result<Binding, SyncError> {
    let account = meta.account.ok_or(SyncError::SignedOut)?;
    let cloud = cloud.trim_end_matches('/').to_owned();
    laptop
        .blocking(move |laptop| {
            let bound = laptop.outbox().binding()?;
            let binding = match bound {
                Some(bound) if bound.account == account => Binding { cloud, ..bound },
                _ => {
                    laptop.delete_all()?;
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
