//! Stores an imported journal in place of one copied from a cloud. The import is signed with a new key that is not
//! kept, so damage on disk is found as in any copy, and the journal cannot be mistaken for one that a cloud signed.

use boothkeeper_domain::{AccountId, Amount, Entry, Epoch, Seq, Timestamp};
use boothkeeper_store::outbox::Binding;
use boothkeeper_wire::api::ClockKind;
use boothkeeper_wire::chain;
use boothkeeper_wire::checkpoint::{Checkpoint, public_key};
use boothkeeper_wire::entry::encode;
use boothkeeper_wire::stream::{Begin, CHECKPOINT_EVERY, Control, End, Frame, SEGMENT, compress};
use ed25519_dalek::SigningKey;

use crate::{LocalCopy, SyncError};

/// Replaces the journal in the data folder with `entries`. Fails with `WrongAccount` if the folder copies a cloud's
/// account.
pub fn replace(
    laptop: &LocalCopy,
    account: &AccountId,
    entries: &[Entry],
) -> Result<(), SyncError> {
    let bound = laptop.outbox().binding()?;
    if bound.is_some_and(|binding| !binding.imported) {
        return Err(SyncError::WrongAccount);
    }
    laptop.delete_all()?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|_| SyncError::Worker)?;
    let key = SigningKey::from_bytes(&secret);
    let epoch = Epoch::new("imported").map_err(boothkeeper_store::StoreError::from)?;
    let binding = Binding {
        cloud: "imported".to_owned(),
        account: account.clone(),
        keys: vec![public_key(&key)],
        clock: ClockKind::Real,
        diverged: None,
        imported: true,
    };
    laptop.outbox().bind(Some(&binding))?;
    let (_, mut ingest) = laptop.ingest(&binding)?;
    // The import is current only up to its last entry.
    let as_of = entries
        .last()
        .map_or(Timestamp::default(), |entry| entry.at);
    let mut journal = Journal {
        chain: chain::genesis(account),
        balance: Amount::ZERO,
        seq: Seq::ZERO,
    };
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let control = |control: Control| {
        let line = control.to_line();
        line.map_err(|error| SyncError::Store(error.into()))
    };
    frames.push(control(Control::Begin(Begin {
        account: account.clone(),
        epoch: epoch.clone(),
        after: Seq::ZERO,
        chain: journal.chain,
        head: None,
        required: vec![],
    }))?);
    let size = usize::try_from(SEGMENT).unwrap_or(1000);
    for (n, segment) in entries.chunks(size).enumerate() {
        frames.push(journal.lines(segment)?);
        let last = (n + 1) * size >= entries.len();
        if last || (n + 1).is_multiple_of(usize::try_from(CHECKPOINT_EVERY).unwrap_or(8)) {
            let checkpoint = Checkpoint {
                account: account.clone(),
                epoch: epoch.clone(),
                seq: journal.seq,
                chain: journal.chain,
                count: journal.seq.0,
                sum: journal.balance,
                balance: journal.balance,
                time: as_of,
            };
            frames.push(control(Control::Checkpoint(checkpoint.sign(&key)))?);
        }
    }
    let end = control(Control::End(End {
        seq: journal.seq,
        chain: journal.chain,
        has_more: false,
        head: journal.seq,
        as_of,
    }))?;
    // The `end` line directly follows the last checkpoint, in the same frame.
    if let Some(last) = frames.last_mut() {
        last.extend(end);
    }
    for lines in frames {
        let compressed = compress(&lines).map_err(boothkeeper_store::StoreError::io("imported"))?;
        let mut verified = Vec::new();
        ingest.frame(Frame { compressed, lines }, &mut |stretch| {
            verified.push(stretch)
        })?;
        for stretch in verified {
            laptop.cache().apply(&stretch, laptop.clock().wall())?;
        }
    }
    ingest.finish()?;
    laptop
        .cache()
        .confirm(journal.seq, as_of, laptop.clock().wall())?;
    Ok(())
}

/// Chain, balance and seq after the last encoded entry.
struct Journal {
    chain: boothkeeper_domain::Hash,
    balance: Amount,
    seq: Seq,
}

impl Journal {
    fn lines(&mut self, entries: &[Entry]) -> Result<Vec<u8>, SyncError> {
        let mut lines = Vec::new();
        for entry in entries {
            let line = encode(entry).map_err(boothkeeper_store::StoreError::from)?;
            self.chain = chain::next(&self.chain, &line);
            (self.seq, self.balance) = (entry.seq, entry.balance_after);
            lines.extend(line);
            lines.push(b'\n');
        }
        Ok(lines)
    }
}
