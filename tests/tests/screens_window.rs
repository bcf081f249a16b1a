//! What a screen says is of one moment and known: odd balances, grace's last days, studios, closed accounts, drafts, in
//! the real window.

use anyhow::ensure;
use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desk::Desk;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

fn failing() -> Value {
    json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    })
}

/// From a booth's small change to the largest that a journal can hold.
#[tokio::test]
async fn numerals_fit_at_any_amount() -> anyhow::Result<()> {
    for balance in [123_456, 9_007_199_254_740_991_i64] {
        let desk = Desk::new()?;
        let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
        let account = cloud.account(basic(balance)).await?;
        let mut window = Window::open_live(&desk, &cloud, &account).await?;
        window.resize(900, 600).await?;
        window.cuts_no_amount("overview").await?;
        for screen in ["History", "Plan & renewal"] {
            window.press(screen).await?;
            window.cuts_no_amount(screen).await?;
        }
        window.press("Overview").await?;
        window.press("Event mode").await?;
        window.look_at("Boothkeeper event").await?;
        let whole = window
            .sees("[data-balance]", |text| text.contains(','))
            .await?;
        window
            .cuts_no_amount(&format!("event mode, {whole}"))
            .await?;
    }
    Ok(())
}

/// The sum under the balance is of the balance's own entry, or says that it is not; at zero the window says what stops.
#[tokio::test]
async fn what_changed_is_of_the_balance_above_it() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud
        .account(with(basic(2_000), json!({ "plan": "payg" })))
        .await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // At each look both are of one entry, or the older says so.
    let honest = "const balance = document.querySelector('.hero [data-balance]')?.dataset.balance;
        const sum = document.querySelector('[data-sum]');
        if (!balance || !sum) return null;
        const closing = sum.textContent.split('=').pop();
        const same = closing.includes((balance / 100).toFixed(2));
        return same || (sum.textContent.includes('newest entries') && !sum.querySelector('svg'))
            ? Number(balance) : `${balance} above ${sum.textContent}`;";
    let mut left = 2_000;
    while left > 0 {
        cloud.runs(&account, "draw_me", 10).await?;
        left -= 250;
        until(&format!("a balance of {left}"), async || {
            let seen = window.script(honest, vec![]).await?;
            ensure!(!seen.is_string(), "{seen}");
            Ok((seen == json!(left)).then_some(()))
        })
        .await?;
    }
    window
        .sees("[data-stopped]", |text| {
            text.contains("No credits are left")
        })
        .await?;
    // A run that failed says what it was; nobody has promised anything.
    window.press("History").await?;
    window
        .sees(".totals", |text| {
            text.contains("$20.00") && text.contains("Closing")
        })
        .await?;
    window
        .type_into("[aria-label='Search history']", "draw_me")
        .await?;
    window
        .sees(".totals", |text| {
            text.contains("$20.00") && !text.contains("Closing")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn last_days_of_grace_are_drawn_and_told_as_they_are() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud.account(with(basic(9_000), failing())).await?;
    cloud.advance_to("2026-03-11T07:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // The period that it pays for ends a month after the old one did: very soon.
    window
        .sees("[data-alarm]", |text| {
            text.contains("day 29 of 30")
                && text.contains("Credits pay: $90.00 → $41.00")
                && text.contains("Paid until Fri 10 Apr")
        })
        .await?;
    window.press("Plan & renewal").await?;
    let places = "const at = [...document.querySelectorAll('circle[data-stop]')]
            .map((stop) => Number(stop.getAttribute('cx')));
        return at.length === 3 ? (at[1] - at[0]) / (at[2] - at[0]) : null;";
    until("the timeline", async || {
        let place = window.script(places, vec![]).await?;
        let Some(place) = place.as_f64() else {
            return Ok(None);
        };
        ensure!(
            (0.95..=1.0).contains(&place),
            "day 29 of 30 is drawn at {place}"
        );
        Ok(Some(()))
    })
    .await?;
    // Without a network a pause waits: the alarm says so.
    cloud.fault("/v1/commands", 1_000, json!("drop")).await?;
    window.press("Pause plan").await?;
    window.press_label("I understand").await?;
    window.press("Switch").await?;
    window.press("Overview").await?;
    window
        .sees("[data-decided]", |text| {
            text.contains("Pay-As-You-Go") && text.contains("all of this stands")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn closed_account_offers_no_purchase() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud.account(with(basic(15_000), failing())).await?;
    cloud.advance_to("2026-03-20T08:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .sees("section.closed", |text| {
            text.contains("This account is closed")
        })
        .await?;
    let buys = "return [...document.querySelectorAll('button')]
        .filter((button) => button.textContent.includes('Buy')).length";
    ensure!(window.script(buys, vec![]).await? == 0);
    // As the rules have it: it is asked back, and nobody owes it.
    window
        .click("[data-finding='account_closed'] > .link")
        .await?;
    window
        .sees("main", |text| {
            text.contains("You ask back") && text.contains("$150.00") && !text.contains("owed")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn daily_limit_that_is_used_up_is_said_on_the_overview() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-03-07T09:00:00Z"))?;
    let account = cloud
        .account(json!({
            "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
            "opening_balance": 4_000, "legacy": ["branding_app"],
        }))
        .await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.gone("[data-stopped]").await?;
    cloud.runs(&account, "basic_image_hd", 15).await?;
    window
        .sees("[data-stopped]", |text| {
            text.contains("limit of 75") && text.contains("00:00 UTC")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn account_without_a_cent_has_no_days_of_spending() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = cloud
        .account(with(basic(0), json!({ "plan": "payg" })))
        .await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.press("History").await?;
    window.text("[data-seq]").await?;
    window.gone("figure").await
}

#[tokio::test]
async fn draft_is_no_dispute_and_a_shared_row_is_no_reason() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-20T12:00:00Z"))?;
    let account = cloud
        .account(with(basic(1_000), json!({ "plan": "payg" })))
        .await?;
    let failed = json!({ "service": "draw_me", "outcome": "failed" });
    cloud.control(&account, "runs", failed).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // The run names its cause: nothing of it is unexplained.
    window.press("History").await?;
    window.click("[data-seq='3']").await?;
    window
        .sees("aside .why", |text| {
            text.contains("A run failed") && !text.contains("Not explained")
        })
        .await?;
    window.press("Overview").await?;
    let row = "[data-finding='run_failed_not_refunded']";
    window
        .sees(row, |text| text.contains("Ask support"))
        .await?;
    window.click(&format!("{row} > .link")).await?;
    window.text("[data-owed]").await?;
    window.press("Overview").await?;
    window
        .sees(row, |text| {
            text.contains("Go on with the draft") && !text.contains("In dispute")
        })
        .await?;
    window.click(&format!("{row} > .link")).await?;
    window.press("Submit").await?;
    window.press("Overview").await?;
    window.sees(row, |text| text.contains("In dispute")).await?;
    Ok(())
}

/// Credits that end are told of one instant and one day: on the screen, in the notification, and as in the other places.
#[tokio::test]
async fn credits_near_their_end_are_shown_and_notified_of_one_day() -> anyhow::Result<()> {
    let desk = Desk::with_notifier()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-03-07T03:00:00Z"))?;
    let account = cloud
        .account(json!({
            "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
            "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
        }))
        .await?;
    let laptop = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    laptop.ok(&["pause", "--yes"])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // Eleven in the evening of the sixth where the window is.
    window
        .sees("[data-deadline='grant_expiry']", |text| {
            text.contains("Mon") && text.contains('6') && text.contains("Credits expire")
        })
        .await?;
    cloud.advance_to("2026-04-06T04:00:00Z").await?;
    until("a notification", async || {
        let told = desk.notifications()?;
        let told = told
            .iter()
            .find(|told| told.summary.contains("Credits expire"));
        Ok(told.map(|told| told.body.clone()))
    })
    .await
    .and_then(|body| {
        ensure!(
            body.contains("2026-04-06 23:00") && body.contains("500"),
            "{body}"
        );
        Ok(())
    })
}
