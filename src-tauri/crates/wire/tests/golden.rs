//! Golden vectors: bytes that must come out the same for ever, or old copies could not be proven.

use boothkeeper_domain::{AccountId, Hash};
use boothkeeper_wire::checkpoint::{PublicKey, SignedCheckpoint};
use boothkeeper_wire::{chain, entry};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    account: AccountId,
    chain_0: Hash,
    entries: Vec<Vector>,
    key: PublicKey,
    checkpoint: SignedCheckpoint,
}

#[derive(Deserialize)]
struct Vector {
    line: String,
    chain: Hash,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("golden.json")).expect("the committed vectors")
}

#[test]
fn the_chain_over_the_committed_lines_is_the_committed_chain() {
    let vectors = vectors();
    let mut chain = chain::genesis(&vectors.account);
    assert_eq!(chain, vectors.chain_0);
    for vector in &vectors.entries {
        chain = chain::next(&chain, vector.line.as_bytes());
        assert_eq!(chain, vector.chain, "{}", vector.line);
    }
}

#[test]
fn the_committed_lines_are_read_and_written_byte_for_byte() {
    for vector in vectors().entries {
        let entry = entry::decode(vector.line.as_bytes()).expect(&vector.line);
        let line = entry::encode(&entry).expect(&vector.line);
        assert_eq!(String::from_utf8(line).unwrap(), vector.line);
    }
}

#[test]
fn the_committed_signature_holds() {
    let vectors = vectors();
    let body = vectors.checkpoint.verify(&[vectors.key]).expect("signed");
    assert_eq!(body.chain, vectors.entries.last().unwrap().chain);
}
