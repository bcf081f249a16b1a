//! Preview of a pause (a switch to Pay-As-You-Go): what it keeps, deletes and changes.

use std::path::Path;

use boothkeeper_domain::billing::allowance;
use boothkeeper_domain::billing::plan::Target;
use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::catalog::Plan;
use boothkeeper_domain::runway::Booked;
use boothkeeper_domain::{Account, Amount, Catalog, Timestamp};
use boothkeeper_sync::wire::action::Action;
use serde::Serialize;

use boothkeeper_documents::write::history::csv_table;

use super::Plans;
use crate::balance::booked;
use crate::files::{failed, whole_file};
use crate::history::{Format, HistoryQuery};
use crate::outbox::expiry;
use crate::{AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceChange {
    /// The service's code.
    pub service: String,
    pub before: Amount,
    pub after: Amount,
    /// True if the account has used the service: the local copy has an entry of it.
    pub used: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PauseView {
    /// Code of the plan without a fee, which a pause switches to.
    pub plan: String,
    pub name: String,
    /// The quote (preview of price and losses) that is decided on. The cloud does nothing worse than it says.
    pub quote: Quote,
    /// The scheduled events that are deleted, soonest first.
    pub events: Vec<Booked>,
    /// Services whose price changes.
    pub prices: Vec<PriceChange>,
    /// The part of the monthly allowance that stops. Allowance from legacy products continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub allowance: Option<Amount>,
    /// The kept credits that expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expires: Option<Expiring>,
    /// The time until which the cloud must have received the pause; after it, the pause expires.
    pub reach_by: Timestamp,
    /// The end of the paid period, if the pause ends that period early.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub gives_up: Option<Timestamp>,
    /// When the account closes without further action.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub closes_at: Option<Timestamp>,
}

/// Credits that expire unless they are used.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Expiring {
    pub amount: Amount,
    /// When the first of these credits expire.
    pub at: Timestamp,
}

impl Plans<'_> {
    /// The programme's plan without a fee, such as Pay-As-You-Go. Fails with `UnknownName` if it has none.
    pub fn free_plan(&self) -> Result<Plan, AppError> {
        self.app.read_copy(|copied| {
            let catalog = copied.catalog()?;
            let free = catalog.free_plan().cloned();
            free.ok_or(AppError::new(Code::UnknownName))
        })
    }

    pub fn pause_preview(&self) -> Result<PauseView, AppError> {
        let free = self.free_plan()?;
        let action = Action::ChangePlan(Target::plan(&free.code, None));
        let foreseen = self.preview_decision(&action)?;
        let quote = foreseen.quote;
        let now = self.app.rules_now()?;
        self.app.read_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let mut events: Vec<_> = account.events.values().map(booked).collect();
            events.sort_by(|a, b| (a.starts_at, &a.name).cmp(&(b.starts_at, &b.name)));
            let used = |service: &str| {
                let class = boothkeeper_store::cache::Class::Service;
                copied.names.find(class, service).is_some()
            };
            let paused = Account {
                plan: free.code.clone(),
                ..account.clone()
            };
            let monthly = |account: &Account| allowance::monthly(account, &catalog).ok();
            let stops = monthly(account).zip(monthly(&paused));
            let stops = stops.and_then(|(now, then)| now.checked_sub(then).ok());
            Ok(PauseView {
                prices: changes(account, &catalog, &free.code, used),
                allowance: stops.filter(|amount| amount.is_positive()),
                expires: expiring(account),
                reach_by: expiry(&action, Some(&quote), account, &catalog, now).unwrap_or(now),
                closes_at: boothkeeper_domain::billing::forecast::closes_at(account, &catalog),
                gives_up: foreseen.gives_up,
                events,
                plan: free.code,
                name: free.name,
                quote,
            })
        })
    }
}

impl Plans<'_> {
    /// Writes to `folder` what a pause deletes or makes hard to reach: the history as CSV and as JSON, and the list of
    /// events. Returns the number of entries.
    pub fn export_before_pause(&self, folder: &Path) -> Result<u64, AppError> {
        let everything = HistoryQuery::default();
        let entries =
            self.app
                .history()
                .export_to(&everything, Format::Csv, &folder.join("history.csv"))?;
        self.app
            .history()
            .export_to(&everything, Format::Json, &folder.join("history.json"))?;
        let events = self.pause_preview()?.events;
        let zone = self.app.zone();
        // Spreadsheets read this file, so times have the same form in every locale.
        let local = |at| {
            format!(
                "{} {}",
                zone.civil(at).format("%Y-%m-%d %H:%M"),
                zone.abbreviation(at)
            )
        };
        whole_file(&folder.join("events.csv"), |file| {
            let rows = events.iter().map(|event| {
                let (from, to) = (local(event.starts_at), local(event.ends_at));
                vec![event.name.clone(), from, to]
            });
            csv_table(file, &["event", "starts", "ends"], rows).map_err(failed)
        })?;
        Ok(entries)
    }
}

fn expiring(account: &Account) -> Option<Expiring> {
    let ending = || {
        let grants = account.grants.iter();
        grants.filter_map(|grant| Some((grant.expires_at?, grant.remaining)))
    };
    Some(Expiring {
        at: ending().map(|(at, _)| at).min()?,
        amount: Amount::sum(ending().map(|(_, remaining)| remaining)).ok()?,
    })
}

/// Services whose price differs between the account's plan and `plan`.
fn changes(
    account: &Account,
    catalog: &Catalog,
    plan: &str,
    used: impl Fn(&str) -> bool,
) -> Vec<PriceChange> {
    let change = |service: &boothkeeper_domain::catalog::Service| {
        let (before, after) = (service.price(&account.plan)?, service.price(plan)?);
        (before != after).then(|| PriceChange {
            used: used(&service.code),
            service: service.code.clone(),
            before,
            after,
        })
    };
    catalog.services.iter().filter_map(change).collect()
}
