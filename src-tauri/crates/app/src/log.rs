//! The log to stderr, switched on by the environment variable `RUST_LOG`.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes the events that `RUST_LOG` selects to stderr; writes nothing if it is missing or does not parse.
pub fn log_to_stderr() {
    let wanted = std::env::var("RUST_LOG").ok();
    if let Some(targets) = wanted.and_then(|wanted| wanted.parse::<Targets>().ok()) {
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        tracing_subscriber::registry()
            .with(lines)
            .with(targets)
            .init();
    }
}
