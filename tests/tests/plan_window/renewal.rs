//! The renewal: who pays, the end of grace, paying in grace, and cancelling.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;

use super::{failing, other_laptop};

/// Scenario 2: grace begins in winter time and ends in summer time.
#[tokio::test]
async fn end_of_grace_is_shown_in_laptop_time_zone_with_summer_time() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?
        .with_account("2026-02-01T00:00:00Z", with(basic(14_235), failing()))
        .await?;
    cloud.advance_to("2026-03-01T12:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .wait_for_text("[data-alarm]", |text| {
            text.contains("On Mon 30 Mar 20:00 EDT your account closes")
                && text.contains("$142.35 in credits are deleted")
        })
        .await?;
    window.click_button("Plan & renewal").await?;
    window
        .wait_for_text("[aria-label='What happens when']", |text| {
            text.contains("Mon 30 Mar 20:00 EDT") && text.contains("Sat 28 Feb 19:00 EST")
        })
        .await?;
    Ok(())
}

/// Scenarios 5 and 6 in grace: card or credits can be chosen, and each shows what it takes.
#[tokio::test]
async fn payment_in_grace_shows_payer_and_remaining_balance() -> anyhow::Result<()> {
    let (desk, cloud, account) = Desktop::new()?
        .with_account("2026-02-01T00:00:00Z", with(basic(14_235), failing()))
        .await?;
    cloud.advance_to("2026-03-02T00:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .wait_for_text("[data-alarm]", |text| {
            text.contains("was declined on Sun 1 Mar")
                && text.contains("It is tried again on Tue 3 Mar")
        })
        .await?;
    window.click_button("Pay $49.00 now").await?;
    // The card was declined, so credits are proposed; the card can still be chosen.
    window
        .wait_for_text("dialog dl", |text| text.contains("Taken from credits"))
        .await?;
    window.click_label("The card, Visa").await?;
    window
        .wait_for_text("dialog dl", |text| {
            text.contains("Charged to the card now") && text.contains("$142.35")
        })
        .await?;
    window.click_label("Credits, $142.35 → $93.35").await?;
    window
        .wait_for_text("dialog dl", |text| {
            text.contains("Taken from credits") && text.contains("$93.35")
        })
        .await?;
    window.click("dialog .primary").await?;
    window
        .wait_for_text("nav .figure", |text| text == "$93.35")
        .await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    assert_eq!(laptop.ok(&["plan"])?["state"], "active");
    Ok(())
}

/// The cancel dialog shows when the account closes, and which fee is still charged before it closes.
#[tokio::test]
async fn cancel_dialog_shows_closing_date_and_fee_charged_before_closing() -> anyhow::Result<()> {
    let (_desk, cloud, _account, window) = Desktop::new()?
        .with_window("2026-01-10T08:00:00Z", basic(14_235))
        .await?;
    window.click_button("Plan & renewal").await?;
    window.click_button("Cancel the plan instead").await?;
    window
        .wait_for_text("dialog dl", |text| {
            text.contains("Thu 12 Mar 04:00 EDT, $142.35 deleted") && !text.contains("Next renewal")
        })
        .await?;
    window.chord("Escape").await?;
    // Twelve hours before the renewal a cancel no longer stops it.
    cloud.advance_to("2026-02-09T20:00:00Z").await?;
    window
        .wait_for_text("[aria-label='Current plan']", |text| {
            text.contains("12 h left")
        })
        .await?;
    window.click_button("Cancel the plan instead").await?;
    window
        .wait_for_text("dialog dl", |text| {
            text.contains("$49.00 on Tue 10 Feb 03:00 EST, by card")
                && text.contains("Thu 9 Apr 04:00 EDT, $142.35 deleted")
        })
        .await?;
    window.click("dialog footer .destructive").await?;
    window
        .wait_for_text("[aria-label='What happens when']", |text| {
            text.contains("Tue 10 Mar 04:00 EDT") && text.contains("Thu 9 Apr 04:00 EDT")
        })
        .await?;
    Ok(())
}

/// Who pays is chosen twice offline: the last choice is shown, and is in use once the cloud is back.
#[tokio::test]
async fn last_of_two_payers_chosen_offline_is_shown_and_applied() -> anyhow::Result<()> {
    let (desk, mut cloud, account, window) = Desktop::new()?
        .with_window("2026-01-10T08:00:00Z", basic(14_235))
        .await?;
    window.click_button("Plan & renewal").await?;
    window.text("[data-order]").await?;
    cloud.stop();
    window
        .wait_for_text("main [data-trust]", |text| text.contains("offline"))
        .await?;
    window.click("[data-order=credits] input").await?;
    window
        .wait_for_text("[data-order=credits]", |text| text.contains("Waiting"))
        .await?;
    window.click("[data-order=card] input").await?;
    window
        .wait_for_text("[data-order=card]", |text| text.contains("Waiting"))
        .await?;
    let shown = window.text_of("[data-order=card] input", "checked").await?;
    assert_eq!(shown, "true");
    cloud.restart(&[])?;
    window
        .wait_for_text("nav [data-trust]", |text| text.contains("Live"))
        .await?;
    window
        .wait_for_text("[data-order=card]", |text| text.contains("In use"))
        .await?;
    let laptop = other_laptop(&desk, &cloud, &account)?;
    until("both changes in the journal", async || {
        laptop.ok(&["sync"])?;
        let kinds = laptop.ok(&["history", "--kind", "payment_order_changed"]);
        let changes = kinds
            .ok()
            .and_then(|page| page["entries"].as_array().map(Vec::len));
        Ok((changes == Some(2)).then_some(()))
    })
    .await?;
    assert_eq!(laptop.ok(&["plan"])?["payment_order"]["first"], "card");
    Ok(())
}
