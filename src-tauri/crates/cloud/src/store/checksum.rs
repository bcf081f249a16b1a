//! The checksum over an account's row, and the error for a row that does not match its checksum.

use boothkeeper_domain::AccountId;
use boothkeeper_wire::problem::ProblemCode;
use xxhash_rust::xxh3::Xxh3Default;

use crate::Error;

/// The columns of an account's row that the checksum covers.
pub struct Fold<'a> {
    pub account: &'a str,
    pub seq: u64,
    pub chain: &'a [u8; 32],
    pub state: &'a str,
}

impl Fold<'_> {
    pub fn mark(&self) -> i64 {
        let mut hasher = Xxh3Default::new();
        hasher.update(&self.seq.to_le_bytes());
        hasher.update(self.chain);
        hasher.update(&(self.account.len() as u64).to_le_bytes());
        hasher.update(self.account.as_bytes());
        hasher.update(self.state.as_bytes());
        hasher.digest().cast_signed()
    }
}

/// Logs why an account is damaged; its requests fail with `account_damaged`. The cloud must not sign or charge on a
/// damaged record.
pub fn damaged(account: &AccountId, why: &str) -> Error {
    tracing::error!(%account, "an account's record is damaged: {why}");
    ProblemCode::AccountDamaged.into()
}
