//! Pausing the plan: what is confirmed, what is deleted and kept, and pauses that wait in the outbox.

use anyhow::Context;
use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

use super::{failing, other_laptop};

/// Title of the native confirmation before events are deleted.
const SURE: &str = "Switch to Pay-As-You-Go?";

fn weddings(count: u32) -> Vec<Value> {
    let wedding = |n: u32| {
        json!({
            "name": format!("Wedding {n}"),
            "starts_at": format!("2026-05-{n:02}T16:00:00Z"), "ends_at": format!("2026-05-{n:02}T22:00:00Z"),
        })
    };
    (1..=count).map(wedding).collect()
}

/// Scenario 12: a pause needs a ticked checkbox and a native confirmation.
#[tokio::test]
async fn pause_lists_deleted_events_asks_twice_and_keeps_credits() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = with(basic(16_000), json!({ "events": weddings(14) }));
    let account = cloud.account(account).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.click_button("Plan & renewal").await?;
    window.click_button("Pause plan").await?;
    let dialog = window
        .wait_for_text("dialog", |text| text.contains("Wedding 14"))
        .await?;
    for said in [
        "$160.00",
        "14 events",
        "14 of 14",
        "Wedding 1",
        "Prices rise",
        "$0.16 → $0.20",
    ] {
        assert!(dialog.contains(said), "{said:?} in {dialog}");
    }
    let text = boothkeeper_tests::window::VISIBLE_TEXT;
    let locked =
        format!("//dialog//button[@disabled and contains({text}, 'Switch and delete 14 events')]");
    window
        .page
        .find(fantoccini::Locator::XPath(&locked))
        .await
        .context("the button is disabled until the checkbox is ticked")?;
    window.click_label("I understand").await?;
    // A native dialog asks too. Its default button and Escape cancel.
    window.click_button("Switch and delete 14 events").await?;
    window.answer_natively(SURE, &["Return"]).await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    assert_eq!(laptop.ok(&["plan"])?["plan"], "basic", "nothing was done");
    window.click_button("Switch and delete 14 events").await?;
    window.answer_natively(SURE, &["Escape"]).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.ok(&["plan"])?["plan"], "basic", "nothing was done");
    window.click_button("Switch and delete 14 events").await?;
    window.answer_natively(SURE, &["Tab", "Return"]).await?;
    window
        .wait_for_text("[aria-label='Current plan']", |text| {
            text.contains("Pay-As-You-Go")
        })
        .await?;
    laptop.ok(&["sync"])?;
    let plan = laptop.ok(&["plan"])?;
    assert_eq!(
        (&plan["plan"], &plan["next_renewal"]),
        (&json!("payg"), &Value::Null)
    );
    cloud.advance_to("2027-01-10T08:00:00Z").await?;
    window.click_button("Overview").await?;
    window.text("[data-balance=\"16000\"]").await?;
    window
        .wait_for_text("[aria-label='What is due']", |text| {
            text.contains("Nothing is due")
        })
        .await?;
    Ok(())
}

/// Scenario 14: the pause is queued ten minutes before the end of grace, and the cloud is back twenty minutes later.
#[tokio::test]
async fn pause_sent_after_end_of_grace_is_shown_as_refused() -> anyhow::Result<()> {
    let (desk, mut cloud, account) = Desktop::new()?
        .with_account("2026-02-01T00:00:00Z", with(basic(9_000), failing()))
        .await?;
    cloud.advance_to("2026-03-30T23:50:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    cloud.stop();
    window
        .click_button("Pause: switch to Pay-As-You-Go")
        .await?;
    window
        .wait_for_text("dialog .offline", |text| {
            text.contains("Connect before Mon 30 Mar 20:00 EDT, or the account closes")
        })
        .await?;
    window.click_label("I understand").await?;
    window.click_button("Queue the switch").await?;
    window
        .wait_for_text(".waiting", |text| text.contains("Queued, not sent yet"))
        .await?;
    let plan = window.text("[aria-label='Current plan']").await?;
    assert!(
        plan.contains("Basic monthly") && !plan.contains("Pay-As-You-Go"),
        "{plan}"
    );
    cloud.restart_at("2026-03-31T00:10:00Z")?;
    window.click_button("Outbox").await?;
    let refused = window
        .wait_for_text("[data-state=rejected]", |_| true)
        .await?;
    assert!(
        refused.contains("Refused, nothing was changed"),
        "{refused}"
    );
    window.click_button("Overview").await?;
    window
        .wait_for_text(".closed", |text| text.contains("This account is closed"))
        .await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    assert_eq!(
        laptop.journal()?.last(),
        Some(&("closure".to_owned(), -9_000))
    );
    Ok(())
}

#[tokio::test]
async fn action_queued_offline_can_be_withdrawn_before_sending() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let mut cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = with(basic(16_000), json!({ "events": weddings(2) }));
    let account = cloud.account(account).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.click_button("Plan & renewal").await?;
    window.text("[data-order]").await?;
    cloud.stop();
    window
        .wait_for_text("main [data-trust]", |text| text.contains("offline"))
        .await?;
    window.click_button("Pause plan").await?;
    window.click_label("I understand").await?;
    window.click_button("Queue the switch").await?;
    window.answer_natively(SURE, &["Tab", "Return"]).await?;
    window.click_button("Show in outbox").await?;
    window
        .wait_for_text("[data-command=change_plan]", |text| {
            text.contains("Queued")
                && text.contains("must reach the cloud before Tue 10 Feb 03:00 EST")
        })
        .await?;
    window.click_button("Withdraw").await?;
    window
        .wait_for_text("[data-command=change_plan]", |text| {
            text.contains("Withdrawn before it was sent")
        })
        .await?;
    cloud.restart(&[])?;
    window
        .wait_for_text("nav [data-trust]", |text| text.contains("Live"))
        .await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    assert_eq!(laptop.ok(&["plan"])?["plan"], "basic");
    Ok(())
}

/// The second half of scenario 20: the fee was paid meanwhile, so that a pause would now end a paid period.
#[tokio::test]
async fn queued_pause_that_became_worse_asks_again_with_old_and_new_quote() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-01T00:00:00Z"))?;
    let account = with(
        basic(14_235),
        with(failing(), json!({ "events": weddings(1) })),
    );
    let account = cloud.account(account).await?;
    cloud.advance_to("2026-03-02T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    // Only commands fail; the local copy stays live.
    cloud.fault("/v1/commands", 100_000, json!("5xx")).await?;
    window
        .click_button("Pause: switch to Pay-As-You-Go")
        .await?;
    window.click_label("I understand").await?;
    window.click_button("Switch and delete 1 event").await?;
    window.answer_natively(SURE, &["Tab", "Return"]).await?;
    window
        .wait_for_text(".waiting", |text| text.contains("Pause"))
        .await?;
    cloud.card(&account, "approve").await?;
    cloud.advance_to("2026-03-20T00:00:00Z").await?;
    window
        .wait_for_text("[aria-label='Current plan']", |text| {
            text.contains("Paid period")
        })
        .await?;
    cloud.fault("/v1/commands", 0, json!("5xx")).await?;
    window.click_button("Outbox").await?;
    let handed = window
        .wait_for_text("[data-state=needs_decision]", |text| {
            text.contains("It would now be")
        })
        .await?;
    assert!(
        handed.contains("You were shown")
            && handed.contains("Nothing was done")
            && !handed.contains("worse"),
        "{handed}"
    );
    let laptop = other_laptop(&desk, &cloud, &account)?;
    assert_eq!(
        laptop.ok(&["plan"])?["plan"],
        "basic",
        "nothing was destroyed"
    );
    // The operator confirms again, with the current quote.
    window.click_button("Decide again").await?;
    window.click_label("I understand").await?;
    window.click_button("Switch and delete 1 event").await?;
    window.answer_natively(SURE, &["Tab", "Return"]).await?;
    window
        .wait_for_text("[data-state=settled]", |text| text.contains("Done"))
        .await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.ok(&["plan"])?["plan"], "payg");
    assert_eq!(laptop.balance()?["balance"], 14_235);
    Ok(())
}

#[tokio::test]
async fn pause_and_payment_order_work_from_the_keyboard_alone() -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let account = with(basic(16_000), json!({ "events": weddings(1) }));
    let account = cloud.account(account).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    // Ctrl 3 is Plan & renewal.
    window.chord("ctrl+3").await?;
    window.text("[data-order]").await?;
    window.tab_to("payer").await?;
    window.chord("Down").await?;
    window
        .wait_for_text("[data-order=credits]", |text| text.contains("In use"))
        .await?;
    laptop.ok(&["sync"])?;
    assert_eq!(laptop.ok(&["plan"])?["payment_order"]["first"], "credits");
    window.tab_to("Pause plan…").await?;
    window.chord("Return").await?;
    window.text("dialog .events").await?;
    // The focus is on the checkbox. Escape closes the dialog and changes nothing.
    until("the focus on the checkbox", async || {
        let script = "return document.activeElement?.type";
        Ok((window.script(script, vec![]).await? == "checkbox").then_some(()))
    })
    .await?;
    window.chord("Escape").await?;
    until("the dialog closed", async || {
        let script = "return document.querySelector('dialog') === null";
        Ok((window.script(script, vec![]).await? == true).then_some(()))
    })
    .await?;
    window.tab_to("Pause plan…").await?;
    window.chord("Return").await?;
    window.text("dialog .events").await?;
    window.chord("space").await?;
    window.tab_to("Switch and delete 1 event").await?;
    window.chord("Return").await?;
    window.answer_natively(SURE, &["Tab", "Return"]).await?;
    window
        .wait_for_text("[aria-label='Current plan']", |text| {
            text.contains("Pay-As-You-Go")
        })
        .await?;
    Ok(())
}

/// A studio with a legacy product: both allowances expire at one instant, shown as one refresh.
#[tokio::test]
async fn plan_and_legacy_allowance_of_studio_are_shown_as_one_refresh() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?.with_account("2026-03-07T09:00:00Z", json!({
            "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
            "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
        })).await?;
    let legacy = json!({ "product": "branding_app" });
    cloud.control(&account, "legacy", legacy).await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    let deadlines = laptop.ok(&["deadlines"])?;
    let deadlines = deadlines["deadlines"].as_array().context("no deadlines")?;
    let of = |code: &str| -> Vec<_> { deadlines.iter().filter(|d| d["code"] == code).collect() };
    let refreshes = of("allowance_refresh");
    assert_eq!((refreshes.len(), of("grant_expiry").len()), (1, 0));
    assert_eq!(refreshes[0]["credits_at_risk"], 708, "both: {refreshes:?}");
    window.click_button("Plan & renewal").await?;
    window
        .wait_for_text("[aria-label='Who pays for renewal']", |text| {
            text.contains("credits cannot pay fees")
                && text.contains("With it comes the allowance of 708")
                && text.contains("credits then 748")
        })
        .await?;
    // Every screen shows the same balance after the renewal.
    let renewal = laptop.ok(&["renewal", "preview"])?;
    assert_eq!(renewal["card_first"]["balance_after"], 748);
    let plan = laptop.ok(&["plan"])?;
    assert_eq!(plan["next_renewal"]["balance_after"], 748);
    window.click_button("Overview").await?;
    let what = window.text_of("[data-deadline='renewal'] .what", "textContent");
    let what = what.await?;
    assert!(what.contains("credits stay 748"), "{what}");
    window.click_button("Plan & renewal").await?;
    // A studio pauses to Legacy. The dialog names the allowance that stops, and until when the kept credits last.
    window.click_button("Pause plan").await?;
    window
        .wait_for_text("dialog", |text| {
            text.contains("Legacy") && text.contains("500 of the monthly allowance")
        })
        .await?;
    window
        .wait_for_text("dialog .facts", |text| {
            text.contains("748") && text.contains("of them 708 until")
        })
        .await?;
    window.click_label("I understand").await?;
    window.click_button("Switch").await?;
    window
        .wait_for_text("[aria-label='Current plan']", |text| {
            text.contains("Legacy")
        })
        .await?;
    // The pause leads to no finding about a wrong allowance.
    laptop.ok(&["sync"])?;
    let explained = laptop.ok(&["explain"])?;
    let differs = explained["findings"].as_array().context("findings")?;
    let differs = differs.iter().find(|f| f["code"] == "allowance_mismatch");
    assert_eq!(differs, None);
    Ok(())
}
