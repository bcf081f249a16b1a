//! What the first screen and the frame around every screen show.

mod names;

use std::collections::BTreeSet;

use boothkeeper_domain::Zone;
use boothkeeper_domain::account::{Account, FailedFee, Life, Payer};
use boothkeeper_domain::billing::{fee, plan, time};
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::journal::GraceCause;
use boothkeeper_domain::time::{DAY, MINUTE};
use boothkeeper_domain::{Amount, Catalog, Money, Seq, Timestamp};
use boothkeeper_store::Cache;
use boothkeeper_store::cache::Head;
use boothkeeper_store::outbox::{Binding, Command, Said, State};
use boothkeeper_sync::wire::api::ClockKind;
use serde::{Deserialize, Serialize};

pub use names::{CatalogNames, PlanName};

use crate::balance::{BalanceView, RunwayView};
use crate::copy::Copied;
use crate::deadlines::DeadlineView;
use crate::history::{HistoryQuery, RowView};
use crate::import::has_imported;
use crate::outbox::CommandView;
use crate::plan::{CardView, SubscriptionView};
use crate::{App, AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PlanView {
    pub email: String,
    pub plan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    pub state: Life,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub period: Option<Period>,
}

/// All that the first screen and the frame around every screen show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Overview {
    pub signed_in: bool,
    /// A key in the environment is used and never stored.
    pub key_from_environment: bool,
    /// The history was brought by the operator: there is no cloud, and nothing of plan or card is known.
    pub imported: bool,
    /// An imported account is there to be looked at.
    pub has_imported: bool,
    pub balance: BalanceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<PlanView>,
    /// Newest first.
    pub latest: Vec<RowView>,
    /// How far a long first sync has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pulling: Option<Seq>,
    pub waiting: u32,
    /// Decisions that the cloud handed back: things have become worse than what was shown.
    pub undecided: u32,
    /// Disputes that are written here or open at the cloud.
    pub disputes: u32,
    /// How the plan stands, and what its next renewal does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub subscription: Option<SubscriptionView>,
    /// The account is on its way to closing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub alarm: Option<Alarm>,
    /// Soonest first.
    pub deadlines: Vec<DeadlineView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub runway: Option<RunwayView>,
    /// The laptop's own clock is not to be gone by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub clock: Option<ClockView>,
    /// Names of services and plans by code.
    pub names: CatalogNames,
    pub now: Timestamp,
    pub zone: String,
}

/// What a page hears while it is open.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Update {
    Overview(Box<Overview>),
    /// A notification was clicked.
    Show(Screen),
    /// Files were dropped on the window: taken, or why not.
    Dropped(Option<Code>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    Overview,
    History,
    Plan,
    Disputes,
    Outbox,
    Settings,
}

/// Grace runs: what closes when, what it costs, and the two ways out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alarm {
    pub began: Timestamp,
    pub closes_at: Timestamp,
    /// Milliseconds left.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: i64,
    /// It has ended since the cloud was last heard: the account is likely to have closed.
    pub over: bool,
    /// Thousandths of grace that are over, and the day of how many.
    pub elapsed: u16,
    pub day: u32,
    pub days: u32,
    /// Less than a week is left.
    pub urgent: bool,
    pub cause: GraceCause,
    /// The fee that was not paid: when, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub failed: Option<FailedFee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    pub at_stake: Amount,
    /// The fee that ends it, and who would pay; nothing while a charge is not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payer: Option<Payer>,
    /// The end of the period that it pays for: then the next fee is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pays_until: Option<Timestamp>,
    /// What was decided here and waits for the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decided: Option<CommandView>,
    /// What credits would come to, where they can pay it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_credits: Option<Amount>,
    /// When the fee is tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_at: Option<Timestamp>,
    /// The plan that a pause leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pause_to: Option<String>,
    /// Events that a pause destroys.
    pub events: u32,
}

/// What is wrong with the laptop's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClockView {
    /// Milliseconds that it was ahead of the cloud's when the cloud was last heard.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub ahead: i64,
    /// It went back since: how long ago anything was cannot be told.
    pub went_back: bool,
}

const LATEST: usize = 12;
/// A laptop off by more than this is told so.
const TOLERATED: i64 = 2 * MINUTE;
const URGENT: i64 = 7 * DAY;

/// What the first screen takes from the copy of a cloud's account.
struct Seen {
    subscription: SubscriptionView,
    alarm: Option<Alarm>,
    deadlines: Vec<DeadlineView>,
    runway: RunwayView,
}

/// What the first screen shows.
#[derive(Clone, Copy)]
pub struct OverviewScreen<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn overview(&self) -> OverviewScreen<'_> {
        OverviewScreen { app: self }
    }
}

impl OverviewScreen<'_> {
    pub fn view(&self) -> Result<Overview, AppError> {
        let binding = self.app.binding()?;
        let known = self.app.head(binding.as_ref())?;
        let now = self.app.rules_now()?;
        let said = self.app.laptop.outbox().said(now)?;
        let imported = binding.as_ref().is_some_and(|binding| binding.imported);
        // All of one state of the copy.
        let seen = known.as_ref().map(|_| {
            self.app.on_copy(|copied| {
                let page = copied.page(&HistoryQuery::default(), None, LATEST)?;
                let latest = copied.rows(page.rows)?;
                let standing = match imported {
                    true => None,
                    false => Some(copied.standing(now, &said, self.app.zone().clone())?),
                };
                let names = CatalogNames::from(&copied.catalog()?);
                Ok((Some(copied.head.clone()), latest, standing, names))
            })
        });
        let (head, latest, standing, names) = seen.transpose()?.unwrap_or_default();
        let plan = head.as_ref().and_then(|head| plan_of(&head.account));
        let (deadlines, alarm, runway, subscription) = match standing {
            Some(seen) => (
                seen.deadlines,
                seen.alarm,
                Some(seen.runway),
                Some(seen.subscription),
            ),
            None => (vec![], None, None, None),
        };
        let commands = self.app.laptop.outbox().list()?;
        let waiting = self.app.laptop.outbox().waiting()?;
        let mut alarm = alarm;
        if let Some(alarm) = &mut alarm {
            let mut decided = commands.iter().filter(|command| command.state.is_open());
            let decided = decided.find(|command| {
                let action = command.request.as_ref().and_then(|r| r.action().ok());
                action.is_some_and(|action| action.change().is_some())
            });
            alarm.decided = decided.cloned().map(CommandView::from);
        }
        Ok(Overview {
            signed_in: binding.is_some(),
            key_from_environment: self.app.options.key.is_some(),
            imported,
            has_imported: imported || has_imported(self.app.data()),
            now: self.app.now(head.as_deref()),
            balance: self
                .app
                .balance()
                .balance_of(binding.as_ref(), head.as_deref())?,
            plan,
            latest,
            pulling: self.app.status.borrow().pulling,
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            undecided: undecided(&commands),
            disputes: self.open_disputes(head.as_deref())?,
            clock: self.clock(binding.as_ref(), head.as_deref()),
            subscription,
            alarm,
            deadlines,
            runway,
            names,
            zone: self.app.laptop.zone().name().to_owned(),
        })
    }

    fn open_disputes(&self, head: Option<&Head>) -> Result<u32, AppError> {
        let drafts = self.app.laptop.outbox().drafts()?;
        let drafts = drafts.iter().filter(|draft| !draft.is_withdrawn()).count();
        let open = head.map_or(0, |head| head.account.disputes.len());
        Ok(u32::try_from(drafts + open).unwrap_or(u32::MAX))
    }

    /// A sandbox's time has nothing to do with the laptop's, nor has the last row of an imported table.
    fn clock(&self, binding: Option<&Binding>, head: Option<&Head>) -> Option<ClockView> {
        let head =
            head.filter(|_| binding.is_some_and(|b| b.clock == ClockKind::Real && !b.imported))?;
        // As it was heard, also where it was not believed.
        let heard = self.app.laptop.read(Cache::cloud_ahead).ok().flatten();
        let view = ClockView {
            ahead: heard.map_or(head.learnt_at.since(head.as_of), |ahead| -ahead),
            went_back: head.age_is_unknown(self.app.laptop.clock().wall()),
        };
        (view.went_back || view.ahead.abs() > TOLERATED).then_some(view)
    }
}

impl Copied<'_> {
    fn standing(&self, now: Timestamp, said: &[Said], zone: Zone) -> Result<Seen, AppError> {
        let (account, catalog) = (&self.head.account, self.catalog()?);
        let subscription = self.subscription()?;
        Ok(Seen {
            deadlines: self.deadlines(now, said, &subscription)?.deadlines,
            alarm: alarm(account, &catalog, now),
            runway: self.runway(now, zone)?,
            subscription,
        })
    }
}

/// Handed back, and not decided again since.
fn undecided(commands: &[Command]) -> u32 {
    let mut newer = BTreeSet::new();
    let mut open = 0;
    for command in commands {
        let request = command.request.as_ref();
        let first = newer.insert(request.map(|request| request.lane(command.id)));
        open += u32::from(first && command.state == State::NeedsDecision);
    }
    open
}

fn alarm(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<Alarm> {
    let (cause, began, until) = match (account.life, account.grace, account.cancel_at) {
        (Life::Grace, Some(grace), _) => (grace.cause, account.grace_began()?, grace.until),
        // Grace begins without an entry at the end of a cancelled period; the cloud has not been heard since.
        (Life::Active, _, Some(at)) if at <= now => {
            let until = at.plus(i64::from(catalog.policies.grace_days) * DAY);
            (GraceCause::Cancelled, at, until)
        }
        _ => return None,
    };
    let whole = until.since(began).max(0);
    let days = u32::try_from(whole / DAY).unwrap_or(u32::MAX);
    let over = now.since(began).clamp(0, whole);
    let left = until.since(now).max(0);
    let payable = account.pending_fee.is_none() && now < until;
    let due = fee::due(account, catalog, now).filter(|_| payable && account.life == Life::Grace);
    Some(Alarm {
        began,
        closes_at: until,
        left,
        over: now >= until,
        elapsed: u16::try_from(over * 1000 / whole.max(1)).unwrap_or(1000),
        day: u32::try_from(over / DAY + 1).unwrap_or(days).min(days),
        days,
        urgent: left < URGENT,
        cause,
        failed: account.failed.clone(),
        card: account.card.as_ref().map(super::plan::card),
        at_stake: account.balance,
        from_credits: due
            .as_ref()
            .filter(|due| fee::covered(&account.grants, catalog, &due.fee))
            .and_then(|due| account.balance.checked_sub(due.fee.amount).ok()),
        retry_at: time::retry_at(account, catalog).filter(|at| *at > now),
        pays_until: due.as_ref().map(|due| due.period.end),
        decided: None,
        fee: due.map(|due| due.fee),
        payer: plan::payer(account, catalog, now).ok(),
        pause_to: catalog.free_plan().map(|plan| plan.name.clone()),
        events: u32::try_from(account.events.len()).unwrap_or(u32::MAX),
    })
}

fn plan_of(account: &Account) -> Option<PlanView> {
    Some(PlanView {
        email: account.identity.as_ref()?.email.clone(),
        plan: account.plan.clone(),
        cycle: account.cycle,
        state: account.life,
        period: account.period,
    })
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Programme;
    use boothkeeper_domain::account::Grace;

    use super::*;

    fn in_grace_until(end: Timestamp) -> Account {
        Account {
            life: Life::Grace,
            plan: "basic".into(),
            cycle: Some(Cycle::Monthly),
            anchor: Some(end.plus(-60 * DAY)),
            period: Some(Period {
                start: end.plus(-60 * DAY),
                end: end.plus(-30 * DAY),
            }),
            grace: Some(Grace {
                cause: GraceCause::Unpaid,
                until: end,
                failed_at: None,
            }),
            ..Account::default()
        }
    }

    #[test]
    fn a_grace_that_ended_while_nobody_listened_offers_no_payment() {
        let catalog = Catalog::shipped(Programme::Booth).unwrap();
        let end = Timestamp::from_millis(100 * DAY);
        let account = in_grace_until(end);
        let at = |now| alarm(&account, &catalog, now).unwrap();
        let before = at(end.plus(-DAY));
        assert_eq!((before.left, before.over, before.day), (DAY, false, 30));
        assert!(before.urgent && before.fee.is_some());
        let after = at(end.plus(DAY));
        assert_eq!((after.left, after.over, after.fee), (0, true, None));
    }

    #[test]
    fn running_grace_keeps_its_start_and_length_when_the_catalog_changes_its_days() {
        let mut catalog = Catalog::shipped(Programme::Booth).unwrap();
        let end = Timestamp::from_millis(100 * DAY);
        let account = in_grace_until(end);
        let now = end.plus(-20 * DAY);
        let before = alarm(&account, &catalog, now).unwrap();
        for days in [7, 60] {
            catalog.policies.grace_days = days;
            assert_eq!(alarm(&account, &catalog, now).unwrap(), before);
        }
        let (began, shown) = (before.began, (before.day, before.days));
        assert_eq!((began, shown), (end.plus(-30 * DAY), (11, 30)));
    }
}
