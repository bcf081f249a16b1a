//! The texts in the terminal and in the window about accounts with random histories have no missing value, no message
//! key and no untranslated text. A failing history replays with `BOOTHKEEPER_SEED=N`.

mod life;
mod sentences;
mod tables;
mod verbs;

use boothkeeper_domain::Programme;
use boothkeeper_tests::desktop::Desktop;
use boothkeeper_tests::process::rounds;
use boothkeeper_tests::window::{Start, Window};

use life::Life;
use sentences::Sentences;
use verbs::{assert_sentences_of_imported, assert_sentences_of_life};

/// The seeds of the random histories that a test plays.
fn seeds(ordinary: usize, long: usize) -> Vec<u64> {
    match std::env::var("BOOTHKEEPER_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..rounds(ordinary, long) as u64).collect(),
    }
}

#[tokio::test]
async fn terminal_texts_of_random_booth_accounts_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(3, 200) {
        assert_sentences_of_life(Programme::Booth, seed).await?;
    }
    Ok(())
}

#[tokio::test]
async fn terminal_texts_of_random_studio_accounts_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(3, 200) {
        assert_sentences_of_life(Programme::Studio, seed).await?;
    }
    Ok(())
}

#[test]
fn terminal_texts_of_random_imported_tables_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(8, 200) {
        assert_sentences_of_imported(seed)?;
    }
    Ok(())
}

/// Plays a random history of an account, and checks all texts of the window on it, shown in the pseudo-locale.
async fn assert_window_of_life(programme: Programme, seed: u64) -> anyhow::Result<()> {
    let desk = Desktop::new()?;
    let mut life = Life::begin(programme, seed, &desk.folder().join("life")).await?;
    life.live(40).await?;
    let data = life.laptop.data.clone();
    let start = Start {
        key: Some(&life.account.key),
        data: Some(&data),
        pseudo: true,
        ..Start::default()
    };
    let window = Window::open(&desk, start).await?;
    window.text("main [data-trust]").await?;
    let mut sentences = Sentences::of(format!("{programme:?}, seed {seed}"));
    verbs::read_window(&window, &mut sentences).await?;
    sentences.assert_whole()
}

#[tokio::test]
async fn window_texts_of_random_booth_accounts_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(1, 30) {
        assert_window_of_life(Programme::Booth, seed).await?;
    }
    Ok(())
}

#[tokio::test]
async fn window_texts_of_random_studio_accounts_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(1, 30) {
        assert_window_of_life(Programme::Studio, seed).await?;
    }
    Ok(())
}

#[tokio::test]
async fn window_texts_of_imported_table_and_first_screen_have_no_faults() -> anyhow::Result<()> {
    for seed in seeds(1, 30) {
        let desk = Desktop::new()?;
        tables::import(&desk.data(), seed)?;
        let start = Start {
            pseudo: true,
            ..Start::default()
        };
        let window = Window::open(&desk, start).await?;
        let mut sentences = Sentences::of(format!("imported, seed {seed}"));
        window.text("button.choice").await?;
        verbs::read_page(&window, "first screen", &mut sentences).await?;
        window.click("button.choice:last-of-type").await?;
        window.text("main [data-trust]").await?;
        verbs::read_window(&window, &mut sentences).await?;
        sentences.assert_whole()?;
    }
    Ok(())
}
