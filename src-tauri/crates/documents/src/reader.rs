//! Untrusted documents are read in a child process: this program, started again with an empty environment and with
//! limits on memory, time and files. A document that exceeds them ends the child, and the caller gets
//! [`Problem::TooComplex`].
//!
//! The protocol over the child's pipes: a [`Request`] as JSON, its files' bytes, then the answer as JSON and one file's
//! bytes. Each part is preceded by its length as eight bytes, little-endian.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use boothkeeper_domain::imported::Receipt;
use boothkeeper_wire::checkpoint::PublicKey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::read::attachment::{self, Attachment, FileType};
use crate::read::receipt;
use crate::verify::{self, Files};
use crate::{Error, Problem, Verdict};

/// The first argument of a program that is started as a reader; the second is the kind of document.
const ARGUMENT: &str = "--read-document";

const MIB: u64 = 1024 * 1024;
/// Most bytes of a request or an answer without its files.
const MOST_JSON: u64 = 4 * MIB;

/// Where documents are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// In a child process of this program.
    Child(PathBuf),
    /// In the calling process, without limits: for tests of the parsers.
    InProcess,
}

/// What a child process may use of the machine.
struct Limits {
    memory: u64,
    cpu_seconds: u64,
    /// Longest time until the child's answer is complete; then the child is killed.
    patience: Duration,
    /// Most bytes of all files of the request together.
    input: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Receipt,
    Attachment,
    Packet,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Receipt, Kind::Attachment, Kind::Packet];

    const fn name(self) -> &'static str {
        match self {
            Kind::Receipt => "receipt",
            Kind::Attachment => "attachment",
            Kind::Packet => "packet",
        }
    }

    const fn limits(self) -> Limits {
        match self {
            Kind::Receipt | Kind::Attachment => Limits {
                memory: 256 * MIB,
                cpu_seconds: 10,
                patience: Duration::from_secs(20),
                input: 64 * MIB,
            },
            // A packet may have half a gigabyte of entries, which is held packed and unpacked.
            Kind::Packet => Limits {
                memory: 3 * 1024 * MIB,
                cpu_seconds: 120,
                patience: Duration::from_secs(240),
                input: verify::MOST_BYTES,
            },
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Receipt(FileType),
    Attachment {
        name: String,
    },
    Packet {
        names: Vec<String>,
        trusted: Option<Vec<PublicKey>>,
    },
}

impl Request {
    const fn kind(&self) -> Kind {
        match self {
            Request::Receipt(_) => Kind::Receipt,
            Request::Attachment { .. } => Kind::Attachment,
            Request::Packet { .. } => Kind::Packet,
        }
    }

    /// Reads the files as what the request says they are. The answer's file is empty unless it is an attachment.
    fn answer(self, mut files: Vec<Vec<u8>>) -> Result<(serde_json::Value, Vec<u8>), Error> {
        let mut first = || files.pop().unwrap_or_default();
        match self {
            Request::Receipt(file_type) => {
                let receipt = receipt::read(file_type, &first())?;
                Ok((json(&receipt)?, vec![]))
            }
            Request::Attachment { name } => {
                let taken = attachment::take(&name, first())?;
                Ok((json(&(taken.name, taken.file_type))?, taken.bytes))
            }
            Request::Packet { names, trusted } => {
                let files = names.into_iter().zip(files).collect();
                let verdict = verify::verify(files, trusted.as_deref())?;
                Ok((json(&verdict)?, vec![]))
            }
        }
    }
}

/// What the child writes before the file's bytes.
#[derive(Debug, Serialize, Deserialize)]
enum ChildAnswer {
    Read(serde_json::Value),
    Failed(Problem, Vec<String>),
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(crate::error::internal)
}

impl Reader {
    /// This program as its own reader. Its `main` must call [`run_if_child`] before anything else.
    pub fn this_program() -> Self {
        // The program's file may have been replaced by an update since this process started.
        let own = PathBuf::from("/proc/self/exe");
        match own.exists() {
            true => Reader::Child(own),
            false => Reader::Child(std::env::current_exe().unwrap_or_default()),
        }
    }

    pub fn receipt(&self, file_type: FileType, bytes: Vec<u8>) -> Result<Receipt, Error> {
        let (receipt, _) = self.ask(Request::Receipt(file_type), vec![bytes])?;
        Ok(receipt)
    }

    pub fn attachment(&self, name: &str, bytes: Vec<u8>) -> Result<Attachment, Error> {
        let name = name.to_owned();
        let ((name, file_type), bytes) = self.ask(Request::Attachment { name }, vec![bytes])?;
        Ok(Attachment {
            name,
            file_type,
            bytes,
        })
    }

    pub fn packet(&self, files: Files, trusted: Option<Vec<PublicKey>>) -> Result<Verdict, Error> {
        let (names, files) = files.into_iter().unzip();
        let (verdict, _) = self.ask(Request::Packet { names, trusted }, files)?;
        Ok(verdict)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        request: Request,
        files: Vec<Vec<u8>>,
    ) -> Result<(T, Vec<u8>), Error> {
        let input: u64 = files.iter().map(|file| file.len() as u64).sum();
        if input > request.kind().limits().input {
            return Err(Error::new(Problem::FileTooLarge));
        }
        let (value, bytes) = match self {
            Reader::InProcess => request.answer(files)?,
            Reader::Child(program) => ask_child(program.as_os_str(), request, files)?,
        };
        let value = serde_json::from_value(value).map_err(crate::error::internal)?;
        Ok((value, bytes))
    }
}

fn ask_child(
    program: &OsStr,
    request: Request,
    files: Vec<Vec<u8>>,
) -> Result<(serde_json::Value, Vec<u8>), Error> {
    let kind = request.kind();
    let header = serde_json::to_vec(&request).map_err(crate::error::internal)?;
    let mut command = Command::new(program);
    command
        .args([ARGUMENT, kind.name()])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if cfg!(windows)
        && let Some(root) = std::env::var_os("SystemRoot")
    {
        // Without this variable no Windows program starts.
        command.env("SystemRoot", root);
    }
    let mut child = command.spawn().map_err(crate::error::internal)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(Error::new(Problem::Internal));
    };
    std::thread::spawn(move || {
        // If the child ends early and does not read the whole request, its answer or the missing answer says why.
        let mut send = || -> std::io::Result<()> {
            write_part(&mut stdin, &header)?;
            files
                .iter()
                .try_for_each(|file| write_part(&mut stdin, file))
        };
        let _ = send();
    });
    let (answered, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stdout = stdout.take(MOST_JSON + kind.limits().input);
        let read = read_part(&mut stdout, MOST_JSON)
            .and_then(|header| Ok((header, read_part(&mut stdout, kind.limits().input)?)));
        let _ = answered.send(read);
    });
    #[cfg(windows)]
    run_limited(&mut child, &kind.limits());
    let answer = answer.recv_timeout(kind.limits().patience);
    // The child is not needed any more; it may have ended already, so errors here do not matter.
    let _ = child.kill();
    let _ = child.wait();
    let too_complex = || Error::new(Problem::TooComplex);
    let (header, bytes) = answer
        .map_err(|_| too_complex())?
        .map_err(|_| too_complex())?;
    match serde_json::from_slice(&header) {
        Ok(ChildAnswer::Read(value)) => Ok((value, bytes)),
        Ok(ChildAnswer::Failed(problem, causes)) if causes.is_empty() => Err(Error::new(problem)),
        Ok(ChildAnswer::Failed(problem, causes)) => Err(Error::because(problem, causes.join(": "))),
        Err(error) => Err(crate::error::internal(error)),
    }
}

/// If this program was started as a reader, reads one document, answers, and returns the exit code for `main`. Must be
/// called before anything else of the program runs.
pub fn run_if_child() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let named = arguments.next()?;
    let kind = Kind::ALL.into_iter().find(|kind| named == kind.name())?;
    if limit(&kind.limits()).is_err() {
        return Some(ExitCode::FAILURE);
    }
    match serve(
        kind,
        &mut std::io::stdin().lock(),
        &mut std::io::stdout().lock(),
    ) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(_) => Some(ExitCode::FAILURE),
    }
}

fn serve(kind: Kind, input: &mut dyn Read, output: &mut dyn Write) -> std::io::Result<()> {
    let request: Request = serde_json::from_slice(&read_part(input, MOST_JSON)?)?;
    if request.kind() != kind {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let count = match &request {
        Request::Receipt(_) | Request::Attachment { .. } => 1,
        Request::Packet { names, .. } => names.len(),
    };
    let files = (0..count).map(|_| read_part(input, kind.limits().input));
    let files = files.collect::<std::io::Result<Vec<_>>>()?;
    let (answer, bytes) = match request.answer(files) {
        Ok((value, bytes)) => (ChildAnswer::Read(value), bytes),
        Err(error) => (ChildAnswer::Failed(error.problem, error.causes()), vec![]),
    };
    write_part(output, &serde_json::to_vec(&answer)?)?;
    write_part(output, &bytes)?;
    output.flush()
}

fn write_part(output: &mut dyn Write, bytes: &[u8]) -> std::io::Result<()> {
    output.write_all(&(bytes.len() as u64).to_le_bytes())?;
    output.write_all(bytes)
}

fn read_part(input: &mut dyn Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::new();
    if input.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// Limits memory and processor time of this process until it ends, and forbids it to open or write files.
#[cfg(unix)]
fn limit(limits: &Limits) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let to = |most: u64| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // Ends this process if its parent is killed: no answer can be delivered then.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // `Data` and not `As` (all addresses): the window's libraries alone map more addresses than the limit.
    setrlimit(Resource::Data, to(limits.memory))?;
    setrlimit(Resource::Cpu, to(limits.cpu_seconds))?;
    setrlimit(Resource::Fsize, to(0))?;
    setrlimit(Resource::Core, to(0))?;
    // Standard input, output and error are open already: no other file can be opened.
    setrlimit(Resource::Nofile, to(3))?;
    Ok(())
}

/// On Windows the caller sets the limits, by [`run_limited`].
#[cfg(not(unix))]
fn limit(_: &Limits) -> std::io::Result<()> {
    Ok(())
}

/// Waits until the child has ended, with its memory limited by a job object; ends it when its time is over. Which files
/// it opens is not limited: a job object cannot do that.
#[cfg(windows)]
fn run_limited(child: &mut std::process::Child, limits: &Limits) {
    use process_control::{ChildExt, Control};
    let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    let child = child.controlled().memory_limit(memory);
    let child = child.time_limit(limits.patience).terminate_for_timeout();
    // Without limits the child is ended by the caller, and its missing answer is reported as a too complex document.
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn document_reader_answers_request_over_pipes() {
        let request = Request::Attachment {
            name: "receipt".into(),
        };
        let mut input = Vec::new();
        write_part(&mut input, &serde_json::to_vec(&request).unwrap()).unwrap();
        write_part(&mut input, b"%PDF-1.7\n").unwrap();
        let mut output = Vec::new();
        serve(Kind::Attachment, &mut Cursor::new(&input), &mut output).unwrap();
        let mut output = Cursor::new(output);
        let answer = read_part(&mut output, MOST_JSON).unwrap();
        let ChildAnswer::Read(value) = serde_json::from_slice(&answer).unwrap() else {
            panic!("an attachment was expected");
        };
        let read: (String, FileType) = serde_json::from_value(value).unwrap();
        assert_eq!(read, ("receipt.pdf".into(), FileType::Pdf));
        assert_eq!(read_part(&mut output, MIB).unwrap(), b"%PDF-1.7\n");
        assert!(
            serve(Kind::Receipt, &mut Cursor::new(input), &mut Vec::new()).is_err(),
            "limits are those of the kind that the argument names"
        );
    }

    #[test]
    fn message_part_longer_than_its_limit_is_not_read_from_pipe() {
        let mut part = u64::MAX.to_le_bytes().to_vec();
        part.push(0);
        assert!(read_part(&mut Cursor::new(part), MIB).is_err());
    }
}
