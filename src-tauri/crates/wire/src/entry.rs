//! An entry as one JSON line: a fixed envelope around a body that depends on the kind, which comes first.
//!
//! The cloud encodes an entry once, when it commits it; ever after the bytes are the entry.

use std::fmt;

use boothkeeper_domain::journal::BodyOf;
use boothkeeper_domain::{Actor, Amount, Entry, Line, Seq, Timestamp};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _, Serialize};
use serde_json::value::RawValue;

/// A longer line is an attack or a bug, never an entry.
pub const MAX_LINE: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("a line of {0} bytes is longer than an entry can be")]
    TooLong(usize),
    #[error("a line is not an entry")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Envelope<'a> {
    seq: Seq,
    at: Timestamp,
    kind: &'a str,
    delta: Amount,
    balance_after: Amount,
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lines: &'a [Line],
    body: &'a RawValue,
}

pub fn encode(entry: &Entry) -> Result<Vec<u8>, DecodeError> {
    let body = RawValue::from_string(entry.body.to_json()?)?;
    let line = serde_json::to_vec(&Envelope {
        seq: entry.seq,
        at: entry.at,
        kind: entry.body.name(),
        delta: entry.delta,
        balance_after: entry.balance_after,
        actor: entry.actor,
        reason: entry.reason.as_deref(),
        lines: &entry.lines,
        body: &body,
    })?;
    if line.len() > MAX_LINE {
        return Err(DecodeError::TooLong(line.len()));
    }
    Ok(line)
}

/// Reads one line without its newline, in one pass: by the time a body comes, its kind is known.
pub fn decode(line: &[u8]) -> Result<Entry, DecodeError> {
    if line.len() > MAX_LINE {
        return Err(DecodeError::TooLong(line.len()));
    }
    // Checked for UTF-8 once as a whole, not once more for every string in it.
    let line = str::from_utf8(line).map_err(serde_json::Error::custom)?;
    let mut json = serde_json::Deserializer::from_str(line);
    let entry = json.deserialize_map(EntryVisitor)?;
    json.end()?;
    Ok(entry)
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Seq,
    At,
    Kind,
    Delta,
    BalanceAfter,
    Actor,
    Reason,
    Lines,
    Body,
    #[serde(other)]
    OfALaterVersion,
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entry, M::Error> {
        let (mut seq, mut at, mut delta, mut balance_after) = (None, None, None, None);
        let (mut actor, mut reason, mut lines) = (None, None, None);
        let (mut kind, mut body) = (None::<String>, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Seq => once("seq", &mut seq, map.next_value()?)?,
                Field::At => once("at", &mut at, map.next_value()?)?,
                Field::Kind => once("kind", &mut kind, map.next_value()?)?,
                Field::Delta => once("delta", &mut delta, map.next_value()?)?,
                Field::BalanceAfter => {
                    once("balance_after", &mut balance_after, map.next_value()?)?;
                }
                Field::Actor => once("actor", &mut actor, map.next_value()?)?,
                Field::Reason => once("reason", &mut reason, map.next_value()?)?,
                Field::Lines => once("lines", &mut lines, map.next_value()?)?,
                Field::Body => {
                    let early = || M::Error::custom("a body before its kind");
                    let kind = kind.as_deref().ok_or_else(early)?;
                    once("body", &mut body, map.next_value_seed(BodyOf(kind))?)?;
                }
                Field::OfALaterVersion => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Entry {
            seq: there("seq", seq)?,
            at: there("at", at)?,
            delta: there("delta", delta)?,
            balance_after: there("balance_after", balance_after)?,
            actor: there("actor", actor)?,
            reason: reason.flatten(),
            lines: lines.unwrap_or_default(),
            body: there("body", body)?,
        })
    }
}

fn once<T, E: Error>(name: &'static str, field: &mut Option<T>, value: T) -> Result<(), E> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

fn there<T, E: Error>(name: &'static str, field: Option<T>) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"seq":2,"at":"2026-02-21T16:31:07.000Z","kind":"hologram","delta":0,"balance_after":5,"actor":"booth","body":{"depth":3,"x":[1.50]}}"#;

    #[test]
    fn an_unknown_kind_keeps_its_bytes() {
        let entry = decode(LINE.as_bytes()).unwrap();
        assert_eq!(entry.body.name(), "hologram");
        assert_eq!(encode(&entry).unwrap(), LINE.as_bytes());
    }

    #[test]
    fn what_is_not_an_entry_is_refused() {
        let late = LINE.replacen("\"kind\":\"hologram\",", "", 1);
        let late = late.replacen("}}", "},\"kind\":\"hologram\"}", 1);
        let twice = LINE.replacen("\"seq\":2", "\"seq\":2,\"seq\":3", 1);
        for wrong in ["", "{}", "null", "[1]", &LINE[..40], &twice, &late] {
            assert!(
                matches!(decode(wrong.as_bytes()), Err(DecodeError::Json(_))),
                "{wrong}"
            );
        }
        let long = vec![b' '; MAX_LINE + 1];
        assert!(matches!(decode(&long), Err(DecodeError::TooLong(_))));
    }
}
