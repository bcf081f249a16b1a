//! Native file dialogs, drag and drop, and the mail program.

use boothkeeper_tests::process::until;
use boothkeeper_tests::window::Window;

use super::{MESSAGE, act_on, with_failed_run};

/// Native dialogs and drag and drop: attach files to a draft, save its e-mail, and import a history without a cloud.
#[tokio::test]
async fn native_dialogs_attach_files_save_mail_and_import_history() -> anyhow::Result<()> {
    let (desk, cloud, account) = with_failed_run().await?;
    let receipt = desk.folder().join("receipt.pdf");
    std::fs::write(&receipt, b"%PDF-1.7\nthanks\n")?;
    // Installed before the window starts: running programs notice a new mail program only after a delay.
    let opened = desk.put_mail_program()?;
    let window = Window::open_live(&desk, &cloud, &account).await?;
    act_on(&window, "run_failed_not_refunded").await?;
    window.click_button("Add file").await?;
    window.pick_natively("Open File", "receipt.pdf").await?;
    window
        .wait_for_text("[data-file='receipt.pdf']", |text| text.contains("yours"))
        .await?;
    let picture = desk.folder().join("screen.png");
    std::fs::write(&picture, include_bytes!("../../../icons/app/32x32.png"))?;
    window.drop_natively(&picture).await?;
    window
        .wait_for_text("[data-file='screen.png']", |text| text.contains("yours"))
        .await?;
    let letter = desk.folder().join("letter.eml");
    window.click_button("Save e-mail").await?;
    window.pick_natively("Save File", "letter.eml").await?;
    window
        .wait_for_text(".composer", |text| text.contains("Saved 1 letter"))
        .await?;
    let saved = std::fs::read_to_string(&letter)?;
    assert!(saved.contains("receipt.pdf"), "attached");

    window.click_button("Settings").await?;
    window.click_button("Import a history…").await?;
    let table = desk.folder().join("vendor.csv");
    std::fs::write(
        &table,
        "Date,What,Change,Balance\n03/04/2026,Top-up,50.00,50.00\n05/04/2026,AI run,-1.25,48.75\n",
    )?;
    window.click_button("Choose files").await?;
    window.pick_natively("Open File", "vendor.csv").await?;
    window.text("[data-ask='ask_dates']").await?;
    window.choose("Dates", "dmy").await?;
    window.click("dialog .primary").await?;
    window.text("[data-imported='2']").await?;
    window.click_button("Close").await?;
    window
        .wait_for_text("main [data-trust='imported']", |text| {
            text.contains("mported")
        })
        .await?;
    window.text("[data-balance='4875']").await?;

    window.click_button("Disputes").await?;
    window.click_button("New dispute").await?;
    window.type_into(MESSAGE, "Where did it go?").await?;
    window.click_button("Open in mail program").await?;
    until("the e-mail in the mail program", async || {
        let letter = std::fs::read_to_string(&opened).unwrap_or_default();
        let whole = letter.contains("Where did it go?") && letter.contains("statement.pdf");
        Ok(whole.then_some(()))
    })
    .await
}
