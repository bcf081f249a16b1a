//! The next renewal and its fee, computed on the local copy by the same rules as in the cloud.

use boothkeeper_domain::account::{Account, PaymentOrder};
use boothkeeper_domain::billing::fee;
use boothkeeper_domain::billing::forecast::{self, Outcome, Preview, Recharge};
use boothkeeper_domain::{Amount, Catalog, Money, Timestamp};
use serde::Serialize;

use crate::{AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NextRenewal {
    pub at: Timestamp,
    pub fee: Money,
    pub outcome: Outcome,
    /// The part of the fee that the card pays.
    pub card: Amount,
    /// The part of the fee that credits pay.
    pub credits: Amount,
    pub balance_before: Amount,
    pub balance_after: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub auto_recharge: Option<Recharge>,
}

/// The next renewal, paid in the account's payment order; `None` if no renewal is coming.
pub fn next_renewal(account: &Account, catalog: &Catalog) -> Result<Option<NextRenewal>, AppError> {
    let next = renewal(account, catalog, account.payment_order)?;
    Ok(next.and_then(|(at, preview)| {
        Some(NextRenewal {
            at,
            fee: next_fee(account, catalog)?,
            outcome: preview.outcome,
            card: preview.card,
            credits: preview.credits,
            balance_before: preview.balance_before,
            balance_after: preview.balance_after,
            auto_recharge: preview.auto_recharge,
        })
    }))
}

/// The fee of the next period; `None` for a plan without a fee.
pub fn next_fee(account: &Account, catalog: &Catalog) -> Option<Money> {
    let (plan, cycle) = fee::next_plan(account);
    let (money, _) = fee::fee(account, catalog, plan, cycle?)?;
    Some(money)
}

/// What the next renewal does under a payment order, and when; `None` if no renewal is coming.
pub fn renewal(
    account: &Account,
    catalog: &Catalog,
    order: PaymentOrder,
) -> Result<Option<(Timestamp, Preview)>, AppError> {
    forecast::renewal(account, catalog, order)
        .map_err(|refusal| AppError::because(Code::Internal, refusal))
}
