//! The binding of a data folder to one account at one cloud.

use std::sync::Arc;

use boothkeeper_domain::{AccountId, Timestamp};
use boothkeeper_wire::api::ClockKind;
use boothkeeper_wire::checkpoint::PublicKey;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::cache::Head;

/// The account whose journal this data folder copies, and the public keys that must have signed that journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub cloud: String,
    pub account: AccountId,
    /// The cloud's public keys, stored (pinned) at sign-in. A new key is accepted only if a pinned key has signed it.
    pub keys: Vec<PublicKey>,
    pub clock: ClockKind,
    /// Set while the local copy and the cloud disagree, or while the local copy is damaged.
    #[serde(default)]
    pub diverged: Option<Diverged>,
    /// True for a journal that the operator imported from a file; no cloud has signed it.
    #[serde(default)]
    pub imported: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    pub since: Timestamp,
    pub what: Divergence,
}

impl Binding {
    /// Returns `head` unchanged. Fails with `OutboxDamaged` if the head's checkpoint names another account than this
    /// binding.
    pub fn check_account(&self, head: Option<Arc<Head>>) -> Result<Option<Arc<Head>>, StoreError> {
        match head {
            Some(head) if head.checkpoint.account != self.account => {
                Err(StoreError::OutboxDamaged(None))
            }
            head => Ok(head),
        }
    }

    /// True if the local copy's bytes are damaged and not repaired yet.
    pub fn is_damaged(&self) -> bool {
        let diverged = self.diverged.as_ref();
        diverged.is_some_and(|diverged| diverged.what == Divergence::Damage)
    }
}

/// Why the local copy of the journal is not confirmed by the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The cloud's journal differs from the local copy in an entry that the copy has.
    Fork,
    /// The cloud's journal is shorter than the local copy.
    CursorAhead,
    /// The entries that the cloud sent do not match its signed checkpoint.
    Checkpoint,
    /// The cloud's checkpoint has no valid signature by a pinned key.
    UnknownKey,
    /// An entry contradicts the entries before it, or the cloud's stream is of another account.
    Contradiction,
    /// The local copy's bytes changed on disk after they were verified, and could not be repaired yet.
    Damage,
}
