//! An isolated desktop for a window, with its own display, session bus, keychain and home folders. The operator's own
//! desktop is not touched, and several isolated ones can run at the same time.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{PATIENCE, Pipes, Process};

/// Configuration of a bus without service activation: only programs that a test starts are on it.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

/// Streams of a helper program that prints its address on its first line of standard output.
const PRINTS: Pipes = Pipes {
    stdin: false,
    stdout: true,
    loud: false,
};

/// A notification that the daemon was asked to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: i64,
    pub summary: String,
    pub body: String,
}

pub struct Desktop {
    folder: TempDir,
    display: String,
    bus: String,
    // Dropped in this order: programs on the bus end before the bus.
    _notifier: Option<Process>,
    _keychain: Option<Process>,
    _manager: Option<Process>,
    _xvfb: Process,
    _bus: Process,
}

impl Desktop {
    /// A desktop without a keychain.
    pub fn new() -> anyhow::Result<Self> {
        Self::build()
    }

    /// A desktop with a real keychain (Secret Service), unlocked.
    pub fn with_keychain() -> anyhow::Result<Self> {
        let mut desk = Self::build()?;
        desk._keychain = Some(desk.start_keychain(Some("a password"))?);
        Ok(desk)
    }

    /// A desktop with a locked keychain (Secret Service), whose password dialog would open on a display nobody sees.
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
            PRINTS,
        )?;
        let bus = first_line(&mut bus_process)?;
        let mut xvfb = Process::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1400x1000x24"])
                .args(["-nolisten", "tcp"]),
            PRINTS,
        )?;
        let display = format!(":{}", first_line(&mut xvfb)?);
        let mut desk = Desktop {
            folder,
            display,
            bus,
            _notifier: None,
            _keychain: None,
            _manager: None,
            _xvfb: xvfb,
            _bus: bus_process,
        };
        // Without a window manager a window's request for another size has no effect.
        desk._manager = Some(Process::start(
            &desk.with_environment(Command::new("openbox")),
            Pipes::default(),
        )?);
        Ok(desk)
    }

    /// A desktop with a real notification daemon; [`Desktop::notifications`] reads what the daemon has shown.
    pub fn with_notifier() -> anyhow::Result<Self> {
        let mut desk = Self::build()?;
        desk.start_notifier()?;
        Ok(desk)
    }

    pub fn start_notifier(&mut self) -> anyhow::Result<()> {
        let rules = self.folder.path().join("dunstrc");
        // Notifications do not time out, and equal ones are not merged.
        std::fs::write(&rules, "[global]\ntimeout = 0\nstack_duplicates = false\n")?;
        let mut dunst = self.with_environment(Command::new("dunst"));
        dunst.arg("-config").arg(&rules);
        self._notifier = Some(Process::start(&dunst, Pipes::default())?);
        self.waits_for("org.freedesktop.Notifications")
    }

    /// Installs a mail program that copies each message that it is asked to open to the returned path.
    pub fn put_mail_program(&self) -> anyhow::Result<PathBuf> {
        let (folder, opened) = (self.folder(), self.folder().join("opened.eml"));
        let applications = folder.join("data/applications");
        std::fs::create_dir_all(&applications)?;
        let program = format!(
            "[Desktop Entry]\nType=Application\nName=Mail\nMimeType=message/rfc822;\nExec=cp %f {}\n",
            opened.display()
        );
        std::fs::write(applications.join("mail.desktop"), program)?;
        let defaults = "[Default Applications]\nmessage/rfc822=mail.desktop\n";
        std::fs::write(folder.join("config/mimeapps.list"), defaults)?;
        Ok(opened)
    }

    /// Every notification shown so far, oldest first. Closes those on screen.
    pub fn notifications(&self) -> anyhow::Result<Vec<Notification>> {
        let mut all = Vec::new();
        // A notification enters the daemon's history only when it is closed.
        self.dunstctl(&["close-all"])?;
        let history: Value = serde_json::from_slice(&self.dunstctl(&["history"])?)?;
        for shown in history["data"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(Value::as_array)
        {
            for shown in shown {
                let text = |name: &str| shown[name]["data"].as_str().unwrap_or_default().to_owned();
                all.push(Notification {
                    id: shown["id"]["data"].as_i64().context("no id")?,
                    summary: text("summary"),
                    body: text("body"),
                });
            }
        }
        all.sort_by_key(|shown| shown.id);
        Ok(all)
    }

    /// Number of notifications that were shown or wait to be shown.
    pub fn notified(&self) -> anyhow::Result<usize> {
        let mut sum = 0;
        for which in ["displayed", "history", "waiting"] {
            let count = self.dunstctl(&["count", which])?;
            sum += String::from_utf8(count)?.trim().parse::<usize>()?;
        }
        Ok(sum)
    }

    /// Runs the default action of the newest notification on screen, as a click does.
    pub fn click_notification(&self) -> anyhow::Result<()> {
        self.dunstctl(&["action"]).map(drop)
    }

    fn dunstctl(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self
            .with_environment(Command::new("dunstctl"))
            .args(arguments)
            .output()?;
        anyhow::ensure!(
            output.status.success(),
            "dunstctl {arguments:?}: {output:?}"
        );
        Ok(output.stdout)
    }

    fn start_keychain(&self, password: Option<&str>) -> anyhow::Result<Process> {
        let mut keychain = Process::start(
            self.with_environment(Command::new("gnome-keyring-daemon"))
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
        self.waits_for("org.freedesktop.secrets")?;
        Ok(keychain)
    }

    fn waits_for(&self, name: &str) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + PATIENCE;
        while !self.is_owned(name)? {
            anyhow::ensure!(std::time::Instant::now() < deadline, "no {name} on the bus");
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Whether a program owns this name on the bus. Asking does not start a program.
    fn is_owned(&self, name: &str) -> anyhow::Result<bool> {
        let mut ask = self.with_environment(Command::new("dbus-send"));
        let answer = ask
            .args([
                "--session",
                "--print-reply=literal",
                "--dest=org.freedesktop.DBus",
            ])
            .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
            .arg(format!("string:{name}"))
            .output()?;
        Ok(String::from_utf8_lossy(&answer.stdout).contains("true"))
    }

    /// Sets a command's environment so that the command runs on this isolated desktop.
    pub fn with_environment(&self, command: Command) -> Command {
        let mut command = home(command, self.folder.path());
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        command
    }

    pub fn bus(&self) -> &str {
        &self.bus
    }

    pub fn display(&self) -> &str {
        &self.display
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder of the app's window on this isolated desktop.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("boothkeeper")
    }
}

/// Gives a command the desk's own home folders, and none of the operator's settings.
fn home(mut command: Command, folder: &Path) -> Command {
    command
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("BOOTHKEEPER_ACCESS_KEY")
        // Xvfb has no graphics card: WebKit must draw without accelerated compositing.
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
    anyhow::ensure!(!line.is_empty(), "a helper program printed no address");
    Ok(line)
}
