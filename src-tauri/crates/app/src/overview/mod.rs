//! The view for the first screen and for the frame around every screen.

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
use boothkeeper_store::outbox::{Binding, Command, OutboxState, ShownTier};
use boothkeeper_sync::wire::api::ClockKind;
use serde::{Deserialize, Serialize};

pub use names::{CatalogNames, PlanName};

use crate::balance::{BalanceView, RunwayView};
use crate::copy::Snapshot;
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

/// Everything that the first screen and the frame around every screen show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Overview {
    pub signed_in: bool,
    /// True if the access key comes from the environment; it is then never stored.
    pub key_from_environment: bool,
    /// True if the operator imported this history. It then has no cloud, and plan and card are unknown.
    pub imported: bool,
    /// True if this laptop has an imported account, which can be opened.
    pub has_imported: bool,
    pub balance: BalanceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<PlanView>,
    /// Newest first.
    pub latest: Vec<RowView>,
    /// The last entry received so far, while a long first sync runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pulling: Option<Seq>,
    /// Number of commands that wait for the cloud.
    pub waiting: u32,
    /// Number of commands that the cloud returned for a new decision, because the outcome has become worse than the
    /// quote that the operator saw.
    pub undecided: u32,
    /// Number of drafts on this laptop plus open tickets at the cloud.
    pub disputes: u32,
    /// The plan and its next renewal; absent for an imported account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub subscription: Option<SubscriptionView>,
    /// Set while the account is in grace and will close.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub alarm: Option<Alarm>,
    /// Soonest first.
    pub deadlines: Vec<DeadlineView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub runway: Option<RunwayView>,
    /// Set if the laptop's clock is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub clock: Option<ClockView>,
    pub names: CatalogNames,
    pub now: Timestamp,
    pub zone: String,
}

/// An update that is sent to an open page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Update {
    Overview(Box<Overview>),
    /// A notification was clicked.
    Show(Screen),
    /// Files were dropped on the window and attached; holds the error code if that failed.
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

/// An account in grace: when it closes, what is lost then, and the two ways to prevent it (pay or pause).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alarm {
    pub began: Timestamp,
    pub closes_at: Timestamp,
    /// Milliseconds until `closes_at`; 0 if that has passed.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: i64,
    /// True if grace ended after the last contact with the cloud: the account has probably closed.
    pub over: bool,
    /// Elapsed part of grace, in thousandths.
    pub elapsed: u16,
    /// The current day of grace, counted from 1.
    pub day: u32,
    /// Length of grace, in days.
    pub days: u32,
    /// True if less than 7 days are left.
    pub urgent: bool,
    pub cause: GraceCause,
    /// The last failed attempt to pay the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub failed: Option<FailedFee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    /// The balance, which is lost when the account closes.
    pub at_stake: Amount,
    /// The fee whose payment ends grace; absent while a charge is pending or after grace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payer: Option<Payer>,
    /// The end of the period that the fee pays for, when the next fee is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pays_until: Option<Timestamp>,
    /// A change of plan or a payment that the operator decided and that waits for the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decided: Option<CommandView>,
    /// The balance after paying the fee from credits, if the credits cover it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_credits: Option<Amount>,
    /// When the fee is next tried again automatically.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_at: Option<Timestamp>,
    /// Name of the plan without a fee, which a pause switches to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pause_to: Option<String>,
    /// Number of events that a pause deletes.
    pub events: u32,
}

/// Error of the laptop's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClockView {
    /// Milliseconds by which the laptop's clock was ahead of the cloud's at the last contact; negative if behind.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub ahead: i64,
    /// True if the clock was set back since the last contact, so that ages are unknown.
    pub went_back: bool,
}

/// Number of latest entries shown.
const LATEST: usize = 12;
/// Error of the laptop's clock, in ms, above which the operator is warned.
const TOLERATED: i64 = 2 * MINUTE;
/// Remaining grace, in ms, below which the alarm is urgent.
const URGENT: i64 = 7 * DAY;

/// The parts of the overview that an imported account does not have.
struct Seen {
    subscription: SubscriptionView,
    alarm: Option<Alarm>,
    deadlines: Vec<DeadlineView>,
    runway: RunwayView,
}

/// Entry point for the overview.
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
        let said = self.app.local_copy.outbox().shown_tiers(now)?;
        let imported = binding.as_ref().is_some_and(|binding| binding.imported);
        // Read from one state of the copy, so that the figures belong together.
        let seen = known.as_ref().map(|_| {
            self.app.read_copy(|copied| {
                let page = copied.page(&HistoryQuery::default(), None, LATEST)?;
                let latest = copied.rows(page.rows)?;
                let standing = match imported {
                    true => None,
                    false => {
                        Some(copied.cloud_account_parts(now, &said, self.app.zone().clone())?)
                    }
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
        let commands = self.app.local_copy.outbox().list()?;
        let waiting = self.app.local_copy.outbox().waiting()?;
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
            zone: self.app.local_copy.zone().name().to_owned(),
        })
    }

    fn open_disputes(&self, head: Option<&Head>) -> Result<u32, AppError> {
        let drafts = self.app.local_copy.outbox().drafts()?;
        let drafts = drafts.iter().filter(|draft| !draft.is_withdrawn()).count();
        let open = head.map_or(0, |head| head.account.disputes.len());
        Ok(u32::try_from(drafts + open).unwrap_or(u32::MAX))
    }

    /// The error of the laptop's clock, `None` if it is tolerable. Not checked for a sandbox, whose time the cloud
    /// moves, nor for an imported account, whose last time is that of a table's row.
    fn clock(&self, binding: Option<&Binding>, head: Option<&Head>) -> Option<ClockView> {
        let head =
            head.filter(|_| binding.is_some_and(|b| b.clock == ClockKind::Real && !b.imported))?;
        // The difference as received, even if the server time was rejected as implausible.
        let heard = self.app.local_copy.read(Cache::cloud_ahead).ok().flatten();
        let view = ClockView {
            ahead: heard.map_or(head.learnt_at.since(head.as_of), |ahead| -ahead),
            went_back: head.age_is_unknown(self.app.local_copy.clock().wall()),
        };
        (view.went_back || view.ahead.abs() > TOLERATED).then_some(view)
    }
}

impl Snapshot<'_> {
    fn cloud_account_parts(
        &self,
        now: Timestamp,
        said: &[ShownTier],
        zone: Zone,
    ) -> Result<Seen, AppError> {
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

/// Number of commands that the cloud returned for a new decision and that no newer command replaces. `commands` must be
/// newest first.
fn undecided(commands: &[Command]) -> u32 {
    let mut newer = BTreeSet::new();
    let mut open = 0;
    for command in commands {
        let request = command.request.as_ref();
        let first = newer.insert(request.map(|request| request.lane(command.id)));
        open += u32::from(first && command.state == OutboxState::NeedsDecision);
    }
    open
}

fn alarm(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<Alarm> {
    let (cause, began, until) = match (account.life, account.grace, account.cancel_at) {
        (Life::Grace, Some(grace), _) => (grace.cause, account.grace_began()?, grace.until),
        // Grace after a cancelled period begins without an entry; the cloud has not been reached since.
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
    fn grace_that_ended_while_offline_offers_no_payment() {
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
