//! Checks what the commands need on this machine, and installs Debian packages if that is allowed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::run::{cargo, npm, root, step, target};

/// Debian packages: what shows that a package is installed (a pkg-config module or a program), and the package's name.
const PACKAGES: &[(&str, &str)] = &[
    ("pkg:webkit2gtk-4.1", "libwebkit2gtk-4.1-dev"),
    (
        "pkg:ayatana-appindicator3-0.1",
        "libayatana-appindicator3-dev",
    ),
    ("pkg:librsvg-2.0", "librsvg2-dev"),
    ("bin:WebKitWebDriver", "webkit2gtk-driver"),
    ("bin:Xvfb", "xvfb"),
    ("bin:dbus-daemon", "dbus"),
    ("bin:gnome-keyring-daemon", "gnome-keyring"),
    ("bin:openbox", "openbox"),
    ("bin:xdotool", "xdotool"),
    ("bin:dunst", "dunst"),
    ("bin:import", "imagemagick"),
    ("bin:sqlite3", "sqlite3"),
    ("bin:setpriv", "util-linux"),
    ("bin:pdftotext", "poppler-utils"),
    ("bin:python3", "python3"),
];

/// Oldest supported Node.js version: major, minor.
const NODE: (u32, u32) = (20, 19);

/// Prepares all that any command needs: system packages, Node, the page's packages and the built page.
pub fn all() -> anyhow::Result<()> {
    packages()?;
    node()?;
    page()
}

pub fn packages() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let has_pkg_config = is_there("bin:pkg-config");
    let mut missing: Vec<_> = PACKAGES
        .iter()
        .filter(|(sign, _)| !is_there(sign))
        .map(|(_, name)| *name)
        .collect();
    if !has_pkg_config {
        missing.push("pkg-config");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y {}", missing.join(" "));
    let Some(prefix) = privilege() else {
        bail!("These packages are missing. Type:\n\n  sudo apt-get update && sudo {install}\n");
    };
    println!("Missing packages: {}", missing.join(" "));
    let apt = |arguments: &[&str]| {
        let (program, before) = match prefix {
            [] => ("apt-get", &[][..]),
            [first, rest @ ..] => (*first, rest),
        };
        let mut command = Command::new(program);
        command.args(before);
        if !prefix.is_empty() {
            command.arg("apt-get");
        }
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        command
    };
    step("apt-get update", &mut apt(&["update", "-qq"]))?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    step("apt-get install", &mut apt(&arguments)).with_context(|| format!("type: sudo {install}"))
}

/// The prefix that runs a command as root without a password: empty if we are root, else `sudo -n`. `None` if neither
/// works, or without apt-get.
fn privilege() -> Option<&'static [&'static str]> {
    if !is_there("bin:apt-get") {
        return None;
    }
    if succeeds(Command::new("test").args(["-w", "/var/lib/dpkg/lock"])) {
        return Some(&[]);
    }
    succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

fn is_there(sign: &str) -> bool {
    match sign.split_once(':') {
        Some(("pkg", module)) => succeeds(Command::new("pkg-config").args(["--exists", module])),
        Some((_, program)) => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
        }
        None => Path::new(sign).exists(),
    }
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Fails if Node is missing or too old. It is not installed here: Debian's version is too old, and the developer
/// chooses another source.
fn node() -> anyhow::Result<()> {
    let wanted = format!(
        "Node.js {}.{} or newer is needed (https://nodejs.org)",
        NODE.0, NODE.1
    );
    let output = Command::new("node").arg("--version").output();
    let output = output.with_context(|| wanted.clone())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = text.trim().trim_start_matches('v').split('.');
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
    let found = (number().unwrap_or(0), number().unwrap_or(0));
    if found < NODE {
        bail!("{wanted}; this machine has {}", text.trim());
    }
    Ok(())
}

/// Builds the page. The desktop crate embeds it, so this comes before any cargo command.
fn page() -> anyhow::Result<()> {
    let ui = root().join("ui");
    let installed = ui.join("node_modules/.package-lock.json");
    if newer(&ui.join("package-lock.json"), &installed) {
        step("npm ci", &mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    }
    step("page", &mut npm(&["run", "--silent", "build"]))
}

fn newer(this: &Path, that: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    match (time(this), time(that)) {
        (Some(this), Some(that)) => this > that,
        _ => true,
    }
}

/// Builds the whole workspace; returns the folder of the binaries. Debug builds run Clippy too.
pub fn build(release: bool) -> anyhow::Result<std::path::PathBuf> {
    let mut arguments = vec!["build", "--workspace"];
    if release {
        arguments.push("--release");
    }
    let mut build = cargo(&arguments);
    match release {
        true => step("release build", &mut build)?,
        false => step("build and lints", linted(&mut build))?,
    }
    Ok(target().join(if release { "release" } else { "debug" }))
}

/// Makes a cargo command run Clippy on our crates while it builds them. A separate Clippy step would compile every
/// dependency again, which is a third of a first run.
pub fn linted(command: &mut Command) -> &mut Command {
    command
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        // The form in which `cargo clippy -- -D warnings` passes its arguments to `clippy-driver`.
        .env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")
}
