//! The tray: balance, trust and next deadline, and everything to do in its menu, since Linux trays send
//! no clicks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use boothkeeper_app::domain::trust::Trust;
use boothkeeper_app::overview::Overview;
use boothkeeper_app::{Zone, words};
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry};

use super::{has_tray, windows};

/// The lines of the menu that tell how things stand.
pub struct Lines {
    balance: MenuItem<Wry>,
    trust: MenuItem<Wry>,
    next: MenuItem<Wry>,
    said: Mutex<[String; 3]>,
}

/// Whether there is one: built only where it would be seen.
pub fn build(handle: &AppHandle) -> bool {
    if !has_tray() {
        return false;
    }
    // The library that draws it is looked up as it is used, and panics where it is not installed.
    let built = catch_unwind(AssertUnwindSafe(|| try_build(handle)));
    match built {
        Ok(Ok(lines)) => handle.manage(lines),
        Ok(Err(error)) => {
            tracing::warn!(?error, "no tray");
            false
        }
        Err(_) => false,
    }
}

fn try_build(handle: &AppHandle) -> tauri::Result<Lines> {
    let line = |id, text| MenuItem::with_id(handle, id, text, false, None::<&str>);
    let action = |id, text| MenuItem::with_id(handle, id, text, true, None::<&str>);
    let lines = Lines {
        balance: line("balance", "No balance yet")?,
        trust: line("trust", "")?,
        next: line("next", "Nothing is due")?,
        said: Mutex::default(),
    };
    let menu = Menu::with_items(
        handle,
        &[
            &lines.balance,
            &lines.trust,
            &lines.next,
            &PredefinedMenuItem::separator(handle)?,
            &action("open", "Open Boothkeeper")?,
            &action("event", "Event mode")?,
            &PredefinedMenuItem::separator(handle)?,
            &action("quit", "Quit")?,
        ],
    )?;
    let mut tray = TrayIconBuilder::with_id("boothkeeper")
        .tooltip("Boothkeeper")
        .menu(&menu)
        .on_menu_event(|handle, event| {
            let done = match event.id().as_ref() {
                "open" => windows::raise_main(handle),
                "event" => windows::open_event(handle),
                "quit" => {
                    handle.exit(0);
                    Ok(())
                }
                _ => Ok(()),
            };
            if let Err(error) = done {
                tracing::warn!(?error, "the tray's menu");
            }
        });
    if let Some(icon) = handle.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(handle)?;
    Ok(lines)
}

pub fn is_there(handle: &AppHandle) -> bool {
    handle.try_state::<Lines>().is_some()
}

/// Says how things stand now.
pub fn update(handle: &AppHandle, overview: &Overview, zone: &Zone) {
    say(handle, texts(overview, zone));
}

/// What was said last does not hold any more.
pub fn unreadable(handle: &AppHandle) {
    let text = ["No balance to show", "Open the window to see why", ""];
    say(handle, text.map(ToOwned::to_owned));
}

/// Nothing is drawn again that has not changed.
fn say(handle: &AppHandle, now: [String; 3]) {
    let Some(lines) = handle.try_state::<Lines>() else {
        return;
    };
    let mut said = lines
        .said
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if *said == now {
        return;
    }
    let items = [&lines.balance, &lines.trust, &lines.next];
    for (item, text) in items.into_iter().zip(&now) {
        if let Err(error) = item.set_text(text) {
            tracing::warn!(?error, "the tray's menu");
        }
    }
    *said = now;
}

fn texts(overview: &Overview, zone: &Zone) -> [String; 3] {
    let view = &overview.balance;
    let balance = match view.balance.zip(view.asset.as_ref()) {
        Some((amount, asset)) => words::money(amount, asset),
        None => "No balance yet".to_owned(),
    };
    let as_of = view.as_of.map_or(String::new(), |at| zone.local(at));
    let trust = match view.trust {
        Trust::Live => "Live, verified".to_owned(),
        Trust::Cached | Trust::Stale => format!("As of {as_of}, not live"),
        Trust::Unknown => "Never synced".to_owned(),
        Trust::Imported => "Imported, unverified".to_owned(),
        Trust::Diverged => format!("Not agreed, last proven {as_of}"),
    };
    let next = overview
        .deadlines
        .first()
        .map_or("Nothing is due".to_owned(), |next| {
            format!("{}: {}", words::deadline(next.code), zone.local(next.at))
        });
    [balance, trust, next]
}
