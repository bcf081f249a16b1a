//! The plan, its renewal and what is due, as lines.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use boothkeeper_app::domain::account::{Life, Payer};
use boothkeeper_app::domain::billing::forecast::{Outcome, Preview};
use boothkeeper_app::domain::{Amount, Asset, Money};
use boothkeeper_app::plan::{AutoRechargeView, PauseView, RenewalPreview, SubscriptionView};
use boothkeeper_app::plan::{BuyView, Foreseen};
use boothkeeper_app::words::money;
use boothkeeper_app::{App, AppError, Code};
use serde::Serialize;
use serde_json::json;

use crate::output::{Output, asset, exit, json_name, trust};
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
                    Outcome::Card => format!("paid by card, credits then {after}"),
                    Outcome::Credits => format!("paid from credits, {after} left"),
                    Outcome::Unpaid => "WILL NOT BE PAID: grace begins".to_owned(),
                };
                self.line(&format!("  next renewal {at}: {due}, {paid}"));
            }
        }
        self.line(&format!("  {}", trust(&app.balance().view()?, zone)));
        Ok(())
    }

    pub fn renewal(&self, view: &RenewalPreview, app: &App) -> Result<(), AppError> {
        if self.json() {
            self.print(view);
            return Ok(());
        }
        let (Some(at), Some(due)) = (view.at, &view.fee) else {
            let standing = app.plan().subscription()?;
            if standing.payment_pending.is_none() && standing.due_now.is_none() {
                self.line("No renewal is coming.");
            }
            return self.warnings(&standing, app);
        };
        let asset = asset(app)?;
        let at = app.zone().local(at);
        self.line(&format!("{} on {at} ({})", fee(due), app.zone().name()));
        let first = app.plan().subscription()?.payment_order.first;
        for (payer, name, preview) in [
            (Payer::Card, "card first", &view.card_first),
            (Payer::Credits, "credits first", &view.credits_first),
        ] {
            let name = match payer == first {
                true => format!("{name}, as set"),
                false => name.to_owned(),
            };
            match preview {
                Some(preview) => self.line(&format!("  {name:<22} {}", said(preview, &asset))),
                None => self.line(&format!("  {name:<22} credits cannot pay fees here")),
            }
            let declined = preview.as_ref().and_then(|p| p.if_declined.as_deref());
            if let Some(declined) = declined {
                self.line(&format!("    if declined: {}", said(declined, &asset)));
            }
        }
        Ok(())
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
        if let Some(expires) = &view.expires {
            let (amount, at) = (money(expires.amount, &asset), app.zone().local(expires.at));
            self.line(&format!("of them {amount} reach their end from {at} on"));
        }
        if let Some(allowance) = view.allowance {
            let allowance = money(allowance, &asset);
            self.line(&format!("{allowance} of the monthly allowance stop"));
        }
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

    /// What a purchase charges and comes to.
    pub fn purchase(&self, view: &BuyView, app: &App) -> Result<(), AppError> {
        if self.json() {
            return Ok(());
        }
        let asset = asset(app)?;
        let on = match &view.card {
            Some(card) => format!(" {} •••{}", card.brand, card.last4),
            None => "; there is none on file".to_owned(),
        };
        self.line(&format!("charges the card {}{on}", usd(view.charge.amount)));
        let after = money(view.balance_after, &asset);
        self.line(&format!("credits then {after}"));
        if let Some(at) = view.closes_at {
            let at = app.zone().local(at);
            self.line(&format!(
                "they are deleted with the account on {at}, unless the plan is paid or paused"
            ));
        }
        Ok(())
    }

    /// What auto-recharge will charge.
    pub fn recharges(&self, terms: &AutoRechargeView, app: &App) -> Result<(), AppError> {
        let (false, Some(at), Some(amount)) = (self.json(), terms.at, terms.amount) else {
            return Ok(());
        };
        let (asset, balance) = (asset(app)?, app.balance().view()?.balance);
        let now = match balance {
            Some(balance) if balance <= at => ", and so at once",
            _ => "",
        };
        let (at, amount) = (money(at, &asset), money(amount, &asset));
        self.line(&format!(
            "charges the card {amount} whenever the balance is {at} or less{now}"
        ));
        Ok(())
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

    /// `seen` is what it would have done, for whoever reads documents.
    pub fn not_confirmed(&self, seen: &impl Serialize) -> ExitCode {
        let (sentence, next) = words::sentence(Code::NotConfirmed);
        if self.json() {
            self.print(&json!({ "error": {
                "code": Code::NotConfirmed,
                "message": sentence,
                "next": next,
                "quote": seen,
            }}));
        } else {
            crate::output::to_stderr(&sentence);
            crate::output::to_stderr(&next);
        }
        exit(Code::NotConfirmed)
    }

    /// How the account stands after an action, and how far that is known.
    /// A line for whoever reads lines.
    pub fn note(&self, text: &str) {
        if !self.json() {
            self.line(text);
        }
    }

    pub fn standing(&self, app: &App) -> Result<(), AppError> {
        if !self.json() {
            self.balance(&app.balance().view()?);
            let subscription = app.plan().subscription()?;
            self.warnings(&subscription, app)?;
        }
        Ok(())
    }

    /// What an operator must not miss.
    pub fn warnings(&self, view: &SubscriptionView, app: &App) -> Result<(), AppError> {
        let (zone, asset) = (app.zone(), asset(app)?);
        if let Some(target) = &view.requested {
            let cycle = target
                .cycle
                .map(|cycle| json_name(&cycle))
                .unwrap_or_default();
            let coupon = target.coupon.as_ref().map(|code| format!(" with {code}"));
            let coupon = coupon.unwrap_or_default();
            let when = match (view.state, view.period) {
                (Life::Active, Some(period)) => format!("from {}", zone.local(period.end)),
                _ => "once it is paid".to_owned(),
            };
            self.line(&format!("  {when}: {} {cycle}{coupon}", target.plan));
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
            let (at, balance) = (zone.local(at), app.balance().view()?.balance);
            let all = balance.map_or("every credit".to_owned(), |all| money(all, &asset));
            self.line(&format!(
                "  CLOSES {at} with {all}, unless you act and the cloud hears of it before"
            ));
        }
        Ok(())
    }
}

fn fee(money: &Money) -> String {
    usd(money.amount)
}

/// Fees are money, whatever credits are counted in.
fn usd(amount: Amount) -> String {
    money(amount, &Asset::usd())
}

fn said(preview: &Preview, asset: &Asset) -> String {
    let (before, after) = (
        money(preview.balance_before, asset),
        money(preview.balance_after, asset),
    );
    let mut credits = match preview.balance_before == preview.balance_after {
        true => format!("credits stay {after}"),
        false => format!("credits {before} -> {after}"),
    };
    if let Some(expires) = preview.expires {
        credits.push_str(&format!(", {} of them expire", money(expires, asset)));
    }
    if let Some(allowance) = preview.allowance {
        credits.push_str(&format!(", {} come as allowance", money(allowance, asset)));
    }
    let paid = match preview.outcome {
        Outcome::Card => format!("card {}, {credits}", usd(preview.card)),
        Outcome::Credits => credits,
        Outcome::Unpaid => format!("UNPAID: grace begins, {credits}"),
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
