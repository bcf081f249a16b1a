//! Commands for the plan and payments.

use boothkeeper_app::Action;
use boothkeeper_app::domain::Amount;
use boothkeeper_app::domain::account::PaymentOrder;
use boothkeeper_app::domain::billing::quote::Quote;
use boothkeeper_app::outbox::CommandView;
use boothkeeper_app::plan::{BuyView, DecisionPreview, PlanDecision};
use boothkeeper_app::plan::{ChoicesView, PauseView};
use boothkeeper_messages::desktop;
use tauri::{State, WebviewWindow};
use tauri_plugin_dialog::{
    DialogExt, MessageDialogButtons, MessageDialogKind, MessageDialogResult,
};

use super::PageResult;
use crate::shell::Shell;

#[tauri::command(async)]
pub fn buy_credits(shell: State<'_, Shell>, amount: Amount) -> PageResult<CommandView> {
    Ok(shell.app()?.plan().buy_credits(amount)?)
}

#[tauri::command(async)]
pub fn set_auto_recharge(shell: State<'_, Shell>, enabled: bool) -> PageResult<CommandView> {
    Ok(shell.app()?.plan().set_auto_recharge(enabled)?)
}

#[tauri::command(async)]
pub fn buy_preview(shell: State<'_, Shell>, amount: Amount) -> PageResult<BuyView> {
    Ok(shell.app()?.plan().buy_preview(amount)?)
}

#[tauri::command(async)]
pub fn dismiss_command(shell: State<'_, Shell>, id: String) -> PageResult<()> {
    Ok(shell.app()?.outbox().dismiss(&id)?)
}

#[tauri::command(async)]
pub fn choices(shell: State<'_, Shell>) -> PageResult<ChoicesView> {
    Ok(shell.app()?.plan().choices()?)
}

#[tauri::command(async)]
pub fn set_payment_order(shell: State<'_, Shell>, order: PaymentOrder) -> PageResult<CommandView> {
    Ok(shell.app()?.plan().set_payment_order(order)?)
}

#[tauri::command(async)]
pub fn redeem_coupon(shell: State<'_, Shell>, code: String) -> PageResult<CommandView> {
    Ok(shell.app()?.plan().redeem_coupon(&code)?)
}

#[tauri::command(async)]
pub fn quote(shell: State<'_, Shell>, decision: PlanDecision) -> PageResult<DecisionPreview> {
    Ok(shell.app()?.plan().preview_decision(&decision.into())?)
}

#[tauri::command(async)]
pub fn pause_preview(shell: State<'_, Shell>) -> PageResult<PauseView> {
    Ok(shell.app()?.plan().pause_preview()?)
}

/// Queues a decision that was made on the quote `seen`. If the decision deletes events, a native dialog asks for
/// confirmation first, because no script of the page can press its button. `None` if the dialog was cancelled.
#[tauri::command(async)]
pub fn decide(
    window: WebviewWindow,
    shell: State<'_, Shell>,
    decision: PlanDecision,
    seen: Quote,
) -> PageResult<Option<CommandView>> {
    let action = Action::from(decision);
    let app = shell.app()?;
    if !seen.destroyed.is_empty() {
        let free = app.plan().free_plan()?.name;
        if !confirms_deletion(&window, &free, seen.destroyed.len()) {
            return Ok(None);
        }
    }
    Ok(Some(app.plan().decide(&action, seen)?))
}

/// Asks whether to delete the events. The first button has the focus, so that an accidental Enter deletes nothing;
/// closing the dialog counts as the third button.
fn confirms_deletion(window: &WebviewWindow, free: &str, events: usize) -> bool {
    let delete = desktop::pause_delete();
    let pressed = window
        .dialog()
        .message(desktop::pause_text(events as u64))
        .title(desktop::pause_title(free))
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::YesNoCancelCustom(
            desktop::pause_keep(),
            delete.clone(),
            desktop::pause_cancel(),
        ))
        .parent(window)
        .blocking_show_with_result();
    pressed == MessageDialogResult::Custom(delete)
}
