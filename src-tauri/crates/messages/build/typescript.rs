//! Writes two TypeScript interfaces for the page: the variables of each message, and the attributes of each message
//! that has some.

use std::fmt::Write;

use super::catalogue::{File, Type};

/// Files that only terminals, the desktop outside the page, and documents use, by the start of their names. The page's
/// `import.meta.glob` leaves out the same files.
const NOT_ON_PAGE: [&str; 4] = ["cli", "desktop", "documents", "letter"];

pub fn types(files: &[File]) -> String {
    let on_page = |file: &&File| !NOT_ON_PAGE.iter().any(|start| file.name.starts_with(start));
    let files = || files.iter().filter(on_page);
    let mut out = String::from(
        "// Generated from src-tauri/crates/messages/en by `cargo xtask bindings`.\n\n\
         /** Every message and what it is given. */\nexport interface Messages {\n",
    );
    for message in files().flat_map(|file| &file.messages) {
        let given: Vec<_> = message
            .variables
            .iter()
            .map(|(name, kind)| match kind {
                Type::Text => format!("{name}: string"),
                Type::Number => format!("{name}: number"),
            })
            .collect();
        let given = match given.is_empty() {
            true => "Record<never, never>".to_owned(),
            false => format!("{{ {} }}", given.join("; ")),
        };
        let _ = writeln!(out, "  '{}': {given};", message.id);
    }
    out.push_str(
        "}\n\n/** Attributes of the messages that have some. */\nexport interface Attributes {\n",
    );
    for message in files().flat_map(|file| &file.messages) {
        if !message.attributes.is_empty() {
            let names: Vec<_> = message
                .attributes
                .iter()
                .map(|name| format!("'{name}'"))
                .collect();
            let _ = writeln!(out, "  '{}': {};", message.id, names.join(" | "));
        }
    }
    out.push_str("}\n");
    out
}
