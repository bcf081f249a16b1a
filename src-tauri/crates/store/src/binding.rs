//! The binding of a data folder to one account at one cloud.

use std::sync::Arc;

use boothkeeper_domain::{AccountId, Timestamp};
use boothkeeper_wire::api::ClockKind;
use boothkeeper_wire::checkpoint::PublicKey;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::cache::Head;

/// The account that this folder copies, and the keys that must have signed its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub cloud: String,
    pub account: AccountId,
    /// Public keys pinned at sign-in.
    pub keys: Vec<PublicKey>,
    pub clock: ClockKind,
    /// Set while copy and cloud disagree or the copy is damaged.
    #[serde(default)]
    pub diverged: Option<Diverged>,
    /// True for a journal made here from the operator's file; no cloud has signed it.
    #[serde(default)]
    pub imported: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    pub since: Timestamp,
    pub what: Divergence,
}

impl Binding {
    /// Passes `head` on. Fails with `OutboxDamaged` if it was signed for another account than this one.
    pub fn check_account(&self, head: Option<Arc<Head>>) -> Result<Option<Arc<Head>>, StoreError> {
        match head {
            Some(head) if head.checkpoint.account != self.account => {
                Err(StoreError::OutboxDamaged(None))
            }
            head => Ok(head),
        }
    }

    /// True if the copy's bytes are damaged and not repaired yet.
    pub fn is_damaged(&self) -> bool {
        let diverged = self.diverged.as_ref();
        diverged.is_some_and(|diverged| diverged.what == Divergence::Damage)
    }
}

/// Why the copy is not confirmed by the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The cloud's journal differs from the copy before the copy's end.
    Fork,
    /// The cloud's journal is shorter than the copy.
    CursorAhead,
    /// The entries that the cloud sent do not match its signed checkpoint.
    Checkpoint,
    /// The checkpoint is signed by a key that no pinned key has signed.
    UnknownKey,
    /// An entry contradicts the entries before it.
    Contradiction,
    /// The copy's bytes changed on disk after they were verified, and could not be repaired yet.
    Damage,
}
