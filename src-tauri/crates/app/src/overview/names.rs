//! Names of services and plans, which the page shows instead of their codes.

use std::collections::BTreeMap;

use boothkeeper_domain::Catalog;
use serde::Serialize;

/// Names by code, from the account's catalog; empty before there is an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatalogNames {
    pub services: BTreeMap<String, String>,
    pub plans: BTreeMap<String, PlanName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlanName {
    pub name: String,
    /// True for a plan without a fee, which a pause leads to.
    pub free: bool,
}

impl From<&Catalog> for CatalogNames {
    fn from(catalog: &Catalog) -> Self {
        let services = catalog.services.iter();
        let plans = catalog.plans.iter();
        CatalogNames {
            services: services
                .map(|service| (service.code.clone(), service.name.clone()))
                .collect(),
            plans: plans
                .map(|plan| {
                    let name = PlanName {
                        name: plan.name.clone(),
                        free: plan.monthly.is_none() && plan.annual.is_none(),
                    };
                    (plan.code.clone(), name)
                })
                .collect(),
        }
    }
}
