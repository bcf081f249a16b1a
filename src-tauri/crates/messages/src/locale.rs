//! The operator's locale, by which dates and numbers are written.

/// The variable that shows texts in the pseudo-locale, for developers: `BOOTHKEEPER_LOCALE=en-XA`.
const VARIABLE: &str = "BOOTHKEEPER_LOCALE";
const PSEUDO: &str = "en-XA";
/// The locale if the system names none: its dates have month names and its times no a.m. or p.m., so that everybody
/// reads them in the same way.
const NEUTRAL: &str = "en-GB";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    /// A BCP 47 tag.
    pub tag: String,
    /// True if texts are shown accented and longer, so that developers find texts that come from no message file, and
    /// tight layouts.
    pub pseudo: bool,
}

impl Locale {
    /// The locale that the environment or else the system names.
    pub fn of_system() -> Self {
        if std::env::var(VARIABLE).is_ok_and(|name| name == PSEUDO) {
            return Locale {
                tag: NEUTRAL.to_owned(),
                pseudo: true,
            };
        }
        let variables = ["LC_ALL", "LC_TIME", "LANG"].map(|name| std::env::var(name).ok());
        let named = variables
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty());
        let named = named.or_else(sys_locale::get_locale);
        Locale {
            tag: named
                .and_then(|name| tag(&name, crate::TRANSLATIONS))
                .unwrap_or(NEUTRAL.to_owned()),
            pseudo: false,
        }
    }
}

impl Locale {
    /// The language of the tag, which is also the name of the folder with messages in that language.
    pub fn language(&self) -> &str {
        self.tag.split('-').next().unwrap_or_default()
    }
}

/// The locale in the form that the formatters of dates and numbers need.
pub(crate) fn icu_locale(locale: &Locale) -> icu_locale_core::Locale {
    let tag = locale.tag.parse();
    tag.unwrap_or(icu_locale_core::locale!("en-GB"))
}

/// The language tag of a locale name: `en-US` for `en_US.UTF-8`; `None` for `C`, `POSIX` and languages that there are
/// no messages in: otherwise names of days and months in another language would stand among English sentences.
fn tag(name: &str, translations: &[&str]) -> Option<String> {
    let name = name.split(['.', '@']).next().unwrap_or_default();
    let tag = name.replace('_', "-");
    let tag = tag.parse::<unic_langid::LanguageIdentifier>().ok()?;
    let language = tag.language.as_str();
    let known = language == "en" || translations.contains(&language);
    // Without its script: there are no names of days and months for English in Arabic letters.
    let tag = match tag.region {
        Some(region) => format!("{language}-{region}"),
        None => language.to_owned(),
    };
    known.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn locale_names_become_language_tags() {
        assert_eq!(tag("en_US.UTF-8", &[]).as_deref(), Some("en-US"));
        assert_eq!(tag("en-GB", &[]).as_deref(), Some("en-GB"));
        assert_eq!(tag("en-Arab-EG", &[]).as_deref(), Some("en-EG"));
        for none in ["C", "C.UTF-8", "POSIX", "", "de_AT@euro", "ar_EG.UTF-8"] {
            assert_eq!(tag(none, &[]), None, "{none}");
        }
        assert_eq!(tag("de_AT@euro", &["de"]).as_deref(), Some("de-AT"));
    }
}
