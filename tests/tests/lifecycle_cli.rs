//! The life cycle of an account against the running cloud program, by the command line: billing days, grace, closure, pause and
//! reminders.

use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};

/// Scenario 1 with a sign-up in the past: the journal has all renewals since then.
#[tokio::test]
async fn renewals_after_sign_up_on_the_31st_stay_at_month_ends() -> anyhow::Result<()> {
    for (signed_up, starts) in [
        (
            "2025-01-31T10:00:00.000Z",
            ["2025-02-28", "2025-03-31", "2025-04-30"],
        ),
        (
            "2028-01-31T10:00:00.000Z",
            ["2028-02-29", "2028-03-31", "2028-04-30"],
        ),
    ] {
        let request = with(basic(0), json!({ "signed_up_at": signed_up }));
        let booth = Booth::new("2028-05-15T00:00:00Z", request).await?;
        let renewals =
            booth
                .laptop
                .ok(&["history", "--kind", "renewed_by_card", "--limit", "100"])?;
        let days = renewals["entries"].as_array().unwrap().iter().rev();
        let days: Vec<_> = days.map(|e| e["at"].as_str().unwrap().to_owned()).collect();
        let expected = starts.map(|day| format!("{day}T10:00:00.000Z"));
        assert_eq!(days[..3], expected);
        booth.agrees().await?;
    }
    Ok(())
}

/// Scenario 2: the card declines, and grace ends after 30 days to the millisecond, across a change to summer time.
#[tokio::test]
async fn grace_lasts_exactly_thirty_days_across_summer_time_change() -> anyhow::Result<()> {
    let request = with(
        basic(12_300),
        json!({
            "signed_up_at": "2026-02-01T00:00:00Z",
            "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
            "payment_order": { "first": "card", "fallback": false },
        }),
    );
    let booth = Booth::new("2026-03-02T00:00:00Z", request).await?;
    let plan = booth.plan()?;
    assert_eq!(plan["state"], "grace");
    assert_eq!(plan["closes_at"], "2026-03-31T00:00:00.000Z");
    let deadlines = booth.laptop.ok(&["deadlines"])?;
    let due = deadlines["deadlines"].as_array().unwrap();
    assert_eq!(
        (&due[0]["code"], &due[0]["at"]),
        (&json!("payment_retry"), &json!("2026-03-04T00:00:00.000Z")),
        "the card is tried again"
    );
    let grace = due.iter().find(|due| due["code"] == "grace_end").unwrap();
    assert_eq!(grace["credits_at_risk"], 12_300);
    let new_york = Laptop::new(&booth.folder.path().join("new-york")).in_zone("America/New_York");
    let new_york = new_york.with_key(&booth.account.key);
    new_york.ok(&["login", "--cloud", &booth.cloud.url])?;
    let text = new_york.text(&["deadlines"])?;
    assert!(text.contains("Mon 30 Mar 2026 20:00"), "{text}");
    booth.until("2026-03-30T23:59:59.999Z").await?;
    assert_eq!(booth.plan()?["state"], "grace");
    assert_eq!(booth.balance()?, 12_300);
    booth.until("2026-03-31T00:00:00Z").await?;
    assert_eq!(booth.plan()?["state"], "closed");
    assert_eq!(booth.balance()?, 0);
    booth.agrees().await
}

/// Scenario 3: a studio has used up its daily limit just before midnight UTC.
#[tokio::test]
async fn daily_limit_resets_at_midnight_utc() -> anyhow::Result<()> {
    let legacy = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
        "opening_balance": 100, "legacy": ["branding_app"],
    });
    let booth = Booth::new("2026-01-15T12:00:00Z", legacy).await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    cloud.runs(account, "premium_image", 7).await?;
    cloud.runs(account, "basic_image", 4).await?;
    cloud.advance_to("2026-01-15T23:59:59Z").await?;
    let path = format!("/sandbox/accounts/{}/runs", account.id);
    let run = json!({ "service": "basic_image_hd" });
    let (status, refusal) = cloud.call(reqwest::Method::POST, &path, "", &run).await?;
    assert_eq!(
        (status, &refusal["code"]),
        (422, &json!("daily_limit_reached"))
    );
    assert_eq!(refusal["facts"]["resets_at"], "2026-01-16T00:00:00.000Z");
    let dear = json!({ "service": "training" });
    let (_, refusal) = cloud.call(reqwest::Method::POST, &path, "", &dear).await?;
    assert_eq!(refusal["code"], "exceeds_daily_limit");
    cloud.advance_to("2026-01-16T00:00:00Z").await?;
    cloud.runs(account, "basic_image_hd", 1).await?;
    booth.agrees().await
}

/// Scenario 4: a studio's rest of the allowance expires on the billing day, and a new allowance arrives.
#[tokio::test]
async fn allowance_arrives_on_billing_day() -> anyhow::Result<()> {
    let freelancer = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer",
        "cycle": "monthly", "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-03-07T09:00:00Z", freelancer).await?;
    for day in ["08", "09", "10"] {
        booth.until(&format!("2026-03-{day}T09:00:00Z")).await?;
        let count = if day == "10" { 8 } else { 15 };
        booth
            .cloud
            .runs(&booth.account, "premium_image", count)
            .await?;
    }
    booth.until("2026-04-01T00:00:00Z").await?;
    assert_eq!(booth.balance()?, 160);
    let deadlines = booth.laptop.ok(&["deadlines"])?;
    let refresh = deadlines["deadlines"].as_array().unwrap().iter();
    let refresh: Vec<_> = refresh
        .filter(|d| d["code"] == "allowance_refresh")
        .collect();
    assert_eq!(refresh[0]["at"], "2026-04-07T09:00:00.000Z");
    booth.until("2026-04-07T09:00:00Z").await?;
    assert_eq!(booth.newest(3)?, ["expiry", "renewed_by_card", "allowance"]);
    let journal = booth.laptop.journal()?;
    assert_eq!(journal[journal.len() - 3].1, -120);
    assert_eq!(booth.balance()?, 540);
    let set = booth.laptop.run(&["renewal", "set", "credits-first"])?;
    assert_eq!(
        (set.0, &set.1["problem"]),
        (5, &json!("credits_cannot_pay_fees"))
    );
    booth.agrees().await
}

/// Scenario 11: a coupon gives two free months, and a bonus that counts only after its activation.
#[tokio::test]
async fn coupon_is_redeemed_once_for_its_plan_and_bonus_waits_for_activation() -> anyhow::Result<()>
{
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let booth = Booth::new("2026-01-10T08:00:00Z", annual).await?;
    assert_eq!(
        booth.laptop.ok(&["coupon", " basic2free "])?["state"],
        "settled"
    );
    let balance = booth.laptop.balance()?;
    assert_eq!(balance["balance"], 1_200);
    assert_eq!(balance["pending"][0]["amount"], 10_000);
    let (code, again) = booth.laptop.run(&["coupon", "Basic2Free"])?;
    assert_eq!((code, &again["problem"]), (5, &json!("coupon_redeemed")));
    let preview = booth.laptop.ok(&["renewal", "preview"])?;
    assert_eq!(preview["fee"]["amount"], 39_000);
    booth
        .cloud
        .control(&booth.account, "coupons/BASIC2FREE/activate", json!({}))
        .await?;
    booth.laptop.ok(&["sync"])?;
    let balance = booth.laptop.balance()?;
    assert_eq!(
        (&balance["balance"], &balance["pending"]),
        (&json!(11_200), &json!([]))
    );
    booth.until("2027-01-10T08:00:00Z").await?;
    assert_eq!(booth.newest(1)?, ["renewed_by_card"]);
    assert_eq!(
        booth.laptop.ok(&["renewal", "preview"])?["fee"]["amount"],
        46_800
    );

    let monthly = booth.cloud.account(basic(0)).await?;
    let (status, refused) = booth
        .cloud
        .command(
            &monthly,
            &json!({ "kind": "redeem_coupon", "code": "Basic2Free" }),
        )
        .await?;
    assert_eq!(
        (status, &refused["code"]),
        (422, &json!("coupon_not_for_plan"))
    );
    booth.agrees().await
}

/// Scenario 12: a pause deletes 14 events, and keeps all credits for a year.
#[tokio::test]
async fn pause_lists_deleted_events_and_keeps_credits() -> anyhow::Result<()> {
    let events: Vec<_> = (1..=14)
        .map(|n| json!({
            "name": format!("Wedding {n}"),
            "starts_at": format!("2026-05-{n:02}T16:00:00Z"), "ends_at": format!("2026-05-{n:02}T22:00:00Z"),
        }))
        .collect();
    let booth = Booth::new(
        "2026-01-10T08:00:00Z",
        with(basic(16_000), json!({ "events": events })),
    )
    .await?;
    let (code, asked) = booth.laptop.run(&["pause"])?;
    assert_eq!(
        (code, &asked["error"]["code"]),
        (1, &json!("not_confirmed"))
    );
    let quote = &asked["error"]["quote"];
    assert_eq!(quote["destroyed"].as_array().unwrap().len(), 14);
    assert_eq!(quote["kept"], 16_000);
    assert_eq!(booth.plan()?["plan"], "basic");
    assert_eq!(booth.laptop.ok(&["pause", "--yes"])?["state"], "settled");
    let plan = booth.plan()?;
    assert_eq!(
        (&plan["plan"], &plan["next_renewal"]),
        (&json!("payg"), &Value::Null)
    );
    assert_eq!(booth.laptop.ok(&["deadlines"])?["deadlines"], json!([]));
    booth.until("2027-01-10T08:00:00Z").await?;
    assert_eq!(booth.balance()?, 16_000);
    booth.agrees().await
}

/// Scenario 13: the laptop sleeps from day 10 to day 25 of grace. Each step of the reminders, such as 72 or 24 hours
/// before the closure, comes once, although each sync is a new process.
#[tokio::test]
async fn sync_reports_each_closure_reminder_once_with_time_left() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    booth.laptop.ok(&["cancel", "--yes"])?;
    let said = async |instant: &str| -> anyhow::Result<Vec<(String, i64)>> {
        booth.cloud.advance_to(instant).await?;
        let synced = booth.laptop.ok(&["sync"])?;
        let reminders = synced["reminders"].as_array().unwrap().iter();
        let about = |r: &Value| {
            (
                r["code"].as_str().unwrap().to_owned(),
                r["left"].as_i64().unwrap() / 3_600_000,
            )
        };
        Ok(reminders.map(about).collect())
    };
    // Grace runs from 10 February 08:00 to 12 March 08:00.
    said("2026-02-10T08:00:00Z").await?;
    assert_eq!(said("2026-02-20T08:00:00Z").await?, []);
    let end = |hours| vec![("grace_end".to_owned(), hours)];
    assert_eq!(said("2026-03-07T08:00:00Z").await?, end(120));
    let deadlines = booth.laptop.ok(&["deadlines"])?;
    let tiers = &deadlines["deadlines"][0]["tiers"];
    assert_eq!(tiers[0]["skipped_at"], "2026-03-07T08:00:00.000Z");
    assert_eq!(tiers[1]["fired_at"], "2026-03-07T08:00:00.000Z");
    assert_eq!(
        (&tiers[2]["fired_at"], &tiers[2]["skipped_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(said("2026-03-07T09:00:00Z").await?, []);
    assert_eq!(said("2026-03-09T08:00:00Z").await?, end(72));
    assert_eq!(said("2026-03-11T08:00:00Z").await?, end(24));
    assert_eq!(said("2026-03-12T06:00:00Z").await?, end(2));
    assert_eq!(said("2026-03-12T07:00:00Z").await?, []);
    assert_eq!(said("2026-03-12T08:00:00Z").await?, []);
    assert_eq!(booth.plan()?["state"], "closed");
    Ok(())
}

/// Scenario 13: the operator does nothing after the cancel.
#[tokio::test]
async fn cancelled_account_closes_thirty_days_after_its_period() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    assert_eq!(booth.laptop.ok(&["cancel", "--yes"])?["state"], "settled");
    let plan = booth.plan()?;
    assert_eq!(plan["cancel_at"], "2026-02-10T08:00:00.000Z");
    assert_eq!(plan["closes_at"], "2026-03-12T08:00:00.000Z");
    assert_eq!(plan["next_renewal"], Value::Null);
    booth.until("2026-02-20T08:00:00Z").await?;
    let deadlines = booth.laptop.ok(&["deadlines"])?;
    let grace = &deadlines["deadlines"][0];
    assert_eq!(
        (&grace["code"], &grace["credits_at_risk"]),
        (&json!("grace_end"), &json!(8_000))
    );
    assert_eq!(grace["tiers"].as_array().unwrap().len(), 5);
    booth.until("2026-03-12T08:00:00Z").await?;
    assert_eq!(booth.newest(2)?, ["grace_started", "closure"]);
    assert_eq!(booth.balance()?, 0);
    let refused = booth.laptop.run(&["buy", "50", "--yes"])?;
    assert_eq!(
        (refused.0, &refused.1["error"]["problem"]),
        (5, &json!("account_closed"))
    );
    booth
        .cloud
        .control(&booth.account, "restore", json!({}))
        .await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(
        (booth.balance()?, booth.plan()?["plan"].clone()),
        (json!(8_000), json!("payg"))
    );
    booth.agrees().await
}

/// Scenario 14: a pause queued offline before the end of grace reaches the cloud ten minutes after it.
#[tokio::test]
async fn pause_that_reaches_cloud_too_late_is_rejected() -> anyhow::Result<()> {
    let request = with(
        basic(9_000),
        json!({
            "signed_up_at": "2026-01-01T00:00:00Z",
            "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
            "payment_order": { "first": "card", "fallback": false },
        }),
    );
    let mut booth = Booth::new("2026-03-02T23:50:00Z", request).await?;
    assert_eq!(booth.plan()?["closes_at"], "2026-03-03T00:00:00.000Z");
    booth.cloud.stop();
    let queued = booth.laptop.ok(&["pause", "--yes"])?;
    assert_eq!(queued["state"], "queued");
    assert_eq!(queued["not_after"], "2026-03-03T00:00:00.000Z");
    assert_eq!(booth.plan()?["plan"], "basic", "not shown as done");
    booth.cloud.restart(&[])?;
    booth.until("2026-03-03T00:10:00Z").await?;
    let outbox = booth.laptop.ok(&["outbox", "list"])?;
    assert_eq!(outbox["commands"][0]["state"], "rejected");
    assert_eq!(booth.plan()?["state"], "closed");
    booth.agrees().await
}

/// Scenario 20: a pause queued offline is done despite ten newer runs, but not once the renewal was paid.
#[tokio::test]
async fn queued_pause_is_applied_despite_new_runs_but_not_after_renewal() -> anyhow::Result<()> {
    for renewed in [false, true] {
        let event = json!({ "name": "Gala", "starts_at": "2026-06-01T16:00:00Z", "ends_at": "2026-06-01T22:00:00Z" });
        let request = with(
            basic(14_235),
            json!({
                "signed_up_at": "2026-01-01T00:00:00Z", "events": [event],
                "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
                "payment_order": { "first": "card", "fallback": false },
            }),
        );
        let mut booth = Booth::new("2026-02-10T00:00:00Z", request).await?;
        booth.cloud.stop();
        assert_eq!(booth.laptop.ok(&["pause", "--yes"])?["state"], "queued");
        booth.cloud.restart(&[])?;
        // 142.35 less ten runs of 0.20 is 140.35.
        booth.cloud.runs(&booth.account, "draw_me", 10).await?;
        if renewed {
            booth.cloud.card(&booth.account, "approve").await?;
            let other = Laptop::signed_in(
                &booth.folder.path().join("other"),
                &booth.cloud,
                &booth.account,
            )?;
            assert_eq!(
                other.ok(&["pay-now", "--with", "card", "--yes"])?["state"],
                "settled"
            );
        }
        booth.laptop.ok(&["sync"])?;
        let outbox = booth.laptop.ok(&["outbox", "list"])?;
        let plan = booth.plan()?;
        if renewed {
            assert_eq!(outbox["commands"][0]["state"], "needs_decision");
            let (seen, now) = (
                &outbox["commands"][0]["seen"],
                &outbox["commands"][0]["quote"],
            );
            assert_ne!(
                seen["period_end"], now["period_end"],
                "the old and the new quote are both kept"
            );
            assert_eq!(
                (&plan["plan"], &plan["state"]),
                (&json!("basic"), &json!("active"))
            );
        } else {
            assert_eq!(outbox["commands"][0]["state"], "settled");
            assert_eq!(
                (&plan["plan"], &plan["state"]),
                (&json!("payg"), &json!("active"))
            );
        }
        assert_eq!(booth.balance()?, 14_035);
        booth.agrees().await?;
    }
    Ok(())
}
