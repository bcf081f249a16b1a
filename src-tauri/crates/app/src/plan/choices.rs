//! The operator's choices about the plan, each with its expected result.

use boothkeeper_domain::account::Life;
use boothkeeper_domain::billing::forecast::{self, Preview};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Account, Amount, Catalog, Money, Seq, Timestamp};
use serde::Serialize;

use super::Plans;
use super::subscription::{RenewalPreview, SubscriptionView};
use crate::AppError;
use crate::outbox::CommandView;

/// Everything that the screen "Plan & renewal" shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChoicesView {
    /// Number of the newest entry in the local copy when this view was computed.
    pub seq: Seq,
    pub subscription: SubscriptionView,
    /// The next renewal if the card pays first; absent if there is no next renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card_first: Option<OrderView>,
    /// The next renewal if credits pay first; absent if there is none, or if credits cannot pay fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub credits_first: Option<OrderView>,
    /// The fee of the next renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub renews_at: Option<Timestamp>,
    /// True if credits can pay fees in this programme.
    pub credits_pay_fees: bool,
    /// The points in time that the timeline shows, in order; empty if no plan is active or in grace.
    pub stops: Vec<Stop>,
    /// Elapsed part of the period, or of grace, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub elapsed: Option<u16>,
    /// Length in days of the grace that runs, or else of the grace that may follow.
    pub grace_days: u32,
    pub offers: Vec<Offer>,
    /// Commands about the plan or fees that the cloud has not answered yet.
    pub waiting: Vec<CommandView>,
    /// The balance, which is lost if the account closes.
    pub balance: Amount,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrderView {
    pub preview: Preview,
    /// Number of runs that the remaining credits pay for, at the recent average cost of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub enough_for: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StopCode {
    Today,
    /// The period ends and the plan renews.
    Renewal,
    /// The period ends unpaid or cancelled, and grace begins.
    PeriodEnd,
    /// The account closes.
    Closure,
}

/// A point in time between today and the account's closure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Stop {
    pub code: StopCode,
    pub at: Timestamp,
    /// True if the stop comes without further action; false if it comes only if the renewal fails.
    pub expected: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Offer {
    pub plan: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub monthly: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub annual: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub allowance: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub daily_limit: Option<Amount>,
}

impl Plans<'_> {
    pub fn choices(&self) -> Result<ChoicesView, AppError> {
        let now = self.app.rules_now()?;
        // Commands that concern plan or fees; purchases and card changes do not.
        let mut waiting = self.app.outbox().list()?.commands;
        waiting.retain(|command| command.open && command.kind.is_listed_with_plan());
        self.app.read_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let (subscription, renewal) = (copied.subscription()?, copied.renewal_preview()?);
            let runway = copied.runway(now, self.app.zone().clone())?;
            let a_run = runway.estimate.map(|estimate| estimate.a_run);
            let RenewalPreview {
                at,
                fee,
                card_first,
                credits_first,
                ..
            } = renewal;
            let order = |preview: Preview| OrderView {
                enough_for: a_run
                    .filter(|a_run| a_run.is_positive())
                    .map(|a_run| preview.balance_after.minor() / a_run.minor()),
                preview,
            };
            Ok(ChoicesView {
                seq: account.seq,
                card_first: card_first.map(order),
                credits_first: credits_first.map(order),
                fee,
                renews_at: at,
                credits_pay_fees: catalog.policies.credits_pay_fees,
                stops: stops(account, &catalog, now),
                elapsed: elapsed(account, now),
                grace_days: grace_days(account, &catalog),
                offers: catalog.plans.iter().map(offer).collect(),
                waiting,
                balance: account.balance,
                now,
                subscription,
            })
        })
    }
}

fn stops(account: &Account, catalog: &Catalog, now: Timestamp) -> Vec<Stop> {
    let stop = |code, at, expected| Stop { code, at, expected };
    let today = stop(StopCode::Today, now, true);
    let Some(period) = account.period else {
        return vec![];
    };
    let grace = i64::from(catalog.policies.grace_days) * DAY;
    if let Some(running) = account.grace {
        // In grace: the period has ended, and the account closes at the end of grace.
        return vec![
            stop(StopCode::PeriodEnd, period.end, true),
            today,
            stop(StopCode::Closure, running.until, true),
        ];
    }
    if account.life != Life::Active {
        return vec![];
    }
    let renews = forecast::renewal_at(account);
    // `cancel_at` may be the end of the next period instead, if the plan was cancelled too late for the next renewal.
    let cancelled = account.cancel_at;
    let first = match (cancelled, renews) {
        (Some(at), _) => stop(StopCode::PeriodEnd, at, true),
        (None, Some(at)) => stop(StopCode::Renewal, at, true),
        (None, None) => stop(
            StopCode::PeriodEnd,
            period.end,
            account.pending_fee.is_some(),
        ),
    };
    let closes = first.at.plus(grace);
    vec![
        today,
        first,
        stop(StopCode::Closure, closes, cancelled.is_some()),
    ]
}

/// Length in days of the grace that runs, or else of the grace that may follow.
fn grace_days(account: &Account, catalog: &Catalog) -> u32 {
    let running = account.grace.zip(account.grace_began());
    let days =
        running.and_then(|(grace, began)| u32::try_from(grace.until.since(began) / DAY).ok());
    days.unwrap_or(catalog.policies.grace_days)
}

/// Elapsed part of grace, or else of the period, in thousandths; `None` without a period.
fn elapsed(account: &Account, now: Timestamp) -> Option<u16> {
    let period = account.period?;
    let (from, to) = match account.grace {
        Some(grace) => (period.end, grace.until),
        None => (period.start, period.end),
    };
    let whole = to.since(from).max(1);
    let over = now.since(from).clamp(0, whole);
    u16::try_from(over.saturating_mul(1000) / whole).ok()
}

fn offer(plan: &boothkeeper_domain::catalog::Plan) -> Offer {
    Offer {
        plan: plan.code.clone(),
        name: plan.name.clone(),
        monthly: plan.fee(Cycle::Monthly).cloned(),
        annual: plan.fee(Cycle::Annual).cloned(),
        allowance: plan.allowance,
        daily_limit: plan.daily_limit,
    }
}
