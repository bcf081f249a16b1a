//! A stretch of the journal that proves itself: the entries exactly as sent, the chain over them, and the
//! cloud's signature at its end. Checked without any copy of the journal.

use boothkeeper_domain::Zone;
use boothkeeper_domain::{AccountId, Amount, Asset, Body, Entry, Hash, Seq, Timestamp};
use boothkeeper_wire::checkpoint::{PublicKey, SignedCheckpoint};
use boothkeeper_wire::{chain, entry};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What an imported history names as its cloud.
const IMPORTED: &str = "imported";

pub const FORMAT: &str = "boothkeeper/proof/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub format: String,
    pub account: AccountId,
    pub cloud: String,
    pub asset: Asset,
    /// Days of this zone, both included.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: String,
    /// The balance before `first` and after `last`.
    pub opening: Amount,
    pub closing: Amount,
    /// The days' own entries; nothing happened where `first` lies past `last`. The one before them shows that
    /// they begin there; those after `last` lead to the signature.
    pub first: Seq,
    pub last: Seq,
    /// The chain value before the first of the entries here.
    pub before: Hash,
    pub entries: Vec<Proven>,
    pub checkpoint: SignedCheckpoint,
    /// The keys that this laptop believes.
    pub keys: Vec<PublicKey>,
}

/// An entry's line as the cloud sent it, and the chain value after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    pub hash: Hash,
    pub entry: String,
}

/// What a proof comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub ok: bool,
    /// The last of the days' entries, and the chain value there.
    pub seq: Seq,
    pub hash: Hash,
    /// How many entries the days have.
    pub entries: u64,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// What came after this is not in it, whatever its days.
    pub signed_at: Timestamp,
    pub balance: Amount,
    pub opening: Amount,
    pub account: AccountId,
    /// Who signed it: to be compared with the key that the cloud names.
    pub signed_by: Hash,
    /// A cloud was asked whose key that is.
    pub trusted: bool,
    /// The operator brought it; what signed it is the operator's own computer.
    pub imported: bool,
    /// The chain value before the days' first entry.
    #[serde(skip, default = "no_hash")]
    pub before: Hash,
    /// Files that came with it, of which nothing is proven.
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
    /// It says that it is something else.
    Format,
    /// An entry's bytes are not what the chain says.
    Chain,
    /// An entry contradicts the one before it.
    Contradiction,
    /// Days are missing entries at their ends, or have some of other days.
    Days,
    /// Opening and changes do not come to the closing balance.
    Sum,
    /// The signature is not over this, or not by the key that is named.
    Signature,
    /// Signed, but by nobody that is believed here.
    UnknownKey,
    /// The table beside it says something else.
    Table,
}

impl Proof {
    /// Checks all of it; `trusted` are keys known from elsewhere, if there are any.
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
        // What counts credits otherwise is not ours to read.
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
        // A key whose id is not its hash is ignored.
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

    /// Whether what it counts in is among what was signed: only the account's first entry names it.
    pub fn names_its_unit(&self) -> bool {
        let first = self.entries.first().map(|proven| proven.entry.as_bytes());
        let first = first.and_then(|line| entry::decode(line).ok());
        first.is_some_and(|entry| unit(&entry).is_some())
    }

    /// The first of the entries here.
    fn start(&self) -> Option<Seq> {
        let signed = self.checkpoint.body.seq.0;
        let start = signed.checked_add(1)?;
        let start = start.checked_sub(self.entries.len() as u64)?;
        (start > 0 && !self.entries.is_empty()).then_some(Seq(start))
    }

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
        // Before the first entry there was nothing.
        let closing = closing.or((self.last == Seq::ZERO).then_some(Amount::ZERO));
        // Days on which nothing happened open with what they close.
        let opening = opening.or(closing.filter(|_| self.first > self.last));
        match (opening, closing) == (Some(self.opening), Some(self.closing)) {
            true => Ok(()),
            false => Err((Flaw::Sum, None)),
        }
    }
}

/// In what an account counts, where its first entry says so.
fn unit(entry: &Entry) -> Option<&Asset> {
    match &entry.body {
        Body::Opened(opened) => Some(&opened.asset),
        _ => None,
    }
}
