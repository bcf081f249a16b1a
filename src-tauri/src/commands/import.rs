//! Commands to import a history. Files are chosen in a native dialog and remembered here, so the page never passes a
//! path.

use boothkeeper_app::domain::Programme;
use boothkeeper_app::import::{self, ImportOwner, Imported, Mapping, TablePreview};
use boothkeeper_messages::desktop;
use serde::Serialize;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use super::PageResult;
use crate::shell::Shell;

/// Names of the chosen files, and a preview of the first table among them.
#[derive(Debug, Serialize)]
pub struct ChosenFiles {
    files: Vec<String>,
    preview: Option<TablePreview>,
}

/// Lets the operator choose the files to import. `None` if the dialog was cancelled.
#[tauri::command(async)]
pub fn choose_import(
    handle: AppHandle,
    shell: State<'_, Shell>,
    programme: Programme,
) -> PageResult<Option<ChosenFiles>> {
    let chosen = handle
        .dialog()
        .file()
        .add_filter(
            desktop::files_history(),
            &["csv", "json", "eml", "pdf", "txt", "tsv"],
        )
        .blocking_pick_files();
    let Some(chosen) = chosen else {
        return Ok(None);
    };
    let paths: Vec<_> = chosen
        .into_iter()
        .filter_map(|file| file.into_path().ok())
        .collect();
    let names = paths.iter().filter_map(|path| path.file_name());
    let files = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    shell.chosen().clone_from(&paths);
    let preview = import::preview(shell.own()?.options(), &paths, programme, None).ok();
    Ok(Some(ChosenFiles { files, preview }))
}

/// A preview of the chosen table, read with the given mapping.
#[tauri::command(async)]
pub fn preview_import(
    shell: State<'_, Shell>,
    programme: Programme,
    mapping: Mapping,
) -> PageResult<TablePreview> {
    let paths = shell.chosen().clone();
    let options = shell.own()?.options();
    Ok(import::preview(options, &paths, programme, Some(&mapping))?)
}

/// Imports the chosen files and shows the imported account.
#[tauri::command(async)]
pub fn import_history(
    shell: State<'_, Shell>,
    whose: ImportOwner,
    mapping: Option<Mapping>,
) -> PageResult<Imported> {
    let paths = shell.chosen().clone();
    // Close the imported account, so that its files are not open while they are replaced.
    shell.look_at(None);
    let options = shell.own()?.options();
    let (app, imported) = import::import(options, &paths, &whose, mapping.as_ref())?;
    shell.look_at(Some(app));
    Ok(imported)
}

#[tauri::command(async)]
pub fn look_at_imported(shell: State<'_, Shell>, wanted: bool) -> PageResult<()> {
    let imported = match wanted {
        true => Some(import::open(shell.own()?.options())?),
        false => None,
    };
    shell.look_at(imported);
    Ok(())
}
