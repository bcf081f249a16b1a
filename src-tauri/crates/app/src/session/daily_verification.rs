//! Verifies the whole local copy once a day and after a crash, and repairs damage if possible.

use std::time::Duration;

use boothkeeper_domain::time::DAY;
use boothkeeper_store::cache::Scrub;
use boothkeeper_store::outbox::Divergence;
use boothkeeper_store::{Cache, StoreError};
use boothkeeper_sync::{Client, LocalCopy, SyncError, repair};

/// Interval at which a running process checks whether the daily verification is due.
const ASK_EVERY: Duration = Duration::from_secs(3600);

/// Delay before the first verification, so that it does not slow down the first screen.
pub(crate) const FIRST_SCREEN: Duration = Duration::from_secs(2);

/// Result of verifying the whole copy (a scrub); an error if the copy is too damaged to be read.
type ScrubResult = Result<Option<Scrub>, StoreError>;

/// Verifies the whole local copy and repairs damage. Damage that remains is recorded, as `Divergence::Damage`.
pub(crate) async fn prove(
    client: Option<&Client>,
    laptop: &LocalCopy,
) -> Result<ScrubResult, SyncError> {
    let mut found = scrub(laptop).await?;
    if is_damaged(&found) {
        match repair(client, laptop).await {
            Ok(true) => found = scrub(laptop).await?,
            Ok(false) => {}
            // The damage remains and is recorded below.
            Err(error) => tracing::warn!(?error, "damage could not be mended"),
        }
    }
    let damaged = is_damaged(&found);
    laptop
        .blocking(move |laptop| match damaged {
            true => laptop.record_divergence(Divergence::Damage),
            false => laptop.record_verified(),
        })
        .await?;
    Ok(found)
}

async fn scrub(laptop: &LocalCopy) -> Result<ScrubResult, SyncError> {
    laptop
        .blocking(|laptop| {
            let binding = laptop.binding()?;
            match laptop.read(|cache| cache.scrub(&binding.account, &binding.keys)) {
                Err(error @ StoreError::Damaged { .. }) => Ok(Err(error)),
                scrub => Ok(Ok(scrub?)),
            }
        })
        .await
}

fn is_damaged(found: &ScrubResult) -> bool {
    match found {
        Ok(scrub) => scrub.as_ref().is_some_and(|s| s.first_bad.is_some()),
        Err(_) => true,
    }
}

/// Verifies the local copy after a crash, including SQLite's own integrity check.
pub(crate) async fn after_crash(client: &Client, laptop: &LocalCopy) -> Result<(), SyncError> {
    let sound = laptop
        .blocking(|laptop| Ok(laptop.read(Cache::is_sound)?))
        .await?;
    if !sound {
        repair(Some(client), laptop).await?;
    }
    let _ = prove(Some(client), laptop).await?;
    Ok(())
}

/// Verifies the local copy once a day. Never returns.
pub(crate) async fn daily(client: &Client, laptop: &LocalCopy) -> SyncError {
    loop {
        if let Err(error) = if_due(client, laptop).await {
            tracing::warn!(?error, "the copy could not be proven again");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Verifies the local copy if it was last verified a day ago or more, or is recorded as damaged.
pub(crate) async fn if_due(client: &Client, laptop: &LocalCopy) -> Result<(), SyncError> {
    let due = laptop
        .blocking(|laptop| {
            let now = laptop.clock().wall();
            let last = laptop.read(Cache::scrubbed_at)?;
            let damaged = laptop.binding()?.is_damaged();
            // A new copy was verified while it was fetched from the cloud.
            let Some(last) = last else {
                laptop.cache().set_scrubbed_at(now)?;
                return Ok(false);
            };
            Ok(damaged || now.since(last) >= DAY)
        })
        .await?;
    if due {
        let _ = prove(Some(client), laptop).await?;
    }
    Ok(())
}
