//! `shots DIR`: takes a picture of every screen, light and dark, at both window sizes; with `--odd`, of unusual
//! accounts instead. Started by `cargo xtask shots`.

mod odd;
mod take;

use std::path::{Path, PathBuf};

use anyhow::Context;
use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::window::{Start, Window};
use serde_json::json;

use take::take;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.context("shots DIR")?;
    std::fs::create_dir_all(&folder)?;
    if std::env::args().nth(2).as_deref() == Some("--odd") {
        return odd::shots(&folder).await;
    }
    let desk = Desktop::new()?;
    let (mut cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;

    let first = Window::open(
        &desk,
        Start {
            cloud: Some(&cloud.url),
            data: Some(&desk.folder().join("nobody")),
            ..Start::default()
        },
    )
    .await?;
    first.text("h1").await?;
    take(&first, &folder, "first-run").await?;
    drop(first);

    let mut window = Window::open_live(&desk, &cloud, &account).await?;
    event_mode(&mut window, &folder).await?;
    take(&window, &folder, "overview").await?;
    window.click_button("History").await?;
    window.text("[data-seq]").await?;
    take(&window, &folder, "history").await?;
    window.click("[data-seq]").await?;
    window.text("aside h2").await?;
    take(&window, &folder, "history-inspector").await?;
    window.click_button("Plan & renewal").await?;
    window.text("[data-order]").await?;
    take(&window, &folder, "plan").await?;
    window.click_button("Disputes").await?;
    window.text("[aria-label='All disputes']").await?;
    take(&window, &folder, "disputes-none").await?;
    window.click_button("Plan & renewal").await?;
    for (button, name) in [
        ("Cancel the plan instead", "cancel"),
        ("Change plan", "change-plan"),
        ("Redeem coupon", "coupon"),
        ("Buy credits", "buy"),
    ] {
        window.click_button(button).await?;
        window.text("dialog h2").await?;
        take(&window, &folder, name).await?;
        window.chord("Escape").await?;
    }
    window.click_button("Outbox").await?;
    take(&window, &folder, "outbox").await?;
    window.click_button("Settings").await?;
    take(&window, &folder, "settings").await?;
    window.click_button("Overview").await?;
    window.resize(1200, 780).await?;
    cloud.stop();
    window
        .wait_for_text("main [data-trust]", |text| text.contains("As of"))
        .await?;
    take(&window, &folder, "overview-offline").await?;
    drop(window);
    disputes(&folder).await?;
    grace(&folder).await?;
    handed_back(&folder).await
}

/// Pictures of a dispute being written, one in review and one resolved, and of an imported history.
async fn disputes(folder: &Path) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-12T18:00:00Z"))?;
    let account = with(basic(20_435), json!({ "cycle": "annual" }));
    let account = cloud.account(account).await?;
    let other = Laptop::signed_in(&desk.folder().join("other"), &cloud, &account)?;
    let run = async |outcome: &str, event: &str, count: u32| {
        let runs =
            json!({ "service": "draw_me", "event": event, "outcome": outcome, "count": count });
        cloud.control(&account, "runs", runs).await
    };
    let file = |finding: &str| -> anyhow::Result<String> {
        other.ok(&["sync"])?;
        let draft = other.ok(&["dispute", "new", "--finding", finding])?;
        let sent = other.ok(&["dispute", "send", draft["id"].as_str().unwrap_or_default()])?;
        Ok(sent["id"].as_str().unwrap_or_default().to_owned())
    };
    run("succeeded", "Larch Law drinks", 60).await?;
    run("failed", "Larch Law drinks", 1).await?;
    let settled = file("run_failed_not_refunded")?;
    let path = |id: &str, step: &str| format!("/sandbox/disputes/{id}/{step}");
    let outcome = json!({
        "outcome": "refunded", "refund": 20, "bonus": 40,
        "note": "The renderer hung. We gave the run back, and twice its price on top.",
    });
    cloud.post(&path(&settled, "resolve"), outcome).await?;
    other.ok(&["coupon", "Basic2Free"])?;
    cloud.advance_to("2026-02-13T18:00:00Z").await?;
    let reviewed = file("coupon_bonus_overdue")?;
    cloud.post(&path(&reviewed, "review"), json!({})).await?;
    cloud.advance_to("2026-02-14T20:00:00Z").await?;
    run("succeeded", "Miller wedding", 90).await?;
    run("failed", "Miller wedding", 2).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let failed = "[data-finding=run_failed_not_refunded]";
    window.text(failed).await?;
    window.resize(1200, 780).await?;
    take(&window, folder, "overview-findings").await?;
    window.click(&format!("{failed} .rows")).await?;
    window.click("main [data-seq]").await?;
    window.text("aside .why").await?;
    take(&window, folder, "history-finding").await?;
    window.click_button("Overview").await?;
    window
        .click(&format!("{failed} > button:last-child"))
        .await?;
    window.text("[data-file='balance.png']").await?;
    take(&window, folder, "disputes").await?;
    file("run_failed_not_refunded")?;
    window.text("[data-disputed]").await?;
    take(&window, folder, "disputes-twice").await?;
    for (id, name) in [(&settled, "resolved"), (&reviewed, "in-review")] {
        window.click(&format!("[data-dispute={id}]")).await?;
        window.text("[aria-label=Messages]").await?;
        take(&window, folder, &format!("disputes-{name}")).await?;
    }
    window.click_button("Settings").await?;
    window.click_button("Import a history…").await?;
    std::fs::write(desk.folder().join("vendor.csv"), VENDOR)?;
    window.click_button("Choose files").await?;
    window.pick_natively("Open File", "vendor.csv").await?;
    window.text("[data-ask]").await?;
    take(&window, folder, "import").await?;
    window.choose("Dates", "dmy").await?;
    window.click("dialog .primary").await?;
    window.text("[data-imported]").await?;
    take(&window, folder, "import-done").await?;
    window.click_button("Close").await?;
    window.text("main [data-trust=imported]").await?;
    take(&window, folder, "imported").await
}

/// A table as a vendor's web page exports it. Its balance falls by 1.50 more than its rows explain.
const VENDOR: &str = "Date,What,Event,Change,Balance
01/02/2026,Top-up,,\"$100.00\",\"$100.00\"
07/02/2026,AI Draw Me,Tate bar mitzvah,-$0.25,$99.75
07/02/2026,AI Draw Me,Tate bar mitzvah,-$0.25,$99.50
08/02/2026,AI Headshot Elite,Tate bar mitzvah,-$0.80,$97.20
10/02/2026,Renewal,,-$49.00,$48.20
";

/// Pictures of an outbox with commands that need a new decision, wait, were refused, and are done.
async fn handed_back(folder: &Path) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let mut cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-01T00:00:00Z"))?;
    let event = json!({
        "name": EVENTS[9].0, "starts_at": "2026-04-18T18:00:00Z", "ends_at": "2026-04-18T23:00:00Z",
    });
    let order = json!({ "first": "card", "fallback": false });
    let account = with(
        basic(14_235),
        json!({ "events": [event], "payment_order": order }),
    );
    let account = cloud.account(account).await?;
    cloud.card(&account, "decline").await?;
    cloud.advance_to("2026-03-10T15:00:00Z").await?;
    let other = Laptop::signed_in(&desk.folder().join("other"), &cloud, &account)?;
    let laptop = Laptop::signed_in(&desk.data(), &cloud, &account)?;
    laptop.ok(&["auto-recharge", "on", "--yes"])?;
    laptop.run(&["coupon", "NoSuchCoupon"])?;
    cloud.stop();
    laptop.ok(&["pause", "--yes"])?;
    cloud.restart(&[])?;
    cloud.card(&account, "approve").await?;
    other.ok(&["pay-now", "--with", "card", "--yes"])?;
    laptop.ok(&["sync"])?;
    cloud.stop();
    laptop.ok(&["buy", "50", "--yes"])?;
    laptop.ok(&["renewal", "set", "credits-first"])?;
    let start = Start {
        key: Some(&account.key),
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    window.click_button("Outbox").await?;
    window.text("[data-state=needs_decision]").await?;
    take(&window, folder, "outbox-handed-back").await?;
    drop(window);
    closed(folder).await
}

/// Pictures of an account that was cancelled and has closed.
async fn closed(folder: &Path) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-01T00:00:00Z"))?;
    let account = cloud.account(basic(8_000)).await?;
    let other = Laptop::signed_in(&desk.folder().join("other"), &cloud, &account)?;
    other.ok(&["cancel", "--yes"])?;
    cloud.advance_to("2026-04-02T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text(".closed").await?;
    take(&window, folder, "closed").await?;
    window.click_button("Plan & renewal").await?;
    window.text("[aria-label='Current plan']").await?;
    take(&window, folder, "plan-closed").await
}

/// Pictures of the last days of grace: the alarm, the plan, paying, pausing online and offline; then the alarm and the
/// plan at twice the size.
async fn grace(folder: &Path) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = desk.folder().join("cloud");
    let mut cloud = Cloud::start(&cloud, Some("2026-01-31T00:00:00Z"))?;
    let events: Vec<_> = EVENTS
        .iter()
        .map(|(name, day)| {
            json!({
                "name": name,
                "starts_at": format!("{day}T18:00:00Z"),
                "ends_at": format!("{day}T23:30:00Z"),
            })
        })
        .collect();
    let order = json!({ "first": "card", "fallback": false });
    let account = with(
        basic(14_235),
        json!({ "events": events, "payment_order": order }),
    );
    let account = cloud.account(account).await?;
    cloud.card(&account, "decline").await?;
    cloud.advance_to("2026-03-28T20:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text("[data-alarm]").await?;
    take(&window, folder, "grace").await?;
    window.click_button("Plan & renewal").await?;
    window.text("[data-order]").await?;
    take(&window, folder, "plan-grace").await?;
    window.click_button("Pay $49.00 now").await?;
    window.text("dialog dl").await?;
    take(&window, folder, "pay").await?;
    window.chord("Escape").await?;
    window.click_button("Pause plan").await?;
    window.text("dialog .events").await?;
    take(&window, folder, "pause").await?;
    cloud.stop();
    window.text("dialog .offline").await?;
    take(&window, folder, "pause-offline").await?;
    window.click_button("Cancel").await?;
    window.resize(1200, 780).await?;
    window.zoom_to_twice().await?;
    for (screen, name) in [("ctrl+1", "grace"), ("ctrl+3", "plan-grace")] {
        window.chord(screen).await?;
        window.settled().await?;
        let path = folder.join(format!("{name}-twice-the-size.png"));
        window.picture(&path).await?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Pictures of event mode's small window.
async fn event_mode(window: &mut Window, folder: &Path) -> anyhow::Result<()> {
    window.click_button("Event mode").await?;
    window.look_at("Boothkeeper event").await?;
    window.text("[data-balance]").await?;
    for theme in take::THEMES {
        window.theme(theme).await?;
        window.settled().await?;
        let path = folder.join(format!("event-mode-{theme}.png"));
        window.picture(&path).await?;
        println!("{}", path.display());
    }
    window.hide().await?;
    window.look_at("Boothkeeper").await
}

const EVENTS: [(&str, &str); 14] = [
    ("Harbour brewery tasting", "2026-02-27"),
    ("Lin family birthday", "2026-03-28"),
    ("Larch Law drinks", "2026-02-21"),
    ("Moreno quinceañera", "2026-02-14"),
    ("Tate bar mitzvah", "2026-02-07"),
    ("Dental congress, day 2", "2026-03-29"),
    ("Ortega and Bell wedding", "2026-04-04"),
    ("Riverside school prom", "2026-05-09"),
    ("St Clare's gala", "2026-04-13"),
    ("Okoye engagement", "2026-04-18"),
    ("Park summer party", "2026-06-20"),
    ("Hale and Grant wedding", "2026-05-16"),
    ("Acme away day", "2026-06-27"),
    ("Founders' evening", "2026-07-04"),
];
