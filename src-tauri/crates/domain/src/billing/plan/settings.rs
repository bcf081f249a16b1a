//! Settings of an account: who pays first, and the card on file.

use crate::account::{Card, Payer, PaymentOrder};
use crate::billing::ledger::{open, post_if};
use crate::billing::{BillingDecision, Refusal};
use crate::journal::{Body, CardChanged, PaymentOrderChanged};
use crate::{Account, Catalog, Timestamp};

/// Sets whether card or credits pay renewals first. Appends nothing if the order is already set. Fails with
/// `CreditsCannotPayFees` if credits are first and the programme does not allow it.
pub fn set_payment_order(
    account: &Account,
    catalog: &Catalog,
    order: PaymentOrder,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    if order.first == Payer::Credits && !catalog.policies.credits_pay_fees {
        return Err(Refusal::CreditsCannotPayFees);
    }
    let changed = Body::PaymentOrderChanged(PaymentOrderChanged { order });
    post_if(
        account,
        catalog,
        account.payment_order != order,
        changed,
        now,
    )
}

/// Replaces the card on file, or removes it if `card` is `None`.
pub fn replace_card(
    account: &Account,
    catalog: &Catalog,
    card: Option<Card>,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    let changed = Body::CardChanged(CardChanged { card });
    post_if(account, catalog, true, changed, now)
}
