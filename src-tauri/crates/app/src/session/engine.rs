//! The sync engine, which keeps the local copy up to date while the program runs.

use std::sync::Arc;

use boothkeeper_domain::trust::Reason;
use boothkeeper_store::SyncRole;
use boothkeeper_sync::Engine;

use super::{Session, daily_verification};
use crate::app::Running;
use crate::{AppError, Code};

impl Session<'_> {
    /// Starts the engine that keeps the local copy up to date; does nothing if it runs already. Fails with `SignedOut`
    /// without an account or key, and with `Locked` if another process syncs this folder.
    pub fn start(&self) -> Result<(), AppError> {
        let mut running = self.app.engine();
        if running.as_ref().is_some_and(|r| !r.task.is_finished()) {
            return Ok(());
        }
        let role = self.sync_role()?.map(Arc::new);
        let (client, _) = self.client()?;
        let engine = Engine::new(
            client.clone(),
            self.app.local_copy.clone(),
            self.app.status.clone(),
        );
        let nudge = engine.wake.clone();
        let held = role.as_ref().map(Arc::downgrade).unwrap_or_default();
        let laptop = self.app.local_copy.clone();
        let task = tokio::spawn(async move {
            let after_crash = role.as_ref().is_some_and(|role| role.is_after_crash());
            let upkeep = async {
                // Verify after the first screen has loaded: waiting is safe, as every row is checked when it is read.
                tokio::time::sleep(daily_verification::FIRST_SCREEN).await;
                if after_crash
                    && let Err(error) = daily_verification::after_crash(&client, &laptop).await
                {
                    tracing::warn!(?error, "the copy could not be looked over after a crash");
                }
                daily_verification::daily(&client, &laptop).await
            };
            tokio::select! {
                _ = engine.run() => {}
                _ = upkeep => {}
            }
            drop(role);
        });
        *running = Some(Running {
            task,
            wake: nudge,
            role: held,
        });
        Ok(())
    }

    /// Starts the sync engine if possible. Otherwise sets the reason that is shown under the balance.
    pub fn start_quietly(&self) {
        if let Err(error) = self.start() {
            let reason = match error.code {
                Code::SignedOut | Code::NoKeychain => Reason::SignedOut,
                _ => Reason::NotConnected,
            };
            self.app.status.send_modify(|status| status.reason = reason);
        }
    }

    /// Wakes the sync engine for a new attempt at once, or starts it if it does not run.
    pub fn try_again(&self) -> Result<(), AppError> {
        if let Some(running) = self.app.engine().as_ref() {
            running.wake.notify_one();
        }
        self.start()
    }

    /// True while the sync engine runs. It stops by itself if the operator has to act, such as signing in.
    pub fn is_running(&self) -> bool {
        self.app
            .engine()
            .as_ref()
            .is_some_and(|running| !running.task.is_finished())
    }

    /// Stops the sync engine and waits until its task has ended.
    pub(super) async fn stop_and_wait(&self) {
        let running = self.app.engine().take();
        if let Some(running) = running {
            running.task.abort();
            let _ = running.task.await;
        }
    }

    /// Stops the sync engine without waiting, for the end of the process.
    pub fn stop(&self) {
        if let Some(running) = self.app.engine().take() {
            running.task.abort();
            // The process may exit before the aborted task gives up its lock on syncing the folder: free it here.
            if let Some(role) = running.role.upgrade() {
                role.end();
            }
        }
    }

    /// Takes the role of the one process that syncs this folder. Fails with `Locked` if another process has it.
    pub(super) fn sync_role(&self) -> Result<Option<SyncRole>, AppError> {
        self.app.require_writable()?;
        let role = self.app.local_copy.take_sync_role()?;
        role.ok_or(AppError::new(Code::Locked))
    }
}
