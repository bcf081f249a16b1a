//! Random tables of a history, as a vendor's dashboard exports them.

use std::fmt::Write;
use std::path::Path;

use boothkeeper_tests::laptop::Laptop;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Writes a table and sometimes a receipt, and imports them. Returns the laptop and what the import said.
pub fn import(data: &Path, seed: u64) -> anyhow::Result<(Laptop, String)> {
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let table = folder.path().join("history.csv");
    std::fs::write(&table, table_of(&mut random))?;
    let mut files = vec![table.display().to_string()];
    if random.random_bool(0.5) {
        let receipt = folder.path().join("receipt.eml");
        std::fs::write(
            &receipt,
            "From: billing@cloud.example\r\nDate: Fri, 20 Feb 2026 10:00:00 +0000\r\nSubject: Receipt\r\n\r\n\
             Transaction ID: pay_2002\r\nTotal paid: $100.00\r\n",
        )?;
        files.push(receipt.display().to_string());
    }
    let laptop = Laptop::new(data).in_pseudo_locale();
    let mut arguments = vec!["import", "--email", "operator@booth.example"];
    arguments.extend(files.iter().map(String::as_str));
    let said = laptop.said(&arguments)?;
    Ok((laptop, said))
}

/// A random table: some columns may be missing, cells may be empty, and balances may not add up.
fn table_of(random: &mut StdRng) -> String {
    let (kinds, balances, services) = (
        random.random_bool(0.7),
        random.random_bool(0.5),
        random.random_bool(0.7),
    );
    let mut table = "date,amount".to_owned();
    for (there, title) in [
        (kinds, ",type"),
        (balances, ",balance"),
        (services, ",service,event"),
    ] {
        table.push_str(if there { title } else { "" });
    }
    table.push('\n');
    let mut balance = 0;
    for day in 0..random.random_range(1..40) {
        let kind = ["usage", "purchase", "renewal", "refund", "bonus", ""]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let cents: i64 = match kind {
            "usage" | "renewal" => -random.random_range(1..5_000),
            _ => random.random_range(1..9_000),
        };
        balance += cents + i64::from(random.random_bool(0.05));
        let amount = |cents: i64| {
            format!(
                "{}{}.{:02}",
                if cents < 0 { "-" } else { "" },
                cents.abs() / 100,
                cents.abs() % 100
            )
        };
        let _ = write!(
            table,
            "2026-{:02}-{:02} 10:00,{}",
            1 + day / 28,
            1 + day % 28,
            amount(cents)
        );
        if kinds {
            let _ = write!(table, ",{kind}");
        }
        if balances {
            let _ = write!(table, ",{}", amount(balance));
        }
        if services {
            let event = ["Miller wedding", "Gala", ""]
                .choose(random)
                .copied()
                .unwrap_or_default();
            let _ = write!(
                table,
                ",{},{event}",
                if kind == "usage" { "sms" } else { "" }
            );
        }
        table.push('\n');
    }
    table
}
