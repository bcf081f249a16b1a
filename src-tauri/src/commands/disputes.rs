//! Commands for disputes and findings. Files are chosen in a native dialog and read here, so the page never passes a
//! path.

use boothkeeper_app::disputes::{Begin, DisputeView, DisputesView, DraftView, Edits, FileView};
use boothkeeper_app::domain::{Hash, Seq};
use boothkeeper_app::history::{FoundRows, LastSeen};
use boothkeeper_app::outbox::CommandView;
use boothkeeper_app::{AppError, Code};
use boothkeeper_messages::desktop;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use super::{PageError, PageResult};
use crate::shell::Shell;

#[tauri::command(async)]
pub fn last_look(shell: State<'_, Shell>) -> PageResult<Option<LastSeen>> {
    Ok(shell.app()?.history().last_seen()?)
}

#[tauri::command(async)]
pub fn look(shell: State<'_, Shell>, seq: Seq) -> PageResult<()> {
    Ok(shell.app()?.history().mark_seen(seq)?)
}

#[tauri::command(async)]
pub fn history_entries(shell: State<'_, Shell>, seqs: Vec<Seq>) -> PageResult<FoundRows> {
    Ok(shell.app()?.history().entries(&seqs)?)
}

#[tauri::command(async)]
pub fn disputes(shell: State<'_, Shell>) -> PageResult<DisputesView> {
    Ok(shell.app()?.disputes().list()?)
}

/// A draft or a ticket. Files that are dropped on the window from now on are attached to the draft.
#[tauri::command(async)]
pub fn dispute(shell: State<'_, Shell>, id: String) -> PageResult<DisputeView> {
    let view = shell.app()?.disputes().show(&id)?;
    shell.set_open_draft(match &view {
        DisputeView::Draft(draft) => Some(draft.id.clone()),
        DisputeView::Ticket(_) => None,
    });
    Ok(view)
}

#[tauri::command(async)]
pub fn begin_dispute(shell: State<'_, Shell>, begin: Begin) -> PageResult<DraftView> {
    Ok(shell.app()?.disputes().begin(&begin)?)
}

#[tauri::command(async)]
pub fn edit_draft(shell: State<'_, Shell>, id: String, edits: Edits) -> PageResult<DraftView> {
    Ok(shell.app()?.disputes().edit(&id, edits)?)
}

/// Attaches a file that the operator chooses to a draft. `None` if the dialog was cancelled.
#[tauri::command(async)]
pub fn attach_file(
    handle: AppHandle,
    shell: State<'_, Shell>,
    id: String,
) -> PageResult<Option<DraftView>> {
    let chosen = handle
        .dialog()
        .file()
        .add_filter(
            desktop::files_receipts(),
            &["pdf", "png", "jpg", "jpeg", "eml"],
        )
        .blocking_pick_file();
    let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
        return Ok(None);
    };
    Ok(Some(shell.app()?.disputes().attach(&id, &path)?))
}

#[tauri::command(async)]
pub fn detach_file(shell: State<'_, Shell>, id: String, sha256: Hash) -> PageResult<DraftView> {
    Ok(shell.app()?.disputes().detach(&id, &sha256)?)
}

#[tauri::command(async)]
pub fn drop_draft(shell: State<'_, Shell>, id: String) -> PageResult<()> {
    Ok(shell.app()?.disputes().discard(&id)?)
}

/// The files that the app would attach to a draft if it were sent now.
#[tauri::command(async)]
pub fn prepare_dispute(shell: State<'_, Shell>, id: String) -> PageResult<Vec<FileView>> {
    Ok(shell.app()?.disputes().prepare(&id)?)
}

#[tauri::command(async)]
pub fn send_dispute(shell: State<'_, Shell>, id: String) -> PageResult<DraftView> {
    Ok(shell.app()?.disputes().send(&id)?)
}

#[tauri::command(async)]
pub fn message_dispute(
    shell: State<'_, Shell>,
    id: String,
    text: String,
) -> PageResult<CommandView> {
    Ok(shell.app()?.disputes().message(&id, &text)?)
}

#[tauri::command(async)]
pub fn withdraw_dispute(shell: State<'_, Shell>, id: String) -> PageResult<Option<CommandView>> {
    Ok(shell.app()?.disputes().withdraw(&id)?)
}

/// Saves a dispute as e-mails where the operator chooses. Returns their number, `None` if the dialog was cancelled.
#[tauri::command(async)]
pub fn save_mail(
    handle: AppHandle,
    shell: State<'_, Shell>,
    id: String,
) -> PageResult<Option<usize>> {
    let chosen = handle
        .dialog()
        .file()
        .add_filter("E-mail", &["eml"])
        .set_file_name("dispute.eml")
        .blocking_save_file();
    let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
        return Ok(None);
    };
    Ok(Some(
        shell
            .app()?
            .disputes()
            .save_mail(&id, &path, None)?
            .saved
            .len(),
    ))
}

/// Opens a dispute as e-mails in the operator's mail program. Fails with `NoMailProgram` if there is none.
#[tauri::command(async)]
pub fn open_mail(handle: AppHandle, shell: State<'_, Shell>, id: String) -> PageResult<()> {
    if !has_mail_program() {
        return Err(AppError::new(Code::NoMailProgram).into());
    }
    for letter in shell.app()?.disputes().mail_for_program(&id)?.saved {
        let opened = handle
            .opener()
            .open_path(letter.to_string_lossy(), None::<&str>);
        opened.map_err(|error| PageError::from(AppError::because(Code::NoMailProgram, error)))?;
    }
    Ok(())
}

/// True if a program is registered for e-mail files. Checked first, because on Linux opening a file reports no error if
/// there is no program for it.
#[cfg(target_os = "linux")]
fn has_mail_program() -> bool {
    gtk::gio::AppInfo::default_for_type("message/rfc822", false).is_some()
}

/// Always true: other systems report an error if no program can open an e-mail file.
#[cfg(not(target_os = "linux"))]
fn has_mail_program() -> bool {
    true
}
