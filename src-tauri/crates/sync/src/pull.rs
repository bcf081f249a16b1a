//! One pull: reads the journal's stream from the end of the local copy, verifies it and applies it checkpoint by
//! checkpoint.
//!
//! Reading, verifying and writing each have their own thread. Entries are written only after a checkpoint confirms
//! them, so no transaction is open while the network is awaited.

use std::time::Duration;

use boothkeeper_domain::{Cursor, Seq};
use boothkeeper_store::cache::VerifiedBatch;
use boothkeeper_store::ingest::{Ingest, IngestError};
use boothkeeper_store::outbox::{Binding, Divergence};
use boothkeeper_wire::checkpoint::trusted_keys;
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::stream::{End, Frames, LEAST_RATE, STREAM_GRACE, STREAM_LONGEST};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::transport::{Body, TransportError};
use crate::{Client, LocalCopy, SyncError};

/// The last entry that a running pull has written; for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub seq: Seq,
}

/// Brings the local copy up to the cloud's newest entry. `progress` is called for every checkpoint written. Fails with
/// `Diverged` if the cloud's journal does not continue the copy, and with `WrongAccount` if the key opens another
/// account.
pub async fn pull(
    client: &Client,
    laptop: &LocalCopy,
    progress: impl Fn(Progress) + Clone + Send + 'static,
) -> Result<End, SyncError> {
    let binding = laptop.binding()?;
    let (head, ingest) = laptop
        .blocking(move |laptop| laptop.ingest(&binding))
        .await?;
    let cursor = head.map(|head| head.cursor());
    let (body, ingest) = match client.journal(cursor.as_ref(), true).await {
        Err(error) if is_refused_as(&error, ProblemCode::EpochChanged) => {
            let ingest = new_epoch(client, laptop).await?;
            (any_epoch(client, laptop, cursor.as_ref()).await?, ingest)
        }
        Err(error) => return Err(record_divergence(client, laptop, error).await?),
        Ok(body) => (body, ingest),
    };
    let end = if laptop.is_inline() {
        apply_inline(laptop, body, ingest, &progress).await?
    } else {
        apply_threaded(laptop, body, ingest, progress).await?
    };
    let (seq, as_of) = (end.seq, end.as_of);
    laptop
        .blocking(move |laptop| laptop.record_agreement(seq, as_of))
        .await?;
    Ok(end)
}

/// Prepares for a new epoch: the cloud was restored or rolled back. A new signing key is accepted only if a pinned key
/// vouches for it. The pull continues only if the cloud's journal has the same chain value at the local copy's last
/// entry.
async fn new_epoch(client: &Client, laptop: &LocalCopy) -> Result<Ingest, SyncError> {
    let meta = client.meta().await?;
    laptop
        .blocking(move |laptop| {
            let mut binding: Binding = laptop.binding()?;
            binding.keys = trusted_keys(&binding.keys, &meta.keys);
            laptop.outbox().bind(Some(&binding))?;
            Ok(laptop.ingest(&binding)?.1)
        })
        .await
}

async fn any_epoch(
    client: &Client,
    laptop: &LocalCopy,
    cursor: Option<&Cursor>,
) -> Result<Body, SyncError> {
    match client.journal(cursor, false).await {
        Ok(body) => Ok(body),
        Err(error) => Err(record_divergence(client, laptop, error).await?),
    }
}

fn is_refused_as(error: &SyncError, code: ProblemCode) -> bool {
    matches!(error, SyncError::Refused(problem) if problem.code == code)
}

/// Records that cloud and local copy diverge if the cloud refused the copy's cursor. Returns the error to report.
async fn record_divergence(
    client: &Client,
    laptop: &LocalCopy,
    error: SyncError,
) -> Result<SyncError, SyncError> {
    let what = if is_refused_as(&error, ProblemCode::Fork) {
        Divergence::Fork
    } else if is_refused_as(&error, ProblemCode::CursorAhead) {
        Divergence::CursorAhead
    } else {
        return Ok(error);
    };
    // With another account's key the cloud compared another journal, so its refusal says nothing about the local copy.
    let account = client.meta().await?.account;
    if account.is_some_and(|account| laptop.binding().is_ok_and(|b| b.account != account)) {
        return Ok(SyncError::WrongAccount);
    }
    laptop.record_divergence(what)?;
    Ok(SyncError::Diverged(what))
}

async fn apply_inline(
    laptop: &LocalCopy,
    body: Body,
    mut ingest: Ingest,
    progress: &impl Fn(Progress),
) -> Result<End, SyncError> {
    let (mut frames, mut body) = (Frames::default(), TimedBody::new(body));
    while let Some(chunk) = body.next().await? {
        let mut stretches = Vec::new();
        feed(&mut frames, &mut ingest, &chunk, &mut |v| stretches.push(v))?;
        for verified in stretches {
            laptop.cache().apply(&verified, laptop.clock().wall())?;
            progress(Progress {
                seq: verified.seq(),
            });
        }
    }
    frames.finish().map_err(IngestError::from)?;
    Ok(ingest.finish()?)
}

async fn apply_threaded(
    laptop: &LocalCopy,
    body: Body,
    ingest: Ingest,
    progress: impl Fn(Progress) + Send + 'static,
) -> Result<End, SyncError> {
    let (chunks, received) = mpsc::channel::<Bytes>(16);
    let (stretches, ready) = std::sync::mpsc::sync_channel::<VerifiedBatch>(1);
    let verifier = tokio::task::spawn_blocking(move || verify(received, ingest, &stretches));
    let writer = laptop.clone();
    let writer = tokio::task::spawn_blocking(move || {
        while let Ok(verified) = ready.recv() {
            writer.cache().apply(&verified, writer.clock().wall())?;
            progress(Progress {
                seq: verified.seq(),
            });
        }
        Ok::<_, SyncError>(())
    });
    let (mut broken, mut body) = (None, TimedBody::new(body));
    loop {
        match body.next().await {
            Ok(Some(chunk)) => {
                if chunks.send(chunk).await.is_err() {
                    // The verifier has stopped; its error is returned below.
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    drop(chunks);
    let verified = verifier.await.map_err(|_| SyncError::Worker)?;
    writer.await.map_err(|_| SyncError::Worker)??;
    match broken {
        Some(error) => Err(error),
        None => verified,
    }
}

fn verify(
    mut chunks: mpsc::Receiver<Bytes>,
    mut ingest: Ingest,
    stretches: &std::sync::mpsc::SyncSender<VerifiedBatch>,
) -> Result<End, SyncError> {
    let mut frames = Frames::default();
    while let Some(chunk) = chunks.blocking_recv() {
        // Sending fails only if the writer has stopped; `apply_threaded` returns the writer's own error.
        feed(&mut frames, &mut ingest, &chunk, &mut |verified| {
            let _ = stretches.send(verified);
        })?;
    }
    frames.finish().map_err(IngestError::from)?;
    Ok(ingest.finish()?)
}

fn feed(
    frames: &mut Frames,
    ingest: &mut Ingest,
    chunk: &[u8],
    sink: &mut dyn FnMut(VerifiedBatch),
) -> Result<(), SyncError> {
    let mut result = Ok(());
    frames
        .feed(chunk, &mut |frame| {
            if result.is_ok() {
                result = ingest.frame(frame, sink);
            }
        })
        .map_err(IngestError::from)?;
    result.map_err(|error| match error {
        IngestError::Required(_) => SyncError::UpdateNeeded,
        error => SyncError::Stream(error),
    })
}

/// A stream's bytes with a time limit: the average rate must not fall below a minimum, and the total time is bounded.
pub(crate) struct TimedBody {
    body: Body,
    begun: Instant,
    bytes: u64,
}

impl TimedBody {
    pub fn new(body: Body) -> Self {
        TimedBody {
            body,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    /// The next bytes; `None` at the end. Fails with `Offline` if the time limit is over.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SyncError> {
        let late = |_| SyncError::Offline(TransportError::new("the stream takes too long"));
        loop {
            let earned = self.bytes / LEAST_RATE;
            let seconds = (STREAM_GRACE + earned).min(STREAM_LONGEST);
            let deadline = self.begun + Duration::from_secs(seconds);
            let frame = match timeout_at(deadline, self.body.frame())
                .await
                .map_err(late)?
            {
                None => return Ok(None),
                Some(frame) => frame.map_err(SyncError::Offline)?,
            };
            if let Ok(bytes) = frame.into_data() {
                self.bytes += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    /// A body that brings `bytes` bytes every ten seconds, without end.
    fn trickle(bytes: usize) -> TimedBody {
        let chunks = futures_util::stream::repeat(()).then(move |()| async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok::<_, TransportError>(http_body::Frame::data(Bytes::from(vec![0; bytes])))
        });
        TimedBody::new(StreamBody::new(chunks).boxed_unsync())
    }

    /// Seconds until reading the body ends.
    async fn ends_after(mut body: TimedBody) -> u64 {
        let begun = Instant::now();
        while let Ok(Some(_)) = body.next().await {}
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn slow_stream_ends_at_its_time_limit() {
        // A stream below the minimum rate is ended after about a minute, a faster stream only after an hour.
        assert!((STREAM_GRACE..STREAM_GRACE + 15).contains(&ends_after(trickle(1)).await));
        let steady = usize::try_from(LEAST_RATE * 20).unwrap();
        assert_eq!(ends_after(trickle(steady)).await, STREAM_LONGEST);
    }
}
