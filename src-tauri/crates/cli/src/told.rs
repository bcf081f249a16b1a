//! What is due, what is to be remembered, how far the credits go and where they went, as lines.

use boothkeeper_app::balance::{BalanceView, RunwayView};
use boothkeeper_app::deadlines::DeadlinesView;
use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::findings::{CauseCode, Spent};
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::history::Explanation;
use boothkeeper_app::words::{self, money};
use boothkeeper_app::{App, AppError};
use serde_json::json;

use crate::findings;
use crate::output::{Output, asset, json_name, trust};

impl Output {
    pub fn deadlines(&self, view: &DeadlinesView, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        if view.deadlines.is_empty() {
            self.line("Nothing is due.");
        }
        let asset = asset(app)?;
        for deadline in &view.deadlines {
            let risk = deadline.credits_at_risk.map(|amount| money(amount, &asset));
            let risk = risk.map_or(String::new(), |risk| format!("  {risk} at stake"));
            let at = app.zone().local(deadline.at);
            let detail = words::detail(deadline, Some(&asset));
            self.line(&format!("{at}  {:<22}{risk}", json_name(&deadline.code)));
            self.line(&format!("    {detail}"));
        }
        let standing = trust(&app.balance().view()?, app.zone());
        self.line(&format!("times in {}; {standing}", app.zone().name()));
        Ok(())
    }

    pub fn runway(&self, view: &RunwayView, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        match &view.event {
            None => self.line("No event is scheduled."),
            Some(event) => {
                let (from, to) = (zone.local(event.starts_at), zone.local(event.ends_at));
                self.line(&format!("{}: {from} to {to}", event.name));
            }
        }
        match &view.estimate {
            None if view.event.is_some() => {
                self.line("  too few runs, here or at events before, for an estimate");
            }
            None => {}
            Some(estimate) => {
                let needed = money(estimate.needed, &asset);
                let (runs, basis) = (estimate.runs, json_name(&estimate.basis));
                let (events, sure) = (estimate.events, json_name(&estimate.confidence));
                self.line(&format!(
                    "  ~{runs} runs to come, ~{needed} ({sure} estimate; basis: {basis}, {events} past events)"
                ));
                match estimate.ends_at {
                    Some(at) => {
                        let missing = money(estimate.missing, &asset);
                        let at = zone.local(at);
                        self.line(&format!("  credits end about {at}; ~{missing} are missing"));
                    }
                    None => self.line("  credits last to its end"),
                }
            }
        }
        if let Some(daily) = &view.daily {
            let (used, limit) = (money(daily.used, &asset), money(daily.limit, &asset));
            let resets = zone.local(daily.resets_at);
            self.line(&format!(
                "  daily limit: {used} of {limit}, resets {resets}"
            ));
            if let Some(at) = daily.reached_at {
                self.line(&format!("  the limit is reached about {}", zone.local(at)));
            }
        }
        let a_day = money(view.a_day, &asset);
        self.line(&format!("{a_day} a day on average of the last 30"));
        self.line(&trust(&app.balance().view()?, zone));
        Ok(())
    }

    pub fn explain(&self, view: &Explanation, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (zone, asset, imported) = (app.zone(), asset(app)?, app.is_imported()?);
        let line = |what: &str, amount| format!("{what:<38} {:>14}", money(amount, &asset));
        if let Some((from, to)) = view.days {
            self.line(&format!("{from} to {to}"));
        }
        self.line(&line("opening", view.opening));
        for cause in &view.causes {
            let what = format!("  {} ({})", words::cause(cause.code), cause.entries.len());
            self.line(&line(&what, cause.delta));
            if cause.code == CauseCode::Usage {
                self.spent("by service", &view.by_service, &asset);
                self.spent("by event", &view.by_event, &asset);
            }
        }
        self.line(&line("closing", view.closing));
        for finding in &view.findings {
            let severity = json_name(&finding.severity);
            let sentence = findings::sentence(finding, &asset, zone);
            self.line(&format!("[{severity}] {sentence}"));
            let seqs: Vec<_> = finding.entries.iter().map(ToString::to_string).collect();
            match &seqs[..] {
                [] => {}
                [one] => self.line(&format!("    by entry {one}")),
                some if some.len() <= 5 => {
                    self.line(&format!("    by entries {}", some.join(", ")));
                }
                some => {
                    let (count, first, last) = (some.len(), &some[0], &some[some.len() - 1]);
                    self.line(&format!("    by {count} entries from {first} to {last}"));
                }
            }
            if let Some(step) = findings::step(finding, imported) {
                self.line(&format!("    -> {step}"));
            }
        }
        let as_of = zone.local(view.as_of);
        self.line(&format!("as of {as_of} ({})", zone.name()));
        Ok(())
    }

    /// The parts of what runs took, the dearest of them.
    fn spent(&self, by: &str, spent: &[Spent], asset: &Asset) {
        const DEAREST: usize = 5;
        let (shown, rest) = spent.split_at(spent.len().min(DEAREST));
        if spent.len() < 2 {
            return;
        }
        self.line(&format!("    {by}"));
        for part in shown {
            let name = part.name.as_deref().unwrap_or("none");
            let what = format!("      {name} ({})", part.count);
            self.line(&format!("{what:<38} {:>14}", money(part.delta, asset)));
        }
        if !rest.is_empty() {
            self.line(&format!("      and {} more", rest.len()));
        }
    }

    /// The balance after a sync, and what is to be remembered now.
    pub fn synced(&self, view: &BalanceView, reminders: &[Reminder], app: &App) {
        if self.json() {
            let mut document = serde_json::to_value(view).unwrap_or_default();
            document["reminders"] = json!(reminders);
            return self.print(&document);
        }
        self.balance(view);
        self.reminders(reminders, app);
        if let Ok(subscription) = app.plan().subscription() {
            // Without words for what is not there.
            let _ = self.warnings(&subscription, app);
        }
    }

    pub fn reminders(&self, reminders: &[Reminder], app: &App) {
        for reminder in reminders {
            if self.json() {
                self.print(&json!({ "reminder": reminder }));
                continue;
            }
            let (code, left) = (json_name(&reminder.code), words::span(reminder.left));
            let at = app.zone().local(reminder.at);
            let risk = reminder.credits_at_risk.zip(asset(app).ok());
            let risk = risk.map(|(amount, asset)| format!(", {} at stake", money(amount, &asset)));
            let risk = risk.unwrap_or_default();
            self.line(&format!(
                "REMINDER: {code}, in {left}, {at} ({}){risk}",
                app.zone().name()
            ));
        }
    }
}
