//! Text search as a scan, newest first. The names of services, events and kinds are compared once, in the table of
//! names; ids and reasons are searched for in the entries' bytes.

use boothkeeper_domain::{Amount, Asset, Seq};
use boothkeeper_wire::entry;
use boothkeeper_wire::stream::{SEGMENT, decompress, lines};
use memchr::memmem::Finder;

use super::names::{Class, NameId, Names};
use super::{Cache, EntryRow, Filter};
use crate::StoreError;

/// The text that the operator typed: as text, as an amount, and as part of names.
struct Needle {
    lower: String,
    amount: Option<Amount>,
    /// Kinds, services and events whose names contain the text.
    names: Vec<NameId>,
    /// Searchers of the entries' bytes: for the text as typed, and in lower case.
    finders: Vec<Finder<'static>>,
}

impl Needle {
    fn new(text: &str, asset: &Asset, names: &Names) -> Self {
        let lower = text.trim().to_lowercase();
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '$' | '+' | '-' | '\u{2212}' | ' '))
            .collect();
        let matches = |name: &str| {
            let name = name.to_lowercase();
            name.contains(&lower) || name.replace('_', " ").contains(&lower)
        };
        let names = [Class::Kind, Class::Service, Class::Event]
            .into_iter()
            .flat_map(|class| names.all(class))
            .filter(|(name, _)| matches(name))
            .map(|(_, id)| id)
            .collect();
        let mut forms = vec![text.trim().to_owned(), lower.clone()];
        forms.dedup();
        Needle {
            amount: asset.parse(&plain).filter(|amount| amount.is_positive()),
            names,
            finders: forms
                .iter()
                .map(|form| Finder::new(form.as_bytes()).into_owned())
                .collect(),
            lower,
        }
    }

    /// SQL condition for rows that match by a name or by the amount; `None` if the text is in no name and is no amount.
    fn columns(&self) -> Option<String> {
        let ids: Vec<_> = self.names.iter().map(|id| id.0.to_string()).collect();
        let ids = ids.join(", ");
        let mut any: Vec<_> = ["kind", "service", "event"]
            .iter()
            .filter(|_| !ids.is_empty())
            .map(|column| format!("{column} IN ({ids})"))
            .collect();
        any.extend(
            self.amount
                .map(|amount| format!("abs(delta) = {}", amount.minor())),
        );
        (!any.is_empty()).then(|| any.join(" OR "))
    }

    /// Offsets of the text in `bytes`, as typed or in lower case.
    fn offsets<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        self.finders
            .iter()
            .flat_map(move |finder| finder.find_iter(bytes))
    }

    /// True if a value of the entry contains the text: its reason, its run, or a text in its body. Field names do not
    /// count.
    fn matches_value_of(&self, line: &[u8]) -> bool {
        let Ok(entry) = entry::decode(line) else {
            return false;
        };
        let contains = |text: &str| text.to_lowercase().contains(&self.lower);
        entry.reason.as_deref().is_some_and(contains)
            || entry.body.run().is_some_and(|run| contains(run.as_str()))
            || entry
                .body
                .to_json()
                .is_ok_and(|body| text_values(&body).any(contains))
    }
}

/// The text values in a JSON object: from each `:"` to the next quote. Escapes are not decoded.
fn text_values(json: &str) -> impl Iterator<Item = &str> {
    json.split(":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

impl Cache {
    /// Up to `limit` rows with a seq below `before` that match the filter and contain `text`, newest first.
    pub fn search(
        &self,
        filter: &Filter,
        text: &str,
        asset: &Asset,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let needle = Needle::new(text, asset, &*self.names()?);
        let (first, last) = self.bounds(filter)?;
        let below = |seq: Seq| Seq(seq.0.saturating_sub(1));
        let mut scan = Scan {
            cache: self,
            filter,
            condition: needle.columns(),
            needle,
            first,
            top: before.map_or(last, |before| last.min(below(before))),
            limit,
            found: Vec::new(),
        };
        scan.tail()?;
        for last in (1..=self.seq()?.0 / SEGMENT)
            .rev()
            .map(|n| Seq(n * SEGMENT))
        {
            if scan.is_done(last) {
                break;
            }
            scan.segment(last)?;
        }
        Ok(scan.found)
    }

    /// First and last entry of the filter's days; an empty range if they have no entries.
    fn bounds(&self, filter: &Filter) -> Result<(Seq, Seq), StoreError> {
        if filter.from.is_none() && filter.to.is_none() {
            return Ok((Seq(1), self.seq()?));
        }
        let days = self.days(&Filter {
            from: filter.from,
            to: filter.to,
            ..Filter::default()
        })?;
        Ok(match (days.last(), days.first()) {
            (Some(oldest), Some(newest)) => (oldest.first, newest.last),
            _ => (Seq(1), Seq::ZERO),
        })
    }
}

/// A search under way: the rows from `first` to `top` that match.
struct Scan<'a> {
    cache: &'a Cache,
    filter: &'a Filter,
    needle: Needle,
    condition: Option<String>,
    first: Seq,
    top: Seq,
    limit: usize,
    found: Vec<EntryRow>,
}

impl Scan<'_> {
    /// True if `limit` rows are found, or the segment that ends with `last` is before `first`.
    fn is_done(&self, last: Seq) -> bool {
        self.found.len() >= self.limit || last < self.first
    }

    /// Searches the entries after the last whole segment for the text.
    fn tail(&mut self) -> Result<(), StoreError> {
        let tail = self.cache.tail()?;
        if tail.is_empty() {
            return Ok(());
        }
        let last = self.cache.seq()?;
        self.range(Seq(last.0 / SEGMENT * SEGMENT + 1), last, &tail)
    }

    /// Searches the entries of the segment that ends with `last` for the text.
    fn segment(&mut self, last: Seq) -> Result<(), StoreError> {
        let segment = self.cache.segment(last)?;
        let segment = segment.ok_or_else(|| StoreError::damaged(last))?;
        if segment.before() >= self.top {
            return Ok(());
        }
        let whole = decompress(&segment.frame).map_err(|_| StoreError::damaged(last))?;
        self.range(segment.before().next(), last, &whole)
    }

    /// Searches the entries from `first` to `last`: their columns, and their lines, which are in `whole`.
    fn range(&mut self, first: Seq, last: Seq, whole: &[u8]) -> Result<(), StoreError> {
        let matching_seqs = self.matching_seqs(last, whole)?;
        let (first, top) = (self.first.max(first), self.top.min(last));
        let mut any = self.condition.clone().unwrap_or_default();
        if !matching_seqs.is_empty() {
            let join = if any.is_empty() { "" } else { " OR " };
            any.push_str(&format!("{join}seq IN ({})", matching_seqs.join(", ")));
        }
        if any.is_empty() {
            return Ok(());
        }
        let left = self.limit.saturating_sub(self.found.len());
        let rows = self.cache.rows_where(self.filter, &any, first, top, left)?;
        self.found.extend(rows);
        Ok(())
    }

    /// Seqs of the entries that have the searched text in a value. `whole` has the lines up to `last`.
    fn matching_seqs(&self, last: Seq, whole: &[u8]) -> Result<Vec<String>, StoreError> {
        let mut offsets: Vec<_> = self.needle.offsets(whole).collect();
        if offsets.is_empty() {
            return Ok(Vec::new());
        }
        offsets.sort_unstable();
        let lines: Vec<&[u8]> = lines(whole)?.collect();
        let before = last.0.checked_sub(lines.len() as u64);
        let before = before.ok_or_else(|| StoreError::damaged(last))?;
        let mut seqs = Vec::new();
        let (mut at, mut line_end) = (0, 0);
        let mut hits = offsets.into_iter().peekable();
        for line in lines {
            at += 1;
            line_end += line.len() + 1;
            let hit = hits.next_if(|offset| *offset < line_end).is_some();
            while hits.next_if(|offset| *offset < line_end).is_some() {}
            if hit && self.needle.matches_value_of(line) {
                seqs.push((before + at).to_string());
            }
        }
        Ok(seqs)
    }
}
