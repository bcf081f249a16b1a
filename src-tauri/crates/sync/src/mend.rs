//! Mending a damaged copy: from its own proven bytes, else by fetching what is broken.

use boothkeeper_domain::{Cursor, Seq};
use boothkeeper_store::cache::Mend;
use boothkeeper_wire::stream::{Control, Frame, Frames};

use crate::pull::next_chunk;
use crate::{Client, Laptop, SyncError};

/// Mends what surrounds `seq`. `None` for the client means offline: only local bytes can help.
pub async fn mend(
    client: Option<&Client>,
    laptop: &Laptop,
    seq: Option<Seq>,
) -> Result<bool, SyncError> {
    let binding = laptop.binding()?;
    let account = binding.account.clone();
    let plan = laptop
        .blocking(move |laptop| match seq {
            Some(seq) => Ok(laptop.cache().mend(&account, seq, laptop.zone())?),
            None => Ok(Mend::Rebuild),
        })
        .await?;
    let Some(client) = client else {
        return Ok(plan == Mend::Done);
    };
    match plan {
        Mend::Done => Ok(true),
        Mend::Fetch {
            after,
            chain_after,
            last,
            ..
        } => {
            let epoch = client.meta().await?.epoch;
            let cursor = Cursor {
                epoch,
                seq: after,
                chain: chain_after,
            };
            let Some(frame) = first_segment(client, &cursor).await? else {
                return Ok(false);
            };
            let account = binding.account;
            laptop
                .blocking(move |laptop| {
                    let mut cache = laptop.cache();
                    Ok(cache.replace_segment(&account, last, &frame, laptop.zone())?)
                })
                .await
        }
        Mend::Rebuild => {
            let beside = laptop.blocking(Laptop::beside).await?;
            crate::pull(client, &beside, |_| {}).await?;
            laptop
                .blocking(move |laptop| Ok(laptop.replace_with(beside)?))
                .await?;
            Ok(true)
        }
    }
}

/// The first frame of entries after a cursor; the rest of the stream is not read.
async fn first_segment(client: &Client, cursor: &Cursor) -> Result<Option<Vec<u8>>, SyncError> {
    let mut body = client.journal(Some(cursor), false).await?;
    let mut frames = Frames::default();
    let mut found: Option<Frame> = None;
    while found.is_none() {
        let Some(chunk) = next_chunk(&mut body).await? else {
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
