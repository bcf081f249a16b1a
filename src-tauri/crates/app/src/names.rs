//! Names of services, plans and legacy products, which people read instead of their codes.

use std::collections::BTreeMap;

use boothkeeper_domain::Catalog;
use boothkeeper_messages::readable;
use serde::Serialize;

use crate::App;

/// Names by code, from the account's catalog; empty before there is an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatalogNames {
    pub services: BTreeMap<String, String>,
    pub plans: BTreeMap<String, PlanName>,
    pub legacy: BTreeMap<String, String>,
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
        let legacy = catalog.legacy.iter();
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
            legacy: legacy
                .map(|product| (product.code.clone(), product.name.clone()))
                .collect(),
        }
    }
}

impl CatalogNames {
    /// The service's name. If the catalog lacks the code: the code itself, made readable.
    pub fn service(&self, code: &str) -> String {
        let name = self.services.get(code).cloned();
        name.unwrap_or_else(|| readable(code))
    }

    /// The plan's name. If the catalog lacks the code: the code itself, made readable.
    pub fn plan(&self, code: &str) -> String {
        let plan = self.plans.get(code).map(|plan| plan.name.clone());
        plan.unwrap_or_else(|| readable(code))
    }

    /// The legacy product's name. If the catalog lacks the code: the code itself, made readable.
    pub fn legacy(&self, code: &str) -> String {
        let name = self.legacy.get(code).cloned();
        name.unwrap_or_else(|| readable(code))
    }

    /// The names of legacy products, with commas between them.
    pub fn products(&self, codes: &[String]) -> String {
        let names: Vec<_> = codes.iter().map(|code| self.legacy(code)).collect();
        names.join(", ")
    }

    /// The code of the plan whose name was typed, in upper or lower case. Other text is returned unchanged.
    pub fn plan_code(&self, typed: &str) -> String {
        let mut plans = self.plans.iter();
        let named = plans.find(|(_, plan)| plan.name.eq_ignore_ascii_case(typed));
        named.map_or(typed, |(code, _)| code).to_owned()
    }
}

impl App {
    /// The names of the account's catalog; empty before the first sync.
    pub fn names(&self) -> CatalogNames {
        let names = self.read_copy(|copied| Ok(CatalogNames::from(&copied.catalog()?)));
        names.unwrap_or_default()
    }
}
