//! Bytes that somebody brought, replayed: each file under `corpus/` is read by its door, and its name says
//! what becomes of it: `ok-…`, or the code with which it is refused.

use std::path::Path;

use boothkeeper_app::AppError;
use boothkeeper_app::untrusted;

fn replayed(door: &str, read: impl Fn(&str, &[u8]) -> Result<(), AppError>) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(door);
    let mut seen = 0;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let (wanted, rest) = name.split_once('-').unwrap_or_default();
        let became = match read(rest, &std::fs::read(file.path())?) {
            Ok(()) => "ok".to_owned(),
            Err(error) => serde_json::to_value(error.code)?
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        assert_eq!(became, wanted, "{door}/{name}");
        seen += 1;
    }
    assert!(seen >= 5, "{door} has {seen}");
    Ok(())
}

#[test]
fn tables_are_read_or_asked_about_or_refused() -> anyhow::Result<()> {
    replayed("tables", |_, bytes| untrusted::table(bytes).map(drop))
}

#[test]
fn receipts_say_what_was_paid_or_nothing() -> anyhow::Result<()> {
    replayed("receipts", |_, bytes| untrusted::receipt(bytes))
}

/// What is kept names no place and is what it was after a second reading.
#[test]
fn attachments_are_what_they_say_and_name_no_place() -> anyhow::Result<()> {
    replayed("attachments", |name, bytes| {
        let (name, kept) = untrusted::attachment(name, bytes)?;
        assert!(!kept.windows(3).any(|tag| tag == b"GPS"), "{name}");
        let again = untrusted::attachment(&name, &kept)?;
        assert_eq!((&again.0, &again.1), (&name, &kept));
        Ok(())
    })
}

#[test]
fn packets_prove_themselves_or_are_none() -> anyhow::Result<()> {
    replayed("packets", |name, bytes| {
        let proven = untrusted::packet(name, bytes)?;
        assert_eq!(proven, !name.contains("changed"), "{name}");
        Ok(())
    })
}
