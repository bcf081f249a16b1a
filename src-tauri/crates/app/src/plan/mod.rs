//! The operator's decisions about plan and money. Each is queued in the outbox with the quote that was shown (a preview
//! of price and losses) and with an expiry.

mod card;
mod choices;
mod pause;
mod renewal;
mod subscription;

use boothkeeper_domain::account::{Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast;
use boothkeeper_domain::billing::plan::{self, Target};
use boothkeeper_domain::billing::quote::{Quote, quote};
use boothkeeper_domain::user_input;
use boothkeeper_domain::{Amount, Money, Timestamp};
use boothkeeper_sync::wire::action::Action;
use serde::{Deserialize, Serialize};

pub use card::CardView;
pub use choices::{ChoicesView, Offer, OrderView, Stop, StopCode};
pub use pause::{PauseView, PriceChange};
pub use renewal::NextRenewal;
use renewal::next_renewal;
pub use subscription::{AutoRechargeView, RenewalPreview, SubscriptionView};

use crate::outbox::CommandView;
use crate::{App, AppError, Code};

/// A decision about the plan, made on a quote (a preview of price and losses).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PlanDecision {
    ChangePlan(Target),
    PayNow(Payer),
    Cancel,
    Resume,
}

/// Preview of a purchase of credits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BuyView {
    /// The smallest amount that can be bought.
    pub minimum: Amount,
    pub charge: Money,
    pub balance_after: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    /// When the account closes without further action; the bought credits are then lost with the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
    /// True if the account is closed already.
    pub closed: bool,
}

fn out_of_range(error: boothkeeper_domain::AmountError) -> AppError {
    AppError::because(Code::OutOfRange, error)
}

/// The quote of a decision about the plan, and what follows from the decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DecisionPreview {
    pub quote: Quote,
    /// Who pays the charge; absent if nothing is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payer: Option<Payer>,
    /// The balance after the decision.
    pub balance: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next_renewal: Option<NextRenewal>,
    /// When the account closes if nothing is done after the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
    /// The end of the paid period, if the decision ends that period early.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub gives_up: Option<Timestamp>,
}

impl From<PlanDecision> for Action {
    fn from(decision: PlanDecision) -> Self {
        match decision {
            PlanDecision::ChangePlan(target) => Action::ChangePlan(target),
            PlanDecision::PayNow(method) => Action::PayNow { method },
            PlanDecision::Cancel => Action::Cancel,
            PlanDecision::Resume => Action::Resume,
        }
    }
}

/// Entry point for the plan, its renewal, and the actions that change or pay it.
#[derive(Clone, Copy)]
pub struct Plans<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn plan(&self) -> Plans<'_> {
        Plans { app: self }
    }
}

impl Plans<'_> {
    /// Queues a purchase charged to the card on file. The engine or the next sync sends it. Fails with `OutOfRange`
    /// unless `amount` is positive.
    pub fn buy_credits(&self, amount: Amount) -> Result<CommandView, AppError> {
        if !amount.is_positive() {
            return Err(AppError::new(Code::OutOfRange));
        }
        self.app
            .outbox()
            .queue(&Action::BuyCredits { amount }, None)
    }

    /// The charge and the resulting balance of a purchase, and what the operator should know before it.
    pub fn buy_preview(&self, amount: Amount) -> Result<BuyView, AppError> {
        let now = self.app.rules_now()?;
        self.app.read_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let sum = |amount: Amount| account.balance.checked_add(amount);
            Ok(BuyView {
                minimum: catalog.top_up.minimum,
                charge: catalog.top_up.charge(amount).map_err(out_of_range)?,
                balance_after: sum(amount).map_err(out_of_range)?,
                card: account.card.as_ref().map(CardView::from),
                closes_at: forecast::closes_at(account, &catalog).filter(|at| *at > now),
                closed: account.life == Life::Closed,
            })
        })
    }

    pub fn set_auto_recharge(&self, enabled: bool) -> Result<CommandView, AppError> {
        self.app
            .outbox()
            .queue(&Action::SetAutoRecharge { enabled }, None)
    }

    pub fn set_payment_order(&self, order: PaymentOrder) -> Result<CommandView, AppError> {
        self.app
            .outbox()
            .queue(&Action::SetPaymentOrder(order), None)
    }

    /// Queues the redemption of a coupon. Fails with `OutOfRange` for a code that is blank.
    pub fn redeem_coupon(&self, code: &str) -> Result<CommandView, AppError> {
        let code = user_input::code(code);
        if code.is_empty() {
            return Err(AppError::new(Code::OutOfRange));
        }
        self.app
            .outbox()
            .queue(&Action::RedeemCoupon { code }, None)
    }

    /// The quote for a decision, and the account after it. Computed on the local copy by the same rules as in the
    /// cloud, so it also works offline.
    pub fn preview_decision(&self, action: &Action) -> Result<DecisionPreview, AppError> {
        let change = action.change().ok_or(AppError::new(Code::Internal))?;
        let now = self.app.rules_now()?;
        self.app.read_copy(|copied| {
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
            Ok(DecisionPreview {
                payer,
                balance: after.balance,
                next_renewal: next_renewal(&after, &catalog)?,
                closes_at: forecast::closes_at(&after, &catalog),
                // A change that takes effect at the period's end gives up none of the paid period.
                gives_up: account.period.map(|period| period.end).filter(|end| {
                    account.life == Life::Active && after.period.is_none() && *end > now
                }),
                quote,
            })
        })
    }

    /// Who would pay the fee now, by the account's payment order.
    pub fn payer(&self) -> Result<Payer, AppError> {
        let now = self.app.rules_now()?;
        self.app.read_copy(|copied| {
            let catalog = copied.catalog()?;
            plan::payer(&copied.head.account, &catalog, now)
                .map_err(|refusal| AppError::foreseen(&refusal))
        })
    }

    /// Queues a change of plan, a payment, a cancellation or its withdrawal. The cloud does nothing worse than what the
    /// quote `seen` says.
    pub fn decide(&self, action: &Action, seen: Quote) -> Result<CommandView, AppError> {
        self.app.outbox().queue(action, Some(seen))
    }
}
