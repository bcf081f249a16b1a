//! Deadlines with the reminders that were shown of them, reminders that are due now, and the calendar file.

mod text;

use boothkeeper_domain::deadlines::{self, Deadline, DeadlineCode};
use std::io::Write;
use std::path::Path;

use boothkeeper_domain::billing::forecast::Outcome;
use boothkeeper_domain::reminders::{self, Reminder};
use boothkeeper_domain::{Amount, Money, Timestamp};
use boothkeeper_store::outbox::{ReminderProgram, ShownTier};
use icalendar::{Alarm, Calendar, Component, Event, EventLike};
use serde::Serialize;

use crate::copy::Snapshot;
use crate::files::{failed, whole_file};
use crate::plan::SubscriptionView;
use crate::{App, AppError, Code};

pub use text::title;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeadlinesView {
    /// Soonest first.
    pub deadlines: Vec<DeadlineView>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeadlineView {
    pub code: DeadlineCode,
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub credits_at_risk: Option<Amount>,
    /// The fee that a renewal or a retry will ask for; `outcome` says who will pay it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<Outcome>,
    pub tiers: Vec<TierView>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TierView {
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fired_at: Option<Timestamp>,
    /// When this reminder was left out, because a more urgent one was shown instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub skipped_at: Option<Timestamp>,
}

/// What is due when, and what the operator was reminded of.
#[derive(Clone, Copy)]
pub struct Deadlines<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn deadlines(&self) -> Deadlines<'_> {
        Deadlines { app: self }
    }
}

impl Deadlines<'_> {
    pub fn list(&self) -> Result<DeadlinesView, AppError> {
        let now = self.app.rules_now()?;
        if self.app.is_imported()? {
            // An imported account has no known deadlines.
            let deadlines = vec![];
            return Ok(DeadlinesView { deadlines, now });
        }
        let said = self.app.local_copy.outbox().shown_tiers(now)?;
        self.app
            .read_copy(|copied| copied.deadlines(now, &said, &copied.subscription()?))
    }

    /// The reminders to show now in a terminal. They are recorded as shown before they are returned.
    pub fn take_terminal_reminders(&self) -> Result<Vec<Reminder>, AppError> {
        let now = self.app.rules_now()?;
        let deadlines = self.coming(now)?;
        let plan = |said: &_| reminders::plan(&deadlines, said, now, false);
        let plan = self.app.local_copy.outbox().take_due_reminders(
            ReminderProgram::CommandLine,
            now,
            plan,
        )?;
        Ok(plan.fire.into_iter().map(|(_, said)| said).collect())
    }

    /// The reminders to show now as notifications: quiet hours are kept. Without a notification service (`heard` returns
    /// false), nothing is recorded as shown.
    pub fn take_notifications(
        &self,
        heard: impl FnOnce() -> bool,
    ) -> Result<Vec<Reminder>, AppError> {
        let now = self.app.rules_now()?;
        let quiet = self.app.session().preferences()?.quiet;
        let quiet = quiet.is_some_and(|quiet| quiet.hold(self.app.zone().minute(now)));
        let deadlines = self.coming(now)?;
        let plan = |said: &_| reminders::plan(&deadlines, said, now, quiet);
        let unsaid =
            self.app
                .local_copy
                .outbox()
                .due_reminders(ReminderProgram::Desktop, now, plan)?;
        // Asking the notification service may take a while: the outbox is not locked meanwhile.
        if unsaid == reminders::ReminderPlan::default() || !heard() {
            return Ok(vec![]);
        }
        let plan =
            self.app
                .local_copy
                .outbox()
                .take_due_reminders(ReminderProgram::Desktop, now, plan)?;
        Ok(plan.fire.into_iter().map(|(_, said)| said).collect())
    }

    /// Every deadline as a calendar file, with an alarm for each of its reminders. A deadline has the same event id in
    /// each export, so that calendars replace the event.
    pub fn calendar(&self) -> Result<String, AppError> {
        let view = self.list()?;
        let account = self.app.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        let account = account.account.to_string();
        let asset = self.app.balance().view()?.asset;
        let mut calendar = Calendar::new();
        calendar.name("Boothkeeper");
        for deadline in &view.deadlines {
            let uid = format!(
                "{}-{}@{account}.boothkeeper",
                deadline.code.name(),
                deadline.at.millis()
            );
            let mut event = Event::new();
            event
                .uid(&uid)
                .timestamp(view.now.to_utc())
                .starts(deadline.at.to_utc())
                .ends(deadline.at.to_utc())
                .summary(&title(deadline.code))
                .description(&deadline.detail(asset.as_ref()));
            for tier in deadline.tiers.iter().filter(|tier| tier.at > view.now) {
                let ahead = chrono::TimeDelta::milliseconds(deadline.at.since(tier.at));
                let mut alarm = Alarm::display(&title(deadline.code), -ahead);
                alarm.uid(&format!("{}-{uid}", tier.at.millis()));
                alarm.timestamp(view.now.to_utc());
                event.alarm(alarm);
            }
            calendar.push(event.done());
        }
        Ok(calendar.done().to_string())
    }

    pub fn calendar_to(&self, path: &Path) -> Result<(), AppError> {
        let text = self.calendar()?;
        whole_file(path, |file| file.write_all(text.as_bytes()).map_err(failed))
    }

    fn coming(&self, now: Timestamp) -> Result<Vec<Deadline>, AppError> {
        if self.app.is_imported()? {
            return Ok(vec![]);
        }
        self.app.read_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            Ok(deadlines::deadlines(account, &catalog, now))
        })
    }
}

impl Snapshot<'_> {
    pub fn deadlines(
        &self,
        now: Timestamp,
        said: &[ShownTier],
        standing: &SubscriptionView,
    ) -> Result<DeadlinesView, AppError> {
        let tier = |deadline: &Deadline, at| {
            let known = said.iter().find(|said| {
                let tier = said.tier;
                (tier.code, tier.deadline, tier.at) == (deadline.code, deadline.at, at)
            });
            TierView {
                at,
                fired_at: known.filter(|said| !said.skipped).map(|said| said.at),
                skipped_at: known.filter(|said| said.skipped).map(|said| said.at),
            }
        };
        let (account, catalog) = (&self.head.account, self.catalog()?);
        let next = standing.next_renewal.as_ref();
        let view = |deadline: Deadline| DeadlineView {
            code: deadline.code,
            at: deadline.at,
            credits_at_risk: deadline.at_risk,
            fee: match deadline.code {
                DeadlineCode::Renewal | DeadlineCode::CancelBy => next.map(|next| next.fee.clone()),
                DeadlineCode::PaymentRetry => standing.due_now.clone(),
                _ => None,
            },
            outcome: next
                .filter(|_| deadline.code == DeadlineCode::Renewal)
                .map(|next| next.outcome),
            tiers: deadline.tiers().map(|at| tier(&deadline, at)).collect(),
        };
        let coming = deadlines::deadlines(account, &catalog, now).into_iter();
        let deadlines = coming.map(view).collect();
        Ok(DeadlinesView { deadlines, now })
    }
}
