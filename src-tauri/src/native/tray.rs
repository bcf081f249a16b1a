//! The tray icon. Its menu shows balance, trust and next deadline, and has all actions: Linux reports no clicks on the
//! icon itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use boothkeeper_app::domain::trust::Trust;
use boothkeeper_app::overview::Overview;
use boothkeeper_app::{Zone, deadlines};
use boothkeeper_messages::{desktop, moment, money};
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager, Wry};

use super::{has_tray, windows};

/// The lines of the menu that show balance, trust and the next deadline.
pub struct Lines {
    balance: MenuItem<Wry>,
    trust: MenuItem<Wry>,
    next: MenuItem<Wry>,
    shown: Mutex<[String; 3]>,
}

/// Builds the tray icon if the desktop would show it. True if it was built.
pub fn build(handle: &AppHandle) -> bool {
    if !has_tray() {
        return false;
    }
    // The library that draws the icon is loaded on first use, and panics if it is not installed.
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
    let line = |id, text: String| MenuItem::with_id(handle, id, text, false, None::<&str>);
    let action = |id, text: String| MenuItem::with_id(handle, id, text, true, None::<&str>);
    let lines = Lines {
        balance: line("balance", desktop::no_balance())?,
        trust: line("trust", String::new())?,
        next: line("next", desktop::nothing_due())?,
        shown: Mutex::default(),
    };
    let menu = Menu::with_items(
        handle,
        &[
            &lines.balance,
            &lines.trust,
            &lines.next,
            &PredefinedMenuItem::separator(handle)?,
            &action("open", desktop::open())?,
            &action("event", desktop::event())?,
            &PredefinedMenuItem::separator(handle)?,
            &action("quit", desktop::quit())?,
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

/// Shows balance, trust and the next deadline in the tray's menu.
pub fn update(handle: &AppHandle, overview: &Overview, zone: &Zone) {
    show(handle, texts(overview, zone));
}

/// Shows in the tray's menu that the local copy cannot be read, instead of older figures that may be wrong.
pub fn unreadable(handle: &AppHandle) {
    let (balance, trust) = (desktop::unreadable(), desktop::unreadable_next());
    show(handle, [balance, trust, String::new()]);
}

/// Redraws the menu's three lines if one has changed.
fn show(handle: &AppHandle, now: [String; 3]) {
    let Some(lines) = handle.try_state::<Lines>() else {
        return;
    };
    let mut shown = lines
        .shown
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if *shown == now {
        return;
    }
    let items = [&lines.balance, &lines.trust, &lines.next];
    for (item, text) in items.into_iter().zip(&now) {
        if let Err(error) = item.set_text(text) {
            tracing::warn!(?error, "the tray's menu");
        }
    }
    *shown = now;
}

fn texts(overview: &Overview, zone: &Zone) -> [String; 3] {
    let view = &overview.balance;
    let balance = match view.balance.zip(view.asset.as_ref()) {
        Some((amount, asset)) => money(amount, asset),
        None => desktop::no_balance(),
    };
    let as_of = view.as_of.map_or(String::new(), |at| moment(at, zone));
    let trust = match view.trust {
        Trust::Live => desktop::live(),
        Trust::Cached | Trust::Stale => desktop::not_live(&as_of),
        Trust::Unknown => desktop::never_synced(),
        Trust::Imported => desktop::imported(),
        Trust::Diverged => desktop::diverged(&as_of),
    };
    let next = match overview.deadlines.first() {
        Some(next) => desktop::next(&moment(next.at, zone), &deadlines::title(next.code)),
        None => desktop::nothing_due(),
    };
    [balance, trust, next]
}
