//! The plan, its renewal and what is due, as lines.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use boothkeeper_app::domain::account::Payer;
use boothkeeper_app::domain::billing::forecast::{Outcome, Preview};
use boothkeeper_app::domain::billing::quote::Quote;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::domain::{Amount, Asset, Money};
use boothkeeper_app::views::{
    BalanceView, DeadlinesView, Explanation, PauseView, RenewalPreview, RunwayView,
    SubscriptionView,
};
use boothkeeper_app::words::money;
use boothkeeper_app::{App, AppError, Code, Foreseen};
use serde_json::json;

use crate::output::{Output, exit, json_name, trust};
use crate::words;

impl Output {
    pub fn plan(&self, view: &SubscriptionView, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        let cycle = view.cycle.map(|cycle| format!(" {}", json_name(&cycle)));
        let (cycle, state) = (cycle.unwrap_or_default(), json_name(&view.state));
        self.line(&format!("{}{cycle}, {state}", view.plan));
        if let Some(period) = view.period {
            let (start, end) = (zone.local(period.start), zone.local(period.end));
            self.line(&format!("  paid from {start} to {end} ({})", zone.name()));
        }
        if let Some(at) = view.cancel_at {
            self.line(&format!("  cancelled: no renewal at {}", zone.local(at)));
        }
        self.warnings(view, app)?;
        let order = view.payment_order;
        let (first, other) = match order.first {
            Payer::Card => ("the card", "credits"),
            Payer::Credits => ("credits", "the card"),
        };
        let then = match order.fallback {
            true => format!("then by {other}"),
            false => "and by nothing else".to_owned(),
        };
        self.line(&format!("  renewals are paid by {first} first, {then}"));
        if let Some(card) = &view.card {
            let until = zone.local(card.expires);
            self.line(&format!(
                "  {} •••{}, good until {until}",
                card.brand, card.last4
            ));
        }
        if view.auto_recharge.enabled
            && let (Some(at), Some(amount)) = (view.auto_recharge.at, view.auto_recharge.amount)
        {
            let (at, amount) = (money(at, &asset), money(amount, &asset));
            self.line(&format!("  auto-recharge: buys {amount} at {at} or less"));
        }
        match &view.next_renewal {
            None if view.payment_pending.is_some() || view.due_now.is_some() => {}
            None => self.line("  no renewal is coming"),
            Some(next) => {
                let (at, due) = (zone.local(next.at), usd(next.fee.amount));
                let after = money(next.balance_after, &asset);
                let paid = match next.outcome {
                    Outcome::Card => format!("paid by card, credits stay {after}"),
                    Outcome::Credits => format!("paid from credits, {after} left"),
                    Outcome::Unpaid => "WILL NOT BE PAID: grace begins".to_owned(),
                };
                self.line(&format!("  next renewal {at}: {due}, {paid}"));
            }
        }
        self.line(&format!("  {}", trust(&app.balance()?, zone)));
        Ok(())
    }

    pub fn renewal(&self, view: &RenewalPreview, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (Some(at), Some(due)) = (view.at, &view.fee) else {
            let standing = app.subscription()?;
            if standing.payment_pending.is_none() && standing.due_now.is_none() {
                self.line("No renewal is coming.");
            }
            return self.warnings(&standing, app);
        };
        let asset = asset(app)?;
        let at = app.zone().local(at);
        self.line(&format!("{} on {at} ({})", fee(due), app.zone().name()));
        for (name, preview) in [
            ("card first", &view.card_first),
            ("credits first", &view.credits_first),
        ] {
            match preview {
                Some(preview) => self.line(&format!("  {name:<14} {}", said(preview, &asset))),
                None => self.line(&format!("  {name:<14} credits cannot pay fees here")),
            }
            let declined = preview.as_ref().and_then(|p| p.if_declined.as_deref());
            if let Some(declined) = declined {
                self.line(&format!("    if declined: {}", said(declined, &asset)));
            }
        }
        Ok(())
    }

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
            let detail = boothkeeper_app::words::detail(deadline, Some(&asset));
            self.line(&format!("{at}  {:<22}{risk}", json_name(&deadline.code)));
            self.line(&format!("    {detail}"));
        }
        let standing = trust(&app.balance()?, app.zone());
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
        self.line(&trust(&app.balance()?, zone));
        Ok(())
    }

    pub fn explain(&self, view: &Explanation, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        let line = |what: &str, amount| format!("{what:<28} {:>14}", money(amount, &asset));
        self.line(&line("opening", view.opening));
        for cause in &view.causes {
            let what = format!("  {} ({})", json_name(&cause.code), cause.entries.len());
            self.line(&line(&what, cause.delta));
        }
        self.line(&line("closing", view.closing));
        for finding in &view.findings {
            let (severity, code) = (json_name(&finding.severity), json_name(&finding.code));
            let amount = finding.amount.filter(|amount| !amount.is_zero());
            let amount = amount.map_or(String::new(), |amount| money(amount, &asset));
            let when = finding.at.map(|at| format!(" since {}", zone.local(at)));
            let until = finding
                .deadline
                .map(|at| format!(" until {}", zone.local(at)));
            let action = finding
                .action
                .map(|action| format!(" -> {}", json_name(&action)));
            let parts = [when, until, action]
                .map(Option::unwrap_or_default)
                .concat();
            self.line(&format!("[{severity}] {code} {amount}{parts}"));
        }
        let as_of = zone.local(view.as_of);
        self.line(&format!("as of {as_of} ({})", zone.name()));
        Ok(())
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
        if let Ok(subscription) = app.subscription() {
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
            let (code, left) = (
                json_name(&reminder.code),
                boothkeeper_app::words::span(reminder.left),
            );
            let at = app.zone().local(reminder.at);
            let risk = reminder.credits_at_risk.zip(asset(app).ok());
            let risk = risk.map(|(amount, asset)| format!(", {} at stake", money(amount, &asset)));
            let risk = risk.unwrap_or_default();
            self.line(&format!(
                "REMINDER: {code} in {left}, {at} ({}){risk}",
                app.zone().name()
            ));
        }
    }

    /// What an action does, and what follows from it, before it is done.
    pub fn foreseen(&self, foreseen: &Foreseen, app: &App) -> Result<(), AppError> {
        if self.json() {
            return Ok(());
        }
        let (zone, asset) = (app.zone(), asset(app)?);
        let quote = &foreseen.quote;
        if let Some(charge) = &quote.charge {
            let who = match foreseen.payer {
                Some(Payer::Credits) => "takes from credits",
                _ => "charges the card",
            };
            self.line(&format!("{who} {}", usd(charge.amount)));
        }
        if let Some(at) = quote.effective_at {
            let at = zone.local(at);
            self.line(&format!("takes effect {at} ({})", zone.name()));
        }
        if let Some(at) = foreseen.gives_up {
            self.line(&format!("gives up what is paid until {}", zone.local(at)));
        }
        self.line(&format!("credits then {}", money(foreseen.balance, &asset)));
        for event in &quote.destroyed {
            self.line(&format!("destroys for good, with its gallery: {event}"));
        }
        if let Some(next) = &foreseen.next_renewal {
            let (at, due) = (zone.local(next.at), usd(next.fee.amount));
            let paid = match next.outcome {
                Outcome::Card => "by card",
                Outcome::Credits => "from credits",
                Outcome::Unpaid => "BY NOBODY: grace would begin",
            };
            self.line(&format!("next renewal {at}: {due} {paid}"));
        }
        if let Some(at) = foreseen.closes_at {
            let stake = money(foreseen.balance, &asset);
            self.line(&format!(
                "THE ACCOUNT CLOSES {}, and {stake} in credits are deleted; `boothkeeper pause` keeps them",
                zone.local(at)
            ));
        }
        Ok(())
    }

    /// Prices that a pause changes.
    pub fn prices(&self, view: &PauseView, app: &App) -> Result<(), AppError> {
        if self.json() {
            return Ok(());
        }
        let asset = asset(app)?;
        for price in &view.prices {
            let (before, after) = (money(price.before, &asset), money(price.after, &asset));
            self.line(&format!(
                "{} costs {after} instead of {before}",
                price.service
            ));
        }
        Ok(())
    }

    /// Whether somebody sits there; nobody sits before a script.
    pub fn asks(&self) -> bool {
        !self.json() && std::io::stdin().is_terminal()
    }

    pub fn confirm(&self) -> bool {
        if !self.asks() {
            return false;
        }
        self.line("Type yes to do it:");
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && answer.trim().eq_ignore_ascii_case("yes")
    }

    pub fn not_confirmed(&self, quote: &Quote) -> ExitCode {
        let (sentence, next) = words::sentence(Code::NotConfirmed);
        if self.json() {
            self.print(&json!({ "error": {
                "code": Code::NotConfirmed,
                "message": sentence,
                "next": next,
                "quote": quote,
            }}));
        } else {
            eprintln!("{sentence}\n{next}");
        }
        exit(Code::NotConfirmed)
    }

    /// How the account stands after an action, and how far that is known.
    pub fn standing(&self, app: &App) -> Result<(), AppError> {
        if !self.json() {
            self.balance(&app.balance()?);
            let subscription = app.subscription()?;
            self.warnings(&subscription, app)?;
        }
        Ok(())
    }

    /// What an operator must not miss.
    fn warnings(&self, view: &SubscriptionView, app: &App) -> Result<(), AppError> {
        let (zone, asset) = (app.zone(), asset(app)?);
        // Where the period's end is the end, nothing takes effect there.
        let requested = view.requested.as_ref();
        if let Some(target) = requested.filter(|_| view.cancel_at.is_none()) {
            let cycle = target
                .cycle
                .map(|cycle| json_name(&cycle))
                .unwrap_or_default();
            let coupon = target.coupon.as_ref().map(|code| format!(" with {code}"));
            let coupon = coupon.unwrap_or_default();
            let at = view
                .period
                .map(|period| zone.local(period.end))
                .unwrap_or_default();
            self.line(&format!("  from {at}: {} {cycle}{coupon}", target.plan));
        }
        if let Some(since) = view.payment_pending {
            let since = zone.local(since);
            self.line(&format!(
                "  a charge hangs: the card's bank has not answered since {since}"
            ));
        }
        if let (Some(due), None) = (&view.due_now, view.payment_pending) {
            let due = usd(due.amount);
            self.line(&format!(
                "  GRACE: pay {due} with `boothkeeper pay-now`, or `boothkeeper pause`"
            ));
        }
        if let Some(at) = view.closes_at {
            let (at, balance) = (zone.local(at), app.balance()?.balance);
            let all = balance.map_or("every credit".to_owned(), |all| money(all, &asset));
            self.line(&format!("  CLOSES {at} with {all}, if nothing is done"));
        }
        Ok(())
    }
}

fn asset(app: &App) -> Result<Asset, AppError> {
    app.balance()?.asset.ok_or(AppError::new(Code::NotSynced))
}

fn fee(money: &Money) -> String {
    usd(money.amount)
}

/// Fees are money, whatever credits are counted in.
fn usd(amount: Amount) -> String {
    money(amount, &Asset::usd())
}

fn said(preview: &Preview, asset: &Asset) -> String {
    let after = money(preview.balance_after, asset);
    let paid = match preview.outcome {
        Outcome::Card => format!("card {}, credits stay {after}", usd(preview.card)),
        Outcome::Credits => {
            let before = money(preview.balance_before, asset);
            format!("credits {before} -> {after}")
        }
        Outcome::Unpaid => format!("UNPAID: grace begins, credits stay {after}"),
    };
    match &preview.auto_recharge {
        Some(recharge) => {
            let (amount, then) = (
                money(recharge.amount, asset),
                money(recharge.balance_after, asset),
            );
            format!("{paid}; auto-recharge buys {amount}: {then}")
        }
        None => paid,
    }
}
