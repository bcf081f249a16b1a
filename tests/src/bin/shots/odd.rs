//! Pictures of unusual accounts: the largest amounts, long names in several scripts, many findings, empty accounts.

use std::path::Path;

use boothkeeper_tests::booth::{basic, with};
use boothkeeper_tests::cloud::Cloud;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::window::Window;
use serde_json::{Value, json};

use super::take::take;

/// Event names: near the limit of 120 characters, right to left, and with emoji of several code points.
fn names() -> [String; 4] {
    [
        format!(
            "{} wedding",
            "Wolfeschlegelsteinhausenbergerdorff ".repeat(3)
        ),
        "حفل زفاف ليلى وعمر في فندق البحر $1,234.56".to_owned(),
        "🎉👩‍👩‍👧‍👦🏳️‍🌈 Fête d’été 🎉".to_owned(),
        "חתונה של נועה ודן (2) – אולם הים".to_owned(),
    ]
}

fn events() -> Vec<Value> {
    let dates = ["2026-02-14", "2026-02-21", "2026-03-07", "2026-03-14"];
    let events = names().into_iter().zip(dates).map(|(name, day)| {
        json!({
            "name": name,
            "starts_at": format!("{day}T18:00:00Z"), "ends_at": format!("{day}T23:30:00Z"),
        })
    });
    events.collect()
}

pub async fn shots(folder: &Path) -> anyhow::Result<()> {
    let largest = with(basic(9_007_199_254_740_991), json!({ "events": events() }));
    account("largest", largest, async |_, _| Ok(()), folder).await?;
    let many = with(basic(1_234_567), json!({ "plan": "payg" }));
    let failures = async |cloud: &Cloud, account: &_| {
        for n in 0..70 {
            let event = &names()[n % 4];
            let run = json!({ "service": "draw_me", "event": event, "outcome": "failed" });
            cloud.control(account, "runs", run).await?;
        }
        Ok(())
    };
    account("findings", many, failures, folder).await?;
    let zero = with(basic(0), json!({ "plan": "payg" }));
    account("zero", zero, async |_, _| Ok(()), folder).await?;
    let failing = json!({
        "card": { "exp_month": 12, "exp_year": 2060, "behaviour": "decline" },
        "payment_order": { "first": "card", "fallback": false },
    });
    let lapses = async |cloud: &Cloud, _: &_| {
        cloud.advance_to("2026-04-20T08:00:00Z").await?;
        Ok(())
    };
    account("closed", with(basic(1_500_000), failing), lapses, folder).await?;
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "legacy",
        "opening_balance": 400_000, "legacy": ["branding_app"],
    });
    let limit = async |cloud: &Cloud, account: &_| {
        cloud.runs(account, "basic_image_hd", 15).await?;
        Ok(())
    };
    account("studio", studio, limit, folder).await
}

/// Takes pictures of every screen of one account. Fails if an amount on one of them is cut off.
async fn account(
    name: &str,
    request: Value,
    prepare: impl AsyncFnOnce(&Cloud, &boothkeeper_tests::cloud::Account) -> anyhow::Result<()>,
    folder: &Path,
) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let cloud = Cloud::start(&desk.folder().join("cloud"), Some("2026-02-10T08:00:00Z"))?;
    let account = cloud.account(request).await?;
    prepare(&cloud, &account).await?;
    let mut window = Window::open_live(&desk, &cloud, &account).await?;
    for screen in ["Overview", "History", "Plan & renewal", "Disputes"] {
        window.click_button(screen).await?;
        let slug = screen.split(' ').next().unwrap_or(screen).to_lowercase();
        let shown = format!("odd-{name}-{slug}");
        take(&window, folder, &shown).await?;
        window.assert_no_amount_cut(&shown).await?;
        if slug == "plan" && ["largest", "findings"].contains(&name) {
            pause(&window, &format!("odd-{name}-pause"), folder).await?;
        }
    }
    window.click_button("Overview").await?;
    window.click_button("Event mode").await?;
    window.look_at("Boothkeeper event").await?;
    window.text("[data-balance]").await?;
    window.assert_no_amount_cut("event mode").await?;
    let path = folder.join(format!("odd-{name}-event-mode.png"));
    window.picture(&path).await?;
    println!("{}", path.display());
    Ok(())
}

async fn pause(window: &Window, name: &str, folder: &Path) -> anyhow::Result<()> {
    let script = "return [...document.querySelectorAll('button')]
        .some((button) => button.textContent.includes('Pause plan'))";
    if window.script(script, vec![]).await? != true {
        return Ok(());
    }
    window.click_button("Pause plan").await?;
    window.text("dialog dl").await?;
    take(window, folder, name).await?;
    window.chord("Escape").await
}
