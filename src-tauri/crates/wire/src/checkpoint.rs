//! Signed checkpoints: the cloud's signed statement of chain value, entry count and balance at one seq of a journal.
//! Heartbeats are signed in the same way.

use boothkeeper_domain::{AccountId, Amount, Epoch, Hash, Seq, Timestamp};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::head::Head;

/// The signed values of a checkpoint. `count` (number of entries) and `sum` (of their deltas) cover all entries up to
/// `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub account: AccountId,
    pub epoch: Epoch,
    pub seq: Seq,
    pub chain: Hash,
    pub count: u64,
    pub sum: Amount,
    pub balance: Amount,
    pub time: Timestamp,
}

/// The signed values of a heartbeat: the end of an account's journal, and the cloud's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatBody<'a> {
    pub account: &'a AccountId,
    pub epoch: &'a Epoch,
    pub head: &'a Head,
    pub time: Timestamp,
}

impl HeartbeatBody<'_> {
    /// The text that is signed, in a fixed form like that of a checkpoint.
    fn message(&self) -> String {
        format!(
            "boothkeeper/beat/1\n{}\n{}\n{}\n{}\n{}\n",
            self.account, self.epoch, self.head.seq, self.head.chain, self.time
        )
    }

    pub fn sign(&self, key: &SigningKey) -> BeatSignature {
        BeatSignature {
            key: public_key(key).id,
            signature: SignatureHex::of(&key.sign(self.message().as_bytes())),
        }
    }

    /// Fails with `UnknownKey` if the signing key is not in `pinned`, with `Wrong` if the signature does not match.
    pub fn verify(
        &self,
        signed: &BeatSignature,
        pinned: &[PublicKey],
    ) -> Result<(), SignatureError> {
        let key = pinned.iter().find(|key| key.id == signed.key);
        let key = key.ok_or(SignatureError::UnknownKey)?;
        verify(key, self.message().as_bytes(), &signed.signature)
    }
}

/// A signature over a heartbeat, and the hash (BLAKE3) of the public key that verifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BeatSignature {
    pub key: Hash,
    pub signature: SignatureHex,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCheckpoint {
    pub body: Checkpoint,
    /// Hash (BLAKE3) of the public key that verifies the signature.
    pub key: Hash,
    pub signature: SignatureHex,
}

/// The public half of a signing key, as the cloud announces it; `id` is its hash (BLAKE3). A laptop trusts a key that
/// it has not pinned only if a pinned key has signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicKey {
    pub id: Hash,
    pub public: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Voucher>,
}

/// An older key's signature over a newer public key; `by` is the older key's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Voucher {
    pub by: Hash,
    pub signature: SignatureHex,
}

/// The 64 bytes of a signature as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct SignatureHex(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    #[error("the key is not pinned and no pinned key vouches for it")]
    UnknownKey,
    #[error("the signature does not match the signed values")]
    Wrong,
}

impl SignatureHex {
    fn of(signature: &Signature) -> Self {
        let (r, s) = (Hash(*signature.r_bytes()), Hash(*signature.s_bytes()));
        SignatureHex(format!("{r}{s}"))
    }

    fn signature(&self) -> Result<Signature, SignatureError> {
        let (r, s) = self.0.split_at_checked(64).ok_or(SignatureError::Wrong)?;
        let half = |text: &str| text.parse::<Hash>().map_err(|_| SignatureError::Wrong);
        Ok(Signature::from_components(half(r)?.0, half(s)?.0))
    }
}

impl Checkpoint {
    /// The text that is signed. Its form is fixed, so that checking a signature does not depend on how JSON is written.
    fn message(&self) -> String {
        format!(
            "boothkeeper/checkpoint/1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.account,
            self.epoch,
            self.seq,
            self.chain,
            self.count,
            self.sum.minor(),
            self.balance.minor(),
            self.time
        )
    }

    pub fn sign(self, key: &SigningKey) -> SignedCheckpoint {
        let signature = SignatureHex::of(&key.sign(self.message().as_bytes()));
        SignedCheckpoint {
            key: public_key(key).id,
            body: self,
            signature,
        }
    }
}

impl SignedCheckpoint {
    /// The signed values, if the signature is right. Fails with `UnknownKey` if the signing key is not in `pinned`,
    /// with `Wrong` if the signature does not match.
    pub fn verify(&self, pinned: &[PublicKey]) -> Result<&Checkpoint, SignatureError> {
        let key = pinned
            .iter()
            .find(|key| key.id == self.key)
            .ok_or(SignatureError::UnknownKey)?;
        verify(key, self.body.message().as_bytes(), &self.signature)?;
        Ok(&self.body)
    }
}

impl PublicKey {
    /// True if the key's id is the hash of the key.
    pub fn is_genuine(&self) -> bool {
        self.id == Hash(*blake3::hash(&self.public.0).as_bytes())
    }
}

/// The public half of `key`, not signed by another key.
pub fn public_key(key: &SigningKey) -> PublicKey {
    let public = key.verifying_key().to_bytes();
    PublicKey {
        id: Hash(*blake3::hash(&public).as_bytes()),
        public: Hash(public),
        vouched: None,
    }
}

/// The keys to trust from now on: those pinned, and those in `announced` whose id is right and that a trusted key has
/// signed. In `announced` a key must come after the key that has signed it.
pub fn trusted_keys(pinned: &[PublicKey], announced: &[PublicKey]) -> Vec<PublicKey> {
    let mut keys = pinned.to_vec();
    for key in announced {
        let genuine = key.is_genuine();
        let known = keys.iter().any(|k| k.id == key.id);
        if genuine && !known && is_vouched(&keys, key) {
            keys.push(key.clone());
        }
    }
    keys
}

/// True if one of `keys` has signed `key`.
fn is_vouched(keys: &[PublicKey], key: &PublicKey) -> bool {
    key.vouched.as_ref().is_some_and(|voucher| {
        keys.iter()
            .filter(|k| k.id == voucher.by)
            .any(|k| verify(k, &key.public.0, &voucher.signature).is_ok())
    })
}

fn verify(key: &PublicKey, message: &[u8], hex: &SignatureHex) -> Result<(), SignatureError> {
    let key = VerifyingKey::from_bytes(&key.public.0).map_err(|_| SignatureError::UnknownKey)?;
    key.verify_strict(message, &hex.signature()?)
        .map_err(|_| SignatureError::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            account: AccountId::new("acc_1").unwrap(),
            epoch: Epoch::new("e1").unwrap(),
            seq: Seq(7),
            chain: Hash([7; 32]),
            count: 7,
            sum: Amount::of(14235),
            balance: Amount::of(14235),
            time: Timestamp::from_millis(1_000),
        }
    }

    #[test]
    fn signed_checkpoint_verifies_only_unaltered_and_with_the_key_that_signed_it() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let pinned = [public_key(&key)];
        let signed = checkpoint().sign(&key);
        assert_eq!(signed.verify(&pinned), Ok(&checkpoint()));

        let mut altered = signed.clone();
        altered.body.balance = Amount::of(1);
        assert_eq!(altered.verify(&pinned), Err(SignatureError::Wrong));
        let unknown = checkpoint().sign(&SigningKey::from_bytes(&[2; 32]));
        assert_eq!(unknown.verify(&pinned), Err(SignatureError::UnknownKey));
        let mut short = signed;
        short.signature = SignatureHex("é".into());
        assert_eq!(short.verify(&pinned), Err(SignatureError::Wrong));
    }

    #[test]
    fn new_key_is_trusted_only_if_a_pinned_key_has_signed_it() {
        let (old, new) = (
            SigningKey::from_bytes(&[1; 32]),
            SigningKey::from_bytes(&[2; 32]),
        );
        let pinned = [public_key(&old)];
        let mut announced = public_key(&new);
        assert_eq!(
            trusted_keys(&pinned, std::slice::from_ref(&announced)).len(),
            1
        );
        announced.vouched = Some(Voucher {
            by: pinned[0].id,
            signature: SignatureHex::of(&old.sign(&announced.public.0)),
        });
        assert_eq!(
            trusted_keys(&pinned, std::slice::from_ref(&announced)).len(),
            2
        );
        announced.public = public_key(&SigningKey::from_bytes(&[3; 32])).public;
        assert_eq!(
            trusted_keys(&pinned, &[announced]).len(),
            1,
            "a voucher made for a different key"
        );
    }
}
