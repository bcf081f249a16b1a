//! Card charges that get no answer, fail, repeat or must not be made, and renewals that nothing else must block.

use boothkeeper_tests::booth::{Booth, basic, with};
use reqwest::Method;
use serde_json::json;

/// State and amount in minor units of each charge at the processor.
fn processor_charges(booth: &Booth) -> anyhow::Result<Vec<(String, i64)>> {
    let file = booth.folder.path().join("cloud/cloud.sqlite");
    let database = rusqlite::Connection::open(file)?;
    let mut rows =
        database.prepare("SELECT state, cents FROM processor_charges ORDER BY payment")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An account in grace whose payment by card gets no answer.
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
async fn unanswered_payment_in_grace_is_taken_once_or_given_up() -> anyhow::Result<()> {
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
async fn declined_card_charge_is_reported_as_failed() -> anyhow::Result<()> {
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

/// A run that was refunded before it ended, and a refused purchase of the largest amount, do not stop the renewals of
/// other accounts.
#[tokio::test]
async fn failed_step_of_one_account_does_not_stop_renewal_of_another() -> anyhow::Result<()> {
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
async fn purchase_confirmed_again_after_closure_is_not_refunded() -> anyhow::Result<()> {
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

/// A stored due time at which nothing is due, as rules of another version may leave it, is computed again.
#[tokio::test]
async fn wrong_stored_due_time_of_account_does_not_block_renewal() -> anyhow::Result<()> {
    let mut booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    booth.cloud.stop();
    let file = booth.folder.path().join("cloud/cloud.sqlite");
    rusqlite::Connection::open(file)?.execute("UPDATE accounts SET due_at = 5", [])?;
    booth.cloud.restart(&[])?;
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(booth.newest(1)?, ["renewed_by_card"]);
    booth.agrees().await
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
