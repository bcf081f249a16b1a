//! Makes the first draft of a dispute from a finding, from rows or from a kind, before the operator edits it.

use std::collections::BTreeSet;

use boothkeeper_domain::Zone;
use boothkeeper_domain::disputes::{DisputeKind, MAX_ROWS, Premise};
use boothkeeper_domain::findings::{Finding, FindingCode};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Amount, Body, Entry, Seq, Timestamp};
use boothkeeper_store::outbox::Draft;
use serde::Deserialize;
use uuid::Uuid;

use super::letter;
use crate::copy::Snapshot;
use crate::names::CatalogNames;
use crate::{AppError, Code};
use boothkeeper_documents::write::DayRange;

/// What a new dispute is made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    Finding {
        code: FindingCode,
        entries: Vec<Seq>,
    },
    Entries(Vec<Seq>),
    Kind(DisputeKind),
}

/// Length in days of a dispute's period if it names no rows.
const DAYS: i64 = 30;

impl Snapshot<'_> {
    pub(super) fn propose(
        &self,
        begin: &Begin,
        id: Uuid,
        now: Timestamp,
        zone: &Zone,
    ) -> Result<Draft, AppError> {
        let (kind, premise, rows) = match begin {
            Begin::Finding { code, entries } => {
                let rows = self.rows_of(*code, entries)?;
                let premise = Premise {
                    code: *code,
                    entries: rows.clone(),
                };
                (code.dispute(), Some(premise), rows)
            }
            Begin::Entries(entries) => {
                let rows = self.entries_with_charges(entries)?;
                let first = rows.first().map(|entry| entry.body.proposed_dispute());
                let failed = rows
                    .iter()
                    .any(|entry| matches!(entry.body, Body::RunFailed(_)));
                let kind = match failed {
                    true => DisputeKind::FailedRun,
                    false => first.unwrap_or(DisputeKind::Other),
                };
                (kind, None, rows.iter().map(|entry| entry.seq).collect())
            }
            Begin::Kind(kind) => {
                let rows = self.rows_of_kind(*kind);
                let code = match kind {
                    DisputeKind::PurchaseMissing => Some(FindingCode::PurchaseProcessing),
                    DisputeKind::CouponBonusMissing => Some(FindingCode::CouponBonusPending),
                    _ => None,
                };
                let premise = code.filter(|_| !rows.is_empty()).map(|code| Premise {
                    code,
                    entries: rows.clone(),
                });
                (*kind, premise, rows)
            }
        };
        let entries = self.entries_with_charges(&rows)?;
        let mut zone = zone.clone();
        let today = zone.day(now).date();
        let first = entries.iter().map(|entry| entry.at).min();
        let from = first.unwrap_or_else(|| now.min(self.head.as_of).plus(-DAYS * DAY));
        let owed = self.owed(begin, &entries)?;
        let bought = entries.iter().find_map(|entry| match &entry.body {
            Body::PurchaseStarted(started) => Some((entry.at, started)),
            _ => None,
        });
        let coupon = entries.iter().find_map(|entry| match &entry.body {
            Body::CouponRedeemed(redeemed) => Some(redeemed.coupon.clone()),
            _ => None,
        });
        let account = &self.head.account;
        let expected = owed.and_then(|owed| account.balance.checked_add(owed).ok());
        let mut draft = Draft {
            id,
            created_at: now,
            saved_at: now,
            kind,
            premise,
            expected,
            actual: expected.map(|_| account.balance),
            noticed_on: today,
            from: zone.day(from).date(),
            to: today,
            entries: rows,
            message: String::new(),
            payment: bought.map(|(_, started)| started.payment.clone()),
            paid: bought.map(|(_, started)| started.charge.amount),
            paid_on: bought.map(|(at, _)| zone.day(at).date()),
            coupon,
            plan: matches!(kind, DisputeKind::PlanChange | DisputeKind::AllowanceWrong)
                .then(|| account.plan.clone()),
            legacy: match kind {
                DisputeKind::LegacyMismatch => account.legacy.clone(),
                _ => vec![],
            },
            files: vec![],
            edited: false,
            came_right: false,
            command: None,
            ticket: None,
        };
        let names = CatalogNames::from(&self.catalog()?);
        draft.message = letter::message(&draft, &entries, owed, (self.asset()?, &names), &zone);
        Ok(draft)
    }

    /// The entries with the numbers `seqs`, oldest first and without duplicates, and the charge of each failed run
    /// among them. Fails with `TooManyRows` above `MAX_ROWS`, and with `NotFound` for a number that the journal lacks.
    fn entries_with_charges(&self, seqs: &[Seq]) -> Result<Vec<Entry>, AppError> {
        let mut wanted: Vec<Seq> = seqs.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.len() > MAX_ROWS {
            return Err(AppError::new(Code::TooManyRows));
        }
        if wanted
            .iter()
            .any(|seq| *seq > self.head.account.seq || *seq == Seq::ZERO)
        {
            return Err(AppError::new(Code::NotFound));
        }
        let found = self.cache.entries(wanted.iter().copied())?;
        let charges = found.iter().filter_map(|(_, entry)| match &entry.body {
            Body::RunFailed(failed) => Some(failed.of),
            _ => None,
        });
        let before = wanted.len();
        wanted.extend(charges.collect::<Vec<_>>());
        wanted.sort_unstable();
        wanted.dedup();
        let found = match wanted.len() == before {
            true => found,
            false => self.cache.entries(wanted)?,
        };
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The rows that a finding is about. For a failed run: the charges of all failed runs of the same event and day,
    /// because they are disputed together.
    fn rows_of(&self, code: FindingCode, entries: &[Seq]) -> Result<Vec<Seq>, AppError> {
        if code == FindingCode::AccountClosed {
            return Ok(self.head.account.closed_by.into_iter().collect());
        }
        let charges = |entries: &[Seq]| entries.first().copied();
        let mut rows: Vec<Seq> = match code {
            FindingCode::RunFailedNotRefunded => self
                .same_event_failures(entries)?
                .iter()
                .filter_map(|finding| charges(&finding.entries))
                .collect(),
            _ => entries.to_vec(),
        };
        rows.sort_unstable();
        rows.dedup();
        rows.truncate(MAX_ROWS);
        // Checks that all rows exist.
        self.entries_with_charges(&rows)?;
        Ok(rows)
    }

    /// Findings of failed runs with the same event and day as the first of `entries`.
    fn same_event_failures(&self, entries: &[Seq]) -> Result<Vec<Finding>, AppError> {
        let charge = entries.first().ok_or(AppError::new(Code::NotFound))?;
        let row = self
            .cache
            .row(*charge)?
            .ok_or(AppError::new(Code::NotFound))?;
        let mut zone = Zone::named(&self.zone_name()?).unwrap_or_else(Zone::utc);
        let day = zone.day(row.at);
        let filter = boothkeeper_store::cache::Filter {
            from: Some(day),
            to: Some(day),
            ..Default::default()
        };
        let explained = self.explain(&filter, self.head.as_of)?;
        // Leave out runs that an open ticket already covers, except the run of `charge`.
        let tickets = self.cache.tickets()?.map_or(vec![], |t| t.disputes);
        let open = tickets.iter().filter(|ticket| ticket.state.is_open());
        let asked: BTreeSet<Seq> = open
            .flat_map(|ticket| ticket.entries.iter().map(|entry| entry.seq))
            .filter(|seq| seq != charge)
            .collect();
        let mut siblings = Vec::new();
        for finding in explained.findings {
            let of = finding.entries.first().copied();
            if of.is_some_and(|of| asked.contains(&of)) {
                continue;
            }
            let same = match of.map(|of| self.cache.row(of)).transpose()?.flatten() {
                Some(other) => other.event == row.event,
                None => false,
            };
            if finding.code == FindingCode::RunFailedNotRefunded && same {
                siblings.push(finding);
            }
        }
        Ok(siblings)
    }

    /// The rows that a dispute of this kind is usually about, if the account's present state names them.
    fn rows_of_kind(&self, kind: DisputeKind) -> Vec<Seq> {
        let account = &self.head.account;
        match kind {
            DisputeKind::PurchaseMissing => account.purchases.values().map(|p| p.started).collect(),
            DisputeKind::CouponBonusMissing => {
                account.bonuses.values().map(|b| b.redeemed).collect()
            }
            DisputeKind::AccountClosed => account.closed_by.into_iter().collect(),
            _ => vec![],
        }
    }

    /// The amount that a dispute would have to return, according to the journal; `None` if nothing.
    fn owed(&self, begin: &Begin, entries: &[Entry]) -> Result<Option<Amount>, AppError> {
        let account = &self.head.account;
        let code = match begin {
            Begin::Finding { code, .. } => Some(*code),
            _ => None,
        };
        if let Some(FindingCode::AllowanceMissing | FindingCode::AllowanceMismatch) = code {
            let catalog = self.catalog()?;
            let standing = boothkeeper_domain::findings::account_state_findings(
                account,
                &catalog,
                self.head.as_of,
            );
            let found = standing
                .into_iter()
                .find(|finding| Some(finding.code) == code);
            let amount = found.and_then(|finding| finding.amount);
            return Ok(match code {
                Some(FindingCode::AllowanceMismatch) => amount.map(Amount::negated),
                _ => amount,
            });
        }
        let owed = entries.iter().map(|entry| match &entry.body {
            Body::PurchaseStarted(started) => {
                let waits = account.purchases.contains_key(&started.payment);
                if waits { started.amount } else { Amount::ZERO }
            }
            Body::CouponRedeemed(redeemed) => {
                let waiting = account.bonuses.get(&redeemed.coupon);
                waiting.map_or(Amount::ZERO, |bonus| bonus.amount)
            }
            _ if entry.delta.is_negative() => entry.delta.negated(),
            _ => Amount::ZERO,
        });
        let owed = Amount::sum(owed).map_err(|error| AppError::because(Code::OutOfRange, error))?;
        Ok(Some(owed).filter(|owed| owed.is_positive()))
    }

    /// The draft brought up to date. Until it is sent, the difference between expected and actual balance is the claim:
    /// when the balance changes, both change by the same amount. A period that ended on the day of the draft's creation
    /// is extended to today. Otherwise the draft would contradict the files that are attached to it.
    pub(super) fn current(&self, draft: &Draft, zone: &Zone, now: Timestamp) -> Draft {
        let mut current = draft.clone();
        if draft.command.is_some() || draft.ticket.is_some() {
            return current;
        }
        let balance = self.head.account.balance;
        let then = draft.actual.unwrap_or(balance);
        let moved = |expected: Amount| expected.checked_sub(then)?.checked_add(balance);
        current.expected = draft.expected.and_then(|expected| moved(expected).ok());
        current.actual = Some(balance);
        let mut zone = zone.clone();
        if draft.to == zone.day(draft.created_at).date() {
            current.to = draft.to.max(zone.day(now).date());
        }
        current
    }

    /// The proposed message and the amount owed for these rows.
    pub(super) fn message_and_amount(
        &self,
        draft: &Draft,
        rows: &[Seq],
        zone: &Zone,
    ) -> Result<(String, Option<Amount>), AppError> {
        let entries = self.entries_with_charges(rows)?;
        let owed = self.owed(&Begin::Entries(rows.to_vec()), &entries)?;
        let names = CatalogNames::from(&self.catalog()?);
        let message = letter::message(draft, &entries, owed, (self.asset()?, &names), zone);
        Ok((message, owed))
    }

    /// Name of the time zone in which the local copy counts days.
    pub(crate) fn zone_name(&self) -> Result<String, AppError> {
        let zone = self.cache.zone()?;
        Ok(zone.map_or_else(|| "UTC".to_owned(), |zone| zone.name().to_owned()))
    }

    pub(super) fn period_of(&self, draft: &Draft) -> Result<DayRange, AppError> {
        Ok(DayRange {
            from: draft.from,
            to: draft.to,
            zone: self.zone_name()?,
        })
    }
}
