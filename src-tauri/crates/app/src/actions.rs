//! What the operator decides: queued on disk with what was shown, and until when it may act.

use boothkeeper_domain::account::{Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast;
use boothkeeper_domain::billing::plan::{self, Target};
use boothkeeper_domain::billing::quote::{Quote, quote};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::typed;
use boothkeeper_domain::{Account, Amount, Catalog, Money, Seq, Timestamp};
use boothkeeper_store::outbox::{Command, Outbox};
use boothkeeper_sync::wire::action::Action;
use boothkeeper_sync::wire::api::CommandRequest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::{CardView, CommandView, NextRenewal, card, next_renewal};
use crate::{App, AppError, Code};

/// A word on the plan, decided on a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    ChangePlan(Target),
    PayNow(Payer),
    Cancel,
    Resume,
}

/// A purchase, before it is made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BuyView {
    /// The least that can be bought.
    pub minimum: Amount,
    pub charge: Money,
    pub balance_after: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    /// When what is bought is deleted with the rest, if nothing else is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
    pub closed: bool,
}

fn out_of_range(error: boothkeeper_domain::AmountError) -> AppError {
    AppError::because(Code::OutOfRange, error)
}

/// A decision's quote, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Foreseen {
    pub quote: Quote,
    /// Who pays what is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payer: Option<Payer>,
    /// Credits after it.
    pub balance: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next_renewal: Option<NextRenewal>,
    /// When the account closes then, if nothing more is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
    /// A period that is paid up to here and ends now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub gives_up: Option<Timestamp>,
}

impl From<Decision> for Action {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::ChangePlan(target) => Action::ChangePlan(target),
            Decision::PayNow(method) => Action::PayNow { method },
            Decision::Cancel => Action::Cancel,
            Decision::Resume => Action::Resume,
        }
    }
}

impl App {
    /// Queues a purchase on the card on file; the engine, or the next sync, sends it.
    pub fn buy_credits(&self, amount: Amount) -> Result<CommandView, AppError> {
        if !amount.is_positive() {
            return Err(AppError::new(Code::OutOfRange));
        }
        self.queue(&Action::BuyCredits { amount }, None)
    }

    /// What a purchase charges, and what it comes to; also what is to be known before.
    pub fn buy_preview(&self, amount: Amount) -> Result<BuyView, AppError> {
        let now = self.rules_now()?;
        self.on_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let sum = |amount: Amount| account.balance.checked_add(amount);
            Ok(BuyView {
                minimum: catalog.top_up.minimum,
                charge: catalog.top_up.charge(amount).map_err(out_of_range)?,
                balance_after: sum(amount).map_err(out_of_range)?,
                card: account.card.as_ref().map(card),
                closes_at: forecast::closes_at(account, &catalog).filter(|at| *at > now),
                closed: account.life == Life::Closed,
            })
        })
    }

    pub fn set_auto_recharge(&self, enabled: bool) -> Result<CommandView, AppError> {
        self.queue(&Action::SetAutoRecharge { enabled }, None)
    }

    pub fn set_payment_order(&self, order: PaymentOrder) -> Result<CommandView, AppError> {
        self.queue(&Action::SetPaymentOrder(order), None)
    }

    pub fn redeem_coupon(&self, code: &str) -> Result<CommandView, AppError> {
        let code = typed::code(code);
        self.queue(&Action::RedeemCoupon { code }, None)
    }

    /// What follows from a decision: its quote, and how the account stands once it is done; by the copy and
    /// the cloud's own rules, also offline.
    pub fn foresee(&self, action: &Action) -> Result<Foreseen, AppError> {
        let change = action.change().ok_or(AppError::new(Code::Internal))?;
        let now = self.rules_now()?;
        self.on_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let quote = quote(account, &catalog, &change, now)
                .map_err(|refusal| AppError::foreseen(&refusal))?;
            let decided = match action {
                Action::ChangePlan(target) => plan::change(account, &catalog, target, now),
                Action::PayNow { method } => plan::pay_now(account, &catalog, *method, now),
                Action::Cancel => plan::cancel(account, &catalog, now),
                Action::Resume => plan::resume(account, &catalog, now),
                _ => return Err(AppError::new(Code::Internal)),
            };
            let after = decided
                .and_then(|decided| forecast::after(account, &catalog, decided, now))
                .map_err(|refusal| AppError::foreseen(&refusal))?;
            let payer = match action {
                Action::PayNow { method } => Some(*method),
                _ => quote.charge.as_ref().map(|_| Payer::Card),
            };
            Ok(Foreseen {
                payer,
                balance: after.balance,
                next_renewal: next_renewal(&after, &catalog)?,
                closes_at: forecast::closes_at(&after, &catalog),
                // Only what is given up early: a change that waits for the period's end gives up nothing.
                gives_up: account.period.map(|period| period.end).filter(|end| {
                    account.life == Life::Active && after.period.is_none() && *end > now
                }),
                quote,
            })
        })
    }

    /// Who pays now, by the account's own order.
    pub fn payer(&self) -> Result<Payer, AppError> {
        let now = self.rules_now()?;
        self.on_copy(|copied| {
            let catalog = copied.catalog()?;
            plan::payer(&copied.head.account, &catalog, now)
                .map_err(|refusal| AppError::foreseen(&refusal))
        })
    }

    /// A change of plan, a payment, an end or its withdrawal, decided on `seen`: nothing worse than that
    /// will be done.
    pub fn decide(&self, action: &Action, seen: Quote) -> Result<CommandView, AppError> {
        self.queue(action, Some(seen))
    }

    /// A pause and a cancel that both wait would both be done, the worse one last.
    pub fn may_decide(&self, action: &Action) -> Result<(), AppError> {
        let contradicts = |waiting: &Command| {
            let asked = waiting.request.as_ref().and_then(|r| r.action().ok());
            waiting.state.is_open() && asked.is_some_and(|asked| asked.change().is_some())
        };
        let waiting = self.laptop.outbox().list()?;
        match action.change().is_some() && waiting.iter().any(contradicts) {
            true => Err(AppError::new(Code::AlreadyWaiting)),
            false => Ok(()),
        }
    }

    pub(crate) fn queue(
        &self,
        action: &Action,
        seen: Option<Quote>,
    ) -> Result<CommandView, AppError> {
        self.queue_by(action, seen, |outbox, id, request, decided_at, now| {
            Ok(outbox.queue(id, request, decided_at, now)?)
        })
    }

    /// The same, where more than the command is to be written at once.
    pub(crate) fn queue_by(
        &self,
        action: &Action,
        seen: Option<Quote>,
        queue: impl FnOnce(&Outbox, Uuid, &CommandRequest, Seq, Timestamp) -> Result<(), AppError>,
    ) -> Result<CommandView, AppError> {
        self.may_write()?;
        let now = self.rules_now()?;
        let (expires, decided_at) = self.on_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let expires = expiry(action, seen.as_ref(), account, &catalog, now);
            Ok((expires, account.seq))
        })?;
        let id = Uuid::now_v7();
        self.may_decide(action)?;
        let outbox = self.laptop.outbox();
        let request = action.request(seen, expires);
        queue(&outbox, id, &request, decided_at, now)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::Internal))?;
        drop(outbox);
        if let Some(running) = self.engine().as_ref() {
            running.nudge.notify_one();
        }
        self.status.send_modify(|status| status.revision += 1);
        Ok(command.into())
    }
}

/// Until when an action may act (`domain.md` §13): charges a day, a downgrade to the end of grace or of
/// the period, settings a week, disputes for as long as it takes. The server judges.
pub(crate) fn expiry(
    action: &Action,
    seen: Option<&Quote>,
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Option<Timestamp> {
    let charges = seen.is_some_and(|seen| seen.charge.is_some());
    Some(match action {
        Action::OpenDispute(_) | Action::MessageDispute { .. } | Action::WithdrawDispute { .. } => {
            return None;
        }
        Action::BuyCredits { .. } | Action::PayNow { .. } => now.plus(DAY),
        Action::ChangePlan(_) if charges => now.plus(DAY),
        Action::ChangePlan(_) => {
            let grace = account.grace.map(|grace| grace.until);
            let ends = account.period.map(|period| period.end);
            // A cancelled period may have ended while nobody listened: then grace runs.
            let ahead = [grace, ends, forecast::closes_at(account, catalog)];
            let next = ahead.into_iter().flatten().find(|end| *end > now);
            next.unwrap_or(now.plus(7 * DAY))
        }
        Action::SetPaymentOrder(_)
        | Action::SetAutoRecharge { .. }
        | Action::ReplaceCard { .. }
        | Action::RedeemCoupon { .. }
        | Action::Cancel
        | Action::Resume => now.plus(7 * DAY),
    })
}
