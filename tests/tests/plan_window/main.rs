//! Plan actions in the real window: pausing, cancelling, paying and choosing who pays, by clicks and keys, with a
//! sandbox cloud.

mod pause;
mod renewal;

use boothkeeper_tests::booth::basic;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};

/// A card that declines, without credits as the fallback.
fn failing() -> Value {
    json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    })
}

/// Another laptop of the same operator, to read the account as the cloud has it.
fn other_laptop(desk: &Desktop, cloud: &Cloud, account: &Account) -> anyhow::Result<Laptop> {
    Laptop::signed_in(&desk.folder().join("other_laptop"), cloud, account)
}

#[tokio::test]
async fn refused_action_is_shown_in_its_dialog_and_can_be_dismissed() -> anyhow::Result<()> {
    let (_desk, _cloud, _account, window) = Desktop::new()?
        .with_window("2026-01-10T08:00:00Z", basic(14_235))
        .await?;
    window.click_button("Buy credits").await?;
    window.type_into("dialog input", "20").await?;
    window.click_button("Buy $20.00").await?;
    window
        .wait_for_text("dialog .outcome", |text| {
            text.contains("$50.00 is the least")
        })
        .await?;
    window.chord("Escape").await?;
    window.click_button("Plan & renewal").await?;
    window.click_button("Redeem coupon").await?;
    window.type_into("dialog input", "nosuch").await?;
    window.click("dialog .primary").await?;
    window
        .wait_for_text("dialog .outcome", |text| {
            text.contains("There is no such coupon")
        })
        .await?;
    window.chord("Escape").await?;
    // Refused actions can be dismissed.
    window.click_button("Outbox").await?;
    window.text("[data-command=redeem_coupon]").await?;
    window.click_button("Dismiss").await?;
    window.click_button("Dismiss").await?;
    window
        .wait_for_text("main", |text| {
            text.contains("Nothing was decided on this computer yet")
        })
        .await?;
    Ok(())
}
