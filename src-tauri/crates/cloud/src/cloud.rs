//! The running cloud: store, clock, keys, payment processor, and the channels that tell laptops of new entries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use boothkeeper_domain::{AccountId, Catalog, Epoch, Hash, Programme, Timestamp};
use boothkeeper_wire::api::{ClockKind, Head};
use boothkeeper_wire::checkpoint::{PublicKey, public_key};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::sandbox::{CardBehaviour, CrashPoint};
use ed25519_dalek::SigningKey;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

use crate::clock::since_boot;
use crate::clock_guard::{self, ClockGuard};
use crate::faults::FaultQueue;
use crate::processor::Payments;
use crate::store::{Store, Tx};
use crate::{Clock, Error};

pub struct Options {
    pub clock: Clock,
    pub payments: Payments,
    pub sandbox: bool,
    /// Ids derive from this number, so that equal calls give equal journals. Random if `None`.
    pub seed: Option<u64>,
    /// Begins a new epoch. Required after a backup was restored: without a new epoch, laptops that have newer entries
    /// than the backup report a divergence.
    pub new_epoch: bool,
    /// Trusts the clock at start, however far it is from the instant at which the cloud last ran.
    pub accept_clock: bool,
}

#[derive(Clone)]
pub struct Cloud(Arc<Inner>);

pub struct Inner {
    pub store: Store,
    pub clock: Clock,
    guard: ClockGuard,
    pub sandbox: bool,
    pub epoch: Epoch,
    pub faults: FaultQueue,
    pub payments: Payments,
    pub(crate) key: SigningKey,
    /// Wakes the scheduler after a change of what is due.
    pub(crate) due: Notify,
    /// Held while due tasks of all accounts are run: one caller at a time keeps them in order.
    pub(crate) running_due: AsyncMutex<()>,
    id_seed: [u8; 32],
    catalogs: [Catalog; 2],
    heads: Mutex<HashMap<AccountId, watch::Sender<Head>>>,
    /// Limits, per account, on journals being sent, live channels and files being received.
    pub(crate) open_streams: Permits,
    pub(crate) open_channels: Permits,
    pub(crate) open_uploads: Permits,
}

impl std::ops::Deref for Cloud {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Cloud {
    pub async fn start(store: Store, options: Options) -> Result<Self, Error> {
        let (new_epoch, seed) = (options.new_epoch, options.seed);
        let random = Random::draw()?;
        let (epoch, key, id_seed, stored_clock, reached) = store
            .write(move |tx| {
                let kept = |name: &str, fresh: Vec<u8>| match tx.setting(name)? {
                    Some(value) => Ok::<_, Error>(value),
                    None => {
                        tx.set_setting(name, &fresh)?;
                        Ok(fresh)
                    }
                };
                if new_epoch {
                    tx.set_setting("epoch", random.epoch.as_bytes())?;
                }
                let epoch = kept("epoch", random.epoch.into_bytes())?;
                let key = kept("signing_key", random.key.to_vec())?;
                let fresh_seed = seed.map_or(random.id_seed, |seed| {
                    *blake3::hash(&seed.to_le_bytes()).as_bytes()
                });
                let id_seed = kept("id_seed", fresh_seed.to_vec())?;
                let reached = tx.setting(clock_guard::SETTING)?;
                Ok((epoch, key, id_seed, tx.setting("clock")?, reached))
            })
            .await?;
        if let Some(stored) = instant(stored_clock) {
            // Sandbox time does not go back when the cloud is restarted.
            options.clock.advance_to(stored);
        }
        let guard = match options.clock.kind() {
            ClockKind::Sandbox => ClockGuard::sandbox(),
            ClockKind::Real => {
                let stored = instant(reached).filter(|_| !options.accept_clock);
                ClockGuard::starting(options.clock.now(), since_boot(), stored)
            }
        };
        let broken = |_| Error::Invariant("a stored setting is broken");
        let cloud = Cloud(Arc::new(Inner {
            store,
            clock: options.clock,
            payments: options.payments,
            guard,
            sandbox: options.sandbox,
            epoch: Epoch::new(String::from_utf8_lossy(&epoch))?,
            faults: FaultQueue::default(),
            key: SigningKey::from_bytes(&key.try_into().map_err(broken)?),
            due: Notify::new(),
            running_due: AsyncMutex::new(()),
            id_seed: id_seed.try_into().map_err(broken)?,
            catalogs: [
                Catalog::shipped(Programme::Booth)?,
                Catalog::shipped(Programme::Studio)?,
            ],
            heads: Mutex::new(HashMap::new()),
            open_streams: Permits::default(),
            open_channels: Permits::default(),
            open_uploads: Permits::default(),
        }));
        if !cloud.clock_is_trusted() {
            tracing::error!(
                now = %cloud.clock.now(),
                "the clock is months after the cloud last ran: no account is closed and no credit expires until it \
                 is right; --accept-clock says that it is"
            );
        }
        cloud.finish_interrupted_work().await?;
        Ok(cloud)
    }

    /// Computes account states again that another version of the rules has stored, and completes uploads that a crash
    /// interrupted.
    async fn finish_interrupted_work(&self) -> Result<(), Error> {
        let older = self.store.read(|tx| tx.accounts_with_older_folds()).await?;
        for account in older {
            let inner = self.clone();
            let fold = move |tx: &Tx<'_>| {
                let catalog = inner.catalog(tx.programme(&account)?);
                tx.rebuild_fold(&account, catalog)
            };
            match self.store.write(fold).await {
                // The damaged account is logged and refuses requests; the other accounts' states are computed.
                Err(Error::Problem(problem)) if problem.code == ProblemCode::AccountDamaged => {}
                folded => folded?,
            }
        }
        crate::api::finish_unmarked(self).await
    }
}

impl Inner {
    pub fn catalog(&self, programme: Programme) -> &Catalog {
        match programme {
            Programme::Booth => &self.catalogs[0],
            Programme::Studio => &self.catalogs[1],
        }
    }

    pub fn public_keys(&self) -> Vec<PublicKey> {
        vec![public_key(&self.key)]
    }

    /// An id derived from the cloud's seed and from the text `of`; the same for the same text.
    pub fn derived_id(&self, prefix: &str, of: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.id_seed);
        hasher.update(of.as_bytes());
        let hash = Hash(*hasher.finalize().as_bytes()).to_string();
        format!("{prefix}_{}", &hash[..12])
    }

    /// Whether the clock can be trusted for steps that cannot be undone: closures and expiries.
    pub fn clock_is_trusted(&self) -> bool {
        self.guard.trusts(self.clock.now(), since_boot())
    }

    /// Stores the current instant, if it can be trusted: the next start is compared with it.
    pub async fn store_instant(&self) -> Result<(), Error> {
        if self.clock.kind() == ClockKind::Sandbox || !self.clock_is_trusted() {
            return Ok(());
        }
        let reached = self.clock.now().millis().to_le_bytes();
        let store = move |tx: &Tx<'_>| tx.set_setting(clock_guard::SETTING, &reached);
        self.store.write(store).await
    }

    /// The token of a card that the sandbox puts on file. Without the simulated processor a card has no token, and any
    /// behaviour but `approve` fails with `not_found`.
    pub fn card_token(&self, behaviour: CardBehaviour) -> Result<Option<String>, Error> {
        match (&self.payments.simulator, behaviour) {
            (Some(simulator), behaviour) => Ok(Some(simulator.token(behaviour).to_owned())),
            (None, CardBehaviour::Approve) => Ok(None),
            (None, _) => Err(ProblemCode::NotFound.into()),
        }
    }

    /// Ends the process if the sandbox ordered a crash at this point.
    pub(crate) fn crash_here(&self, point: CrashPoint) {
        if self.sandbox {
            self.faults.crash_here(point);
        }
    }

    /// Sends a new head (newest seq and chain value) to the account's live channels. An older head than the last one
    /// sent is dropped.
    pub fn publish_head(&self, account: &AccountId, head: Head) {
        let heads = self.heads();
        if let Some(sender) = heads.get(account) {
            sender.send_if_modified(|known| {
                let newer = head.seq > known.seq;
                if newer {
                    *known = head;
                }
                newer
            });
        }
    }

    pub fn subscribe(&self, account: &AccountId, head: Head) -> watch::Receiver<Head> {
        let mut heads = self.heads();
        heads.retain(|_, sender| sender.receiver_count() > 0);
        let sender = heads
            .entry(account.clone())
            .or_insert_with(|| watch::Sender::new(head));
        sender.subscribe()
    }

    fn heads(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, watch::Sender<Head>>> {
        self.heads
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn instant(stored: Option<Vec<u8>>) -> Option<Timestamp> {
    let bytes = stored?.try_into().ok()?;
    Some(Timestamp::from_millis(i64::from_le_bytes(bytes)))
}

/// Counts open streams, channels or uploads by account.
#[derive(Debug, Clone, Default)]
pub struct Permits(Arc<Mutex<HashMap<AccountId, usize>>>);

/// One open stream, channel or upload of an account, counted until it is dropped.
#[derive(Debug)]
pub struct Permit {
    of: Permits,
    account: AccountId,
}

impl Permits {
    /// Counts one more for the account. Fails with `too_many_requests` if it has `most` open already. Other accounts
    /// are not affected.
    pub fn take(&self, account: &AccountId, most: usize) -> Result<Permit, Error> {
        let mut open = self.lock();
        let count = open.entry(account.clone()).or_default();
        if *count >= most {
            return Err(ProblemCode::TooManyRequests.into());
        }
        *count += 1;
        Ok(Permit {
            of: self.clone(),
            account: account.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, usize>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.of.lock();
        if let Some(count) = open.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// Random values for the cloud's first start, drawn before the transaction that stores them.
struct Random {
    epoch: String,
    key: [u8; 32],
    id_seed: [u8; 32],
}

impl Random {
    fn draw() -> Result<Self, Error> {
        let mut random = Random {
            epoch: String::new(),
            key: [0; 32],
            id_seed: [0; 32],
        };
        getrandom::fill(&mut random.key)?;
        getrandom::fill(&mut random.id_seed)?;
        let mut epoch = [0; 32];
        getrandom::fill(&mut epoch)?;
        random.epoch = Hash(epoch).to_string()[..24].to_owned();
        Ok(random)
    }
}

/// A new access key and its hash; the cloud stores only the hash.
pub fn new_access_key() -> Result<(String, Hash), Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let key = format!("bk_{}", Hash(bytes));
    let hash = key_hash(&key);
    Ok((key, hash))
}

pub fn key_hash(key: &str) -> Hash {
    Hash(*blake3::hash(key.as_bytes()).as_bytes())
}
