//! How support resolves disputes: the outcome is in the journal, and the laptop shows the credits that came back.

use boothkeeper_tests::booth::{Booth, basic, id, with};
use serde_json::{Value, json};

/// Scenario 10 to its end: a failed run's dispute is resolved with a refund linked to the run, and a bonus on top.
#[tokio::test]
async fn dispute_resolved_by_support_credits_refund_and_bonus() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let (cloud, laptop) = (&booth.cloud, &booth.laptop);
    let draft = laptop.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    let sent = laptop.ok(&["dispute", "send", id(&draft)])?;
    let ticket = id(&sent).to_owned();
    assert!(ticket.starts_with("dsp_"), "{sent}");
    let control = |step: &str| format!("/sandbox/disputes/{ticket}/{step}");
    cloud.post(&control("review"), json!({})).await?;
    let reply = json!({ "text": "We look into it. Call +49 30 1234567." });
    cloud.post(&control("message"), reply).await?;
    laptop.ok(&["sync"])?;
    let show = laptop.ok(&["dispute", "show", &ticket])?;
    assert_eq!(show["state"], "in_review");
    assert_eq!(show["messages"][1]["text"], "We look into it. Call •••67.");
    // Support wrote last, so no reply of support is due.
    let replies = || -> anyhow::Result<usize> {
        let told = laptop.ok(&["deadlines"])?;
        let all = told["deadlines"].as_array().into_iter().flatten();
        Ok(all.filter(|told| told["code"] == "dispute_reply").count())
    };
    assert_eq!((&show["answered"], replies()?), (&json!(true), 0));
    assert_eq!(show["reply_expected_by"], Value::Null);
    let list = laptop.text(&["dispute", "list"])?;
    assert!(list.contains("support has written"), "{list}");
    laptop.ok(&["dispute", "message", &ticket, "Any news?"])?;
    laptop.ok(&["sync"])?;
    let show = laptop.ok(&["dispute", "show", &ticket])?;
    assert_eq!((&show["answered"], replies()?), (&json!(false), 1));
    let resolve = json!({ "outcome": "refunded", "refund": 25, "bonus": 50, "note": "Sorry." });
    cloud.post(&control("resolve"), resolve.clone()).await?;
    laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 1_000);
    let done = laptop.ok(&["dispute", "show", &ticket])?;
    assert_eq!(
        (&done["state"], &done["outcome"], &done["returned"]),
        (&json!("resolved"), &json!("refunded"), &json!(75))
    );
    assert_eq!(done["reply_expected_by"], Value::Null);
    let texts: Vec<_> = done["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].clone())
        .collect();
    assert_eq!(texts[2..], [json!("Any news?"), json!("Sorry.")]);
    assert_eq!(
        booth.newest(3)?,
        ["usage_refund", "compensation", "dispute_resolved"]
    );
    let explained = laptop.ok(&["explain"])?;
    let codes = explained["findings"].as_array().unwrap().iter();
    assert!(
        !codes
            .clone()
            .any(|f| f["code"] == "run_failed_not_refunded")
    );
    assert_eq!(laptop.ok(&["dispute", "list"])?["won_back"], 75);
    // A resolved dispute takes no further message and no second resolution.
    assert_eq!(
        laptop.fails(&["dispute", "message", &ticket, "And?"])?.1,
        "not_open"
    );
    let (status, _) = cloud
        .call(reqwest::Method::POST, &control("resolve"), "", &resolve)
        .await?;
    assert_eq!(status, 409);
    Ok(())
}

/// Scenario 11 to its end: a coupon's missing bonus is activated by the dispute's resolution, once.
#[tokio::test]
async fn dispute_resolution_activates_missing_coupon_bonus_once() -> anyhow::Result<()> {
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let booth = Booth::new("2026-01-10T12:00:00Z", annual).await?;
    booth.laptop.ok(&["coupon", " basic2free "])?;
    booth.until("2026-01-10T12:10:00Z").await?;
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "coupon_bonus_overdue"])?;
    assert_eq!(
        (&draft["kind"], &draft["coupon"], &draft["owed"]),
        (
            &json!("coupon_bonus_missing"),
            &json!("Basic2Free"),
            &json!(10_000)
        )
    );
    let sent = booth.laptop.ok(&["dispute", "send", id(&draft)])?;
    let path = format!("/sandbox/disputes/{}/resolve", id(&sent));
    booth
        .cloud
        .post(&path, json!({ "outcome": "credited", "refund": 10_000 }))
        .await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 11_200);
    assert_eq!(booth.newest(2)?, ["coupon_bonus", "dispute_resolved"]);
    assert_eq!(booth.laptop.ok(&["verify"])?["ok"], true);
    Ok(())
}

/// A purchase that never arrived is credited as a purchase entry, once.
#[tokio::test]
async fn lost_purchase_is_credited_once_by_dispute_resolution() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    booth
        .cloud
        .buy(&booth.account, 10_000, json!("lost"))
        .await?;
    booth.until("2026-01-10T12:10:00Z").await?;
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "purchase_overdue"])?;
    let sent = booth.laptop.ok(&["dispute", "send", id(&draft)])?;
    assert_eq!(
        sent["reply_expected_by"], "2026-01-10T23:59:59.999Z",
        "the same day"
    );
    let path = format!("/sandbox/disputes/{}/resolve", id(&sent));
    booth
        .cloud
        .post(
            &path,
            json!({ "outcome": "credited", "refund": 10_000, "bonus": 500 }),
        )
        .await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 11_500);
    assert_eq!(
        booth.newest(3)?,
        ["purchase", "compensation", "dispute_resolved"]
    );
    Ok(())
}

/// A withdrawn or rejected dispute does not prevent a new one about the same subject.
#[tokio::test]
async fn withdrawn_or_rejected_dispute_can_be_filed_again() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let laptop = &booth.laptop;
    let file = || -> anyhow::Result<String> {
        let draft = laptop.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
        let sent = laptop.ok(&["dispute", "send", id(&draft)])?;
        Ok(id(&sent).to_owned())
    };
    let first = file()?;
    laptop.ok(&["dispute", "withdraw", &first])?;
    assert_eq!(
        laptop.ok(&["dispute", "show", &first])?["state"],
        "withdrawn"
    );
    let second = file()?;
    assert_ne!(first, second);
    let path = format!("/sandbox/disputes/{second}/reject");
    booth
        .cloud
        .post(&path, json!({ "note": "The photo was delivered." }))
        .await?;
    laptop.ok(&["sync"])?;
    let rejected = laptop.ok(&["dispute", "show", &second])?;
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(rejected["messages"][1]["text"], "The photo was delivered.");
    assert_ne!(file()?, second);
    // Another account cannot see the ticket.
    let stranger = booth.cloud.booth(100).await?;
    let (status, _) = booth
        .cloud
        .get(&format!("/v1/disputes/{second}"), &stranger.key)
        .await?;
    assert_eq!(status, 404);
    Ok(())
}

/// The last step of scenario 14: a closed account takes one kind of dispute, and is restored by it.
#[tokio::test]
async fn closed_account_is_restored_by_dispute() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    booth.laptop.ok(&["cancel", "--yes"])?;
    booth.until("2026-03-12T08:00:00Z").await?;
    let other = booth
        .laptop
        .ok(&["dispute", "new", "--kind", "other", "--message", "Hello?"])?;
    assert_eq!(other["problems"], json!(["account_closed"]));
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "account_closed"])?;
    assert_eq!(
        (&draft["kind"], &draft["owed"]),
        (&json!("account_closed"), &json!(8_000))
    );
    let sent = booth.laptop.ok(&["dispute", "send", id(&draft)])?;
    assert_eq!(sent["state"], "submitted");
    let path = format!("/sandbox/disputes/{}/resolve", id(&sent));
    booth
        .cloud
        .post(&path, json!({ "outcome": "credited", "refund": 8_000 }))
        .await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 8_000);
    assert_eq!(
        booth.newest(3)?,
        ["restored", "reversal", "dispute_resolved"]
    );
    Ok(())
}
