//! A journal being written: each posted entry is folded at once, so that what follows it, and its
//! `balance_after`, rest on the same state that everybody will fold.

use super::{Charge, Decision, Purpose, Refusal};
use crate::bounds::{REASON_CHARS, fits};
use crate::grant::opening;
use crate::journal::{Body, PurchaseStarted};
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
    /// `now` never lies before the newest entry: the journal's time does not run backwards.
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

    pub fn post(&mut self, actor: Actor, body: Body, lines: Vec<Line>) -> Result<(), Refusal> {
        self.post_because(actor, body, lines, None)
    }

    pub fn post_because(
        &mut self,
        actor: Actor,
        body: Body,
        lines: Vec<Line>,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        if !reason.as_deref().is_none_or(|why| fits(why, REASON_CHARS)) {
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

    /// Lines that give back what some took, to the same grants; what came from one that has expired meanwhile opens
    /// a compensation grant. `origins` are the lines that opened them.
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

    /// Posts an entry that opens a grant.
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

    /// Starts a card charge that will bring `amount` credits.
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

    /// `domain.md` §2: at or under the threshold, one in flight at a time. Checked after every entry
    /// that lowers the balance, and when switched on.
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

    /// Asks for a card charge once the entries are durable.
    pub(super) fn charge(&mut self, charge: Charge) {
        self.charges.push(charge);
    }

    /// Payment ids derive from the account and the place in the journal that the charge is started at.
    pub(super) fn next_payment(&self) -> Result<PaymentId, Refusal> {
        self.payment_at("")
    }

    /// The same for a fee, which leaves no entry until it is answered: a purchase that starts at the same
    /// place meanwhile is another payment.
    pub(super) fn next_fee_payment(&self) -> Result<PaymentId, Refusal> {
        self.payment_at("f")
    }

    fn payment_at(&self, mark: &str) -> Result<PaymentId, Refusal> {
        let account = self
            .account
            .identity
            .as_ref()
            .map_or("", |i| i.account.as_str());
        let account = account.strip_prefix("acc_").unwrap_or(account);
        PaymentId::new(format!("pay_{account}_{}{mark}", self.account.seq.next()))
            .map_err(|_| Refusal::AmountOutOfRange)
    }

    /// Moves on to a later instant.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
    }

    /// What was posted and not taken yet.
    pub fn posted(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes what was posted so far; the account stays as it is after it.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    pub fn decided(self) -> Decision {
        Decision {
            entries: self.entries,
            charges: self.charges,
        }
    }
}
