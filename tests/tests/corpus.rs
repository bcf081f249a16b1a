//! Replays the corpus of untrusted files: each file in `corpus/PARSER/` is given to that parser. The file's name begins
//! with the expected result: `ok-…`, or the code with which the file is refused.

use std::path::Path;

use boothkeeper_documents::Error;
use boothkeeper_documents::fuzz;

fn replay(parser: &str, read: impl Fn(&str, &[u8]) -> Result<(), Error>) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(parser);
    let mut seen = 0;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let (expected, rest) = name.split_once('-').unwrap_or_default();
        let result = match read(rest, &std::fs::read(file.path())?) {
            Ok(()) => "ok".to_owned(),
            Err(error) => serde_json::to_value(error.problem)?
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        assert_eq!(result, expected, "{parser}/{name}");
        seen += 1;
    }
    assert!(seen >= 5, "{parser} has {seen}");
    Ok(())
}

#[test]
fn sample_tables_are_read_or_refused_as_their_file_names_say() -> anyhow::Result<()> {
    replay("tables", |_, bytes| fuzz::table(bytes).map(drop))
}

#[test]
fn sample_receipts_are_read_or_refused_as_their_file_names_say() -> anyhow::Result<()> {
    replay("receipts", |_, bytes| fuzz::receipt(bytes))
}

/// The cleaned attachment has no GPS tag, and cleaning it again changes nothing.
#[test]
fn sample_attachments_are_refused_or_stripped_of_location() -> anyhow::Result<()> {
    replay("attachments", |name, bytes| {
        let (name, kept) = fuzz::attachment(name, bytes)?;
        assert!(!kept.windows(3).any(|tag| tag == b"GPS"), "{name}");
        let again = fuzz::attachment(&name, &kept)?;
        assert_eq!((&again.0, &again.1), (&name, &kept));
        Ok(())
    })
}

#[test]
fn sample_dispute_files_verify_unless_changed() -> anyhow::Result<()> {
    replay("packets", |name, bytes| {
        let proven = fuzz::packet(name, bytes)?;
        assert_eq!(proven, !name.contains("changed"), "{name}");
        Ok(())
    })
}
