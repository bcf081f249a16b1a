//! Looks again whenever something changes, when the next tier is due, and once a minute: sleep does not
//! count in a timer, and a laptop that wakes is to say at once what it missed.

use std::sync::Arc;
use std::time::Duration;

use boothkeeper_app::overview::Overview;
use boothkeeper_app::{App, AppError, Code};
use tauri::AppHandle;

use super::{can_notify, notify, tray};

const AT_MOST: Duration = Duration::from_secs(60);
/// A burst of entries is one change.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Says what is due and keeps the tray up to date, for as long as the process lives.
pub async fn follow(handle: AppHandle, app: Arc<App>) {
    let mut changes = app.changes();
    loop {
        let (looking, speaker) = (app.clone(), handle.clone());
        let looked = tokio::task::spawn_blocking(move || look(&speaker, &looking)).await;
        let wait = match looked {
            Ok(Ok(wait)) => wait,
            Ok(Err(error)) => {
                // Nothing to remind of before somebody has signed in and synced.
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

/// Until when nothing can be due. Reminding comes first: it needs the least of the copy.
fn look(handle: &AppHandle, app: &App) -> Result<Duration, AppError> {
    let due = app.deadlines().list()?;
    let asset = app.balance().view()?.asset;
    for reminder in app.deadlines().remind_unasked(can_notify)? {
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

fn next(overview: &Overview) -> Duration {
    let tiers = overview.deadlines.iter().flat_map(|d| &d.tiers);
    let ahead = tiers.map(|tier| tier.at.since(overview.now));
    let ahead = ahead.filter(|ahead| *ahead > 0).min();
    let ahead = ahead.and_then(|ahead| u64::try_from(ahead).ok());
    ahead.map_or(AT_MOST, |ahead| Duration::from_millis(ahead).min(AT_MOST))
}
