//! Consistency of the cloud: after kills at random moments its journal and the processor's charges still agree, and the
//! same calls write the same journal, byte for byte.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use boothkeeper_cloud::processor::simulated::ChargeState;
use boothkeeper_cloud::store::{JournalPart, Store};
use boothkeeper_domain::{Account, AccountId, Body, Entry, PaymentId, Seq, Timestamp};
use boothkeeper_tests::cloud::{Account as Signed, Cloud};
use boothkeeper_tests::process::rounds;
use boothkeeper_wire::stream::{decompress, lines};
use boothkeeper_wire::{chain, entry};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

const START: &str = "2026-01-10T08:00:00Z";

/// One HTTP call to the cloud.
struct Call {
    method: Method,
    path: String,
    body: Value,
}

/// A random call about an account: a step of the clock, runs, a purchase, a card, an adjustment or a command.
fn call(random: &mut StdRng, account: &str) -> Call {
    let sandbox = |path: &str, body| Call {
        method: Method::POST,
        path: format!("/sandbox/accounts/{account}/{path}"),
        body,
    };
    let pick = |random: &mut StdRng, of: &[Value]| of[random.random_range(0..of.len())].clone();
    match random.random_range(0..20) {
        0..3 => {
            let hours: u32 = random.random_range(1..60);
            Call {
                method: Method::POST,
                path: "/sandbox/clock".into(),
                body: json!({ "advance_seconds": hours * 3600 }),
            }
        }
        3..10 => {
            let (count, outcomes) = (
                random.random_range(1..6),
                [
                    json!("succeeded"),
                    json!("failed"),
                    json!("failed_and_refunded"),
                ],
            );
            let outcome = pick(random, &outcomes);
            let run = json!({ "service": "headshot_elite", "count": count, "outcome": outcome });
            sandbox("runs", run)
        }
        10..13 => {
            let deliveries = [
                json!("instant"),
                json!("lost"),
                json!({ "duplicated": 3 }),
                json!({ "delayed_seconds": 7_000 }),
            ];
            let delivery = pick(random, &deliveries);
            sandbox(
                "purchases",
                json!({ "amount": 5_000, "delivery": delivery }),
            )
        }
        13 => {
            let behaviours = [
                "approve",
                "approve",
                "decline",
                "timeout",
                "requires_action",
            ];
            let behaviour = behaviours[random.random_range(0..behaviours.len())];
            Call {
                method: Method::PUT,
                path: format!("/sandbox/accounts/{account}/card"),
                body: json!({ "exp_month": 12, "exp_year": 2060, "behaviour": behaviour }),
            }
        }
        14 => sandbox(
            "adjust",
            json!({ "amount": random.random_range(-900..900) }),
        ),
        _ => Call {
            method: Method::PUT,
            path: format!("/v1/commands/{}", Uuid::from_u128(random.random())),
            body: command(random),
        },
    }
}

fn command(random: &mut StdRng) -> Value {
    let first = if random.random() { "card" } else { "credits" };
    let on: bool = random.random();
    let plan = ["basic", "pro", "payg"][random.random_range(0..3)];
    match random.random_range(0..10) {
        0 => json!({ "kind": "set_payment_order", "first": first, "fallback": on }),
        1 => json!({ "kind": "set_auto_recharge", "enabled": on }),
        2 => json!({ "kind": "buy_credits", "amount": 5_000 }),
        3 => json!({ "kind": "pay_now", "method": first }),
        4 => json!({ "kind": "redeem_coupon", "code": "Basic2Credits" }),
        5 => json!({ "kind": "resume" }),
        _ => json!({ "kind": "change_plan", "plan": plan, "cycle": "monthly" }),
    }
}

/// Adds the current quote (the price preview) to a command that needs one, as the app does once an operator saw it.
async fn with_quote(cloud: &Cloud, key: &str, mut call: Call) -> Call {
    let change = match call.body["kind"].as_str() {
        Some("pay_now") => json!("pay_now"),
        Some("change_plan") => {
            json!({ "plan": { "plan": call.body["plan"], "cycle": call.body["cycle"] } })
        }
        _ => return call,
    };
    let request = json!({ "change": change });
    let quoted = cloud.call(Method::POST, "/v1/quotes", key, &request).await;
    if let Ok((200, quote)) = quoted {
        call.body["seen"] = quote;
    }
    call
}

async fn accounts(cloud: &Cloud, count: usize) -> anyhow::Result<Vec<Signed>> {
    let mut accounts = Vec::new();
    for n in 0..count {
        let request = json!({
            "signed_up_at": format!("2026-01-{:02}T08:00:00Z", n % 9 + 1),
            "email": "operator@booth.example", "catalog": "booth", "plan": "basic",
            "cycle": "monthly", "opening_balance": 9_000, "auto_recharge": true,
            "card": { "exp_month": 12, "exp_year": 2060 },
        });
        accounts.push(cloud.account(request).await?);
    }
    Ok(accounts)
}

/// An account's journal from the cloud's store: its bytes, its entries, and the account's state computed from them.
/// Fails if the hash chain or the stored state differs.
fn journal(store: &Store, account: &str) -> anyhow::Result<(Vec<u8>, Vec<Entry>, Account)> {
    let account = AccountId::new(account)?;
    let read = store.read_blocking(|tx| {
        let row = tx.account(&account)?;
        let (mut at, mut bytes) = (Seq::ZERO, Vec::new());
        while let Some(stored) = tx.journal_after(&row, at)? {
            match stored {
                JournalPart::Segment { last, frame, .. } => {
                    at = last;
                    bytes.extend(decompress(&frame)?);
                }
                JournalPart::Lines { last, lines, .. } => {
                    at = last;
                    bytes.extend(lines);
                }
            }
        }
        Ok((row, bytes))
    });
    let (row, bytes) = read?;
    let (mut entries, mut state, mut hash) =
        (Vec::new(), Account::default(), chain::genesis(&account));
    for line in lines(&bytes)? {
        let entry = entry::decode(line)?;
        hash = chain::next(&hash, line);
        state.apply(&entry)?;
        entries.push(entry);
    }
    ensure!(
        hash == row.chain,
        "the chain does not end at the stored value"
    );
    ensure!(
        state == row.state,
        "the stored fold differs from the journal's"
    );
    Ok((bytes, entries, state))
}

/// How many entries complete each payment, and which payments are on record as started.
fn payments(entries: &[Entry]) -> (BTreeMap<PaymentId, u32>, Vec<PaymentId>) {
    let (mut taken, mut begun) = (BTreeMap::new(), Vec::new());
    for entry in entries {
        let payment = match &entry.body {
            Body::Purchase(purchase) => Some(&purchase.payment),
            Body::AutoRecharge(recharge) => Some(&recharge.payment),
            Body::RenewedByCard(renewed) => Some(&renewed.payment),
            Body::PlanChanged(changed) => changed.payment.as_ref(),
            _ => None,
        };
        if let Some(payment) = payment {
            *taken.entry(payment.clone()).or_default() += 1;
        }
        match &entry.body {
            Body::PurchaseStarted(started) => begun.push(started.payment.clone()),
            Body::PaymentPending(pending) => begun.push(pending.attempt.payment.clone()),
            _ => {}
        }
    }
    (taken, begun)
}

/// Checks that each payment is in the journal once and was approved by the processor, and that each approved charge has
/// an entry. `opening` is the payment of the opening balance, which has no charge. Returns the number of charges.
fn books_agree(store: &Store, entries: &[Entry], opening: &PaymentId) -> anyhow::Result<usize> {
    let (taken, begun) = payments(entries);
    for (payment, times) in &taken {
        ensure!(*times == 1, "{payment} is in the journal {times} times");
        if payment != opening {
            let charge = store.read_blocking(|tx| tx.stored_charge(payment))?;
            let state = charge.map(|charge| charge.state);
            ensure!(state == Some(ChargeState::Approved), "{payment}: {state:?}");
        }
    }
    let prefix = opening.as_str().rsplit_once('_').context("no account")?.0;
    let charges = store.read_blocking(|tx| tx.stored_charges(prefix))?;
    for (payment, charge) in &charges {
        let accounted = taken.contains_key(payment) || begun.contains(payment);
        ensure!(
            charge.state != ChargeState::Approved || accounted,
            "{payment} was charged without an entry"
        );
    }
    Ok(charges.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_killed_repeatedly_takes_each_payment_once_and_keeps_answers() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let data = folder.path().join("cloud");
    let mut cloud = Cloud::start(&data, Some(START))?;
    let signed = accounts(&cloud, 9).await?;
    let mut random = StdRng::seed_from_u64(20_260_110);
    let mut acknowledged: Vec<(usize, Call, Value)> = Vec::new();
    for _ in 0..rounds(200, 1_000) {
        let fuse = Duration::from_micros(random.random_range(0..40_000));
        let busy = async {
            loop {
                let who = random.random_range(0..signed.len());
                let call = call(&mut random, &signed[who].id);
                let call = with_quote(&cloud, &signed[who].key, call).await;
                let answered = cloud.call(
                    call.method.clone(),
                    &call.path,
                    &signed[who].key,
                    &call.body,
                );
                if let Ok((status, answer)) = answered.await {
                    ensure!(
                        status < 500,
                        "{} {}: {status} {answer}",
                        call.path,
                        call.body
                    );
                    if call.path.starts_with("/v1/commands/") {
                        acknowledged.push((who, call, answer));
                    }
                }
            }
        };
        // The kill comes at a random moment, so that the cloud may have done any step only half.
        let lived = tokio::time::timeout(fuse, busy).await;
        if let Ok(failed) = lived {
            return failed;
        }
        cloud.kill();
        cloud.restart(&[])?;
    }
    // An acknowledged command gets the same answer again.
    for (who, call, answer) in &acknowledged {
        let (_, again) = cloud
            .call(
                call.method.clone(),
                &call.path,
                &signed[*who].key,
                &call.body,
            )
            .await?;
        assert_eq!(&again, answer);
    }
    // Two days later no charge is open any more.
    let answer = cloud.advance(2 * 86_400).await?;
    let now: Timestamp = answer["time"].as_str().context("no time")?.parse()?;
    cloud.stop();
    let store = Store::open(&data.join("cloud.sqlite"))?;
    let due = store.read_blocking(|tx| tx.next_due(None, now))?;
    assert!(due.is_none(), "{due:?}");
    let (mut entries, mut charges) = (0, 0);
    for account in &signed {
        let (_, journal, state) = journal(&store, &account.id)?;
        let opening = PaymentId::new(account.id.replacen("acc_", "pay_", 1) + "_2")?;
        charges += books_agree(&store, &journal, &opening)?;
        entries += journal.len();
        assert!(state.at <= now);
    }
    assert!(
        entries > 300 && charges > 20 && acknowledged.len() > 30,
        "{entries} {charges} {}",
        acknowledged.len()
    );
    Ok(())
}

#[tokio::test]
async fn two_clouds_given_the_same_calls_write_the_same_journal() -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut journals = Vec::new();
    for name in ["one", "two"] {
        let data = folder.path().join(name);
        let mut cloud = Cloud::start(&data, Some(START))?;
        let signed = accounts(&cloud, 3).await?;
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..400 {
            let who = random.random_range(0..signed.len());
            let call = call(&mut random, &signed[who].id);
            let call = with_quote(&cloud, &signed[who].key, call).await;
            let (status, answer) = cloud
                .call(call.method, &call.path, &signed[who].key, &call.body)
                .await?;
            ensure!(status < 500, "{}: {status} {answer}", call.path);
        }
        cloud.advance(365 * 86_400).await?;
        cloud.stop();
        let store = Store::open(&data.join("cloud.sqlite"))?;
        let bytes = signed
            .iter()
            .map(|account| Ok(journal(&store, &account.id)?.0));
        journals.push(bytes.collect::<anyhow::Result<Vec<_>>>()?);
    }
    assert!(journals[0].iter().all(|bytes| bytes.len() > 10_000));
    assert_eq!(journals[0], journals[1]);
    Ok(())
}
