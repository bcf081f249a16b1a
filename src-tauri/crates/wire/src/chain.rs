//! The hash chain over entries' bytes as sent: an old client verifies fields it does not know.

use boothkeeper_domain::{AccountId, Hash};

/// Separates this chain from every other use of the hash.
const DOMAIN: &str = "boothkeeper/journal/1";

/// `chain_0`, before the first entry.
pub fn genesis(account: &AccountId) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN.as_bytes());
    hasher.update(account.as_str().as_bytes());
    Hash(*hasher.finalize().as_bytes())
}

/// `chain_n` from `chain_{n−1}` and the line's bytes without the newline.
pub fn next(previous: &Hash, line: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0);
    hasher.update(line);
    Hash(*hasher.finalize().as_bytes())
}
