//! The catalog: plans, prices, legacy products, coupons and policies as data (`domain.md` §2). The cloud serves it; the
//! rules contain none of its values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::Cycle;
use crate::disputes::DisputeKind;
use crate::{Amount, AmountError, Asset, Money};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Programme {
    Booth,
    Studio,
}

impl Programme {
    /// Code of the plan that an account is on after a `restored` entry. The entry's body names no plan, so the code is
    /// fixed for all journals. Where the catalog's plan without a fee has another code, a `plan_changed` entry follows;
    /// all other rules ask [`Catalog::free_plan`].
    pub const fn restored_plan(self) -> &'static str {
        match self {
            Programme::Booth => "payg",
            Programme::Studio => "legacy",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Catalog {
    /// A number for people who compare catalogs. Laptops compare the catalog's hash, so that nothing depends on the
    /// number.
    pub version: u32,
    pub programme: Programme,
    pub asset: Asset,
    pub top_up: TopUp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_recharge: Option<AutoRechargeTerms>,
    pub plans: Vec<Plan>,
    pub services: Vec<Service>,
    pub legacy: Vec<LegacyProduct>,
    pub coupons: Vec<Coupon>,
    pub policies: Policies,
    pub support: Support,
}

/// The terms on which credits are bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopUp {
    /// Least amount of credits of one purchase, in minor units.
    pub minimum: Amount,
    /// Price of one minor unit in cents: 1 if credits are dollars, 10 if a credit costs 0.10 USD.
    pub cents_per_minor: u32,
}

impl TopUp {
    /// The card charge for an amount of credits. Fails if the charge is out of range.
    pub fn charge(&self, amount: Amount) -> Result<Money, AmountError> {
        amount.checked_mul(self.cents_per_minor).map(Money::usd)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoRechargeTerms {
    /// A recharge starts if the balance is at or under this amount.
    pub at: Amount,
    /// Credits bought by one recharge.
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub code: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Credits granted each month.
    pub allowance: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Most credits used by runs on one UTC day.
    pub daily_limit: Option<Amount>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    pub code: String,
    pub name: String,
    pub prices: Vec<Price>,
}

/// The price of one unit of a service on a plan, in credits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Price {
    pub plan: String,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegacyProduct {
    pub code: String,
    pub name: String,
    pub allowance: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coupon {
    pub code: String,
    pub plan: String,
    pub cycle: Cycle,
    pub bonus: Amount,
    pub free_months: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailedRunRefund {
    Automatic,
    BySupport,
}

/// When a change to a cheaper plan that has a fee takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    PeriodEnd,
    AtOnce,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Policies {
    /// Length of grace in days of 24 hours.
    pub grace_days: u32,
    /// Days after the period's end on which an unpaid fee is tried again, in ascending order.
    pub retry_days: Vec<u32>,
    pub failed_run_refund: FailedRunRefund,
    /// A run without a result after this many minutes has failed.
    pub no_result_minutes: u32,
    /// A purchase or a coupon bonus is overdue after this many minutes.
    pub purchase_overdue_minutes: u32,
    pub credits_pay_fees: bool,
    /// `None` from an older cloud, which changes to a cheaper plan at once and prices a change by the current plan
    /// only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downgrade: Option<Downgrade>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Support {
    pub email: String,
    /// Subject lines of mails to support by kind of dispute. The line of `other` is used for kinds without a line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subjects: BTreeMap<DisputeKind, String>,
}

impl Support {
    /// The subject line by which support sorts its mail.
    pub fn subject(&self, kind: DisputeKind) -> &str {
        let named = self.subjects.get(&kind);
        let named = named.or_else(|| self.subjects.get(&DisputeKind::Other));
        named.map_or("Credit dispute", String::as_str)
    }
}

impl Catalog {
    /// The catalog built into this version. The reference cloud serves it unless it is given another catalog.
    pub fn shipped(programme: Programme) -> serde_json::Result<Catalog> {
        serde_json::from_str(match programme {
            Programme::Booth => include_str!("booth.json"),
            Programme::Studio => include_str!("studio.json"),
        })
    }

    pub fn plan(&self, code: &str) -> Option<&Plan> {
        self.plans.iter().find(|p| p.code == code)
    }

    /// The plan without a fee, to which a pause leads.
    pub fn free_plan(&self) -> Option<&Plan> {
        let free = |plan: &&Plan| plan.monthly.is_none() && plan.annual.is_none();
        self.plans.iter().find(free)
    }

    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.code == code)
    }
}

impl Plan {
    /// The fee for one period of a cycle; `None` if the plan is not offered in that cycle.
    pub fn fee(&self, cycle: Cycle) -> Option<&Money> {
        match cycle {
            Cycle::Monthly => self.monthly.as_ref(),
            Cycle::Annual => self.annual.as_ref(),
        }
    }
}

impl Service {
    /// The price of one unit on a plan, in minor units.
    pub fn price(&self, plan: &str) -> Option<Amount> {
        let price = self.prices.iter().find(|p| p.plan == plan)?;
        Some(price.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_price_on_every_plan() {
        for programme in [Programme::Booth, Programme::Studio] {
            let catalog = Catalog::shipped(programme).unwrap();
            assert_eq!(catalog.programme, programme);
            for service in &catalog.services {
                for plan in &catalog.plans {
                    let price = service.price(&plan.code);
                    assert!(
                        price.is_some_and(Amount::is_positive),
                        "{} on {}",
                        service.code,
                        plan.code
                    );
                }
            }
        }
    }

    #[test]
    fn booth_prices_never_rise_with_a_larger_plan() {
        let booth = Catalog::shipped(Programme::Booth).unwrap();
        for service in &booth.services {
            let price = |plan| service.price(plan).unwrap();
            assert!(price("payg") >= price("basic") && price("basic") >= price("pro"));
        }
        assert_eq!(booth.top_up.minimum, Amount::of(5000));
    }
}
