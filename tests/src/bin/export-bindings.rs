//! Writes the page's TypeScript types to a folder: `export-bindings DIR`. Started by `cargo xtask bindings`.

use std::path::PathBuf;

use boothkeeper_app::Code;
use boothkeeper_app::disputes::{Begin, DisputeView, DisputesView, Edits, FileView};
use boothkeeper_app::history::{
    EntryDetail, Explanation, FoundRows, HistoryQuery, HistorySummary, LastSeen, RowView,
};
use boothkeeper_app::import::{Field, ImportOwner, Imported, Mapping, TablePreview};
use boothkeeper_app::outbox::{CommandView, OutboxView};
use boothkeeper_app::overview::Update;
use boothkeeper_app::plan::{BuyView, DecisionPreview, PlanDecision};
use boothkeeper_app::plan::{ChoicesView, PauseView};
use boothkeeper_app::session::VerifyView;
use boothkeeper_app::session::{Preferences, Remember, Setup};
use ts_rs::{Config, TS};

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| anyhow::anyhow!("export-bindings DIR"))?;
    // Every number the app sends is below 2^53: counts, seqs and amounts alike.
    let config = Config::new().with_large_int("number").with_out_dir(&folder);
    Update::export_all(&config)?;
    ChoicesView::export_all(&config)?;
    PauseView::export_all(&config)?;
    BuyView::export_all(&config)?;
    PlanDecision::export_all(&config)?;
    Explanation::export_all(&config)?;
    DecisionPreview::export_all(&config)?;
    Preferences::export_all(&config)?;
    HistoryQuery::export_all(&config)?;
    HistorySummary::export_all(&config)?;
    FoundRows::export_all(&config)?;
    RowView::export_all(&config)?;
    EntryDetail::export_all(&config)?;
    OutboxView::export_all(&config)?;
    CommandView::export_all(&config)?;
    VerifyView::export_all(&config)?;
    Setup::export_all(&config)?;
    Remember::export_all(&config)?;
    Code::export_all(&config)?;
    LastSeen::export_all(&config)?;
    Begin::export_all(&config)?;
    Edits::export_all(&config)?;
    DisputesView::export_all(&config)?;
    DisputeView::export_all(&config)?;
    FileView::export_all(&config)?;
    Field::export_all(&config)?;
    Mapping::export_all(&config)?;
    TablePreview::export_all(&config)?;
    Imported::export_all(&config)?;
    ImportOwner::export_all(&config)?;
    std::fs::write(folder.join("messages.ts"), boothkeeper_messages::TYPESCRIPT)?;
    Ok(())
}
