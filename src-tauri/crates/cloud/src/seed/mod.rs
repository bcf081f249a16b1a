//! `boothkeeper-cloud seed`: creates an account with a year of history, for demos, tests and measurements.

mod business;

use boothkeeper_domain::{AccountId, Entry, Hash, Kind, Programme, Seq, Timestamp};
use boothkeeper_wire::sandbox::CardBehaviour;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::cloud::{Options, new_access_key};
use crate::processor::Payments;
use crate::store::{AccountRow, RunRow, RunState, Store};
use crate::{Clock, Cloud, Error};

/// The name of the setting that holds the demo account.
pub const DEMO: &str = "demo_account";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// A year of one company's weekends.
    Demo,
    /// The same business, denser, until the journal has the wanted length.
    Large,
}

/// A seeded account with its access key, as printed, and as stored for "explore with the demo account".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Demo {
    pub account: AccountId,
    pub access_key: String,
    pub head: Seq,
}

pub async fn run(
    store: Store,
    profile: Profile,
    entries: u64,
    seed: u64,
    until: Timestamp,
) -> Result<Demo, Error> {
    let options = Options {
        clock: Clock::frozen(until),
        payments: Payments::simulated(store.clone()),
        sandbox: true,
        seed: Some(seed),
        new_epoch: false,
        accept_clock: false,
    };
    let cloud = Cloud::start(store.clone(), options).await?;
    let (access_key, key_hash) = new_access_key()?;
    let inner = cloud.clone();
    let mut row = store
        .write(move |tx| {
            let ordinal = tx.account_count()?.to_string();
            let account = AccountId::new(inner.derived_id("acc", &ordinal))?;
            let token = inner.card_token(CardBehaviour::Approve)?;
            tx.insert_account(&account, &key_hash, Programme::Booth, token.as_deref())
        })
        .await?;
    let catalog = cloud.catalog(Programme::Booth);
    let wanted = match profile {
        Profile::Demo => None,
        Profile::Large => Some(entries),
    };
    let mut business = business::Business::open(&row.account, catalog, seed, until, wanted)?;
    loop {
        let written = business.next_week()?;
        if written.is_empty() {
            break;
        }
        row = append(&cloud, row, written).await?;
    }
    // For a journal that was cut off at a length, the account's due tasks still run up to `until`.
    crate::due::catch_up(&cloud, &row.account, until).await?;
    let account = row.account.clone();
    let head = store.read(move |tx| Ok(tx.account(&account)?.state.seq));
    let demo = Demo {
        account: row.account,
        access_key,
        head: head.await?,
    };
    let kept = serde_json::to_vec(&demo)?;
    store.write(move |tx| tx.set_setting(DEMO, &kept)).await?;
    Ok(demo)
}

async fn append(
    cloud: &Cloud,
    mut row: AccountRow,
    entries: Vec<Entry>,
) -> Result<AccountRow, Error> {
    let inner = cloud.clone();
    cloud
        .store
        .write(move |tx| {
            let catalog = inner.catalog(row.programme);
            tx.append(&mut row, &entries, catalog)?;
            for entry in &entries {
                remember_run(tx, row.id, entry)?;
            }
            Ok(row)
        })
        .await
}

/// Stores the run that an entry belongs to, so that the run can be refunded later.
fn remember_run(tx: &crate::store::Tx<'_>, account: i64, entry: &Entry) -> Result<(), Error> {
    let (state, refund) = match entry.body.kind() {
        Some(Kind::Usage) => (RunState::Succeeded, None),
        Some(Kind::RunFailed) => (RunState::Failed, None),
        Some(Kind::UsageRefund) => (RunState::Failed, Some(entry.seq)),
        // Only these three kinds name a run that can be refunded.
        _ => return Ok(()),
    };
    let Some(run) = entry.body.run() else {
        return Ok(());
    };
    let row = RunRow {
        charge: entry.body.refers_to().unwrap_or(entry.seq),
        request_hash: Hash([0; 32]),
        state,
        refund,
        due_at: entry.at,
    };
    tx.put_run(account, run, &row)
}
