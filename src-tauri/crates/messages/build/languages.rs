//! The translated messages: folders beside `en`, named by their language.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};

use super::catalogue::{self, File, Message};

/// One translated file of messages.
pub struct Translation {
    pub language: String,
    /// Name of the file without its extension, as in `en`.
    pub file: String,
    /// Its absolute path.
    pub path: String,
}

/// All translated files. Fails if a file has a message or a variable that English does not have.
pub fn read(english: &[File]) -> anyhow::Result<Vec<Translation>> {
    let known: BTreeMap<&str, &Message> = english
        .iter()
        .flat_map(|file| &file.messages)
        .map(|message| (message.id.as_str(), message))
        .collect();
    let mut translations = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(".")?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    folders.sort();
    for folder in folders {
        let name = folder.file_name().and_then(|name| name.to_str());
        let language = name.unwrap_or_default().to_owned();
        if !folder.is_dir() || matches!(language.as_str(), "en" | "src" | "build") {
            continue;
        }
        for file in catalogue::read(Path::new(&folder))? {
            for message in &file.messages {
                let of = format!("{language}/{}.ftl: {}", file.name, message.id);
                let original = known.get(message.id.as_str());
                let original = original.with_context(|| format!("{of} is not in English"))?;
                let mut variables = message.variables.keys();
                let unknown = variables.find(|name| !original.variables.contains_key(*name));
                ensure!(unknown.is_none(), "{of} has another variable: {unknown:?}");
            }
            translations.push(Translation {
                language: language.clone(),
                file: file.name,
                path: file.path,
            });
        }
    }
    Ok(translations)
}
