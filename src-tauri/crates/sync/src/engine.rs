//! The engine: one task that keeps the local copy current, sends the outbox's commands and publishes the connection's
//! [`Status`].

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
use crate::{Client, LocalCopy, SyncError, disputes, pull, push, refresh_catalog, repair};

/// After this many streams in a row that contradict their signatures or entries, the cloud is at fault, not the
/// network, and the local copy counts as diverged.
const MAX_SUSPICIONS: u32 = 3;

/// The state of the connection to the cloud. Never stored: after a restart it is "not connected" until a heartbeat
/// agrees with the local copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Boot-clock ms at which a heartbeat last agreed with the local copy. `None` if the copy is not known to be
    /// current.
    pub agreed_at: Option<i64>,
    /// Why the local copy is not known to be current, while `agreed_at` is `None`.
    pub reason: Reason,
    /// The last entry that a running pull has written.
    pub pulling: Option<Seq>,
    /// Grows whenever the screen may have to change: entries applied, commands answered.
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
    local_copy: LocalCopy,
    status: watch::Sender<Status>,
    /// Wakes the engine: a command was queued, or "try again" was pressed.
    pub wake: std::sync::Arc<Notify>,
}

impl Engine {
    pub fn new(client: Client, local_copy: LocalCopy, status: watch::Sender<Status>) -> Self {
        Engine {
            client,
            local_copy,
            status,
            wake: std::sync::Arc::new(Notify::new()),
        }
    }

    /// Runs until dropped, or until an error that only the operator can resolve, such as a refused key. A local copy
    /// that differs from the cloud's journal is compared again after growing waits, because the cloud may be repaired.
    pub async fn run(&self) -> SyncError {
        let mut suspicions = 0;
        let mut backoff = backoff();
        loop {
            let error = self.connected(&mut suspicions, &mut backoff).await;
            self.disconnected(&error);
            if let Some(what) = error.suspicion() {
                suspicions += 1;
                if suspicions >= MAX_SUSPICIONS
                    && let Err(error) = self.local_copy.record_divergence(what)
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
                    // If the repair fails, the next round tries again.
                    let _ = repair(Some(&self.client), &self.local_copy).await;
                }
                _ => {}
            }
            let wait = backoff.next().unwrap_or(MAX_WAIT).max(named);
            let _ = timeout(wait, self.wake.notified()).await;
        }
    }

    /// Recovers interrupted commands, refreshes the catalog, then follows the live channel and sends commands until one
    /// of the two fails.
    async fn connected(
        &self,
        suspicions: &mut u32,
        backoff: &mut backon::ExponentialBackoff,
    ) -> SyncError {
        let recovered = self
            .local_copy
            .blocking(|laptop| Ok(laptop.outbox().recover()?))
            .await;
        if let Err(error) = recovered {
            return error;
        }
        if let Err(error) = refresh_catalog(&self.client, &self.local_copy).await {
            return error;
        }
        tokio::select! {
            // Poll in a fixed order, so that a simulation's seed replays exactly.
            biased;
            error = self.follow(suspicions, backoff) => error,
            error = self.push_when_woken() => error,
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
            if let Err(error) = self.handle_heartbeat(&beat).await {
                return error;
            }
            // Another process may have queued a command; only this process sends.
            let waiting = self
                .local_copy
                .blocking(|laptop| Ok(laptop.outbox().next(&[])?));
            match waiting.await {
                Ok(Some(_)) => self.wake.notify_one(),
                Ok(None) => {}
                Err(error) => return error,
            }
            *suspicions = 0;
            if begun.elapsed() >= SETTLED {
                *backoff = self::backoff();
            }
            // Limits how often heartbeats are handled, however many the cloud sends.
            tokio::time::sleep(BETWEEN_BEATS).await;
        }
    }

    /// Handles a heartbeat: pulls if it names another newest entry than the local copy has; marks the copy as current
    /// if both agree. A heartbeat that no pinned key signed can cause a pull, but never marks the copy as current and
    /// sets no time.
    async fn handle_heartbeat(&self, beat: &Beat) -> Result<(), SyncError> {
        let received = self.local_copy.clock().since_boot();
        let binding = self.local_copy.binding()?;
        let signed = match beat.is_signed_for(&binding.account, &binding.keys) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Reason::CloudTooOld),
            Err(_) => Err(Reason::Server),
        };
        let keys = binding.keys;
        let head = self
            .local_copy
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
                self.local_copy.record_divergence(Divergence::Fork)?;
                return Err(SyncError::Diverged(Divergence::Fork));
            }
            self.record_agreement(beat.head.seq, beat.time, received)
                .await?;
            return self.tickets().await;
        }
        let status = self.status.clone();
        let end = pull(&self.client, &self.local_copy, move |Progress { seq }| {
            status.send_modify(|status| status.pulling = Some(seq));
        })
        .await;
        self.status.send_modify(|status| status.pulling = None);
        let end = end?;
        self.status.send_modify(|status| status.revision += 1);
        if end.seq < beat.head.seq {
            // The heartbeat named a newest entry that the journal does not have. Pulling again at once would not help.
            return Err(SyncError::Stream(IngestError::Order(
                "it ends before the head that was named",
            )));
        }
        match signed {
            Ok(()) => self.record_agreement(end.seq, end.as_of, received).await?,
            Err(reason) => self.not_live(reason),
        }
        self.tickets().await
    }

    /// Keeps the connection, but marks the local copy as not current.
    fn not_live(&self, reason: Reason) {
        self.status.send_if_modified(|status| {
            let changed = status.agreed_at.is_some() || status.reason != reason;
            (status.agreed_at, status.reason) = (None, reason);
            changed
        });
    }

    /// Takes back drafts of disputes whose reason is gone and fetches changed tickets. An unavailable ticket service
    /// does not end the connection.
    async fn tickets(&self) -> Result<(), SyncError> {
        self.local_copy.blocking(disputes::review).await?;
        match disputes::refresh_tickets(&self.client, &self.local_copy).await {
            Err(SyncError::Server { .. }) => {}
            refreshed => {
                if refreshed? {
                    self.status.send_modify(|status| status.revision += 1);
                }
            }
        }
        Ok(())
    }

    async fn record_agreement(
        &self,
        seq: Seq,
        as_of: Timestamp,
        received: i64,
    ) -> Result<(), SyncError> {
        self.local_copy
            .blocking(move |laptop| laptop.record_agreement(seq, as_of))
            .await?;
        self.status.send_modify(|status| {
            status.agreed_at = Some(received);
            status.revision += 1;
        });
        Ok(())
    }

    async fn push_when_woken(&self) -> SyncError {
        loop {
            match push(&self.client, &self.local_copy, false).await {
                Ok(pushed) if pushed.answered == 0 => {}
                Ok(_) => self.status.send_modify(|status| status.revision += 1),
                // `follow` reports a lost connection; a busy cloud is tried again after the wait, or when `wake` is
                // notified.
                Err(error @ (SyncError::Store(_) | SyncError::SignedOut)) => return error,
                Err(error) => {
                    self.status.send_modify(|status| status.revision += 1);
                    let wait = error.retry_after().unwrap_or(Duration::from_secs(2));
                    let wait = wait.min(MAX_NAMED_WAIT);
                    let _ = timeout(wait, self.wake.notified()).await;
                    continue;
                }
            }
            self.wake.notified().await;
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

/// Longest wait before the next attempt to connect, unless the cloud names a longer wait.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// After a connection has lasted this long, the next failure starts again with the shortest wait.
const SETTLED: Duration = Duration::from_secs(10);
/// Pause between two handled heartbeats. Of those that arrive meanwhile only the newest is handled.
const BETWEEN_BEATS: Duration = Duration::from_millis(20);
/// Longest `Retry-After` that is respected; a longer one is cut to this.
const MAX_NAMED_WAIT: Duration = Duration::from_secs(300);

fn backoff() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(MAX_WAIT)
        .without_max_times()
        .build()
}
