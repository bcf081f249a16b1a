//! Every message of the message files (`*.ftl`) is used by the page or by Rust code.

use std::path::{Path, PathBuf};

/// The text of all sources that may use a message.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = ["src-tauri/src", "src-tauri/crates", "ui/src"]
        .map(|folder| root.join(folder))
        .into();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|name| name.to_str());
            match extension {
                _ if path.ends_with("ui/src/api/generated") => {}
                _ if path.is_dir() => folders.push(path),
                Some("rs" | "ts" | "svelte") => {
                    text.push_str(&std::fs::read_to_string(path).unwrap());
                }
                _ => {}
            }
        }
    }
    text
}

/// True if the page names the message's id, Rust calls its function, or code builds its id from a prefix (its family).
fn is_used(id: &str, sources: &str) -> bool {
    let named = [format!("'{id}'"), format!("`{id}`"), format!("\"{id}\"")];
    let function = |start: &str| {
        let (file, rest) = (start.replace('-', "_"), &id[start.len() + 1..]);
        let rest = rest.replace('-', "_");
        let called = [
            format!("{file}::{rest}"),
            format!("text::{rest}"),
            format!("texts::{rest}"),
        ];
        called.iter().any(|name| sources.contains(name.as_str()))
    };
    // `disputes-kind-failed_run` belongs to the families `disputes-kind` and `disputes`, if these exist.
    let prefixes = id.match_indices('-').map(|(at, _)| &id[..at]);
    named.iter().any(|name| sources.contains(name.as_str()))
        || prefixes.clone().any(function)
        || prefixes.clone().any(|family| {
            let constant = family.replace('-', "_").to_uppercase();
            sources.contains(&format!("`{family}-${{"))
                || sources.contains(&format!("'{family}', "))
                || constant.contains('_') && sources.contains(&constant)
                || matches!(family, "errors" | "problems") && sources.contains(&constant)
        })
}

#[test]
fn every_text_of_message_files_is_used_in_source_code() {
    let sources = sources();
    let unused: Vec<_> = boothkeeper_messages::all()
        .into_iter()
        .map(|(id, _)| id)
        .filter(|id| !is_used(id, &sources))
        .collect();
    assert!(unused.is_empty(), "not used: {unused:#?}");
}
