//! Links with packed relocations, where the linker and the system know them: the program has tens of thousands, which are
//! read at every start.

use std::process::Command;

/// The first glibc whose loader reads packed relocations. An older one refuses to start a program that has them.
const FIRST_GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let linux = variable("CARGO_CFG_TARGET_OS") == "linux";
    let glibc = linux && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    let native = variable("HOST") == variable("TARGET");
    if glibc && native && installed_glibc().is_some_and(|version| version >= FIRST_GLIBC) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The glibc of this machine, as `getconf` prints it: `glibc 2.36`.
fn installed_glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
