//! Plan changes, cancellations, allowances, coupons, previews and quotes.

use boothkeeper_tests::booth::{Booth, basic, with};
use reqwest::Method;
use serde_json::{Value, json};

/// A requested change of cycle decides when a late cancel takes effect.
#[tokio::test]
async fn late_cancel_takes_effect_after_one_period_of_requested_cycle() -> anyhow::Result<()> {
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
async fn allowance_is_granted_once_a_month_despite_plan_changes() -> anyhow::Result<()> {
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

/// The coupon of a plan change that waits is redeemed with the change. An unknown coupon refuses the whole command.
#[tokio::test]
async fn coupon_of_plan_change_is_redeemed_when_the_change_takes_effect() -> anyhow::Result<()> {
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

/// In the preview, credits that expire at the renewal's instant are gone before it, and an expired card buys nothing.
#[tokio::test]
async fn renewal_preview_has_expiring_credits_but_no_recharge_when_the_card_has_expired()
-> anyhow::Result<()> {
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
async fn confirmed_price_of_one_plan_does_not_authorise_another_plan() -> anyhow::Result<()> {
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

/// Without the refusal a pause and a cancel that are both queued offline would both be executed.
#[tokio::test]
async fn second_plan_change_is_refused_while_first_waits_to_be_sent() -> anyhow::Result<()> {
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
