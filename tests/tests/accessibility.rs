//! Accessibility of the window: checks by axe-core in both themes, other locales, twice the size, right-to-left layout.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::{Start, Window};
use serde_json::json;

#[tokio::test]
async fn every_screen_passes_accessibility_check_in_both_themes() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = Cloud::seeded(&desk.folder().join("cloud"), &[])?;
    let first = Window::open(
        &desk,
        Start {
            cloud: Some(&cloud.url),
            ..Start::default()
        },
    )
    .await?;
    first.text("#connect").await?;
    for theme in ["light", "dark"] {
        first.theme(theme).await?;
        first.settled().await?;
        assert_eq!(
            first.axe().await?,
            Vec::<String>::new(),
            "first run in {theme}"
        );
    }
    drop(first);
    let mut window = Window::open_live(&desk, &cloud, &account).await?;
    for screen in SCREENS {
        window.click_button(screen).await?;
        passes_axe(&window, screen).await?;
    }
    for (button, dialog) in [
        ("Pause plan", "pause"),
        ("Cancel the plan instead", "cancel"),
        ("Change plan", "change plan"),
        ("Redeem coupon", "coupon"),
        ("Buy credits", "buy credits"),
    ] {
        window.click_button("Plan & renewal").await?;
        window.click_button(button).await?;
        window.text("dialog h2").await?;
        passes_axe(&window, dialog).await?;
        window.chord("Escape").await?;
        window.wait_until_gone("dialog").await?;
    }
    window.click_button("Settings").await?;
    window.click_button("Import a history…").await?;
    window.text("dialog h2").await?;
    passes_axe(&window, "import").await?;
    window.chord("Escape").await?;
    window.wait_until_gone("dialog").await?;
    window.click_button("History").await?;
    window.click("main [data-seq]").await?;
    window.text("aside .why").await?;
    passes_axe(&window, "inspector").await?;
    window.click_button("Add to dispute").await?;
    window.text(".composer [data-file='statement.pdf']").await?;
    passes_axe(&window, "composer").await?;
    window.click_button("Overview").await?;
    window.click("[aria-label='What is due'] .all").await?;
    window.text("dialog table").await?;
    passes_axe(&window, "deadlines").await?;
    window.chord("Escape").await?;
    window.wait_until_gone("dialog").await?;
    window.click_button("Event mode").await?;
    window.look_at("Boothkeeper event").await?;
    window.text("[data-balance]").await?;
    passes_axe(&window, "event mode").await
}

/// For each of `SCREENS`, a selector that matches once the screen is loaded.
const READY: [&str; 6] = [
    "main [data-alarm] .ways",
    "main [data-seq]",
    "main [data-order] ~ [data-order]",
    "main [aria-label='All disputes']",
    "main[data-screen=outbox] section",
    "main [aria-label=Reminders] label",
];

const SCREENS: [&str; 6] = [
    "Overview",
    "History",
    "Plan & renewal",
    "Disputes",
    "Outbox",
    "Settings",
];

/// Fails if axe finds a serious or critical fault in the light or the dark theme.
async fn passes_axe(window: &Window, what: &str) -> anyhow::Result<()> {
    window.settled().await?;
    for theme in ["light", "dark"] {
        window.theme(theme).await?;
        window.settled().await?;
        let found = window.axe().await?;
        assert_eq!(found, Vec::<String>::new(), "{what} in {theme}");
    }
    Ok(())
}

/// The alarm and the plan screen of an account in its last days of grace.
#[tokio::test]
async fn screens_in_grace_pass_accessibility_check_in_both_themes() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = closing(&desk).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text("[data-alarm]").await?;
    passes_axe(&window, "alarm").await?;
    window.click_button("Plan & renewal").await?;
    window.text("[data-order]").await?;
    passes_axe(&window, "plan in grace").await
}

/// An account in grace with a declining card, two and a half days before it closes.
async fn closing(desk: &Desktop) -> anyhow::Result<(Cloud, Account)> {
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-01T00:00:00Z"))?;
    let failing = json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    });
    let account = cloud.account(with(basic(123_456), failing)).await?;
    cloud.advance_to("2026-03-28T12:00:00Z").await?;
    Ok((cloud, account))
}

/// The session's locale changes no amount and no deadline, and `50,00` typed as an amount means 50.00, not 5,000.00.
#[tokio::test]
async fn german_or_arabic_locale_changes_no_amount_or_deadline() -> anyhow::Result<()> {
    for locale in ["de_DE.UTF-8", "ar_EG.UTF-8"] {
        let desk = Desktop::new()?;
        let (cloud, account) = closing(&desk).await?;
        Laptop::signed_in(&desk.data(), &cloud, &account)?;
        let start = Start {
            key: Some(&account.key),
            locale: Some(locale),
            ..Start::default()
        };
        let window = Window::open(&desk, start).await?;
        window
            .wait_for_text("main [data-trust]", |text| text.contains("Live · verified"))
            .await?;
        assert_eq!(
            window.text("[data-balance]").await?,
            "$1,234.56",
            "{locale}"
        );
        window
            .wait_for_text("[data-alarm]", |text| {
                text.contains("On Mon 30 Mar 20:00 EDT")
            })
            .await?;
        window.click_button("Buy credits").await?;
        window.type_into("dialog input", "50,00").await?;
        window.click_button("Buy $50.00").await?;
        let laptop = Laptop::new(&desk.data()).with_key(&account.key);
        until("the purchase", async || {
            let outbox = laptop.ok(&["outbox", "list"])?;
            let amount = outbox["commands"][0]["amount"].as_i64();
            assert!(amount.is_none_or(|amount| amount == 5_000), "{outbox}");
            Ok(amount.map(drop))
        })
        .await?;
    }
    Ok(())
}

/// Every control can be scrolled into view at twice the size and in right-to-left layout.
#[tokio::test]
async fn controls_are_reachable_at_twice_the_size_and_right_to_left() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let (cloud, account) = closing(&desk).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    for step in ["from right to left", "at twice the size", "both"] {
        match step {
            "at twice the size" => {
                window
                    .script("document.documentElement.dir = 'ltr'", vec![])
                    .await?;
                window.zoom_to_twice().await?;
            }
            _ => drop(
                window
                    .script("document.documentElement.dir = 'rtl'", vec![])
                    .await?,
            ),
        }
        for (n, screen) in SCREENS.iter().enumerate() {
            window.chord(&format!("ctrl+{}", n + 1)).await?;
            window.text(READY[n]).await?;
            window.settled().await?;
            // The names of all controls that cannot be scrolled into view.
            let script = "const seen = (e) => {
                    e.scrollIntoView({ block: 'center', inline: 'center' });
                    const box = e.getBoundingClientRect();
                    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                    return x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
                };
                return [...document.querySelectorAll('button, input, select')]
                    .filter((e) => e.checkVisibility() && !seen(e))
                    .map((e) => e.textContent || e.ariaLabel || e.name)";
            let lost = window.script(script, vec![]).await?;
            assert_eq!(lost, json!([]), "{screen} {step}");
        }
    }
    Ok(())
}
