//! The plan, the next renewal and what is due. Computed on the local copy by the same rules as in the cloud, so it
//! works offline and is exact.

use boothkeeper_domain::account::{Account, Life, Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast::{self, Preview};
use boothkeeper_domain::billing::plan::Target;
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::{Amount, Catalog, Money, Timestamp};
use serde::Serialize;

use super::Plans;
use super::card::CardView;
use super::renewal::{NextRenewal, next_fee, next_renewal, renewal};
use crate::AppError;
use crate::copy::Snapshot;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SubscriptionView {
    pub plan: String,
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    pub state: Life,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub anchor: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cancel_at: Option<Timestamp>,
    /// When the account closes without further action.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
    pub payment_order: PaymentOrder,
    pub auto_recharge: AutoRechargeView,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next_renewal: Option<NextRenewal>,
    /// Another plan or cycle that takes effect at the period's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub requested: Option<Target>,
    /// The fee whose payment ends grace now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub due_now: Option<Money>,
    /// Since when a charge for the fee has waited for the card's bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment_pending: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AutoRechargeView {
    pub enabled: bool,
    /// The balance at or under which auto-recharge buys credits; absent if the programme has no auto-recharge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at: Option<Amount>,
    /// The amount of credits that auto-recharge buys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
}

/// The next renewal under each payment order. `at`, `fee` and both previews are absent if no renewal is coming.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RenewalPreview {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    pub payment_order: PaymentOrder,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card_first: Option<Preview>,
    /// The renewal if credits pay first; also absent if credits cannot pay fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub credits_first: Option<Preview>,
}

impl Plans<'_> {
    pub fn subscription(&self) -> Result<SubscriptionView, AppError> {
        self.app.read_copy(|copied| copied.subscription())
    }

    pub fn renewal_preview(&self) -> Result<RenewalPreview, AppError> {
        self.app.read_copy(|copied| copied.renewal_preview())
    }
}

impl Snapshot<'_> {
    /// Fails with `Imported` for an imported history, which lacks plan, period and card.
    pub fn subscription(&self) -> Result<SubscriptionView, AppError> {
        self.require_cloud_account()?;
        subscription(&self.head.account, &self.catalog()?)
    }

    pub fn renewal_preview(&self) -> Result<RenewalPreview, AppError> {
        self.require_cloud_account()?;
        let (account, catalog) = (&self.head.account, self.catalog()?);
        let fallback = account.payment_order.fallback;
        let under = |first| renewal(account, &catalog, PaymentOrder { first, fallback });
        let card_first = under(Payer::Card)?;
        let credits_first = match catalog.policies.credits_pay_fees {
            true => under(Payer::Credits)?,
            false => None,
        };
        Ok(RenewalPreview {
            at: card_first.as_ref().map(|(at, _)| *at),
            fee: card_first
                .as_ref()
                .and_then(|_| next_fee(account, &catalog)),
            payment_order: account.payment_order,
            card_first: card_first.map(|(_, preview)| preview),
            credits_first: credits_first.map(|(_, preview)| preview),
        })
    }
}

fn subscription(account: &Account, catalog: &Catalog) -> Result<SubscriptionView, AppError> {
    let terms = catalog.auto_recharge.as_ref();
    let next = next_renewal(account, catalog)?;
    Ok(SubscriptionView {
        plan: account.plan.clone(),
        cycle: account.cycle,
        state: account.life,
        period: account.period,
        anchor: account.anchor.filter(|_| account.cycle.is_some()),
        cancel_at: account.cancel_at,
        closes_at: forecast::closes_at(account, catalog),
        payment_order: account.payment_order,
        auto_recharge: AutoRechargeView {
            enabled: account.auto_recharge.enabled,
            at: terms.map(|terms| terms.at),
            amount: terms.map(|terms| terms.amount),
        },
        card: account.card.as_ref().map(CardView::from),
        next_renewal: next,
        requested: account.requested.as_ref().map(|requested| Target {
            plan: requested.plan.clone(),
            cycle: requested.cycle,
            coupon: requested.coupon.clone(),
        }),
        due_now: next_fee(account, catalog).filter(|_| account.life == Life::Grace),
        payment_pending: account.pending_fee.as_ref().map(|pending| pending.since),
    })
}
