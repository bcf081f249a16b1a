//! What the app attaches to a dispute: histories, a statement and a picture of the balance. The same copy, days and
//! rows give the same bytes.

use boothkeeper_documents::proof::{FORMAT, Proof, ProvenEntry};
use boothkeeper_documents::write::archive::zipped;
use boothkeeper_documents::write::history::files;
use boothkeeper_documents::write::picture::BalancePicture;
use boothkeeper_documents::write::statement::{CauseLine, MOST_ENTRIES, Signature, Statement};
use boothkeeper_documents::write::{DayRange, MadeFile};
use boothkeeper_domain::{Day, Seq, Timestamp, Zone};
use boothkeeper_messages::code;
use boothkeeper_store::cache::Filter;

use crate::balance::BalanceView;
use crate::copy::Snapshot;
use crate::names::CatalogNames;
use crate::{AppError, Code};

/// The filter that selects the entries of `days`.
pub(super) fn filter(days: &DayRange) -> Filter {
    Filter {
        from: Some(Day::of_date(days.from)),
        to: Some(Day::of_date(days.to)),
        ..Filter::default()
    }
}

impl Snapshot<'_> {
    /// All files that the app attaches to a dispute (its packet). `balance` is what is shown now; `now` only decides
    /// which findings hold. No history file is larger than `most` bytes, unless a single month's is.
    pub(super) fn packet(
        &self,
        days: &DayRange,
        balance: &BalanceView,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<MadeFile>, AppError> {
        let statement = self.statement(days, now)?.to_pdf()?;
        let picture = self.picture(balance)?.to_png()?;
        let mut made = self.histories(days, most)?;
        made.push(MadeFile::new("statement.pdf", "application/pdf", statement));
        made.push(MadeFile::new("balance.png", "image/png", picture));
        Ok(made)
    }

    /// Table and proof of some days: as they are, zipped, or zipped by month; the first of these whose files all have
    /// at most `most` bytes.
    fn histories(&self, days: &DayRange, most: u64) -> Result<Vec<MadeFile>, AppError> {
        let plain = files(&self.proof(days)?)?;
        let fits = |file: &MadeFile| file.bytes.len() as u64 <= most;
        if plain.iter().all(fits) {
            return Ok(plain.into());
        }
        let at = self.head.checkpoint.time;
        let packed = plain.iter().map(|file| zipped(file, at));
        let packed = packed.collect::<Result<Vec<_>, _>>()?;
        let months = days.months();
        if packed.iter().all(fits) || months.len() < 2 {
            // A single month cannot be divided: sending it fails with `FileTooLarge`.
            return Ok(packed);
        }
        let mut made = Vec::new();
        for month in months {
            for file in self.histories(&month, 0)? {
                let dated = format!("usage-history-{}", month.from.format("%Y-%m"));
                made.push(MadeFile {
                    name: file.name.replacen("usage-history", &dated, 1),
                    ..file
                });
            }
        }
        Ok(made)
    }

    fn proof(&self, days: &DayRange) -> Result<Proof, AppError> {
        let (account, head) = (&self.head.checkpoint.account, &self.head);
        let stretch = self.cache.entry_range(&filter(days))?;
        let (first, last) = (stretch.first, stretch.last);
        let evidence = self
            .cache
            .signed_entries(account, before(first.min(last)), last)?;
        let entries = evidence.lines.into_iter().map(|(hash, line)| {
            let entry = String::from_utf8(line);
            let entry = entry.map_err(|error| AppError::because(Code::Damaged, error))?;
            Ok(ProvenEntry { hash, entry })
        });
        Ok(Proof {
            format: FORMAT.to_owned(),
            account: account.clone(),
            cloud: self.binding.cloud.clone(),
            asset: self.asset()?.clone(),
            from: days.from,
            to: days.to,
            zone: days.zone.clone(),
            opening: stretch.opening,
            closing: stretch.closing,
            first,
            last: last.min(head.checkpoint.seq),
            before: evidence.before,
            entries: entries.collect::<Result<_, AppError>>()?,
            checkpoint: evidence.checkpoint,
            keys: self.binding.keys.clone(),
        })
    }

    fn statement(&self, days: &DayRange, now: Timestamp) -> Result<Statement, AppError> {
        let identity = self.head.account.identity.as_ref();
        let identity = identity.ok_or(AppError::new(Code::NotSynced))?;
        let stretch = self.cache.entry_range(&filter(days))?;
        let (first, last) = (stretch.first, stretch.last);
        let count = (last.0 + 1).saturating_sub(first.0);
        let most = Seq(last.0.min(first.0 + MOST_ENTRIES as u64 - 1));
        let entries = match count {
            0 => vec![],
            _ => self.cache.entries_between(first, most)?,
        };
        let explained = self.explain(&filter(days), now)?;
        let causes = explained.causes.iter().map(|cause| CauseLine {
            code: cause.code,
            entries: cause.entries.len(),
            delta: cause.delta,
        });
        let signed = self.cache.checkpoint_from(last)?;
        Ok(Statement {
            account: identity.account.to_string(),
            email: identity.email.clone(),
            cloud: self.binding.cloud.clone(),
            asset: identity.asset.clone(),
            zone: Zone::named(&days.zone).unwrap_or_else(Zone::utc),
            days: days.clone(),
            opening: explained.opening,
            closing: explained.closing,
            causes: causes.collect(),
            entries,
            count,
            signature: Signature {
                seq: signed.body.seq.0,
                chain: signed.body.chain,
                time: signed.body.time,
                key: signed.key,
            },
            imported: self.binding.imported,
            services: CatalogNames::from(&self.catalog()?).services,
        })
    }

    fn picture(&self, view: &BalanceView) -> Result<BalancePicture, AppError> {
        let head = &self.head;
        let pending = view.pending.iter();
        let email = head.account.identity.as_ref().map(|i| i.email.clone());
        Ok(BalancePicture {
            trust: view.trust,
            balance: head.account.balance,
            asset: self.asset()?.clone(),
            buckets: view.buckets.clone(),
            pending: pending
                .map(|pending| (code(&pending.kind), pending.amount))
                .collect(),
            account: head.checkpoint.account.to_string(),
            email: email.unwrap_or_default(),
            as_of: view.as_of.unwrap_or(head.as_of),
            seq: head.checkpoint.seq,
            chain: head.checkpoint.chain,
            zone: Zone::named(&self.zone_name()?).unwrap_or_else(Zone::utc),
        })
    }
}

/// The number of the entry before `seq`, at least 1: the account's first entry has none before it.
fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1).max(1))
}
