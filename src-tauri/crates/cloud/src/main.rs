//! `boothkeeper-cloud`: serves the reference cloud, or seeds it with a year of booth business.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use boothkeeper_cloud::processor::Payments;
use boothkeeper_cloud::store::{Store, accept_rollback};
use boothkeeper_cloud::{Clock, Cloud, Options, api, seed, server};
use boothkeeper_domain::Timestamp;
use boothkeeper_files::private;
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Parser)]
#[command(name = "boothkeeper-cloud", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the interface; prints {"listening": …} when ready.
    Serve {
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[arg(long, default_value = "boothkeeper-cloud-data")]
        data: PathBuf,
        /// Serve the sandbox's controls too; on loopback only.
        #[arg(long)]
        sandbox: bool,
        /// Let time stand still here until it is advanced.
        #[arg(long, requires = "sandbox")]
        clock: Option<Timestamp>,
        /// Make ids repeatable.
        #[arg(long, requires = "sandbox")]
        seed: Option<u64>,
        /// Say that the data was restored from a backup.
        #[arg(long)]
        new_epoch: bool,
        /// Say that the clock is right, although it is months after the cloud last ran.
        #[arg(long)]
        accept_clock: bool,
    },
    /// Write a year of believable booth business; prints the account and its access key.
    Seed {
        #[arg(long, default_value = "boothkeeper-cloud-data")]
        data: PathBuf,
        #[arg(long, value_enum, default_value = "demo")]
        profile: seed::Profile,
        /// How long the journal gets, for the large profile.
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The instant the business has reached, as 2026-03-01T00:00:00.000Z; now if not said.
        #[arg(long)]
        until: Option<Timestamp>,
    },
    /// Print the interface as OpenAPI 3.1.
    Openapi,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    keep_files_private();
    // Errors are logged by default; `RUST_LOG` selects more.
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let targets: Targets = wanted.parse().unwrap_or_default();
    let targets = if wanted.is_empty() {
        targets.with_default(tracing::Level::ERROR)
    } else {
        targets
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .init();
    match Arguments::parse().command {
        Command::Serve {
            listen,
            data,
            sandbox,
            clock,
            seed,
            new_epoch,
            accept_clock,
        } => {
            anyhow::ensure!(
                !sandbox || listen.ip().is_loopback(),
                "a sandbox listens on loopback only"
            );
            let clock = match (sandbox, clock) {
                (_, Some(at)) => Clock::frozen(at),
                (true, None) => Clock::running(),
                (false, None) => Clock::real(),
            };
            let data = open(&data, new_epoch)?;
            let options = Options {
                clock,
                payments: Payments::simulated(data.store.clone()),
                sandbox,
                seed,
                new_epoch,
                accept_clock,
            };
            serve(listen, data, options).await
        }
        Command::Seed {
            data,
            profile,
            entries,
            seed,
            until,
        } => {
            let until = until.unwrap_or_else(|| Clock::real().now());
            let data = open(&data, false)?;
            let seeded = seed::run(data.store.clone(), profile, entries, seed, until).await?;
            print_line(&serde_json::to_value(seeded)?)
        }
        Command::Openapi => Ok(std::io::stdout().write_all(api::openapi_document()?.as_bytes())?),
    }
}

/// The data folder, locked against a second process: two would append to the same journals.
struct Data {
    store: Store,
    _alone: File,
}

/// Locks and opens the data folder. `restored` accepts a database that lacks commits made to it, as after a restored
/// backup.
fn open(data: &Path, restored: bool) -> anyhow::Result<Data> {
    private::folder(data).context("the cloud's data folder cannot be made")?;
    warn_if_open_to_others(data);
    let path = data.join("cloud.lock");
    let lock =
        File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    anyhow::ensure!(
        fs4::FileExt::try_lock(&lock).is_ok(),
        "another boothkeeper-cloud is using {}",
        data.display()
    );
    let database = data.join("cloud.sqlite");
    if restored {
        accept_rollback(&database).context("the data folder cannot be written to")?;
    }
    let store = Store::open(&database);
    Ok(Data {
        store: store.context("the cloud's data folder cannot be opened")?,
        _alone: lock,
    })
}

/// Warns about a data folder that other users can read. Its permissions are not changed.
fn warn_if_open_to_others(data: &Path) {
    if private::is_open_to_others(data) {
        tracing::error!(
            folder = %data.display(),
            "others on this machine can look into the data folder, which holds the signing key: chmod -R go= closes it"
        );
    }
}

/// Makes new files readable by this user only: one of them holds the signing key.
fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

async fn serve(listen: SocketAddr, data: Data, options: Options) -> anyhow::Result<()> {
    let cloud = Cloud::start(data.store.clone(), options).await?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    print_line(&serde_json::json!({ "listening": format!("http://{address}") }))?;
    server::serve(cloud.clone(), listener, stopped()).await?;
    cloud.store_instant().await?;
    Ok(())
}

/// Completes on SIGTERM or Ctrl-C.
async fn stopped() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn print_line(line: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
