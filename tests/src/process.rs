//! Starts processes that end with the test that started them, and waits for conditions.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// Time limit for a condition to become true.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two checks of a condition.
const CHECK_EVERY: Duration = Duration::from_millis(25);

/// The path of one of our binaries. Panics if `BOOTHKEEPER_BIN_DIR` is not set.
pub fn binary(name: &str) -> PathBuf {
    let Ok(folder) = std::env::var("BOOTHKEEPER_BIN_DIR") else {
        panic!("BOOTHKEEPER_BIN_DIR is not set: run cargo xtask test");
    };
    PathBuf::from(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// How often a test repeats its steps: `ordinary` times, or `long` times with `cargo xtask test --long`.
pub fn rounds(ordinary: usize, long: usize) -> usize {
    match std::env::var_os("BOOTHKEEPER_LONG") {
        Some(_) => long,
        None => ordinary,
    }
}

/// Which standard streams of a process are connected; the others are null devices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pipes {
    pub stdin: bool,
    pub stdout: bool,
    /// Standard error goes to the standard error of the test.
    pub loud: bool,
}

/// A process in a process group of its own, with all processes that it starts; the group is killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    pub fn start(command: &Command, pipes: Pipes) -> anyhow::Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut tied = killed_with_parent(command);
        let child = tied
            .process_group(0)
            .stdin(if pipes.stdin {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(if pipes.stdout {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stderr(if pipes.loud {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        Ok(Process { child })
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends a signal to the process group.
    pub fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Fails if the group has ended already.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills the process group at once, as a power cut would.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// Sends SIGTERM and waits until the process has ended.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Calls `look` repeatedly until it returns a value. Fails after [`PATIENCE`], naming `what`.
pub async fn until<T, F>(what: &str, mut look: F) -> anyhow::Result<T>
where
    F: AsyncFnMut() -> anyhow::Result<Option<T>>,
{
    within(PATIENCE, what, &mut look).await
}

/// Calls `look` repeatedly until it returns a value. Fails after `limit`, naming `what`.
pub async fn within<T, F>(limit: Duration, what: &str, mut look: F) -> anyhow::Result<T>
where
    F: AsyncFnMut() -> anyhow::Result<Option<T>>,
{
    let deadline = tokio::time::Instant::now() + limit;
    let mut last = None;
    loop {
        // A call of `look` that hangs counts as a condition that is not met.
        match tokio::time::timeout_at(deadline, look()).await {
            Ok(Ok(Some(found))) => return Ok(found),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = last.or_else(|| Some(anyhow!("the check took too long"))),
        }
        if tokio::time::Instant::now() > deadline {
            match last {
                Some(error) => return Err(error.context(format!("not within {limit:?}: {what}"))),
                None => bail!("not within {limit:?}: {what}"),
            }
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

/// `command`, wrapped so that the kernel kills its process when this process ends, even if this one is killed.
fn killed_with_parent(command: &Command) -> Command {
    let mut tied = Command::new("setpriv");
    tied.args(["--pdeathsig", "KILL", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    tied
}

/// A loopback port that was free when it was looked up; another process may take it.
pub fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}
