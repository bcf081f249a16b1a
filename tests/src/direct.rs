//! Direct access to a cloud, past the laptop: a plain HTTP client, and the cloud's own database file.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

/// A client that ignores the environment's proxies. The call also installs the TLS provider that `reqwest` needs.
pub fn http() -> anyhow::Result<reqwest::Client> {
    boothkeeper_sync::transport::Transport::http()?;
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

/// The database in a cloud's data folder. The cloud may be running: a locked database is retried for 5 s.
pub fn database(cloud: &Path) -> anyhow::Result<Connection> {
    let database = Connection::open(cloud.join("cloud.sqlite"))?;
    database.busy_timeout(Duration::from_secs(5))?;
    Ok(database)
}
