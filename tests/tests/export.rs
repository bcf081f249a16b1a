//! What is offered before a pause: everything that is deleted or hard to see again, as files.

use anyhow::Context;
use boothkeeper_app::{App, Options, Zone};
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::booth::{Booth, basic, with};
use serde_json::{Value, json};

#[tokio::test]
async fn history_and_events_are_written_before_a_pause() -> anyhow::Result<()> {
    let event = json!({
        "name": "=cmd|'/c calc'!A1", "starts_at": "2026-05-01T16:00:00Z", "ends_at": "2026-05-01T22:00:00Z",
    });
    let request = with(basic(9_000), json!({ "events": [event] }));
    let booth = Booth::new("2026-01-10T08:00:00Z", request).await?;
    booth.cloud.runs(&booth.account, "draw_me", 3).await?;
    booth.laptop.ok(&["sync"])?;
    let app = App::open(Options {
        data: booth.laptop.data.clone(),
        zone: Zone::named("America/New_York").context("a zone")?,
        key: AccessKey::parse(&booth.account.key),
    })?;
    let folder = booth.folder.path().join("before");
    std::fs::create_dir(&folder)?;
    let entries = app.export_before_pause(&folder)?;
    assert_eq!(entries, booth.laptop.journal()?.len() as u64);
    let lines = |name: &str| std::fs::read_to_string(folder.join(name));
    assert_eq!(lines("history.csv")?.lines().count() as u64, entries + 1);
    let proof: Value = serde_json::from_str(&lines("history.json")?)?;
    assert_eq!(
        proof["entries"].as_array().map(Vec::len),
        Some(entries as usize)
    );
    let events = lines("events.csv")?;
    // A name is a name, whatever a spreadsheet would make of it.
    let cell = events.lines().nth(1).context("no event")?;
    assert!(!cell.trim_start_matches('"').starts_with('='), "{events}");
    assert!(cell.contains("2026-05-01"), "{events}");
    let left: Vec<_> = std::fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    assert_eq!(left.len(), 3, "nothing half-written stays: {left:?}");
    Ok(())
}
