//! `explain` on the command line: the causes add up to the change of the balance, and findings name their entries,
//! deadlines and actions.

use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use reqwest::Method;
use serde_json::{Value, json};

fn explained(booth: &Booth) -> anyhow::Result<Value> {
    explained_by(&booth.laptop, &["explain"])
}

/// Runs `explain` and checks that the causes add up to the change of the balance.
fn explained_by(laptop: &Laptop, arguments: &[&str]) -> anyhow::Result<Value> {
    let explained = laptop.ok(arguments)?;
    let sum: i64 = explained["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["delta"].as_i64().unwrap())
        .sum();
    assert_eq!(explained["delta"], sum, "the causes add up: {explained}");
    let opening = explained["opening"].as_i64().unwrap();
    assert_eq!(explained["closing"], opening + sum);
    Ok(explained)
}

fn finding(explained: &Value, code: &str) -> Option<Value> {
    let findings = explained["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|finding| finding["code"] == code)
        .cloned()
}

fn cause(explained: &Value, code: &str) -> Option<i64> {
    let causes = explained["causes"].as_array().unwrap();
    causes.iter().find(|cause| cause["code"] == code)?["delta"].as_i64()
}

/// Scenario 4: a studio's allowance comes on the 7th, its billing day, and not on the first of the month.
#[tokio::test]
async fn allowance_before_billing_day_is_not_due_yet() -> anyhow::Result<()> {
    let freelancer = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
        "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-03-07T09:00:00Z", freelancer).await?;
    booth.until("2026-04-01T00:00:00Z").await?;
    let due = finding(&explained(&booth)?, "allowance_not_due_yet").unwrap();
    assert_eq!(
        (&due["deadline"], &due["amount"]),
        (&json!("2026-04-07T09:00:00.000Z"), &json!(500))
    );
    booth.until("2026-04-08T00:00:00Z").await?;
    let after = explained(&booth)?;
    assert_eq!(
        (cause(&after, "expiry"), cause(&after, "allowance")),
        (Some(-500), Some(500))
    );
    let next = finding(&after, "allowance_not_due_yet").unwrap();
    assert_eq!(next["deadline"], "2026-05-07T09:00:00.000Z");
    assert_eq!(finding(&after, "allowance_missing"), None);
    Ok(())
}

/// Scenarios 6 and 7: a renewal is paid from credits, because the card declined or because the operator set it so.
#[tokio::test]
async fn explain_of_renewal_from_credits_names_fee_and_declined_card() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(19_135), credits)).await?;
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(booth.balance()?, 14_235);
    let why = booth
        .laptop
        .ok(&["explain", "--from", "2026-02-10", "--to", "2026-02-10"])?;
    assert_eq!(
        (&why["opening"], &why["delta"], &why["unexplained"]),
        (&json!(19_135), &json!(-4_900), &json!(0))
    );
    assert_eq!(why["causes"].as_array().unwrap().len(), 1);
    let renewal = finding(&why, "renewal_paid_from_credits").unwrap();
    assert_eq!(renewal["entries"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&renewal["amount"], &renewal["action"]),
        (&json!(4_900), &json!("change_payment_order"))
    );
    assert_eq!(finding(&why, "card_declined"), None);

    let declines = json!({ "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" } });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(16_000), declines)).await?;
    booth.until("2026-02-10T08:00:00Z").await?;
    let why = explained(&booth)?;
    let renewal = finding(&why, "renewal_paid_from_credits").unwrap();
    let declined = finding(&why, "card_declined").unwrap();
    assert_eq!(
        renewal["entries"][0], declined["entries"][0],
        "the decline is part of the evidence"
    );
    assert_eq!(renewal["entries"].as_array().unwrap().len(), 2);
    Ok(())
}

/// Scenario 9: a purchase arrives eleven minutes late.
#[tokio::test]
async fn purchase_is_processing_then_overdue_then_credited() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    booth
        .cloud
        .buy(&booth.account, 10_000, json!({ "delayed_seconds": 660 }))
        .await?;
    booth.until("2026-01-10T12:04:00Z").await?;
    let early = explained(&booth)?;
    let processing = finding(&early, "purchase_processing").unwrap();
    assert_eq!(
        (&processing["amount"], &processing["severity"]),
        (&json!(10_000), &json!("info"))
    );
    assert_eq!(finding(&early, "purchase_overdue"), None);
    booth.until("2026-01-10T12:10:00Z").await?;
    let late = explained(&booth)?;
    let overdue = finding(&late, "purchase_overdue").unwrap();
    assert_eq!(
        (&overdue["entries"], &overdue["action"]),
        (&processing["entries"], &json!("dispute"))
    );
    assert_eq!(finding(&late, "purchase_processing"), None);
    booth.until("2026-01-10T12:11:00Z").await?;
    let here = explained(&booth)?;
    assert_eq!(
        (finding(&here, "purchase_overdue"), cause(&here, "purchase")),
        (None, Some(11_000))
    );
    Ok(())
}

/// Scenario 10: a failed run was charged, and is refunded later.
#[tokio::test]
async fn explain_reports_failed_run_until_it_is_refunded() -> anyhow::Result<()> {
    let booth = Booth::new(
        "2026-01-10T12:00:00Z",
        with(basic(1_000), json!({ "plan": "payg" })),
    )
    .await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    cloud.runs(account, "draw_me", 2).await?;
    cloud
        .control(
            account,
            "runs",
            json!({ "service": "draw_me", "outcome": "failed" }),
        )
        .await?;
    booth.laptop.ok(&["sync"])?;
    let owed = explained(&booth)?;
    assert_eq!(cause(&owed, "usage"), Some(-75));
    let failed = finding(&owed, "run_failed_not_refunded").unwrap();
    assert_eq!(
        (&failed["amount"], &failed["action"]),
        (&json!(25), &json!("dispute"))
    );
    let history = booth.laptop.ok(&["history", "--kind", "run_failed"])?;
    cloud
        .control(
            account,
            "refund",
            json!({ "run": history["entries"][0]["run"] }),
        )
        .await?;
    booth.laptop.ok(&["sync"])?;
    let settled = explained(&booth)?;
    assert_eq!(finding(&settled, "run_failed_not_refunded"), None);
    let refunded = finding(&settled, "run_refunded").unwrap();
    assert_eq!(
        (&refunded["amount"], &refunded["entries"][0]),
        (&json!(25), &failed["entries"][0])
    );
    Ok(())
}

/// Scenario 11: a coupon's bonus is pending at first, then overdue, then activated.
#[tokio::test]
async fn coupon_bonus_is_pending_then_overdue_then_credited() -> anyhow::Result<()> {
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let booth = Booth::new("2026-01-10T12:00:00Z", annual).await?;
    booth.laptop.ok(&["coupon", " basic2free "])?;
    assert_eq!(
        finding(&explained(&booth)?, "coupon_bonus_pending").unwrap()["amount"],
        10_000
    );
    booth.until("2026-01-10T12:10:00Z").await?;
    assert_eq!(
        finding(&explained(&booth)?, "coupon_bonus_overdue").unwrap()["action"],
        "dispute"
    );
    booth
        .cloud
        .control(&booth.account, "coupons/basic2free/activate", json!({}))
        .await?;
    booth.laptop.ok(&["sync"])?;
    let done = explained(&booth)?;
    assert_eq!(finding(&done, "coupon_bonus_overdue"), None);
    assert_eq!(cause(&done, "coupon_bonus"), Some(10_000));
    Ok(())
}

/// An adjustment without a reason in the journal is unexplained.
#[tokio::test]
async fn balance_adjustment_without_reason_is_unexplained() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    booth
        .cloud
        .control(
            &booth.account,
            "adjust",
            json!({ "amount": -300, "reason": "double booking" }),
        )
        .await?;
    booth.laptop.ok(&["sync"])?;
    let view = explained(&booth)?;
    assert_eq!(
        (cause(&view, "adjustment"), &view["unexplained"]),
        (Some(-300), &json!(0))
    );
    booth
        .cloud
        .control(&booth.account, "adjust", json!({ "amount": -50 }))
        .await?;
    booth.laptop.ok(&["sync"])?;
    let odd = explained(&booth)?;
    assert_eq!(
        (cause(&odd, "unexplained"), &odd["unexplained"]),
        (Some(-50), &json!(-50))
    );
    assert_eq!(finding(&odd, "unexplained").unwrap()["action"], "dispute");
    Ok(())
}

/// `explain` reports a used up daily limit and a cancellation once they are true and not before; grace and the closure
/// are reported too.
#[tokio::test]
async fn explain_reports_daily_limit_and_cancellation_only_once_they_occur() -> anyhow::Result<()> {
    let legacy = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
        "opening_balance": 100, "legacy": ["branding_app"],
    });
    let booth = Booth::new("2026-01-15T12:00:00Z", legacy).await?;
    booth.cloud.runs(&booth.account, "premium_image", 7).await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(finding(&explained(&booth)?, "daily_limit_reached"), None);
    booth.cloud.runs(&booth.account, "basic_image", 5).await?;
    booth.laptop.ok(&["sync"])?;
    let reached = finding(&explained(&booth)?, "daily_limit_reached").unwrap();
    assert_eq!(reached["deadline"], "2026-01-16T00:00:00.000Z");

    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    assert_eq!(
        finding(&explained(&booth)?, "cancel_leads_to_closure"),
        None
    );
    booth.laptop.ok(&["cancel", "--yes"])?;
    let trap = finding(&explained(&booth)?, "cancel_leads_to_closure").unwrap();
    assert_eq!(
        (&trap["deadline"], &trap["action"]),
        (&json!("2026-03-12T08:00:00.000Z"), &json!("pause"))
    );
    booth.until("2026-02-20T08:00:00Z").await?;
    let grace = finding(&explained(&booth)?, "grace_running").unwrap();
    assert_eq!(
        (&grace["amount"], &grace["severity"]),
        (&json!(8_000), &json!("alarm"))
    );
    booth.until("2026-03-12T08:00:00Z").await?;
    let closed = explained(&booth)?;
    assert!(finding(&closed, "account_closed").is_some());
    assert_eq!(cause(&closed, "account_closed"), Some(-8_000));
    Ok(())
}

/// A run is charged on one day, fails on the next, and is refunded on the day after.
#[tokio::test]
async fn run_that_fails_after_midnight_is_settled_by_later_refund() -> anyhow::Result<()> {
    let payg = with(basic(1_000), json!({ "plan": "payg" }));
    let booth = Booth::new("2026-03-02T23:58:00Z", payg).await?;
    let (cloud, key) = (&booth.cloud, &booth.account.key);
    let run = json!({ "id": "run_late", "service": "draw_me", "units": 1 });
    cloud.call(Method::POST, "/v1/runs", key, &run).await?;
    booth.until("2026-03-03T00:02:00Z").await?;
    let timeout = json!({ "code": "timeout" });
    let failed = "/v1/runs/run_late/failed";
    cloud.call(Method::POST, failed, key, &timeout).await?;
    booth.laptop.ok(&["sync"])?;
    let day = ["explain", "--from", "2026-03-03", "--to", "2026-03-03"];
    let owed = explained_by(&booth.laptop, &day)?;
    assert_eq!(
        finding(&owed, "run_failed_not_refunded").unwrap()["amount"],
        25
    );
    booth.until("2026-03-04T09:00:00Z").await?;
    let refund = json!({ "run": "run_late" });
    cloud.control(&booth.account, "refund", refund).await?;
    booth.laptop.ok(&["sync"])?;
    let settled = explained_by(&booth.laptop, &day)?;
    assert_eq!(finding(&settled, "run_failed_not_refunded"), None);
    assert_eq!(settled["delta"], 0);
    Ok(())
}

/// A history of over 10,000 entries, of which each of several threads reads a part.
#[tokio::test]
async fn every_balance_change_of_long_history_has_one_cause() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let seed = ["--profile", "large", "--entries", "12345"];
    let (cloud, account) = Cloud::seeded(&folder.path().join("cloud"), &seed)?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let explained = explained_by(&laptop, &["explain", "--from", "2000-01-01"])?;
    let mut claimed: Vec<u64> = explained["causes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|cause| cause["entries"].as_array().unwrap())
        .map(|seq| seq.as_u64().unwrap())
        .collect();
    claimed.sort_unstable();
    let copy = rusqlite::Connection::open(laptop.cache())?;
    let mut moved = copy.prepare("SELECT seq FROM entries WHERE delta <> 0 ORDER BY seq")?;
    let moved: Vec<u64> = moved
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    assert!(moved.len() > 10_000);
    assert_eq!(claimed, moved);
    assert_eq!(explained["closing"], laptop.balance()?["balance"]);
    Ok(())
}

/// With `--to` alone, `explain` covers the month that ends on that day. A `--from` in the future is out of range.
#[tokio::test]
async fn explain_with_last_day_only_covers_month_up_to_that_day() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    booth.until("2026-06-10T12:00:00Z").await?;
    let view = explained_by(&booth.laptop, &["explain", "--to", "2026-02-20"])?;
    assert_eq!(view["days"], json!(["2026-01-21", "2026-02-20"]));
    let late = ["explain", "--from", "2026-12-05"];
    assert_eq!(booth.laptop.fails(&late)?.1, "out_of_range");
    Ok(())
}
