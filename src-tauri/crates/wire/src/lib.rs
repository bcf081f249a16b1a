//! The cloud's HTTP contract: requests and responses, problem codes, the encoding of journal entries, and the hash
//! chain and signatures that prove them.

pub mod action;
pub mod api;
pub mod chain;
pub mod checkpoint;
mod digest;
pub mod dispute;
mod documents;
pub mod entry;
mod head;
pub mod problem;
mod refusal;
pub mod sandbox;
pub mod stream;

pub use digest::sha256;

/// The cloud sends this header with every response. A response without it comes from something else, such as a
/// venue's sign-in page, and its status must be ignored (`cloud-api.md`).
pub const API_HEADER: &str = "boothkeeper-api";
/// The value of [`API_HEADER`].
pub const API_VERSION: &str = "1";
/// Media type of a [`problem::Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Media type of the journal's [`stream`].
pub const STREAM_TYPE: &str = "application/vnd.boothkeeper.journal+zstd";

/// The `ETag` of a document that is tagged by its content: both ends compute it over the bytes that were sent.
pub fn content_tag(document: &[u8]) -> String {
    let hash = boothkeeper_domain::Hash(*blake3::hash(document).as_bytes());
    format!("\"{hash}\"")
}

/// True if the host of an authority, such as `127.0.0.1:8787`, is this machine. Plain HTTP is allowed to such a host
/// only.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
