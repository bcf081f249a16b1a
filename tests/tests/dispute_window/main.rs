//! Explanations and disputes in the real window: a finding is explained, its entries are opened, and a dispute about it
//! is written, sent and followed to its resolution.

mod drafts;
mod native_dialogs;
mod tickets;

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

const MESSAGE: &str = "#dispute-message";

/// An isolated desktop, a sandbox cloud whose time stands still at `clock`, and an account at that cloud.
async fn at(clock: &str, account: Value) -> anyhow::Result<(Desktop, Cloud, Account)> {
    let (desk, cloud, account) = Desktop::new()?.with_account(clock, account).await?;
    Ok((desk, cloud, account))
}

/// A card booth with three runs, one of which failed and was charged.
async fn with_failed_run() -> anyhow::Result<(Desktop, Cloud, Account)> {
    let start = "2026-02-20T12:00:00Z";
    let (desk, cloud, account) = at(start, with(basic(1_000), json!({ "plan": "payg" }))).await?;
    cloud.runs(&account, "draw_me", 2).await?;
    let failed = json!({ "service": "draw_me", "event": "Miller wedding", "outcome": "failed" });
    cloud.control(&account, "runs", failed).await?;
    Ok((desk, cloud, account))
}

fn finding(code: &str) -> String {
    format!("[data-finding='{code}']")
}

/// Clicks the action that a finding on the Overview offers.
async fn act_on(window: &Window, code: &str) -> anyhow::Result<()> {
    let row = finding(code);
    window.text(&row).await?;
    window.click(&format!("{row} > button:last-child")).await
}

async fn tickets(cloud: &Cloud, account: &Account) -> anyhow::Result<Vec<Value>> {
    let (_, answer) = cloud.get("/v1/disputes", &account.key).await?;
    Ok(answer["disputes"].as_array().cloned().unwrap_or_default())
}
