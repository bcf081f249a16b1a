//! Coupons: which coupon an account may redeem, and the entry that redeeming appends (`domain.md` §6).

use crate::billing::ledger::open;
use crate::billing::{BillingDecision, Ledger, Refusal};
use crate::calendar::Cycle;
use crate::catalog::Coupon;
use crate::journal::{Body, CouponRedeemed};
use crate::{Account, Actor, Catalog, Timestamp, user_input};

/// Redeems a coupon for the current plan and cycle. Fails if the code is unknown, already redeemed, or for another plan
/// or cycle.
pub fn redeem(
    account: &Account,
    catalog: &Catalog,
    code: &str,
    now: Timestamp,
) -> Result<BillingDecision, Refusal> {
    open(account)?;
    redeemable(account, catalog, code, &account.plan, account.cycle)?;
    let mut ledger = Ledger::new(account.clone(), catalog, now);
    ledger.redeem(code)?;
    Ok(ledger.decided())
}

impl Ledger<'_> {
    pub(in crate::billing) fn redeem(&mut self, code: &str) -> Result<(), Refusal> {
        let coupon = coupon(self.catalog, code)?;
        let redeemed = Body::CouponRedeemed(CouponRedeemed {
            coupon: coupon.code.clone(),
            bonus: coupon.bonus,
        });
        self.post(Actor::Operator, redeemed, vec![])
    }
}

pub(super) fn coupon<'a>(catalog: &'a Catalog, code: &str) -> Result<&'a Coupon, Refusal> {
    let code = user_input::code(code);
    let mut coupons = catalog.coupons.iter();
    coupons
        .find(|coupon| coupon.code.eq_ignore_ascii_case(&code))
        .ok_or(Refusal::UnknownCoupon)
}

/// The coupon, if the account may redeem it. A coupon is for one plan and cycle and can be redeemed once per account.
pub(super) fn redeemable<'a>(
    account: &Account,
    catalog: &'a Catalog,
    code: &str,
    plan: &str,
    cycle: Option<Cycle>,
) -> Result<&'a Coupon, Refusal> {
    let coupon = coupon(catalog, code)?;
    if account.coupons.contains(&coupon.code) {
        return Err(Refusal::CouponRedeemed);
    }
    if coupon.plan != plan || Some(coupon.cycle) != cycle {
        return Err(Refusal::CouponNotForPlan);
    }
    Ok(coupon)
}
