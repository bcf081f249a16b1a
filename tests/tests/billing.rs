//! An account's life through the real cloud and the real command line: what was foreseen is what happens.

use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

/// A sandbox at an instant, an account, and a laptop that copies it.
struct Booth {
    cloud: Cloud,
    account: Account,
    laptop: Laptop,
    folder: TempDir,
}

impl Booth {
    async fn new(clock: &str, account: Value) -> anyhow::Result<Self> {
        let folder = tempdir()?;
        let cloud = Cloud::start(&folder.path().join("cloud"), Some(clock))?;
        let account = cloud.account(account).await?;
        let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
        Ok(Booth {
            cloud,
            account,
            laptop,
            folder,
        })
    }

    async fn basic(clock: &str, balance: i64) -> anyhow::Result<Self> {
        Self::new(clock, basic(balance)).await
    }

    async fn until(&self, instant: &str) -> anyhow::Result<()> {
        self.cloud.advance_to(instant).await?;
        self.laptop.ok(&["sync"])?;
        Ok(())
    }

    fn plan(&self) -> anyhow::Result<Value> {
        self.laptop.ok(&["plan"])
    }

    fn balance(&self) -> anyhow::Result<Value> {
        Ok(self.laptop.balance()?["balance"].clone())
    }

    /// The newest kinds, oldest first.
    fn newest(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let journal = self.laptop.journal()?;
        let kinds = journal.into_iter().map(|(kind, _)| kind);
        let kinds: Vec<_> = kinds.collect();
        Ok(kinds[kinds.len().saturating_sub(count)..].to_vec())
    }

    /// The cloud's own state says what the copy says.
    async fn agrees(&self) -> anyhow::Result<()> {
        self.laptop.ok(&["sync"])?;
        let (_, view) = self.cloud.get("/v1/account", &self.account.key).await?;
        let (plan, balance) = (self.plan()?, self.laptop.balance()?);
        for name in ["plan", "state", "period", "cycle", "payment_order"] {
            assert_eq!(plan[name], view[name], "{name}");
        }
        assert_eq!(balance["balance"], view["balance"]);
        assert_eq!(balance["buckets"], view["buckets"]);
        assert_eq!(self.laptop.ok(&["verify"])?["ok"], true);
        Ok(())
    }
}

fn basic(balance: i64) -> Value {
    json!({
        "email": "operator@booth.example", "catalog": "booth", "plan": "basic", "cycle": "monthly",
        "opening_balance": balance, "card": { "exp_month": 12, "exp_year": 2060 },
    })
}

fn with(mut request: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// Scenario 1, and an account that signed up long ago: its life since is played.
#[tokio::test]
async fn month_ends_do_not_drift_and_a_past_sign_up_is_played_forward() -> anyhow::Result<()> {
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

/// Scenario 2.
#[tokio::test]
async fn grace_is_exact_hours_over_a_change_of_clocks() -> anyhow::Result<()> {
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
    let grace = &deadlines["deadlines"][0];
    assert_eq!(grace["code"], "grace_end");
    assert_eq!(grace["credits_at_risk"], 12_300);
    let new_york = Laptop::new(&booth.folder.path().join("new-york")).in_zone("America/New_York");
    let new_york = new_york.with_key(&booth.account.key);
    new_york.ok(&["login", "--cloud", &booth.cloud.url])?;
    let text = new_york.text(&["deadlines"])?;
    assert!(text.contains("2026-03-30 20:00"), "{text}");
    booth.until("2026-03-30T23:59:59.999Z").await?;
    assert_eq!(booth.plan()?["state"], "grace");
    assert_eq!(booth.balance()?, 12_300);
    booth.until("2026-03-31T00:00:00Z").await?;
    assert_eq!(booth.plan()?["state"], "closed");
    assert_eq!(booth.balance()?, 0);
    booth.agrees().await
}

/// Scenario 3.
#[tokio::test]
async fn a_daily_limit_ends_at_midnight_utc() -> anyhow::Result<()> {
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

/// Scenario 4.
#[tokio::test]
async fn an_allowance_comes_on_the_billing_day() -> anyhow::Result<()> {
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

/// Scenarios 5, 6 and 7, and their neighbours: what the preview said is what happened, for every order,
/// balance and card.
#[tokio::test]
async fn every_renewal_is_as_the_preview_said() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
    let mut booths = Vec::new();
    for balance in [0, 3_000, 4_899, 4_900, 5_900, 19_135] {
        for order in ["card-first", "credits-first"] {
            for fallback in [true, false] {
                for behaviour in ["approve", "decline", "expired"] {
                    let expires = if behaviour == "expired" { 2025 } else { 2060 };
                    let card = if behaviour == "approve" {
                        "approve"
                    } else {
                        "decline"
                    };
                    let request = with(
                        basic(balance),
                        json!({
                            "card": { "exp_month": 12, "exp_year": expires, "behaviour": card },
                            "auto_recharge": balance == 5_900,
                        }),
                    );
                    let account = cloud.account(request).await?;
                    let name = format!("{balance}-{order}-{fallback}-{behaviour}");
                    let laptop = Laptop::signed_in(&folder.path().join(&name), &cloud, &account)?;
                    let mut set = vec!["renewal", "set", order];
                    if !fallback {
                        set.push("--no-fallback");
                    }
                    assert_eq!(laptop.ok(&set)?["state"], "settled");
                    let preview = laptop.ok(&["renewal", "preview"])?;
                    let said = &preview[order.replace('-', "_")];
                    let declined = behaviour == "decline" && said["outcome"] == "card";
                    let said = if declined { &said["if_declined"] } else { said };
                    booths.push((name, account, laptop, said.clone()));
                }
            }
        }
    }
    cloud.advance_to("2026-02-10T08:00:00Z").await?;
    for (name, account, laptop, said) in booths {
        let before = laptop.balance()?["balance"].clone();
        assert_eq!(said["balance_before"], before, "{name}");
        laptop.ok(&["sync"])?;
        let journal = laptop.journal()?;
        let fee = |kind: &str| {
            journal
                .iter()
                .find(|(k, _)| k == kind)
                .map(|(_, delta)| -delta)
        };
        let outcome = match (fee("renewed_by_card"), fee("renewal")) {
            (Some(_), None) => "card",
            (None, Some(_)) => "credits",
            (None, None) => "unpaid",
            both => panic!("{name}: paid twice, {both:?}"),
        };
        assert_eq!(said["outcome"], outcome, "{name}: {journal:?}");
        assert_eq!(said["credits"], fee("renewal").unwrap_or(0), "{name}");
        let recharged: i64 = journal
            .iter()
            .filter(|(k, _)| k == "auto_recharge")
            .map(|(_, d)| d)
            .sum();
        let after = laptop.balance()?["balance"].as_i64().unwrap();
        assert_eq!(said["balance_after"], after - recharged, "{name}");
        assert!(after >= 0);
        if recharged > 0 {
            assert_eq!(said["auto_recharge"]["balance_after"], after, "{name}");
        }
        assert_eq!(cloud.balance(&account).await?, after);
        let state = laptop.ok(&["plan"])?["state"].clone();
        assert_eq!(
            state,
            if outcome == "unpaid" {
                "grace"
            } else {
                "active"
            },
            "{name}"
        );
    }
    Ok(())
}

/// Scenario 10, as far as the journal goes.
#[tokio::test]
async fn a_failed_run_is_refunded_once_along_its_charge() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let (cloud, account) = (&booth.cloud, &booth.account);
    cloud.runs(account, "draw_me", 2).await?;
    let failed = json!({ "service": "draw_me", "outcome": "failed" });
    cloud.control(account, "runs", failed).await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 940);
    let history = booth.laptop.ok(&["history", "--kind", "run_failed"])?;
    let run = json!({ "run": history["entries"][0]["run"] });
    cloud.control(account, "refund", run.clone()).await?;
    let path = format!("/sandbox/accounts/{}/refund", account.id);
    let (status, again) = cloud.call(reqwest::Method::POST, &path, "", &run).await?;
    assert_eq!((status, &again["code"]), (409, &json!("already_refunded")));
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 960);
    booth.agrees().await
}

/// A run that never says how it ended.
#[tokio::test]
async fn a_run_without_a_result_has_failed_after_a_quarter_of_an_hour() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let run = json!({ "id": "run_lost", "service": "draw_me" });
    let post = reqwest::Method::POST;
    let key = &booth.account.key;
    let (status, _) = booth
        .cloud
        .call(post.clone(), "/v1/runs", key, &run)
        .await?;
    assert_eq!(status, 200);
    booth.until("2026-01-10T08:14:59.999Z").await?;
    assert_eq!(booth.newest(1)?, ["usage"]);
    booth.until("2026-01-10T08:15:00Z").await?;
    assert_eq!(booth.newest(1)?, ["run_failed"]);
    let succeeded = "/v1/runs/run_lost/succeeded";
    let (_, late) = booth.cloud.call(post, succeeded, key, &json!({})).await?;
    assert_eq!(late["entries"], json!([]), "the first report counts");
    Ok(())
}

/// Scenario 11.
#[tokio::test]
async fn a_coupon_is_for_one_plan_once_and_its_bonus_waits_for_activation() -> anyhow::Result<()> {
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

/// Scenario 12.
#[tokio::test]
async fn a_pause_names_what_it_destroys_and_keeps_every_credit() -> anyhow::Result<()> {
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

/// Scenario 13, as far as the journal goes: nobody acts.
#[tokio::test]
async fn a_cancelled_account_closes_thirty_days_after_its_period() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    assert_eq!(booth.laptop.ok(&["cancel"])?["state"], "settled");
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
    let refused = booth.laptop.run(&["buy", "50"])?;
    assert_eq!(
        (refused.0, &refused.1["problem"]),
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

/// Scenario 14.
#[tokio::test]
async fn a_pause_that_reaches_the_cloud_too_late_is_rejected() -> anyhow::Result<()> {
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

/// Scenario 19.
#[tokio::test]
async fn paying_late_in_grace_costs_one_fee_and_moves_no_billing_day() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-15T00:00:00Z", 0).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    booth.until("2026-03-16T00:00:00Z").await?;
    assert_eq!(booth.plan()?["state"], "grace");
    booth.cloud.card(&booth.account, "approve").await?;
    assert_eq!(booth.laptop.ok(&["pay-now"])?["state"], "settled");
    assert_eq!(booth.newest(2)?, ["renewed_by_card", "reactivated"]);
    let plan = booth.plan()?;
    assert_eq!(plan["period"]["start"], "2026-03-15T00:00:00.000Z");
    assert_eq!(plan["period"]["end"], "2026-04-15T00:00:00.000Z");
    let fees = booth.laptop.journal()?;
    assert_eq!(
        fees.iter()
            .filter(|(kind, _)| kind == "renewed_by_card")
            .count(),
        1
    );
    let (code, refused) = booth.laptop.run(&["pay-now"])?;
    assert_eq!(
        (code, &refused["error"]["problem"]),
        (5, &json!("nothing_due"))
    );
    booth.agrees().await
}

/// Scenario 20.
#[tokio::test]
async fn a_queued_pause_survives_runs_but_not_a_renewal_by_another() -> anyhow::Result<()> {
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
        // 142.35 less ten of 0.20 and one of 0.15 is 140.20.
        booth.cloud.runs(&booth.account, "draw_me", 10).await?;
        if renewed {
            booth.cloud.card(&booth.account, "approve").await?;
            let other = Laptop::signed_in(
                &booth.folder.path().join("other"),
                &booth.cloud,
                &booth.account,
            )?;
            assert_eq!(
                other.ok(&["pay-now", "--with", "card"])?["state"],
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
                "the old quote beside the new"
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

/// Scenario 22, confirmed and never confirmed.
#[tokio::test]
async fn a_charge_that_hangs_blocks_until_it_is_definite() -> anyhow::Result<()> {
    for behaviour in ["timeout", "requires_action"] {
        for confirmed in [true, false] {
            let booth = Booth::basic("2026-01-10T08:00:00Z", 16_000).await?;
            booth.cloud.card(&booth.account, behaviour).await?;
            booth.until("2026-02-10T11:00:00Z").await?;
            assert_eq!(booth.newest(1)?, ["payment_pending"]);
            let plan = booth.plan()?;
            assert_eq!(plan["payment_pending"], "2026-02-10T08:00:00.000Z");
            assert_eq!(
                (&plan["state"], booth.balance()?),
                (&json!("active"), json!(16_000))
            );
            let (code, refused) = booth.laptop.run(&["pause", "--yes"])?;
            assert_eq!(
                (code, &refused["error"]["problem"]),
                (5, &json!("payment_pending"))
            );
            if confirmed {
                booth.cloud.card(&booth.account, "approve").await?;
                booth.laptop.ok(&["sync"])?;
                assert_eq!(booth.newest(2)?, ["card_changed", "renewed_by_card"]);
                booth.until("2026-03-01T08:00:00Z").await?;
                assert_eq!(booth.newest(1)?, ["renewed_by_card"]);
                assert_eq!(booth.balance()?, 16_000);
            } else {
                booth.until("2026-02-11T07:59:59Z").await?;
                assert_eq!(booth.newest(1)?, ["payment_pending"]);
                booth.until("2026-02-11T08:00:00Z").await?;
                assert_eq!(booth.newest(2)?, ["payment_failed", "renewal"]);
                assert_eq!(booth.balance()?, 11_100);
            }
            booth.agrees().await?;
        }
    }
    Ok(())
}

/// Within one instant the processor's word comes before the closure; later it goes back to the card.
#[tokio::test]
async fn a_purchase_that_comes_after_the_closure_goes_back_to_the_card() -> anyhow::Result<()> {
    let (closes, later) = (61 * 86_400, 61 * 86_400 + 1);
    for (seconds, kinds, state) in [
        (closes, ["purchase", "closure"], "approved"),
        (later, ["closure", "purchase_declined"], "refunded"),
    ] {
        let booth = Booth::basic("2026-01-10T08:00:00Z", 2_000).await?;
        booth.laptop.ok(&["cancel"])?;
        let delivery = json!({ "delayed_seconds": seconds });
        booth.cloud.buy(&booth.account, 5_000, delivery).await?;
        booth.until("2026-04-01T08:00:00Z").await?;
        assert_eq!(booth.newest(2)?, kinds);
        assert_eq!(booth.balance()?, 0);
        let book = rusqlite::Connection::open(booth.folder.path().join("cloud/cloud.sqlite"))?;
        let query = "SELECT state FROM processor_charges";
        let told: String = book.query_row(query, [], |row| row.get(0))?;
        assert_eq!(told, state);
        booth.agrees().await?;
    }
    Ok(())
}

/// Upgrade, downgrade, cycle, and what is refused.
#[tokio::test]
async fn plans_change_at_their_price_and_moment() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-04-01T00:00:00Z", 1_000).await?;
    booth.until("2026-04-16T00:00:00Z").await?;
    let (code, same) = booth.laptop.run(&["plan", "set", "basic", "monthly"])?;
    assert_eq!((code, &same["error"]["problem"]), (5, &json!("same_plan")));
    let (code, unknown) = booth.laptop.run(&["plan", "set", "gold"])?;
    assert_eq!(
        (code, &unknown["error"]["problem"]),
        (5, &json!("unknown_plan"))
    );
    for behaviour in ["decline", "timeout"] {
        booth.cloud.card(&booth.account, behaviour).await?;
        let (code, refused) = booth.laptop.run(&["plan", "set", "pro", "monthly"])?;
        let why = if behaviour == "decline" {
            "card_declined"
        } else {
            "payment_unanswered"
        };
        assert_eq!((code, &refused["problem"]), (5, &json!(why)), "{refused}");
        assert_eq!(booth.plan()?["plan"], "basic");
    }
    booth.cloud.card(&booth.account, "approve").await?;
    let unseen = json!({ "kind": "change_plan", "plan": "pro", "cycle": "monthly" });
    let (status, answer) = booth.cloud.command(&booth.account, &unseen).await?;
    assert_eq!((status, &answer["state"]), (200, &json!("needs_decision")));
    assert_eq!(answer["quote"]["charge"]["amount"], 2_500);
    let done = booth.laptop.ok(&["plan", "set", "pro", "monthly"])?;
    assert_eq!(done["state"], "settled");
    let plan = booth.plan()?;
    assert_eq!(
        (&plan["plan"], &plan["period"]["end"]),
        (&json!("pro"), &json!("2026-05-01T00:00:00.000Z"))
    );
    booth.laptop.ok(&["plan", "set", "basic", "annual"])?;
    assert_eq!(booth.plan()?["plan"], "pro", "from the period's end");
    booth.until("2026-05-01T00:00:00Z").await?;
    let plan = booth.plan()?;
    assert_eq!(
        (&plan["plan"], &plan["cycle"]),
        (&json!("basic"), &json!("annual"))
    );
    assert_eq!(plan["period"]["end"], "2027-05-01T00:00:00.000Z");
    let book = rusqlite::Connection::open(booth.folder.path().join("cloud/cloud.sqlite"))?;
    let taken: i64 = book.query_row(
        "SELECT sum(cents) FROM processor_charges WHERE state = 'approved'",
        [],
        |row| row.get(0),
    )?;
    assert_eq!(
        taken,
        2_500 + 46_800,
        "the declined and the given-up took nothing"
    );
    booth.agrees().await
}
