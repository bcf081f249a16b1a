//! Filed disputes: one ticket for a dispute, offline and from two laptops, and its resolution.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Account;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::{Start, Window};
use serde_json::json;

use super::{MESSAGE, act_on, at, finding, tickets, with_failed_run};

/// Opens the window on the local copy that the desktop already has.
async fn opened(desk: &Desktop, account: &Account) -> anyhow::Result<Window> {
    let start = Start {
        key: Some(&account.key),
        ..Start::default()
    };
    Window::open(desk, start).await
}

/// Scenario 10 to its end: support refunds a failed run with a bonus, and the screen shows both.
#[tokio::test]
async fn resolved_dispute_of_failed_run_shows_refund_and_bonus() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window
        .wait_for_text(".reason .tag", |text| text == "Failed run, charged")
        .await?;
    window.text("[data-file='statement.pdf']").await?;
    window.text("[data-adds-up='true']").await?;
    window.click_button("Submit $0.25 dispute").await?;
    window
        .wait_for_text("[data-state='submitted']", |text| {
            text.contains("reply expected by Tue 24 Feb")
        })
        .await?;
    // The finding no longer offers a dispute.
    window.click_button("Overview").await?;
    window
        .wait_for_text(&finding("run_failed_not_refunded"), |text| {
            text.contains("In dispute")
        })
        .await?;
    let ticket = tickets(&cloud, &account).await?.remove(0);
    let control = |step: &str| {
        format!(
            "/sandbox/disputes/{}/{step}",
            ticket["id"].as_str().unwrap()
        )
    };
    cloud.post(&control("review"), json!({})).await?;
    let outcome = json!({ "outcome": "refunded", "refund": 25, "bonus": 50, "note": "Sorry for the trouble." });
    cloud.post(&control("resolve"), outcome).await?;
    window.click_button("Disputes").await?;
    window
        .wait_for_text("[data-outcome='refunded']", |text| {
            text.contains("+$0.75 came back")
        })
        .await?;
    window
        .wait_for_text("[data-from='support']", |text| {
            text.contains("Sorry for the trouble.")
        })
        .await?;
    window
        .wait_for_text("[data-won='75']", |text| text == "$0.75")
        .await?;
    window.click_button("Show what was booked").await?;
    let kinds =
        "return [...document.querySelectorAll('main [data-seq]')].map((row) => row.textContent)";
    until("the refund and the bonus in the history", async || {
        let rows = window.script(kinds, vec![]).await?.to_string();
        Ok((rows.contains("+$0.25") && rows.contains("+$0.50")).then_some(()))
    })
    .await?;
    window.click_button("Overview").await?;
    window.text(&finding("run_refunded")).await?;
    window
        .wait_until_gone(&finding("run_failed_not_refunded"))
        .await
}

/// A draft names the ticket that the same operator has filed on another laptop, and opens it.
#[tokio::test]
async fn dispute_draft_shows_ticket_filed_by_another_laptop() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.text("[data-adds-up='true']").await?;
    let elsewhere = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    let draft = elsewhere.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    elsewhere.ok(&["dispute", "send", draft["id"].as_str().unwrap_or_default()])?;
    window
        .wait_for_text("[data-disputed]", |text| {
            text.contains("with support already")
        })
        .await?;
    window.click("[data-disputed] button").await?;
    window.text("[data-state='submitted']").await?;
    window.wait_until_gone(".composer").await
}

/// Scenario 17: a lower balance is explained but disputed anyway, offline, and the window's process is killed twice.
/// The result is one ticket.
#[tokio::test]
async fn explained_dispute_filed_offline_by_killed_window_is_one_ticket() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let (desk, mut cloud, account) =
        at("2026-01-10T08:00:00Z", with(basic(15_000), credits)).await?;
    cloud.advance_to("2026-02-10T09:00:00Z").await?;
    let mut window = Window::open_live(&desk, &cloud, &account).await?;
    window.click_button("History").await?;
    window.click("main [data-seq]").await?;
    window.click_button("Add to dispute").await?;
    window
        .wait_for_text(".reason .tag", |text| text == "Unexpected deduction")
        .await?;
    let select_all = "document.querySelector('[name=expected]').select()";
    window.text("[name=expected]").await?;
    window.script(select_all, vec![]).await?;
    window.type_into("[name=expected]", "150.00").await?;
    window
        .wait_for_text("[data-explained='renewal_paid_from_credits']", |text| {
            text.contains("−$49.00") && text.contains("You can still file it")
        })
        .await?;
    let words = " I never chose credits. Call +1 555 123 4567.";
    window.type_into(MESSAGE, words).await?;
    window
        .wait_for_text("[data-masked]", |text| text.contains("•••67"))
        .await?;
    // The typed message is still there after a kill.
    window.kill();
    cloud.stop();
    let mut window = opened(&desk, &account).await?;
    window.click_button("Disputes").await?;
    until("the message as typed", async || {
        let value = window.text_of(MESSAGE, "value").await?;
        Ok(value.contains("I never chose credits").then_some(()))
    })
    .await?;
    window.click_button("Queue $49.00 dispute").await?;
    window
        .wait_for_text("[data-state='queued']", |text| {
            text.contains("sent when connected")
        })
        .await?;
    window.kill();
    cloud.restart(&[])?;
    // The cloud's first answer is lost.
    cloud.fault("/v1/commands", 1, json!("drop_answer")).await?;
    let window = opened(&desk, &account).await?;
    window.click_button("Disputes").await?;
    window.text("[data-state='submitted']").await?;
    let filed = tickets(&cloud, &account).await?;
    assert_eq!(filed.len(), 1, "{filed:?}");
    let said = filed[0]["messages"][0]["text"].as_str().unwrap();
    assert!(said.contains("Call •••67."), "{said}");
    for file in filed[0]["attachments"].as_array().unwrap() {
        let sha256 = file["sha256"].as_str().unwrap();
        let id = filed[0]["id"].as_str().unwrap();
        let bytes = cloud
            .bytes(&format!("/sandbox/disputes/{id}/blobs/{sha256}"))
            .await?;
        assert_eq!(boothkeeper_wire::sha256(&bytes).to_string(), sha256);
    }
    Ok(())
}

/// Scenario 21: the window and a second laptop dispute the same run.
#[tokio::test]
async fn two_laptops_disputing_one_run_share_ticket_with_both_messages() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let other = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    let new = ["dispute", "new", "--finding", "run_failed_not_refunded"];
    let draft = other.ok(&[&new[..], &["--message", "From the other laptop."]].concat())?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.type_into(MESSAGE, " From the window.").await?;
    window.click_button("Submit $0.25 dispute").await?;
    window.text("[data-state='submitted']").await?;
    let sent = other.ok(&["dispute", "send", draft["id"].as_str().unwrap()])?;
    window
        .wait_for_text("[aria-label='Messages']", |text| {
            text.contains("From the window.") && text.contains("From the other laptop.")
        })
        .await?;
    let filed = tickets(&cloud, &account).await?;
    assert_eq!((filed.len(), &filed[0]["id"]), (1, &sent["id"]));
    Ok(())
}
