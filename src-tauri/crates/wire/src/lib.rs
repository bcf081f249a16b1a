//! The cloud's HTTP contract: what travels, how it is encoded, and how it is proven.

pub mod action;
pub mod api;
pub mod chain;
pub mod checkpoint;
pub mod dispute;
pub mod entry;
pub mod problem;
mod refusal;
pub mod sandbox;
pub mod stream;

/// Every response carries this header; a status without it is not the cloud's (`cloud-api.md`).
pub const API_HEADER: &str = "boothkeeper-api";
pub const API_VERSION: &str = "1";
pub const PROBLEM_JSON: &str = "application/problem+json";
pub const STREAM_TYPE: &str = "application/vnd.boothkeeper.journal+zstd";

/// Whether an authority, `127.0.0.1:8787` say, names this machine: the only place that plain HTTP may go to.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
