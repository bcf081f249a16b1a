//! Charges from the command line against the running cloud program: each is confirmed first, shown afterwards, and made once for one
//! period.

use anyhow::{Context, ensure};
use boothkeeper_tests::booth::{Booth, basic, with};
use boothkeeper_tests::laptop::Laptop;
use serde_json::{Value, json};

/// Error code of a command that needs `--yes` and was given without; nothing was done.
const NOT_CONFIRMED: &str = "not_confirmed";

fn found<'a>(explained: &'a Value, code: &str) -> Vec<&'a Value> {
    let findings = explained["findings"].as_array().into_iter().flatten();
    findings.filter(|finding| finding["code"] == code).collect()
}

/// Sum of the fees that the card has paid, in minor units, from the journal. Credit purchases are not counted.
fn paid(laptop: &Laptop) -> anyhow::Result<i64> {
    let history = laptop.ok(&["history", "--limit", "1000"])?;
    let entries = history["entries"].as_array().context("entries")?;
    let fees = entries.iter().filter(|entry| entry["kind"] != "purchase");
    Ok(fees
        .filter_map(|entry| entry["charge"]["amount"].as_i64())
        .sum())
}

#[tokio::test]
async fn charging_command_without_yes_option_only_shows_the_amount() -> anyhow::Result<()> {
    let failing = json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    });
    let booth = Booth::basic("2026-01-10T08:00:00Z", 8_000).await?;
    let late = Booth::new("2026-01-10T08:00:00Z", with(basic(8_000), failing)).await?;
    late.until("2026-02-20T08:00:00Z").await?;
    late.cloud.card(&late.account, "approve").await?;
    for (booth, verb, amount) in [
        (&booth, vec!["buy", "50"], Some(5_000)),
        (&booth, vec!["plan", "set", "pro", "monthly"], Some(5_000)),
        (&booth, vec!["auto-recharge", "on"], None),
        (&late, vec!["pay-now", "--with", "card"], Some(4_900)),
    ] {
        booth.laptop.ok(&["sync"])?;
        let before = booth.laptop.journal()?.len();
        let (code, answer) = booth.laptop.run(&verb)?;
        ensure!(code != 0, "{verb:?} went through: {answer}");
        assert_eq!(answer["error"]["code"], NOT_CONFIRMED, "{verb:?}: {answer}");
        let seen = &answer["error"]["quote"];
        if let Some(amount) = amount {
            assert_eq!(seen["charge"]["amount"], amount, "{verb:?}: {answer}");
        }
        // The text output names the amount and the `--yes` option.
        let said = booth.laptop.said(&verb)?;
        let says = match amount {
            Some(cents) => format!("${}.00", cents / 100),
            None => "charges the card $100.00 whenever the balance is $10.00 or less".to_owned(),
        };
        ensure!(
            said.contains(&says) && said.contains("--yes"),
            "{verb:?}: {said}"
        );
        booth.laptop.ok(&["sync"])?;
        assert_eq!(booth.laptop.journal()?.len(), before, "{verb:?}");
        let mut sure = verb.clone();
        sure.push("--yes");
        assert_eq!(booth.laptop.ok(&sure)?["state"], "settled", "{verb:?}");
    }
    // Commands that charge nothing need no confirmation.
    for verb in [
        vec!["plan", "set", "basic", "monthly"],
        vec!["plan", "set", "pro", "monthly"],
        vec!["auto-recharge", "on"],
        vec!["auto-recharge", "off"],
    ] {
        assert_eq!(booth.laptop.ok(&verb)?["state"], "settled", "{verb:?}");
    }
    Ok(())
}

/// Scenario 23 by the command line: the plan goes up and down three times, and `explain` names one card charge.
#[tokio::test]
async fn upgrade_and_downgrade_three_times_charges_card_once() -> anyhow::Result<()> {
    let booth = Booth::new("2026-05-01T08:00:00Z", basic(0)).await?;
    let set = |plan| booth.laptop.ok(&["plan", "set", plan, "monthly", "--yes"]);
    for _ in 0..3 {
        set("pro")?;
        assert_eq!(booth.plan()?["plan"], "pro");
        set("basic")?;
        assert_eq!(booth.plan()?["requested"]["plan"], "basic");
    }
    assert_eq!(paid(&booth.laptop)?, 5_000);
    booth.until("2026-05-11T08:00:00Z").await?;
    booth.laptop.ok(&["pause", "--yes"])?;
    set("pro")?;
    assert_eq!(
        paid(&booth.laptop)?,
        5_000,
        "the paid period is not charged again"
    );
    let explained = booth.laptop.ok(&["explain"])?;
    let charged = found(&explained, "charged_to_card");
    assert_eq!(charged.len(), 1, "{charged:?}");
    assert_eq!(charged[0]["charge"]["amount"], 5_000);
    assert_eq!(found(&explained, "charged_twice").len(), 0);
    let said = booth.laptop.text(&["explain"])?;
    ensure!(said.contains("Your card paid $50.00"), "{said}");
    booth.agrees().await
}

#[tokio::test]
async fn credits_given_back_to_restored_account_keep_their_kind() -> anyhow::Result<()> {
    let failing = json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(9_000), failing)).await?;
    booth
        .cloud
        .control(&booth.account, "compensate", json!({ "amount": 300 }))
        .await?;
    booth.until("2026-03-20T08:00:00Z").await?;
    assert_eq!(
        (booth.balance()?, &booth.plan()?["state"]),
        (json!(0), &json!("closed"))
    );
    booth
        .cloud
        .control(&booth.account, "restore", json!({}))
        .await?;
    booth.laptop.ok(&["sync"])?;
    let there = booth.laptop.balance()?;
    let buckets = json!([
        { "amount": 300, "kind": "bonus" },
        { "amount": 9_000, "kind": "purchased" },
    ]);
    assert_eq!(
        (&there["balance"], &there["buckets"]),
        (&json!(9_300), &buckets)
    );
    let explained = booth.laptop.ok(&["explain", "--from", "2026-03-20"])?;
    assert_eq!(explained["causes"][0]["code"], "given_back");
    let said = booth.laptop.text(&["explain", "--from", "2026-03-20"])?;
    ensure!(
        said.contains("Given back") && !said.contains("Taken back"),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn coupon_codes_and_keys_with_invisible_characters_are_accepted() -> anyhow::Result<()> {
    let annual = with(basic(1_200), json!({ "cycle": "annual" }));
    let booth = Booth::new("2026-01-10T08:00:00Z", annual).await?;
    let typed = "\u{feff}\u{a0}basic\u{200b}2free\u{2060} ";
    assert_eq!(booth.laptop.ok(&["coupon", typed])?["state"], "settled");
    assert_eq!(booth.laptop.balance()?["pending"][0]["amount"], 10_000);
    // UTF-16 with a byte order mark, as a shell on Windows pipes it.
    let key = format!("\u{feff}{}\r\n", booth.account.key);
    let piped: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let other = Laptop::new(&booth.folder.path().join("other"));
    let login = ["login", "--cloud", &booth.cloud.url, "--key-stdin"];
    let (code, answer) = other.run_with_input(&login, &piped)?;
    // Without a keychain the login may fail later; this test only checks that the key was parsed.
    ensure!(
        code == 0 || answer["error"]["code"] != "key_malformed",
        "{code}: {answer}"
    );
    let pasted = Laptop::new(&booth.folder.path().join("pasted"))
        .with_key(&format!("\u{200b}{}\u{feff}", booth.account.key));
    pasted.ok(&["login", "--cloud", &booth.cloud.url])?;
    assert_eq!(pasted.balance()?["balance"], 1_200);
    Ok(())
}

/// Credits that expire without a following allowance are one deadline at one instant, shown on the day of the
/// laptop's time zone.
#[tokio::test]
async fn expiring_credits_are_one_deadline_in_every_time_zone() -> anyhow::Result<()> {
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
        "opening_balance": 40, "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-03-07T03:00:00Z", studio).await?;
    booth.laptop.ok(&["pause", "--yes"])?;
    booth.until("2026-04-05T08:00:00Z").await?;
    for (zone, day, local) in [
        ("UTC", "Tue 7 Apr 2026", "03:00"),
        ("America/Los_Angeles", "Mon 6 Apr 2026", "20:00"),
        ("Pacific/Auckland", "Tue 7 Apr 2026", "15:00"),
    ] {
        let laptop = Laptop::new(&booth.laptop.data)
            .with_key(&booth.account.key)
            .in_zone(zone);
        let listed = laptop.ok(&["deadlines"])?;
        let of = |code: &str| -> Vec<&Value> {
            let all = listed["deadlines"].as_array().into_iter().flatten();
            all.filter(|deadline| deadline["code"] == code).collect()
        };
        assert_eq!(of("allowance_refresh").len(), 0, "{listed}");
        let [expiry] = of("grant_expiry")[..] else {
            anyhow::bail!("{zone}: {listed}");
        };
        assert_eq!(expiry["at"], "2026-04-07T03:00:00.000Z");
        assert_eq!(expiry["credits_at_risk"], 500);
        let text = laptop.text(&["deadlines"])?;
        let line = text
            .lines()
            .find(|line| line.contains("500"))
            .context("a line")?;
        ensure!(line.contains(day) && line.contains(local), "{zone}: {line}");
        let file = booth.folder.path().join(zone.replace('/', "-") + ".ics");
        laptop.ok(&["deadlines", "--ics", &file.to_string_lossy()])?;
        let calendar = std::fs::read_to_string(&file)?;
        ensure!(calendar.contains("DTSTART:20260407T030000Z"), "{calendar}");
    }
    Ok(())
}

#[tokio::test]
async fn history_rows_show_plan_charge_event_and_status() -> anyhow::Result<()> {
    let gala = json!({
        "events": [{
            "name": "Spring gala",
            "starts_at": "2026-05-20T16:00:00Z", "ends_at": "2026-05-20T22:00:00Z",
        }],
    });
    let booth = Booth::new("2026-05-01T08:00:00Z", with(basic(2_000), gala)).await?;
    booth
        .laptop
        .ok(&["plan", "set", "pro", "monthly", "--yes"])?;
    booth.laptop.ok(&["plan", "set", "basic", "monthly"])?;
    booth.laptop.ok(&["buy", "75", "--yes"])?;
    booth
        .cloud
        .control(&booth.account, "adjust", json!({ "amount": -500 }))
        .await?;
    let failed = json!({ "service": "draw_me", "outcome": "failed" });
    booth.cloud.control(&booth.account, "runs", failed).await?;
    booth.laptop.ok(&["sync"])?;
    let history = booth.laptop.ok(&["history"])?;
    let of = |kind: &str| -> Value {
        let mut entries = history["entries"].as_array().into_iter().flatten();
        entries
            .find(|entry| entry["kind"] == kind)
            .cloned()
            .unwrap_or_default()
    };
    let changed = of("plan_changed");
    assert_eq!(
        (&changed["plan"], &changed["charge"]["amount"]),
        (&json!("pro"), &json!(5_000))
    );
    assert_eq!(of("plan_change_requested")["plan"], "basic");
    let started = of("purchase_started");
    // The purchase has arrived, so no amount is pending.
    assert_eq!(
        (&started["coming"], &started["charge"]["amount"]),
        (&Value::Null, &json!(7_500))
    );
    assert_eq!(of("event_scheduled")["event"], "Spring gala");
    // No refund is on record for the failed run, and no reason for the adjustment.
    assert_eq!(of("usage")["status"], "not_refunded");
    assert_eq!(of("adjustment")["status"], "unexplained");
    let said = booth.laptop.text(&["history"])?;
    for part in [
        "$50.00",
        "$75.00",
        "Spring gala",
        "Not refunded",
        "Not explained",
    ] {
        ensure!(said.contains(part), "{part}: {said}");
    }
    Ok(())
}

/// In grace, `pay-now` proposes credits if they cover the fee and the card was declined.
#[tokio::test]
async fn pay_now_proposes_credits_after_card_declined() -> anyhow::Result<()> {
    let failing = json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", with(basic(9_000), failing)).await?;
    booth.until("2026-03-08T08:00:00Z").await?;
    let (_, asked) = booth.laptop.run(&["pay-now"])?;
    assert_eq!(asked["error"]["code"], NOT_CONFIRMED);
    let said = booth.laptop.said(&["pay-now"])?;
    ensure!(said.contains("takes from credits $49.00"), "{said}");
    // The new card has not been declined, so the card is proposed.
    booth.cloud.card(&booth.account, "approve").await?;
    booth.laptop.ok(&["sync"])?;
    let said = booth.laptop.said(&["pay-now"])?;
    ensure!(said.contains("charges the card $49.00"), "{said}");
    Ok(())
}

#[tokio::test]
async fn imported_account_shows_no_plan_or_deadline() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let laptop = Laptop::new(&folder.path().join("laptop"));
    let table = folder.path().join("usage.csv");
    std::fs::write(
        &table,
        "date,service,amount,balance\n2026-01-05 10:00,sms,-0.02,99.98\n2026-02-01 00:00,Subscription renewal,-49.00,50.98\n",
    )?;
    let imported = laptop.ok(&[
        "import",
        &table.to_string_lossy(),
        "--email",
        "me@booth.example",
    ])?;
    ensure!(imported["balance"] == 5_098, "{imported}");
    for verb in [vec!["plan"], vec!["renewal", "preview"]] {
        let mut there = vec!["--imported"];
        there.extend(verb);
        assert_eq!(laptop.fails(&there)?.1, "imported", "{there:?}");
    }
    let listed = laptop.ok(&["--imported", "deadlines"])?;
    assert_eq!(listed["deadlines"], json!([]));
    assert_eq!(
        laptop.run(&["--imported", "balance"])?.1["buckets"],
        json!([])
    );
    let explained = laptop.text(&["--imported", "explain", "--from", "2026-01-01"])?;
    ensure!(
        !explained.to_lowercase().contains("pay-as-you-go"),
        "{explained}"
    );
    for line in explained.lines() {
        ensure!(!line.contains(" ,") && !line.contains(" ."), "{line}");
    }
    Ok(())
}
