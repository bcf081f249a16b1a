//! Plans, prices, tables and policies, as data (`domain.md` §2). The cloud serves a catalog; nothing
//! in it is written into the rules.

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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Catalog {
    /// Counts up with every change: laptops that have it do not fetch it again.
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

/// Buying credits: the card pays `price` for each whole unit of the asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopUp {
    pub minimum: Amount,
    /// Cents a minor unit: 1 where credits are dollars, 10 for a credit at 0.10 USD.
    pub cents_per_minor: u32,
}

impl TopUp {
    /// What the card pays for credits.
    pub fn charge(&self, amount: Amount) -> Result<Money, AmountError> {
        amount.checked_mul(self.cents_per_minor).map(Money::usd)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoRechargeTerms {
    /// Fires at or under this balance.
    pub at: Amount,
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
    pub allowance: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_limit: Option<Amount>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    pub code: String,
    pub name: String,
    pub prices: Vec<Price>,
}

/// What one unit costs on a plan.
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

/// When a lower plan that still has a fee begins.
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
    pub grace_days: u32,
    pub retry_days: Vec<u32>,
    pub failed_run_refund: FailedRunRefund,
    pub no_result_minutes: u32,
    pub purchase_overdue_minutes: u32,
    pub credits_pay_fees: bool,
    /// A cloud that does not say is of before: it goes down at once, and charges by the plan that is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downgrade: Option<Downgrade>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Support {
    pub email: String,
    /// Subject lines by kind of dispute; `other` is for those that are not named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subjects: BTreeMap<DisputeKind, String>,
}

impl Support {
    /// The subject that support sorts by.
    pub fn subject(&self, kind: DisputeKind) -> &str {
        let named = self.subjects.get(&kind);
        let named = named.or_else(|| self.subjects.get(&DisputeKind::Other));
        named.map_or("Credit dispute", String::as_str)
    }
}

impl Catalog {
    /// The catalogs this version ships: what the reference cloud serves until told otherwise.
    pub fn shipped(programme: Programme) -> serde_json::Result<Catalog> {
        serde_json::from_str(match programme {
            Programme::Booth => include_str!("booth.json"),
            Programme::Studio => include_str!("studio.json"),
        })
    }

    pub fn plan(&self, code: &str) -> Option<&Plan> {
        self.plans.iter().find(|p| p.code == code)
    }

    /// Where a pause leads.
    pub fn free_plan(&self) -> Option<&Plan> {
        let free = |plan: &&Plan| plan.monthly.is_none() && plan.annual.is_none();
        self.plans.iter().find(free)
    }

    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.code == code)
    }
}

impl Plan {
    pub fn fee(&self, cycle: Cycle) -> Option<&Money> {
        match cycle {
            Cycle::Monthly => self.monthly.as_ref(),
            Cycle::Annual => self.annual.as_ref(),
        }
    }
}

impl Service {
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
    fn prices_fall_as_plans_rise() {
        let booth = Catalog::shipped(Programme::Booth).unwrap();
        for service in &booth.services {
            let price = |plan| service.price(plan).unwrap();
            assert!(price("payg") >= price("basic") && price("basic") >= price("pro"));
        }
        assert_eq!(booth.top_up.minimum, Amount::of(5000));
    }
}
