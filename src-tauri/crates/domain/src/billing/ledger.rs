//! Collects the entries of one decision. Each posted entry is applied to the account's state at once, so that the next
//! entry and every `balance_after` are computed from the same state that a reader of the journal computes.

use super::types::{BillingDecision, Charge, Purpose, Refusal};
use crate::account::Life;
use crate::bounds::{MAX_REASON_CHARS, fits};
use crate::calendar::{Cycle, Period};
use crate::grant::opening;
use crate::journal::{Body, PlanChanged, PurchaseStarted};
use crate::{Account, Actor, Amount, Catalog, Entry, Line, PaymentId, Source, Timestamp};

#[derive(Debug)]
pub struct Ledger<'a> {
    pub account: Account,
    pub catalog: &'a Catalog,
    pub now: Timestamp,
    entries: Vec<Entry>,
    charges: Vec<Charge>,
}

impl<'a> Ledger<'a> {
    /// Uses the time of the newest entry in place of `now` if `now` is earlier, because times in a journal never
    /// decrease.
    pub fn new(account: Account, catalog: &'a Catalog, now: Timestamp) -> Self {
        let now = now.max(account.at);
        Ledger {
            account,
            catalog,
            now,
            entries: Vec::new(),
            charges: Vec::new(),
        }
    }

    /// Posts an entry without a reason, as [`Ledger::post_because`] does.
    pub fn post(&mut self, actor: Actor, body: Body, lines: Vec<Line>) -> Result<(), Refusal> {
        self.post_because(actor, body, lines, None)
    }

    /// Posts an entry and applies it to the account's state. An entry that takes credits may also start an
    /// auto-recharge. Fails if the reason is longer than [`MAX_REASON_CHARS`], or if the entry contradicts the journal.
    pub fn post_because(
        &mut self,
        actor: Actor,
        body: Body,
        lines: Vec<Line>,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        if !reason
            .as_deref()
            .is_none_or(|why| fits(why, MAX_REASON_CHARS))
        {
            return Err(Refusal::TextTooLong);
        }
        let out_of_range = |_| Refusal::AmountOutOfRange;
        let delta = Amount::sum(lines.iter().map(|l| l.delta)).map_err(out_of_range)?;
        let entry = Entry {
            seq: self.account.seq.next(),
            at: self.now,
            delta,
            balance_after: self
                .account
                .balance
                .checked_add(delta)
                .map_err(out_of_range)?,
            actor,
            reason,
            lines,
            body,
        };
        self.account.apply(&entry)?;
        self.entries.push(entry);
        if delta.is_negative() {
            self.recharge_if_low()?;
        }
        Ok(())
    }

    /// Entry lines that return the credits of the `taken` lines to the grants they came from. Credits of a grant that
    /// has expired since open a new compensation grant instead. `origins` are the lines that opened those grants.
    pub fn given_back(&self, taken: &[Line], origins: &[Line]) -> Result<Vec<Line>, Refusal> {
        let mut lines = Vec::new();
        let mut compensation = Amount::ZERO;
        for line in taken {
            let part = line.delta.negated();
            let origin = origins.iter().find(|o| o.grant == line.grant);
            match origin {
                Some(origin) if origin.expires_at.is_none_or(|at| at > self.now) => {
                    lines.push(Line {
                        delta: part,
                        ..origin.clone()
                    });
                }
                _ => {
                    compensation = compensation
                        .checked_add(part)
                        .map_err(|_| Refusal::AmountOutOfRange)?;
                }
            }
        }
        if compensation.is_positive() {
            let seq = self.account.seq.next();
            lines.push(opening(seq, Source::Compensation, compensation, None));
        }
        Ok(lines)
    }

    /// Posts an entry that opens a new grant.
    pub fn grant(
        &mut self,
        actor: Actor,
        body: Body,
        source: Source,
        amount: Amount,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let line = opening(self.account.seq.next(), source, amount, expires_at);
        self.post(actor, body, vec![line])
    }

    /// Starts a card charge that adds `amount` credits once it is confirmed. Returns its payment id.
    pub fn start_purchase(
        &mut self,
        actor: Actor,
        amount: Amount,
        auto_recharge: bool,
    ) -> Result<PaymentId, Refusal> {
        let charge = self.catalog.top_up.charge(amount);
        let charge = charge.map_err(|_| Refusal::AmountOutOfRange)?;
        let payment = self.next_payment()?;
        self.charge(Charge {
            payment: payment.clone(),
            money: charge.clone(),
            purpose: Purpose::Purchase,
        });
        let started = PurchaseStarted {
            payment: payment.clone(),
            amount,
            charge,
            auto_recharge,
        };
        self.post(actor, Body::PurchaseStarted(started), vec![])?;
        Ok(payment)
    }

    /// Starts an auto-recharge if the balance is at or under the threshold and no other auto-recharge is in flight
    /// (`domain.md` §2). This is called after every entry that lowers the balance, and when auto-recharge is switched
    /// on.
    pub fn recharge_if_low(&mut self) -> Result<(), Refusal> {
        let Some(terms) = &self.catalog.auto_recharge else {
            return Ok(());
        };
        let due = self.account.auto_recharge.enabled
            && self.account.life == crate::account::Life::Active
            && self.account.balance <= terms.at
            && self.account.card.is_some()
            && !self.account.recharge_in_flight();
        if due {
            self.start_purchase(Actor::System, terms.amount, true)?;
        }
        Ok(())
    }

    /// Adds a card charge to the decision. The charge is sent to the processor after the entries are durable.
    pub(super) fn charge(&mut self, charge: Charge) {
        self.charges.push(charge);
    }

    /// The id of a payment started now, derived from the account and the seq of the next entry.
    pub(super) fn next_payment(&self) -> Result<PaymentId, Refusal> {
        self.payment_id("")
    }

    /// The id of a fee's payment. A fee has no entry until the processor answers, so a purchase may start at the same
    /// seq in the meantime; the suffix keeps the two ids apart.
    pub(super) fn next_fee_payment(&self) -> Result<PaymentId, Refusal> {
        self.payment_id("f")
    }

    fn payment_id(&self, suffix: &str) -> Result<PaymentId, Refusal> {
        let account = self
            .account
            .identity
            .as_ref()
            .map_or("", |i| i.account.as_str());
        let account = account.strip_prefix("acc_").unwrap_or(account);
        PaymentId::new(format!("pay_{account}_{}{suffix}", self.account.seq.next()))
            .map_err(|_| Refusal::AmountOutOfRange)
    }

    /// Sets the time of further entries to `to`, if that is later.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
    }

    /// Entries posted since the last [`Ledger::take_entries`].
    pub fn posted(&self) -> &[Entry] {
        &self.entries
    }

    /// Removes and returns the entries posted so far. The account keeps their effect.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    pub fn decided(self) -> BillingDecision {
        BillingDecision {
            entries: self.entries,
            charges: self.charges,
        }
    }
}

/// The billing cycle and the paid period that go on when the plan changes.
pub(super) struct ContinuedPeriod {
    pub cycle: Cycle,
    pub period: Period,
}

impl Ledger<'_> {
    pub(super) fn change_plan(
        &mut self,
        plan: &str,
        step: Option<ContinuedPeriod>,
    ) -> Result<(), Refusal> {
        let changed = PlanChanged {
            plan: plan.to_owned(),
            cycle: step.as_ref().map(|step| step.cycle),
            period: step.as_ref().map(|step| step.period),
            payment: None,
            charge: None,
            coupon: None,
        };
        self.post(Actor::Operator, Body::PlanChanged(changed), vec![])
    }
}

/// Fails with `AccountClosed` if the account is closed.
pub(super) fn open(account: &Account) -> Result<(), Refusal> {
    match account.life {
        Life::Closed => Err(Refusal::AccountClosed),
        _ => Ok(()),
    }
}

/// A decision with the entry `body` if `changes` is true, else without entries.
pub(super) fn post_if(
    account: &Account,
    catalog: &Catalog,
    changes: bool,
    body: Body,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    if changes {
        ledger.post(Actor::Operator, body, vec![])?;
    }
    Ok(ledger.decided())
}
