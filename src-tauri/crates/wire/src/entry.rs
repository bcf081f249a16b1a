//! An entry as one JSON line: a fixed envelope around a body that depends on the kind.
//!
//! The cloud encodes an entry once, when it commits it; ever after the bytes are the entry.

use std::borrow::Cow;

use boothkeeper_domain::{Actor, Amount, Body, Entry, Line, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// A longer line is an attack or a bug, never an entry.
pub const MAX_LINE: usize = 64 * 1024;

#[derive(Debug, Error)]
pub enum DecodeError {
    #[error("a line of {0} bytes is longer than an entry can be")]
    TooLong(usize),
    #[error("a line is not an entry")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    seq: Seq,
    at: Timestamp,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    delta: Amount,
    balance_after: Amount,
    actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<Line>,
    #[serde(borrow)]
    body: &'a RawValue,
}

pub fn encode(entry: &Entry) -> Result<Vec<u8>, DecodeError> {
    let body = RawValue::from_string(entry.body.to_json()?)?;
    let line = serde_json::to_vec(&Envelope {
        seq: entry.seq,
        at: entry.at,
        kind: entry.body.name().into(),
        delta: entry.delta,
        balance_after: entry.balance_after,
        actor: entry.actor,
        reason: entry.reason.clone(),
        lines: entry.lines.clone(),
        body: &body,
    })?;
    if line.len() > MAX_LINE {
        return Err(DecodeError::TooLong(line.len()));
    }
    Ok(line)
}

/// Reads one line without its newline.
pub fn decode(line: &[u8]) -> Result<Entry, DecodeError> {
    if line.len() > MAX_LINE {
        return Err(DecodeError::TooLong(line.len()));
    }
    // Checked for UTF-8 once as a whole, not once more for every string in it.
    let line = str::from_utf8(line).map_err(<serde_json::Error as serde::de::Error>::custom)?;
    let envelope: Envelope<'_> = serde_json::from_str(line)?;
    Ok(Entry {
        seq: envelope.seq,
        at: envelope.at,
        delta: envelope.delta,
        balance_after: envelope.balance_after,
        actor: envelope.actor,
        reason: envelope.reason,
        lines: envelope.lines,
        body: Body::parse(&envelope.kind, envelope.body.get())?,
    })
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
        let twice = LINE.replacen("\"seq\":2", "\"seq\":2,\"seq\":3", 1);
        for wrong in ["", "{}", "null", "[1]", &LINE[..40], &twice] {
            assert!(
                matches!(decode(wrong.as_bytes()), Err(DecodeError::Json(_))),
                "{wrong}"
            );
        }
        let long = vec![b' '; MAX_LINE + 1];
        assert!(matches!(decode(&long), Err(DecodeError::TooLong(_))));
    }
}
