//! SHA-256, under which disputes' files are stored and imported tables are recognised.

use boothkeeper_domain::Hash;
use sha2::{Digest, Sha256};

pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}
