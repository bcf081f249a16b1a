//! How long the credits last for an event, estimated from its own pace or from earlier events, against the running cloud program.

use anyhow::Context;
use boothkeeper_tests::booth::{Booth, basic, with};
use serde_json::{Value, json};

/// Four events of four hours with the same name, on different days.
fn galas() -> Value {
    let days = ["2026-01-17", "2026-01-24", "2026-01-31", "2026-02-07"];
    let gala = |day: &&str| {
        json!({
            "name": "Gala", "starts_at": format!("{day}T16:00:00Z"), "ends_at": format!("{day}T20:00:00Z"),
        })
    };
    json!(days.iter().map(gala).collect::<Vec<_>>())
}

async fn runs(booth: &Booth, count: u32) -> anyhow::Result<()> {
    let request = json!({ "service": "draw_me", "event": "Gala", "count": count });
    booth.cloud.control(&booth.account, "runs", request).await?;
    Ok(())
}

#[tokio::test]
async fn estimate_of_credits_for_an_event_says_what_it_is_based_on_or_is_absent()
-> anyhow::Result<()> {
    let request = with(basic(20_000), json!({ "events": galas() }));
    let booth = Booth::new("2026-01-10T08:00:00Z", request).await?;
    let runway = booth.laptop.ok(&["runway"])?;
    assert_eq!(
        (&runway["event"]["name"], &runway["estimate"]),
        (&json!("Gala"), &Value::Null)
    );

    // Three evenings of 40, 80 and 60 runs at 0.20.
    for (day, count) in [("17", 40), ("24", 80), ("31", 60)] {
        for hour in [16, 17, 18, 19] {
            booth
                .cloud
                .advance_to(&format!("2026-01-{day}T{hour}:30:00Z"))
                .await?;
            runs(&booth, count / 4).await?;
        }
    }
    booth.until("2026-02-05T08:00:00Z").await?;
    let runway = booth.laptop.ok(&["runway"])?;
    let estimate = &runway["estimate"];
    assert_eq!(estimate["basis"], "past");
    assert_eq!(
        (&estimate["events"], &estimate["confidence"]),
        (&json!(3), &json!("fair"))
    );
    assert_eq!(
        (&estimate["runs"], &estimate["needed"]),
        (&json!(60), &json!(1_200)),
        "the median of the three events"
    );
    assert_eq!(
        (&estimate["busiest"], &estimate["a_run"]),
        (&json!(1_600), &json!(20))
    );
    assert_eq!(
        (&runway["running"], &runway["runs"]),
        (&json!(false), &json!(0))
    );

    // Runs before the event starts do not count. Later the event's own pace is used.
    booth.cloud.advance_to("2026-02-07T15:30:00Z").await?;
    runs(&booth, 50).await?;
    booth.until("2026-02-07T16:05:00Z").await?;
    let runway = booth.laptop.ok(&["runway"])?;
    assert_eq!(
        (&runway["running"], &runway["runs"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(runway["estimate"]["basis"], "past");
    runs(&booth, 30).await?;
    booth.until("2026-02-07T17:05:00Z").await?;
    let runway = booth.laptop.ok(&["runway"])?;
    let estimate = &runway["estimate"];
    assert_eq!(
        (&estimate["basis"], &runway["runs"]),
        (&json!("own"), &json!(30))
    );
    // 30 runs an hour, with 2 h 55 min to go.
    assert_eq!(
        (&estimate["runs_per_hour"], &estimate["runs"]),
        (&json!(30), &json!(87))
    );
    assert_eq!(
        estimate["ends_at"],
        Value::Null,
        "140.00 and more are enough"
    );

    // With enough credits for the event `explain` has no finding; with too few it has one with the missing amount.
    let low = || -> anyhow::Result<Option<Value>> {
        let explained = booth.laptop.ok(&["explain"])?;
        let found = explained["findings"].as_array().into_iter().flatten();
        let mut low = found.filter(|finding| finding["code"] == "low_runway");
        Ok(low.next().cloned())
    };
    assert_eq!(low()?, None);
    let left = booth.balance()?.as_i64().unwrap();
    let taken = json!({ "amount": 1_000 - left, "reason": "for the test" });
    booth.cloud.control(&booth.account, "adjust", taken).await?;
    booth.laptop.ok(&["sync"])?;
    let finding = low()?.context("no finding")?;
    let estimate = &booth.laptop.ok(&["runway"])?["estimate"];
    assert_eq!(
        (&finding["amount"], &finding["deadline"], &finding["action"]),
        (
            &estimate["missing"],
            &estimate["ends_at"],
            &json!("buy_credits")
        )
    );
    let missing = estimate["needed"].as_i64().unwrap() - 1_000;
    assert_eq!(
        (finding["amount"].as_i64(), missing > 0),
        (Some(missing), true)
    );

    booth.laptop.ok(&["pause", "--yes"])?;
    assert_eq!(
        booth.laptop.ok(&["runway"])?["event"],
        Value::Null,
        "the pause deleted the events"
    );
    Ok(())
}

/// A variant of scenario 3: the studio's credits would last, but its daily limit does not.
#[tokio::test]
async fn studio_estimate_for_event_ends_at_daily_limit() -> anyhow::Result<()> {
    let request = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
        "opening_balance": 2_000, "legacy": [],
        "events": [{ "name": "Gala", "starts_at": "2026-02-07T16:00:00Z", "ends_at": "2026-02-07T23:30:00Z" }],
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", request).await?;
    booth.cloud.advance_to("2026-02-07T16:00:00Z").await?;
    let ran = json!({ "service": "basic_image_hd", "event": "Gala", "count": 15 });
    booth.cloud.control(&booth.account, "runs", ran).await?;
    booth.until("2026-02-07T17:00:00Z").await?;
    let runway = booth.laptop.ok(&["runway"])?;
    let (daily, used) = (&runway["daily"], runway["daily"]["used"].as_i64().unwrap());
    assert!(used >= 15, "{runway}");
    assert_eq!(daily["resets_at"], "2026-02-08T00:00:00.000Z");
    let limit = daily["limit"].as_i64().unwrap();
    let hours = (limit - used) as f64 / used as f64;
    let reached = daily["reached_at"].as_str();
    assert_eq!(
        reached.is_some(),
        hours < 6.5,
        "{used} an hour of {limit}: {daily}"
    );
    Ok(())
}
