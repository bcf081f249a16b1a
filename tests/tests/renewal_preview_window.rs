//! The renewal preview in the real window matches the renewal to the cent, for different plans, payment orders,
//! balances and cards.

use anyhow::{Context, ensure};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::laptop::Laptop;
use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

/// One account that goes through all cases of a renewal, one billing period for each case.
struct RenewalTable {
    cloud: Cloud,
    account: Account,
    window: Window,
    /// Another laptop, which reads the journal, and pays when the account is in grace.
    other: Laptop,
    fee: i64,
    _desk: Desktop,
}

/// A renewal, as previewed on screen or as found in the journal. All amounts are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Renewal {
    card: i64,
    credits: i64,
    after: i64,
    recharge: Option<i64>,
}

impl RenewalTable {
    async fn new(plan: &str, cycle: &str, fee: i64) -> anyhow::Result<Self> {
        let desk = Desktop::new()?;
        let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-01-10T08:00:00Z"))?;
        let account = json!({
            "email": "operator@booth.example", "catalog": "booth", "plan": plan, "cycle": cycle,
            "opening_balance": 5_000, "card": { "exp_month": 12, "exp_year": 2090 },
        });
        let account = cloud.account(account).await?;
        let other = Laptop::signed_in(&desk.folder().join("other"), &cloud, &account)?;
        let window = Window::open_live(&desk, &cloud, &account).await?;
        window.click_button("Plan & renewal").await?;
        Ok(RenewalTable {
            cloud,
            account,
            window,
            other,
            fee,
            _desk: desk,
        })
    }

    /// Reads the preview, lets the cloud run one renewal, and compares the renewal with the preview.
    async fn row(
        &self,
        first: &str,
        fallback: bool,
        balance: i64,
        declines: bool,
    ) -> anyhow::Result<()> {
        let what = format!("{first} first, fallback {fallback}, {balance}, declines {declines}");
        self.set_balance(balance).await?;
        self.behave(if declines { "decline" } else { "approve" })
            .await?;
        self.choose(first, fallback).await.context(what.clone())?;
        let chosen = self.preview(first, balance).await.context(what.clone())?;
        let declined = self
            .window
            .text("[aria-label='Who pays for renewal'] .switches")
            .await?;

        let renews = self.other.ok(&["plan"])?["period"]["end"].clone();
        self.cloud
            .advance_to(renews.as_str().context("no period")?)
            .await?;
        self.other.ok(&["sync"])?;
        let plan = self.other.ok(&["plan"])?;
        let (happened, unpaid) = self.happened()?;
        let foreseen = if declines && chosen.card > 0 {
            // The card declined, so the preview's text about a declined card applies.
            if declined.contains("nobody pays: grace begins") {
                ensure!(unpaid, "{what}: {declined}, yet {happened:?}");
                Renewal {
                    card: 0,
                    credits: 0,
                    after: balance,
                    recharge: None,
                }
            } else {
                let after = balance - self.fee;
                let arrow = format!("{} → {}", dollars(balance), dollars(after));
                ensure!(
                    declined.contains(&arrow),
                    "{what}: {declined} without {arrow}"
                );
                Renewal {
                    card: 0,
                    credits: self.fee,
                    after,
                    recharge: None,
                }
            }
        } else {
            chosen
        };
        ensure!(
            happened == foreseen,
            "{what}: said {foreseen:?}, happened {happened:?}"
        );
        ensure!(unpaid == (plan["state"] == "grace"), "{what}: {plan}");
        // The window shows the new balance without any click.
        self.window
            .wait_for_text("nav .figure", |text| text == dollars(happened.after))
            .await
            .context(what.clone())?;
        if unpaid {
            self.behave("approve").await?;
            ensure!(self.other.ok(&["pay-now", "--with", "card", "--yes"])?["state"] == "settled");
        }
        Ok(())
    }

    /// The last renewal in the journal, with the balance before any auto-recharge; and whether it was unpaid.
    fn happened(&self) -> anyhow::Result<(Renewal, bool)> {
        let history = self.other.ok(&["history", "--limit", "8"])?;
        let entries = history["entries"].as_array().context("no entries")?;
        let newest = entries.first().context("an empty journal")?["at"].clone();
        // All entries of one renewal have the same time.
        let of_it: Vec<&Value> = entries.iter().filter(|e| e["at"] == newest).collect();
        let find = |kind: &str| of_it.iter().find(|entry| entry["kind"] == kind);
        let number = |entry: &Value, name: &str| entry[name].as_i64().context("no number");
        let by_card = find("renewed_by_card");
        let by_credits = find("renewal");
        let grace = find("grace_started");
        let settled = by_card
            .or(by_credits)
            .or(grace)
            .context("nothing happened")?;
        let said = Renewal {
            card: if by_card.is_some() { self.fee } else { 0 },
            credits: by_credits.map_or(Ok(0), |entry| number(entry, "delta").map(|d| -d))?,
            after: number(settled, "balance_after")?,
            recharge: find("auto_recharge")
                .map(|e| number(e, "delta"))
                .transpose()?,
        };
        Ok((said, grace.is_some()))
    }

    async fn set_balance(&self, balance: i64) -> anyhow::Result<()> {
        let amount = balance - self.cloud.balance(&self.account).await?;
        if amount != 0 {
            let adjust = json!({ "amount": amount, "reason": "row" });
            self.cloud.control(&self.account, "adjust", adjust).await?;
        }
        self.other.ok(&["sync"])?;
        Ok(())
    }

    async fn behave(&self, behaviour: &str) -> anyhow::Result<()> {
        let card = json!({ "exp_month": 12, "exp_year": 2090, "behaviour": behaviour });
        let path = format!("/sandbox/accounts/{}/card", self.account.id);
        let (status, answer) = self
            .cloud
            .call(reqwest::Method::PUT, &path, "", &card)
            .await?;
        ensure!(status == 200, "{answer}");
        Ok(())
    }

    /// Sets the payment order by clicks, and waits until the cloud and the window have it.
    async fn choose(&self, first: &str, fallback: bool) -> anyhow::Result<()> {
        let now = self.other.ok(&["plan"])?["payment_order"].clone();
        if now["first"] != first {
            self.window
                .click(&format!("[data-order={first}] input"))
                .await?;
        }
        let card = format!("[data-order={first}]");
        self.window
            .wait_for_text(&card, |text| text.contains("In use"))
            .await?;
        let ticked = async || {
            let script = "const boxes = document.querySelectorAll('.switches input');
                return [boxes[0].checked, document.querySelectorAll('.switches .tag').length]";
            self.window.script(script, vec![]).await
        };
        if ticked().await? != json!([fallback, 0]) {
            self.window
                .click(".switches label:first-child input")
                .await?;
        }
        // Wait for the cloud first, then for the window.
        until("the order at the cloud", async || {
            self.other.ok(&["sync"])?;
            let taken = self.other.ok(&["plan"])?["payment_order"].clone();
            Ok((taken == json!({ "first": first, "fallback": fallback })).then_some(()))
        })
        .await?;
        until("the order on screen", async || {
            Ok((ticked().await? == json!([fallback, 0])).then_some(()))
        })
        .await
    }

    /// Reads the preview of this payment order from the screen.
    async fn preview(&self, first: &str, balance: i64) -> anyhow::Result<Renewal> {
        let card = format!("[data-order={first}]");
        // Wait until the preview starts from the current balance.
        let before = format!("{card} [data-before]");
        self.window
            .wait_for_text(&before, |text| text == dollars(balance))
            .await?;
        let script = "const card = document.querySelector(arguments[0]);
            const text = (name) => card.querySelector(`[data-${name}]`)?.innerText ?? null;
            return [text('card'), text('credits'), text('after'), text('recharge')]";
        let said = self.window.script(script, vec![json!(card)]).await?;
        let amount = |n: usize| cents(said[n].as_str().unwrap_or_default());
        let recharge = said[3].as_str().map(|text| {
            let pays = text.split("card pays ").nth(1).unwrap_or_default();
            cents(pays)
        });
        Ok(Renewal {
            card: amount(0)?,
            credits: -amount(1)?,
            after: amount(2)?,
            recharge: recharge.transpose()?,
        })
    }

    async fn every_row(&self) -> anyhow::Result<()> {
        for first in ["card", "credits"] {
            for fallback in [true, false] {
                for balance in [3_000, self.fee, self.fee + 14_235] {
                    for declines in [false, true] {
                        self.row(first, fallback, balance, declines).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// An amount in minor units as the window writes it, such as `$1,234.56`.
fn dollars(minor: i64) -> String {
    let (sign, minor) = if minor < 0 {
        ("\u{2212}", -minor)
    } else {
        ("", minor)
    };
    let (whole, cents) = (minor / 100, minor % 100);
    let grouped = match whole {
        ..1000 => whole.to_string(),
        _ => format!("{},{:03}", whole / 1000, whole % 1000),
    };
    format!("{sign}${grouped}.{cents:02}")
}

fn cents(text: &str) -> anyhow::Result<i64> {
    let negative = text.starts_with('\u{2212}');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let minor: i64 = digits
        .parse()
        .with_context(|| format!("an amount in {text:?}"))?;
    Ok(if negative { -minor } else { minor })
}

#[tokio::test]
async fn monthly_basic_renewal_matches_preview() -> anyhow::Result<()> {
    let table = RenewalTable::new("basic", "monthly", 4_900).await?;
    table.every_row().await?;
    // With auto-recharge, which a renewal triggers if it leaves $10.00 or less.
    table
        .window
        .click(".switches label:last-child input")
        .await?;
    table
        .window
        .wait_for_text("[data-order=card]", |text| {
            text.contains("at $10.00 or less")
        })
        .await?;
    for (first, balance, fires) in [
        ("credits", 5_900, true),
        ("credits", 5_901, false),
        ("card", 1_001, false),
    ] {
        let said = async {
            table.set_balance(balance).await?;
            table.behave("approve").await?;
            table.choose(first, true).await?;
            table.preview(first, balance).await
        };
        let said = said.await.with_context(|| format!("{first} {balance}"))?;
        assert_eq!(said.recharge, fires.then_some(10_000), "{first} {balance}");
        let renews = table.other.ok(&["plan"])?["period"]["end"].clone();
        table
            .cloud
            .advance_to(renews.as_str().unwrap_or_default())
            .await?;
        let after = said.after + said.recharge.unwrap_or(0);
        table
            .window
            .wait_for_text("nav .figure", |text| text == dollars(after))
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn annual_basic_renewal_matches_preview() -> anyhow::Result<()> {
    RenewalTable::new("basic", "annual", 46_800)
        .await?
        .every_row()
        .await
}

#[tokio::test]
async fn monthly_pro_renewal_matches_preview() -> anyhow::Result<()> {
    RenewalTable::new("pro", "monthly", 9_900)
        .await?
        .every_row()
        .await
}
