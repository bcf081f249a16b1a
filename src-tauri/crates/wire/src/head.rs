//! The end of a journal.

use boothkeeper_domain::{Hash, Seq};
use serde::{Deserialize, Serialize};

use crate::documents::documents;

documents! {
    /// The last entry of a journal: its seq and the chain value after it.
    #[derive(Eq)]
    Head { seq: Seq, chain: Hash }
}
