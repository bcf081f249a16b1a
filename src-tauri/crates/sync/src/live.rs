//! The live channel's reader: server-sent events as heads.

use std::pin::Pin;
use std::time::Duration;

use boothkeeper_wire::api::Beat;
use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::transport::TransportError;
use crate::{Client, SyncError};

/// A heartbeat comes every 5 s; two missed ones and a little are silence.
const SILENCE: Duration = Duration::from_secs(12);

/// An open channel.
pub struct Channel {
    beats: Pin<Box<dyn Stream<Item = Result<Beat, SyncError>> + Send>>,
}

impl Channel {
    pub async fn open(client: &Client) -> Result<Self, SyncError> {
        let beats = Box::pin(beats(client.events().await?));
        Ok(Channel { beats })
    }

    /// The next heartbeat, or why there is none.
    pub async fn beat(&mut self) -> Result<Beat, SyncError> {
        let event = timeout(SILENCE, self.beats.next())
            .await
            .map_err(|late| SyncError::Offline(TransportError::new(late)))?;
        event.unwrap_or_else(|| {
            let ended = "the live channel ended";
            Err(SyncError::Offline(TransportError::new(ended)))
        })
    }
}

fn beats(body: crate::transport::Body) -> impl Stream<Item = Result<Beat, SyncError>> {
    let bytes = body.into_data_stream();
    bytes.eventsource().filter_map(|event| async {
        match event {
            Ok(event) if event.event == "beat" => {
                Some(serde_json::from_str(&event.data).map_err(SyncError::Malformed))
            }
            // Events of a later cloud are none of our business.
            Ok(_) => None,
            Err(error) => Some(Err(SyncError::Offline(TransportError::new(
                error.to_string(),
            )))),
        }
    })
}
