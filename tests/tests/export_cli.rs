//! Exported files, read by other programs: the export before a pause, and the files and the e-mail of a dispute.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use boothkeeper_app::{App, Options, Reader, Zone};
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};

#[tokio::test]
async fn export_before_pause_writes_history_and_events() -> anyhow::Result<()> {
    let event = json!({
        "name": "=cmd|'/c calc'!A1", "starts_at": "2026-05-01T16:00:00Z", "ends_at": "2026-05-01T22:00:00Z",
    });
    let request = with(basic(9_000), json!({ "events": [event] }));
    let booth = Booth::new("2026-01-10T08:00:00Z", request).await?;
    booth.cloud.runs(&booth.account, "draw_me", 3).await?;
    booth.laptop.ok(&["sync"])?;
    let app = App::open(Options {
        reader: Reader::InProcess,
        data: booth.laptop.data.clone(),
        zone: Zone::named("America/New_York").context("a zone")?,
        key: AccessKey::parse(&booth.account.key),
    })?;
    let folder = booth.folder.path().join("before");
    std::fs::create_dir(&folder)?;
    let entries = app.plan().export_before_pause(&folder)?;
    assert_eq!(entries, booth.laptop.journal()?.len() as u64);
    let lines = |name: &str| std::fs::read_to_string(folder.join(name));
    assert_eq!(lines("history.csv")?.lines().count() as u64, entries + 1);
    let proof: Value = serde_json::from_str(&lines("history.json")?)?;
    assert_eq!(
        proof["entries"].as_array().map(Vec::len),
        Some(entries as usize)
    );
    let events = lines("events.csv")?;
    // An event name that looks like a formula is not written as one.
    let cell = events.lines().nth(1).context("no event")?;
    assert!(!cell.trim_start_matches('"').starts_with('='), "{events}");
    assert!(cell.contains("2026-05-01"), "{events}");
    let left: Vec<_> = std::fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    assert_eq!(left.len(), 3, "no partial file is left: {left:?}");
    Ok(())
}

fn python(script: &str, path: &Path) -> anyhow::Result<Value> {
    let output = Command::new("python3")
        .arg("-c")
        .arg(script)
        .arg(path)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn printed(program: &str, arguments: &[&str], path: &Path) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .arg(path)
        .arg("-")
        .output()?;
    ensure!(output.status.success(), "{program}: {output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

/// Python reads the CSV and the e-mail, and pdftotext and pdfinfo read the PDF.
#[tokio::test]
async fn other_programs_read_dispute_files_and_mail() -> anyhow::Result<()> {
    let booth = Booth::new(
        "2026-02-20T12:00:00Z",
        with(basic(15_000), json!({ "plan": "payg" })),
    )
    .await?;
    for event in ["Okafor & Sons, \"gala\"", "=1+1", "Hochzeit Müller", "ねこ"] {
        let runs = json!({ "service": "sms", "event": event, "count": 3 });
        booth.cloud.control(&booth.account, "runs", runs).await?;
    }
    let take = json!({ "amount": -300 });
    booth.cloud.control(&booth.account, "adjust", take).await?;
    booth.laptop.ok(&["sync"])?;
    let draft = booth
        .laptop
        .ok(&["dispute", "new", "--finding", "unexplained"])?;
    let id = draft["id"].as_str().unwrap();
    let folder = booth.folder.path().join("packet");
    let save = ["dispute", "save-files", id, folder.to_str().unwrap()];
    let saved = booth.laptop.ok(&save)?;

    let csv = "import csv,json,sys\nrows=list(csv.DictReader(open(sys.argv[1],newline='',encoding='utf-8')))\nprint(json.dumps(rows))";
    let rows = python(csv, &folder.join("usage-history.csv"))?;
    let rows = rows.as_array().context("no rows")?;
    let history = booth.laptop.ok(&["history", "--limit", "1000"])?;
    assert_eq!(rows.len(), history["entries"].as_array().unwrap().len());
    let events: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["event"].as_str())
        .collect();
    for event in [
        "Okafor & Sons, \"gala\"",
        "'=1+1",
        "Hochzeit Müller",
        "ねこ",
    ] {
        assert!(events.contains(&event), "{event:?} in {events:?}");
    }
    assert_eq!(rows.last().unwrap()["amount"], "-3.00");
    assert!(
        rows.iter()
            .all(|row| row["hash"].as_str().is_some_and(|hash| hash.len() == 64))
    );

    let statement = folder.join("statement.pdf");
    let text = printed("pdftotext", &["-layout"], &statement)?;
    for said in [
        "Statement of credits",
        "operator@booth.example",
        "Opening balance",
        "Closing balance",
        "No cause on record",
        "$146.76",
        "−$3.00",
        "Hochzeit Müller",
        "chain value",
    ] {
        assert!(text.contains(said), "{said:?} in\n{text}");
    }
    let info = Command::new("pdfinfo").arg(&statement).output()?;
    let info = String::from_utf8(info.stdout)?;
    assert!(
        info.lines()
            .any(|line| line.starts_with("Tagged:") && line.ends_with("yes")),
        "{info}"
    );
    assert!(info.contains("Statement of credits"), "{info}");
    let structure = Command::new("pdfinfo")
        .arg("-struct")
        .arg(&statement)
        .output()?;
    let structure = String::from_utf8(structure.stdout)?;
    for element in ["H1", "H2", "Table", "TH", "TD"] {
        assert!(
            structure
                .lines()
                .any(|line| line.trim().starts_with(element)),
            "{element}"
        );
    }
    let ua = std::fs::read(&statement)?;
    let ua = String::from_utf8_lossy(&ua);
    assert!(ua.contains("pdfuaid:part"), "the file declares PDF/UA");

    let letter = booth.folder.path().join("dispute.eml");
    booth
        .laptop
        .ok(&["dispute", "save-eml", id, letter.to_str().unwrap()])?;
    let read = "import sys,json,hashlib,email,email.policy\nm=email.message_from_binary_file(open(sys.argv[1],'rb'),policy=email.policy.default)\nb=m.get_body(('plain',)).get_content()\nf={a.get_filename():hashlib.sha256(a.get_content() if isinstance(a.get_content(),bytes) else a.get_content().encode()).hexdigest() for a in m.iter_attachments() if a.get_content_maintype()!='text'}\nr={a.get_filename():hashlib.sha256(a.get_payload(decode=True)).hexdigest() for a in m.iter_attachments()}\nprint(json.dumps({'to':m['to'],'from':m['from'],'subject':m['subject'],'defects':len(m.defects),'body':b,'files':r}))";
    let mail = python(read, &letter)?;
    assert_eq!(
        (&mail["to"], &mail["from"], &mail["defects"]),
        (
            &json!("support@booth.example"),
            &json!("operator@booth.example"),
            &json!(0)
        )
    );
    let body = mail["body"].as_str().context("no body")?;
    assert!(
        body.contains("Expected balance") && body.contains("$149.76"),
        "{body}"
    );
    for file in saved["attachments"].as_array().unwrap() {
        let (name, sha256) = (file["name"].as_str().unwrap(), &file["sha256"]);
        assert_eq!(&mail["files"][name], sha256, "{name} as it was saved");
        assert!(
            body.contains(sha256.as_str().unwrap()),
            "{name} in the list"
        );
    }
    // Saving again writes the same bytes.
    let again = booth.folder.path().join("again.eml");
    booth
        .laptop
        .ok(&["dispute", "save-eml", id, again.to_str().unwrap()])?;
    assert_eq!(std::fs::read(&letter)?, std::fs::read(&again)?);
    let verifier = Laptop::new(&booth.folder.path().join("verifier"));
    for packet in [&letter, &folder, &folder.join("usage-history.json")] {
        let proven = verifier.ok(&["verify", packet.to_str().unwrap()])?;
        assert_eq!(
            (&proven["ok"], &proven["balance"]),
            (&json!(true), &json!(14_676))
        );
    }
    // Dispute files about days before the account existed can be verified too.
    let early = [
        "--kind",
        "other",
        "--from",
        "2020-01-01",
        "--to",
        "2020-01-31",
    ];
    let early = [&["dispute", "new"][..], &early].concat();
    let early = booth.laptop.ok(&early)?;
    let before = booth.folder.path().join("before");
    let save = ["dispute", "save-files", early["id"].as_str().unwrap()];
    let save = [&save[..], &[before.to_str().unwrap()]].concat();
    booth.laptop.ok(&save)?;
    let proven = verifier.ok(&["verify", before.to_str().unwrap()])?;
    assert_eq!(
        (&proven["ok"], &proven["entries"], &proven["balance"]),
        (&json!(true), &json!(0), &json!(0))
    );
    // With one changed figure the check fails.
    let proof = std::fs::read_to_string(folder.join("usage-history.json"))?;
    let forged = proof.replacen("\\\"delta\\\":-300", "\\\"delta\\\":-200", 1);
    assert_ne!(proof, forged);
    std::fs::write(folder.join("usage-history.json"), forged)?;
    let (code, verdict) = verifier.run(&["verify", folder.to_str().unwrap()])?;
    assert_eq!((code, &verdict["flaw"]), (6, &json!("chain")));
    Ok(())
}
