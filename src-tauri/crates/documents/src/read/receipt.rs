//! Reads receipts for credits from an e-mail or a PDF: the amount, the date and the transaction number.

use boothkeeper_domain::imported::Receipt;
use boothkeeper_domain::{Asset, Timestamp, Zone};

use super::amounts::{self, Decimals};
use super::attachment::FileType;
use super::dates::{self, DateOrder};
use super::pdf;
use crate::{Error, Problem};

/// Reads a receipt. Fails with `FileType` for pictures, whose text cannot be read.
pub fn read(file_type: FileType, bytes: &[u8]) -> Result<Receipt, Error> {
    match file_type {
        FileType::Pdf => of_pdf(bytes),
        FileType::Mail => of_mail(bytes),
        FileType::Png | FileType::Jpeg => Err(Error::new(Problem::FileType)),
    }
}

/// Reads a receipt from an e-mail. Fails with `NotAReceipt` if amount, date or transaction number is missing.
pub fn of_mail(bytes: &[u8]) -> Result<Receipt, Error> {
    let message = super::mail::parsed(bytes);
    let message = message.ok_or(Error::new(Problem::NotAReceipt))?;
    let mut text = message.subject().unwrap_or_default().to_owned();
    for at in 0..message.text_body_count() {
        text.push('\n');
        text.push_str(&message.body_text(at).unwrap_or_default());
    }
    let sent = message.date().map(|date| date.to_timestamp());
    let sent = sent.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000)));
    of_text(&text, sent)
}

/// Reads a receipt from a PDF. May never return on a broken file, so it must be called in a child process with limits.
fn of_pdf(bytes: &[u8]) -> Result<Receipt, Error> {
    of_text(&pdf::text(bytes)?, None)
}

/// What a receipt must have and the text lacks.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("no amount in it")]
    Amount,
    #[error("no date in it")]
    Date,
    #[error("no transaction number in it")]
    Number,
}

fn of_text(text: &str, sent: Option<Timestamp>) -> Result<Receipt, Error> {
    let missing = |what: Missing| Error::because(Problem::NotAReceipt, what);
    let amount = total(text).ok_or_else(|| missing(Missing::Amount))?;
    let at = sent
        .or_else(|| dated(text))
        .ok_or_else(|| missing(Missing::Date))?;
    let payment = number(text).ok_or_else(|| missing(Missing::Number))?;
    Ok(Receipt {
        at,
        amount,
        payment,
    })
}

/// The amount paid: from a line that names it, else the largest amount of money in the text.
fn total(text: &str) -> Option<boothkeeper_domain::Amount> {
    const NAMES: [&str; 7] = [
        "total",
        "amount paid",
        "amount charged",
        "paid",
        "charged",
        "summe",
        "betrag",
    ];
    let lines = || text.lines().map(str::to_lowercase);
    // Refunds and subtotals are not the amount paid.
    const NOT: [&str; 4] = ["refund", "subtotal", "sub-total", "zwischensumme"];
    for name in NAMES {
        let named = lines().filter(|line| line.contains(name));
        let named = named.filter(|line| !NOT.iter().any(|not| line.contains(not)));
        if let Some(amount) = named.filter_map(|line| largest(&line)).max() {
            return Some(amount);
        }
    }
    lines().filter_map(|line| largest(&line)).max()
}

/// The largest positive amount of US dollars in a line.
fn largest(line: &str) -> Option<boothkeeper_domain::Amount> {
    let usd = Asset::usd();
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| word.trim_end_matches([',', '.', ';', ':']))
        .collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let near = |other: Option<&&str>| other.is_some_and(|other| matches!(*other, "usd" | "$"));
        let money = word.starts_with('$')
            || word.contains("usd")
            || near(words.get(at + 1))
            || at
                .checked_sub(1)
                .is_some_and(|before| near(words.get(before)));
        let decimals = match amounts::decimals(std::iter::once(*word), &usd) {
            Ok(decimals) => decimals,
            // Amounts paid have two decimal digits or none, so three digits after a mark are thousands.
            Err(_) if word.contains('.') => Decimals::Comma,
            Err(_) => Decimals::Point,
        };
        if money && let Some(amount) = amounts::amount(word, decimals, &usd) {
            found.push(amount);
        }
    }
    found
        .into_iter()
        .filter(|amount| amount.is_positive())
        .max()
}

/// The first date in the text that is not ambiguous.
fn dated(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|w| !w.is_empty())
        .collect();
    for (at, word) in words.iter().enumerate() {
        if let Ok(order) = dates::order(std::iter::once(*word))
            && let Some(instant) = dates::instant(word, None, order, &Zone::utc())
        {
            return Some(instant);
        }
        let lower = word.to_lowercase();
        let month = MONTHS.iter().position(|month| lower.starts_with(month));
        let Some(month) = month.filter(|_| lower.chars().all(|c| c.is_alphabetic() || c == '.'))
        else {
            continue;
        };
        let digits = |at: Option<usize>| {
            let word = at.and_then(|at| words.get(at))?;
            let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().ok()
        };
        let (before, after, later) = (
            digits(at.checked_sub(1)),
            digits(Some(at + 1)),
            digits(Some(at + 2)),
        );
        let date = match (before, after, later) {
            (Some(day @ 1..=31), Some(year @ 1990..), _) => Some((year, day)),
            (_, Some(day @ 1..=31), Some(year @ 1990..)) => Some((year, day)),
            _ => None,
        };
        if let Some((year, day)) = date {
            let text = format!("{year}-{}-{day}", month + 1);
            return dates::instant(&text, None, DateOrder::Ymd, &Zone::utc());
        }
    }
    None
}

/// The transaction number: the first word with at least three digits after "transaction", "order" or the like.
fn number(text: &str) -> Option<String> {
    const NAMES: [&str; 8] = [
        "transaction",
        "payment id",
        "payment number",
        "order",
        "invoice",
        "receipt",
        "reference",
        "bestell",
    ];
    for name in NAMES {
        for line in text.lines() {
            let lower = line.to_lowercase();
            let Some(at) = lower.find(name) else {
                continue;
            };
            let rest = lower
                .get(at + name.len()..)
                .and_then(|_| line.get(at + name.len()..));
            let token = rest
                .unwrap_or_default()
                .split_whitespace()
                .find_map(|word| {
                    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                    let id = word
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
                    let digits = word.chars().filter(char::is_ascii_digit).count();
                    let fits = id && digits >= 3 && (4..=80).contains(&word.len());
                    // Looked for only in the few words that could be a number: the text may be one long line.
                    let money = || rest.unwrap_or_default().contains(&format!("${word}"));
                    (fits && !money()).then_some(word)
                });
            if let Some(token) = token {
                return Some(token.to_owned());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Amount;
    use proptest::prelude::*;

    use super::*;

    const MAIL: &str = "From: billing@cloud.example\r\nDate: Sat, 21 Feb 2026 16:31:07 +0100\r\n\
        Subject: Your receipt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        Thank you!\r\nCredits 1 x $100.00\r\nTransaction ID: pay_8f31-22\r\nTotal paid: $100.00\r\n";

    #[test]
    fn receipt_mail_gives_amount_date_and_transaction_number() {
        let receipt = of_mail(MAIL.as_bytes()).unwrap();
        assert_eq!(receipt.amount, Amount::of(10_000));
        assert_eq!(receipt.at.to_string(), "2026-02-21T15:31:07.000Z");
        assert_eq!(receipt.payment, "pay_8f31-22");
    }

    #[test]
    fn receipt_without_amount_or_number_is_refused() {
        for (cut, code) in [
            ("$100.00", Problem::NotAReceipt),
            ("pay_8f31-22", Problem::NotAReceipt),
        ] {
            let mail = MAIL.replace(cut, "");
            assert_eq!(of_mail(mail.as_bytes()).unwrap_err().problem, code, "{cut}");
        }
        assert_eq!(
            of_pdf(b"%PDF-1.7 nothing").unwrap_err().problem,
            Problem::NotAReceipt
        );
    }

    #[test]
    fn receipt_with_month_written_as_word_is_read() {
        let receipt = of_text(
            "Receipt\n3 March 2026\nOrder #A-10023\nSumme 50,00 USD",
            None,
        )
        .unwrap();
        assert_eq!(
            (receipt.amount, receipt.payment.as_str()),
            (Amount::of(5_000), "A-10023")
        );
        assert_eq!(receipt.at.to_string(), "2026-03-03T00:00:00.000Z");
        let american = of_text("Paid Mar 3, 2026: $50.00, invoice 100234", None).unwrap();
        assert_eq!((american.at, american.amount), (receipt.at, receipt.amount));
        let thousands = of_text("Paid Mar 3, 2026: $1,500. Invoice 100234", None).unwrap();
        assert_eq!(thousands.amount, Amount::of(150_000));
    }

    proptest! {
        #[test]
        fn receipt_reader_never_panics_on_arbitrary_text(text in "\\PC{0,400}", noise in proptest::collection::vec(any::<u8>(), 0..800)) {
            let _ = of_text(&text, None);
            let _ = of_mail(text.as_bytes());
            let _ = of_mail(&[b"From: a@b.c\r\nDate: x\r\n\r\n", noise.as_slice()].concat());
        }
    }
}
