//! A booth account for tests: a sandbox cloud with a fixed clock, and a laptop that copies the account.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::cloud::{Account, Cloud};
use crate::laptop::Laptop;

/// A sandbox cloud with a fixed clock, an account, and a laptop that copies the account's journal.
pub struct Booth {
    pub cloud: Cloud,
    pub account: Account,
    pub laptop: Laptop,
    pub folder: TempDir,
}

impl Booth {
    pub async fn new(clock: &str, account: Value) -> anyhow::Result<Self> {
        let folder = tempdir()?;
        let cloud = Cloud::start(&folder.path().join("cloud"), Some(clock))?;
        let account = cloud.account(account).await?;
        let laptop = Laptop::signed_in(&folder.path().join("laptop"), &cloud, &account)?;
        Ok(Booth {
            cloud,
            account,
            laptop,
            folder,
        })
    }

    pub async fn basic(clock: &str, balance: i64) -> anyhow::Result<Self> {
        Self::new(clock, basic(balance)).await
    }

    /// A booth with three runs, one of which failed but was charged.
    pub async fn with_failed_run() -> anyhow::Result<Self> {
        let payg = with(basic(1_000), json!({ "plan": "payg" }));
        let booth = Self::new("2026-02-20T12:00:00Z", payg).await?;
        booth.cloud.runs(&booth.account, "draw_me", 2).await?;
        let failed =
            json!({ "service": "draw_me", "event": "Miller wedding", "outcome": "failed" });
        booth.cloud.control(&booth.account, "runs", failed).await?;
        booth.laptop.ok(&["sync"])?;
        Ok(booth)
    }

    /// Moves the cloud's clock to `instant` and syncs the laptop.
    pub async fn until(&self, instant: &str) -> anyhow::Result<()> {
        self.cloud.advance_to(instant).await?;
        self.laptop.ok(&["sync"])?;
        Ok(())
    }

    pub fn plan(&self) -> anyhow::Result<Value> {
        self.laptop.ok(&["plan"])
    }

    pub fn balance(&self) -> anyhow::Result<Value> {
        Ok(self.laptop.balance()?["balance"].clone())
    }

    /// The account's dispute tickets as the cloud has them.
    pub async fn tickets(&self) -> anyhow::Result<Vec<Value>> {
        let (status, answer) = self.cloud.get("/v1/disputes", &self.account.key).await?;
        ensure!(status == 200, "{status} {answer}");
        Ok(answer["disputes"].as_array().context("no list")?.clone())
    }

    /// The kinds of the journal's newest `count` entries, oldest first.
    pub fn newest(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let journal = self.laptop.journal()?;
        let kinds = journal.into_iter().map(|(kind, _)| kind);
        let kinds: Vec<_> = kinds.collect();
        Ok(kinds[kinds.len().saturating_sub(count)..].to_vec())
    }

    /// Asserts that the laptop shows the cloud's plan, period, balance and credit buckets, and that its copy verifies.
    pub async fn agrees(&self) -> anyhow::Result<()> {
        self.laptop.ok(&["sync"])?;
        let (_, view) = self.cloud.get("/v1/account", &self.account.key).await?;
        let (plan, balance) = (self.plan()?, self.laptop.balance()?);
        for name in ["plan", "state", "period", "cycle", "payment_order"] {
            assert_eq!(plan[name], view[name], "{name}");
        }
        assert_eq!(balance["balance"], view["balance"]);
        assert_eq!(balance["buckets"], view["buckets"]);
        assert_eq!(self.laptop.ok(&["verify"])?["ok"], true);
        Ok(())
    }
}

/// A request to open a Booth account on the Basic plan whose card expires in 2060. The balance is in minor units.
pub fn basic(balance: i64) -> Value {
    json!({
        "email": "operator@booth.example", "catalog": "booth", "plan": "basic", "cycle": "monthly",
        "opening_balance": balance, "card": { "exp_month": 12, "exp_year": 2060 },
    })
}

/// `request` with the members of `more` added or replaced.
pub fn with(mut request: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// A document's `id`; empty if it has none.
pub fn id(document: &Value) -> &str {
    document["id"].as_str().unwrap_or_default()
}
