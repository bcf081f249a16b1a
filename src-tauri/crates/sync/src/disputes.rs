//! Disputes between laptop and cloud. The reason of a dispute is checked again before it is sent, and its files are
//! uploaded first. The resulting tickets are fetched from the cloud.

use std::collections::BTreeSet;

use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Catalog, Hash, Kind, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::Head;
use boothkeeper_store::ingest::IngestError;
use boothkeeper_store::outbox::{Command, Draft, OutboxState};
use boothkeeper_wire::dispute::BlobState;
use boothkeeper_wire::problem::{Problem, ProblemCode};

use crate::{Client, LocalCopy, SyncError};

/// Bytes of a file in one request: a broken connection loses at most this much.
const PIECE: usize = 256 * 1024;
/// After this many answers without progress an upload fails. An answer can be without progress if another laptop sends
/// the same file, or the cloud has dropped the bytes it had.
const MAX_STALLED: u32 = 8;

/// Ms for which a draft that was withdrawn automatically stays listed as withdrawn.
const WITHDRAWN_SHOWN_FOR: i64 = 7 * DAY;

/// Takes back drafts of disputes whose reason is gone. A draft that the operator never edited withdraws itself, is
/// listed as withdrawn for a week, and is then deleted. An edited or queued draft stays, is not sent, and is marked as
/// resolved.
pub fn review(laptop: &LocalCopy) -> Result<(), SyncError> {
    let drafts = laptop.outbox().drafts()?;
    if drafts.is_empty() {
        return Ok(());
    }
    let binding = laptop.binding()?;
    let read = |cache: &boothkeeper_store::Cache| {
        let Some(head) = cache.head(&binding.keys)? else {
            return Ok((Timestamp::default(), vec![]));
        };
        let catalog = catalog(cache, &head)?;
        let mut resolved = Vec::new();
        for draft in drafts {
            if !premise_holds(&draft, cache, &head, &catalog)? {
                resolved.push(draft);
            }
        }
        Ok::<_, StoreError>((head.as_of, resolved))
    };
    let (now, resolved) = laptop.read(read)?;
    for mut draft in resolved {
        let outbox = laptop.outbox();
        if let Some(id) = draft.command {
            let state = outbox.get(id)?.map(|command| command.state);
            let unsent = match state {
                Some(OutboxState::Queued) => outbox.cancel(id)?,
                // The dispute is or may be at the cloud: support will answer that its problem is resolved.
                Some(state) => matches!(state, OutboxState::Cancelled | OutboxState::Rejected),
                None => true,
            };
            if !unsent {
                continue;
            }
            // The operator wanted the dispute sent: keep the draft, so that the operator decides.
            (draft.command, draft.edited) = (None, true);
        } else if draft.came_right {
            if draft.is_withdrawn() && now.since(draft.saved_at) > WITHDRAWN_SHOWN_FOR {
                outbox.drop_draft(draft.id)?;
            }
            continue;
        } else if !draft.edited {
            draft.saved_at = now;
        }
        draft.came_right = true;
        outbox.put_draft(&draft)?;
    }
    Ok(())
}

fn catalog(cache: &boothkeeper_store::Cache, head: &Head) -> Result<Catalog, StoreError> {
    let programme = head.account.identity.as_ref().map(|i| i.programme);
    match (cache.catalog()?, programme) {
        (Some(catalog), _) => Ok(catalog),
        (None, Some(programme)) => Ok(Catalog::shipped(programme)?),
        (None, None) => Err(StoreError::damaged(Seq::ZERO)),
    }
}

fn premise_holds(
    draft: &Draft,
    cache: &boothkeeper_store::Cache,
    head: &Head,
    catalog: &Catalog,
) -> Result<bool, StoreError> {
    let Some(premise) = &draft.premise else {
        return Ok(true);
    };
    let names = cache.names()?;
    let mut refunded = BTreeSet::new();
    let mut rows = Vec::new();
    for seq in &premise.entries {
        rows.extend(cache.row(*seq)?);
    }
    for found in cache.with_followers(rows)? {
        let kinds = found.followed_by.iter().map(|(kind, _)| names.name(*kind));
        let refund = Some(Kind::UsageRefund.name());
        // An entry that is not a run needs no refund: count it as refunded.
        let run = names.name(found.row.kind) == Some(Kind::Usage.name());
        if !run || kinds.into_iter().any(|kind| kind == refund) {
            refunded.insert(found.row.seq);
        }
    }
    let refunded = |seq: Seq| refunded.contains(&seq);
    Ok(premise.holds(&head.account, catalog, &refunded, head.as_of))
}

/// Whether the local copy has the cloud's newest entry, so that a dispute's reason is checked against all entries.
pub(crate) async fn is_current(client: &Client, laptop: &LocalCopy) -> Result<bool, SyncError> {
    let head = client.meta().await?.head;
    let copied = laptop.blocking(|laptop| Ok(laptop.last_seq()?)).await?;
    Ok(head.is_none_or(|head| head.seq <= copied))
}

/// Uploads the files that a command names. Fails with `FileLost` if one is not in the folder.
pub(crate) async fn upload_files(
    client: &Client,
    laptop: &LocalCopy,
    command: &Command,
) -> Result<(), SyncError> {
    let named = command.request.as_ref().map(|request| &request.blobs);
    for sha256 in named.into_iter().flatten().copied() {
        let kept = laptop
            .blocking(move |laptop| Ok(laptop.blobs().get(&sha256)?))
            .await?;
        match kept {
            Some(bytes) => upload(client, sha256, &bytes).await?,
            None => {
                // The file is gone or was changed. Without it the dispute is not the one that was queued.
                let problem = Problem::new(ProblemCode::FileLost);
                return Err(SyncError::Refused(Box::new(problem)));
            }
        }
    }
    Ok(())
}

/// Uploads a file from the cloud's offset until the cloud reports the file as complete. If the cloud holds every byte
/// but does not report so, this sends an empty piece: the cloud may have crashed before it marked the file as complete.
async fn upload(client: &Client, sha256: Hash, bytes: &[u8]) -> Result<(), SyncError> {
    let length = bytes.len() as u64;
    let mut stalled = 0;
    let mut known: Option<BlobState> = client.blob_held(&sha256).await?;
    loop {
        if known.as_ref().is_some_and(|state| state.complete) {
            return Ok(());
        }
        let offset = known.as_ref().map_or(0, |state| state.held).min(length);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let piece = bytes.get(from..).unwrap_or_default();
        let piece = &piece[..piece.len().min(PIECE)];
        let held = match client.put_blob(&sha256, offset, length, piece).await {
            Ok(state) => {
                // Progress means that the cloud now holds exactly the bytes up to the end of this piece.
                let moved = !piece.is_empty() && state.held == offset + piece.len() as u64;
                stalled += u32::from(!state.complete && !moved);
                Some(state)
            }
            Err(SyncError::Refused(problem)) if problem.code == ProblemCode::UploadOffset => {
                stalled += 1;
                client.blob_held(&sha256).await?
            }
            // The bytes at the cloud were not this file's, and the cloud has dropped them. Start again at offset 0.
            Err(SyncError::Refused(problem)) if problem.code == ProblemCode::BlobMismatch => {
                stalled += 1;
                None
            }
            Err(error) => return Err(error),
        };
        if stalled >= MAX_STALLED {
            let problem = Problem::new(ProblemCode::BlobMissing);
            return Err(SyncError::Refused(Box::new(problem)));
        }
        known = held;
    }
}

/// Fetches the tickets if the journal has a newer entry about disputes than the stored tickets. Then marks drafts that
/// have become tickets as filed. Returns whether tickets were fetched.
pub async fn refresh_tickets(client: &Client, laptop: &LocalCopy) -> Result<bool, SyncError> {
    let due = laptop
        .blocking(|laptop| {
            let keys = laptop.binding()?.keys;
            let read = |cache: &boothkeeper_store::Cache| {
                let head = cache.head(&keys)?;
                let newest = head.map_or(Seq::ZERO, |head| head.account.disputes_at);
                let known = match cache.tickets_seq() {
                    // The stored seq is damaged: fetch the tickets again.
                    Err(StoreError::Damaged { .. }) => None,
                    known => known?,
                };
                Ok::<_, StoreError>((newest, known))
            };
            let (newest, known) = laptop.read(read)?;
            Ok(newest > known.unwrap_or(Seq::ZERO))
        })
        .await?;
    if due && !fetch_tickets(client, laptop).await? {
        return Ok(false);
    }
    laptop.blocking(|laptop| Ok(drop_filed(laptop)?)).await?;
    Ok(due)
}

/// Fetches changed tickets page by page and stores each page. `false` if the cloud does not support disputes.
async fn fetch_tickets(client: &Client, laptop: &LocalCopy) -> Result<bool, SyncError> {
    let mut after = laptop
        .blocking(|laptop| match laptop.cache().tickets_after() {
            Err(StoreError::Damaged { .. }) => {
                laptop.cache().forget_tickets()?;
                Ok(None)
            }
            after => Ok(after?),
        })
        .await?;
    loop {
        let page = match client.disputes(after).await {
            Err(SyncError::Refused(_) | SyncError::Malformed(_)) => return Ok(false),
            page => page?,
        };
        // Every page but the last must move the cursor on; else this loop would not end.
        let moves_on = page.after > after;
        let (next, last) = (page.after, !page.has_more);
        let whole = page.after.is_none() && !page.disputes.is_empty();
        laptop
            .blocking(move |laptop| Ok(laptop.cache().put_tickets(&page, whole)?))
            .await?;
        if last {
            return Ok(true);
        }
        if !moves_on {
            return Err(SyncError::Stream(IngestError::Order(
                "a page of tickets repeats",
            )));
        }
        after = next;
    }
}

/// Marks drafts whose ticket has been fetched as filed, and deletes files that no draft or open command names. Other
/// processes cannot write the outbox meanwhile, so they cannot name a file that is being deleted.
fn drop_filed(laptop: &LocalCopy) -> Result<(), StoreError> {
    let tickets = laptop.read(boothkeeper_store::Cache::tickets)?;
    let tickets = tickets.map_or(vec![], |tickets| tickets.disputes);
    let outbox = laptop.outbox();
    outbox.in_write_transaction(|| {
        let mut named: BTreeSet<Hash> = BTreeSet::new();
        for draft in outbox.drafts()? {
            let command = draft.command.map(|id| outbox.get(id)).transpose()?;
            let ticket = command.flatten().and_then(|command| command.dispute);
            match ticket {
                Some(ticket) if tickets.iter().any(|known| known.id == ticket) => {
                    outbox.filed(&draft, &ticket)?;
                }
                _ => named.extend(draft.files.iter().map(|file| file.sha256)),
            }
        }
        for command in outbox.list()? {
            if command.state.is_open() {
                let request = command.request.as_ref();
                named.extend(request.into_iter().flat_map(|request| &request.blobs));
            }
        }
        laptop.blobs().retain(&named);
        Ok(())
    })
}
