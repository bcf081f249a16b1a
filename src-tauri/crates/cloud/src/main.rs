//! `boothkeeper-cloud`: serves the reference cloud, or seeds it with a year of booth business.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use boothkeeper_cloud::store::Store;
use boothkeeper_cloud::{Clock, Cloud, Options, api, seed, server};
use boothkeeper_domain::Timestamp;
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
    // What goes wrong is said; more is said when `RUST_LOG` asks for it.
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
            let options = Options {
                clock,
                sandbox,
                seed,
                new_epoch,
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
            let store = open(&data)?;
            let seeded = seed::run(store, profile, entries, seed, until).await?;
            say(&serde_json::to_value(seeded)?)
        }
        Command::Openapi => Ok(std::io::stdout().write_all(api::openapi_document()?.as_bytes())?),
    }
}

fn open(data: &std::path::Path) -> anyhow::Result<Store> {
    Store::open(&data.join("cloud.sqlite")).context("the cloud's data folder cannot be opened")
}

async fn serve(listen: SocketAddr, data: PathBuf, options: Options) -> anyhow::Result<()> {
    let cloud = Cloud::start(open(&data)?, options).await?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    say(&serde_json::json!({ "listening": format!("http://{address}") }))?;
    server::serve(cloud, listener, stopped()).await?;
    Ok(())
}

/// SIGTERM, or Ctrl-C.
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

fn say(line: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
