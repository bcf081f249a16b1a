//! Scenarios with the real cloud and the command line: balance, history, purchases, the outbox and signing in.

mod history;
mod purchases;
mod sign_in;

const CLOCK: Option<&str> = Some("2026-02-21T18:00:00Z");
