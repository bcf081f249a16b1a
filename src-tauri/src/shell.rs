//! The window's share of state: the app, or why it could not be opened.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use boothkeeper_app::views::{Screen, Update};
use boothkeeper_app::{App, AppError};
use tauri::ipc::Channel;
use tokio::sync::watch;

pub struct Shell {
    app: OnceLock<Result<Arc<App>, AppError>>,
    cloud: Option<String>,
    /// The screen that a click asked for, and which click it was.
    asked: watch::Sender<(u64, Screen)>,
}

/// "As of …" ages and "live" falls by time alone: the page hears at least this often while it is open.
const TICK: Duration = Duration::from_secs(5);

impl Shell {
    pub fn new(cloud: Option<String>) -> Self {
        Shell {
            app: OnceLock::new(),
            cloud,
            asked: watch::Sender::new((0, Screen::Overview)),
        }
    }

    /// Has the book's page open a screen, now or once it is there.
    pub fn ask_for(&self, screen: Screen) {
        self.asked
            .send_modify(|asked| *asked = (asked.0 + 1, screen));
    }

    /// Opens the app and has it follow the cloud. The window is built meanwhile: its page asks as soon as
    /// it is there, and waits for this.
    pub fn open(&self, open: impl FnOnce() -> Result<App, AppError>) {
        let app = self.app.get_or_init(|| open().map(Arc::new));
        if let Ok(app) = app {
            let _in_runtime = tauri::async_runtime::handle().inner().enter();
            app.start_quietly();
        }
    }

    pub fn app(&self) -> Result<&Arc<App>, AppError> {
        self.app.wait().as_ref().map_err(AppError::again)
    }

    /// Ends as it should, if it was ever opened.
    pub fn stop(&self) {
        if let Some(Ok(app)) = self.app.get() {
            app.stop();
        }
    }

    /// The cloud that the first screen proposes.
    pub fn cloud(&self) -> Option<&str> {
        self.cloud.as_deref()
    }

    pub fn watch(&self, channel: Channel<Update>) -> Result<(), AppError> {
        let app = self.app()?.clone();
        let mut asked = self.asked.subscribe();
        if asked.borrow().0 > 0 {
            asked.mark_changed();
        }
        tauri::async_runtime::spawn(async move {
            let mut changes = app.changes();
            loop {
                let reader = app.clone();
                let overview =
                    tauri::async_runtime::spawn_blocking(move || reader.overview()).await;
                match overview {
                    Ok(Ok(overview)) => {
                        if channel.send(Update::Overview(Box::new(overview))).is_err() {
                            // The page has gone: a new one watches anew.
                            return;
                        }
                    }
                    Ok(Err(error)) => tracing::warn!(?error, "the overview cannot be read"),
                    Err(_) => return,
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    changed = asked.changed() => {
                        let screen = asked.borrow_and_update().1;
                        if changed.is_err() || channel.send(Update::Show(screen)).is_err() {
                            return;
                        }
                    }
                    () = tokio::time::sleep(TICK) => {}
                }
            }
        });
        Ok(())
    }
}
