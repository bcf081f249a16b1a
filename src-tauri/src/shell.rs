//! The state of the desktop program: the app, or the error with which it failed to open.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use boothkeeper_app::overview::{Screen, Update};
use boothkeeper_app::{App, AppError};
use tauri::ipc::Channel;
use tokio::sync::watch;

pub struct Shell {
    app: OnceLock<Result<Arc<App>, AppError>>,
    /// The imported account, while the page shows it instead of the operator's own.
    imported: watch::Sender<Option<Arc<App>>>,
    /// Files that the operator chose to import. They are kept here so that the page never passes a path.
    chosen: Mutex<Vec<PathBuf>>,
    cloud: Option<String>,
    /// The last update for the page other than the overview, with a running number.
    asked: watch::Sender<(u64, Update)>,
    /// Id of the draft on screen. Files that are dropped on the window are attached to it.
    composing: Mutex<Option<String>>,
}

/// Longest time between two overviews that are sent to an open page. The age of the local copy and its trust level
/// change with time alone.
const TICK: Duration = Duration::from_secs(5);

impl Shell {
    pub fn new(cloud: Option<String>) -> Self {
        Shell {
            app: OnceLock::new(),
            imported: watch::Sender::new(None),
            chosen: Mutex::default(),
            cloud,
            asked: watch::Sender::new((0, Update::Show(Screen::Overview))),
            composing: Mutex::default(),
        }
    }

    /// Makes the main window's page show a screen, now or as soon as the page is open.
    pub fn ask_for(&self, screen: Screen) {
        self.send(Update::Show(screen));
    }

    fn send(&self, update: Update) {
        self.asked
            .send_modify(|asked| *asked = (asked.0 + 1, update));
    }

    /// Sets the id of the draft on screen.
    pub fn set_open_draft(&self, draft: Option<String>) {
        *self.composing() = draft;
    }

    /// Attaches files that were dropped on the window to the draft on screen, and sends the result to the page. Does
    /// nothing if no draft is on screen.
    pub fn dropped(&self, paths: &[PathBuf]) {
        let draft = self.composing().clone();
        let (Some(draft), Ok(app)) = (draft, self.app()) else {
            return;
        };
        let attached = paths
            .iter()
            .try_for_each(|path| app.disputes().attach(&draft, path).map(|_| ()));
        self.send(Update::Dropped(attached.err().map(|error| error.code)));
    }

    fn composing(&self) -> MutexGuard<'_, Option<String>> {
        self.composing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Opens the app and starts its sync engine. Runs while the window is being built; the page's calls wait until it
    /// is done.
    pub fn open(&self, open: impl FnOnce() -> Result<App, AppError>) {
        let app = self.app.get_or_init(|| open().map(Arc::new));
        if let Ok(app) = app {
            let _in_runtime = tauri::async_runtime::handle().inner().enter();
            app.session().start_quietly();
        }
    }

    /// The account that the page shows.
    pub fn app(&self) -> Result<Arc<App>, AppError> {
        let own = self.own()?;
        Ok(self
            .imported
            .borrow()
            .clone()
            .unwrap_or_else(|| own.clone()))
    }

    /// The operator's own account, even while the page shows the imported one.
    pub fn own(&self) -> Result<&Arc<App>, AppError> {
        self.app.wait().as_ref().map_err(AppError::again)
    }

    /// Makes the page show the imported account, or with `None` the operator's own.
    pub fn look_at(&self, imported: Option<App>) {
        self.set_open_draft(None);
        self.imported.send_replace(imported.map(Arc::new));
    }

    /// The files that were last chosen to be imported.
    pub fn chosen(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.chosen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Stops the sync engine if the app was opened.
    pub fn stop(&self) {
        if let Some(Ok(app)) = self.app.get() {
            app.session().stop();
        }
    }

    /// Address of the cloud that the sign-in screen proposes.
    pub fn cloud(&self) -> Option<&str> {
        self.cloud.as_deref()
    }

    /// Sends overviews and other updates to the page until the page is closed.
    pub fn watch(&self, channel: Channel<Update>) -> Result<(), AppError> {
        let own = self.own()?.clone();
        let mut imported = self.imported.subscribe();
        let mut asked = self.asked.subscribe();
        if asked.borrow().0 > 0 {
            asked.mark_changed();
        }
        tauri::async_runtime::spawn(async move {
            loop {
                let shown = imported.borrow_and_update().clone();
                let app = shown.unwrap_or_else(|| own.clone());
                let mut changes = app.changes();
                let reader = app.clone();
                let overview =
                    tauri::async_runtime::spawn_blocking(move || reader.overview().view()).await;
                match overview {
                    Ok(Ok(overview)) => {
                        if channel.send(Update::Overview(Box::new(overview))).is_err() {
                            // The page was closed; a new page opens its own channel.
                            return;
                        }
                    }
                    Ok(Err(error)) => tracing::warn!(?error, "the overview cannot be read"),
                    Err(_) => return,
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    changed = imported.changed() => if changed.is_err() { return },
                    changed = asked.changed() => {
                        let update = asked.borrow_and_update().1.clone();
                        if changed.is_err() || channel.send(update).is_err() {
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
