//! The view for the first screen and for the frame around every screen.

mod alarm;

use std::collections::BTreeSet;

use boothkeeper_domain::Zone;
use boothkeeper_domain::account::{Account, Life};
use boothkeeper_domain::calendar::{Cycle, Period};
use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{Seq, Timestamp};
use boothkeeper_store::Cache;
use boothkeeper_store::cache::Head;
use boothkeeper_store::outbox::{Binding, Command, OutboxState, ShownTier};
use boothkeeper_sync::wire::api::ClockKind;
use serde::{Deserialize, Serialize};

pub use alarm::Alarm;
use alarm::alarm;

use crate::balance::{BalanceView, RunwayView};
use crate::copy::Snapshot;
use crate::deadlines::DeadlineView;
use crate::history::{HistoryQuery, RowView};
use crate::import::has_imported;
use crate::names::CatalogNames;
use crate::outbox::CommandView;
use crate::plan::SubscriptionView;
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
    /// The newest entries, newest first.
    pub latest: Vec<RowView>,
    /// Number of the last entry received so far, while a long first sync runs.
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
    /// A notification was clicked: the page shows the screen that the notification is about.
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

/// Error of the laptop's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClockView {
    /// Milliseconds by which the laptop's clock was ahead of the cloud's when last compared; negative if behind.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub ahead: i64,
    /// True if the clock was set back since the last contact with the cloud, so that the balance's age is unknown.
    pub went_back: bool,
}

/// Number of latest entries shown.
const LATEST: usize = 12;
/// Error of the laptop's clock, in ms, above which the operator is warned.
const TOLERATED: i64 = 2 * MINUTE;

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
        // All figures are read from one state of the local copy, so that they belong together.
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
        // The difference of the clocks as received, even if the server time was rejected as implausible.
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

fn plan_of(account: &Account) -> Option<PlanView> {
    Some(PlanView {
        email: account.identity.as_ref()?.email.clone(),
        plan: account.plan.clone(),
        cycle: account.cycle,
        state: account.life,
        period: account.period,
    })
}
