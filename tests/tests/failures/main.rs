//! Failures of keys, network, cloud and disk: each ends in an error code, and the last verified balance stays readable.

mod connection;
mod disk;

use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use tempfile::{TempDir, tempdir};

const CLOCK: Option<&str> = Some("2026-02-21T18:00:00Z");

struct Setup {
    folder: TempDir,
    cloud: Cloud,
    account: Account,
    laptop: Laptop,
}

/// A signed-in laptop with a copy of a journal of 1,230 entries, the oldest 1,000 in a sealed segment. The balance is
/// 100.00 − 24.56.
async fn setup() -> anyhow::Result<Setup> {
    let folder = tempdir()?;
    let cloud = Cloud::start(&folder.path().join("cloud"), CLOCK)?;
    let account = cloud.booth(10_000).await?;
    cloud.runs(&account, "sms", 1_000).await?;
    cloud.runs(&account, "sms", 228).await?;
    let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
    assert_eq!(laptop.balance()?["balance"], 10_000 - 2 * 1_228);
    Ok(Setup {
        folder,
        cloud,
        account,
        laptop,
    })
}

impl Setup {
    fn still_readable(&self) -> anyhow::Result<()> {
        let balance = self.laptop.balance()?;
        assert_eq!(balance["balance"], 10_000 - 2 * 1_228);
        assert_ne!(balance["trust"], "live");
        Ok(())
    }
}
