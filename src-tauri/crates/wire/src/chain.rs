//! The hash chain (BLAKE3) over the journal entries' JSON lines as sent. It covers raw bytes, so that an old client can
//! verify entries that have fields it does not know.

use boothkeeper_domain::{AccountId, Hash};

/// Text that is hashed first, so that no other use of BLAKE3 gives the same values.
const DOMAIN: &str = "boothkeeper/journal/1";

/// `chain_0`: the chain value before the account's first entry.
pub fn genesis(account: &AccountId) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN.as_bytes());
    hasher.update(account.as_str().as_bytes());
    Hash(*hasher.finalize().as_bytes())
}

/// `chain_n`: the chain value after entry n, from `chain_{n−1}` and the entry's line without its newline.
pub fn next(previous: &Hash, line: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0);
    hasher.update(line);
    Hash(*hasher.finalize().as_bytes())
}
