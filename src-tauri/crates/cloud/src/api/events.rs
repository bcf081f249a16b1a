//! The live channel: server-sent events that name the journal's newest entry (head). The events are hints; the entries
//! themselves are fetched as a stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use boothkeeper_domain::{AccountId, Hash};
use boothkeeper_wire::api::{Beat, Head};
use boothkeeper_wire::checkpoint::HeartbeatBody;
use boothkeeper_wire::problem::{Problem, ProblemCode};
use futures_core::Stream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::extract::Key;
use crate::cloud::Permit;
use crate::{Cloud, Error};

/// The longest time between two heartbeats. A laptop closes the channel after 12 s without one.
const BEAT: Duration = Duration::from_secs(5);

/// The most live channels of one account at a time: one for each of its windows and watchers.
pub const MAX_CHANNELS: usize = 100;

/// Sends the journal's head (its newest entry) at once, on every change, and every five seconds.
#[utoipa::path(get, path = "/v1/events", responses((status = 200, content_type = "text/event-stream", body = Beat), (status = 429, body = Problem)))]
pub async fn events(
    State(cloud): State<Cloud>,
    Key(key): Key,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let (account, head) = stored_head(&cloud, key).await?;
    let channel = Channel {
        permit: cloud.open_channels.take(&account, MAX_CHANNELS)?,
        heads: cloud.subscribe(&account, head),
        account,
        key,
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
    /// The hash of the key that opened the channel. When the key is revoked, the channel ends.
    key: Hash,
    heads: watch::Receiver<Head>,
    begun: bool,
    #[expect(dead_code, reason = "held until the channel is dropped")]
    permit: Permit,
}

impl Channel {
    /// Waits for a new head (newest entry) or the next heartbeat. `None` ends the channel, as an old head would look
    /// current: the head cannot be read, or the key does not open this account any more.
    async fn next(&mut self) -> Option<Event> {
        let notified =
            self.begun && matches!(timeout(BEAT, self.heads.changed()).await, Ok(Ok(())));
        self.begun = true;
        // The store also has heads that another process wrote, and shows whether the key was revoked.
        let stored = stored_head(&self.cloud, self.key).await.ok();
        let (account, mut head) = stored.filter(|(account, _)| *account == self.account)?;
        if notified {
            let newest = self.heads.borrow_and_update().clone();
            head = if newest.seq > head.seq { newest } else { head };
        }
        let (epoch, time) = (self.cloud.epoch.clone(), self.cloud.clock.now());
        let body = HeartbeatBody {
            account: &account,
            epoch: &epoch,
            head: &head,
            time,
        };
        let signed = Some(body.sign(&self.cloud.key));
        let beat = Beat {
            account: Some(account),
            signed,
            epoch,
            time,
            head,
        };
        Event::default()
            .id(format!("{}:{}", beat.epoch, beat.head.seq))
            .event("beat")
            .json_data(&beat)
            .ok()
    }
}

async fn stored_head(cloud: &Cloud, key: Hash) -> Result<(AccountId, Head), Error> {
    let found = cloud.store.read(move |tx| tx.head_by_key(&key)).await?;
    found.ok_or_else(|| ProblemCode::Unauthenticated.into())
}
