//! Benchmarks of the billing engine (the rules that decide charges) alone, and of the cloud that runs it.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, Request};
use boothkeeper_domain::billing::{ChargeOutcome, apply_charge_outcome, time};
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{Account, AccountId, Amount, Catalog, Programme, RunId, Timestamp};
use boothkeeper_tests::cloud::Cloud;
use serde_json::json;

use crate::measure::{Line, NONE, millis};

const STEPS: u32 = 200_000;

/// Decides steps of an account and applies their entries to its state, in a loop: thirty runs, then a renewal.
pub fn engine() -> anyhow::Result<Line> {
    let catalog = Catalog::shipped(Programme::Booth)?;
    let mut now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let sign_up = SignUp {
        account: AccountId::new("acc_bench")?,
        email: "operator@booth.example".into(),
        plan: "pro".into(),
        cycle: Some(Cycle::Monthly),
        opening_balance: Amount::of(2_000_000_000),
        legacy: vec![],
        card: serde_json::from_value(
            json!({ "brand": "Visa", "last4": "4242", "exp_month": 12, "exp_year": 9_000 }),
        )?,
        payment_order: Default::default(),
        auto_recharge: false,
        events: vec![],
    };
    let mut account = Account::default().extend(&open(sign_up, &catalog, now)?.entries)?;
    let started = Instant::now();
    for step in 0..STEPS {
        let decision = if step % 31 == 30 {
            let (at, due) = time::next(&account, &catalog).context("nothing is due")?;
            now = at;
            let asked = time::run_due_action(&account, &catalog, due, at)?;
            let charge = asked.charges.first().context("no charge")?;
            apply_charge_outcome(&account, &catalog, charge, &ChargeOutcome::Approved, at)?
        } else {
            let request = Request {
                run: RunId::new(format!("run_{step}"))?,
                service: "headshot_speed".into(),
                event: Some("Miller wedding".into()),
                units: 1,
            };
            run::start(&account, &catalog, request, now)?
        };
        account = account.extend(&decision.entries)?;
    }
    let each = started.elapsed() / STEPS;
    Ok(Line {
        what: "the engine: decide and fold, one step".into(),
        ours: format!("{:.0} k steps/s", 1.0 / each.as_secs_f64() / 1000.0),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "–",
    })
}

/// Times one call that advances a sandbox account by ten years. Each renewal is a charge to the card, its answer, and
/// entries written to disk.
pub async fn ten_years(folder: &Path) -> anyhow::Result<Line> {
    let cloud = Cloud::start(&folder.join("decade"), Some("2026-01-01T00:00:00Z"))?;
    let account = cloud.booth(5_000).await?;
    cloud.card(&account, "approve").await?;
    let started = Instant::now();
    cloud.advance_to("2036-01-01T00:00:00Z").await?;
    let taken = started.elapsed();
    let (_, view) = cloud.get("/v1/account", &account.key).await?;
    let seq = view["seq"].as_u64().context("no seq")?;
    anyhow::ensure!(seq >= 120, "only {seq} entries in ten years");
    Ok(Line {
        what: "one account advanced by ten years".into(),
        ours: format!("{} for {seq} entries", millis(taken)),
        peer: NONE.into(),
        ratio: NONE.into(),
        goal: "–",
    })
}
