//! Shows due reminders and updates the tray. Checks after every change, at the time of the next reminder, and at
//! least once a minute: timers stop while the laptop sleeps, and missed reminders must be shown soon after it wakes.

use std::sync::Arc;
use std::time::Duration;

use boothkeeper_app::overview::Overview;
use boothkeeper_app::{App, AppError, Code};
use tauri::AppHandle;

use super::{can_notify, notify, tray};

/// Longest time between two checks for due reminders.
const AT_MOST: Duration = Duration::from_secs(60);
/// Shortest time between two checks for due reminders, so that many new entries at once cause only one check.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Shows due reminders and keeps the tray up to date for the life of the process.
pub async fn follow(handle: AppHandle, app: Arc<App>) {
    let mut changes = app.changes();
    loop {
        let (looking, speaker) = (app.clone(), handle.clone());
        let looked = tokio::task::spawn_blocking(move || look(&speaker, &looking)).await;
        let wait = match looked {
            Ok(Ok(wait)) => wait,
            Ok(Err(error)) => {
                // There is nothing to remind of before the first sign-in and sync.
                if !matches!(error.code, Code::SignedOut | Code::NotSynced) {
                    tracing::warn!(?error, "reminders could not be looked at");
                }
                tray::unreadable(&handle);
                AT_MOST
            }
            Err(error) => {
                tracing::error!(?error, "a look at the deadlines broke off");
                AT_MOST
            }
        };
        tokio::time::sleep(AT_LEAST).await;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Shows due reminders, updates the tray, and returns the time until the next check. Reminders come first, because they
/// still work if other parts of the local copy are damaged.
fn look(handle: &AppHandle, app: &App) -> Result<Duration, AppError> {
    let due = app.deadlines().list()?;
    let asset = app.balance().view()?.asset;
    for reminder in app.deadlines().take_notifications(can_notify)? {
        let shown = notify::show(
            handle,
            &reminder,
            &due.deadlines,
            app.zone(),
            asset.as_ref(),
        );
        if let Err(error) = shown {
            tracing::warn!(?error, "a reminder could not be shown");
        }
    }
    let overview = app.overview().view()?;
    tray::update(handle, &overview, app.zone());
    Ok(next(&overview))
}

/// Time until the next reminder is due, at most [`AT_MOST`].
fn next(overview: &Overview) -> Duration {
    let tiers = overview.deadlines.iter().flat_map(|d| &d.tiers);
    let ahead = tiers.map(|tier| tier.at.since(overview.now));
    let ahead = ahead.filter(|ahead| *ahead > 0).min();
    let ahead = ahead.and_then(|ahead| u64::try_from(ahead).ok());
    ahead.map_or(AT_MOST, |ahead| Duration::from_millis(ahead).min(AT_MOST))
}
