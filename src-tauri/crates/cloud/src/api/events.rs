//! The live channel: server-sent events that say where the journal ends. Hints, not contents.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use boothkeeper_domain::AccountId;
use boothkeeper_wire::api::{Beat, Head};
use futures_core::Stream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Caller;
use crate::ops::head;
use crate::{Cloud, Error};

/// A heartbeat at least this often; a laptop gives up after 12 s without one.
const BEAT: Duration = Duration::from_secs(5);

/// Says the head at once, on every change, and every five seconds.
#[utoipa::path(get, path = "/v1/events", responses((status = 200, content_type = "text/event-stream", body = Beat)))]
pub async fn events(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let channel = Channel {
        heads: cloud.follow(&row.account, head(&row)),
        account: row.account,
        cloud,
        begun: false,
    };
    let beats = futures_util::stream::unfold(channel, async |mut channel| {
        let event = channel.next().await?;
        Some((Ok(event), channel))
    });
    Ok(Sse::new(beats))
}

struct Channel {
    cloud: Cloud,
    account: AccountId,
    heads: watch::Receiver<Head>,
    begun: bool,
}

impl Channel {
    /// Waits for a new head, or for the next heartbeat. The stream ends when the head cannot be read:
    /// saying an old one would be claiming to be current.
    async fn next(&mut self) -> Option<Event> {
        let told = self.begun && matches!(timeout(BEAT, self.heads.changed()).await, Ok(Ok(())));
        self.begun = true;
        let head = if told {
            self.heads.borrow_and_update().clone()
        } else {
            self.stored_head().await?
        };
        let beat = Beat {
            epoch: self.cloud.epoch.clone(),
            time: self.cloud.clock.now(),
            head,
        };
        Event::default()
            .id(format!("{}:{}", beat.epoch, beat.head.seq))
            .event("beat")
            .json_data(&beat)
            .ok()
    }

    /// As it is in the store, whoever wrote it: a process that hears of nothing must not call itself
    /// current.
    async fn stored_head(&self) -> Option<Head> {
        let account = self.account.clone();
        let row = self.cloud.store.read(move |tx| tx.account(&account)).await;
        row.ok().map(|row| head(&row))
    }
}
