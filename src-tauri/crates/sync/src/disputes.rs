//! Disputes between laptop and cloud: looked at again before they are sent, their files first; and the tickets
//! that came of them.

use std::collections::BTreeSet;

use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Catalog, Hash, Kind, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::Head;
use boothkeeper_store::ingest::IngestError;
use boothkeeper_store::outbox::{Command, Draft, State};
use boothkeeper_wire::dispute::BlobState;
use boothkeeper_wire::problem::{Problem, ProblemCode};

use crate::{Client, Laptop, SyncError};

/// One piece of a file: a cut costs at most this.
const PIECE: usize = 256 * 1024;
/// Offsets are asked for anew this often: another laptop may send the same file, or the cloud may have dropped
/// what it had. Answers that do not move on end there.
const ATTEMPTS: u32 = 8;

/// So long is said that a draft withdrew itself.
const TOLD_FOR: i64 = 7 * DAY;

/// Takes back what has come right by itself. A draft that is still as the app wrote it withdraws itself, says so for
/// a week, and goes; one that was changed or sent off stays, is not sent, and says so.
pub fn review(laptop: &Laptop) -> Result<(), SyncError> {
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
        let mut right = Vec::new();
        for draft in drafts {
            if !holds(&draft, cache, &head, &catalog)? {
                right.push(draft);
            }
        }
        Ok::<_, StoreError>((head.as_of, right))
    };
    let (now, right) = laptop.read(read)?;
    for mut draft in right {
        let outbox = laptop.outbox();
        if let Some(id) = draft.command {
            let state = outbox.get(id)?.map(|command| command.state);
            let unsent = match state {
                Some(State::Queued) => outbox.cancel(id)?,
                // On its way, or there: support will say that it has come right.
                Some(state) => matches!(state, State::Cancelled | State::Rejected),
                None => true,
            };
            if !unsent {
                continue;
            }
            // Somebody wanted it sent: it asks.
            (draft.command, draft.edited) = (None, true);
        } else if draft.came_right {
            if draft.is_withdrawn() && now.since(draft.saved_at) > TOLD_FOR {
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

fn holds(
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
        // What is not a run has nothing to come back.
        let run = names.name(found.row.kind) == Some(Kind::Usage.name());
        if !run || kinds.into_iter().any(|kind| kind == refund) {
            refunded.insert(found.row.seq);
        }
    }
    let refunded = |seq: Seq| refunded.contains(&seq);
    Ok(premise.holds(&head.account, catalog, &refunded, head.as_of))
}

/// Whether the copy is where the cloud is: what is complained of is looked at as it is now.
pub(crate) async fn is_current(client: &Client, laptop: &Laptop) -> Result<bool, SyncError> {
    let head = client.meta().await?.head;
    let copied = laptop.blocking(|laptop| Ok(laptop.copied_to()?)).await?;
    Ok(head.is_none_or(|head| head.seq <= copied))
}

/// Sends the files a command names.
pub(crate) async fn upload_files(
    client: &Client,
    laptop: &Laptop,
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
                // It is not here any more, or not what it was: without it this is another dispute.
                let problem = Problem::new(ProblemCode::FileLost);
                return Err(SyncError::Refused(Box::new(problem)));
            }
        }
    }
    Ok(())
}

/// Continues where the cloud has got to, until it says that it holds the whole file. What it holds to the last byte
/// without saying so is asked about again, with no bytes: a crash can have come before the file was marked.
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
                // What was sent is what is held, and the last byte makes it whole; else it does not move on.
                let moved = !piece.is_empty() && state.held == offset + piece.len() as u64;
                stalled += u32::from(!state.complete && !moved);
                Some(state)
            }
            Err(SyncError::Refused(problem)) if problem.code == ProblemCode::UploadOffset => {
                stalled += 1;
                client.blob_held(&sha256).await?
            }
            // It was no file of ours that the cloud had begun: it has dropped it.
            Err(SyncError::Refused(problem)) if problem.code == ProblemCode::BlobMismatch => {
                stalled += 1;
                None
            }
            Err(error) => return Err(error),
        };
        if stalled >= ATTEMPTS {
            let problem = Problem::new(ProblemCode::BlobMissing);
            return Err(SyncError::Refused(Box::new(problem)));
        }
        known = held;
    }
}

/// Fetches the tickets if the journal tells of anything new about them; drafts that have become tickets go.
/// Whether there was anything new.
pub async fn refresh_tickets(client: &Client, laptop: &Laptop) -> Result<bool, SyncError> {
    let due = laptop
        .blocking(|laptop| {
            let keys = laptop.binding()?.keys;
            let read = |cache: &boothkeeper_store::Cache| {
                let head = cache.head(&keys)?;
                let told = head.map_or(Seq::ZERO, |head| head.account.disputes_at);
                let known = match cache.tickets_seq() {
                    // They are fetched again.
                    Err(StoreError::Damaged { .. }) => None,
                    known => known?,
                };
                Ok::<_, StoreError>((told, known))
            };
            let (told, known) = laptop.read(read)?;
            Ok(told > known.unwrap_or(Seq::ZERO))
        })
        .await?;
    if due && !fetch_tickets(client, laptop).await? {
        return Ok(false);
    }
    laptop.blocking(|laptop| Ok(tidy(laptop)?)).await?;
    Ok(due)
}

/// Fetches what has changed, page by page; each is kept as it comes. `false` for a cloud that knows of no disputes.
async fn fetch_tickets(client: &Client, laptop: &Laptop) -> Result<bool, SyncError> {
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
        // Each page moves on, or it is the last.
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

/// Drops drafts whose ticket is here, and files that nothing names: not while somebody else names one.
fn tidy(laptop: &Laptop) -> Result<(), StoreError> {
    let tickets = laptop.read(boothkeeper_store::Cache::tickets)?;
    let tickets = tickets.map_or(vec![], |tickets| tickets.disputes);
    let outbox = laptop.outbox();
    outbox.alone(|| {
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
