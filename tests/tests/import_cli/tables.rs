//! Reading tables and receipts: unclear columns are asked about, repeated rows are counted once, receipts are matched
//! to purchases, and unreadable files are refused.

use std::path::{Path, PathBuf};

use anyhow::Context;
use boothkeeper_tests::laptop::Laptop;
use serde_json::json;
use tempfile::tempdir;

use super::{causes, import, written};

/// Receipts are matched to purchases by number; a receipt without a purchase in the table is an overdue purchase.
#[tokio::test]
async fn imported_receipt_without_credits_is_an_overdue_purchase() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let table = "date,amount,payment\n2026-02-20 10:00,100.00,pay_1001\n2026-02-20 12:00,-0.25,\n2026-02-25 12:00,-0.25,\n";
    let table = written(folder.path(), "history.csv", table)?;
    let receipt = |number: &str, day: &str| {
        format!(
            "From: billing@cloud.example\r\nDate: {day} Feb 2026 10:00:00 +0000\r\nSubject: Receipt\r\n\r\n\
             Transaction ID: {number}\r\nTotal paid: $100.00\r\n"
        )
    };
    let paid = written(folder.path(), "one.eml", receipt("pay_1001", "Fri, 20"))?;
    let lost = written(folder.path(), "two.eml", receipt("pay_2002", "Sat, 21"))?;
    let imported = import(&laptop, &[&table, &paid], &[])?;
    assert_eq!(
        (&imported["matched"], &imported["receipts"]),
        (&json!(1), &json!(1))
    );
    // A receipt imported later is added to the stored import.
    let imported = import(&laptop, &[&lost], &[])?;
    assert_eq!(
        (
            &imported["rows"],
            &imported["receipts"],
            &imported["matched"]
        ),
        (&json!(3), &json!(2), &json!(1))
    );
    let explained = laptop.ok(&["--imported", "explain", "--from", "2026-02-01"])?;
    let overdue: Vec<_> = explained["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["code"] == "purchase_overdue")
        .collect();
    assert_eq!(overdue.len(), 1, "{explained}");
    assert_eq!(overdue[0]["amount"], 10_000);
    let new = [
        "--imported",
        "dispute",
        "new",
        "--finding",
        "purchase_overdue",
        "--from",
        "2026-02-01",
    ];
    let draft = laptop.ok(&new)?;
    assert_eq!(
        (&draft["payment"], &draft["kind"]),
        (&json!("pay_2002"), &json!("purchase_missing"))
    );
    Ok(())
}

#[tokio::test]
async fn import_asks_about_unclear_columns_and_remembers_answers() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let table = written(
        folder.path(),
        "a.csv",
        "When,Tide\n02/03/2026,-1.500\n04/05/2026,-0.25\n",
    )?;
    let path = table.to_str().unwrap();
    let plain = ["import", path, "--email", "me@booth.example"];
    assert_eq!(laptop.fails(&plain)?.1, "ask_mapping");
    let mapped = [&plain[..], &["--map", "amount=Tide"]].concat();
    assert_eq!(laptop.fails(&mapped)?.1, "ask_dates");
    let preview = laptop.ok(&["import", path, "--preview", "--map", "amount=Tide"])?;
    assert_eq!(preview["asks"], json!(["ask_dates", "ask_decimals"]));
    assert_eq!(preview["samples"][0], json!(["02/03/2026", "-1.500"]));
    let said = [&mapped[..], &["--dates", "mdy", "--decimal", "point"]].concat();
    assert_eq!(laptop.ok(&said)?["rows"], 2);
    let history = laptop.ok(&["--imported", "history"])?;
    assert_eq!(history["entries"][0]["at"], "2026-04-05T00:00:00.000Z");
    // The next table with the same columns is imported without questions.
    written(folder.path(), "a.csv", "When,Tide\n06/07/2026,-0.10\n")?;
    assert_eq!(laptop.ok(&plain)?["rows"], 1);
    assert_eq!(laptop.fails(&["import", path])?.1, "email_missing");
    Ok(())
}

/// Overlapping tables, a receipt given twice, a run that the table marks as failed, and a last balance that does not
/// follow from the amounts.
#[tokio::test]
async fn row_found_in_both_tables_and_receipt_given_twice_are_each_imported_once()
-> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let titles = "Date,Type,What,Change,Balance,Payment\n";
    let february = format!(
        "{titles}2026-02-01,auto_recharge,,100.00,150.00,pay_1001\n\
         2026-02-03,,SMS,-0.02,149.98,\n2026-02-03,,SMS,-0.02,149.96,\n"
    );
    let march = format!("{february}2026-03-02,run_failed,Draw Me,-0.25,149.71,\n");
    let receipt = |day: u32, payment: &str| {
        format!(
            "From: billing@vendor.example\r\nDate: Sun, {day:02} Feb 2026 10:00:00 +0000\r\n\
             Subject: Receipt\r\n\r\nTransaction ID: {payment}\r\nTotal paid: $100.00\r\n"
        )
    };
    let files = [
        written(folder.path(), "february.csv", &february)?,
        written(folder.path(), "march.csv", &march)?,
        written(folder.path(), "a.eml", receipt(1, "pay_1001"))?,
        written(folder.path(), "b.eml", receipt(2, "pay_1001"))?,
    ];
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let imported = import(&laptop, &files, &[])?;
    let told = |name: &str| imported[name].as_i64().unwrap();
    assert_eq!((told("rows"), told("twice")), (4, 3));
    assert_eq!((told("receipts"), told("matched")), (1, 1));
    assert_eq!((told("gaps"), told("balance")), (0, 14_971));
    assert_eq!((told("brought_forward"), told("replaced")), (5_000, 0));
    let explain = ["--imported", "explain", "--from", "2026-01-01"];
    let explained = laptop.ok(&explain)?;
    assert_eq!(
        causes(&explained),
        [
            ("auto_recharge".to_owned(), 10_000),
            ("brought_forward".to_owned(), 5_000),
            ("usage".to_owned(), -29)
        ]
    );
    let codes: Vec<_> = explained["findings"]
        .as_array()
        .context("findings")?
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["run_failed_not_refunded", "auto_recharge_fired"]);

    // An import that would delete a draft is refused until the draft is withdrawn; then it replaces the older history.
    let draft = laptop.ok(&["--imported", "dispute", "new", "--kind", "other"])?;
    // The draft has today's date, although the history ends earlier.
    let noticed = draft["noticed_on"].as_str().context("a day")?;
    assert!(noticed > "2026-03-02", "{noticed}");
    let shown = laptop.ok(&["--imported", "balance"])?;
    assert_eq!(shown["as_of"], "2026-03-02T00:00:00.000Z");
    let table = written(
        folder.path(),
        "other.csv",
        "Date,What,Change,Balance\n2026-04-01,Top-up,300.00,100.00\n",
    )?;
    let again = [
        "import",
        table.to_str().unwrap(),
        "--email",
        "me@booth.example",
    ];
    assert_eq!(laptop.fails(&again)?.1, "drafts_waiting");
    let id = draft["id"].as_str().unwrap();
    laptop.ok(&["--imported", "dispute", "withdraw", id])?;
    let imported = laptop.ok(&again)?;
    assert_eq!(
        imported["balance"], 10_000,
        "the last balance is the one in the table"
    );
    assert_eq!(
        (&imported["gaps"], &imported["replaced"]),
        (&json!(1), &json!(7))
    );

    // A damaged stored import is an error, and is not taken for an empty one.
    let kept = laptop.data.join("imported/brought.json");
    std::fs::write(&kept, "{\"rows\":[")?;
    let receipt = written(folder.path(), "c.eml", receipt(3, "pay_3003"))?;
    let more = [
        "import",
        receipt.to_str().unwrap(),
        "--email",
        "me@booth.example",
    ];
    assert_eq!(laptop.fails(&more)?.1, "damaged");
    assert_eq!(laptop.ok(&["--imported", "balance"])?["balance"], 10_000);
    Ok(())
}

#[tokio::test]
async fn import_of_unreadable_file_is_refused_with_error_code() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let huge = folder.path().join("huge.csv");
    std::fs::File::create(&huge)?.set_len(300 * 1024 * 1024)?;
    let binary = written(folder.path(), "binary.csv", [0u8, 159, 1, 2, 255, 0])?;
    let half = written(
        folder.path(),
        "half.csv",
        "date,amount\n2026-02-03,1.00\nnever,2.00\n",
    )?;
    let empty = written(folder.path(), "empty.csv", "")?;
    let photo = written(folder.path(), "photo.png", b"\x89PNG\r\n\x1a\n1234")?;
    let mail = written(
        folder.path(),
        "love.eml",
        "From: a@b.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\n\r\nHello\r\n",
    )?;
    for (path, code) in [
        (&huge, "file_too_large"),
        (&binary, "not_a_history"),
        (&half, "row_unreadable"),
        (&empty, "file_empty"),
        (&photo, "file_type"),
        (&mail, "not_a_receipt"),
        (&folder.path().join("none.csv"), "file_system"),
    ] {
        let arguments = [
            "import",
            path.to_str().unwrap(),
            "--email",
            "me@booth.example",
        ];
        assert_eq!(laptop.fails(&arguments)?.1, code, "{}", path.display());
    }
    assert_eq!(
        laptop.ok(&["--imported", "balance"])?["trust"],
        "unknown",
        "nothing was imported"
    );
    Ok(())
}
