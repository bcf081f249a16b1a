//! Deadline reminders with the real window, tray and notification daemon, on a sandbox's clock.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::tray::Tray;
use boothkeeper_tests::window::{Start, Window};
use serde_json::json;

/// An account whose plan is cancelled, and the cloud it is on: grace runs from 28 Feb to 30 Mar.
async fn cancelled(desk: &Desktop) -> anyhow::Result<(Cloud, Account)> {
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-31T00:00:00Z"))?;
    let account = cloud.account(basic(8_000)).await?;
    let elsewhere = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    assert_eq!(elsewhere.ok(&["cancel", "--yes"])?["state"], "settled");
    Ok((cloud, account))
}

async fn wait_for_notifications(desk: &Desktop, count: usize) -> anyhow::Result<()> {
    until(&format!("{count} notifications"), async || {
        Ok((desk.notified()? >= count).then_some(()))
    })
    .await
}

/// Scenario 13: the operator does nothing after the cancel, and the laptop sleeps from day 10 of grace to day 25.
#[tokio::test]
async fn each_reminder_of_account_closure_arrives_once_with_time_left() -> anyhow::Result<()> {
    let desk = Desktop::with_notifier()?;
    let (cloud, account) = cancelled(&desk).await?;
    cloud.advance_to("2026-03-10T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .wait_for_text("[data-alarm] h2", |text| text == "Grace ends in 20 days")
        .await?;
    // The clock jumps, as if the laptop had slept.
    cloud.advance_to("2026-03-25T00:00:00Z").await?;
    wait_for_notifications(&desk, 1).await?;
    window
        .wait_for_text("[data-alarm] h2", |text| text == "Grace ends in 5 d")
        .await?;
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    let deadlines = laptop.ok(&["deadlines"])?;
    let tiers = &deadlines["deadlines"][0]["tiers"];
    assert!(
        tiers[0]["skipped_at"].is_string() && tiers[0]["fired_at"].is_null(),
        "{tiers}"
    );
    assert!(tiers[1]["fired_at"].is_string(), "{tiers}");
    cloud.advance_to("2026-03-27T00:00:00Z").await?;
    wait_for_notifications(&desk, 2).await?;
    // A restarted window does not repeat reminders.
    window.close().await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    cloud.advance_to("2026-03-29T00:00:00Z").await?;
    wait_for_notifications(&desk, 3).await?;
    cloud.advance_to("2026-03-29T22:00:00Z").await?;
    wait_for_notifications(&desk, 4).await?;
    cloud.advance_to("2026-03-30T00:00:00Z").await?;
    window
        .wait_for_text(".closed", |text| text.contains("closed"))
        .await?;
    window.text("[data-balance=\"0\"]").await?;

    let shown = desk.notifications()?;
    let summaries: Vec<_> = shown.iter().map(|n| n.summary.as_str()).collect();
    let said = |left: &str| format!("Account closes, its credits are deleted in {left}");
    assert_eq!(
        summaries,
        [
            said("5 days"),
            said("3 days"),
            said("24 hours"),
            said("2 hours")
        ]
    );
    for shown in &shown {
        let body = &shown.body;
        assert!(body.contains("$80.00 in credits are deleted"), "{body}");
        assert!(
            body.contains("Sun 29 Mar 2026 20:00 EDT"),
            "a zone is named: {body}"
        );
    }
    assert_eq!(
        laptop.journal()?.last(),
        Some(&("closure".to_owned(), -8_000))
    );
    Ok(())
}

#[tokio::test]
async fn reminders_arrive_while_window_is_closed_to_tray() -> anyhow::Result<()> {
    let desk = Desktop::with_notifier()?;
    let tray = Tray::on(&desk).await?;
    let (cloud, account) = cancelled(&desk).await?;
    cloud.advance_to("2026-03-10T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    assert_eq!(tray.wait_for_item("$80.00").await?, "$80.00");
    tray.wait_for_item("Live, verified").await?;
    tray.wait_for_item("Sun 29 Mar 2026 20:00 EDT").await?;
    window.click_button("History").await?;
    window.hide().await?;
    cloud.advance_to("2026-03-25T00:00:00Z").await?;
    wait_for_notifications(&desk, 1).await?;
    assert!(!window.is_visible().await?, "it stays in the tray");
    // A click opens the screen that the reminder is about.
    desk.click_notification()?;
    until("the window again", async || {
        Ok(window.is_visible().await?.then_some(()))
    })
    .await?;
    window
        .text("main[data-screen=overview] [data-alarm]")
        .await?;
    window.hide().await?;
    tray.click("Quit").await?;
    window.ended().await
}

#[tokio::test]
async fn reminder_without_notification_service_is_kept_and_shown_later() -> anyhow::Result<()> {
    let mut desk = Desktop::new()?;
    let (cloud, account) = cancelled(&desk).await?;
    cloud.advance_to("2026-03-25T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text("[data-alarm]").await?;
    window.click_button("Settings").await?;
    window
        .wait_for_text("[aria-label=Reminders]", |text| {
            text.contains("shows no notifications")
        })
        .await?;
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    let tiers = laptop.ok(&["deadlines"])?["deadlines"][0]["tiers"].clone();
    assert!(
        tiers
            .as_array()
            .unwrap()
            .iter()
            .all(|tier| tier["fired_at"].is_null()),
        "{tiers}"
    );
    // Once a notification service runs, the missed reminder is shown, at the latest when the cloud's clock moves on.
    desk.start_notifier()?;
    cloud.advance_to("2026-03-25T01:00:00Z").await?;
    wait_for_notifications(&desk, 1).await
}

#[tokio::test]
async fn quiet_hours_delay_reminders_except_on_last_day_before_closure() -> anyhow::Result<()> {
    let desk = Desktop::with_notifier()?;
    let (cloud, account) = cancelled(&desk).await?;
    cloud.advance_to("2026-03-20T16:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    wait_for_notifications(&desk, 1).await?;
    window.click_button("Settings").await?;
    window.click_label("Quiet hours").await?;
    window.text("input[type=time]").await?;
    // 23:30 in New York, in the quiet hours: the reminder of 3 days before waits.
    cloud.advance_to("2026-03-27T03:30:00Z").await?;
    window.click_button("Overview").await?;
    window
        .wait_for_text("[data-alarm] h2", |text| text == "Grace ends in 2 d 20 h")
        .await?;
    // 09:00 in New York: the reminder arrives, with the remaining time.
    cloud.advance_to("2026-03-27T13:00:00Z").await?;
    wait_for_notifications(&desk, 2).await?;
    // 22:00 on the evening before the closure: reminders of the last day ignore quiet hours.
    cloud.advance_to("2026-03-29T02:00:00Z").await?;
    wait_for_notifications(&desk, 3).await?;
    let summaries: Vec<_> = desk
        .notifications()?
        .into_iter()
        .map(|n| n.summary)
        .collect();
    assert!(summaries[1].ends_with("in 2 days"), "{summaries:?}");
    assert!(summaries[2].ends_with("in 22 hours"), "{summaries:?}");
    Ok(())
}

#[tokio::test]
async fn start_at_login_is_optional_and_starts_in_tray() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let tray = Tray::on(&desk).await?;
    let (cloud, account) = cancelled(&desk).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.click_button("Settings").await?;
    let entry = desk.folder().join(".config/autostart/Boothkeeper.desktop");
    assert!(!entry.exists());
    window.click_label("Start when you log in").await?;
    until("the autostart entry", async || {
        Ok(entry.exists().then_some(()))
    })
    .await?;
    let text = std::fs::read_to_string(&entry)?;
    assert!(
        text.contains("boothkeeper-desktop") && text.contains("--hidden"),
        "{text}"
    );
    window.click_label("Start when you log in").await?;
    until("the autostart entry to be removed", async || {
        Ok((!entry.exists()).then_some(()))
    })
    .await?;
    tray.click("Quit").await?;
    window.ended().await?;
    let tray = tray.forget_icons();

    let start = Start {
        key: Some(&account.key),
        hidden: true,
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    tray.wait_for_item("$80.00").await?;
    assert!(!window.is_visible().await?);
    tray.click("Open Boothkeeper").await?;
    until("the window", async || {
        Ok(window.is_visible().await?.then_some(()))
    })
    .await
}

#[tokio::test]
async fn calendar_file_has_each_deadline_once() -> anyhow::Result<()> {
    let desk = tempfile::tempdir()?;
    let cloud = Cloud::start(&desk.path().join("cloud"), Some("2026-01-31T00:00:00Z"))?;
    let event = json!({ "name": "Gala", "starts_at": "2026-02-21T16:00:00Z", "ends_at": "2026-02-21T22:00:00Z" });
    let account = cloud
        .account(with(basic(8_000), json!({ "events": [event] })))
        .await?;
    let laptop = Laptop::signed_in(&desk.path().join("laptop"), &cloud, &account)?;
    let file = desk.path().join("due.ics");
    let path = file.to_str().unwrap_or_default();
    let written = laptop.ok(&["deadlines", "--ics", path])?;
    let deadlines = laptop.ok(&["deadlines"])?["deadlines"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(written["deadlines"], deadlines);
    let text = std::fs::read_to_string(&file)?;
    let count = |what: &str| text.lines().filter(|line| *line == what).count();
    assert_eq!(count("BEGIN:VEVENT"), deadlines);
    assert!(
        text.lines().any(|line| line == "DTSTART:20260228T000000Z"),
        "{text}"
    );
    assert!(
        count("BEGIN:VALARM") >= deadlines,
        "each reminder tier has an alarm"
    );
    laptop.ok(&["deadlines", "--ics", path])?;
    assert_eq!(
        std::fs::read_to_string(&file)?,
        text,
        "the same deadlines, the same file"
    );
    Ok(())
}
