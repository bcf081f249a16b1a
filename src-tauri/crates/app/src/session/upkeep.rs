//! Looking after the copy: proven again once a day and after a crash, and mended where it can be.

use std::time::Duration;

use boothkeeper_domain::time::DAY;
use boothkeeper_store::cache::Scrub;
use boothkeeper_store::outbox::Divergence;
use boothkeeper_store::{Cache, StoreError};
use boothkeeper_sync::{Client, Laptop, SyncError, mend};

/// How often a process that runs for days asks whether a day has passed.
const ASK_EVERY: Duration = Duration::from_secs(3600);

/// What a window that starts has to itself, before the whole copy is read.
pub(crate) const FIRST_SCREEN: Duration = Duration::from_secs(2);

/// What a scrub found, or that the copy cannot even be read.
type Scrubbed = Result<Option<Scrub>, StoreError>;

/// Proves the whole copy, and mends what is found. What could not be mended is on record.
pub(crate) async fn prove(client: Option<&Client>, laptop: &Laptop) -> Result<Scrubbed, SyncError> {
    let mut found = scrub(laptop).await?;
    if is_hurt(&found) {
        match mend(client, laptop).await {
            Ok(true) => found = scrub(laptop).await?,
            Ok(false) => {}
            // It stays as it is, and on record.
            Err(error) => tracing::warn!(?error, "damage could not be mended"),
        }
    }
    let hurt = is_hurt(&found);
    laptop
        .blocking(move |laptop| match hurt {
            true => laptop.diverged(Divergence::Damage),
            false => laptop.proven(),
        })
        .await?;
    Ok(found)
}

async fn scrub(laptop: &Laptop) -> Result<Scrubbed, SyncError> {
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

fn is_hurt(found: &Scrubbed) -> bool {
    match found {
        Ok(scrub) => scrub.as_ref().is_some_and(|s| s.first_bad.is_some()),
        Err(_) => true,
    }
}

/// After a crash the file itself is looked at, too.
pub(crate) async fn after_crash(client: &Client, laptop: &Laptop) -> Result<(), SyncError> {
    let sound = laptop
        .blocking(|laptop| Ok(laptop.read(Cache::is_sound)?))
        .await?;
    if !sound {
        mend(Some(client), laptop).await?;
    }
    let _ = prove(Some(client), laptop).await?;
    Ok(())
}

/// Proves the copy whenever a day has passed since, for as long as it is polled.
pub(crate) async fn daily(client: &Client, laptop: &Laptop) -> SyncError {
    loop {
        if let Err(error) = if_due(client, laptop).await {
            tracing::warn!(?error, "the copy could not be proven again");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

pub(crate) async fn if_due(client: &Client, laptop: &Laptop) -> Result<(), SyncError> {
    let due = laptop
        .blocking(|laptop| {
            let now = laptop.clock().wall();
            let last = laptop.read(Cache::scrubbed_at)?;
            let damaged = laptop.binding()?.is_damaged();
            // A copy that is new was proven as it came.
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
