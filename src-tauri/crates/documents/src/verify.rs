//! Verifies a packet (the files of a dispute) from these files alone, without a copy of the journal or an access key.

use std::io::{Cursor, Read};
use std::path::Path;

use boothkeeper_wire::checkpoint::PublicKey;
use mail_parser::{Message, MimeHeaders};

use crate::proof::{Flaw, Proof, Verdict};
use crate::write::history::table;
use crate::{Error, Problem};

/// Most bytes of a packet (the files of a dispute), packed and also unpacked.
pub const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Most bytes of an e-mail. The app's own have up to 15 MiB of files, which grow by a third when encoded as text.
const MOST_LETTER: u64 = 32 * 1024 * 1024;

/// Most files of a packet, with archives unpacked. A dispute has at most twenty.
pub const MOST_FILES: usize = 1_000;

/// Most levels of e-mails forwarded within e-mails.
const FORWARDED: u32 = 3;

/// Files with their names. A file that proves nothing is listed without content.
pub type Files = Vec<(String, Vec<u8>)>;

/// Verifies a proof, an archive or e-mail that contains one, or several files together. `trusted` are the cloud's keys,
/// if it was asked. Otherwise the keys in the packet are used, and the caller must compare their fingerprint. Fails
/// with `NotAPacket` if there is no proof.
pub fn verify(given: Files, trusted: Option<&[PublicKey]>) -> Result<Verdict, Error> {
    let mut files = Files::new();
    for (name, bytes) in given {
        match bytes.is_empty() {
            true => files.push((name.to_lowercase(), bytes)),
            false => unfold(&name, bytes, &mut files)?,
        }
    }
    check(&files, trusted)
}

fn check(files: &Files, trusted: Option<&[PublicKey]>) -> Result<Verdict, Error> {
    let mut proofs: Vec<(&str, Proof)> = Vec::new();
    let mut unproven = Vec::new();
    for (name, bytes) in files {
        match serde_json::from_slice(bytes) {
            Ok(proof) if name.ends_with(".json") => proofs.push((name, proof)),
            // A file that is named as a proof but does not parse is an error.
            Err(error) if name.starts_with(HISTORY) && name.ends_with(".json") => {
                return Err(Error::because(Problem::NotAPacket, error));
            }
            _ if name.starts_with(HISTORY) && name.ends_with(".csv") => {}
            _ => unproven.push(name.clone()),
        }
    }
    proofs.sort_by_key(|(_, proof)| (proof.first, proof.last));
    let mut whole: Option<Verdict> = None;
    for (name, proof) in &proofs {
        let mut verdict = proof.check(trusted);
        let beside = format!("{}.csv", name.trim_end_matches(".json"));
        if verdict.ok && !agrees(files, &beside, proof)? {
            (verdict.ok, verdict.flaw) = (false, Some(Flaw::Table));
        }
        whole = Some(match whole {
            None => verdict,
            Some(before) if !before.ok => before,
            Some(before) => joined(before, verdict),
        });
    }
    let mut whole = whole.ok_or(Error::new(Problem::NotAPacket))?;
    let stray = |(name, _): &&(String, Vec<u8>)| {
        let proof = format!("{}.json", name.trim_end_matches(".csv"));
        let table = name.starts_with(HISTORY) && name.ends_with(".csv");
        table && !proofs.iter().any(|(name, _)| *name == proof)
    };
    unproven.extend(files.iter().filter(stray).map(|(name, _)| name.clone()));
    if !proofs.iter().any(|(_, proof)| proof.names_its_unit()) {
        unproven.push("the unit of amounts".to_owned());
    }
    unproven.sort_unstable();
    whole.unproven = unproven;
    Ok(whole)
}

/// Beginning of the names of the history files that the app writes, in lower case.
const HISTORY: &str = "usage-history";

/// Joins the verdicts of two consecutive parts of a history. The second must continue the first in account, chain and
/// balance; else the result has the flaw `Chain`.
fn joined(before: Verdict, after: Verdict) -> Verdict {
    let follows = before.account == after.account
        && before.hash == after.before
        && before.balance == after.opening;
    let flaw = after.flaw.or((!follows).then_some(Flaw::Chain));
    Verdict {
        ok: after.ok && follows,
        flaw,
        entries: before.entries + after.entries,
        opening: before.opening,
        from: before.from,
        before: before.before,
        imported: before.imported || after.imported,
        ..after
    }
}

/// True if every file named `table_name` has exactly the proof's entries; also if there is no such file.
fn agrees(files: &Files, table_name: &str, proof: &Proof) -> Result<bool, Error> {
    let expected = table(proof)?;
    let mut beside = files.iter().filter(|(name, _)| name == table_name);
    Ok(beside.all(|(_, bytes)| *bytes == expected))
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Adds the files of an archive or e-mail, or the file itself, under their names in lower case.
fn unfold(name: &str, bytes: Vec<u8>, files: &mut Files) -> Result<(), Error> {
    let not = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::because(Problem::NotAPacket, error)
    };
    let name = name.to_lowercase();
    if bytes.starts_with(b"PK") {
        let mut archive =
            zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| not(error.into()))?;
        if files.len() + archive.len() > MOST_FILES {
            return Err(Error::new(Problem::TooManyFiles));
        }
        let mut so_far: u64 = files.iter().map(|(_, content)| content.len() as u64).sum();
        for at in 0..archive.len() {
            let file = archive.by_index(at).map_err(|error| not(error.into()))?;
            let inner = file.name().map_err(|error| not(error.into()))?;
            // Archives of different months contain files of the same name, so use the archive's name.
            let inner = match name.strip_suffix(".zip") {
                Some(stem) if stem.ends_with(".json") || stem.ends_with(".csv") => stem.to_owned(),
                _ => name_of(Path::new(&*inner)).to_lowercase(),
            };
            let left = MOST_BYTES.saturating_sub(so_far);
            let mut content = Vec::new();
            let read = file.take(left + 1).read_to_end(&mut content);
            if read.map_err(|error| not(error.into()))? as u64 > left {
                return Err(Error::new(Problem::FileTooLarge));
            }
            so_far += content.len() as u64;
            files.push((inner, content));
        }
        return Ok(());
    }
    if !name.ends_with(".eml") {
        files.push((name, bytes));
        return Ok(());
    }
    if bytes.len() as u64 > MOST_LETTER {
        return Err(Error::new(Problem::FileTooLarge));
    }
    let message = crate::read::mail::parsed(&bytes).ok_or(Error::new(Problem::NotAPacket))?;
    letter(name, &message, 0, files)
}

/// Adds an e-mail's files, and those of e-mails forwarded in it.
fn letter(name: String, message: &Message<'_>, depth: u32, files: &mut Files) -> Result<(), Error> {
    // The e-mail is listed without content, because its text is not proven.
    files.push((name, vec![]));
    for part in message.attachments() {
        if files.len() >= MOST_FILES {
            return Err(Error::new(Problem::TooManyFiles));
        }
        let named = part.attachment_name().map(str::to_lowercase);
        match (part.message(), named) {
            (Some(inner), named) if depth < FORWARDED => {
                let named = named.unwrap_or_else(|| "forwarded.eml".to_owned());
                letter(named, inner, depth + 1, files)?;
            }
            (None, Some(named)) if !named.ends_with(".eml") => {
                unfold(&named, part.contents().to_vec(), files)?;
            }
            (_, Some(named)) => files.push((named, vec![])),
            (_, None) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::{AccountId, Amount, Asset, Epoch, Seq, Timestamp};
    use boothkeeper_wire::chain;
    use boothkeeper_wire::checkpoint::{Checkpoint, public_key};
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    use crate::proof::{FORMAT, ProvenEntry};
    use crate::write::history::{PROOF, TABLE};

    use super::*;

    /// A proof of three entries, signed after the third. The proven days have the second and the third.
    fn proof() -> Proof {
        let account = AccountId::new("acc_1").unwrap();
        let line = |seq: u64, delta: i64, after: i64| {
            format!(
                r#"{{"seq":{seq},"at":"2026-02-2{seq}T16:31:00.000Z","kind":"adjustment","delta":{delta},"balance_after":{after},"actor":"support","body":{{}}}}"#
            )
        };
        let mut hash = chain::genesis(&account);
        let before = hash;
        let lines = [line(1, 100, 100), line(2, -30, 70), line(3, 5, 75)];
        let entries = lines.map(|entry| {
            hash = chain::next(&hash, entry.as_bytes());
            ProvenEntry { hash, entry }
        });
        let key = SigningKey::from_bytes(&[7; 32]);
        let checkpoint = Checkpoint {
            account: account.clone(),
            epoch: Epoch::new("e").unwrap(),
            seq: Seq(3),
            chain: hash,
            count: 3,
            sum: Amount::of(75),
            balance: Amount::of(75),
            time: Timestamp::from_millis(0),
        };
        Proof {
            format: FORMAT.into(),
            account,
            cloud: "https://cloud.example".into(),
            asset: Asset::usd(),
            from: "2026-02-22".parse().unwrap(),
            to: "2026-02-23".parse().unwrap(),
            zone: "UTC".into(),
            opening: Amount::of(100),
            closing: Amount::of(75),
            first: Seq(2),
            last: Seq(3),
            before,
            entries: entries.into(),
            checkpoint: checkpoint.sign(&key),
            keys: vec![public_key(&key)],
        }
    }

    fn files(proof: &Proof) -> Files {
        let document = serde_json::to_vec(proof).unwrap();
        let csv = table(proof).unwrap();
        vec![(PROOF.into(), document), (TABLE.into(), csv)]
    }

    #[test]
    fn proof_is_accepted_with_its_own_key_and_refused_with_another_trusted_key() {
        let verdict = check(&files(&proof()), None).unwrap();
        assert!(verdict.ok, "{verdict:?}");
        assert_eq!(
            (verdict.entries, verdict.balance, verdict.seq),
            (2, Amount::of(75), Seq(3))
        );
        let stranger = [public_key(&SigningKey::from_bytes(&[8; 32]))];
        let verdict = check(&files(&proof()), Some(&stranger)).unwrap();
        assert_eq!((verdict.ok, verdict.flaw), (false, Some(Flaw::UnknownKey)));
        assert_eq!(
            check(&vec![], None).unwrap_err().problem,
            Problem::NotAPacket
        );
    }

    #[test]
    fn archive_with_too_many_files_is_refused() {
        use std::io::Write;
        let archive = |files: usize| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for n in 0..files {
                let plain = zip::write::SimpleFileOptions::default();
                zip.start_file(format!("{n}.txt"), plain).unwrap();
                zip.write_all(b"x").unwrap();
            }
            zip.finish().unwrap().into_inner()
        };
        let refused = verify(vec![("many.zip".into(), archive(20_000))], None).unwrap_err();
        assert_eq!(refused.problem, Problem::TooManyFiles);
        let none = verify(vec![("few.zip".into(), archive(MOST_FILES))], None).unwrap_err();
        assert_eq!(none.problem, Problem::NotAPacket);
    }

    #[test]
    fn changed_proof_is_refused_and_verdict_names_what_is_wrong() {
        let flaw = |change: &dyn Fn(&mut Proof)| {
            let mut proof = proof();
            change(&mut proof);
            let verdict = check(&files(&proof), None).unwrap();
            assert!(!verdict.ok);
            (verdict.flaw.unwrap(), verdict.first_bad_seq)
        };
        let rewritten = |proof: &mut Proof| {
            proof.entries[1].entry = proof.entries[1].entry.replace("-30", "-31");
        };
        assert_eq!(flaw(&rewritten), (Flaw::Chain, Some(Seq(2))));
        assert_eq!(flaw(&|p| p.opening = Amount::of(101)), (Flaw::Sum, None));
        assert_eq!(flaw(&|p| p.closing = Amount::of(74)), (Flaw::Sum, None));
        assert_eq!(flaw(&|p| drop(p.entries.pop())).0, Flaw::Days);
        assert_eq!(flaw(&|p| drop(p.entries.remove(0))).0, Flaw::Days);
        assert_eq!(
            flaw(&|p| p.checkpoint.body.balance = Amount::of(1)),
            (Flaw::Signature, None)
        );
        assert_eq!(
            flaw(&|p| p.account = AccountId::new("acc_2").unwrap()),
            (Flaw::Format, None)
        );
        assert_eq!(flaw(&|p| p.keys.clear()), (Flaw::Signature, None));
        // Proofs with wrong days, and with days that lack their first or last entry.
        assert_eq!(flaw(&|p| p.from = p.to), (Flaw::Days, Some(Seq(2))));
        assert_eq!(flaw(&|p| p.to = p.from), (Flaw::Days, Some(Seq(3))));
        assert_eq!(flaw(&|p| p.zone = "Moon/Base".into()).0, Flaw::Format);
        let shortened = |p: &mut Proof| (p.last, p.closing) = (Seq(2), Amount::of(70));
        assert_eq!(flaw(&shortened), (Flaw::Days, Some(Seq(3))));
        let late = |p: &mut Proof| (p.first, p.opening) = (Seq(3), Amount::of(70));
        assert_eq!(flaw(&late), (Flaw::Days, Some(Seq(2))));
        // Proofs whose days claim to have no entries but have some, with the largest numbers, with another unit.
        let emptied = |p: &mut Proof| {
            (p.from, p.to) = ("2026-02-24".parse().unwrap(), "2026-02-25".parse().unwrap());
            (p.first, p.last) = (Seq(4), Seq(2));
            (p.opening, p.closing) = (Amount::of(70), Amount::of(70));
        };
        assert_eq!(flaw(&emptied), (Flaw::Days, None));
        assert_eq!(flaw(&|p| p.last = Seq(u64::MAX)), (Flaw::Days, None));
        let endless = |p: &mut Proof| p.checkpoint.body.seq = Seq(u64::MAX);
        assert_eq!(flaw(&endless).0, Flaw::Chain);
        assert_eq!(flaw(&|p| p.asset.scale = 0).0, Flaw::Format);
        let mut files = files(&proof());
        files[1].1 = String::from_utf8(files[1].1.clone())
            .unwrap()
            .replace("-0.30", "-0.31")
            .into();
        let verdict = check(&files, None).unwrap();
        assert_eq!((verdict.ok, verdict.flaw), (false, Some(Flaw::Table)));
    }

    #[test]
    fn forwarded_packet_is_verified_and_its_parts_without_proof_are_named() {
        let letter = |subject: &str, name: &str, kind: &str, inner: &str| {
            format!(
                "From: a@b.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
                 Content-Type: multipart/mixed; boundary={subject}\r\n\r\n--{subject}\r\n\
                 Content-Type: text/plain\r\n\r\nHello\r\n--{subject}\r\n\
                 Content-Type: {kind}; name={name}\r\n\
                 Content-Disposition: attachment; filename={name}\r\n\r\n{inner}\r\n\
                 --{subject}--\r\n"
            )
        };
        let document = serde_json::to_string(&proof()).unwrap();
        let dispute = letter("inner", PROOF, "application/json", &document);
        let forwarded = letter("outer", "dispute.eml", "message/rfc822", &dispute);
        let verdict = verify(vec![("Fwd.eml".into(), forwarded.into_bytes())], None).unwrap();
        assert!(verdict.ok, "{verdict:?}");
        assert_eq!(
            verdict.unproven,
            ["dispute.eml", "fwd.eml", "the unit of amounts"]
        );
    }

    proptest! {
        #[test]
        fn proof_with_one_changed_byte_in_an_entry_is_refused(which in 0usize..3, at in 0usize..150, by in 1u8..128) {
            let mut proof = proof();
            let mut bytes = proof.entries[which].entry.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= by;
            if let Ok(entry) = String::from_utf8(bytes) {
                proof.entries[which].entry = entry;
                prop_assert!(!proof.check(None).ok);
            }
        }

        #[test]
        fn verifying_arbitrary_bytes_never_panics(zipped in any::<bool>(), noise in proptest::collection::vec(any::<u8>(), 0..600)) {
            let bytes = if zipped { [b"PK\x03\x04", noise.as_slice()].concat() } else { noise };
            for name in ["a.json", "a.eml", "a.zip"] {
                let mut files = Vec::new();
                if unfold(name, bytes.clone(), &mut files).is_ok() {
                    let _ = check(&files, None);
                }
            }
        }
    }
}
