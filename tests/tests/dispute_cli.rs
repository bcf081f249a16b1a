//! Disputes on the command line, from a finding to a ticket: proposed, edited, and sent once with all files.

use boothkeeper_tests::booth::{Booth, basic, id, with};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::{Pipes, Process};
use serde_json::{Value, json};

/// Scenario 17 up to the sending: the draft names the entries that explain why the balance is lower than expected.
#[tokio::test]
async fn explained_difference_is_shown_before_dispute_is_sent() -> anyhow::Result<()> {
    let credits = json!({ "payment_order": { "first": "credits", "fallback": true } });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(15_000), credits)).await?;
    booth.until("2026-02-10T08:00:00Z").await?;
    assert_eq!(booth.balance()?, 10_100);
    let new = [
        "dispute",
        "new",
        "--kind",
        "unexpected_deduction",
        "--expected",
        "150.00",
    ];
    let draft = booth.laptop.ok(&new)?;
    assert_eq!(
        (&draft["owed"], &draft["actual"]),
        (&json!(4_900), &json!(10_100))
    );
    let explained = &draft["explained"];
    assert_eq!(
        (&explained["code"], &explained["delta"]),
        (&json!("renewal_paid_from_credits"), &json!(-4_900))
    );
    let sum = draft["opening"].as_i64().unwrap() + draft["delta"].as_i64().unwrap();
    assert_eq!(
        (draft["closing"].as_i64(), &draft["adds_up"]),
        (Some(sum), &json!(true))
    );
    // A difference of one cent more is not explained.
    let other = ["dispute", "edit", id(&draft), "--expected", "150.01"];
    assert_eq!(booth.laptop.ok(&other)?["explained"], Value::Null);
    // Without entries a draft about an unexpected deduction is incomplete and is not sent.
    assert_eq!(draft["problems"], json!(["no_rows"]));
    let refused = booth.laptop.fails(&["dispute", "send", id(&draft)])?;
    assert_eq!(refused, (1, "draft_incomplete".into()));
    assert_eq!(booth.tickets().await?, Vec::<Value>::new());
    Ok(())
}

/// Scenario 17, the sending: a dispute is queued offline, its process is killed while sending, and it is sent again.
/// The result is one ticket with all files complete, and the files can be verified.
#[tokio::test]
async fn dispute_sent_offline_by_killed_process_is_one_complete_ticket() -> anyhow::Result<()> {
    let mut booth = Booth::with_failed_run().await?;
    let receipt = booth.folder.path().join("receipt.pdf");
    std::fs::write(&receipt, b"%PDF-1.7\nthanks\n")?;
    let mut new = vec!["dispute", "new", "--finding", "run_failed_not_refunded"];
    let message = "It hung. Guest +1 555 123 4567, jane@guest.example, saw it.";
    new.extend(["--message", message, "--attach", receipt.to_str().unwrap()]);
    let draft = booth.laptop.ok(&new)?;
    assert_eq!(
        (&draft["kind"], &draft["owed"]),
        (&json!("failed_run"), &json!(25))
    );
    assert_eq!(draft["message_sent"], "It hung. Guest •••67, •••, saw it.");
    let draft_id = id(&draft).to_owned();

    booth.cloud.stop();
    let queued = booth.laptop.ok(&["dispute", "send", &draft_id])?;
    assert_eq!(queued["state"], "queued", "{queued}");
    let again = booth.laptop.fails(&["dispute", "send", &draft_id])?;
    assert_eq!(again.1, "already_waiting");
    booth.cloud.restart(&[])?;
    // The first answer is lost, the next process is killed while it sends, and the command is sent again.
    booth
        .cloud
        .fault("/v1/commands", 1, json!("drop_answer"))
        .await?;
    let mut syncing = Process::start(&booth.laptop.command(&["sync"]), Pipes::default())?;
    syncing.child().wait()?;
    let mut syncing = Process::start(&booth.laptop.command(&["sync"]), Pipes::default())?;
    syncing.kill();
    booth.laptop.ok(&["sync"])?;
    booth.laptop.ok(&["sync"])?;

    let filed = booth.tickets().await?;
    assert_eq!(filed.len(), 1, "{filed:?}");
    let ticket = &filed[0];
    assert_eq!(
        ticket["messages"][0]["text"],
        "It hung. Guest •••67, •••, saw it."
    );
    let names: Vec<&str> = ticket["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect();
    let wanted = [
        "usage-history.csv",
        "usage-history.json",
        "statement.pdf",
        "balance.png",
        "receipt.pdf",
    ];
    assert_eq!(names, wanted);
    // The files that support opens match their checksums.
    let folder = booth.folder.path().join("support");
    std::fs::create_dir(&folder)?;
    for file in ticket["attachments"].as_array().unwrap() {
        let (name, sha256) = (
            file["name"].as_str().unwrap(),
            file["sha256"].as_str().unwrap(),
        );
        let path = format!("/sandbox/disputes/{}/blobs/{sha256}", id(ticket));
        let bytes = booth.cloud.bytes(&path).await?;
        assert_eq!(
            boothkeeper_wire::sha256(&bytes).to_string(),
            sha256,
            "{name}"
        );
        std::fs::write(folder.join(name), bytes)?;
    }
    // The dispute's files are verified without this laptop's data: opening balance plus changes is the closing balance.
    let verifier = Laptop::new(&booth.folder.path().join("verifier"));
    let proven = verifier.ok(&[
        "verify",
        folder.to_str().unwrap(),
        "--cloud",
        &booth.cloud.url,
    ])?;
    assert_eq!(
        (&proven["ok"], &proven["balance"]),
        (&json!(true), &json!(925))
    );
    assert_eq!(proven["to"], "2026-02-20");
    // Other files in the folder are listed as unproven, and an emptied table fails the check.
    let packet = folder.to_str().unwrap();
    std::fs::create_dir(folder.join("Later"))?;
    let beside = verifier.ok(&["verify", packet])?["unproven"].to_string();
    assert!(beside.contains("later"), "{beside}");
    std::fs::write(folder.join("usage-history.csv"), "")?;
    let (_, forged) = verifier.run(&["verify", packet])?;
    assert_eq!(forged["ok"], false, "{forged}");
    let show = booth.laptop.ok(&["dispute", "show", id(ticket)])?;
    assert_eq!(
        (&show["state"], &show["kind"]),
        (&json!("submitted"), &json!("failed_run"))
    );
    assert_eq!(
        show["reply_expected_by"], "2026-02-24T23:59:59.999Z",
        "Friday to Tuesday"
    );
    let due = booth.laptop.ok(&["deadlines"])?;
    let codes = due["deadlines"].as_array().unwrap().iter();
    let reply = codes.filter(|due| due["code"] == "dispute_reply").count();
    assert_eq!(reply, 1);
    let list = booth.laptop.ok(&["dispute", "list"])?;
    assert_eq!(
        list["disputes"].as_array().unwrap().len(),
        1,
        "the ticket has replaced the draft"
    );
    Ok(())
}

/// Scenario 9: when an overdue purchase arrives, an unedited draft about it withdraws itself; an edited draft is kept
/// and says that the purchase has arrived.
#[tokio::test]
async fn arrived_purchase_withdraws_unedited_dispute_draft() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    let (cloud, account, laptop) = (&booth.cloud, &booth.account, &booth.laptop);
    cloud
        .buy(account, 10_000, json!({ "delayed_seconds": 660 }))
        .await?;
    booth.until("2026-01-10T12:10:00Z").await?;
    let begin = ["dispute", "new", "--finding", "purchase_overdue"];
    let draft = laptop.ok(&begin)?;
    assert_eq!(
        (
            &draft["kind"],
            &draft["paid"],
            &draft["owed"],
            &draft["paid_on"]
        ),
        (
            &json!("purchase_missing"),
            &json!(10_000),
            &json!(10_000),
            &json!("2026-01-10")
        )
    );
    assert!(
        draft["payment"]
            .as_str()
            .is_some_and(|id| id.starts_with("pay_"))
    );
    assert_eq!(
        laptop.ok(&begin)?["id"],
        draft["id"],
        "only one draft is created"
    );
    booth.until("2026-01-10T12:11:00Z").await?;
    let list = laptop.ok(&["dispute", "list"])?;
    let row = &list["disputes"][0];
    assert_eq!(
        (&row["id"], &row["state"], &row["came_right"]),
        (&draft["id"], &json!("withdrawn"), &json!(true)),
        "it withdrew itself, and says so"
    );
    let said = laptop.text(&["dispute", "list"])?;
    assert!(
        said.contains("Withdrew itself: this has come right"),
        "{said}"
    );

    cloud
        .buy(account, 20_000, json!({ "delayed_seconds": 660 }))
        .await?;
    booth.until("2026-01-10T12:21:30Z").await?;
    let draft = laptop.ok(&begin)?;
    laptop.ok(&["dispute", "edit", id(&draft), "--message", "Where is it?"])?;
    booth.until("2026-01-10T12:23:00Z").await?;
    let list = laptop.ok(&["dispute", "list"])?;
    let row = &list["disputes"][0];
    assert_eq!(
        (&row["id"], &row["came_right"]),
        (&draft["id"], &json!(true))
    );
    assert_eq!(row["state"], "draft");
    Ok(())
}

/// A dispute queued offline is not sent if its purchase has arrived meanwhile, and says why.
#[tokio::test]
async fn queued_dispute_about_arrived_purchase_is_not_sent() -> anyhow::Result<()> {
    let mut booth = Booth::basic("2026-01-10T12:00:00Z", 1_000).await?;
    booth
        .cloud
        .buy(&booth.account, 10_000, json!({ "delayed_seconds": 660 }))
        .await?;
    booth.until("2026-01-10T12:10:00Z").await?;
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "purchase_overdue"])?;
    booth.cloud.stop();
    booth.laptop.ok(&["dispute", "send", id(&draft)])?;
    booth.cloud.restart_at("2026-01-10T12:12:00Z")?;
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.tickets().await?, Vec::<Value>::new());
    let list = booth.laptop.ok(&["dispute", "list"])?;
    let row = &list["disputes"][0];
    assert_eq!(
        (&row["state"], &row["came_right"]),
        (&json!("draft"), &json!(true))
    );
    // The dispute can still be sent explicitly.
    let kept = booth.laptop.ok(&["dispute", "send", id(&draft)])?;
    assert_eq!(kept["state"], "submitted", "{kept}");
    Ok(())
}

/// Scenario 21: two laptops dispute one run and share a ticket. A dispute about another subject is a second ticket.
#[tokio::test]
async fn two_laptops_disputing_one_run_share_one_ticket() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let other = Laptop::signed_in(
        &booth.folder.path().join("other"),
        &booth.cloud,
        &booth.account,
    )?;
    let history = other.ok(&["history", "--kind", "run_failed"])?;
    let row = history["entries"][0]["seq"].to_string();
    let mine = booth.laptop.ok(&[
        "dispute",
        "new",
        "--finding",
        "run_failed_not_refunded",
        "--message",
        "Mine.",
    ])?;
    let theirs = other.ok(&["dispute", "new", "--entry", &row, "--message", "Theirs."])?;
    assert_eq!(theirs["kind"], "failed_run");
    let first = booth.laptop.ok(&["dispute", "send", id(&mine)])?;
    let second = other.ok(&["dispute", "send", id(&theirs)])?;
    assert_eq!(first["id"], second["id"], "one ticket");
    let filed = booth.tickets().await?;
    assert_eq!(filed.len(), 1);
    let texts: Vec<_> = filed[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].clone())
        .collect();
    assert_eq!(texts, [json!("Mine."), json!("Theirs.")]);
    // Both laptops see both messages, and another subject is another ticket.
    booth.laptop.ok(&["sync"])?;
    let show = booth
        .laptop
        .ok(&["dispute", "show", first["id"].as_str().unwrap()])?;
    assert_eq!(show["messages"].as_array().unwrap().len(), 2);
    let pricing = booth.laptop.ok(&[
        "dispute",
        "new",
        "--kind",
        "special_pricing",
        "--message",
        "A school.",
    ])?;
    booth.laptop.ok(&["dispute", "send", id(&pricing)])?;
    assert_eq!(booth.tickets().await?.len(), 2);
    Ok(())
}
