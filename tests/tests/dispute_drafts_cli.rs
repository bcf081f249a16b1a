//! Dispute drafts on the command line: edits are checked, proposed values follow the journal, and known explanations
//! and tickets are shown.

use anyhow::Context;
use boothkeeper_tests::booth::{Booth, basic, id, with};
use serde_json::{Value, json};

/// A second `dispute new` does not overwrite a typed message, and invalid edits are refused.
#[tokio::test]
async fn dispute_draft_keeps_typed_values_and_refuses_invalid_edits() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let laptop = &booth.laptop;
    let new = ["dispute", "new", "--finding", "run_failed_not_refunded"];
    let draft = laptop.ok(&[&new[..], &["--message", "first"]].concat())?;
    let second = [&new[..], &["--message", "second"]].concat();
    assert_eq!(laptop.fails(&second)?.1, "draft_exists");
    let shown = laptop.ok(&["dispute", "show", id(&draft)])?;
    assert_eq!(shown["message"], "first");

    let edit = |more: &[&str]| {
        let edit = [&["dispute", "edit", id(&draft)][..], more].concat();
        laptop.run(&edit)
    };
    for (wrong, code) in [
        (["--entry", "999999"], "not_found"),
        (["--paid", "-5.00"], "usage"),
        (["--paid=-5.00", "--paid-on=2026-02-01"], "out_of_range"),
        (["--paid-on", "2030-01-01"], "out_of_range"),
        (["--noticed", "2030-01-01"], "out_of_range"),
        (["--detach", "none.pdf"], "not_found"),
    ] {
        assert_eq!(edit(&wrong)?.1["error"]["code"], code, "{wrong:?}");
    }
    let receipt = booth.folder.path().join("receipt.pdf");
    std::fs::write(&receipt, b"%PDF-1.7\nthanks\n")?;
    let attached = edit(&["--attach", receipt.to_str().unwrap()])?.1;
    assert_eq!(attached["files"][0]["name"], "receipt.pdf");
    assert_eq!(edit(&["--detach", "receipt.pdf"])?.1["files"], json!([]));

    // A new draft that shares an entry with a ticket names that ticket, and so does the finding.
    laptop.ok(&["dispute", "send", id(&draft)])?;
    laptop.ok(&["sync"])?;
    let filed = booth.tickets().await?;
    let ticket = id(&filed[0]);
    let charge = shown["entries"][0].to_string();
    let other = ["dispute", "new", "--kind", "other", "--entry", &charge];
    assert_eq!(laptop.ok(&other)?["disputed_by"], ticket);
    let explained = laptop.ok(&["explain"])?;
    let findings = explained["findings"].as_array().context("findings")?;
    let failed = findings
        .iter()
        .find(|finding| finding["code"] == "run_failed_not_refunded");
    assert_eq!(failed.context("the finding")?["dispute"], ticket);
    // A draft that was sent can neither be edited nor saved as an e-mail.
    let late = edit(&["--message", "third"])?.1;
    assert_eq!(late["error"]["code"], "dispute_sent");
    let eml = booth.folder.path().join("late.eml");
    let save = ["dispute", "save-eml", id(&draft), eml.to_str().unwrap()];
    assert_eq!(laptop.fails(&save)?.1, "dispute_sent");
    Ok(())
}

/// Later runs change a draft's expected and actual balance alike, so the claimed amount (their difference) stays.
#[tokio::test]
async fn later_runs_change_balances_of_dispute_draft_but_not_its_claim() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let laptop = &booth.laptop;
    let draft = laptop.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    assert_eq!(
        (&draft["expected"], &draft["actual"]),
        (&json!(950), &json!(925))
    );
    booth.cloud.runs(&booth.account, "draw_me", 4).await?;
    laptop.ok(&["sync"])?;
    let shown = laptop.ok(&["dispute", "show", id(&draft)])?;
    let sides = (&shown["expected"], &shown["actual"], &shown["owed"]);
    assert_eq!(sides, (&json!(850), &json!(825), &json!(25)));
    let sent = laptop.ok(&["dispute", "send", id(&draft)])?;
    assert_eq!(
        (&sent["expected"], &sent["actual"]),
        (&json!(850), &json!(825))
    );
    // A second failed run is disputed alone; the run that is with support is not claimed again.
    let failed = json!({ "service": "draw_me", "event": "Miller wedding", "outcome": "failed" });
    booth.cloud.control(&booth.account, "runs", failed).await?;
    laptop.ok(&["sync"])?;
    let history = laptop.ok(&["history", "--kind", "run_failed", "--limit", "1"])?;
    let of = history["entries"][0]["ref"].to_string();
    let second = [
        "dispute",
        "new",
        "--finding",
        "run_failed_not_refunded",
        "--entry",
        &of,
    ];
    let second = laptop.ok(&second)?;
    assert_eq!(
        (&second["owed"], second["entries"].as_array().map(Vec::len)),
        (&json!(25), Some(1))
    );
    assert_eq!(second["disputed_by"], Value::Null);
    Ok(())
}

/// Proposed values follow the journal and the chosen entries until they are edited.
#[tokio::test]
async fn unedited_fields_of_dispute_draft_follow_journal() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let (cloud, account, laptop) = (&booth.cloud, &booth.account, &booth.laptop);
    let failed =
        json!({ "service": "draw_me", "event": "Miller wedding", "outcome": "failed", "count": 2 });
    cloud.control(account, "runs", failed).await?;
    laptop.ok(&["sync"])?;
    let draft = laptop.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    let rows = draft["entries"].as_array().context("rows")?.clone();
    assert_eq!((rows.len(), &draft["owed"]), (3, &json!(75)));
    let one = [
        "dispute",
        "edit",
        id(&draft),
        "--entry",
        &rows[0].to_string(),
    ];
    let one = laptop.ok(&one)?;
    assert_eq!(one["owed"], 25);
    let message = one["message"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("A run") && message.contains("$0.25"),
        "{message}"
    );
    // Two days later the draft's attached histories end on that day, with that day's closing balance.
    booth.until("2026-02-22T12:00:00Z").await?;
    cloud.runs(account, "sms", 3).await?;
    laptop.ok(&["sync"])?;
    let shown = laptop.ok(&["dispute", "show", id(&draft)])?;
    assert_eq!(
        (&shown["to"], &shown["closing"]),
        (&json!("2026-02-22"), &shown["actual"])
    );
    assert_eq!(shown["owed"], 25);
    laptop.ok(&["dispute", "send", id(&draft)])?;
    // A new draft about the same finding leaves out the entry that is with support.
    let rest = laptop.ok(&["dispute", "new", "--finding", "run_failed_not_refunded"])?;
    assert_eq!(rest["entries"], json!(rows[1..]));
    // An edited draft about a missing purchase says that the purchase has arrived since.
    cloud
        .buy(account, 10_000, json!({ "delayed_seconds": 60 }))
        .await?;
    laptop.ok(&["sync"])?;
    let missing = laptop.ok(&["dispute", "new", "--kind", "purchase_missing"])?;
    laptop.ok(&["dispute", "edit", id(&missing), "--message", "Where is it?"])?;
    booth.until("2026-02-22T12:02:00Z").await?;
    let missing = laptop.ok(&["dispute", "show", id(&missing)])?;
    assert_eq!(missing["came_right"], true, "{missing}");
    Ok(())
}

/// A draft about a run names the refund that is already in the journal.
#[tokio::test]
async fn dispute_draft_about_refunded_run_names_the_refund() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let refunded = json!({ "service": "sms", "outcome": "failed_and_refunded" });
    booth
        .cloud
        .control(&booth.account, "runs", refunded)
        .await?;
    booth.laptop.ok(&["sync"])?;
    let history = booth.laptop.ok(&["history", "--kind", "usage_refund"])?;
    let (refund, of) = (&history["entries"][0]["seq"], &history["entries"][0]["ref"]);
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--entry", &of.to_string()])?;
    assert_eq!(draft["owed"], 2);
    assert_eq!(
        (&draft["explained"]["code"], &draft["explained"]["entries"]),
        (&json!("run_refunded"), &json!([refund]))
    );
    // One of two runs was refunded, so the claim is explained in part.
    let both = [
        "dispute",
        "edit",
        id(&draft),
        "--entry",
        &of.to_string(),
        "--entry",
        "3",
    ];
    let both = booth.laptop.ok(&both)?;
    assert_eq!(
        (&both["owed"], &both["explained"]["part"]),
        (&json!(27), &json!(true))
    );
    Ok(())
}

/// Of a kind like `other`, an account has one open ticket: a second draft names that ticket, and sending the draft adds
/// to it.
#[tokio::test]
async fn second_dispute_of_kind_other_is_added_to_first_ticket() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let laptop = &booth.laptop;
    let new = ["dispute", "new", "--kind", "other", "--message"];
    let first = laptop.ok(&[&new[..], &["Hello?"]].concat())?;
    let first = laptop.ok(&["dispute", "send", id(&first)])?;
    let more = ["And this?", "--entry", "3", "--expected", "20.00"];
    let second = laptop.ok(&[&new[..], &more].concat())?;
    assert_eq!(second["disputed_by"], first["id"]);
    let second = laptop.ok(&["dispute", "send", id(&second)])?;
    assert_eq!(second["id"], first["id"]);
    assert_eq!(second["entries"], json!([3]));
    assert_eq!(second["expected"], 2_000);
    assert_eq!(second["messages"].as_array().map(Vec::len), Some(2));
    Ok(())
}

/// Lost purchases that are described by amount and day get a draft each.
#[tokio::test]
async fn two_lost_purchases_get_one_dispute_draft_each() -> anyhow::Result<()> {
    let booth = Booth::new(
        "2026-02-20T12:00:00Z",
        with(basic(1_000), json!({ "plan": "payg" })),
    )
    .await?;
    let mut ids = vec![];
    for (paid, on) in [("20", "2026-02-10"), ("35", "2026-02-12")] {
        let new = [
            "dispute",
            "new",
            "--kind",
            "purchase_missing",
            "--paid",
            paid,
        ];
        let draft = booth.laptop.ok(&[&new[..], &["--paid-on", on]].concat())?;
        assert_eq!(
            (&draft["paid_on"], &draft["entries"]),
            (&json!(on), &json!([]))
        );
        ids.push(id(&draft).to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    Ok(())
}
