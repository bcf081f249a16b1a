//! Sign-in and sign-out, a single sync, and the engine that keeps the local copy up to date.

mod daily_verification;
mod engine;
mod preferences;
mod verify;

use std::path::PathBuf;

use boothkeeper_domain::{AccountId, Seq, user_input};
use boothkeeper_store::SyncRole;
use boothkeeper_store::outbox::Binding;
use boothkeeper_sync::wire::is_loopback;
use boothkeeper_sync::{
    AccessKey, Client, PushResult, SyncError, disputes, pull, push, refresh_catalog, repair,
    sign_in,
};
use serde::Serialize;

pub use crate::secrets::Remember;
pub use preferences::Preferences;
pub use verify::{Doctor, DoctorCheck, VerifyView};

use crate::{App, AppError, Code};

/// Most rounds of sending actions and fetching entries in one sync, in case the cloud's journal keeps growing.
const PUSHES: u32 = 4;

/// Result of a sync.
#[derive(Debug)]
pub struct SyncResult {
    /// Number of the newest entry in the local copy.
    pub seq: Seq,
    /// Why a waiting action could not be sent. It stays in the outbox; everything else was synced.
    pub unsent: Option<AppError>,
}

/// What the sign-in screen offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Setup {
    /// Address of the proposed cloud; may be empty.
    pub cloud: String,
    /// True if a sandbox cloud with a demo account answers at that address.
    pub demo: bool,
    /// True if the keychain answers.
    pub keychain: bool,
}

/// The operating system's usual data folder for this app; `None` if the user has no home folder.
pub fn default_data_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("app", "", "boothkeeper")?;
    Some(folders.data_dir().to_owned())
}

/// Entry point for sign-in, sync, preferences and verification.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn session(&self) -> Session<'_> {
        Session { app: self }
    }
}

impl Session<'_> {
    /// Checks the key with the cloud, stores it as the operator chose, and binds this data folder to its account.
    /// Without `key`, the key from the environment is used and not stored.
    pub async fn sign_in(
        &self,
        cloud: &str,
        key: Option<&str>,
        remember: Remember,
    ) -> Result<(), AppError> {
        self.app.require_cloud_account()?;
        let cloud = address(cloud)?;
        let typed = key.map(|key| AccessKey::parse(key).ok_or(AppError::new(Code::KeyMalformed)));
        let from_environment = typed.is_none();
        let key = match typed {
            Some(key) => key?,
            None => self
                .app
                .options
                .key
                .clone()
                .ok_or(AppError::new(Code::KeyMissing))?,
        };
        self.stop_and_wait().await;
        let client = Client::new(self.app.transport()?, &cloud, Some(key.clone()));
        let meta = client.meta().await?;
        let account = meta.account.clone().ok_or(SyncError::SignedOut)?;
        self.require_no_unsent_actions(&account)?;
        let _role = self.sync_role()?;
        // The key is stored first: if that fails, nothing else has changed.
        if !from_environment {
            let name = self.secret_name(&cloud, &account);
            self.app.secrets.put(&name, key.reveal(), remember)?;
        }
        sign_in::bind(&self.app.local_copy, &cloud, meta).await?;
        Ok(())
    }

    /// Signs in to the demo account that a sandbox cloud offers.
    pub async fn sign_in_to_demo(&self, cloud: &str, remember: Remember) -> Result<(), AppError> {
        let address = address(cloud)?;
        let client = Client::new(self.app.transport()?, &address, None);
        let demo = client.demo().await?;
        self.sign_in(&address, Some(&demo.access_key), remember)
            .await
    }

    /// What the sign-in screen offers.
    pub async fn setup(&self, proposed: Option<&str>) -> Setup {
        let cloud = proposed.unwrap_or_default().to_owned();
        Setup {
            demo: self.has_demo(&cloud).await,
            keychain: self.app.secrets.probe().is_ok(),
            cloud,
        }
    }

    /// True if a sandbox cloud with a demo account answers at this address.
    pub async fn has_demo(&self, cloud: &str) -> bool {
        let (Ok(address), Ok(transport)) = (address(cloud), self.app.transport()) else {
            return false;
        };
        let client = Client::new(transport, &address, None);
        client.meta().await.is_ok_and(|meta| meta.demo)
    }

    /// Fails with `ActionsWaiting` if the folder is bound to another account with unsent actions, because signing in to
    /// `account` would delete them.
    fn require_no_unsent_actions(&self, account: &AccountId) -> Result<(), AppError> {
        let bound = self.app.binding()?;
        let other = bound.is_some_and(|bound| bound.account != *account);
        match other && self.app.local_copy.outbox().unsent()? > 0 {
            true => Err(AppError::new(Code::ActionsWaiting)),
            false => Ok(()),
        }
    }

    /// Deletes the key and the local copy. Fails with `ActionsWaiting` if there are unsent actions, unless `discard` is
    /// set.
    pub async fn sign_out(&self, discard: bool) -> Result<(), AppError> {
        self.app.require_cloud_account()?;
        if !discard && self.app.local_copy.outbox().unsent()? > 0 {
            return Err(AppError::new(Code::ActionsWaiting));
        }
        self.stop_and_wait().await;
        let _role = self.sync_role()?;
        if let Some(binding) = self.app.binding()? {
            let name = self.secret_name(&binding.cloud, &binding.account);
            self.app.secrets.delete(&name).ok();
        }
        self.app.local_copy.delete_all()?;
        self.app.status.send_modify(|status| {
            *status = boothkeeper_sync::Status {
                revision: status.revision + 1,
                ..Default::default()
            };
        });
        Ok(())
    }

    /// Fetches new entries, sends waiting actions and repairs damage. Fails with `Locked` if another process syncs this
    /// folder.
    pub async fn sync_once(&self) -> Result<SyncResult, AppError> {
        let role = self.sync_role()?;
        let (client, _) = self.client()?;
        let after_crash = role.as_ref().is_some_and(SyncRole::is_after_crash);
        match self.sync_through(&client, after_crash).await {
            Err(error) if error.code == Code::Damaged => {
                match repair(Some(&client), &self.app.local_copy).await? {
                    true => self.sync_through(&client, false).await,
                    false => Err(error),
                }
            }
            done => done,
        }
    }

    async fn sync_through(
        &self,
        client: &Client,
        after_crash: bool,
    ) -> Result<SyncResult, AppError> {
        self.app.local_copy.outbox().recover()?;
        let mut suspicions = 0;
        let end = loop {
            match pull(client, &self.app.local_copy, |_| {}).await {
                Ok(end) => break end,
                Err(error) => {
                    let Some(what) = error.suspicion() else {
                        return Err(error.into());
                    };
                    suspicions += 1;
                    if suspicions >= 3 {
                        self.app.local_copy.record_divergence(what)?;
                        return Err(SyncError::Diverged(what).into());
                    }
                }
            }
        };
        if after_crash {
            daily_verification::after_crash(client, &self.app.local_copy).await?;
        } else {
            daily_verification::if_due(client, &self.app.local_copy).await?;
        }
        refresh_catalog(client, &self.app.local_copy).await?;
        let mut seq = end.seq;
        // An action that the cloud refuses must not prevent the rest of the sync.
        let mut unsent = None;
        for _ in 0..PUSHES {
            let pushed = match push(client, &self.app.local_copy, true).await {
                Err(error @ (SyncError::Refused(_) | SyncError::Server { .. })) => {
                    unsent = Some(error);
                    PushResult {
                        answered: 1,
                        behind: false,
                    }
                }
                pushed => pushed?,
            };
            if pushed == PushResult::default() {
                break;
            }
            seq = pull(client, &self.app.local_copy, |_| {}).await?.seq;
            if !pushed.behind {
                break;
            }
        }
        // The local copy is complete now. Ask again about commands that the cloud reported as applied by a later entry.
        self.app.local_copy.outbox().recheck_applied(seq)?;
        disputes::review(&self.app.local_copy)?;
        disputes::refresh_tickets(client, &self.app.local_copy).await?;
        // Check links between entries and sums per day here, where damage can be repaired, and not at the next query.
        self.app.read_copy(|copied| {
            copied.cache.check_links()?;
            Ok(copied.cache.check_rollups()?)
        })?;
        Ok(SyncResult {
            seq,
            unsent: unsent.map(AppError::from),
        })
    }

    /// Fails with `SignedOut` unless there is an account and a key for it. Does not call the cloud.
    pub fn require_signed_in(&self) -> Result<(), AppError> {
        self.client().map(|_| ())
    }

    pub(crate) fn client(&self) -> Result<(Client, Binding), AppError> {
        let binding = self.app.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        if binding.imported {
            return Err(AppError::new(Code::Imported));
        }
        let key = match &self.app.options.key {
            Some(key) => key.clone(),
            None => self.stored_key(&binding)?,
        };
        let client = Client::new(self.app.transport()?, &binding.cloud, Some(key));
        Ok((client, binding))
    }

    fn stored_key(&self, binding: &Binding) -> Result<AccessKey, AppError> {
        let name = self.secret_name(&binding.cloud, &binding.account);
        let stored = self.app.secrets.get(&name)?;
        stored
            .and_then(|key| AccessKey::parse(&key))
            .ok_or(AppError::new(Code::SignedOut))
    }

    /// Name of the keychain entry. It contains cloud, account and data folder, because all copies on a machine share
    /// one keychain.
    pub(crate) fn secret_name(&self, cloud: &str, account: &AccountId) -> String {
        let folder =
            std::fs::canonicalize(self.app.data()).unwrap_or_else(|_| self.app.data().to_owned());
        format!("{cloud} {account} {}", folder.display())
    }
}

/// Parses a cloud's address: HTTPS, or HTTP to this machine only, so that the key is never sent unencrypted. Fails with
/// `AddressMalformed` for anything else.
pub(crate) fn address(text: &str) -> Result<String, AppError> {
    let wrong = || AppError::new(Code::AddressMalformed);
    let text = user_input::code(text);
    let text = text.trim_end_matches('/');
    let rest = match text.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if is_loopback(rest.split('/').next().unwrap_or_default()) => rest,
        _ => return Err(wrong()),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]/".contains(&b);
    if rest.is_empty() || !rest.bytes().all(plain) {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_address_without_tls_is_refused_unless_it_is_this_machine() {
        for good in [
            "https://cloud.example",
            "http://127.0.0.1:4000/",
            "http://[::1]:9",
            "http://localhost",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://cloud.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "ftp://127.0.0.1",
            "cloud.example",
            "https://",
            "",
        ] {
            assert_eq!(
                address(bad).unwrap_err().code,
                Code::AddressMalformed,
                "{bad}"
            );
        }
    }
}
