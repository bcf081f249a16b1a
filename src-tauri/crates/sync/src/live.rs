//! Reads the live channel: server-sent events, each a heartbeat that names the newest entry of the cloud's journal.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use boothkeeper_wire::api::Beat;
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, Stream, StreamExt};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::transport::TransportError;
use crate::{Client, SyncError};

/// Heartbeats come every 5 s. After two missed ones and 2 s more the connection counts as broken.
const SILENCE: Duration = Duration::from_secs(12);

/// Most bytes between two heartbeats. A heartbeat has a few hundred bytes.
const MAX_BETWEEN: usize = 64 * 1024;
/// Most heartbeats that are read at once if they have arrived already. Only the newest of them counts.
const MAX_WAITING: usize = 1000;

/// An open live channel to the cloud.
pub struct Channel {
    beats: Pin<Box<dyn Stream<Item = Result<Beat, SyncError>> + Send>>,
}

impl Channel {
    pub async fn open(client: &Client) -> Result<Self, SyncError> {
        let beats = Box::pin(beats(client.events().await?));
        Ok(Channel { beats })
    }

    /// The newest heartbeat that has arrived, else the next one. Fails with `Offline` if the channel ends or is silent.
    pub async fn beat(&mut self) -> Result<Beat, SyncError> {
        let event = timeout(SILENCE, self.beats.next())
            .await
            .map_err(|late| SyncError::Offline(TransportError::new(late)))?;
        let mut beat = event.unwrap_or_else(ended)?;
        for _ in 0..MAX_WAITING {
            match self.beats.next().now_or_never() {
                Some(newer) => beat = newer.unwrap_or_else(ended)?,
                None => break,
            }
        }
        Ok(beat)
    }
}

fn ended() -> Result<Beat, SyncError> {
    let ended = "the live channel ended";
    Err(SyncError::Offline(TransportError::new(ended)))
}

fn beats(body: crate::transport::Body) -> impl Stream<Item = Result<Beat, SyncError>> {
    // Bytes since the last heartbeat. Their limit also stops other events and lines without an end.
    let since = Arc::new(AtomicUsize::new(0));
    let counted = since.clone();
    let bytes = body.into_data_stream().map(move |chunk| {
        let chunk = chunk?;
        let so_far = counted.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len();
        match so_far <= MAX_BETWEEN {
            true => Ok(chunk),
            false => Err(TransportError::new("the live channel says too much")),
        }
    });
    bytes.eventsource().filter_map(move |event| {
        let since = since.clone();
        async move {
            match event {
                Ok(event) if event.event == "beat" => {
                    since.store(0, Ordering::Relaxed);
                    Some(serde_json::from_str(&event.data).map_err(SyncError::Malformed))
                }
                // Ignore event types of newer clouds.
                Ok(_) => None,
                Err(error) => Some(Err(SyncError::Offline(TransportError::new(
                    error.to_string(),
                )))),
            }
        }
    })
}
