//! The live channel: server-sent events that say where the journal ends. Hints, not contents.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
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
    let heads = cloud.follow(&row.account, head(&row));
    // The row was read before the channel was joined; the newest head is read after.
    let account = row.account.clone();
    let current = cloud.store.read(move |tx| tx.account(&account)).await?;
    cloud.announce(&row.account, head(&current));
    let first = Some(head(&current));
    let beats = futures_util::stream::unfold((cloud, heads, first), next_beat);
    Ok(Sse::new(beats))
}

type Channel = (Cloud, watch::Receiver<Head>, Option<Head>);

async fn next_beat(
    (cloud, mut heads, first): Channel,
) -> Option<(Result<Event, Infallible>, Channel)> {
    let head = match first {
        Some(head) => head,
        None => {
            // A closed channel only means that nobody announces; the heartbeat goes on.
            if let Ok(Err(_)) = timeout(BEAT, heads.changed()).await {
                tokio::time::sleep(BEAT).await;
            }
            heads.borrow_and_update().clone()
        }
    };
    let beat = Beat {
        epoch: cloud.epoch.clone(),
        time: cloud.clock.now(),
        head,
    };
    let event = Event::default()
        .id(format!("{}:{}", beat.epoch, beat.head.seq))
        .event("beat")
        .json_data(&beat)
        .ok()?;
    Some((Ok(event), (cloud, heads, None)))
}
