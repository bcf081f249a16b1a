//! The access key is written to no file, log or output, and sent to no address but its cloud's.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use anyhow::ensure;
use boothkeeper_tests::booth::{Booth, id};
use boothkeeper_tests::laptop::Laptop;

fn holds(haystack: &[u8], needle: &str) -> bool {
    let needle = needle.as_bytes();
    haystack.windows(needle.len()).any(|part| part == needle)
}

/// Files below a folder that hold the text.
fn written_in(folder: &Path, text: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.is_dir() {
            found.extend(written_in(&path, text)?);
        } else if holds(&std::fs::read(&path)?, text) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

/// Runs commands with trace logging, exports and attachments: neither their output nor a file has the key.
#[tokio::test]
async fn access_key_is_not_written_or_printed() -> anyhow::Result<()> {
    let booth = Booth::with_failed_run().await?;
    let key = booth.account.key.trim_start_matches("bk_");
    let out = booth.folder.path().join("laptop/out");
    std::fs::create_dir_all(&out)?;
    let place = |name: &str| out.join(name).display().to_string();
    let draft = ["dispute", "new", "--finding", "run_failed_not_refunded"];
    let draft = booth.laptop.ok(&draft)?;
    let (csv, eml, files) = (place("history.csv"), place("letter.eml"), place("files"));
    for arguments in [
        &["sync"][..],
        &["history", "--export", &csv],
        &["explain"],
        &["buy", "50", "--yes"],
        &["dispute", "save-eml", id(&draft), &eml],
        &["dispute", "save-files", id(&draft), &files],
        &["dispute", "send", id(&draft)],
        &["verify"],
        &["doctor"],
        // Failing commands, whose causes are printed.
        &["login", "--cloud", "http://127.0.0.1:9"],
        &["history", "--service", "nothing"],
    ] {
        let mut command = booth.laptop.command(arguments);
        let output = command
            .env("RUST_LOG", "trace")
            .stderr(Stdio::piped())
            .output()?;
        ensure!(!holds(&output.stdout, key), "{arguments:?} prints the key");
        ensure!(!holds(&output.stderr, key), "{arguments:?} logs the key");
    }
    assert!(out.join("letter.eml").is_file() && out.join("files/statement.pdf").is_file());
    let data = booth.folder.path().join("laptop");
    assert_eq!(written_in(&data, key)?, Vec::<String>::new());
    Ok(())
}

/// A server in the cloud's place cannot have the key sent to another address by a redirect.
#[test]
fn redirect_does_not_forward_access_key() -> anyhow::Result<()> {
    let (portal, elsewhere) = (
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    );
    let (at, to) = (portal.local_addr()?, elsewhere.local_addr()?);
    let answering = thread::spawn(move || -> std::io::Result<()> {
        let (mut caller, _) = portal.accept()?;
        let _ = caller.read(&mut [0; 4096])?;
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{to}/v1/meta\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        caller.write_all(answer.as_bytes())
    });
    let folder = tempfile::tempdir()?;
    let laptop = Laptop::new(folder.path()).with_key(&format!("bk_{}", "7".repeat(64)));
    let (code, _) = laptop.run(&["login", "--cloud", &format!("http://{at}")])?;
    assert_ne!(code, 0);
    answering
        .join()
        .expect("the portal thread does not panic")?;
    elsewhere.set_nonblocking(true)?;
    let called = elsewhere.accept();
    assert!(called.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
    Ok(())
}
