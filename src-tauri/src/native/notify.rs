//! A reminder as the desktop shows it; a click on it opens the screen it is about.

use boothkeeper_app::deadlines::DeadlineView;
use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::deadlines::DeadlineCode;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::overview::Screen;
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
    deadlines: &[DeadlineView],
    zone: &Zone,
    asset: Option<&Asset>,
) -> tauri_plugin_notification::Result<()> {
    let (title, body) = said(reminder, deadlines, zone, asset);
    handle
        .notification()
        .builder()
        .title(title)
        .body(body)
        .extra(SCREEN, screen(reminder.code))
        .show()
}

fn said(
    reminder: &Reminder,
    deadlines: &[DeadlineView],
    zone: &Zone,
    asset: Option<&Asset>,
) -> (String, String) {
    let left = words::span(reminder.left);
    let title = format!("{} in {left}", words::deadline(reminder.code));
    let at = zone.local(reminder.at);
    let about = deadlines
        .iter()
        .find(|deadline| (deadline.code, deadline.at) == (reminder.code, reminder.at));
    let detail = about.map_or(String::new(), |about| words::detail(about, asset));
    (title, format!("{at}. {detail}"))
}

const fn screen(code: DeadlineCode) -> Screen {
    match code {
        DeadlineCode::DisputeReply => Screen::Disputes,
        DeadlineCode::GraceEnd | DeadlineCode::AllowanceRefresh | DeadlineCode::GrantExpiry => {
            Screen::Overview
        }
        DeadlineCode::CancelledPeriodEnd
        | DeadlineCode::Renewal
        | DeadlineCode::CancelBy
        | DeadlineCode::PaymentRetry
        | DeadlineCode::CardExpiry => Screen::Plan,
    }
}
