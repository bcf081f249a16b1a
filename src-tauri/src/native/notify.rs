//! Shows a reminder as a notification of the desktop. A click on it opens the screen that the reminder is about.

use boothkeeper_app::deadlines::DeadlineView;
use boothkeeper_app::domain::Asset;
use boothkeeper_app::domain::deadlines::DeadlineCode;
use boothkeeper_app::domain::reminders::Reminder;
use boothkeeper_app::overview::Screen;
use boothkeeper_app::{Zone, deadlines};
use boothkeeper_messages::{desktop, moment, span};
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

const SCREEN: &str = "screen";

/// Calls `open` at clicks on notifications. Set this up before the first one: clicks on earlier ones are not reported.
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
    coming: &[DeadlineView],
    zone: &Zone,
    asset: Option<&Asset>,
) -> tauri_plugin_notification::Result<()> {
    let (title, body) = text(reminder, coming, zone, asset);
    handle
        .notification()
        .builder()
        .title(title)
        .body(body)
        .extra(SCREEN, screen(reminder.code))
        .show()
}

fn text(
    reminder: &Reminder,
    coming: &[DeadlineView],
    zone: &Zone,
    asset: Option<&Asset>,
) -> (String, String) {
    let left = span(reminder.left);
    let title = desktop::reminder(&left, &deadlines::title(reminder.code));
    let at = moment(reminder.at, zone);
    let about = coming
        .iter()
        .find(|deadline| (deadline.code, deadline.at) == (reminder.code, reminder.at));
    let body = match about {
        Some(about) => desktop::reminder_body(&at, &about.detail(asset)),
        None => at,
    };
    (title, body)
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
