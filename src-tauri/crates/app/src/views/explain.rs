//! Where the credits went: opening + Σ of causes = closing, and what to know or do, offline.

use boothkeeper_domain::findings::{
    self, Cause, CauseCode, Finding, FindingCode, NextStep, Severity,
};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Amount, Seq, Timestamp};
use boothkeeper_store::cache::Filter;
use boothkeeper_store::{Day, StoreError};
use chrono::NaiveDate;
use serde::Serialize;

use crate::copy::Copied;
use crate::{App, AppError, Code};

/// Days explained if nothing is said.
const DAYS: i64 = 30;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Explanation {
    pub opening: Amount,
    pub closing: Amount,
    pub delta: Amount,
    /// They come to the delta, to the last unit.
    pub causes: Vec<Cause>,
    pub findings: Vec<Finding>,
    pub unexplained: Amount,
    /// Up to here the cloud is known to have had nothing newer: what did not happen, had not by then.
    pub as_of: Timestamp,
}

impl App {
    /// Explains the days of the laptop's zone from `from` to `to`, both included.
    pub fn explain(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<Explanation, AppError> {
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(AppError::new(Code::OutOfRange));
        }
        let now = self.rules_now()?;
        let mut zone = self.laptop.zone().clone();
        let first = from.map_or_else(|| zone.day(now.plus(-DAYS * DAY)), Day::of_date);
        let filter = Filter {
            from: Some(first),
            to: to.map(Day::of_date),
            ..Filter::default()
        };
        let mut explanation = self.on_copy(|copied| copied.explain(&filter, now))?;
        // What holds now is told of days that reach up to now.
        if to.is_none_or(|to| Day::of_date(to) >= zone.day(now)) {
            explanation.findings.extend(self.around()?);
        }
        Ok(explanation)
    }

    /// What neither the journal nor the account's state says by itself.
    fn around(&self) -> Result<Vec<Finding>, AppError> {
        let mut around = Vec::new();
        if let (Some(event), Some(estimate)) = {
            let runway = self.runway()?;
            (runway.event, runway.estimate)
        } && let Some(ends_at) = estimate.ends_at
        {
            around.push(Finding {
                amount: Some(estimate.missing),
                at: Some(event.starts_at),
                deadline: Some(ends_at),
                ..Finding::new(FindingCode::LowRunway, Severity::Warn, NextStep::BuyCredits)
            });
        }
        if self
            .binding()?
            .is_some_and(|binding| binding.diverged.is_some())
        {
            let code = FindingCode::Diverged;
            around.push(Finding::new(code, Severity::Alarm, NextStep::Dispute));
        }
        Ok(around)
    }
}

impl Copied<'_> {
    fn explain(&self, filter: &Filter, now: Timestamp) -> Result<Explanation, AppError> {
        let (head, catalog) = (&self.head, self.catalog()?);
        let opening = self.cache.opening(filter)?;
        let days = self.cache.days(filter)?;
        let last = days.first().map_or(Seq::ZERO, |day| day.last);
        // What followed an entry of these days may have come after them.
        let first = days.last().map_or(head.account.seq.next(), |day| day.first);
        let entries = self.cache.entries_between(first, head.account.seq)?;
        let within = entries.partition_point(|entry| entry.seq <= last);
        let causes = findings::causes(&entries[..within]);
        let charged = |seq: Seq| {
            let row = self.cache.row(seq).ok()??;
            Some(row.delta.negated())
        };
        let mut findings = findings::findings(
            &entries,
            &head.account,
            &catalog,
            &charged,
            now.min(head.as_of),
        );
        // Of what came later only what is about these days.
        findings.retain(|finding| {
            finding.entries.is_empty() || finding.entries.iter().any(|seq| *seq <= last)
        });
        let delta = opening.closing.checked_sub(opening.opening);
        let unexplained = causes.iter().find(|c| c.code == CauseCode::Unexplained);
        Ok(Explanation {
            opening: opening.opening,
            closing: opening.closing,
            delta: delta.map_err(StoreError::damaged_by)?,
            unexplained: unexplained.map_or(Amount::ZERO, |cause| cause.delta),
            causes,
            findings,
            as_of: head.as_of,
        })
    }
}
