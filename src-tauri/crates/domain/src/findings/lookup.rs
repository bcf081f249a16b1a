//! Look-ups in the journal for findings that need further entries.

use crate::{Amount, Entry, Kind, Seq};

/// Look-ups in the whole journal, for findings that need entries beyond those that are examined.
pub trait JournalLookup {
    /// The credits that an entry took, in minor units; `None` if there is no such entry.
    fn charged(&self, seq: Seq) -> Option<Amount>;
    /// Seq of the newest entry of any of these kinds.
    fn newest(&self, kinds: &[Kind]) -> Option<Seq>;
    /// The newest entries of these kinds before `seq`, at most [`LOOKED_BACK`], in the order of the journal.
    fn entries_before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry>;
}

/// Most entries that [`JournalLookup::entries_before`] returns. This covers several years of fees.
pub const LOOKED_BACK: usize = 100;

/// Look-ups in a whole journal that is held in memory.
impl JournalLookup for [Entry] {
    fn charged(&self, seq: Seq) -> Option<Amount> {
        let entry = self.iter().find(|entry| entry.seq == seq)?;
        Some(entry.delta.negated())
    }

    fn newest(&self, kinds: &[Kind]) -> Option<Seq> {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let mut back = self.iter().rev();
        let found = back.find(|entry| names.contains(&entry.body.name()))?;
        Some(found.seq)
    }

    fn entries_before(&self, seq: Seq, kinds: &[Kind]) -> Vec<Entry> {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let before = |entry: &&Entry| entry.seq < seq && names.contains(&entry.body.name());
        let mut found: Vec<Entry> = self.iter().filter(before).cloned().collect();
        found.drain(..found.len().saturating_sub(LOOKED_BACK));
        found
    }
}
