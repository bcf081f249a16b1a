//! A reminder as the desktop shows it; a click on it opens the screen it is about.

use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::deadlines::DeadlineCode;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::views::Screen;
use boothkeeper_app::{Zone, words};
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

const SCREEN: &str = "screen";

/// To be called before the first notification: earlier ones report no clicks.
pub fn on_click(
    handle: &AppHandle,
    open: impl Fn(Screen) + Send + Sync + 'static,
) -> tauri_plugin_notification::Result<()> {
    handle.notification().on_action(move |action| {
        let named = action
            .notification()
            .and_then(|notification| notification.extra().get(SCREEN).cloned());
        let screen = named.and_then(|name| serde_json::from_value(name).ok());
        open(screen.unwrap_or(Screen::Overview));
    })
}

pub fn show(
    handle: &AppHandle,
    reminder: &Reminder,
    zone: &Zone,
    asset: Option<&Asset>,
) -> tauri_plugin_notification::Result<()> {
    let (title, body) = said(reminder, zone, asset);
    handle
        .notification()
        .builder()
        .title(title)
        .body(body)
        .extra(SCREEN, screen(reminder.code))
        .show()
}

fn said(reminder: &Reminder, zone: &Zone, asset: Option<&Asset>) -> (String, String) {
    let left = words::span(reminder.left);
    let title = format!("{} in {left}", words::deadline(reminder.code));
    let at = zone.local(reminder.at);
    let stake = reminder.credits_at_risk.zip(asset);
    let stake = stake.map_or(String::new(), |(amount, asset)| {
        format!(" {} at stake.", words::money(amount, asset))
    });
    (title, format!("{at}.{stake} {}", way_out(reminder.code)))
}

const fn screen(code: DeadlineCode) -> Screen {
    match code {
        DeadlineCode::GraceEnd | DeadlineCode::AllowanceRefresh | DeadlineCode::GrantExpiry => {
            Screen::Overview
        }
        DeadlineCode::CancelledPeriodEnd
        | DeadlineCode::Renewal
        | DeadlineCode::CancelBy
        | DeadlineCode::CardExpiry => Screen::Plan,
    }
}

const fn way_out(code: DeadlineCode) -> &'static str {
    match code {
        DeadlineCode::GraceEnd => "Pay, or pause to Pay-As-You-Go: both keep the credits.",
        DeadlineCode::CancelledPeriodEnd => {
            "Resume, or pause to Pay-As-You-Go: both keep the credits."
        }
        DeadlineCode::Renewal => "Look at who pays.",
        DeadlineCode::CancelBy => "After it the next renewal is paid.",
        DeadlineCode::CardExpiry => "Renewals and auto-recharge need another card.",
        DeadlineCode::AllowanceRefresh => "What is left of this month's goes.",
        DeadlineCode::GrantExpiry => "Use them before.",
    }
}
