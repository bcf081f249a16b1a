//! A desk to put a window on: a display, a session bus, a keychain and home folders of its own, so that
//! nothing touches the operator's real ones and several can stand side by side.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use crate::process::{PATIENCE, Pipes, Process};

/// A bus that starts nobody: what is on a desk was put there.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

/// A program that says on its first line where it is to be found.
const TELLS: Pipes = Pipes {
    stdin: false,
    stdout: true,
    loud: false,
};

pub struct Desk {
    folder: TempDir,
    display: String,
    bus: String,
    // Ended in this order: what lives on the bus before the bus.
    _keychain: Option<Process>,
    _manager: Option<Process>,
    _xvfb: Process,
    _bus: Process,
}

impl Desk {
    /// Without a keychain.
    pub fn new() -> anyhow::Result<Self> {
        Self::build()
    }

    /// With a real Secret Service, unlocked.
    pub fn with_keychain() -> anyhow::Result<Self> {
        let mut desk = Self::build()?;
        desk._keychain = Some(desk.start_keychain(Some("a password"))?);
        Ok(desk)
    }

    /// With one that would ask for its password on a screen that nobody sees.
    pub fn with_locked_keychain() -> anyhow::Result<Self> {
        let mut desk = Self::build()?;
        desk._keychain = Some(desk.start_keychain(None)?);
        Ok(desk)
    }

    fn build() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["data", "config", "cache", "run"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let bus_rules = folder.path().join("bus.conf");
        std::fs::write(&bus_rules, BUS)?;
        let mut bus_process = Process::start(
            home(Command::new("dbus-daemon"), folder.path())
                .arg("--config-file")
                .arg(&bus_rules)
                .args(["--nofork", "--nopidfile", "--print-address=1"]),
            TELLS,
        )?;
        let bus = first_line(&mut bus_process)?;
        let mut xvfb = Process::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1400x1000x24"])
                .args(["-nolisten", "tcp"]),
            TELLS,
        )?;
        let display = format!(":{}", first_line(&mut xvfb)?);
        let mut desk = Desk {
            folder,
            display,
            bus,
            _keychain: None,
            _manager: None,
            _xvfb: xvfb,
            _bus: bus_process,
        };
        // Without a window manager nobody answers when a window asks for another size.
        desk._manager = Some(Process::start(
            &desk.on(Command::new("openbox")),
            Pipes::default(),
        )?);
        Ok(desk)
    }

    fn start_keychain(&self, password: Option<&str>) -> anyhow::Result<Process> {
        let mut keychain = Process::start(
            self.on(Command::new("gnome-keyring-daemon"))
                .args(["--foreground", "--components=secrets"])
                .args(password.map(|_| "--unlock")),
            Pipes {
                stdin: true,
                ..Pipes::default()
            },
        )?;
        let mut stdin = keychain.child().stdin.take().context("no stdin")?;
        stdin.write_all(password.unwrap_or_default().as_bytes())?;
        drop(stdin);
        let deadline = std::time::Instant::now() + PATIENCE;
        while !self.has_keychain()? {
            anyhow::ensure!(std::time::Instant::now() < deadline, "no keychain came up");
            std::thread::yield_now();
        }
        Ok(keychain)
    }

    /// Whether somebody owns the Secret Service's name; asking does not start anybody.
    fn has_keychain(&self) -> anyhow::Result<bool> {
        let mut ask = self.on(Command::new("dbus-send"));
        let answer = ask
            .args([
                "--session",
                "--print-reply=literal",
                "--dest=org.freedesktop.DBus",
            ])
            .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
            .arg("string:org.freedesktop.secrets")
            .output()?;
        Ok(String::from_utf8_lossy(&answer.stdout).contains("true"))
    }

    /// Puts a command on this desk.
    pub fn on(&self, command: Command) -> Command {
        let mut command = home(command, self.folder.path());
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        command
    }

    pub fn display(&self) -> &str {
        &self.display
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a window on this desk keeps its copy.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("boothkeeper")
    }
}

/// Home folders of the desk's own.
fn home(mut command: Command, folder: &Path) -> Command {
    command
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("BOOTHKEEPER_ACCESS_KEY")
        // There is no graphics card on this desk.
        .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
        .env("GTK_THEME", "Adwaita")
        .env("NO_AT_BRIDGE", "1");
    command
}

fn first_line(process: &mut Process) -> anyhow::Result<String> {
    let stdout = process.child().stdout.take().context("no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let line = line.trim().to_owned();
    anyhow::ensure!(!line.is_empty(), "a helper program ended at once");
    Ok(line)
}
