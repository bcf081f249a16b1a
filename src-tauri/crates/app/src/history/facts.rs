//! Fields that only some kinds of entries have.

use boothkeeper_domain::calendar::Period;
use boothkeeper_domain::{Body, Money};

/// The special fields of one entry; `None` for those that its kind lacks.
#[derive(Default)]
pub struct Facts {
    pub invoice: Option<String>,
    pub coupon: Option<String>,
    pub charge: Option<Money>,
    pub period: Option<Period>,
    pub failure: Option<String>,
    pub units: Option<u32>,
}

impl Facts {
    pub fn of(body: &Body) -> Self {
        let mut facts = Facts::default();
        match body {
            Body::Purchase(purchase) => facts.charge = Some(purchase.charge.clone()),
            Body::AutoRecharge(recharge) => facts.charge = Some(recharge.charge.clone()),
            Body::PurchaseStarted(started) => facts.charge = Some(started.charge.clone()),
            Body::Renewal(renewal) => {
                facts.invoice = Some(renewal.invoice.clone());
                facts.coupon = renewal.coupon.clone();
                facts.period = Some(renewal.period);
            }
            Body::RenewedByCard(renewed) => {
                facts.invoice = Some(renewed.invoice.clone());
                facts.coupon = renewed.coupon.clone();
                facts.charge = Some(renewed.charge.clone());
                facts.period = Some(renewed.period);
            }
            Body::PaymentFailed(failed) => {
                facts.charge = Some(failed.charge.clone());
                facts.failure = Some(failed.code.clone());
            }
            Body::Reactivated(reactivated) => facts.period = Some(reactivated.period),
            Body::PlanChanged(changed) => {
                facts.charge = changed.charge.clone();
                facts.coupon = changed.coupon.clone();
                facts.period = changed.period;
            }
            Body::Allowance(allowance) => facts.period = Some(allowance.period),
            Body::CouponRedeemed(redeemed) => facts.coupon = Some(redeemed.coupon.clone()),
            Body::CouponBonus(bonus) => facts.coupon = Some(bonus.coupon.clone()),
            Body::Usage(usage) => facts.units = Some(usage.units),
            Body::RunFailed(failed) => facts.failure = Some(failed.code.clone()),
            Body::PurchaseDeclined(declined) => facts.failure = Some(declined.code.clone()),
            Body::AutoRechargeFailed(failed) => facts.failure = Some(failed.code.clone()),
            _ => {}
        }
        facts
    }
}
