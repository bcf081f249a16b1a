//! Renewals, refunds, purchases and plan changes against the running cloud program, by the command line: each is paid as previewed,
//! once or not at all.

use std::process::Stdio;

use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use serde_json::json;
use tempfile::tempdir;

/// Scenarios 5, 6 and 7 and their variants: the renewal matches its preview for every payment order, balance and card.
#[tokio::test]
async fn every_renewal_matches_its_preview() -> anyhow::Result<()> {
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

/// Scenario 10 in the journal: a failed run is refunded once, by the amount it was charged.
#[tokio::test]
async fn failed_run_is_refunded_once_by_the_amount_charged() -> anyhow::Result<()> {
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

/// A run whose result is never reported.
#[tokio::test]
async fn run_without_result_fails_after_fifteen_minutes() -> anyhow::Result<()> {
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

/// Scenario 19: a fee is paid so late in grace that the next billing day has passed too.
#[tokio::test]
async fn late_payment_in_grace_costs_one_fee_and_keeps_billing_day() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-15T00:00:00Z", 0).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    booth.until("2026-03-16T00:00:00Z").await?;
    assert_eq!(booth.plan()?["state"], "grace");
    booth.cloud.card(&booth.account, "approve").await?;
    assert_eq!(booth.laptop.ok(&["pay-now", "--yes"])?["state"], "settled");
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
    let (code, refused) = booth.laptop.run(&["pay-now", "--yes"])?;
    assert_eq!(
        (code, &refused["error"]["problem"]),
        (5, &json!("nothing_due"))
    );
    booth.agrees().await
}

/// Scenario 22: the card charge for a renewal gets no answer at first, and is then confirmed, or never.
#[tokio::test]
async fn unanswered_card_charge_blocks_plan_changes_until_resolved() -> anyhow::Result<()> {
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

/// Within one instant a purchase's confirmation comes before the closure; one confirmed later is refunded to the card.
#[tokio::test]
async fn purchase_confirmed_after_closure_is_refunded_to_card() -> anyhow::Result<()> {
    let (closes, later) = (61 * 86_400, 61 * 86_400 + 1);
    for (seconds, kinds, state) in [
        (closes, ["purchase", "closure"], "approved"),
        (later, ["closure", "purchase_declined"], "refunded"),
    ] {
        let booth = Booth::basic("2026-01-10T08:00:00Z", 2_000).await?;
        booth.laptop.ok(&["cancel", "--yes"])?;
        let delivery = json!({ "delayed_seconds": seconds });
        booth.cloud.buy(&booth.account, 5_000, delivery).await?;
        booth.until("2026-04-01T08:00:00Z").await?;
        assert_eq!(booth.newest(2)?, kinds);
        assert_eq!(booth.balance()?, 0);
        let database = rusqlite::Connection::open(booth.folder.path().join("cloud/cloud.sqlite"))?;
        let query = "SELECT state FROM processor_charges";
        let stored: String = database.query_row(query, [], |row| row.get(0))?;
        assert_eq!(stored, state);
        booth.agrees().await?;
    }
    Ok(())
}

/// Upgrades, downgrades, changes of cycle, and refused changes.
#[tokio::test]
async fn plan_upgrade_is_charged_at_once_and_other_changes_wait() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-04-01T00:00:00Z", 1_000).await?;
    booth.until("2026-04-16T00:00:00Z").await?;
    let (code, same) = booth
        .laptop
        .run(&["plan", "set", "basic", "monthly", "--yes"])?;
    assert_eq!((code, &same["error"]["problem"]), (5, &json!("same_plan")));
    let (code, unknown) = booth.laptop.run(&["plan", "set", "gold", "--yes"])?;
    assert_eq!(
        (code, &unknown["error"]["problem"]),
        (5, &json!("unknown_plan"))
    );
    for behaviour in ["decline", "timeout"] {
        booth.cloud.card(&booth.account, behaviour).await?;
        let (code, refused) = booth
            .laptop
            .run(&["plan", "set", "pro", "monthly", "--yes"])?;
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
    let done = booth
        .laptop
        .ok(&["plan", "set", "pro", "monthly", "--yes"])?;
    assert_eq!(done["state"], "settled");
    let plan = booth.plan()?;
    assert_eq!(
        (&plan["plan"], &plan["period"]["end"]),
        (&json!("pro"), &json!("2026-05-01T00:00:00.000Z"))
    );
    booth
        .laptop
        .ok(&["plan", "set", "basic", "annual", "--yes"])?;
    assert_eq!(
        booth.plan()?["plan"],
        "pro",
        "the change waits for the period's end"
    );
    booth.until("2026-05-01T00:00:00Z").await?;
    let plan = booth.plan()?;
    assert_eq!(
        (&plan["plan"], &plan["cycle"]),
        (&json!("basic"), &json!("annual"))
    );
    assert_eq!(plan["period"]["end"], "2027-05-01T00:00:00.000Z");
    let database = rusqlite::Connection::open(booth.folder.path().join("cloud/cloud.sqlite"))?;
    let taken: i64 = database.query_row(
        "SELECT sum(cents) FROM processor_charges WHERE state = 'approved'",
        [],
        |row| row.get(0),
    )?;
    assert_eq!(
        taken,
        2_500 + 46_800,
        "declined and given-up charges took nothing"
    );
    booth.agrees().await
}

/// The processor confirms purchases late, repeatedly, and in another order than they were paid.
#[tokio::test]
async fn purchases_confirmed_in_any_order_are_credited_once_each() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 0).await?;
    for (amount, delivery) in [
        (5_000, json!({ "delayed_seconds": 7_200 })),
        (6_000, json!({ "delayed_seconds": 60 })),
        (7_000, json!({ "duplicated": 5 })),
        (8_000, json!("lost")),
    ] {
        booth.cloud.buy(&booth.account, amount, delivery).await?;
    }
    booth.until("2026-01-12T08:00:00Z").await?;
    let landed = booth
        .laptop
        .journal()?
        .into_iter()
        .filter(|(kind, _)| kind == "purchase");
    let landed: Vec<_> = landed.map(|(_, amount)| amount).collect();
    assert_eq!(
        landed,
        [7_000, 6_000, 5_000],
        "in the order of confirmation, once each"
    );
    assert_eq!(
        booth.laptop.balance()?["pending"][0]["amount"],
        8_000,
        "the lost purchase stays pending"
    );
    booth.agrees().await
}

/// A renewal and a queued pause in the same millisecond: the renewal comes first, and the pause needs a new decision.
#[tokio::test]
async fn renewal_comes_before_pause_of_same_instant() -> anyhow::Result<()> {
    let gala = json!([{ "name": "Gala", "starts_at": "2026-06-01T16:00:00Z", "ends_at": "2026-06-01T22:00:00Z" }]);
    let mut booth = Booth::new(
        "2026-01-10T08:00:00Z",
        with(basic(9_000), json!({ "events": gala })),
    )
    .await?;
    booth.until("2026-02-10T07:59:59.999Z").await?;
    booth.cloud.stop();
    let queued = booth.laptop.ok(&["pause", "--yes"])?;
    assert_eq!(queued["not_after"], "2026-02-10T08:00:00.000Z");
    booth.cloud.restart(&[])?;
    booth.until("2026-02-10T08:00:00Z").await?;
    let outbox = booth.laptop.ok(&["outbox", "list"])?;
    assert_eq!(outbox["commands"][0]["state"], "needs_decision");
    assert_eq!(booth.plan()?["plan"], "basic");
    assert_eq!(booth.newest(1)?, ["renewed_by_card"]);
    booth.agrees().await
}

/// Two laptops pay the same fee at once: one pays, the other is refused.
#[tokio::test]
async fn two_laptops_paying_at_once_pay_one_fee() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 0).await?;
    booth.cloud.card(&booth.account, "decline").await?;
    booth.until("2026-02-20T08:00:00Z").await?;
    booth.cloud.card(&booth.account, "approve").await?;
    let other = booth.folder.path().join("other");
    let other = Laptop::signed_in(&other, &booth.cloud, &booth.account)?;
    let pays = |laptop: &Laptop| {
        laptop
            .command(&["pay-now", "--yes"])
            .stdout(Stdio::null())
            .spawn()
    };
    let (mut one, mut two) = (pays(&booth.laptop)?, pays(&other)?);
    let mut codes = [one.wait()?.code(), two.wait()?.code()];
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(5)]);
    booth.laptop.ok(&["sync"])?;
    let fees = booth
        .laptop
        .journal()?
        .into_iter()
        .filter(|(kind, _)| kind == "renewed_by_card");
    assert_eq!(fees.count(), 1);
    booth.agrees().await
}
