//! Repairs a damaged local copy: from its stored entries if they verify, otherwise by fetching the damaged parts from
//! the cloud.

use boothkeeper_domain::{Cursor, Hash, Seq};
use boothkeeper_store::cache::RepairOutcome;
use boothkeeper_wire::stream::{Control, Frame, Frames};

use crate::pull::TimedBody;
use crate::{Client, LocalCopy, SyncError};

/// Number of damaged segments (1000 entries each) that one call can fetch. More damage is left for the next call; the
/// disk may be failing.
const ROUNDS: usize = 16;

/// Repairs the local copy; true if it is undamaged afterwards. Without a client (offline) only the stored entries are
/// used.
pub async fn repair(client: Option<&Client>, laptop: &LocalCopy) -> Result<bool, SyncError> {
    for _ in 0..ROUNDS {
        let wanted = laptop.blocking(LocalCopy::repair).await?;
        let Some(client) = client else {
            return Ok(wanted == RepairOutcome::Done);
        };
        let fetched = match wanted {
            RepairOutcome::Done => return Ok(true),
            RepairOutcome::Fetch {
                after,
                chain_after,
                last,
            } => fetch(client, laptop, after, chain_after, last).await?,
            RepairOutcome::Rebuild => false,
        };
        if !fetched {
            let beside = laptop.blocking(LocalCopy::create_replacement).await?;
            crate::pull(client, &beside, |_| {}).await?;
            laptop
                .blocking(move |laptop| Ok(laptop.replace_with(beside)?))
                .await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fetches and replaces one damaged segment. `false` if the cloud's bytes are not those that the stored chain value
/// proves.
async fn fetch(
    client: &Client,
    laptop: &LocalCopy,
    after: Seq,
    chain_after: Hash,
    last: Seq,
) -> Result<bool, SyncError> {
    let cursor = Cursor {
        epoch: client.meta().await?.epoch,
        seq: after,
        chain: chain_after,
    };
    let Some(frame) = first_segment(client, &cursor).await? else {
        return Ok(false);
    };
    laptop
        .blocking(move |laptop| Ok(laptop.cache().replace_segment(chain_after, last, &frame)?))
        .await
}

/// The first frame of entries after a cursor, compressed. The rest of the stream is not read.
async fn first_segment(client: &Client, cursor: &Cursor) -> Result<Option<Vec<u8>>, SyncError> {
    let mut body = TimedBody::new(client.journal(Some(cursor), false).await?);
    let mut frames = Frames::default();
    let mut found: Option<Frame> = None;
    while found.is_none() {
        let Some(chunk) = body.next().await? else {
            break;
        };
        frames
            .feed(&chunk, &mut |frame| {
                if found.is_none() && Control::parse(&frame.lines).is_none() {
                    found = Some(frame);
                }
            })
            .map_err(boothkeeper_store::ingest::IngestError::from)?;
    }
    Ok(found.map(|frame| frame.compressed))
}
