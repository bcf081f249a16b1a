//! The messages of a language as the generators need them: ids, attributes, variables, families.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};

/// One `.ftl` file: the sentences of one feature.
pub struct File {
    /// The file's name without its extension; every id of the file begins with it.
    pub name: String,
    /// Its absolute path, for `include_str!`.
    pub path: String,
    pub messages: Vec<Message>,
    pub families: Vec<Family>,
}

pub struct Message {
    pub id: String,
    pub variables: BTreeMap<String, Type>,
    pub attributes: Vec<String>,
    /// The texts without placeables (`{ … }`): the message's own under an empty name, an attribute's under its name.
    pub constants: Vec<(String, String)>,
    /// Index into `File::families`, if the message belongs to a family.
    pub family: Option<usize>,
}

/// Messages whose ids are one prefix followed by a code of one enum: `errors-signed_out`. A group comment declares the
/// prefix: `## family errors`.
pub struct Family {
    pub prefix: String,
    /// The variables of all messages of the family.
    pub variables: BTreeMap<String, Type>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Number,
}

pub fn read(folder: &Path) -> anyhow::Result<Vec<File>> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ftl"));
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}

fn file(path: &Path) -> anyhow::Result<File> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| shown.clone())?;
    let resource = fluent_syntax::parser::parse(text.as_str())
        .map_err(|(_, errors)| anyhow::anyhow!("{shown}: {errors:?}"))?;
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.with_context(|| shown.clone())?.to_owned();
    let mut file = File {
        path: path.canonicalize()?.display().to_string(),
        messages: vec![],
        families: vec![],
        name,
    };
    let mut family = None;
    for entry in &resource.body {
        match entry {
            Entry::GroupComment(comment) => {
                let declared = comment
                    .content
                    .first()
                    .and_then(|line| line.strip_prefix("family "));
                family = declared.map(|prefix| {
                    file.families.push(Family {
                        prefix: prefix.trim().to_owned(),
                        variables: BTreeMap::new(),
                    });
                    file.families.len() - 1
                });
            }
            Entry::Message(found) => {
                let id = found.id.name.to_owned();
                let prefix = match family {
                    Some(family) => &file.families[family].prefix,
                    None => &file.name,
                };
                if !id.starts_with(&format!("{prefix}-")) {
                    bail!("{shown}: {id} does not begin with {prefix}-");
                }
                let mut variables = BTreeMap::new();
                found
                    .value
                    .iter()
                    .for_each(|value| pattern(value, &mut variables));
                for attribute in &found.attributes {
                    pattern(&attribute.value, &mut variables);
                }
                if let Some(family) = family {
                    merge(&mut file.families[family].variables, &variables);
                }
                let named = |name: &str, text| Some((name.to_owned(), constant(text)?));
                let own = found.value.iter().filter_map(|text| named("", text));
                let attributes = found.attributes.iter();
                let constants = own
                    .chain(
                        attributes
                            .clone()
                            .filter_map(|found| named(found.id.name, &found.value)),
                    )
                    .collect();
                file.messages.push(Message {
                    id,
                    variables,
                    constants,
                    attributes: attributes.map(|found| found.id.name.to_owned()).collect(),
                    family,
                });
            }
            Entry::Junk { content } => bail!("{shown}: cannot be read: {content}"),
            _ => {}
        }
    }
    Ok(file)
}

fn merge(into: &mut BTreeMap<String, Type>, from: &BTreeMap<String, Type>) {
    for (name, found) in from {
        let known = into.entry(name.clone()).or_insert(*found);
        if *found == Type::Number {
            *known = Type::Number;
        }
    }
}

/// The text of a pattern; `None` if the pattern has placeables (`{ … }`).
fn constant(pattern: &Pattern<&str>) -> Option<String> {
    let elements = pattern.elements.iter();
    elements
        .map(|element| match element {
            PatternElement::TextElement { value } => Some(*value),
            PatternElement::Placeable { .. } => None,
        })
        .collect()
}

fn pattern(pattern: &Pattern<&str>, variables: &mut BTreeMap<String, Type>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            self::expression(expression, variables);
        }
    }
}

fn expression(expression: &Expression<&str>, variables: &mut BTreeMap<String, Type>) {
    match expression {
        Expression::Inline(inline) => self::inline(inline, Type::Text, variables),
        Expression::Select { selector, variants } => {
            // A variable whose variants are plural categories or numbers is a number; otherwise it is a text.
            let plural = |key: &VariantKey<&str>| match key {
                VariantKey::NumberLiteral { .. } => true,
                VariantKey::Identifier { name } => matches!(*name, "one" | "two" | "few" | "many"),
            };
            let kind = match variants.iter().any(|variant| plural(&variant.key)) {
                true => Type::Number,
                false => Type::Text,
            };
            inline(selector, kind, variables);
            for variant in variants {
                pattern(&variant.value, variables);
            }
        }
    }
}

fn inline(inline: &InlineExpression<&str>, kind: Type, variables: &mut BTreeMap<String, Type>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            merge(variables, &BTreeMap::from([(id.name.to_owned(), kind)]));
        }
        InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                self::inline(argument, Type::Number, variables);
            }
        }
        InlineExpression::Placeable { expression } => self::expression(expression, variables),
        _ => {}
    }
}
