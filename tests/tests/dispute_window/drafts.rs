//! Findings on the Overview, and dispute drafts that follow the finding they are about.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

use super::{MESSAGE, act_on, at, finding, tickets};

/// Scenario 7: a renewal fee was paid from credits, as the operator had set.
#[tokio::test]
async fn window_explains_renewal_fee_by_one_entry_and_offers_one_action() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let (desk, cloud, account) = at("2026-01-10T08:00:00Z", with(basic(19_135), credits)).await?;
    cloud.advance_to("2026-02-10T09:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .wait_for_text("[data-sum='-4900']", |text| {
            text.contains("$191.35 − $49.00 = $142.35")
        })
        .await?;
    window
        .wait_for_text("[data-cause='renewal_paid_from_credits']", |text| {
            text.contains("−$49.00") && text.contains("entry ")
        })
        .await?;
    let renewal = finding("renewal_paid_from_credits");
    window
        .wait_for_text(&renewal, |text| {
            text.contains("as set") && text.contains("Change who pays")
        })
        .await?;
    window.wait_until_gone("[data-cause='unexplained']").await?;
    // The history shows the finding's one entry, with its explanation.
    window.click(&format!("{renewal} .rows")).await?;
    let rows = "return document.querySelectorAll('main [data-seq]').length";
    until("one row", async || {
        Ok((window.script(rows, vec![]).await? == 1).then_some(()))
    })
    .await?;
    window.click("main [data-seq]").await?;
    window
        .wait_for_text("[data-cause='renewal_paid_from_credits']", |text| {
            text.contains("$49.00") && text.contains("Explained from")
        })
        .await?;
    window.click_button("Overview").await?;
    act_on(&window, "renewal_paid_from_credits").await?;
    window
        .wait_for_text("h1", |title| title == "Plan & renewal")
        .await?;
    Ok(())
}

/// Scenario 9: a purchase arrives eleven minutes late.
#[tokio::test]
async fn dispute_draft_withdraws_itself_when_overdue_purchase_arrives() -> anyhow::Result<()> {
    let (desk, cloud, account) = at("2026-01-10T12:00:00Z", basic(1_000)).await?;
    let late = json!({ "delayed_seconds": 660 });
    cloud.buy(&account, 10_000, late).await?;
    cloud.advance_to("2026-01-10T12:04:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text(&finding("purchase_processing")).await?;
    cloud.advance_to("2026-01-10T12:10:00Z").await?;
    act_on(&window, "purchase_overdue").await?;
    window
        .wait_for_text(".reason .tag", |text| text == "Purchase not arrived")
        .await?;
    window
        .wait_for_text("[data-owed='10000']", |text| text == "$100.00")
        .await?;
    assert_eq!(window.text_of(".amount", "value").await?, "$110.00");
    // The purchase arrives: the unedited draft withdraws itself and says so, and the finding disappears.
    cloud.advance_to("2026-01-10T12:11:00Z").await?;
    window
        .wait_for_text("[aria-label='All disputes']", |text| {
            text.contains("Withdrew itself: this has come right")
        })
        .await?;
    window
        .wait_for_text("[role='group'] footer", |text| {
            text.contains("it withdrew itself")
        })
        .await?;
    window.click_button("Dismiss").await?;
    window
        .wait_for_text("[aria-label='All disputes']", |text| {
            text.contains("Nothing is in dispute")
        })
        .await?;
    window.click_button("Overview").await?;
    window.text("[data-cause='purchase']").await?;
    window.wait_until_gone(&finding("purchase_overdue")).await?;
    assert_eq!(tickets(&cloud, &account).await?, Vec::<Value>::new());
    Ok(())
}

/// Scenario 11: a coupon's bonus arrives after a dispute draft about it was edited.
#[tokio::test]
async fn edited_dispute_draft_says_that_coupon_bonus_has_arrived() -> anyhow::Result<()> {
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let (desk, cloud, account) = at("2026-01-10T12:00:00Z", annual).await?;
    let laptop = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    laptop.ok(&["coupon", " basic2free "])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text(&finding("coupon_bonus_pending")).await?;
    cloud.advance_to("2026-01-10T12:10:00Z").await?;
    act_on(&window, "coupon_bonus_overdue").await?;
    window
        .wait_for_text(".reason .tag", |text| text == "Coupon bonus missing")
        .await?;
    window.text("[data-owed='10000']").await?;
    // An edited draft is kept, and says that the bonus has arrived.
    window.type_into(MESSAGE, " Please look.").await?;
    window
        .wait_for_text(".composer header", |text| text.contains("Draft saved"))
        .await?;
    cloud
        .control(&account, "coupons/basic2free/activate", json!({}))
        .await?;
    window
        .wait_for_text(".composer", |text| {
            text.contains("has come right meanwhile")
        })
        .await?;
    window.click_button("Overview").await?;
    window
        .wait_until_gone(&finding("coupon_bonus_overdue"))
        .await?;
    window
        .wait_for_text("[data-cause='coupon_bonus']", |text| {
            text.contains("+$100.00")
        })
        .await?;
    Ok(())
}
