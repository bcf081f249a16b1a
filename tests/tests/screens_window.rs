//! Texts and numbers on the screens of the real window: odd balances, the last days of grace, studios, closed accounts
//! and drafts.

use anyhow::ensure;
use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

/// A card that declines, without credits as the fallback.
fn failing() -> Value {
    json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    })
}

/// Balances from a small one to the largest that a journal can hold.
#[tokio::test]
async fn small_and_largest_balances_are_not_cut_off_in_small_window() -> anyhow::Result<()> {
    for balance in [123_456, 9_007_199_254_740_991_i64] {
        let (_desk, _cloud, _account, mut window) = Desktop::new()?
            .with_window("2026-01-10T08:00:00Z", basic(balance))
            .await?;
        window.resize(900, 600).await?;
        window.assert_no_amount_cut("overview").await?;
        for screen in ["History", "Plan & renewal"] {
            window.click_button(screen).await?;
            window.assert_no_amount_cut(screen).await?;
        }
        window.click_button("Overview").await?;
        window.click_button("Event mode").await?;
        window.look_at("Boothkeeper event").await?;
        let whole = window
            .wait_for_text("[data-balance]", |text| text.contains(','))
            .await?;
        window
            .assert_no_amount_cut(&format!("event mode, {whole}"))
            .await?;
    }
    Ok(())
}

/// The sum of changes under the balance comes to that balance, or says that it lacks the newest entries. At zero
/// credits the window says what stops.
#[tokio::test]
async fn sum_of_changes_on_overview_matches_balance_above_it() -> anyhow::Result<()> {
    let (_desk, cloud, account, window) = Desktop::new()?
        .with_window(
            "2026-01-10T08:00:00Z",
            with(basic(2_000), json!({ "plan": "payg" })),
        )
        .await?;
    // Script that returns the balance if the sum agrees with it or says that it is behind, otherwise a text with both.
    let consistent =
        "const balance = document.querySelector('.hero [data-balance]')?.dataset.balance;
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
            let seen = window.script(consistent, vec![]).await?;
            ensure!(!seen.is_string(), "{seen}");
            Ok((seen == json!(left)).then_some(()))
        })
        .await?;
    }
    window
        .wait_for_text("[data-stopped]", |text| {
            text.contains("No credits are left")
        })
        .await?;
    // The totals have a closing balance, except while a search is active.
    window.click_button("History").await?;
    window
        .wait_for_text(".totals", |text| {
            text.contains("$20.00") && text.contains("Closing")
        })
        .await?;
    window
        .type_into("[aria-label='Search history']", "draw_me")
        .await?;
    window
        .wait_for_text(".totals", |text| {
            text.contains("$20.00") && !text.contains("Closing")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn last_days_of_grace_are_shown_with_correct_dates() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?
        .with_account("2026-01-10T08:00:00Z", with(basic(9_000), failing()))
        .await?;
    cloud.advance_to("2026-03-11T07:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // Paying now pays for the period that contains today, until 10 April.
    window
        .wait_for_text("[data-alarm]", |text| {
            text.contains("day 29 of 30")
                && text.contains("Credits pay: $90.00 → $41.00")
                && text.contains("Paid until Fri 10 Apr")
        })
        .await?;
    window.click_button("Plan & renewal").await?;
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
    // A pause that cannot be sent waits, and the alarm says so.
    cloud.fault("/v1/commands", 1_000, json!("drop")).await?;
    window.click_button("Pause plan").await?;
    window.click_label("I understand").await?;
    window.click_button("Switch").await?;
    window.click_button("Overview").await?;
    window
        .wait_for_text("[data-decided]", |text| {
            text.contains("Pay-As-You-Go") && text.contains("all of this stands")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn closed_account_offers_no_purchase() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?
        .with_account("2026-01-10T08:00:00Z", with(basic(15_000), failing()))
        .await?;
    cloud.advance_to("2026-03-20T08:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .wait_for_text("section.closed", |text| {
            text.contains("This account is closed")
        })
        .await?;
    let buys = "return [...document.querySelectorAll('button')]
        .filter((button) => button.textContent.includes('Buy')).length";
    ensure!(window.script(buys, vec![]).await? == 0);
    // The dispute asks for the credits back, but does not call them owed.
    window
        .click("[data-finding='account_closed'] > .link")
        .await?;
    window
        .wait_for_text("main", |text| {
            text.contains("You ask back") && text.contains("$150.00") && !text.contains("owed")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn used_up_daily_limit_is_shown_on_overview() -> anyhow::Result<()> {
    let (_desk, cloud, account, window) = Desktop::new()?
        .with_window(
            "2026-03-07T09:00:00Z",
            json!({
                "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
                "opening_balance": 4_000, "legacy": ["branding_app"],
            }),
        )
        .await?;
    window.wait_until_gone("[data-stopped]").await?;
    cloud.runs(&account, "basic_image_hd", 15).await?;
    window
        .wait_for_text("[data-stopped]", |text| {
            text.contains("limit of 75") && text.contains("00:00 UTC")
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn account_without_credits_has_no_spending_chart() -> anyhow::Result<()> {
    let (_desk, _cloud, _account, window) = Desktop::new()?
        .with_window(
            "2026-01-10T08:00:00Z",
            with(basic(0), json!({ "plan": "payg" })),
        )
        .await?;
    window.click_button("History").await?;
    window.text("[data-seq]").await?;
    window.wait_until_gone("figure").await
}

#[tokio::test]
async fn finding_with_unsent_dispute_draft_is_not_shown_as_in_dispute() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?
        .with_account(
            "2026-02-20T12:00:00Z",
            with(basic(1_000), json!({ "plan": "payg" })),
        )
        .await?;
    let failed = json!({ "service": "draw_me", "outcome": "failed" });
    cloud.control(&account, "runs", failed).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // The entry of the failed run is explained.
    window.click_button("History").await?;
    window.click("[data-seq='3']").await?;
    window
        .wait_for_text("aside .why", |text| {
            text.contains("A run failed") && !text.contains("Not explained")
        })
        .await?;
    window.click_button("Overview").await?;
    let row = "[data-finding='run_failed_not_refunded']";
    window
        .wait_for_text(row, |text| text.contains("Ask support"))
        .await?;
    window.click(&format!("{row} > .link")).await?;
    window.text("[data-owed]").await?;
    window.click_button("Overview").await?;
    window
        .wait_for_text(row, |text| {
            text.contains("Go on with the draft") && !text.contains("In dispute")
        })
        .await?;
    window.click(&format!("{row} > .link")).await?;
    window.click_button("Submit").await?;
    window.click_button("Overview").await?;
    window
        .wait_for_text(row, |text| text.contains("In dispute"))
        .await?;
    Ok(())
}

/// Credits that expire are shown with the same day on screen and in the notification.
#[tokio::test]
async fn expiring_credits_are_shown_and_notified_with_same_day() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::with_notifier()?.with_account("2026-03-07T03:00:00Z", json!({
            "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
            "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
        })).await?;
    let laptop = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    laptop.ok(&["pause", "--yes"])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // 23:00 on 6 April in the window's zone.
    window
        .wait_for_text("[data-deadline='grant_expiry']", |text| {
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
            body.contains("Mon 6 Apr 2026 23:00") && body.contains("500"),
            "{body}"
        );
        Ok(())
    })
}
