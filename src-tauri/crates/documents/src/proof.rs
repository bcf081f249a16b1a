//! A part of the journal with its proof: the entries exactly as sent, the chain over them, and the cloud's signature at
//! the end. It can be checked without a copy of the journal.

use boothkeeper_domain::Zone;
use boothkeeper_domain::{AccountId, Amount, Asset, Body, Entry, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::{PublicKey, SignedCheckpoint};
use boothkeeper_wire::{chain, entry};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Value of `cloud` in the proof of an imported history.
const IMPORTED: &str = "imported";

pub const FORMAT: &str = "boothkeeper/proof/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub format: String,
    pub account: AccountId,
    pub cloud: String,
    pub asset: Asset,
    /// First and last day in `zone`, both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: String,
    /// The balance before `first` and after `last`.
    pub opening: Amount,
    pub closing: Amount,
    /// First and last entry of the days; there are none if `first` is after `last`. `entries` also has the entry before
    /// `first`, which shows that no entry of the days is missing, and those after `last` up to the signature.
    pub first: Seq,
    pub last: Seq,
    /// The hash chain's value before the first of `entries`.
    pub before: Hash,
    pub entries: Vec<ProvenEntry>,
    pub checkpoint: SignedCheckpoint,
    /// The cloud's public keys that this laptop trusts.
    pub keys: Vec<PublicKey>,
}

/// An entry's line as the cloud sent it, and the hash chain's value after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEntry {
    pub hash: Hash,
    pub entry: String,
}

/// Result of checking a proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub ok: bool,
    /// Number of the last entry of the proven days.
    pub seq: Seq,
    /// The hash chain's value after the entry `seq`.
    pub hash: Hash,
    /// Number of entries of the proven days.
    pub entries: u64,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Time of the signature. Later entries are not covered, even if they are of the same days.
    pub signed_at: Timestamp,
    pub balance: Amount,
    pub opening: Amount,
    pub account: AccountId,
    /// Fingerprint of the signing key, to be compared with the key that the cloud publishes.
    pub signed_by: Hash,
    /// True if the signature was checked against keys from the cloud.
    pub trusted: bool,
    /// True for an imported history. It was signed by the operator's own computer, not by a cloud.
    pub imported: bool,
    /// The hash chain's value before the first entry of the proven days.
    #[serde(skip, default = "no_hash")]
    pub before: Hash,
    /// Files and other parts of the packet that the proof does not cover.
    pub unproven: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad_seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<Flaw>,
}

const fn no_hash() -> Hash {
    Hash([0; 32])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// The proof's format or unit is unknown, or its signature is for another account.
    Format,
    /// An entry's bytes do not match the hash chain.
    Chain,
    /// An entry cannot be decoded, or does not follow from the one before it.
    Contradiction,
    /// Entries at the beginning or end of the proven days are missing, or entries of other days are included.
    Days,
    /// Opening and closing balance do not match the entries.
    Sum,
    /// The signature is not over these entries, or not by a key in the proof.
    Signature,
    /// Correctly signed, but not by a trusted key.
    UnknownKey,
    /// The table beside the proof differs from it.
    Table,
}

impl Proof {
    /// Checks the whole proof. With `trusted`, the signature must also be by one of those keys.
    pub fn check(&self, trusted: Option<&[PublicKey]>) -> Verdict {
        let within = self.entries.len() as u64;
        let skipped = self.checkpoint.body.seq.0.saturating_sub(self.last.0);
        let at_last = within
            .checked_sub(skipped + 1)
            .and_then(|at| self.entries.get(usize::try_from(at).ok()?));
        let ahead = self
            .first
            .0
            .checked_sub(self.start().map_or(0, |start| start.0) + 1);
        let ahead = ahead.and_then(|at| self.entries.get(usize::try_from(at).ok()?));
        let verdict = Verdict {
            ok: false,
            seq: self.last,
            hash: at_last.map_or(self.before, |proven| proven.hash),
            entries: self.last.0.saturating_add(1).saturating_sub(self.first.0),
            from: self.from,
            to: self.to,
            signed_at: self.checkpoint.body.time,
            balance: self.closing,
            opening: self.opening,
            account: self.account.clone(),
            signed_by: self.checkpoint.key,
            trusted: trusted.is_some(),
            imported: self.cloud == IMPORTED,
            before: ahead.map_or(self.before, |proven| proven.hash),
            unproven: vec![],
            first_bad_seq: None,
            flaw: None,
        };
        match self.flaw(trusted) {
            None => Verdict {
                ok: true,
                ..verdict
            },
            Some((flaw, first_bad_seq)) => Verdict {
                flaw: Some(flaw),
                first_bad_seq,
                ..verdict
            },
        }
    }

    fn flaw(&self, trusted: Option<&[PublicKey]>) -> Option<(Flaw, Option<Seq>)> {
        // The unit of amounts must be one that this program knows.
        let assets = [Asset::usd(), Asset::credit()];
        if self.format != FORMAT
            || !assets.contains(&self.asset)
            || self.account != self.checkpoint.body.account
        {
            return Some((Flaw::Format, None));
        }
        if let Err(flaw) = self.entries_hold() {
            return Some(flaw);
        }
        // Ignore keys whose id is not their hash.
        let genuine = self.keys.iter().filter(|key| key.is_genuine());
        let named: Vec<_> = genuine.cloned().collect();
        if self.checkpoint.verify(&named).is_err() {
            return Some((Flaw::Signature, None));
        }
        match trusted {
            Some(trusted) if self.checkpoint.verify(trusted).is_err() => {
                Some((Flaw::UnknownKey, None))
            }
            _ => None,
        }
    }

    /// True if the signature covers the unit of amounts: only the account's first entry names the unit.
    pub fn names_its_unit(&self) -> bool {
        let first = self.entries.first().map(|proven| proven.entry.as_bytes());
        let first = first.and_then(|line| entry::decode(line).ok());
        first.is_some_and(|entry| unit(&entry).is_some())
    }

    /// The entry number of the first of `entries`; `None` if there are none or the numbers are impossible.
    fn start(&self) -> Option<Seq> {
        let signed = self.checkpoint.body.seq.0;
        let start = signed.checked_add(1)?;
        let start = start.checked_sub(self.entries.len() as u64)?;
        (start > 0 && !self.entries.is_empty()).then_some(Seq(start))
    }

    /// Checks hash chain, numbers, days and balances of the entries.
    fn entries_hold(&self) -> Result<(), (Flaw, Option<Seq>)> {
        let signed = &self.checkpoint.body;
        let mut seq = self.start().ok_or((Flaw::Chain, None))?;
        let mut zone = Zone::named(&self.zone).ok_or((Flaw::Format, None))?;
        if seq == Seq(1) && self.before != chain::genesis(&self.account) {
            return Err((Flaw::Chain, Some(seq)));
        }
        let shown = seq < self.first || self.first == Seq(1);
        let follows = self
            .last
            .0
            .checked_add(1)
            .is_some_and(|end| self.first.0 <= end);
        if !shown || !follows || self.last > signed.seq {
            return Err((Flaw::Days, None));
        }
        let (mut hash, mut balance) = (self.before, None);
        let (mut opening, mut closing) = (None, None);
        for proven in &self.entries {
            let line = proven.entry.as_bytes();
            hash = chain::next(&hash, line);
            if hash != proven.hash {
                return Err((Flaw::Chain, Some(seq)));
            }
            let contradiction = (Flaw::Contradiction, Some(seq));
            let entry = entry::decode(line).map_err(|_| contradiction)?;
            if unit(&entry).is_some_and(|asset| *asset != self.asset) {
                return Err(contradiction);
            }
            let before = entry.balance_after.checked_sub(entry.delta).ok();
            if entry.seq != seq || before.is_none() || balance.is_some_and(|b| Some(b) != before) {
                return Err(contradiction);
            }
            let day = zone.day(entry.at).date();
            let belongs = match (seq < self.first, seq > self.last) {
                (true, _) => day < self.from,
                (_, true) => day > self.to,
                _ => (self.from..=self.to).contains(&day),
            };
            if !belongs {
                return Err((Flaw::Days, Some(seq)));
            }
            if seq == self.first {
                opening = before;
            }
            if seq == self.last {
                closing = Some(entry.balance_after);
            }
            balance = Some(entry.balance_after);
            seq = seq.next();
        }
        if hash != signed.chain || balance != Some(signed.balance) {
            return Err((Flaw::Signature, None));
        }
        // Before the first entry the balance is 0.
        let closing = closing.or((self.last == Seq::ZERO).then_some(Amount::ZERO));
        // For days without entries, opening and closing balance are the same.
        let opening = opening.or(closing.filter(|_| self.first > self.last));
        match (opening, closing) == (Some(self.opening), Some(self.closing)) {
            true => Ok(()),
            false => Err((Flaw::Sum, None)),
        }
    }
}

/// The unit that an account's first entry names; `None` for any other entry.
fn unit(entry: &Entry) -> Option<&Asset> {
    match &entry.body {
        Body::Opened(opened) => Some(&opened.asset),
        _ => None,
    }
}
