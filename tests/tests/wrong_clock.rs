//! A laptop whose own clock is wrong: the app reports it, and takes the time for deadlines from the cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use boothkeeper_app::domain::Timestamp;
use boothkeeper_app::domain::time::{DAY, MINUTE};
use boothkeeper_app::outbox::OutboxState;
use boothkeeper_app::{App, Clock, Options, Reader, SystemClock, Zone};
use boothkeeper_sync::AccessKey;
use boothkeeper_tests::cloud::Cloud;
use tempfile::tempdir;

/// The system clock, shifted by this many ms.
#[derive(Default)]
struct ShiftedClock(AtomicI64);

impl Clock for ShiftedClock {
    fn wall(&self) -> Timestamp {
        SystemClock.wall().plus(self.0.load(Ordering::Relaxed))
    }

    fn since_boot(&self) -> i64 {
        SystemClock.since_boot()
    }
}

#[tokio::test]
async fn wrong_laptop_clock_is_reported_and_changes_no_deadline() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let (cloud, account) = Cloud::seeded_real(&folder.path().join("cloud"))?;
    let clock = Arc::new(ShiftedClock::default());
    let options = Options {
        reader: Reader::InProcess,
        data: folder.path().join("laptop"),
        zone: Zone::named("America/New_York").context("a zone")?,
        key: AccessKey::parse(&account.key),
    };
    let app = App::open_by(options, clock.clone())?;
    app.session()
        .sign_in(
            &cloud.url,
            None,
            boothkeeper_app::session::Remember::UntilIQuit,
        )
        .await?;
    app.session().sync_once().await?;
    assert_eq!(app.overview().view()?.clock, None);
    let right = app.overview().view()?;
    let deadlines = |app: &App| -> anyhow::Result<_> {
        Ok(app
            .deadlines()
            .list()?
            .deadlines
            .into_iter()
            .map(|d| (d.code, d.at))
            .collect::<Vec<_>>())
    };
    let due = deadlines(&app)?;

    // The laptop's clock is five minutes ahead during a sync: that is reported, and the deadlines do not move.
    clock.0.store(5 * MINUTE, Ordering::Relaxed);
    app.session().sync_once().await?;
    let view = app.overview().view()?;
    let warning = view.clock.context("a clock report")?;
    assert!(
        (4 * MINUTE..6 * MINUTE).contains(&warning.ahead) && !warning.went_back,
        "{warning:?}"
    );
    assert_eq!(deadlines(&app)?, due);
    let off = view.now.since(right.now);
    assert!(
        (0..MINUTE).contains(&off),
        "`now` is {off} ms after the cloud's time"
    );

    // The laptop's clock is set back a year, without a sync: the app's time does not go back, and no deadline moves.
    clock.0.store(-365 * DAY, Ordering::Relaxed);
    let view = app.overview().view()?;
    assert!(view.clock.context("a clock report")?.went_back);
    assert!(
        view.now >= right.now,
        "{:?} after {:?}",
        view.now,
        right.now
    );
    assert_eq!(deadlines(&app)?, due);
    // An action is still queued with a valid expiry, and the cloud accepts it.
    let queued = app.plan().set_auto_recharge(false)?;
    assert_eq!(queued.state, OutboxState::Queued);
    assert!(queued.not_after.context("an expiry")? > right.now);
    app.session().sync_once().await?;
    assert_ne!(app.outbox().get(&queued.id)?.state, OutboxState::Rejected);
    Ok(())
}
