//! Writes the rows and receipts of an imported history to a journal, as entries of the most likely kind.

use std::collections::BTreeMap;

use super::types::{BROUGHT_FORWARD, ImportRow, Owner, Receipt, Report};
use crate::account::{AutoRechargeSetting, PaymentOrder};
use crate::billing::{Ledger, Refusal};
use crate::calendar::Period;
use crate::grant::opening;
use crate::journal::{
    Adjustment, Allowance, AutoRecharge, Body, Bonus, Closure, Compensation, CouponBonus, Expiry,
    Opened, Purchase, PurchaseStarted, Renewal, RunFailed, Usage, UsageRefund,
};
use crate::time::DAY;
use crate::{Actor, Amount, Asset, Catalog, Kind, Money, PaymentId, RunId, Seq, Source, Timestamp};

pub(super) struct JournalBuilder<'a> {
    pub ledger: Ledger<'a>,
    /// Seq of the entry made from each row, by the row's number in the table.
    numbered: BTreeMap<u64, Seq>,
    /// Runs whose charge has been written so far, by run id.
    runs: BTreeMap<String, PostedRun>,
}

/// A run whose charge is in the new journal. A later failure or refund in the table is matched to it.
#[derive(Clone)]
struct PostedRun {
    seq: Seq,
    at: Timestamp,
    cost: Amount,
    usage: Usage,
    failed: bool,
    given_back: bool,
}

impl<'a> JournalBuilder<'a> {
    pub fn new(ledger: Ledger<'a>) -> Self {
        JournalBuilder {
            ledger,
            numbered: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    /// Posts the first entry, which opens an account on a plan without a fee.
    pub fn open(&mut self, owner: &Owner, asset: Asset) -> Result<(), Refusal> {
        let plan = self.ledger.catalog.free_plan();
        let plan = plan.ok_or(Refusal::UnknownPlan)?.code.clone();
        let opened = Opened {
            account: owner.account.clone(),
            email: owner.email.clone(),
            programme: owner.programme,
            asset,
            plan,
            cycle: None,
            period: None,
            card: None,
            payment_order: PaymentOrder::default(),
            auto_recharge: AutoRechargeSetting::default(),
        };
        self.ledger
            .post(Actor::Operator, Body::Opened(opened), vec![])
    }

    /// Posts the opening balance as an adjustment, if it is not 0.
    pub fn bring_forward(&mut self, amount: Amount) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Ok(());
        }
        self.adjust(amount, Some(BROUGHT_FORWARD.to_owned()))
    }

    fn adjust(&mut self, amount: Amount, reason: Option<String>) -> Result<(), Refusal> {
        let body = Body::Adjustment(Adjustment {
            shortfall: Amount::ZERO,
        });
        let lines = self.lines(amount, Source::Bonus)?;
        self.ledger.post_because(Actor::System, body, lines, reason)
    }

    /// Entry lines that add `amount` as a new grant, or take it from the grants if it is negative. Fails if the grants
    /// hold too little.
    fn lines(&self, amount: Amount, source: Source) -> Result<Vec<crate::Line>, Refusal> {
        if amount.is_zero() {
            return Ok(vec![]);
        }
        if amount.is_positive() {
            let seq = self.ledger.account.seq.next();
            return Ok(vec![opening(seq, source, amount, None)]);
        }
        let (lines, shortfall) = self.ledger.account.grants.draw_up_to(amount.negated());
        match shortfall.is_zero() {
            true => Ok(lines),
            false => Err(Refusal::AmountOutOfRange),
        }
    }

    /// Posts a receipt without a matching row as a purchase that was started and not credited.
    pub fn receipt(&mut self, receipt: &Receipt) -> Result<(), Refusal> {
        let Ok(payment) = PaymentId::new(receipt.payment.clone()) else {
            return Err(Refusal::AmountOutOfRange);
        };
        self.ledger.advance(receipt.at);
        let charge = self.ledger.catalog.top_up.charge(receipt.amount);
        let body = Body::PurchaseStarted(PurchaseStarted {
            payment,
            amount: receipt.amount,
            charge: charge.map_err(|_| Refusal::AmountOutOfRange)?,
            auto_recharge: false,
        });
        self.ledger.post(Actor::Operator, body, vec![])
    }

    /// Posts an imported row. A failed run that took credits is posted as two entries: the run's charge and its
    /// failure.
    pub fn row(&mut self, row: &ImportRow, report: &mut Report) -> Result<(), Refusal> {
        let failed = row.kind.as_deref() == Some(Kind::RunFailed.name());
        if !failed || !row.amount.is_negative() {
            return self.post(row, report);
        }
        let run = row.run.clone();
        let run = run.unwrap_or_else(|| format!("row_{}", self.ledger.account.seq.next()));
        let charged = ImportRow {
            kind: Some(Kind::Usage.name().to_owned()),
            run: Some(run.clone()),
            ..row.clone()
        };
        self.post(&charged, report)?;
        let failure = ImportRow {
            amount: Amount::ZERO,
            run: Some(run),
            refers_to: None,
            number: None,
            ..row.clone()
        };
        self.post(&failure, report)
    }

    /// Posts one entry for a row. If the balance before the row is not the one that the table implies, an adjustment
    /// for the difference is posted first.
    fn post(&mut self, row: &ImportRow, report: &mut Report) -> Result<(), Refusal> {
        self.ledger.advance(row.at);
        self.close_gap(row, report)?;
        let seq = self.ledger.account.seq.next();
        let Some((body, source)) = self.body(row, seq) else {
            report.left_out += 1;
            return Ok(());
        };
        let lines = self.lines(row.amount, source)?;
        match &body {
            Body::Usage(usage) => {
                let posted = PostedRun {
                    seq,
                    at: row.at,
                    cost: row.amount.negated(),
                    usage: usage.clone(),
                    failed: false,
                    given_back: false,
                };
                self.runs.insert(usage.run.to_string(), posted);
            }
            Body::RunFailed(failed) => {
                let run = self.runs.get_mut(failed.run.as_str());
                run.into_iter().for_each(|run| run.failed = true);
            }
            Body::UsageRefund(refund) => {
                let run = self.runs.get_mut(refund.run.as_str());
                run.into_iter().for_each(|run| run.given_back = true);
            }
            _ => {}
        }
        let actor = match &body {
            Body::Usage(_) | Body::RunFailed(_) => Actor::Booth,
            _ => Actor::System,
        };
        let reason = row.reason.clone();
        self.ledger.post_because(actor, body, lines, reason)?;
        if let Some(number) = row.number {
            self.numbered.insert(number, seq);
        }
        Ok(())
    }

    /// Posts an adjustment for the difference between the balance after all entries and the last balance that the table
    /// states.
    pub fn settle(&mut self, stated: Option<Amount>, report: &mut Report) -> Result<(), Refusal> {
        let here = self.ledger.account.balance;
        let stated = stated.unwrap_or(here).max(Amount::ZERO);
        let gap = stated.checked_sub(here);
        let gap = gap.map_err(|_| Refusal::AmountOutOfRange)?;
        self.without_cause(gap, report)
    }

    /// Posts an entry without a cause if the balance stated for a row does not follow from the balance before it, or if
    /// the row takes more credits than there are.
    fn close_gap(&mut self, row: &ImportRow, report: &mut Report) -> Result<(), Refusal> {
        let out_of_range = |_| Refusal::AmountOutOfRange;
        let here = self.ledger.account.balance;
        let stated = match row.balance_after {
            Some(after) => after.checked_sub(row.amount).map_err(out_of_range)?,
            None => here,
        };
        let stated = stated.max(Amount::ZERO);
        // The balance before the row must cover what the row takes.
        let needed = stated.max(row.amount.negated());
        let gap = needed.checked_sub(here).map_err(out_of_range)?;
        if row.balance_after.is_none() && gap.is_negative() {
            return Ok(());
        }
        self.without_cause(gap, report)
    }

    fn without_cause(&mut self, gap: Amount, report: &mut Report) -> Result<(), Refusal> {
        if gap.is_zero() {
            return Ok(());
        }
        report.gaps += 1;
        self.adjust(gap, None)
    }

    /// The entry's body for a row, and the source of the credits if the row adds some. `None` if the row cannot become
    /// an entry. Rows of an unknown kind are taken for runs if they take credits, and for purchases if they add
    /// credits.
    fn body(&self, row: &ImportRow, seq: Seq) -> Option<(Body, Source)> {
        let kind = match row.kind.as_deref().and_then(Kind::named) {
            Some(kind) => kind,
            None if row.amount.is_negative() => Kind::Usage,
            None if row.amount.is_positive() => Kind::Purchase,
            None => return None,
        };
        if !kind.direction().allows(row.amount) {
            // The amount has the opposite sign of its kind, so the row undoes an earlier row.
            return self.undoing(row);
        }
        let payment = || {
            let stated = row.payment.clone().and_then(|id| PaymentId::new(id).ok());
            stated.or_else(|| PaymentId::new(format!("row_{seq}")).ok())
        };
        let charge = || {
            let charge = self.ledger.catalog.top_up.charge(row.amount);
            charge.unwrap_or_else(|_| Money::usd(Amount::ZERO))
        };
        let month = Period {
            start: row.at,
            end: row.at.plus(30 * DAY),
        };
        Some(match kind {
            Kind::Purchase => (
                Body::Purchase(Purchase {
                    payment: payment()?,
                    charge: charge(),
                }),
                Source::Purchase,
            ),
            Kind::AutoRecharge => (
                Body::AutoRecharge(AutoRecharge {
                    payment: payment()?,
                    charge: charge(),
                }),
                Source::Purchase,
            ),
            Kind::Allowance => (
                Body::Allowance(Allowance { period: month }),
                Source::Allowance,
            ),
            Kind::Bonus => (Body::Bonus(Bonus {}), Source::Bonus),
            Kind::CouponBonus => (
                Body::CouponBonus(CouponBonus {
                    coupon: row.reason.clone().unwrap_or_default(),
                }),
                Source::CouponBonus,
            ),
            Kind::Compensation => (compensation(), Source::Compensation),
            Kind::Usage => (
                Body::Usage(usage(row, seq, self.ledger.catalog)?),
                Source::Purchase,
            ),
            Kind::UsageRefund => match self.run_of(row).or_else(|| self.likely_run_of(row, seq)) {
                Some(run) => (
                    Body::UsageRefund(UsageRefund {
                        of: run.seq,
                        run: run.usage.run,
                        service: run.usage.service,
                        event: run.usage.event,
                        started_at: run.at,
                    }),
                    Source::Purchase,
                ),
                None => (compensation(), Source::Compensation),
            },
            Kind::RunFailed => {
                let PostedRun { seq, usage, .. } = self.run_of(row)?;
                let failed = RunFailed {
                    of: seq,
                    run: usage.run,
                    service: usage.service,
                    event: usage.event,
                    code: "failed".to_owned(),
                };
                (Body::RunFailed(failed), Source::Purchase)
            }
            Kind::Renewal => (
                Body::Renewal(Renewal {
                    fee: Money::usd(row.amount.negated()),
                    period: month,
                    invoice: format!("row_{seq}"),
                    coupon: None,
                }),
                Source::Purchase,
            ),
            Kind::Expiry => (Body::Expiry(Expiry {}), Source::Purchase),
            Kind::Closure => (Body::Closure(Closure {}), Source::Purchase),
            Kind::Adjustment | Kind::Reversal => (
                Body::Adjustment(Adjustment {
                    shortfall: Amount::ZERO,
                }),
                Source::Bonus,
            ),
            // Entries of the other kinds move no credits, and imported tables do not contain their fields.
            _ => return None,
        })
    }

    /// The entry's body for a row that undoes an earlier row: a compensation, or an adjustment if it takes credits.
    fn undoing(&self, row: &ImportRow) -> Option<(Body, Source)> {
        if row.amount.is_zero() {
            return None;
        }
        let body = match row.amount.is_positive() {
            true => compensation(),
            false => Body::Adjustment(Adjustment {
                shortfall: Amount::ZERO,
            }),
        };
        Some((body, Source::Compensation))
    }

    /// The run that a row refers to, by row number or else by run id.
    fn run_of(&self, row: &ImportRow) -> Option<PostedRun> {
        let numbered = row.refers_to.and_then(|number| self.numbered.get(&number));
        let by_number = numbered.and_then(|seq| self.runs.values().find(|run| run.seq == *seq));
        let named = row.run.as_ref().and_then(|run| self.runs.get(run));
        by_number.or(named).cloned()
    }

    /// The run that a refund without a reference most likely belongs to: a run of the same service, event and cost that
    /// has not been refunded. Failed runs are preferred, then newer runs.
    fn likely_run_of(&self, row: &ImportRow, seq: Seq) -> Option<PostedRun> {
        if row.run.is_some() || row.refers_to.is_some() || row.service.is_none() {
            return None;
        }
        let refunded = usage(row, seq, self.ledger.catalog)?;
        let same = |run: &&PostedRun| {
            run.usage.service == refunded.service
                && (row.event.is_none() || run.usage.event == refunded.event)
                && run.cost == row.amount
                && !run.given_back
        };
        self.runs
            .values()
            .filter(same)
            .max_by_key(|run| (run.failed, run.seq))
            .cloned()
    }
}

fn compensation() -> Body {
    Body::Compensation(Compensation {
        run: None,
        dispute: None,
    })
}

/// The entry's body for the charge of a run. `None` if no valid run id can be made from the row.
fn usage(row: &ImportRow, seq: Seq, catalog: &Catalog) -> Option<Usage> {
    let stated = row.run.clone().and_then(|run| RunId::new(run).ok());
    // A table may state the service's name, where the journal uses its code.
    let service = row.service.clone().unwrap_or_else(|| "other".to_owned());
    let code = |name: &str| name.to_lowercase().replace(' ', "_");
    let mut services = catalog.services.iter();
    let known = services.find(|known| code(&known.name) == code(&service));
    Some(Usage {
        run: stated.or_else(|| RunId::new(format!("row_{seq}")).ok())?,
        service: known.map_or(service, |known| known.code.clone()),
        event: row.event.clone(),
        units: 1,
    })
}
