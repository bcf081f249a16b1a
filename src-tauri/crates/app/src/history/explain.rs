//! Explains a change of the balance by causes whose sum is exactly the change, and lists findings. Works offline.

use std::collections::BTreeSet;

use boothkeeper_domain::Day;
use boothkeeper_domain::findings::{
    self, Cause, CauseCode, Finding, FindingCode, NextStep, Severity, Spent,
};
use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::trust::Trust;
use boothkeeper_domain::{Amount, Seq, Timestamp};
use boothkeeper_store::StoreError;
use boothkeeper_store::cache::{EntryRange, Filter};
use boothkeeper_sync::wire::api::ClockKind;
use chrono::NaiveDate;
use serde::Serialize;

use super::History;
use crate::copy::Snapshot;
use crate::{AppError, Code};

/// Number of days explained by default.
const DAYS: i32 = 30;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Explanation {
    pub opening: Amount,
    pub closing: Amount,
    /// `closing` minus `opening`.
    pub delta: Amount,
    /// The sum of the causes is exactly `delta`.
    pub causes: Vec<Cause>,
    /// Cost of runs by service and by event, largest first. The sum of each list is the delta of the cause `usage`.
    pub by_service: Vec<Spent>,
    pub by_event: Vec<Spent>,
    /// Most severe first.
    pub findings: Vec<Finding>,
    /// Part of `delta` without a known cause.
    pub unexplained: Amount,
    /// Number of the newest entry in the local copy when this view was computed.
    pub seq: Seq,
    /// First and last day, both included, if the question was about days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "[string, string]"))]
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Time up to which the local copy is complete. That an entry is absent is known only up to this time.
    pub as_of: Timestamp,
}

/// The days or entries over which the change of the balance is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// First and last day in the laptop's zone, both included. By default the last 30 days up to today.
    Days(Option<NaiveDate>, Option<NaiveDate>),
    /// All entries after the given one.
    Entry(Seq),
}

/// The last entry that the operator has seen, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LastSeen {
    pub seq: Seq,
    pub at: Timestamp,
}

impl History<'_> {
    /// The last entry that the operator has seen; `None` if there is none or the record is damaged.
    pub fn last_seen(&self) -> Result<Option<LastSeen>, AppError> {
        let looked = self.app.local_copy.outbox().last_seen()?;
        Ok(looked.map(|(seq, at)| LastSeen { seq, at }))
    }

    /// Records that the operator has seen the entries up to `seq`. A lower `seq` than the recorded one changes nothing.
    pub fn mark_seen(&self, seq: Seq) -> Result<(), AppError> {
        let now = self.app.rules_now()?;
        let outbox = self.app.local_copy.outbox();
        if outbox.last_seen()?.is_none_or(|(known, _)| known <= seq) {
            outbox.mark_seen(seq, now)?;
        }
        Ok(())
    }

    /// Explains the change of the balance in the given range. Fails with `OutOfRange` if the first day is after the
    /// last, and with `NotFound` if the given entry does not exist.
    pub fn explain(&self, since: Since) -> Result<Explanation, AppError> {
        let now = self.app.rules_now()?;
        let (mut explanation, to) = match since {
            Since::Days(from, to) => (self.explain_days(from, to, now)?, to),
            Since::Entry(seq) => (
                self.app
                    .read_copy(|copied| copied.explain_after(seq, now))?,
                None,
            ),
        };
        // Findings about the present belong only to ranges that end today or later.
        let mut zone = self.app.local_copy.zone().clone();
        if to.is_none_or(|to| Day::of_date(to) >= zone.day(now)) {
            explanation.findings.extend(self.other_findings()?);
        }
        explanation
            .findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.qualify(&mut explanation.findings, explanation.as_of)?;
        Ok(explanation)
    }

    fn explain_days(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        now: Timestamp,
    ) -> Result<Explanation, AppError> {
        let mut zone = self.app.local_copy.zone().clone();
        let today = zone.day(now);
        let last = to.map_or(today, Day::of_date);
        let first = from.map_or(Day(last.0 - DAYS), Day::of_date);
        if first > last {
            return Err(AppError::new(Code::OutOfRange));
        }
        let filter = Filter {
            from: Some(first),
            to: to.map(Day::of_date),
            ..Filter::default()
        };
        self.app.read_copy(|copied| {
            Ok(Explanation {
                days: Some((first.date(), last.date())),
                ..copied.explain(&filter, now)?
            })
        })
    }

    /// Sets on each finding until when it is known to hold, and the dispute or draft that is already about it.
    pub(super) fn qualify(
        &self,
        findings: &mut [Finding],
        as_of: Timestamp,
    ) -> Result<(), AppError> {
        let binding = self.app.binding()?;
        let head = self.app.head(binding.as_ref())?;
        let age = self.app.now(head.as_deref()).since(as_of);
        let sandbox = binding.is_some_and(|b| b.clock == ClockKind::Sandbox);
        let live = self.app.balance().view()?.trust == Trust::Live;
        let known_until = (!live && age > MINUTE && !sandbox).then_some(as_of);
        let disputed = self.app.disputed()?;
        for finding in findings {
            finding.known_until = known_until.filter(|_| finding.code.rests_on_absence());
            let about = |sent: bool| {
                let mut disputed = disputed.iter();
                let found = disputed.find(|other| other.sent == sent && other.is_about(finding));
                found.map(|dispute| dispute.id.clone())
            };
            (finding.dispute, finding.draft) = (about(true), about(false));
        }
        Ok(())
    }

    /// Findings that do not follow from the journal and the account's state: too few credits for an event, and a local
    /// copy that differs from the cloud.
    fn other_findings(&self) -> Result<Vec<Finding>, AppError> {
        let mut around = Vec::new();
        if let (Some(event), Some(estimate)) = {
            let runway = self.app.balance().runway()?;
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
            .app
            .binding()?
            .is_some_and(|binding| binding.diverged.is_some() && !binding.is_damaged())
        {
            let code = FindingCode::Diverged;
            around.push(Finding::new(code, Severity::Alarm, NextStep::Dispute));
        }
        Ok(around)
    }
}

impl Snapshot<'_> {
    pub(crate) fn explain(&self, filter: &Filter, now: Timestamp) -> Result<Explanation, AppError> {
        self.explain_range(self.cache.entry_range(filter)?, now)
    }

    fn explain_after(&self, seq: Seq, now: Timestamp) -> Result<Explanation, AppError> {
        let account = &self.head.account;
        let opening = match self.cache.row(seq)? {
            Some(row) => row.balance_after,
            // Seq 0 stands for the beginning of the account, before its first entry.
            None if seq == Seq::ZERO => Amount::ZERO,
            None => return Err(AppError::new(Code::NotFound)),
        };
        let stretch = EntryRange {
            first: seq.next(),
            last: account.seq,
            opening,
            closing: account.balance,
        };
        self.explain_range(stretch, now)
    }

    fn explain_range(&self, stretch: EntryRange, now: Timestamp) -> Result<Explanation, AppError> {
        let EntryRange {
            first,
            last,
            opening,
            closing,
        } = stretch;
        let (head, catalog) = (&self.head, self.catalog()?);
        let mut gathered = self.cache.tally(first, last)?;
        let causes = gathered.causes();
        let (by_service, by_event) = (gathered.by_service(), gathered.by_event());
        // Later entries, such as refunds, may refer to entries of this range, or to a run before it whose failure is in
        // this range. Without them a refunded run would be reported as not refunded.
        let mut later: BTreeSet<Seq> = self.cache.followers_after((first, last), last)?;
        for of in gathered.failed().filter(|of| *of < first) {
            later.extend(self.cache.followers_after((of, of), last)?);
        }
        let later = self.cache.entries(later)?;
        gathered.extend(later.into_iter().map(|(_, entry)| entry));
        let mut findings = findings::findings(
            &gathered,
            &head.account,
            &catalog,
            self.cache,
            now.min(head.as_of),
        );
        // Drop findings that are only about later entries.
        findings.retain(|finding| {
            let seqs = &finding.entries;
            let here = |seq: &Seq| (first..=last).contains(seq);
            match finding.code {
                FindingCode::RunRefunded => seqs.iter().any(here),
                _ => seqs.is_empty() || seqs.iter().any(|seq| *seq <= last),
            }
        });
        if self.binding.imported {
            findings.retain(|finding| is_told_by_a_table(finding.code));
        }
        let delta = closing.checked_sub(opening);
        let delta = delta.map_err(StoreError::damaged_by)?;
        // If the causes do not add up to the change of the balance, part of the local copy is damaged.
        let moved = Amount::sum(causes.iter().map(|cause| cause.delta));
        if moved.ok() != Some(delta) {
            return Err(StoreError::damaged(first).into());
        }
        let unexplained = causes.iter().find(|c| c.code == CauseCode::Unexplained);
        Ok(Explanation {
            opening,
            closing,
            days: None,
            delta,
            unexplained: unexplained.map_or(Amount::ZERO, |cause| cause.delta),
            causes,
            by_service,
            by_event,
            findings,
            seq: head.account.seq,
            as_of: head.as_of,
        })
    }
}

/// True for findings that follow from an imported table alone. A table lacks plan, period and card, and often seconds.
const fn is_told_by_a_table(code: FindingCode) -> bool {
    matches!(
        code,
        FindingCode::RenewalPaidFromCredits
            | FindingCode::PurchaseProcessing
            | FindingCode::PurchaseOverdue
            | FindingCode::RunFailedNotRefunded
            | FindingCode::RunRefunded
            | FindingCode::PremiumSpike
            | FindingCode::AutoRechargeFired
            | FindingCode::Unexplained
    )
}
