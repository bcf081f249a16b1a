//! Documents that unpack to far more than their size: the command that imports them fails soon with an error code, and
//! none of its processes takes more memory than a reader of documents may use.

use std::process::Command;

use anyhow::{Context, ensure};
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::binary;
use serde_json::Value;
use tempfile::tempdir;

/// Writes a PDF whose only page has `content`, packed `times` times, and imports it. Prints the command's answer, the
/// seconds it took and the largest memory of one of its processes in KiB.
const SCRIPT: &str = r#"
import json, resource, subprocess, sys, time, zlib
program, folder, kind = sys.argv[1:]
content, times = {
    'operators': (b'BT /F1 9 Tf (a)Tj ET ' * 2_900_000, 1),
    'zeros': (bytes(1 << 30), 3),
}[kind]
for _ in range(times):
    content = zlib.compress(content, 9)
filters = b'/Filter [' + b'/FlateDecode ' * times + b']'
objects = [
    b'<< /Type /Catalog /Pages 2 0 R >>',
    b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    b'<< /Length %d %s >>\nstream\n' % (len(content), filters) + content + b'\nendstream',
    b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
]
pdf, places = b'%PDF-1.4\n', []
for number, body in enumerate(objects, 1):
    places.append(len(pdf))
    pdf += b'%d 0 obj\n' % number + body + b'\nendobj\n'
table = len(pdf)
pdf += b'xref\n0 6\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % place for place in places)
pdf += b'trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % table
path = folder + '/receipt.pdf'
open(path, 'wb').write(pdf)
began = time.monotonic()
done = subprocess.run(
    [program, '--json', '--data', folder + '/data', 'import', '--email', 'me@booth.example', path],
    capture_output=True,
)
print(json.dumps({
    'answer': json.loads(done.stdout),
    'bytes': len(pdf),
    'seconds': time.monotonic() - began,
    'memory': resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
}))
"#;

/// Memory in KiB that a process that reads receipts may use.
const MEMORY: u64 = 256 * 1024;

fn import(kind: &str) -> anyhow::Result<Value> {
    let folder = tempdir()?;
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(binary("boothkeeper"))
        .arg(folder.path())
        .arg(kind)
        .output()
        .context("python3")?;
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).with_context(|| error.into_owned())
}

#[test]
fn small_pdf_that_unpacks_to_a_gigabyte_is_refused_within_a_second() -> anyhow::Result<()> {
    let result = import("zeros")?;
    assert_eq!(
        result["answer"]["error"]["code"], "not_a_receipt",
        "{result}"
    );
    ensure!(
        result["bytes"].as_u64().is_some_and(|bytes| bytes < 1_000),
        "{result}"
    );
    ensure!(
        result["seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds < 1.0),
        "{result}"
    );
    ensure!(
        result["memory"].as_u64().is_some_and(|kib| kib < MEMORY),
        "{result}"
    );
    Ok(())
}

/// The PDF's streams are within the size limits that are checked before it is read; what the reader makes of them in
/// memory is not.
#[test]
fn pdf_that_fills_the_memory_ends_only_its_reader_process() -> anyhow::Result<()> {
    let result = import("operators")?;
    assert_eq!(result["answer"]["error"]["code"], "too_complex", "{result}");
    ensure!(
        result["memory"].as_u64().is_some_and(|kib| kib < MEMORY),
        "{result}"
    );
    Ok(())
}

/// A mail nested 3,000 times takes more stack to parse than a thread has. Its encoding hides the levels from a search in
/// its bytes.
#[test]
fn deeply_nested_mail_in_quoted_printable_ends_only_its_reader_process() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let header = "From: a@b.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\nContent-Type: message/rfc822\r\n";
    let level = format!("{header}\r\n").replace("message/", "=6Dessage/");
    let encoding = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    let mail = format!("{header}{encoding}{}", level.repeat(3_000));
    let path = folder.path().join("receipt.eml");
    std::fs::write(&path, mail)?;
    let laptop = Laptop::new(&folder.path().join("data"));
    let (path, email) = (path.display().to_string(), "me@booth.example");
    for preview in [&[][..], &["--preview"]] {
        let import = [&["import", "--email", email, &path], preview].concat();
        let (code, error) = laptop.fails(&import)?;
        ensure!(
            ["too_complex", "not_a_receipt", "not_a_history"].contains(&error.as_str()),
            "{code} {error}"
        );
    }
    Ok(())
}
