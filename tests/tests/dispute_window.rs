//! Explanations and disputes in the real window: a finding is explained, its entries are opened, and a dispute about it
//! is written, sent and followed to its resolution.

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desk::Desk;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::{Start, Window};
use serde_json::{Value, json};

const MESSAGE: &str = "#dispute-message";

/// A desk, a sandbox whose time stands still at `clock`, and an account on it.
async fn at(clock: &str, account: Value) -> anyhow::Result<(Desk, Cloud, Account)> {
    let desk = Desk::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some(clock))?;
    let account = cloud.account(account).await?;
    Ok((desk, cloud, account))
}

/// A card booth with three runs, one of which failed and was charged.
async fn with_failed_run() -> anyhow::Result<(Desk, Cloud, Account)> {
    let start = "2026-02-20T12:00:00Z";
    let (desk, cloud, account) = at(start, with(basic(1_000), json!({ "plan": "payg" }))).await?;
    cloud.runs(&account, "draw_me", 2).await?;
    let failed = json!({ "service": "draw_me", "event": "Miller wedding", "outcome": "failed" });
    cloud.control(&account, "runs", failed).await?;
    Ok((desk, cloud, account))
}

fn finding(code: &str) -> String {
    format!("[data-finding='{code}']")
}

/// Clicks the action that a finding on the Overview offers.
async fn act_on(window: &Window, code: &str) -> anyhow::Result<()> {
    let row = finding(code);
    window.text(&row).await?;
    window.click(&format!("{row} > button:last-child")).await
}

async fn tickets(cloud: &Cloud, account: &Account) -> anyhow::Result<Vec<Value>> {
    let (_, answer) = cloud.get("/v1/disputes", &account.key).await?;
    Ok(answer["disputes"].as_array().cloned().unwrap_or_default())
}

/// Opens the window on the copy that the desk already has.
async fn opened(desk: &Desk, account: &Account) -> anyhow::Result<Window> {
    let start = Start {
        key: Some(&account.key),
        ..Start::default()
    };
    Window::open(desk, start).await
}

/// Scenario 7.
#[tokio::test]
async fn renewal_fee_is_one_finding_with_one_entry_and_one_action() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let (desk, cloud, account) = at("2026-01-10T08:00:00Z", with(basic(19_135), credits)).await?;
    cloud.advance_to("2026-02-10T09:00:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window
        .sees("[data-sum='-4900']", |text| {
            text.contains("$191.35 − $49.00 = $142.35")
        })
        .await?;
    window
        .sees("[data-cause='renewal_paid_from_credits']", |text| {
            text.contains("−$49.00") && text.contains("entry ")
        })
        .await?;
    let renewal = finding("renewal_paid_from_credits");
    window
        .sees(&renewal, |text| {
            text.contains("as set") && text.contains("Change who pays")
        })
        .await?;
    window.gone("[data-cause='unexplained']").await?;
    // The history shows its one entry, with the explanation.
    window.click(&format!("{renewal} .rows")).await?;
    let rows = "return document.querySelectorAll('main [data-seq]').length";
    until("one row", async || {
        Ok((window.script(rows, vec![]).await? == 1).then_some(()))
    })
    .await?;
    window.click("main [data-seq]").await?;
    window
        .sees("[data-cause='renewal_paid_from_credits']", |text| {
            text.contains("$49.00") && text.contains("Explained from")
        })
        .await?;
    window.press("Overview").await?;
    act_on(&window, "renewal_paid_from_credits").await?;
    window.sees("h1", |title| title == "Plan & renewal").await?;
    Ok(())
}

/// Scenario 9.
#[tokio::test]
async fn overdue_purchase_draft_withdraws_itself_when_purchase_arrives() -> anyhow::Result<()> {
    let (desk, cloud, account) = at("2026-01-10T12:00:00Z", basic(1_000)).await?;
    let late = json!({ "delayed_seconds": 660 });
    cloud.buy(&account, 10_000, late).await?;
    cloud.advance_to("2026-01-10T12:04:00Z").await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text(&finding("purchase_processing")).await?;
    cloud.advance_to("2026-01-10T12:10:00Z").await?;
    act_on(&window, "purchase_overdue").await?;
    window
        .sees(".reason .tag", |text| text == "Purchase not arrived")
        .await?;
    window
        .sees("[data-owed='10000']", |text| text == "$100.00")
        .await?;
    assert_eq!(window.text_of(".amount", "value").await?, "$110.00");
    // The purchase arrives: the unedited draft withdraws itself and says so, and the finding disappears.
    cloud.advance_to("2026-01-10T12:11:00Z").await?;
    window
        .sees("[aria-label='All disputes']", |text| {
            text.contains("Withdrew itself: this has come right")
        })
        .await?;
    window
        .sees("[role='group'] footer", |text| {
            text.contains("it withdrew itself")
        })
        .await?;
    window.press("Dismiss").await?;
    window
        .sees("[aria-label='All disputes']", |text| {
            text.contains("Nothing is in dispute")
        })
        .await?;
    window.press("Overview").await?;
    window.text("[data-cause='purchase']").await?;
    window.gone(&finding("purchase_overdue")).await?;
    assert_eq!(tickets(&cloud, &account).await?, Vec::<Value>::new());
    Ok(())
}

/// Scenario 10 to its end: support refunds the run with a bonus, and the screen shows both.
#[tokio::test]
async fn disputed_failed_run_shows_refund_and_bonus() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window
        .sees(".reason .tag", |text| text == "Failed run, charged")
        .await?;
    window.text("[data-file='statement.pdf']").await?;
    window.text("[data-adds-up='true']").await?;
    window.press("Submit $0.25 dispute").await?;
    window
        .sees("[data-state='submitted']", |text| {
            text.contains("reply expected by Tue 24 Feb")
        })
        .await?;
    // The finding no longer offers a dispute.
    window.press("Overview").await?;
    window
        .sees(&finding("run_failed_not_refunded"), |text| {
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
    window.press("Disputes").await?;
    window
        .sees("[data-outcome='refunded']", |text| {
            text.contains("+$0.75 came back")
        })
        .await?;
    window
        .sees("[data-from='support']", |text| {
            text.contains("Sorry for the trouble.")
        })
        .await?;
    window
        .sees("[data-won='75']", |text| text == "$0.75")
        .await?;
    window.press("Show what was booked").await?;
    let kinds =
        "return [...document.querySelectorAll('main [data-seq]')].map((row) => row.textContent)";
    until("the refund and the bonus in the history", async || {
        let rows = window.script(kinds, vec![]).await?.to_string();
        Ok((rows.contains("+$0.25") && rows.contains("+$0.50")).then_some(()))
    })
    .await?;
    window.press("Overview").await?;
    window.text(&finding("run_refunded")).await?;
    window.gone(&finding("run_failed_not_refunded")).await
}

/// A draft names the ticket that the same operator has filed on another laptop, and opens it.
#[tokio::test]
async fn draft_shows_ticket_filed_by_another_laptop() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.text("[data-adds-up='true']").await?;
    let elsewhere = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    let draft = elsewhere.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    elsewhere.ok(&["dispute", "send", draft["id"].as_str().unwrap_or_default()])?;
    window
        .sees("[data-disputed]", |text| {
            text.contains("with support already")
        })
        .await?;
    window.click("[data-disputed] button").await?;
    window.text("[data-state='submitted']").await?;
    window.gone(".composer").await
}

/// Scenario 11.
#[tokio::test]
async fn edited_draft_says_that_coupon_bonus_has_arrived() -> anyhow::Result<()> {
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let (desk, cloud, account) = at("2026-01-10T12:00:00Z", annual).await?;
    let laptop = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    laptop.ok(&["coupon", " basic2free "])?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    window.text(&finding("coupon_bonus_pending")).await?;
    cloud.advance_to("2026-01-10T12:10:00Z").await?;
    act_on(&window, "coupon_bonus_overdue").await?;
    window
        .sees(".reason .tag", |text| text == "Coupon bonus missing")
        .await?;
    window.text("[data-owed='10000']").await?;
    // An edited draft is kept, and says that the bonus has arrived.
    window.type_into(MESSAGE, " Please look.").await?;
    window
        .sees(".composer header", |text| text.contains("Draft saved"))
        .await?;
    cloud
        .control(&account, "coupons/basic2free/activate", json!({}))
        .await?;
    window
        .sees(".composer", |text| {
            text.contains("has come right meanwhile")
        })
        .await?;
    window.press("Overview").await?;
    window.gone(&finding("coupon_bonus_overdue")).await?;
    window
        .sees("[data-cause='coupon_bonus']", |text| {
            text.contains("+$100.00")
        })
        .await?;
    Ok(())
}

/// Scenario 17: the difference is explained but disputed anyway, offline, and the process is killed twice. The result
/// is one ticket.
#[tokio::test]
async fn explained_dispute_filed_offline_and_killed_is_one_ticket() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let (desk, mut cloud, account) =
        at("2026-01-10T08:00:00Z", with(basic(15_000), credits)).await?;
    cloud.advance_to("2026-02-10T09:00:00Z").await?;
    let mut window = Window::open_live(&desk, &cloud, &account).await?;
    window.press("History").await?;
    window.click("main [data-seq]").await?;
    window.press("Add to dispute").await?;
    window
        .sees(".reason .tag", |text| text == "Unexpected deduction")
        .await?;
    let select_all = "document.querySelector('[name=expected]').select()";
    window.text("[name=expected]").await?;
    window.script(select_all, vec![]).await?;
    window.type_into("[name=expected]", "150.00").await?;
    window
        .sees("[data-explained='renewal_paid_from_credits']", |text| {
            text.contains("−$49.00") && text.contains("You can still file it")
        })
        .await?;
    let words = " I never chose credits. Call +1 555 123 4567.";
    window.type_into(MESSAGE, words).await?;
    window
        .sees("[data-masked]", |text| text.contains("•••67"))
        .await?;
    // The typed message is still there after a kill.
    window.kill();
    cloud.stop();
    let mut window = opened(&desk, &account).await?;
    window.press("Disputes").await?;
    until("the message as typed", async || {
        let value = window.text_of(MESSAGE, "value").await?;
        Ok(value.contains("I never chose credits").then_some(()))
    })
    .await?;
    window.press("Queue $49.00 dispute").await?;
    window
        .sees("[data-state='queued']", |text| {
            text.contains("sent when connected")
        })
        .await?;
    window.kill();
    cloud.restart(&[])?;
    // The cloud's first answer is lost.
    cloud.fault("/v1/commands", 1, json!("drop_answer")).await?;
    let window = opened(&desk, &account).await?;
    window.press("Disputes").await?;
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

/// Scenario 21.
#[tokio::test]
async fn two_laptops_disputing_one_run_share_ticket_with_both_messages() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let other = Laptop::signed_in(&desk.folder().join("elsewhere"), &cloud, &account)?;
    let new = ["dispute", "new", "--finding", "run_failed_not_refunded"];
    let draft = other.ok(&[&new[..], &["--message", "From the other laptop."]].concat())?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.type_into(MESSAGE, " From the window.").await?;
    window.press("Submit $0.25 dispute").await?;
    window.text("[data-state='submitted']").await?;
    let sent = other.ok(&["dispute", "send", draft["id"].as_str().unwrap()])?;
    window
        .sees("[aria-label='Messages']", |text| {
            text.contains("From the window.") && text.contains("From the other laptop.")
        })
        .await?;
    let filed = tickets(&cloud, &account).await?;
    assert_eq!((filed.len(), &filed[0]["id"]), (1, &sent["id"]));
    Ok(())
}

/// Native dialogs and drag and drop: attach files to a draft, save its e-mail, and import a history without a cloud.
#[tokio::test]
async fn native_dialogs_attach_files_save_mail_and_import_history() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let receipt = desk.folder().join("receipt.pdf");
    std::fs::write(&receipt, b"%PDF-1.7\nthanks\n")?;
    // Installed before the window starts: running programs notice a new mail program only after a delay.
    let opened = desk.put_mail_program()?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.press("Add file").await?;
    window.pick_natively("Open File", "receipt.pdf").await?;
    window
        .sees("[data-file='receipt.pdf']", |text| text.contains("yours"))
        .await?;
    let picture = desk.folder().join("screen.png");
    std::fs::write(&picture, include_bytes!("../../icons/app/32x32.png"))?;
    window.drop_natively(&picture).await?;
    window
        .sees("[data-file='screen.png']", |text| text.contains("yours"))
        .await?;
    let letter = desk.folder().join("letter.eml");
    window.press("Save e-mail").await?;
    window.pick_natively("Save File", "letter.eml").await?;
    window
        .sees(".composer", |text| text.contains("Saved 1 letter"))
        .await?;
    let saved = std::fs::read_to_string(&letter)?;
    assert!(saved.contains("receipt.pdf"), "attached");

    window.press("Settings").await?;
    window.press("Import a history…").await?;
    let table = desk.folder().join("vendor.csv");
    std::fs::write(
        &table,
        "Date,What,Change,Balance\n03/04/2026,Top-up,50.00,50.00\n05/04/2026,AI run,-1.25,48.75\n",
    )?;
    window.press("Choose files").await?;
    window.pick_natively("Open File", "vendor.csv").await?;
    window.text("[data-ask='ask_dates']").await?;
    window.choose("Dates", "dmy").await?;
    window.click("dialog .primary").await?;
    window.text("[data-imported='2']").await?;
    window.press("Close").await?;
    window
        .sees("main [data-trust='imported']", |text| {
            text.contains("mported")
        })
        .await?;
    window.text("[data-balance='4875']").await?;

    window.press("Disputes").await?;
    window.press("New dispute").await?;
    window.type_into(MESSAGE, "Where did it go?").await?;
    window.press("Open in mail program").await?;
    until("the e-mail in the mail program", async || {
        let letter = std::fs::read_to_string(&opened).unwrap_or_default();
        let whole = letter.contains("Where did it go?") && letter.contains("statement.pdf");
        Ok(whole.then_some(()))
    })
    .await
}
