//! Which account a data folder copies, whom to believe about it, and whether they agree.

use std::sync::Arc;

use boothkeeper_domain::{AccountId, Timestamp};
use boothkeeper_wire::api::ClockKind;
use boothkeeper_wire::checkpoint::PublicKey;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::cache::Head;

/// Which account this folder copies, and whom to believe about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub cloud: String,
    pub account: AccountId,
    /// Pinned at sign-in.
    pub keys: Vec<PublicKey>,
    pub clock: ClockKind,
    /// Set when the copy and the cloud were found not to agree; why, and since when.
    #[serde(default)]
    pub diverged: Option<Diverged>,
    /// The journal was brought by the operator and written here: no cloud has ever signed it.
    #[serde(default)]
    pub imported: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    pub since: Timestamp,
    pub what: Divergence,
}

impl Binding {
    /// A head is shown for the account it was signed for, and for no other.
    pub fn own(&self, head: Option<Arc<Head>>) -> Result<Option<Arc<Head>>, StoreError> {
        match head {
            Some(head) if head.checkpoint.account != self.account => {
                Err(StoreError::OutboxDamaged(None))
            }
            head => Ok(head),
        }
    }

    pub fn is_damaged(&self) -> bool {
        let diverged = self.diverged.as_ref();
        diverged.is_some_and(|diverged| diverged.what == Divergence::Damage)
    }
}

/// How the copy and the cloud disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// The cloud's journal is another one before our place.
    Fork,
    /// The cloud's journal is shorter than our copy.
    CursorAhead,
    /// What was sent does not bear out the cloud's own signed word.
    Checkpoint,
    /// Signed by a key that no pinned key vouches for.
    UnknownKey,
    /// An entry contradicts those before it.
    Contradiction,
    /// The copy's own bytes are not what was proven, and could not be mended yet.
    Damage,
}
