//! The first entries of a new account, all at the instant of sign-up. Its first period counts as paid.

use super::support::event_name;
use super::{BillingDecision, Ledger, Refusal};
use crate::account::{AutoRechargeSetting, Card, Payer, PaymentOrder};
use crate::bounds::{MAX_EMAIL_CHARS, fits};
use crate::calendar::{Cycle, period};
use crate::journal::{Allowance, Body, EventScheduled, LegacyAdded, Opened, Purchase};
use crate::{Account, AccountId, Actor, Amount, Catalog, EventId, Source, Timestamp};

/// What a new account is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct SignUp {
    pub account: AccountId,
    pub email: String,
    pub plan: String,
    pub cycle: Option<Cycle>,
    pub opening_balance: Amount,
    /// Codes of the legacy products that the new account has.
    pub legacy: Vec<String>,
    pub card: Option<Card>,
    pub payment_order: PaymentOrder,
    pub auto_recharge: bool,
    /// Name, start and end of each scheduled event.
    pub events: Vec<(String, Timestamp, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    #[error("there is no such plan or cycle")]
    UnknownPlan,
    #[error("there is no such legacy product")]
    UnknownProduct,
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Decides the first entries of a new account. Fails if the catalog lacks the plan or a legacy product, or does not
/// allow the payment settings.
pub fn open(
    sign_up: SignUp,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<BillingDecision, SignUpError> {
    let plan = catalog
        .plan(&sign_up.plan)
        .ok_or(SignUpError::UnknownPlan)?;
    let cycle = match (sign_up.cycle, &plan.monthly) {
        (_, None) => None,
        (cycle, Some(_)) => Some(cycle.unwrap_or(Cycle::Monthly)),
    };
    let legacy = sign_up
        .legacy
        .iter()
        .map(|code| catalog.legacy.iter().find(|l| l.code == *code))
        .collect::<Option<Vec<_>>>()
        .ok_or(SignUpError::UnknownProduct)?;
    if sign_up.auto_recharge && catalog.auto_recharge.is_none() {
        return Err(Refusal::NoAutoRecharge.into());
    }
    if sign_up.payment_order.first == Payer::Credits && !catalog.policies.credits_pay_fees {
        return Err(Refusal::CreditsCannotPayFees.into());
    }
    if !fits(&sign_up.email, MAX_EMAIL_CHARS) {
        return Err(Refusal::TextTooLong.into());
    }
    if sign_up.opening_balance.is_negative() {
        return Err(Refusal::AmountOutOfRange.into());
    }
    let allowance = Amount::sum(
        plan.allowance
            .into_iter()
            .chain(legacy.iter().map(|l| l.allowance)),
    )
    .map_err(|_| Refusal::AmountOutOfRange)?;

    let mut ledger = Ledger::new(Account::default(), catalog, now);
    let opened = Opened {
        account: sign_up.account,
        email: sign_up.email,
        programme: catalog.programme,
        asset: catalog.asset.clone(),
        plan: sign_up.plan.clone(),
        cycle,
        period: cycle.and_then(|cycle| period(now, cycle, 0)),
        card: sign_up.card,
        payment_order: sign_up.payment_order,
        auto_recharge: AutoRechargeSetting {
            enabled: sign_up.auto_recharge,
        },
    };
    ledger.post(Actor::System, Body::Opened(opened), vec![])?;
    for product in legacy {
        let body = Body::LegacyAdded(LegacyAdded {
            product: product.code.clone(),
            allowance: product.allowance,
        });
        ledger.post(Actor::System, body, vec![])?;
    }
    if let (true, Some(month)) = (allowance.is_positive(), period(now, Cycle::Monthly, 0)) {
        let body = Body::Allowance(Allowance { period: month });
        let expires = Some(month.end);
        ledger.grant(Actor::System, body, Source::Allowance, allowance, expires)?;
    }
    if sign_up.opening_balance.is_positive() {
        open_with(&mut ledger, sign_up.opening_balance)?;
    }
    for (n, (name, starts_at, ends_at)) in sign_up.events.into_iter().enumerate() {
        let event = EventId::new(format!("evt_{}_{n}", ledger.account.seq.next()))
            .map_err(|_| Refusal::AmountOutOfRange)?;
        let body = Body::EventScheduled(EventScheduled {
            event,
            name: event_name(&name)?,
            starts_at,
            ends_at,
        });
        ledger.post(Actor::Operator, body, vec![])?;
    }
    ledger.recharge_if_low()?;
    Ok(ledger.decided())
}

/// Posts the opening balance as one purchase.
fn open_with(ledger: &mut Ledger<'_>, amount: Amount) -> Result<(), Refusal> {
    let charge = ledger.catalog.top_up.charge(amount);
    let charge = charge.map_err(|_| Refusal::AmountOutOfRange)?;
    let payment = ledger.next_payment()?;
    let body = Body::Purchase(Purchase { payment, charge });
    ledger.grant(Actor::Operator, body, Source::Purchase, amount, None)
}
