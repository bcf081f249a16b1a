//! Balance and history, exports and searches, and arguments that are refused.

use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::CLOCK;

#[tokio::test]
async fn balance_matches_cloud_and_history() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(14_721).await?;
    cloud.runs(&account, "draw_me", 3).await?;
    cloud.runs(&account, "sms", 7).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let balance = laptop.balance()?;
    assert_eq!(balance["balance"], 14_721 - 3 * 20 - 7 * 2);
    assert_eq!(balance["balance"], cloud.balance(&account).await?);
    assert_eq!(balance["trust"], "cached");
    assert_eq!(balance["reason"], "not_connected");
    assert_eq!(balance["asset"], json!({ "code": "USD", "scale": 2 }));
    let history = laptop.ok(&["history", "--kind", "usage"])?;
    assert_eq!(history["entries"].as_array().unwrap().len(), 10);
    let totals = history["totals"].as_array().unwrap();
    let spent: i64 = totals.iter().map(|t| t["delta"].as_i64().unwrap()).sum();
    assert_eq!(spent, -74);
    let verified = laptop.ok(&["verify"])?;
    assert_eq!(verified["ok"], true);
    Ok(())
}

/// Scenario 16: a laptop that has never synced.
#[tokio::test]
async fn laptop_that_never_synced_shows_no_balance() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let (code, balance) = laptop.run(&["balance"])?;
    assert_eq!(code, 0);
    assert_eq!(balance["balance"], Value::Null);
    assert_eq!(balance["trust"], "unknown");
    assert_eq!(laptop.fails(&["sync"])?, (3, "signed_out".into()));
    Ok(())
}

#[tokio::test]
async fn exports_contain_whole_history() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(9_000).await?;
    cloud.runs(&account, "combine", 4).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let csv = folder.path().join("history.csv");
    laptop.ok(&["history", "--export", csv.to_str().unwrap()])?;
    let text = std::fs::read_to_string(&csv)?;
    assert_eq!(text.lines().count(), 1 + 6);
    let newest = text.lines().nth(1).unwrap();
    assert!(
        newest.contains(",usage,-0.24,89.04,combine,Miller wedding,run_"),
        "{newest}"
    );
    let json = folder.path().join("history.json");
    laptop.ok(&["history", "--export", json.to_str().unwrap()])?;
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&json)?)?;
    assert_eq!(document["entries"].as_array().unwrap().len(), 6);
    assert_eq!(document["checkpoint"]["balance"], 8_904);
    Ok(())
}

#[tokio::test]
async fn out_of_range_arguments_are_refused() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(9_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    for wrong in [
        vec!["history", "--limit", "0"],
        vec!["history", "--limit", "1001"],
        vec!["history", "--from", "2026-02-02", "--to", "2026-02-01"],
        vec!["buy", "90071992547409.92", "--yes"],
        vec!["buy", "--yes", "--", "-5"],
        vec!["buy", "1.234", "--yes"],
    ] {
        assert_eq!(
            laptop.fails(&wrong)?,
            (2, "out_of_range".into()),
            "{wrong:?}"
        );
    }
    assert_eq!(
        laptop.fails(&["history", "--service", "nonsense"])?,
        (2, "unknown_name".into())
    );
    Ok(())
}

#[tokio::test]
async fn days_before_account_was_opened_have_zero_balance() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), None)?;
    let account = cloud.booth(1_000).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let before = laptop.ok(&["history", "--to", "2020-01-01"])?;
    assert_eq!(
        (&before["opening"], &before["closing"]),
        (&json!(0), &json!(0))
    );
    let nothing = laptop.ok(&["history", "--text", "nothing says this"])?;
    assert_eq!(nothing["totals"], json!([]));
    Ok(())
}

/// A usage error is one JSON document. `--limit` with `--export` is a usage error: an export takes all matching
/// entries.
#[tokio::test]
async fn usage_errors_are_one_json_document() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(folder.path());
    for wrong in [
        vec!["buy"],
        vec!["renewal", "set", "coins-first"],
        vec!["history", "--limit", "5", "--export", "all.csv"],
    ] {
        assert_eq!(laptop.fails(&wrong)?, (2, "usage".into()), "{wrong:?}");
    }
    Ok(())
}

/// Entries at the boundary between the sealed segment of older entries and the newer ones are found once.
#[tokio::test]
async fn text_search_in_history_finds_each_entry_once() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(50_000).await?;
    cloud.runs(&account, "sms", 980).await?;
    cloud.buy(&account, 15_000, json!("instant")).await?;
    cloud.runs(&account, "sms", 500).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    let found = laptop.ok(&["history", "--text", "150.00"])?;
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);
    assert_eq!(found["totals"][0]["delta"], 15_000);
    let all = laptop.ok(&["history", "--text", "sms", "--limit", "1000"])?;
    assert_eq!(all["totals"][0]["count"], 1_480);
    Ok(())
}
