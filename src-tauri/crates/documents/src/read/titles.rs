//! Recognises a table's columns by their titles, and kinds of entries by words, in English, German and Spanish.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Date,
    /// The time of day, if it has a separate column.
    Time,
    /// The change of the balance, with its sign.
    Amount,
    /// Added and spent credits, if they have separate columns.
    Added,
    Spent,
    Balance,
    Kind,
    Service,
    Event,
    Run,
    Payment,
    Number,
    RefersTo,
    Reason,
}

impl Field {
    pub const ALL: [Field; 14] = [
        Field::Date,
        Field::Time,
        Field::Amount,
        Field::Added,
        Field::Spent,
        Field::Balance,
        Field::Kind,
        Field::Service,
        Field::Event,
        Field::Run,
        Field::Payment,
        Field::Number,
        Field::RefersTo,
        Field::Reason,
    ];

    /// The field with this name in JSON.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(name)).ok()
    }

    /// Known titles of this field, in lower case.
    const fn titles(self) -> &'static [&'static str] {
        match self {
            Field::Date => &[
                "at",
                "date",
                "datum",
                "timestamp",
                "date/time",
                "datetime",
                "fecha",
                "when",
                "created",
                "created at",
            ],
            Field::Time => &["time", "uhrzeit", "zeit", "hora"],
            Field::Amount => &[
                "amount", "delta", "betrag", "credits", "change", "value", "importe",
            ],
            Field::Added => &["added", "credit", "in", "haben", "eingang"],
            Field::Spent => &[
                "spent", "debit", "out", "soll", "ausgang", "used", "cost", "kosten",
            ],
            Field::Balance => &[
                "balance_after",
                "balance",
                "balance after",
                "saldo",
                "kontostand",
                "guthaben",
                "restguthaben",
                "remaining",
                "new balance",
            ],
            Field::Kind => &[
                "kind",
                "type",
                "typ",
                "art",
                "category",
                "vorgang",
                "transaction type",
            ],
            Field::Service => &[
                "service",
                "feature",
                "dienst",
                "ai feature",
                "product",
                "operation",
                "description",
                "beschreibung",
                "what",
                "item",
                "activity",
                "details",
            ],
            Field::Event => &["event", "veranstaltung", "evento", "event name", "party"],
            Field::Run => &["run", "run id", "job", "job id"],
            Field::Payment => &[
                "payment",
                "transaction",
                "transaction id",
                "order",
                "order id",
                "payment id",
                "reference",
                "invoice",
            ],
            Field::Number => &["seq", "id", "#", "no", "nr", "number"],
            Field::RefersTo => &["refers_to", "ref", "refers to"],
            Field::Reason => &[
                "reason",
                "note",
                "notes",
                "comment",
                "grund",
                "bemerkung",
                "memo",
            ],
        }
    }

    /// The field that a title means; `None` if it is unknown. Ignores case, and a part in brackets.
    pub fn of_title(title: &str) -> Option<Self> {
        let title = title.trim().trim_start_matches('\u{feff}').to_lowercase();
        let bare = title.split(['(', '[']).next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|field| field.titles().contains(&bare))
    }
}

/// The journal's kind for a word in a table; `None` if it is unknown.
pub fn kind(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    if let Some(kind) = boothkeeper_domain::Kind::named(&word) {
        return Some(kind.name());
    }
    const WORDS: [(&str, &str); 19] = [
        ("refund", "usage_refund"),
        ("erstattung", "usage_refund"),
        ("auto_recharge", "auto_recharge"),
        ("subscription", "renewal"),
        ("renew", "renewal"),
        ("plan", "renewal"),
        ("abo", "renewal"),
        ("purchase", "purchase"),
        ("top", "purchase"),
        ("bought", "purchase"),
        ("kauf", "purchase"),
        ("coupon", "coupon_bonus"),
        ("promo", "coupon_bonus"),
        ("bonus", "bonus"),
        ("allowance", "allowance"),
        ("expir", "expiry"),
        ("failed", "run_failed"),
        ("usage", "usage"),
        ("adjust", "adjustment"),
    ];
    let found = WORDS.iter().find(|(part, _)| word.contains(part));
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_titles_of_own_and_other_tables_are_recognised() {
        for (title, field) in [
            ("\u{feff}seq", Field::Number),
            ("at", Field::Date),
            ("balance_after", Field::Balance),
            ("Betrag (USD)", Field::Amount),
            (" Date/Time ", Field::Date),
            ("Transaction ID", Field::Payment),
        ] {
            assert_eq!(Field::of_title(title), Some(field), "{title:?}");
        }
        assert_eq!(Field::of_title("moon phase"), None);
        assert_eq!(kind("Usage Refund"), Some("usage_refund"));
        assert_eq!(kind("Basic subscription"), Some("renewal"));
        assert_eq!(kind("moon"), None);
    }
}
