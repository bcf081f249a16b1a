//! An entry as one JSON line: a fixed envelope and a body whose fields depend on `kind`, which stands before `body`.
//!
//! The cloud encodes an entry once, at commit. These bytes are then stored and sent unchanged.

use std::fmt;

use boothkeeper_domain::journal::BodyOf;
use boothkeeper_domain::{Actor, Amount, Entry, Line, Seq, Timestamp};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _, Serialize};
use serde_json::value::RawValue;

/// Longest line of an entry in bytes, without its newline. A longer line is rejected, so that a hostile stream cannot
/// fill the memory.
pub const MAX_LINE: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("a line of {0} bytes is longer than an entry may be")]
    TooLong(usize),
    #[error("the line is not a valid entry")]
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

/// The entry's line without a newline. Fails with `TooLong` if it has more than [`MAX_LINE`] bytes.
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

/// Reads one line without its newline, in one pass. Fails if the line is longer than [`MAX_LINE`] bytes, is not UTF-8
/// or not JSON, repeats or lacks a field, or has `body` before `kind`.
pub fn decode(line: &[u8]) -> Result<Entry, DecodeError> {
    if line.len() > MAX_LINE {
        return Err(DecodeError::TooLong(line.len()));
    }
    // UTF-8 is checked once for the whole line, which is faster than once for every string in it.
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
                Field::Seq => set_once("seq", &mut seq, map.next_value()?)?,
                Field::At => set_once("at", &mut at, map.next_value()?)?,
                Field::Kind => set_once("kind", &mut kind, map.next_value()?)?,
                Field::Delta => set_once("delta", &mut delta, map.next_value()?)?,
                Field::BalanceAfter => {
                    set_once("balance_after", &mut balance_after, map.next_value()?)?;
                }
                Field::Actor => set_once("actor", &mut actor, map.next_value()?)?,
                Field::Reason => set_once("reason", &mut reason, map.next_value()?)?,
                Field::Lines => set_once("lines", &mut lines, map.next_value()?)?,
                Field::Body => {
                    let misplaced = || M::Error::custom("`body` stands before `kind`");
                    let kind = kind.as_deref().ok_or_else(misplaced)?;
                    set_once("body", &mut body, map.next_value_seed(BodyOf(kind))?)?;
                }
                Field::OfALaterVersion => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Entry {
            seq: required("seq", seq)?,
            at: required("at", at)?,
            delta: required("delta", delta)?,
            balance_after: required("balance_after", balance_after)?,
            actor: required("actor", actor)?,
            reason: reason.flatten(),
            lines: lines.unwrap_or_default(),
            body: required("body", body)?,
        })
    }
}

fn set_once<T, E: Error>(name: &'static str, field: &mut Option<T>, value: T) -> Result<(), E> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

fn required<T, E: Error>(name: &'static str, field: Option<T>) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"seq":2,"at":"2026-02-21T16:31:07.000Z","kind":"hologram","delta":0,"balance_after":5,"actor":"booth","body":{"depth":3,"x":[1.50]}}"#;

    #[test]
    fn decoded_entry_of_unknown_kind_is_encoded_to_the_same_bytes() {
        let entry = decode(LINE.as_bytes()).unwrap();
        assert_eq!(entry.body.name(), "hologram");
        assert_eq!(encode(&entry).unwrap(), LINE.as_bytes());
    }

    #[test]
    fn malformed_or_too_long_entry_lines_are_rejected() {
        let kind_last = LINE.replacen("\"kind\":\"hologram\",", "", 1);
        let kind_last = kind_last.replacen("}}", "},\"kind\":\"hologram\"}", 1);
        let twice = LINE.replacen("\"seq\":2", "\"seq\":2,\"seq\":3", 1);
        for wrong in ["", "{}", "null", "[1]", &LINE[..40], &twice, &kind_last] {
            assert!(
                matches!(decode(wrong.as_bytes()), Err(DecodeError::Json(_))),
                "{wrong}"
            );
        }
        let long = vec![b' '; MAX_LINE + 1];
        assert!(matches!(decode(&long), Err(DecodeError::TooLong(_))));
    }
}
