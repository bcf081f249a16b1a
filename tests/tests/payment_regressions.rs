//! Regression tests for payments and plans on the real cloud: hanging charges, failing steps, previews, quotes and
//! invalid requests.

use boothkeeper_tests::booth::{Booth, basic, with};
use reqwest::Method;
use serde_json::{Value, json};

/// State and amount in minor units of each charge at the processor.
fn processor_charges(booth: &Booth) -> anyhow::Result<Vec<(String, i64)>> {
    let file = booth.folder.path().join("cloud/cloud.sqlite");
    let database = rusqlite::Connection::open(file)?;
    let mut rows =
        database.prepare("SELECT state, cents FROM processor_charges ORDER BY payment")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An account in grace whose payment by card hangs.
async fn hung_in_grace() -> anyhow::Result<Booth> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    booth.until("2026-02-14T08:00:00Z").await?;
    booth.cloud.card(&booth.account, "timeout").await?;
    let asked = booth.laptop.ok(&["pay-now", "--with", "card", "--yes"])?;
    assert_eq!(
        (&asked["state"], &asked["problem"]),
        (&json!("settled"), &json!("payment_pending"))
    );
    assert_eq!(booth.newest(1)?, ["payment_pending"]);
    Ok(booth)
}

#[tokio::test]
async fn hanging_payment_in_grace_is_paid_once_or_given_up() -> anyhow::Result<()> {
    let booth = hung_in_grace().await?;
    booth.until("2026-02-14T12:00:00Z").await?;
    booth.cloud.card(&booth.account, "approve").await?;
    booth.until("2026-03-05T08:00:00Z").await?;
    assert_eq!(booth.newest(2)?, ["renewed_by_card", "reactivated"]);
    let approved = processor_charges(&booth)?
        .into_iter()
        .filter(|(state, _)| state == "approved");
    assert_eq!(
        approved.collect::<Vec<_>>(),
        [("approved".to_owned(), 4_900)]
    );

    let booth = hung_in_grace().await?;
    booth.until("2026-02-15T08:00:00Z").await?;
    assert_eq!(booth.newest(1)?, ["payment_failed"]);
    assert!(
        processor_charges(&booth)?
            .iter()
            .all(|(state, _)| state == "declined"),
        "the processor's charge is given up too"
    );
    booth.agrees().await
}

#[tokio::test]
async fn unanswered_purchase_is_given_up_after_a_day() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.card(&booth.account, "requires_action").await?;
    assert_eq!(
        booth.laptop.ok(&["buy", "50", "--yes"])?["state"],
        "settled"
    );
    booth.until("2026-01-11T07:59:59Z").await?;
    assert_eq!(booth.newest(1)?, ["purchase_started"]);
    booth.until("2026-01-11T08:00:00Z").await?;
    assert_eq!(booth.newest(1)?, ["purchase_declined"]);
    booth.cloud.card(&booth.account, "approve").await?;
    booth.until("2026-01-12T08:00:00Z").await?;
    assert_eq!(booth.balance()?, 1_000);
    assert_eq!(processor_charges(&booth)?, [("declined".to_owned(), 5_000)]);
    Ok(())
}

#[tokio::test]
async fn declined_charge_is_reported_as_failed() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    let (code, bought) = booth.laptop.run(&["buy", "50", "--yes"])?;
    assert_eq!((code, &bought["problem"]), (5, &json!("card_declined")));
    assert_eq!(booth.newest(2)?, ["purchase_started", "purchase_declined"]);
    booth.until("2026-02-14T08:00:00Z").await?;
    let (code, paid) = booth.laptop.run(&["pay-now", "--with", "card", "--yes"])?;
    assert_eq!((code, &paid["problem"]), (5, &json!("card_declined")));
    assert_eq!(booth.plan()?["state"], "grace");
    Ok(())
}

/// A run that was refunded before it ended, and a purchase above the largest amount, do not stop the renewals of
/// others.
#[tokio::test]
async fn failing_account_does_not_stop_others() -> anyhow::Result<()> {
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "legacy", "opening_balance": 100,
        "legacy": ["branding_app"], "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", studio).await?;
    let other = booth.cloud.account(basic(0)).await?;
    let run = json!({ "id": "run_open", "service": "premium_image" });
    booth
        .cloud
        .call(Method::POST, "/v1/runs", &booth.account.key, &run)
        .await?;
    booth
        .cloud
        .control(&booth.account, "refund", json!({ "run": "run_open" }))
        .await?;
    let most = json!({ "kind": "buy_credits", "amount": 9_007_199_254_740_991_i64 });
    let (status, refused) = booth.cloud.command(&booth.account, &most).await?;
    assert_eq!(
        (status, &refused["code"]),
        (422, &json!("amount_out_of_range"))
    );
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(
        booth.laptop.ok(&["history", "--kind", "run_failed"])?["entries"][0]["run"],
        "run_open"
    );
    let (_, view) = booth.cloud.get("/v1/account", &other.key).await?;
    assert_eq!(view["period"]["start"], "2026-02-10T08:00:00.000Z");
    booth.agrees().await
}

#[tokio::test]
async fn repeated_confirmation_after_closure_is_not_refunded() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.laptop.ok(&["cancel", "--yes"])?;
    booth.until("2026-03-12T07:00:00Z").await?;
    booth
        .cloud
        .buy(&booth.account, 5_000, json!({ "duplicated": 10 }))
        .await?;
    booth.until("2026-03-13T08:00:00Z").await?;
    assert_eq!(booth.newest(2)?, ["purchase", "closure"]);
    assert_eq!(processor_charges(&booth)?, [("approved".to_owned(), 5_000)]);
    Ok(())
}

/// A requested change of cycle decides when a late cancel takes effect.
#[tokio::test]
async fn late_cancel_counts_by_the_requested_cycle() -> anyhow::Result<()> {
    for (from, to, ends) in [
        ("annual", "monthly", "2027-02-10T08:00:00.000Z"),
        ("monthly", "annual", "2027-02-10T08:00:00.000Z"),
    ] {
        let booth = Booth::new(
            "2026-01-10T08:00:00Z",
            with(basic(0), json!({ "cycle": from })),
        )
        .await?;
        let eve = if from == "annual" {
            "2027-01-09T20:00:00Z"
        } else {
            "2026-02-09T20:00:00Z"
        };
        booth.until(eve).await?;
        booth.laptop.ok(&["plan", "set", "basic", to, "--yes"])?;
        booth.laptop.ok(&["cancel", "--yes"])?;
        assert_eq!(booth.plan()?["cancel_at"], ends, "{from} to {to}");
        booth.until("2027-03-01T08:00:00Z").await?;
        let fees = booth
            .laptop
            .journal()?
            .into_iter()
            .filter(|(kind, _)| kind == "renewed_by_card");
        assert_eq!(fees.count(), 1, "{from} to {to}");
        assert_eq!(booth.plan()?["state"], "grace");
        booth.agrees().await?;
    }
    Ok(())
}

/// The allowance of a month is granted once, whatever plans and legacy products change within it.
#[tokio::test]
async fn allowances_are_granted_once_a_month() -> anyhow::Result<()> {
    let studio = |plan: &str| {
        json!({
            "email": "studio@booth.example", "catalog": "studio", "plan": plan, "cycle": "monthly",
            "card": { "exp_month": 12, "exp_year": 2060 },
        })
    };
    let booth = Booth::new("2026-01-10T08:00:00Z", studio("agency")).await?;
    booth.until("2026-02-09T08:00:00Z").await?;
    for _ in 0..3 {
        booth
            .laptop
            .ok(&["plan", "set", "freelancer", "monthly", "--yes"])?;
        booth
            .laptop
            .ok(&["plan", "set", "agency", "monthly", "--yes"])?;
    }
    assert_eq!(booth.balance()?, 1_500);

    // No allowance in grace; all of it with the payment that ends grace.
    let booth = Booth::new("2026-01-10T08:00:00Z", studio("freelancer")).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    booth.until("2026-02-12T08:00:00Z").await?;
    booth
        .cloud
        .control(
            &booth.account,
            "legacy",
            json!({ "product": "appsumo_tier_1" }),
        )
        .await?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.balance()?, 0);
    booth.cloud.card(&booth.account, "approve").await?;
    booth.laptop.ok(&["pay-now", "--yes"])?;
    assert_eq!(booth.balance()?, 550);
    booth.agrees().await
}

/// The coupon of a change that waits is redeemed with the change. An unknown coupon refuses the whole command.
#[tokio::test]
async fn coupon_of_requested_change_is_redeemed_with_it() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let (code, refused) = booth
        .laptop
        .run(&["plan", "set", "payg", "--coupon", "zzz", "--yes"])?;
    assert_eq!(
        (code, &refused["error"]["problem"]),
        (5, &json!("unknown_coupon"))
    );
    booth.laptop.ok(&[
        "plan",
        "set",
        "basic",
        "annual",
        "--coupon",
        " basic2free ",
        "--yes",
    ])?;
    assert_eq!(booth.laptop.balance()?["pending"], json!([]));
    assert_eq!(
        booth.laptop.ok(&["renewal", "preview"])?["fee"]["amount"],
        39_000
    );
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(
        booth.newest(3)?,
        ["coupon_redeemed", "plan_changed", "renewed_by_card"]
    );
    assert_eq!(booth.laptop.balance()?["pending"][0]["amount"], 10_000);
    booth.agrees().await
}

/// Credits that expire at the instant of the renewal are gone before it, and an expired card does not auto-recharge.
#[tokio::test]
async fn preview_includes_expiry_and_no_recharge_by_expired_card() -> anyhow::Result<()> {
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
        "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", studio).await?;
    let preview = booth.laptop.ok(&["renewal", "preview"])?;
    let renewal = &preview["card_first"];
    assert_eq!(
        (&renewal["balance_before"], &renewal["balance_after"]),
        (&json!(540), &json!(540))
    );
    assert_eq!(
        (&renewal["expires"], &renewal["allowance"]),
        (&json!(500), &json!(500))
    );

    let expired = with(
        basic(5_500),
        json!({
            "auto_recharge": true, "card": { "exp_month": 1, "exp_year": 2026 },
            "payment_order": { "first": "credits", "fallback": true },
        }),
    );
    let booth = Booth::new("2026-01-10T08:00:00Z", expired).await?;
    let preview = booth.laptop.ok(&["renewal", "preview"])?;
    assert_eq!(preview["credits_first"]["balance_after"], 600);
    assert_eq!(preview["credits_first"]["auto_recharge"], Value::Null);
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(booth.balance()?, 600);
    Ok(())
}

#[tokio::test]
async fn quote_for_one_plan_does_not_authorise_another() -> anyhow::Result<()> {
    let booth = Booth::new(
        "2026-01-10T08:00:00Z",
        with(basic(0), json!({ "plan": "payg" })),
    )
    .await?;
    let change = json!({ "change": { "plan": { "plan": "basic", "cycle": "annual" } } });
    let (_, seen) = booth
        .cloud
        .call(Method::POST, "/v1/quotes", &booth.account.key, &change)
        .await?;
    assert_eq!(seen["charge"]["amount"], 46_800);
    let other = json!({ "kind": "change_plan", "plan": "pro", "cycle": "monthly", "seen": seen });
    let (_, answer) = booth.cloud.command(&booth.account, &other).await?;
    assert_eq!(answer["state"], "needs_decision");
    Ok(())
}

#[tokio::test]
async fn guest_contacts_are_masked_in_journal() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let run =
        json!({ "id": "run_1", "service": "sms", "event": "for +1 555 123 4567, jane@x.com" });
    booth
        .cloud
        .call(Method::POST, "/v1/runs", &booth.account.key, &run)
        .await?;
    let adjust = json!({ "amount": 5, "reason": "asked by joe@y.org" });
    booth
        .cloud
        .control(&booth.account, "adjust", adjust)
        .await?;
    booth.laptop.ok(&["sync"])?;
    let history = booth.laptop.ok(&["history", "--limit", "2"])?;
    assert_eq!(history["entries"][1]["event"], "for •••67, •••");
    assert_eq!(history["entries"][0]["reason"], "asked by •••");
    Ok(())
}

#[tokio::test]
async fn invalid_requests_are_refused_with_problem_documents() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let post = |path: String, body: Value| (Method::POST, path, body);
    let of = |control: &str| format!("/sandbox/accounts/{}/{control}", booth.account.id);
    let card = |month: u16, year: u16| json!({ "exp_month": month, "exp_year": year });
    let event = json!({ "name": " ", "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-02T00:00:00Z" });
    let backwards = json!({ "name": "Gala", "starts_at": "2026-02-02T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z" });
    let later = with(basic(0), json!({ "signed_up_at": "2099-01-01T00:00:00Z" }));
    for (method, path, body) in [
        post("/sandbox/accounts".into(), with(basic(-5), json!({}))),
        post("/sandbox/accounts".into(), later),
        post(
            "/sandbox/accounts".into(),
            with(basic(0), json!({ "email": "" })),
        ),
        post(
            "/sandbox/accounts".into(),
            with(basic(0), json!({ "card": card(13, 2030) })),
        ),
        post(
            "/sandbox/accounts/%F0/adjust".into(),
            json!({ "amount": 1 }),
        ),
        post("/v1/runs/%F0/failed".into(), json!({})),
        post(
            "/sandbox/clock".into(),
            json!({ "advance_to": "9999-12-31T00:00:00Z" }),
        ),
        post(of("adjust"), json!({ "amount": 0 })),
        post(of("compensate"), json!({ "amount": 5, "run": "run_none" })),
        post(of("events"), event),
        post(of("events"), backwards),
        post(of("daily-limit"), json!({ "limit": 100 })),
        (Method::PUT, of("card"), card(0, 2030)),
        (Method::PUT, of("card"), card(1, 0)),
    ] {
        let (status, problem) = booth
            .cloud
            .call(method, &path, &booth.account.key, &body)
            .await?;
        assert!((400..500).contains(&status), "{path} {body}: {status}");
        assert!(problem["code"].is_string(), "{path} {body}: {problem}");
    }
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.newest(1)?, ["purchase"]);
    Ok(())
}

/// A stored due time at which nothing is due, as rules of another version may leave it, is computed again.
#[tokio::test]
async fn stale_due_time_does_not_block_renewal() -> anyhow::Result<()> {
    let mut booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.stop();
    let file = booth.folder.path().join("cloud/cloud.sqlite");
    rusqlite::Connection::open(file)?.execute("UPDATE accounts SET due_at = 5", [])?;
    booth.cloud.restart(&[])?;
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(booth.newest(1)?, ["renewed_by_card"]);
    booth.agrees().await
}

/// Without the refusal a pause and a cancel that are both queued offline would both be executed.
#[tokio::test]
async fn second_plan_command_is_refused_while_first_waits() -> anyhow::Result<()> {
    let mut booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.stop();
    let pause = booth.laptop.ok(&["pause", "--yes"])?;
    assert_eq!(pause["state"], "queued");
    assert_eq!(
        booth.laptop.fails(&["cancel", "--yes"])?,
        (1, "already_waiting".into())
    );
    // A cancel closes the account, so it needs `--yes`.
    booth
        .laptop
        .ok(&["outbox", "cancel", pause["id"].as_str().unwrap()])?;
    assert_eq!(booth.laptop.fails(&["cancel"])?.1, "not_confirmed");
    let pause = booth.laptop.ok(&["pause", "--yes"])?;
    booth
        .laptop
        .ok(&["outbox", "cancel", pause["id"].as_str().unwrap()])?;
    assert_eq!(booth.laptop.ok(&["cancel", "--yes"])?["state"], "queued");
    booth.cloud.restart(&[])?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.newest(1)?, ["cancelled"]);
    Ok(())
}

#[tokio::test]
async fn sign_up_refuses_options_missing_in_the_programme() -> anyhow::Result<()> {
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
        "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", studio.clone()).await?;
    let credits = json!({ "payment_order": { "first": "credits", "fallback": false } });
    for (more, why) in [
        (credits, "credits_cannot_pay_fees"),
        (json!({ "auto_recharge": true }), "no_auto_recharge"),
    ] {
        let request = with(studio.clone(), more);
        let (status, problem) = booth
            .cloud
            .call(Method::POST, "/sandbox/accounts", "", &request)
            .await?;
        assert_eq!((status, &problem["code"]), (422, &json!(why)));
    }
    // A daily limit set by support does not lower the limit of a larger plan.
    booth
        .cloud
        .control(&booth.account, "daily-limit", json!({ "limit": 200 }))
        .await?;
    booth
        .cloud
        .runs(&booth.account, "premium_image", 20)
        .await?;
    booth
        .laptop
        .ok(&["plan", "set", "agency", "monthly", "--yes"])?;
    booth
        .cloud
        .runs(&booth.account, "premium_image", 10)
        .await?;
    let more = json!({ "service": "basic_image" });
    let path = format!("/sandbox/accounts/{}/runs", booth.account.id);
    let (_, refused) = booth.cloud.call(Method::POST, &path, "", &more).await?;
    assert_eq!(refused["code"], "daily_limit_reached");

    let low = with(basic(500), json!({ "auto_recharge": true }));
    let booth = Booth::new("2026-01-10T08:00:00Z", low).await?;
    assert_eq!(
        booth.balance()?,
        10_500,
        "auto-recharge is on and the balance was low"
    );
    booth.laptop.ok(&["cancel", "--yes"])?;
    booth.until("2026-02-09T20:00:00Z").await?;
    let again = json!({ "change": "cancel" });
    let (_, quote) = booth
        .cloud
        .call(Method::POST, "/v1/quotes", &booth.account.key, &again)
        .await?;
    assert_eq!(quote["effective_at"], "2026-02-10T08:00:00.000Z");
    Ok(())
}

/// An expired card is not charged, and the payment is not reported as done.
#[tokio::test]
async fn expired_card_is_not_charged_in_grace() -> anyhow::Result<()> {
    let request = with(
        basic(16_000),
        json!({
            "signed_up_at": "2026-01-01T00:00:00Z",
            "card": { "exp_month": 1, "exp_year": 2026 },
            "payment_order": { "first": "card", "fallback": false },
        }),
    );
    let booth = Booth::new("2026-02-10T00:00:00Z", request).await?;
    let (code, answer) = booth.laptop.run(&["pay-now", "--with", "card", "--yes"])?;
    assert_ne!(code, 0, "{answer}");
    assert_eq!(booth.plan()?["state"], "grace");
    // Without `--with`, the payer that can pay is taken.
    assert_eq!(booth.laptop.ok(&["pay-now", "--yes"])?["state"], "settled");
    assert_eq!(booth.plan()?["state"], "active");
    assert_eq!(booth.balance()?, 16_000 - 4_900);
    booth.agrees().await
}
