//! What the terminal and the window say about an account, checked sentence by sentence.

use anyhow::ensure;
use boothkeeper_domain::Programme;
use boothkeeper_tests::window::Window;
use serde_json::json;
use tempfile::tempdir;

use super::life::Life;
use super::sentences::Sentences;
use super::tables;

/// Commands that print something and change nothing.
const TELLING: [&[&str]; 13] = [
    &["balance"],
    &["history"],
    &["history", "--text", "refund"],
    &["explain"],
    &["explain", "--from", "2026-01-01"],
    &["plan"],
    &["renewal", "preview"],
    &["deadlines"],
    &["runway"],
    &["outbox", "list"],
    &["dispute", "list"],
    &["verify"],
    &["pause"],
];

/// Selector of the buttons that lead to the window's screens.
const SCREENS: &str = "nav .item";
/// Selector of the enabled buttons of a screen.
const BUTTONS: &str = "main button:not([disabled])";
/// Most buttons of one screen that are pressed.
const PRESSED: usize = 12;

/// Plays a random history of an account in three parts, and after each checks all that the terminal prints about it.
pub async fn assert_sentences_of_life(programme: Programme, seed: u64) -> anyhow::Result<()> {
    let folder = tempdir()?;
    let mut life = Life::begin(programme, seed, folder.path()).await?;
    for stop in 0..3 {
        life.live(12).await?;
        for verb in TELLING {
            life.says(verb)?;
        }
        for id in life.disputes()? {
            life.says(&["dispute", "show", &id])?;
            let mail = folder.path().join(format!("{id}-{stop}.eml"));
            life.says(&["dispute", "save-eml", &id, &mail.display().to_string()])?;
        }
    }
    life.assert_whole()
}

/// Imports a random table, and checks all that the terminal prints about it.
pub fn assert_sentences_of_imported(seed: u64) -> anyhow::Result<()> {
    let folder = tempdir()?;
    let (laptop, said) = tables::import(folder.path(), seed)?;
    let mut sentences = Sentences::of(format!("imported, seed {seed}"));
    sentences.check("import", &said);
    let new = ["dispute", "new", "--kind", "failed_run", "--entry", "2"];
    for verb in TELLING.into_iter().chain([&new[..], &["dispute", "list"]]) {
        let verb = [&["--imported"], verb].concat();
        sentences.check(&format!("{verb:?}"), &laptop.said(&verb)?);
    }
    sentences.assert_whole()
}

/// Goes through all screens of the window, presses buttons, and checks all texts after each press.
pub async fn read_window(window: &Window, sentences: &mut Sentences) -> anyhow::Result<()> {
    let count = async |what: &str| {
        let script = "return document.querySelectorAll(arguments[0]).length";
        let count = window.script(script, vec![json!(what)]).await?;
        anyhow::Ok(count.as_u64().unwrap_or(0))
    };
    let press = async |what: &str, at: u64| {
        // A dialog may have closed or the account may be signed out since the buttons were counted.
        let script = "const [what, at, done] = arguments;
            document.querySelectorAll(what)[at]?.click();
            requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        window
            .page
            .execute_async(script, vec![json!(what), json!(at)])
            .await?;
        anyhow::Ok(())
    };
    let screens = count(SCREENS).await?;
    ensure!(screens >= 4, "only {screens} screens");
    for screen in 0..screens {
        press(SCREENS, screen).await?;
        read_page(window, &format!("screen {screen}"), sentences).await?;
        let buttons = count(BUTTONS).await?;
        for button in (0..buttons).step_by(1 + buttons as usize / PRESSED) {
            press(BUTTONS, button).await?;
            let place = format!("screen {screen}, button {button}");
            read_page(window, &place, sentences).await?;
            press("dialog[open] header button", 0).await?;
            press(SCREENS, screen).await?;
        }
    }
    Ok(())
}

/// Checks all texts of the page, and the names that only screen readers read.
pub async fn read_page(
    window: &Window,
    place: &str,
    sentences: &mut Sentences,
) -> anyhow::Result<()> {
    let script = "const texts = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
        for (let at = walker.currentNode; at; at = walker.nextNode()) {
            if (['SCRIPT', 'STYLE', 'KBD', 'CODE'].includes(at.tagName)) continue;
            for (const name of ['title', 'aria-label', 'placeholder', 'alt']) texts.push(at.getAttribute(name) ?? '');
            for (const child of at.childNodes) if (child.nodeType === Node.TEXT_NODE) texts.push(child.data.trim());
        }
        return texts.filter((text) => text);";
    let texts: Vec<String> = serde_json::from_value(window.script(script, vec![]).await?)?;
    ensure!(!texts.is_empty(), "{place}: no texts");
    for text in texts {
        sentences.check(place, &text);
    }
    window.assert_no_hole().await
}
