//! What the operator decides about plan and money, each on what was shown.

use boothkeeper_app::Action;
use boothkeeper_app::domain::Amount;
use boothkeeper_app::domain::account::PaymentOrder;
use boothkeeper_app::domain::billing::quote::Quote;
use boothkeeper_app::outbox::CommandView;
use boothkeeper_app::plan::{BuyView, Decision, Foreseen};
use boothkeeper_app::plan::{ChoicesView, PauseView};
use tauri::{State, WebviewWindow};
use tauri_plugin_dialog::{
    DialogExt, MessageDialogButtons, MessageDialogKind, MessageDialogResult,
};

use super::Answer;
use crate::shell::Shell;

#[tauri::command(async)]
pub fn buy_credits(shell: State<'_, Shell>, amount: Amount) -> Answer<CommandView> {
    Ok(shell.app()?.plan().buy_credits(amount)?)
}

#[tauri::command(async)]
pub fn set_auto_recharge(shell: State<'_, Shell>, enabled: bool) -> Answer<CommandView> {
    Ok(shell.app()?.plan().set_auto_recharge(enabled)?)
}

#[tauri::command(async)]
pub fn buy_preview(shell: State<'_, Shell>, amount: Amount) -> Answer<BuyView> {
    Ok(shell.app()?.plan().buy_preview(amount)?)
}

#[tauri::command(async)]
pub fn dismiss_command(shell: State<'_, Shell>, id: String) -> Answer<()> {
    Ok(shell.app()?.outbox().dismiss(&id)?)
}

#[tauri::command(async)]
pub fn choices(shell: State<'_, Shell>) -> Answer<ChoicesView> {
    Ok(shell.app()?.plan().choices()?)
}

#[tauri::command(async)]
pub fn set_payment_order(shell: State<'_, Shell>, order: PaymentOrder) -> Answer<CommandView> {
    Ok(shell.app()?.plan().set_payment_order(order)?)
}

#[tauri::command(async)]
pub fn redeem_coupon(shell: State<'_, Shell>, code: String) -> Answer<CommandView> {
    Ok(shell.app()?.plan().redeem_coupon(&code)?)
}

#[tauri::command(async)]
pub fn quote(shell: State<'_, Shell>, decision: Decision) -> Answer<Foreseen> {
    Ok(shell.app()?.plan().foresee(&decision.into())?)
}

#[tauri::command(async)]
pub fn pause_preview(shell: State<'_, Shell>) -> Answer<PauseView> {
    Ok(shell.app()?.plan().pause_preview()?)
}

/// Decides on what was seen. What destroys something is asked about once more, natively, where no page
/// can press the button. `None` if the operator changed their mind.
#[tauri::command(async)]
pub fn decide(
    window: WebviewWindow,
    shell: State<'_, Shell>,
    decision: Decision,
    seen: Quote,
) -> Answer<Option<CommandView>> {
    let action = Action::from(decision);
    let app = shell.app()?;
    if !seen.destroyed.is_empty() {
        let free = app.plan().free_plan()?.name;
        if !is_sure(&window, &free, seen.destroyed.len()) {
            return Ok(None);
        }
    }
    Ok(Some(app.plan().decide(&action, seen)?))
}

/// The first button has the focus, so that a stray Enter keeps everything; closing counts as the third.
fn is_sure(window: &WebviewWindow, free: &str, events: usize) -> bool {
    const DELETE: &str = "Delete and switch";
    let what = match events {
        1 => "1 event and its gallery".to_owned(),
        events => format!("{events} events and their galleries"),
    };
    let pressed = window
        .dialog()
        .message(format!("This deletes {what} for good. Credits are kept."))
        .title(format!("Switch to {free}?"))
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::YesNoCancelCustom(
            "Keep everything".to_owned(),
            DELETE.to_owned(),
            "Cancel".to_owned(),
        ))
        .parent(window)
        .blocking_show_with_result();
    pressed == MessageDialogResult::Custom(DELETE.to_owned())
}
