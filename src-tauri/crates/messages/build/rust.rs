//! Writes the Rust code: a module for each file, a function for each message with its variables as parameters, and a
//! static for each family.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::catalogue::{File, Message, Type};
use super::languages::Translation;

pub fn code(files: &[File], translations: &[Translation]) -> String {
    let mut out = String::new();
    let mut languages: Vec<_> = translations
        .iter()
        .map(|found| found.language.as_str())
        .collect();
    languages.dedup();
    let _ = writeln!(
        out,
        "/// The languages beside English that there are messages in."
    );
    let _ = writeln!(
        out,
        "pub(crate) const TRANSLATIONS: &[&str] = &{languages:?};"
    );
    for file in files {
        let _ = writeln!(out, "pub mod {} {{", identifier(&file.name));
        let _ = writeln!(out, "    #[allow(unused_imports)]");
        let _ = writeln!(out, "    use crate::bundle::{{Arguments, Family, File}};");
        let _ = writeln!(
            out,
            "    pub(crate) static FILE: File = File::new({:?}, include_str!({:?}), &[{}]);",
            file.name,
            file.path,
            translated(file, translations)
        );
        for message in file.messages.iter().filter(|found| found.family.is_none()) {
            functions(&mut out, file, message);
        }
        for (index, family) in file.families.iter().enumerate() {
            let of_family = |found: &&Message| found.family == Some(index);
            let start = family.prefix.len() + 1;
            let codes: Vec<_> = file
                .messages
                .iter()
                .filter(of_family)
                .map(|found| &found.id[start..])
                .collect();
            let english: Vec<_> = file
                .messages
                .iter()
                .filter(of_family)
                .filter(|_| family.variables.is_empty())
                .flat_map(|found| {
                    let texts = found.constants.iter();
                    texts.map(|(attribute, text)| (&found.id[start..], attribute, text))
                })
                .collect();
            let name = identifier(&family.prefix);
            let _ = writeln!(
                out,
                "    pub static {}: Family = Family::new(&FILE, {:?}, &{codes:?}, &{english:?});",
                name.to_uppercase(),
                family.prefix
            );
            if !family.variables.is_empty() {
                parameters(&mut out, &name, &family.variables);
            }
        }
        out.push_str("}\n");
    }
    let _ = writeln!(out, "/// Every file, in the order of their names.");
    let _ = writeln!(out, "pub(crate) static FILES: &[&bundle::File] = &[");
    for file in files {
        let _ = writeln!(out, "    &{}::FILE,", identifier(&file.name));
    }
    out.push_str("];\n");
    let _ = writeln!(
        out,
        "/// Every family, and whether none of its messages has variables."
    );
    let _ = writeln!(out, "#[cfg(test)]");
    let _ = writeln!(out, "pub(crate) static FAMILIES: &[(&Family, bool)] = &[");
    for file in files {
        for family in &file.families {
            let _ = writeln!(
                out,
                "    (&{}::{}, {}),",
                identifier(&file.name),
                identifier(&family.prefix).to_uppercase(),
                family.variables.is_empty()
            );
        }
    }
    out.push_str("];\n");
    out
}

/// The translations of a file as pairs of language and text.
fn translated(file: &File, translations: &[Translation]) -> String {
    let of_file = translations.iter().filter(|found| found.file == file.name);
    let pairs =
        of_file.map(|found| format!("({:?}, include_str!({:?})), ", found.language, found.path));
    pairs.collect()
}

fn functions(out: &mut String, file: &File, message: &Message) {
    let name = identifier(&message.id[file.name.len() + 1..]);
    let typed: Vec<_> = message
        .variables
        .iter()
        .map(|(name, kind)| match kind {
            Type::Text => format!("{}: &str", identifier(name)),
            Type::Number => format!("{}: u64", identifier(name)),
        })
        .collect();
    let given: Vec<_> = message
        .variables
        .keys()
        .map(|name| format!(".set({name:?}, {})", identifier(name)))
        .collect();
    let (typed, given) = (typed.join(", "), given.concat());
    let mut write = |name: &str, attribute: &str| {
        let _ = writeln!(out, "    pub fn {name}({typed}) -> String {{");
        let _ = writeln!(
            out,
            "        FILE.text({:?}, {attribute}, &Arguments::new(){given})",
            message.id
        );
        out.push_str("    }\n");
    };
    write(&name, "None");
    for attribute in &message.attributes {
        write(
            &format!("{name}_{}", identifier(attribute)),
            &format!("Some({attribute:?})"),
        );
    }
}

/// Writes a struct with the variables of a family. All are optional, because each message of the family has only some
/// of them.
fn parameters(out: &mut String, name: &str, variables: &BTreeMap<String, Type>) {
    let mut camel = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    let _ = writeln!(out, "    #[derive(Debug, Clone, Default)]");
    let _ = writeln!(out, "    pub struct {camel}Arguments {{");
    for (name, kind) in variables {
        let kind = match kind {
            Type::Text => "String",
            Type::Number => "u64",
        };
        let _ = writeln!(out, "        pub {}: Option<{kind}>,", identifier(name));
    }
    out.push_str("    }\n");
    let _ = writeln!(out, "    impl From<&{camel}Arguments> for Arguments {{");
    let _ = writeln!(out, "        fn from(from: &{camel}Arguments) -> Self {{");
    out.push_str("            let mut arguments = Arguments::new();\n");
    for (name, kind) in variables {
        let field = identifier(name);
        let value = match kind {
            Type::Text => "value.as_str()",
            Type::Number => "*value",
        };
        let _ = writeln!(
            out,
            "            if let Some(value) = &from.{field} {{ arguments = arguments.set({name:?}, {value}); }}"
        );
    }
    out.push_str("            arguments\n        }\n    }\n");
}

fn identifier(name: &str) -> String {
    let name = name.replace('-', "_");
    match name.as_str() {
        "in" | "for" | "use" | "move" | "type" | "match" | "if" | "as" | "where" | "mod" => {
            format!("{name}_")
        }
        _ => name,
    }
}
