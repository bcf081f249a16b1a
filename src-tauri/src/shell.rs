//! The window's share of state: the app, or why it could not be opened.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use boothkeeper_app::overview::{Screen, Update};
use boothkeeper_app::{App, AppError};
use tauri::ipc::Channel;
use tokio::sync::watch;

pub struct Shell {
    app: OnceLock<Result<Arc<App>, AppError>>,
    /// The imported account, while that is the one looked at.
    imported: watch::Sender<Option<Arc<App>>>,
    /// Files that were chosen to be imported: the page never names a path.
    chosen: Mutex<Vec<PathBuf>>,
    cloud: Option<String>,
    /// What the page is to hear of beside the overview, and the how manieth thing it was.
    asked: watch::Sender<(u64, Update)>,
    /// The draft that is being written: what is dropped on the window goes to it.
    composing: Mutex<Option<String>>,
}

/// "As of …" ages and "live" falls by time alone: the page hears at least this often while it is open.
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

    /// Has the book's page open a screen, now or once it is there.
    pub fn ask_for(&self, screen: Screen) {
        self.tell(Update::Show(screen));
    }

    fn tell(&self, update: Update) {
        self.asked
            .send_modify(|asked| *asked = (asked.0 + 1, update));
    }

    /// The draft that is on screen, if one is.
    pub fn compose(&self, draft: Option<String>) {
        *self.composing() = draft;
    }

    /// Files that were dropped on the window; the page hears what became of them.
    pub fn dropped(&self, paths: &[PathBuf]) {
        let draft = self.composing().clone();
        let (Some(draft), Ok(app)) = (draft, self.app()) else {
            return;
        };
        let attached = paths
            .iter()
            .try_for_each(|path| app.disputes().attach(&draft, path).map(|_| ()));
        self.tell(Update::Dropped(attached.err().map(|error| error.code)));
    }

    fn composing(&self) -> MutexGuard<'_, Option<String>> {
        self.composing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Opens the app and has it follow the cloud. The window is built meanwhile: its page asks as soon as
    /// it is there, and waits for this.
    pub fn open(&self, open: impl FnOnce() -> Result<App, AppError>) {
        let app = self.app.get_or_init(|| open().map(Arc::new));
        if let Ok(app) = app {
            let _in_runtime = tauri::async_runtime::handle().inner().enter();
            app.session().start_quietly();
        }
    }

    /// The account that is looked at.
    pub fn app(&self) -> Result<Arc<App>, AppError> {
        let own = self.own()?;
        Ok(self
            .imported
            .borrow()
            .clone()
            .unwrap_or_else(|| own.clone()))
    }

    /// The operator's own account, whichever is looked at.
    pub fn own(&self) -> Result<&Arc<App>, AppError> {
        self.app.wait().as_ref().map_err(AppError::again)
    }

    /// Looks at the imported account, or at the operator's own again.
    pub fn look_at(&self, imported: Option<App>) {
        self.compose(None);
        self.imported.send_replace(imported.map(Arc::new));
    }

    /// The files that were chosen last.
    pub fn chosen(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.chosen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Ends as it should, if it was ever opened.
    pub fn stop(&self) {
        if let Some(Ok(app)) = self.app.get() {
            app.session().stop();
        }
    }

    /// The cloud that the first screen proposes.
    pub fn cloud(&self) -> Option<&str> {
        self.cloud.as_deref()
    }

    pub fn watch(&self, channel: Channel<Update>) -> Result<(), AppError> {
        let own = self.own()?.clone();
        let mut looked_at = self.imported.subscribe();
        let mut asked = self.asked.subscribe();
        if asked.borrow().0 > 0 {
            asked.mark_changed();
        }
        tauri::async_runtime::spawn(async move {
            loop {
                let imported = looked_at.borrow_and_update().clone();
                let app = imported.unwrap_or_else(|| own.clone());
                let mut changes = app.changes();
                let reader = app.clone();
                let overview =
                    tauri::async_runtime::spawn_blocking(move || reader.overview().view()).await;
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
                    changed = looked_at.changed() => if changed.is_err() { return },
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
