//! What the operator decides: queued on disk with what was shown, and until when it may act.

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::plan::{self, Target};
use boothkeeper_domain::billing::quote::{Quote, quote};
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Account, Amount, Timestamp};
use boothkeeper_store::outbox::Command;
use boothkeeper_sync::wire::action::Action;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::CommandView;
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

    pub fn set_auto_recharge(&self, enabled: bool) -> Result<CommandView, AppError> {
        self.queue(&Action::SetAutoRecharge { enabled }, None)
    }

    pub fn set_payment_order(&self, order: PaymentOrder) -> Result<CommandView, AppError> {
        self.queue(&Action::SetPaymentOrder(order), None)
    }

    pub fn redeem_coupon(&self, code: &str) -> Result<CommandView, AppError> {
        let code = code.trim().to_owned();
        self.queue(&Action::RedeemCoupon { code }, None)
    }

    /// What a change would charge, keep and destroy, by the copy and the cloud's own rules; also offline.
    pub fn quote(&self, action: &Action) -> Result<Quote, AppError> {
        let change = action.change().ok_or(AppError::new(Code::Internal))?;
        let now = self.rules_now()?;
        self.on_copy(|copied| {
            let catalog = copied.catalog()?;
            quote(&copied.head.account, &catalog, &change, now)
                .map_err(|refusal| AppError::foreseen(&refusal))
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

    fn queue(&self, action: &Action, seen: Option<Quote>) -> Result<CommandView, AppError> {
        let head = self.on_copy(|copied| Ok(copied.head.clone()))?;
        let now = self.rules_now()?;
        let expires = expiry(action, seen.as_ref(), &head.account, now);
        let id = Uuid::now_v7();
        let outbox = self.laptop.outbox();
        let request = action.request(seen, Some(expires));
        // A pause and a cancel that both wait would both be done, the worse one last.
        let contradicts = |waiting: &Command| {
            let resource = waiting.request.as_ref().map(|r| r.resource());
            waiting.state.is_open() && resource == Some(request.resource())
        };
        if action.change().is_some() && outbox.list()?.iter().any(contradicts) {
            return Err(AppError::new(Code::AlreadyWaiting));
        }
        outbox.queue(id, &request, head.account.seq, now)?;
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
/// the period, settings a week. The server judges.
pub(crate) fn expiry(
    action: &Action,
    seen: Option<&Quote>,
    account: &Account,
    now: Timestamp,
) -> Timestamp {
    let charges = seen.is_some_and(|seen| seen.charge.is_some());
    match action {
        Action::BuyCredits { .. } | Action::PayNow { .. } => now.plus(DAY),
        Action::ChangePlan(_) if charges => now.plus(DAY),
        Action::ChangePlan(_) => {
            let grace = account.grace.map(|grace| grace.until);
            let end = grace.or(account.period.map(|period| period.end));
            end.filter(|end| *end > now).unwrap_or(now.plus(7 * DAY))
        }
        Action::SetPaymentOrder(_)
        | Action::SetAutoRecharge { .. }
        | Action::ReplaceCard { .. }
        | Action::RedeemCoupon { .. }
        | Action::Cancel
        | Action::Resume => now.plus(7 * DAY),
    }
}
