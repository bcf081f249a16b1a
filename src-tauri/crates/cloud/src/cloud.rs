//! The cloud as one value: its store, clock, keys and the channels that tell laptops of a new head.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use boothkeeper_domain::{AccountId, Catalog, Epoch, Hash, Programme, Timestamp};
use boothkeeper_wire::api::Head;
use boothkeeper_wire::checkpoint::{PublicKey, public_key};
use ed25519_dalek::SigningKey;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

use crate::faults::FaultQueue;
use crate::processor::Simulated;
use crate::store::Store;
use crate::{Clock, Error};

pub struct Options {
    pub clock: Clock,
    pub sandbox: bool,
    /// Makes ids repeatable; without it they are random.
    pub seed: Option<u64>,
    /// Whoever restored a backup must say so, or copies would see a fork.
    pub new_epoch: bool,
}

#[derive(Clone)]
pub struct Cloud(Arc<Inner>);

pub struct Inner {
    pub store: Store,
    pub clock: Clock,
    pub sandbox: bool,
    pub epoch: Epoch,
    pub faults: FaultQueue,
    pub processor: Simulated,
    pub(crate) key: SigningKey,
    /// Wakes the scheduler when something new is due.
    pub(crate) due: Notify,
    /// Only one caller runs what is due at a time, so that it runs in order.
    pub(crate) running_due: AsyncMutex<()>,
    id_seed: [u8; 32],
    catalogs: [Catalog; 2],
    heads: Mutex<HashMap<AccountId, watch::Sender<Head>>>,
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
        let (epoch, key, id_seed, stored_clock) = store
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
                Ok((epoch, key, id_seed, tx.setting("clock")?))
            })
            .await?;
        if let Some(stored) = stored_clock.and_then(|bytes| bytes.try_into().ok()) {
            // A sandbox that was advanced does not fall back when it is started again.
            let stored = Timestamp::from_millis(i64::from_le_bytes(stored));
            options.clock.advance_to(stored);
        }
        let broken = |_| Error::Invariant("a stored setting is broken");
        Ok(Cloud(Arc::new(Inner {
            processor: Simulated::new(store.clone()),
            store,
            clock: options.clock,
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
        })))
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

    /// An id derived from the cloud's seed: equal calls give equal journals.
    pub fn derived_id(&self, prefix: &str, of: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.id_seed);
        hasher.update(of.as_bytes());
        let hash = Hash(*hasher.finalize().as_bytes()).to_string();
        format!("{prefix}_{}", &hash[..12])
    }

    /// Tells an account's live channels where its journal now ends.
    pub fn announce(&self, account: &AccountId, head: Head) {
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

    pub fn follow(&self, account: &AccountId, head: Head) -> watch::Receiver<Head> {
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

/// Everything random, drawn before the transaction that keeps it.
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

/// A new access key and what the cloud keeps of it.
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
