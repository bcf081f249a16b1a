//! Entries for the tests of disputes.

use crate::journal::{Actor, Body, Usage};
use crate::{Amount, Entry, RunId, Seq, Timestamp};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn entry(seq: u64, delta: i32, body: Body) -> Entry {
    Entry {
        seq: Seq(seq),
        at: at("2026-02-20T12:00:00Z"),
        delta: Amount::of(delta),
        balance_after: Amount::ZERO,
        actor: Actor::System,
        reason: None,
        lines: vec![],
        body,
    }
}

pub fn run(seq: u64, id: &str) -> Entry {
    let usage = Usage {
        run: RunId::new(id).unwrap(),
        service: "draw_me".into(),
        event: None,
        units: 1,
    };
    entry(seq, -25, Body::Usage(usage))
}
