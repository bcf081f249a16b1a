//! `bench ENTRIES [--write]`: measures the figures of `docs/benchmarks.md`, each beside a limit or another program,
//! measured in the same run. `cargo xtask bench` makes a release build and starts it.

mod billing;
mod channels;
mod copy;
mod measure;
mod queries;
mod window;

use anyhow::Context;
use boothkeeper_tests::cloud::Cloud;
use measure::Line;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let entries = arguments.next().context("bench ENTRIES [--write]")?;
    let write = arguments.next().as_deref() == Some("--write");
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    println!("seeding {entries} entries …");
    let seed = ["--profile", "large", "--entries", &entries];
    let (cloud, account) = Cloud::seeded(&folder.join("cloud"), &seed)?;
    let data = folder.join("laptop");
    let mut table = ResultsTable::new(&entries);

    table.add(copy::sync_beside_limit(&data, &cloud, &account).await?);
    let app = copy::open(&data, &account)?;
    table.add(copy::verify(&app, &data)?);
    table.add_all(queries::balance(&data, &account)?);
    table.add_all(queries::pages(&app, &data, entries.parse()?)?);
    table.add_all(queries::sums(&app)?);
    table.add(queries::explained(&app)?);
    drop(app);
    table.add(channels::watching(folder, &cloud, &account).await?);
    table.add(window::start(&data, &account)?);
    table.add(window::scroll(&cloud, &account).await?);
    table.add(window::append_to_screen(folder, &cloud, &account).await?);
    drop(cloud);
    for smaller in [10_000, 100_000, 1_000_000] {
        table.add(copy::growth(folder, smaller).await?);
    }
    table.add(billing::engine()?);
    table.add(billing::ten_years(folder).await?);
    table.add_all(channels::appends(folder).await?);
    table.add(channels::channels(folder, 10_000).await?);
    table.end(write)
}

const PAGE: &str = "docs/benchmarks.md";
const NOTES: &str = "\n## Notes";

/// The Markdown table of results; each row is printed when it is added.
struct ResultsTable(String);

impl ResultsTable {
    fn new(entries: &str) -> Self {
        let head = format!(
            "# Benchmarks\n\nPrinted by `cargo xtask bench`, release build, {entries} entries. Ratios are of one run on one\nmachine; absolute times only inform.\n\n| what | ours | beside it | ratio | goal |\n|---|---|---|---|---|\n"
        );
        print!("{head}");
        ResultsTable(head)
    }

    fn add(&mut self, line: Line) {
        let Line {
            what,
            ours,
            peer,
            ratio,
            goal,
        } = line;
        let row = format!("| {what} | {ours} | {peer} | {ratio} | {goal} |\n");
        print!("{row}");
        self.0.push_str(&row);
    }

    fn add_all(&mut self, lines: Vec<Line>) {
        lines.into_iter().for_each(|line| self.add(line));
    }

    fn end(self, write: bool) -> anyhow::Result<()> {
        if write {
            // Keep the hand-written notes below the table.
            let before = std::fs::read_to_string(PAGE).unwrap_or_default();
            let notes = before.find(NOTES).map_or("", |at| &before[at..]);
            std::fs::write(PAGE, format!("{}{notes}", self.0))?;
        }
        Ok(())
    }
}
