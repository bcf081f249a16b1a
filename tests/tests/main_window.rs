//! The main window, driven by clicks and keys against the real cloud: balance, sign-in, history, window size and
//! permissions.

use std::time::Duration;

use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::{Start, Window};
use fantoccini::key::Key;
use serde_json::json;
use tokio::time::Instant;

/// Selector of the element that shows this balance, in minor units.
fn shows(balance: i64) -> String {
    format!("[data-balance=\"{balance}\"]")
}

#[tokio::test]
async fn shown_balance_follows_cloud_and_has_as_of_time_while_offline() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let mut cloud = Cloud::start(&desk.folder().join("cloud"), None)?;
    let account = cloud.booth(14_721).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    assert_eq!(window.text(&shows(14_721)).await?, "$147.21");

    // A run changes the balance on screen within a second of the cloud's answer.
    cloud.runs(&account, "draw_me", 2).await?;
    let answered = Instant::now();
    window
        .wait_for_text_within(Duration::from_secs(5), &shows(14_681), |t| t == "$146.81")
        .await?;
    assert!(
        answered.elapsed() < Duration::from_secs(1),
        "{:?}",
        answered.elapsed()
    );
    assert_eq!(cloud.balance(&account).await?, 14_681);

    cloud.stop();
    window
        .wait_for_text_within(Duration::from_secs(15), "main [data-trust]", |text| {
            text.contains("As of") && text.contains("offline")
        })
        .await?;
    assert_eq!(
        window.text(&shows(14_681)).await?,
        "$146.81",
        "the last verified balance stays"
    );
    cloud.restart(&[])?;
    window
        .wait_for_text("main [data-trust]", |text| text.contains("Live"))
        .await?;
    Ok(())
}

#[tokio::test]
async fn access_key_entered_once_is_kept_in_keychain() -> anyhow::Result<()> {
    let desk = Desktop::with_keychain()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), None)?;
    let account = cloud.booth(5_000).await?;
    let start = || Start {
        cloud: Some(&cloud.url),
        ..Start::default()
    };
    let mut window = Window::open(&desk, start()).await?;
    window.click_button("Use an access key").await?;
    window
        .type_into("input[type=password]", "not a key")
        .await?;
    window.click_button("Connect").await?;
    window
        .wait_for_text("[data-code=key_malformed]", |text| text.contains("bk_"))
        .await?;
    window.script("const i = document.querySelector('input[type=password]'); i.value = ''; i.dispatchEvent(new Event('input', { bubbles: true }))", vec![]).await?;
    window
        .type_into("input[type=password]", &account.key)
        .await?;
    window.click_button("Connect").await?;
    window
        .wait_for_text(&shows(5_000), |text| text == "$50.00")
        .await?;
    // The key is not in the data folder, and the next start needs no key.
    assert!(!contains(&desk.data(), account.key.as_bytes())?);
    window.kill();
    let window = Window::open(&desk, start()).await?;
    window
        .wait_for_text("main [data-trust]", |text| text.contains("Live"))
        .await?;
    window.text(&shows(5_000)).await?;
    Ok(())
}

/// Whether a file in the folder contains these bytes.
fn contains(folder: &std::path::Path, needle: &[u8]) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let bytes = std::fs::read(entry?.path())?;
        if bytes.windows(needle.len()).any(|window| window == needle) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[tokio::test]
async fn history_screen_can_be_filtered_searched_and_used_by_keyboard() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    window.click_button("History").await?;
    // The chart's caption says how many of all days it shows.
    window
        .wait_for_text("figure figcaption", |text| text.contains("the last 60 of"))
        .await?;
    let seq = laptop.balance()?["seq"].as_u64().unwrap();
    let (thousands, rest) = (seq / 1000, seq % 1000);
    let all = format!("{thousands},{rest:03} entries");
    window
        .wait_for_text("[data-count]", |text| text.starts_with(&all))
        .await?;

    window
        .click("select[aria-label=Service] option[value=video]")
        .await?;
    let videos = laptop.ok(&["history", "--service", "video", "--limit", "1000"])?;
    let expected = videos["entries"].as_array().unwrap().len().to_string();
    window
        .wait_for_text("[data-count]", |text| {
            text.starts_with(&format!("{expected} entries"))
        })
        .await?;
    window
        .click("select[aria-label=Service] option[value='']")
        .await?;
    let newest = laptop.ok(&["history", "--kind", "usage", "--limit", "1"])?;
    let run = newest["entries"][0]["run"].as_str().unwrap();
    window.type_into("input[type=search]", run).await?;
    let run = laptop.ok(&["history", "--text", run])?;
    let count = run["entries"].as_array().unwrap().len();
    let words = if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    };
    window
        .wait_for_text("[data-count]", |text| text.starts_with(&words))
        .await?;

    // By keyboard only: into the table, down three rows, open, close.
    window.script("document.querySelector('input[type=search]').value = ''; document.querySelector('input[type=search]').dispatchEvent(new Event('input', { bubbles: true }))", vec![]).await?;
    window
        .wait_for_text("[data-count]", |text| text.starts_with(&all))
        .await?;
    window
        .script("document.querySelector('[role=grid]').focus()", vec![])
        .await?;
    window
        .keys(&[Key::Down, Key::Down, Key::Down, Key::Enter])
        .await?;
    // The inspector shows the third newest entry.
    let third = (seq - 2).to_string();
    window
        .wait_for_text("aside", |text| text.contains(&third))
        .await?;
    window.keys(&[Key::Escape]).await?;
    until("the inspector closed", async || {
        let open = window
            .script("return document.querySelectorAll('aside').length", vec![])
            .await?;
        Ok((open == 0).then_some(()))
    })
    .await?;
    window.keys(&[Key::End]).await?;
    until("the oldest entry on screen", async || {
        let script = "return document.querySelector('[data-seq=\"1\"]').textContent";
        let row = window.script(script, vec![]).await?;
        let row = row.as_str().unwrap_or_default();
        Ok(row.contains("Account opened").then_some(()))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn demo_account_opens_without_an_access_key() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;
    let start = Start {
        cloud: Some(&cloud.url),
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    window
        .wait_for_text(".lock", |text| text.contains("until you quit"))
        .await?;
    window.click_button("Explore with the demo account").await?;
    window
        .wait_for_text("main [data-trust]", |text| text.contains("Live"))
        .await?;
    window.text(&shows(cloud.balance(&account).await?)).await?;
    Ok(())
}

#[tokio::test]
async fn locked_keychain_is_reported_and_key_kept_until_quit() -> anyhow::Result<()> {
    let desk = Desktop::with_locked_keychain()?;
    let (cloud, _) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;
    let start = Start {
        cloud: Some(&cloud.url),
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    window.click_button("Explore with the demo account").await?;
    window.text("[data-code=no_keychain]").await?;
    window.click_button("Explore with the demo account").await?;
    window
        .wait_for_text("main [data-trust]", |text| text.contains("Live"))
        .await?;
    Ok(())
}

#[tokio::test]
async fn window_reopens_with_its_last_size() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), None)?;
    let start = || Start {
        cloud: Some(&cloud.url),
        ..Start::default()
    };
    let window = Window::open(&desk, start()).await?;
    window.text("h1").await?;
    window.resize(1010, 640).await?;
    window.close().await?;
    let window = Window::open(&desk, start()).await?;
    window.text("h1").await?;
    until("the size it was left with", async || {
        let size = window
            .script("return [innerWidth, innerHeight]", vec![])
            .await?;
        Ok((size == json!([1010, 640])).then_some(()))
    })
    .await
}

#[tokio::test]
async fn history_filters_of_window_count_same_entries_as_command_line() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    window.click_button("History").await?;
    let newest = laptop.ok(&["history", "--kind", "usage", "--limit", "1"])?;
    let event = newest["entries"][0]["event"].as_str().unwrap_or_default();
    let agreed = async |arguments: &[&str]| -> anyhow::Result<()> {
        let expected = entries(&laptop, arguments)?;
        window
            .wait_for_text("[data-count]", |text| text.starts_with(&expected))
            .await?;
        Ok(())
    };
    window.choose("Event", event).await?;
    agreed(&["--event", event]).await?;
    window.choose("Kind", "usage").await?;
    agreed(&["--event", event, "--kind", "usage"]).await?;
    window.choose("Event", "").await?;
    window.choose("Kind", "usage_refund").await?;
    agreed(&["--kind", "usage_refund"]).await?;
    window.choose("Kind", "").await?;
    window.choose("Dates", "30").await?;
    let from = window.text_of("input[type=date]", "value").await?;
    agreed(&["--from", &from]).await
}

/// The window's text for the number of entries that the command line finds. The command line runs in another time zone,
/// but counts days as the window does, because the window has the local copy open.
fn entries(laptop: &Laptop, arguments: &[&str]) -> anyhow::Result<String> {
    let mut all = vec!["history", "--limit", "1"];
    all.extend(arguments);
    let page = laptop.ok(&all)?;
    let totals = page["totals"].as_array().into_iter().flatten();
    let count: i64 = totals.filter_map(|total| total["count"].as_i64()).sum();
    anyhow::ensure!(count > 1, "{arguments:?} finds {count}");
    Ok(match count {
        ..1000 => format!("{count} entries"),
        _ => format!("{},{:03} entries", count / 1000, count % 1000),
    })
}

#[tokio::test]
async fn page_of_window_cannot_fetch_or_call_ungranted_commands() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), None)?;
    let start = Start {
        cloud: Some(&cloud.url),
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    window.text("h1").await?;
    let outcome = |script: &str| {
        format!(
            "const done = arguments[arguments.length - 1];
             {script}.then(() => done('reached'), (error) => done(String(error)))"
        )
    };
    let fetch = outcome(&format!("fetch('{}/v1/meta')", cloud.url));
    assert_ne!(
        window.page.execute_async(&fetch, vec![]).await?,
        json!("reached")
    );
    let core = "window.__TAURI_INTERNALS__.invoke";
    let quit = outcome(&format!("{core}('plugin:window|close')"));
    let refused = window.page.execute_async(&quit, vec![]).await?;
    assert!(
        refused.as_str().unwrap_or_default().contains("not allowed"),
        "{refused}"
    );
    let granted = outcome(&format!("{core}('setup')"));
    assert_eq!(
        window.page.execute_async(&granted, vec![]).await?,
        json!("reached")
    );
    Ok(())
}

#[tokio::test]
async fn second_start_of_window_app_hands_over_to_running_one() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), None)?;
    let account = cloud.booth(5_000).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let second = desk
        .with_environment(std::process::Command::new(
            boothkeeper_tests::process::binary("boothkeeper-desktop"),
        ))
        .arg("--data")
        .arg(desk.data())
        .env("BOOTHKEEPER_ACCESS_KEY", &account.key)
        .status()?;
    assert!(second.success(), "it hands over and ends");
    window
        .wait_for_text("main [data-trust]", |text| text.contains("Live"))
        .await?;
    // Beside the window the command line can read, but not sync.
    let laptop = Laptop::new(&desk.data()).with_key(&account.key);
    assert_eq!(laptop.balance()?["balance"], 5_000);
    assert_eq!(laptop.fails(&["sync"])?, (1, "locked".into()));
    Ok(())
}
