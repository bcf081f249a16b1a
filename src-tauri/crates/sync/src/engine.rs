//! The engine: one task that keeps the copy current and the outbox empty, and says how it stands.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use boothkeeper_domain::trust::Reason;
use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_store::ingest::IngestError;
use boothkeeper_store::outbox::Divergence;
use boothkeeper_wire::api::Beat;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use crate::live::Channel;
use crate::pull::Progress;
use crate::{Client, Laptop, SyncError, disputes, mend, pull, push, refresh_catalog};

/// Streams that contradict themselves this often in a row are the cloud's, not the network's.
const SUSPICIONS: u32 = 3;

/// How the connection stands. Never stored: after a restart it is "not connected" until proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// When, on the boot clock, a heartbeat last agreed with the copy, on a connection still open.
    pub agreed_at: Option<i64>,
    /// Why there is none.
    pub reason: Reason,
    /// Where a long pull has got to.
    pub pulling: Option<Seq>,
    /// Counts what may have changed on screen: entries applied, commands answered.
    pub revision: u64,
}

impl Default for Status {
    fn default() -> Self {
        Status {
            agreed_at: None,
            reason: Reason::NotConnected,
            pulling: None,
            revision: 0,
        }
    }
}

pub struct Engine {
    client: Client,
    laptop: Laptop,
    status: watch::Sender<Status>,
    /// Wakes the engine: a command was queued, or "try again" was pressed.
    pub nudge: std::sync::Arc<Notify>,
}

impl Engine {
    pub fn new(client: Client, laptop: Laptop, status: watch::Sender<Status>) -> Self {
        Engine {
            client,
            laptop,
            status,
            nudge: std::sync::Arc::new(Notify::new()),
        }
    }

    /// Runs until dropped, or until the key is refused: that needs a person. A copy that has diverged is
    /// compared again and again, more and more slowly: the cloud may be mended.
    pub async fn run(&self) -> SyncError {
        let mut suspicions = 0;
        let mut backoff = backoff();
        loop {
            let error = self.connected(&mut suspicions, &mut backoff).await;
            self.disconnected(&error);
            if let Some(what) = error.suspicion() {
                suspicions += 1;
                if suspicions >= SUSPICIONS
                    && let Err(error) = self.laptop.diverged(what)
                {
                    return error;
                }
            }
            let named = error.retry_after().unwrap_or_default().min(MAX_NAMED_WAIT);
            match error {
                SyncError::SignedOut
                | SyncError::NotBound
                | SyncError::WrongAccount
                | SyncError::UpdateNeeded => {
                    return error;
                }
                SyncError::Store(boothkeeper_store::StoreError::Damaged { .. }) => {
                    // What could not be mended is tried again with everything else.
                    let _ = mend(Some(&self.client), &self.laptop).await;
                }
                _ => {}
            }
            let wait = backoff.next().unwrap_or(MAX_WAIT).max(named);
            let _ = timeout(wait, self.nudge.notified()).await;
        }
    }

    /// Recovers, follows the channel, pulls and pushes until something fails.
    async fn connected(
        &self,
        suspicions: &mut u32,
        backoff: &mut backon::ExponentialBackoff,
    ) -> SyncError {
        let recovered = self
            .laptop
            .blocking(|laptop| Ok(laptop.outbox().recover()?))
            .await;
        if let Err(error) = recovered {
            return error;
        }
        if let Err(error) = refresh_catalog(&self.client, &self.laptop).await {
            return error;
        }
        tokio::select! {
            // In a fixed order, so that a simulation's seed replays exactly.
            biased;
            error = self.follow(suspicions, backoff) => error,
            error = self.push_when_nudged() => error,
        }
    }

    async fn follow(
        &self,
        suspicions: &mut u32,
        backoff: &mut backon::ExponentialBackoff,
    ) -> SyncError {
        let begun = Instant::now();
        let mut channel = match Channel::open(&self.client).await {
            Ok(channel) => channel,
            Err(error) => return error,
        };
        loop {
            let beat = match channel.beat().await {
                Ok(beat) => beat,
                Err(error) => return error,
            };
            if let Err(error) = self.beat(&beat).await {
                return error;
            }
            // Another process may have queued something: it leaves the sending to this one.
            let waiting = self
                .laptop
                .blocking(|laptop| Ok(laptop.outbox().next(&[])?));
            match waiting.await {
                Ok(Some(_)) => self.nudge.notify_one(),
                Ok(None) => {}
                Err(error) => return error,
            }
            *suspicions = 0;
            if begun.elapsed() >= SETTLED {
                *backoff = self::backoff();
            }
            // Heads are hints: however many come, what they ask for is done so often and no more.
            tokio::time::sleep(BETWEEN_BEATS).await;
        }
    }

    /// A head: pull if it is ahead, believe it if it is where we are, and say which. One that no pinned key has
    /// signed is a hint that there may be something to fetch; it makes nothing live and moves no time.
    async fn beat(&self, beat: &Beat) -> Result<(), SyncError> {
        let received = self.laptop.clock().since_boot();
        let binding = self.laptop.binding()?;
        let signed = match beat.is_signed_for(&binding.account, &binding.keys) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Reason::CloudTooOld),
            Err(_) => Err(Reason::Server),
        };
        let keys = binding.keys;
        let head = self
            .laptop
            .blocking(move |laptop| Ok(laptop.read(|cache| cache.head_as_kept(&keys))?))
            .await?;
        let cursor = head.map(|head| head.cursor());
        let here = cursor.as_ref().map_or(Seq::ZERO, |cursor| cursor.seq);
        let same_epoch = cursor.as_ref().is_none_or(|c| c.epoch == beat.epoch);
        if same_epoch && here == beat.head.seq {
            if let Err(reason) = signed {
                self.not_live(reason);
                return self.tickets().await;
            }
            if cursor.is_some_and(|cursor| cursor.chain != beat.head.chain) {
                self.laptop.diverged(Divergence::Fork)?;
                return Err(SyncError::Diverged(Divergence::Fork));
            }
            self.agreed(beat.head.seq, beat.time, received).await?;
            return self.tickets().await;
        }
        let status = self.status.clone();
        let end = pull(&self.client, &self.laptop, move |Progress { seq }| {
            status.send_modify(|status| status.pulling = Some(seq));
        })
        .await;
        self.status.send_modify(|status| status.pulling = None);
        let end = end?;
        self.status.send_modify(|status| status.revision += 1);
        if end.seq < beat.head.seq {
            // A head was named that the journal does not have: asking again at once would bring the same.
            return Err(SyncError::Stream(IngestError::Order(
                "it ends before the head that was named",
            )));
        }
        match signed {
            Ok(()) => self.agreed(end.seq, end.as_of, received).await?,
            Err(reason) => self.not_live(reason),
        }
        self.tickets().await
    }

    /// The connection stands, and yet nothing may be called current.
    fn not_live(&self, reason: Reason) {
        self.status.send_if_modified(|status| {
            let changed = status.agreed_at.is_some() || status.reason != reason;
            (status.agreed_at, status.reason) = (None, reason);
            changed
        });
    }

    /// What support has said and done; what has come right by itself is taken back. Tickets that
    /// cannot be had are no reason to stop following the cloud.
    async fn tickets(&self) -> Result<(), SyncError> {
        self.laptop.blocking(disputes::review).await?;
        match disputes::refresh_tickets(&self.client, &self.laptop).await {
            Err(SyncError::Server { .. }) => {}
            refreshed => {
                if refreshed? {
                    self.status.send_modify(|status| status.revision += 1);
                }
            }
        }
        Ok(())
    }

    async fn agreed(&self, seq: Seq, as_of: Timestamp, received: i64) -> Result<(), SyncError> {
        self.laptop
            .blocking(move |laptop| laptop.agreed(seq, as_of))
            .await?;
        self.status.send_modify(|status| {
            status.agreed_at = Some(received);
            status.revision += 1;
        });
        Ok(())
    }

    async fn push_when_nudged(&self) -> SyncError {
        loop {
            match push(&self.client, &self.laptop, false).await {
                Ok(pushed) if pushed.answered == 0 => {}
                Ok(_) => self.status.send_modify(|status| status.revision += 1),
                // The channel's own error will tell; a busy cloud is asked again with the next nudge.
                Err(error @ (SyncError::Store(_) | SyncError::SignedOut)) => return error,
                Err(error) => {
                    self.status.send_modify(|status| status.revision += 1);
                    let wait = error.retry_after().unwrap_or(Duration::from_secs(2));
                    let wait = wait.min(MAX_NAMED_WAIT);
                    let _ = timeout(wait, self.nudge.notified()).await;
                    continue;
                }
            }
            self.nudge.notified().await;
        }
    }

    fn disconnected(&self, error: &SyncError) {
        self.status.send_modify(|status| {
            status.agreed_at = None;
            status.pulling = None;
            status.reason = error.reason();
            status.revision += 1;
        });
    }
}

const MAX_WAIT: Duration = Duration::from_secs(10);
/// A connection that has lasted so long is a good one: the next failure begins with a short wait again.
const SETTLED: Duration = Duration::from_secs(10);
/// Between two heads that are looked at; those that come meanwhile are told by the newest of them.
const BETWEEN_BEATS: Duration = Duration::from_millis(20);
/// A cloud that asks for more than this is asked again all the same.
const MAX_NAMED_WAIT: Duration = Duration::from_secs(300);

fn backoff() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(MAX_WAIT)
        .without_max_times()
        .build()
}
