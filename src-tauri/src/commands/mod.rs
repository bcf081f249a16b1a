//! The commands that the page can call. Each is a few lines over the function in `app` that the command line also
//! calls.

use boothkeeper_app::domain::Seq;
use boothkeeper_app::history::Format;
use boothkeeper_app::history::{
    EntryDetail, Explanation, FoundRows, HistoryQuery, HistorySummary, RowView, Since,
};
use boothkeeper_app::outbox::{CommandView, OutboxView};
use boothkeeper_app::overview::{Overview, Update};
use boothkeeper_app::session::VerifyView;
use boothkeeper_app::session::{Remember, Setup};
use boothkeeper_app::{AppError, Code, Date};
use serde::Serialize;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::shell::Shell;

mod desktop;
mod disputes;
mod import;
mod plan;

pub(crate) use desktop::*;
pub(crate) use disputes::*;
pub(crate) use import::*;
pub(crate) use plan::*;

/// An error for the page: a code, and the causes shown under "details".
#[derive(Debug, Serialize)]
pub struct PageError {
    code: Code,
    problem: Option<&'static str>,
    causes: Vec<String>,
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        PageError {
            code: error.code,
            problem: error.problem.map(|code| code.name()),
            causes: error.causes(),
        }
    }
}

impl PageError {
    fn because(code: Code, error: &dyn std::error::Error) -> Self {
        PageError {
            code,
            problem: None,
            causes: vec![error.to_string()],
        }
    }
}

type PageResult<T> = Result<T, PageError>;

/// What the sign-in screen offers.
#[tauri::command]
pub async fn setup(shell: State<'_, Shell>) -> PageResult<Setup> {
    Ok(shell.own()?.session().setup(shell.cloud()).await)
}

/// Called by the page when it has drawn its first screen.
#[tauri::command]
pub fn shown() {
    tracing::info!("on screen");
}

/// Sends the overview now and after every change, until the page is closed.
#[tauri::command]
pub async fn watch(shell: State<'_, Shell>, channel: Channel<Update>) -> PageResult<()> {
    shell.watch(channel)?;
    Ok(())
}

#[tauri::command(async)]
pub fn overview(shell: State<'_, Shell>) -> PageResult<Overview> {
    Ok(shell.app()?.overview().view()?)
}

#[tauri::command]
pub async fn sign_in(
    shell: State<'_, Shell>,
    cloud: String,
    key: String,
    remember: Remember,
) -> PageResult<()> {
    let app = shell.own()?;
    app.session().sign_in(&cloud, Some(&key), remember).await?;
    Ok(app.session().start()?)
}

#[tauri::command]
pub async fn sign_in_to_demo(
    shell: State<'_, Shell>,
    cloud: String,
    remember: Remember,
) -> PageResult<()> {
    let app = shell.own()?;
    app.session().sign_in_to_demo(&cloud, remember).await?;
    Ok(app.session().start()?)
}

/// Signs out and discards unsent actions. The page has already warned about them.
#[tauri::command]
pub async fn sign_out(shell: State<'_, Shell>) -> PageResult<()> {
    Ok(shell.app()?.session().sign_out(true).await?)
}

#[tauri::command]
pub async fn try_again(shell: State<'_, Shell>) -> PageResult<()> {
    Ok(shell.app()?.session().try_again()?)
}

#[tauri::command]
pub async fn verify(shell: State<'_, Shell>) -> PageResult<VerifyView> {
    Ok(shell.app()?.session().verify_and_repair().await?)
}

#[tauri::command(async)]
pub fn history_summary(shell: State<'_, Shell>, query: HistoryQuery) -> PageResult<HistorySummary> {
    Ok(shell.app()?.history().summary(&query)?)
}

#[tauri::command(async)]
pub fn history_rows(
    shell: State<'_, Shell>,
    query: HistoryQuery,
    day: Date,
    offset: u32,
    limit: u32,
) -> PageResult<Vec<RowView>> {
    Ok(shell.app()?.history().rows(&query, day, offset, limit)?)
}

#[tauri::command(async)]
pub fn history_search(
    shell: State<'_, Shell>,
    query: HistoryQuery,
    before: Option<Seq>,
    limit: u32,
) -> PageResult<FoundRows> {
    Ok(shell.app()?.history().search(&query, before, limit)?)
}

/// Explains the change of the balance after an entry, or from a day on; by default over the last 30 days.
#[tauri::command(async)]
pub fn explain(
    shell: State<'_, Shell>,
    from: Option<Date>,
    after: Option<Seq>,
) -> PageResult<Explanation> {
    let since = after.map_or(Since::Days(from, None), Since::Entry);
    Ok(shell.app()?.history().explain(since)?)
}

#[tauri::command(async)]
pub fn entry(shell: State<'_, Shell>, seq: Seq) -> PageResult<EntryDetail> {
    Ok(shell.app()?.history().entry(seq)?)
}

/// Exports the history to a file chosen in a native dialog, so that the page never passes a path. Returns the number
/// of entries written, `None` if the dialog was cancelled.
#[tauri::command(async)]
pub fn export_history(
    handle: AppHandle,
    shell: State<'_, Shell>,
    query: HistoryQuery,
) -> PageResult<Option<u64>> {
    let chosen = handle
        .dialog()
        .file()
        .add_filter("CSV", &["csv"])
        .add_filter("JSON", &["json"])
        .set_file_name("history.csv")
        .blocking_save_file();
    let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
        return Ok(None);
    };
    let format = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => Format::Json,
        _ => Format::Csv,
    };
    Ok(Some(
        shell.app()?.history().export_to(&query, format, &path)?,
    ))
}

#[tauri::command(async)]
pub fn outbox(shell: State<'_, Shell>) -> PageResult<OutboxView> {
    Ok(shell.app()?.outbox().list()?)
}

#[tauri::command(async)]
pub fn cancel_command(shell: State<'_, Shell>, id: String) -> PageResult<CommandView> {
    Ok(shell.app()?.outbox().cancel(&id)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    include!("list.rs");

    fn quoted<'a>(text: &'a str, before: &str) -> BTreeSet<&'a str> {
        let after = |at: usize| text[at + before.len()..].split(['"', ',', '\'']).next();
        text.match_indices(before)
            .filter_map(|(at, _)| after(at))
            .collect()
    }

    #[test]
    fn commands_declared_handled_permitted_and_called_by_page_are_the_same() {
        let declared: BTreeSet<_> = COMMANDS.iter().copied().collect();
        let handled = quoted(include_str!("../main.rs"), "commands::");
        let handled: BTreeSet<_> = handled.into_iter().filter(|c| !c.contains(';')).collect();
        assert_eq!(handled, declared, "the handler");

        let granted = quoted(include_str!("../../capabilities/main.json"), "\"allow-");
        let granted: BTreeSet<_> = granted.iter().map(|c| c.replace('-', "_")).collect();
        let expected: BTreeSet<_> = declared.iter().map(ToString::to_string).collect();
        assert_eq!(granted, expected, "the capability");

        let called = quoted(include_str!("../../../ui/src/api/calls.ts"), ">('");
        assert_eq!(called, declared, "the page");
    }
}
