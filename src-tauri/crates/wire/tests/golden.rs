//! Golden vectors: stored example entries, chain values and signatures. How entries are encoded, hashed and signed must
//! never change, or the copies of journals that laptops already have could no longer be verified.

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
    serde_json::from_str(include_str!("golden.json")).expect("golden.json is valid")
}

#[test]
fn hash_chain_over_the_stored_example_entries_is_unchanged() {
    let vectors = vectors();
    let mut chain = chain::genesis(&vectors.account);
    assert_eq!(chain, vectors.chain_0);
    for vector in &vectors.entries {
        chain = chain::next(&chain, vector.line.as_bytes());
        assert_eq!(chain, vector.chain, "{}", vector.line);
    }
}

#[test]
fn stored_example_entries_are_decoded_and_encoded_to_the_same_bytes() {
    for vector in vectors().entries {
        let entry = entry::decode(vector.line.as_bytes()).expect(&vector.line);
        let line = entry::encode(&entry).expect(&vector.line);
        assert_eq!(String::from_utf8(line).unwrap(), vector.line);
    }
}

#[test]
fn stored_example_checkpoint_still_verifies() {
    let vectors = vectors();
    let body = vectors
        .checkpoint
        .verify(&[vectors.key])
        .expect("the golden checkpoint verifies");
    assert_eq!(body.chain, vectors.entries.last().unwrap().chain);
}
