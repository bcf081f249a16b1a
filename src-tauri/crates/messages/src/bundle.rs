//! Files of messages, parsed on first use, and the formatting of one message.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

use crate::Locale;

/// One `.ftl` file. The file is parsed when the first message of it is read.
pub struct File {
    name: &'static str,
    english: &'static str,
    /// Language and text of each translation of the file.
    translations: &'static [(&'static str, &'static str)],
    parsed: OnceLock<Parsed>,
}

struct Parsed {
    bundle: FluentBundle<Arc<FluentResource>>,
    english: Arc<FluentResource>,
}

/// The values of a message's variables.
#[derive(Default)]
pub struct Arguments(FluentArgs<'static>);

pub enum Value {
    Text(String),
    Number(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number)
    }
}

impl Arguments {
    pub fn new() -> Self {
        Arguments::default()
    }

    /// Gives a variable its value. An empty text counts as missing: debug builds fail if the message uses the variable.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Text(text) => {
                if !(cfg!(debug_assertions) && text.trim().is_empty()) {
                    self.0.set(name, text);
                }
            }
            // Numbers in messages are counts, far below 2^53.
            #[allow(clippy::cast_precision_loss)]
            Value::Number(number) => self.0.set(name, number as f64),
        }
        self
    }
}

impl File {
    pub(crate) const fn new(
        name: &'static str,
        english: &'static str,
        translations: &'static [(&'static str, &'static str)],
    ) -> Self {
        File {
            name,
            english,
            translations,
            parsed: OnceLock::new(),
        }
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| self.parse(&Locale::of_system()))
    }

    fn parse(&self, locale: &Locale) -> Parsed {
        // `build.rs` has parsed the same texts: texts that it accepted have no errors.
        let resource = |text: &str| {
            let resource = FluentResource::try_new(text.to_owned());
            Arc::new(resource.unwrap_or_else(|(resource, _)| resource))
        };
        let language = locale.language();
        let plurals = language.parse().unwrap_or(langid!("en"));
        let mut bundle = FluentBundle::new_concurrent(vec![plurals]);
        bundle.set_use_isolating(false);
        let functions = bundle.add_builtins();
        debug_assert!(functions.is_ok(), "a function is there twice");
        bundle.set_formatter(Some(grouped));
        bundle.set_transform(locale.pseudo.then_some(pseudo));
        let english = resource(self.english);
        let added = bundle.add_resource(Arc::clone(&english));
        debug_assert!(added.is_ok(), "{}.ftl has an id twice", self.name);
        // Messages without a translation stay English.
        let mut translations = self.translations.iter();
        if let Some((_, text)) = translations.find(|(of, _)| *of == language) {
            bundle.add_resource_overriding(resource(text));
        }
        Parsed { bundle, english }
    }

    /// The text of a message or of one of its attributes. A missing message, attribute or variable fails in debug
    /// builds; a release build shows the id of the missing message.
    pub(crate) fn text(&self, id: &str, attribute: Option<&str>, given: &Arguments) -> String {
        let text = self.find(id, attribute, given);
        debug_assert!(
            text.is_some(),
            "{id} {attribute:?} is not in {}.ftl",
            self.name
        );
        text.unwrap_or_else(|| id.to_owned())
    }

    fn find(&self, id: &str, attribute: Option<&str>, given: &Arguments) -> Option<String> {
        let bundle = &self.parsed().bundle;
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value(),
            Some(name) => message.get_attribute(name).map(|found| found.value()),
        };
        let mut errors = vec![];
        let text = bundle.format_pattern(pattern?, Some(&given.0), &mut errors);
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        Some(text.into_owned())
    }

    pub(crate) fn ids(&self) -> Vec<(String, Vec<String>)> {
        let messages = self
            .parsed()
            .english
            .entries()
            .filter_map(|entry| match entry {
                fluent_syntax::ast::Entry::Message(message) => Some(message),
                _ => None,
            });
        messages
            .map(|message| {
                let attributes = message.attributes.iter();
                let attributes = attributes.map(|found| found.id.name.to_owned());
                (message.id.name.to_owned(), attributes.collect())
            })
            .collect()
    }
}

/// A count with its digits in groups of three, as amounts are written: 7,113.
fn grouped(value: &FluentValue, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(crate::number(number.value as i64)),
        _ => None,
    }
}

/// A text in the pseudo-locale: vowels have accents, and words of five letters and more are longer. The function
/// `pseudo` of the page does the same.
fn pseudo(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let mut letters = 0;
    for c in text.chars().map(Some).chain([None]) {
        if c.is_some_and(char::is_alphabetic) {
            letters += 1;
        } else {
            out.push_str(if letters >= 5 { "~~" } else { "" });
            letters = 0;
        }
        out.extend(c.map(|c| match "aeiouAEIOU".find(c) {
            Some(at) => ['á', 'é', 'í', 'ó', 'ú', 'Á', 'É', 'Í', 'Ó', 'Ú'][at],
            None => c,
        }));
    }
    Cow::Owned(out)
}

/// Messages whose ids are one prefix followed by a code of one enum.
pub struct Family {
    file: &'static File,
    prefix: &'static str,
    codes: &'static [&'static str],
    /// Code, name of the attribute (empty for the message itself) and text; empty if a message has variables.
    english: &'static [(&'static str, &'static str, &'static str)],
}

impl Family {
    pub(crate) const fn new(
        file: &'static File,
        prefix: &'static str,
        codes: &'static [&'static str],
        english: &'static [(&'static str, &'static str, &'static str)],
    ) -> Self {
        Family {
            file,
            prefix,
            codes,
            english,
        }
    }

    /// The codes that have a message in this family, in the order of the `.ftl` file that has the messages.
    pub const fn codes(&self) -> &'static [&'static str] {
        self.codes
    }

    /// The sentence of a code without variables; `None` for a code without a message, such as a code of a later
    /// version.
    pub fn text(&self, code: &str) -> Option<String> {
        self.text_with(code, &Arguments::new())
    }

    /// The message of a code, or else the code itself in readable form.
    pub fn name(&self, code: &str) -> String {
        self.text(code).unwrap_or_else(|| crate::readable(code))
    }

    pub fn text_with(&self, code: &str, given: &Arguments) -> Option<String> {
        self.file
            .find(&format!("{}-{code}", self.prefix), None, given)
    }

    /// An attribute of a code's message, such as `next-cli`.
    pub fn attribute(&self, code: &str, attribute: &str, given: &Arguments) -> Option<String> {
        let id = format!("{}-{code}", self.prefix);
        self.file.find(&id, Some(attribute), given)
    }

    /// The English text of a code as a constant, for which no file is parsed. `None` for an unknown code, and for every
    /// code of a family with variables.
    pub fn english(&self, code: &str) -> Option<&'static str> {
        self.english_attribute(code, "")
    }

    /// An attribute of a code's message, in English and as a constant.
    pub fn english_attribute(&self, code: &str, attribute: &str) -> Option<&'static str> {
        let mut texts = self.english.iter();
        let found = texts.find(|(of, name, _)| *of == code && *name == attribute);
        found.map(|(_, _, text)| *text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FAMILIES;

    #[test]
    fn english_constants_of_messages_equal_the_parsed_messages() {
        let mut compared = 0;
        for (family, _) in FAMILIES.iter().filter(|(_, constant)| *constant) {
            let ids = family.file.ids();
            for code in family.codes() {
                let id = format!("{}-{code}", family.prefix);
                assert_eq!(family.english(code), family.text(code).as_deref(), "{id}");
                let attributes = ids.iter().find(|(other, _)| *other == id);
                for name in attributes.iter().flat_map(|(_, names)| names) {
                    let parsed = family.attribute(code, name, &Arguments::new());
                    let english = family.english_attribute(code, name);
                    assert_eq!(english, parsed.as_deref(), "{id}.{name}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 100, "only {compared} attributes were compared");
    }

    #[test]
    fn translated_message_replaces_english_and_an_untranslated_one_stays_english() {
        const GERMAN: &[(&str, &str)] = &[("de", "cli-yes = Ja")];
        let file = File::new("cli", "cli-yes = Yes\ncli-no = No", GERMAN);
        let text = |tag: &str, id| {
            let locale = Locale {
                tag: tag.to_owned(),
                pseudo: false,
            };
            let bundle = file.parse(&locale).bundle;
            let pattern = bundle.get_message(id).unwrap().value().unwrap();
            bundle
                .format_pattern(pattern, None, &mut vec![])
                .into_owned()
        };
        assert_eq!(
            [text("de-AT", "cli-yes"), text("de-AT", "cli-no")],
            ["Ja", "No"]
        );
        assert_eq!(text("en-GB", "cli-yes"), "Yes");
    }

    #[test]
    fn pseudo_locale_accents_vowels_and_lengthens_words() {
        assert_eq!(pseudo("Close at once"), "Clósé~~ át óncé");
        assert_eq!(pseudo("Until "), "Úntíl~~ ");
    }

    #[test]
    #[should_panic(expected = "cli-because")]
    fn message_with_an_empty_variable_fails_in_debug_builds() {
        let _ = crate::cli::because("");
    }

    #[test]
    fn message_family_with_variables_has_no_english_constants() {
        for (family, _) in FAMILIES.iter().filter(|(_, constant)| !*constant) {
            let mut codes = family.codes().iter();
            assert!(codes.all(|code| family.english(code).is_none()));
        }
    }

    #[test]
    fn unknown_error_code_has_no_english_constant() {
        assert_eq!(crate::errors::ERRORS.english("of_a_later_version"), None);
    }
}
