//! Signed checkpoints: the cloud's word, on record, for what a journal was at a place.

use boothkeeper_domain::{AccountId, Amount, Epoch, Hash, Seq, Timestamp};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api::Head;

/// What is signed. `count` and `sum` are of all entries up to `seq`.
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

/// What is signed of a heartbeat: where an account's journal ends, and what time it is at the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatBody<'a> {
    pub account: &'a AccountId,
    pub epoch: &'a Epoch,
    pub head: &'a Head,
    pub time: Timestamp,
}

impl BeatBody<'_> {
    /// The signed bytes, in the same fixed form as a checkpoint's.
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

    /// Checks the signature against the keys believed.
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

/// A signature over a heartbeat, and the hash of the signing key's public half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BeatSignature {
    pub key: Hash,
    pub signature: SignatureHex,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCheckpoint {
    pub body: Checkpoint,
    /// Hash of the signing key's public half.
    pub key: Hash,
    pub signature: SignatureHex,
}

/// A signing key as the cloud announces it. A key the laptop has not pinned counts only if a pinned
/// one vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicKey {
    pub id: Hash,
    pub public: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Voucher>,
}

/// A signature of an older key over a newer one's public half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Voucher {
    pub by: Hash,
    pub signature: SignatureHex,
}

/// 64 bytes as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct SignatureHex(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    #[error("the key is not pinned and no pinned key vouches for it")]
    UnknownKey,
    #[error("the signature does not fit what it signs")]
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
    /// The signed bytes: a fixed form, so that no JSON is ever re-serialised to check a signature.
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
    /// Checks the signature against the keys believed.
    pub fn verify(&self, pinned: &[PublicKey]) -> Result<&Checkpoint, SignatureError> {
        let key = pinned
            .iter()
            .find(|key| key.id == self.key)
            .ok_or(SignatureError::UnknownKey)?;
        verify(key, self.body.message().as_bytes(), &self.signature)?;
        Ok(&self.body)
    }
}

pub fn public_key(key: &SigningKey) -> PublicKey {
    let public = key.verifying_key().to_bytes();
    PublicKey {
        id: Hash(*blake3::hash(&public).as_bytes()),
        public: Hash(public),
        vouched: None,
    }
}

/// The keys to believe from now on: those pinned, and those among `announced` that a pinned one
/// vouches for.
pub fn believe(pinned: &[PublicKey], announced: &[PublicKey]) -> Vec<PublicKey> {
    let mut keys = pinned.to_vec();
    for key in announced {
        let genuine = key.id == Hash(*blake3::hash(&key.public.0).as_bytes());
        let known = keys.iter().any(|k| k.id == key.id);
        if genuine && !known && is_vouched(&keys, key) {
            keys.push(key.clone());
        }
    }
    keys
}

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
    fn a_checkpoint_is_believed_only_as_it_was_signed() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let pinned = [public_key(&key)];
        let signed = checkpoint().sign(&key);
        assert_eq!(signed.verify(&pinned), Ok(&checkpoint()));

        let mut altered = signed.clone();
        altered.body.balance = Amount::of(1);
        assert_eq!(altered.verify(&pinned), Err(SignatureError::Wrong));
        let stranger = checkpoint().sign(&SigningKey::from_bytes(&[2; 32]));
        assert_eq!(stranger.verify(&pinned), Err(SignatureError::UnknownKey));
        let mut short = signed;
        short.signature = SignatureHex("é".into());
        assert_eq!(short.verify(&pinned), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_new_key_counts_only_if_a_pinned_one_vouches_for_it() {
        let (old, new) = (
            SigningKey::from_bytes(&[1; 32]),
            SigningKey::from_bytes(&[2; 32]),
        );
        let pinned = [public_key(&old)];
        let mut announced = public_key(&new);
        assert_eq!(believe(&pinned, std::slice::from_ref(&announced)).len(), 1);
        announced.vouched = Some(Voucher {
            by: pinned[0].id,
            signature: SignatureHex::of(&old.sign(&announced.public.0)),
        });
        assert_eq!(believe(&pinned, std::slice::from_ref(&announced)).len(), 2);
        announced.public = public_key(&SigningKey::from_bytes(&[3; 32])).public;
        assert_eq!(
            believe(&pinned, &[announced]).len(),
            1,
            "another key, same voucher"
        );
    }
}
