//! The imported history: it equals the one that was exported, and can be explained and disputed by mail.

use anyhow::Context;
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{EMAIL, causes, import, written};

/// An imported export gives the same entries, causes and findings, and does not change the verified copy beside it.
#[tokio::test]
async fn exported_history_imports_as_same_history() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(15_000), credits)).await?;
    let failed = json!({ "service": "draw_me", "event": "=Gala", "outcome": "failed" });
    booth.cloud.control(&booth.account, "runs", failed).await?;
    booth.cloud.runs(&booth.account, "sms", 5).await?;
    booth
        .cloud
        .buy(&booth.account, 5_000, json!("instant"))
        .await?;
    booth
        .cloud
        .control(&booth.account, "adjust", json!({ "amount": -70 }))
        .await?;
    let refunded =
        json!({ "service": "combine", "event": "Gala", "outcome": "failed_and_refunded" });
    booth
        .cloud
        .control(&booth.account, "runs", refunded)
        .await?;
    booth.until("2026-02-10T08:00:00Z").await?;
    let laptop = &booth.laptop;
    let balance = laptop.balance()?;
    let span = ["explain", "--from", "2026-01-01", "--to", "2026-03-01"];
    let told = laptop.ok(&span)?;
    for name in ["history.csv", "history.json"] {
        let path = booth.folder.path().join(name);
        laptop.ok(&["history", "--export", path.to_str().unwrap()])?;
        let imported = import(laptop, &[&path], &[])?;
        assert_eq!(
            (&imported["gaps"], &imported["balance"]),
            (&json!(0), &balance["balance"])
        );
        let mut there = vec!["--imported"];
        there.extend(span);
        let again = laptop.ok(&there)?;
        assert_eq!(causes(&again), causes(&told), "{name}");
        assert_eq!(
            (&again["opening"], &again["closing"]),
            (&told["opening"], &told["closing"])
        );
        let codes = |told: &Value| {
            let found = told["findings"].as_array().cloned().unwrap_or_default();
            let mut codes: Vec<_> = found
                .iter()
                .map(|f| f["code"].as_str().unwrap_or_default().to_owned())
                .collect();
            codes.retain(|code| {
                [
                    "renewal_paid_from_credits",
                    "run_failed_not_refunded",
                    "run_refunded",
                    "unexplained",
                ]
                .contains(&code.as_str())
            });
            codes.sort();
            codes
        };
        assert_eq!(codes(&again), codes(&told), "{name}");
        let rows = |arguments: &[&str]| -> anyhow::Result<Vec<Value>> {
            let history = laptop.ok(arguments)?;
            let rows = history["entries"].as_array().context("no rows")?.clone();
            let moved = rows.into_iter().filter(|row| row["delta"] != 0);
            let same = moved.map(|row| {
                json!([
                    row["at"],
                    row["kind"],
                    row["delta"],
                    row["balance_after"],
                    row["service"],
                    row["event"],
                    row["run"]
                ])
            });
            Ok(same.collect())
        };
        assert_eq!(
            rows(&["--imported", "history", "--limit", "1000"])?,
            rows(&["history", "--limit", "1000"])?,
            "{name}"
        );
        let there = laptop.ok(&["--imported", "balance"])?;
        assert_eq!(there["trust"], "imported");
        assert_eq!(
            laptop.ok(&["--imported", "verify"])?["ok"],
            true,
            "the stored import is unchanged"
        );
    }
    // The import has no cloud to sign in to or send to, and the verified copy is unchanged.
    let login = ["--imported", "login", "--cloud", &booth.cloud.url];
    assert_eq!(laptop.fails(&login)?, (1, "imported".into()));
    assert_eq!(laptop.fails(&["--imported", "logout"])?.1, "imported");
    assert_eq!(
        laptop.fails(&["--imported", "buy", "50", "--yes"])?.1,
        "imported"
    );
    for what in ["account", "seq", "balance", "trust"] {
        assert_eq!(laptop.balance()?[what], balance[what], "{what}");
    }
    assert_eq!(laptop.ok(&["verify"])?["ok"], true);
    assert_ne!(
        laptop.ok(&["--imported", "balance"])?["account"],
        balance["account"]
    );
    Ok(())
}

#[tokio::test]
async fn imported_foreign_table_is_explained_and_disputed_by_mail() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let table = "Datum;Betrag;Saldo;Beschreibung;Veranstaltung\n\
        21.02.2026 16:31;100,00;142,35;Kauf;\n\
        21.02.2026 18:00;-0,25;142,10;Draw Me;Hochzeit Müller\n\
        22.02.2026 09:00;-49,00;93,10;Basic Abo;\n\
        22.02.2026 09:05;-0,25;90,00;Draw Me;Hochzeit Müller\n";
    let table = written(folder.path(), "historie.csv", latin1(table))?;
    let imported = import(&laptop, &[&table], &[])?;
    assert_eq!(
        (&imported["rows"], &imported["gaps"], &imported["balance"]),
        (&json!(4), &json!(1), &json!(9_000))
    );
    let explained = laptop.ok(&["--imported", "explain", "--from", "2026-01-01"])?;
    assert_eq!(explained["unexplained"], -285);
    let codes: Vec<_> = explained["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].clone())
        .collect();
    assert!(
        codes.contains(&json!("renewal_paid_from_credits"))
            && codes.contains(&json!("unexplained")),
        "{codes:?}"
    );
    let new = [
        "--imported",
        "dispute",
        "new",
        "--finding",
        "unexplained",
        "--from",
        "2026-01-01",
    ];
    let draft = laptop.ok(&new)?;
    assert_eq!(draft["owed"], 285);
    let id = draft["id"].as_str().unwrap();
    assert_eq!(
        laptop.fails(&["--imported", "dispute", "send", id])?.1,
        "imported"
    );
    let letter = folder.path().join("letter.eml");
    laptop.ok(&[
        "--imported",
        "dispute",
        "save-eml",
        id,
        letter.to_str().unwrap(),
    ])?;
    let text = std::fs::read_to_string(&letter)?;
    // The file begins with a header, so that programs recognise it as an e-mail.
    assert!(text.starts_with("From: "), "{text}");
    // Without a cloud the support address is unknown, unless `--to` gives it.
    assert!(
        !text.contains("\nTo: ") && text.contains("me@booth.example"),
        "{text}"
    );
    assert!(!text.contains("(imported_"), "{text}");
    let addressed = [
        "--imported",
        "dispute",
        "save-eml",
        id,
        letter.to_str().unwrap(),
    ];
    laptop.ok(&[&addressed[..], &["--to", "help@vendor.example"]].concat())?;
    let text = std::fs::read_to_string(&letter)?;
    assert!(text.contains("\nTo: help@vendor.example"), "{text}");
    assert_eq!(laptop.fails(&["--imported", "sync"])?.1, "imported");
    // An import that would delete an edited draft is refused.
    laptop.ok(&[
        "--imported",
        "dispute",
        "edit",
        id,
        "--message",
        "Where did it go?",
    ])?;
    let mut again = vec!["import", table.to_str().unwrap()];
    again.extend(EMAIL);
    assert_eq!(laptop.fails(&again)?.1, "drafts_waiting");
    Ok(())
}

fn latin1(text: &str) -> Vec<u8> {
    // ISO 8859-1, as German spreadsheets write it.
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect()
}
