//! A laptop whose own clock is wrong: told so, and gone by the cloud's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use boothkeeper_app::domain::Timestamp;
use boothkeeper_app::domain::time::{DAY, MINUTE};
use boothkeeper_app::{App, Clock, Options, SystemClock, Zone};
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::cloud::Cloud;
use tempfile::tempdir;

/// The machine's clock, set ahead or back.
#[derive(Default)]
struct Wrong(AtomicI64);

impl Clock for Wrong {
    fn wall(&self) -> Timestamp {
        SystemClock.wall().plus(self.0.load(Ordering::Relaxed))
    }

    fn since_boot(&self) -> i64 {
        SystemClock.since_boot()
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_and_turns_no_deadline() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let (cloud, account) = Cloud::seeded_real(&folder.path().join("cloud"))?;
    let clock = Arc::new(Wrong::default());
    let options = Options {
        data: folder.path().join("laptop"),
        zone: Zone::named("America/New_York").context("a zone")?,
        key: AccessKey::parse(&account.key),
    };
    let app = App::open_by(options, clock.clone())?;
    app.sign_in(&cloud.url, None, boothkeeper_app::Remember::UntilIQuit)
        .await?;
    app.sync_once().await?;
    assert_eq!(app.overview()?.clock, None);
    let right = app.overview()?;
    let renewal = |app: &App| -> anyhow::Result<_> {
        Ok(app
            .deadlines()?
            .deadlines
            .into_iter()
            .map(|d| (d.code, d.at))
            .collect::<Vec<_>>())
    };
    let due = renewal(&app)?;

    // Five minutes ahead when the cloud was heard: told, and the deadlines stay the cloud's.
    clock.0.store(5 * MINUTE, Ordering::Relaxed);
    app.sync_once().await?;
    let view = app.overview()?;
    let told = view.clock.context("told")?;
    assert!(
        (4 * MINUTE..6 * MINUTE).contains(&told.ahead) && !told.went_back,
        "{told:?}"
    );
    assert_eq!(renewal(&app)?, due);
    let off = view.now.since(right.now);
    assert!((0..MINUTE).contains(&off), "now is the cloud's: {off}");

    // Set back a year, offline: time does not go back, nothing is due any later, and the age is unknown.
    clock.0.store(-365 * DAY, Ordering::Relaxed);
    let view = app.overview()?;
    assert!(view.clock.context("told")?.went_back);
    assert!(
        view.now >= right.now,
        "{:?} after {:?}",
        view.now,
        right.now
    );
    assert_eq!(renewal(&app)?, due);
    // An action is neither refused nor out of date for that.
    let queued = app.set_auto_recharge(false)?;
    assert_eq!(queued.state, "queued");
    assert!(queued.not_after.context("an expiry")? > right.now);
    app.sync_once().await?;
    assert_ne!(app.command(&queued.id)?.state, "rejected");
    Ok(())
}
