//! Scrub: verifies the whole local copy again (hash chain, account state, columns and sums) against the signed
//! checkpoint.
//!
//! Every segment is stored with its chain value, so each can be checked independently. The calling thread reads, one
//! worker per processor checks segments, and one thread computes the account's state from the checked entries in order.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use boothkeeper_domain::{Account, AccountId, Amount, Entry, Hash, Seq};
use boothkeeper_wire::checkpoint::PublicKey;
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use boothkeeper_wire::{chain, entry};

use super::{Cache, EntryRow, Head, Names, Rollups, table_checksums};
use crate::StoreError;
use boothkeeper_domain::Zone;

/// Result of a scrub, which verifies the whole local copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrub {
    pub seq: Seq,
    pub chain: Hash,
    pub entries: u64,
    pub balance: Amount,
    /// The first entry whose line or columns are damaged; `None` if the local copy is undamaged.
    pub first_bad: Option<Seq>,
}

/// A segment, or the lines after the last segment, with the chain values and rows that it must match.
struct ScrubPart {
    after: Seq,
    chain_before: Hash,
    chain: Hash,
    bytes: PartBytes,
    rows: Vec<EntryRow>,
}

enum PartBytes {
    Frame(Vec<u8>),
    Lines(Vec<u8>),
}

/// The entries of a sound part with their rows, or the first damaged entry.
type Checked = Result<(Vec<Entry>, Vec<EntryRow>), Seq>;

/// The account's state, the rollups (sums per day) and the links between entries, computed from all entries.
#[derive(Default)]
struct Folded {
    account: Account,
    rollups: Rollups,
    links: Vec<(Seq, Seq)>,
}

struct Job {
    part: ScrubPart,
    answer: SyncSender<Checked>,
}

impl Cache {
    /// Verifies the whole local copy; `None` if nothing has been synced. Damage is reported in [`Scrub::first_bad`],
    /// not as an error.
    pub fn scrub(
        &self,
        account: &AccountId,
        keys: &[PublicKey],
    ) -> Result<Option<Scrub>, StoreError> {
        let Some(head) = self.head(keys)? else {
            return Ok(None);
        };
        let (folded, first_bad) = match self.check_all(account, &head) {
            // The table of names is damaged, and every row depends on it.
            Err(StoreError::Damaged { seq, .. }) => {
                (Folded::default(), Some(seq.unwrap_or(Seq(1))))
            }
            checked => checked?,
        };
        let matches = folded.account == head.account
            && folded.account.seq.0 == head.checkpoint.count
            && self.head_is_sound(keys)?
            && (first_bad.is_some() || self.derived_is(&folded)?);
        let first_bad = first_bad.or_else(|| (!matches).then_some(head.checkpoint.seq));
        Ok(Some(Scrub {
            seq: head.checkpoint.seq,
            chain: head.checkpoint.chain,
            entries: folded.account.seq.0,
            balance: head.checkpoint.balance,
            first_bad,
        }))
    }

    /// State, rollups and links computed from the entries before the first damaged one, and that entry's seq, if there
    /// is one.
    fn check_all(
        &self,
        account: &AccountId,
        head: &Head,
    ) -> Result<(Folded, Option<Seq>), StoreError> {
        let zone = self.zone()?.unwrap_or_else(Zone::utc);
        let names = &*self.names()?;
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = sync_channel::<Job>(workers);
        let queue = &Mutex::new(queue);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(move || work(queue, names.clone()));
            }
            let (order, answers) = sync_channel(2 * workers);
            let folding = scope.spawn(move || fold(&answers, zone));
            let read = self.read_parts(account, head, |part| {
                let (answer, checked) = sync_channel(1);
                // The thread `folding` stops receiving at the first damaged part.
                let wanted = order.send(checked).is_ok();
                let taken = match part {
                    Ok(part) => jobs.send(Job { part, answer }).is_ok(),
                    Err(bad) => answer.send(Err(bad)).is_ok(),
                };
                wanted && taken
            });
            drop((jobs, order));
            let folded = folding
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            read?;
            Ok(folded)
        })
    }

    /// Whether links and rollups match the entries, and no row or checkpoint is past the last entry.
    fn derived_is(&self, folded: &Folded) -> Result<bool, StoreError> {
        let query = "SELECT count(*), coalesce(max(seq), 0) FROM entries";
        let (count, last): (u64, u64) = self
            .connection
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT target, seq FROM links ORDER BY seq, target")?;
        let links = statement.query_map([], |row| Ok((Seq(row.get(0)?), Seq(row.get(1)?))))?;
        let links: Result<Vec<_>, _> = links.collect();
        let rollups = match self.rollups() {
            Err(StoreError::Damaged { .. }) => return Ok(false),
            rollups => rollups?,
        };
        let end = folded.account.seq.0;
        Ok(count == end
            && last == end
            && self.end()?.0 == end
            && links.is_ok_and(|links| links == folded.links)
            && table_checksums::LINKS.is_whole(&self.connection)?
            && table_checksums::ROLLUPS.is_whole(&self.connection)?
            && rollups == folded.rollups)
    }

    /// Hands every segment, and then the newest lines, to `take`. Stops when `take` returns false, or after the first
    /// part that cannot be read: `take` gets the seq of the damaged entry instead.
    fn read_parts(
        &self,
        account: &AccountId,
        head: &Head,
        mut take: impl FnMut(Result<ScrubPart, Seq>) -> bool,
    ) -> Result<(), StoreError> {
        let end = head.checkpoint.seq;
        let (mut at, mut chain_before) = (Seq::ZERO, chain::genesis(account));
        while at < end {
            let last = Seq(at.0 + SEGMENT).min(end);
            let whole = last.0 - at.0 == SEGMENT;
            let part = match if whole { self.segment(last) } else { Ok(None) } {
                Ok(Some(segment)) => Ok((segment.chain, PartBytes::Frame(segment.frame))),
                Ok(None) if !whole => Ok((head.checkpoint.chain, PartBytes::Lines(self.tail()?))),
                Ok(None) | Err(StoreError::Damaged { .. }) => Err(at.next()),
                Err(error) => return Err(error),
            };
            let rows = match self.rows_up_to(at.next(), last) {
                Err(StoreError::Damaged { seq, .. }) => Err(seq.unwrap_or(at.next())),
                rows => Ok(rows?),
            };
            let chain = part.as_ref().map_or(chain_before, |(chain, _)| *chain);
            let part = part.and_then(|(chain, bytes)| {
                Ok(ScrubPart {
                    after: at,
                    chain_before,
                    chain,
                    bytes,
                    rows: rows?,
                })
            });
            let bad = part.is_err();
            if !take(part) || bad {
                return Ok(());
            }
            (at, chain_before) = (last, chain);
        }
        Ok(())
    }
}

/// A worker: checks parts from the queue until the queue is closed.
fn work(queue: &Mutex<Receiver<Job>>, mut names: Names) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { part, answer }) = next else {
            return;
        };
        // Sending fails if the thread that collects the answers has stopped at an earlier damaged part.
        let _ = answer.send(part.check(&mut names));
    }
}

/// Computes state, rollups and links from the checked parts in order, up to the first damaged entry.
fn fold(answers: &Receiver<Receiver<Checked>>, mut zone: Zone) -> (Folded, Option<Seq>) {
    let mut folded = Folded::default();
    for answer in answers {
        // If the worker ended without an answer, its part counts as damaged.
        let checked = answer.recv().unwrap_or(Err(folded.account.seq.next()));
        let (entries, rows) = match checked {
            Ok(checked) => checked,
            Err(bad) => return (folded, Some(bad)),
        };
        for (entry, row) in entries.iter().zip(&rows) {
            if folded.account.apply(entry).is_err() {
                return (folded, Some(entry.seq));
            }
            let day = zone.day(row.at);
            folded.rollups.add(row, day);
            let target = entry.body.refers_to();
            folded.links.extend(target.map(|target| (target, row.seq)));
        }
    }
    (folded, None)
}

impl ScrubPart {
    /// Compares the part's lines with the hash chain, and its rows with the lines.
    fn check(self, names: &mut Names) -> Checked {
        let first = self.after.next();
        let opened;
        let whole = match &self.bytes {
            PartBytes::Frame(frame) => {
                opened = decompress(frame).map_err(|_| first)?;
                &opened
            }
            PartBytes::Lines(lines) => lines,
        };
        let (mut seq, mut chain) = (self.after, self.chain_before);
        let mut rows = self.rows.iter();
        let mut entries = Vec::with_capacity(self.rows.len());
        for line in lines(whole).map_err(|_| first)? {
            seq = seq.next();
            chain = chain::next(&chain, line);
            let entry = entry::decode(line).map_err(|_| seq)?;
            if rows.next() != Some(&EntryRow::of(&entry, names)) {
                return Err(seq);
            }
            entries.push(entry);
        }
        if chain != self.chain || rows.next().is_some() {
            return Err(first);
        }
        Ok((entries, self.rows))
    }
}
