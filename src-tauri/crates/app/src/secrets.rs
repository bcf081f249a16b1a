//! Stores the access key in the operating system's keychain, or only in this process's memory if the operator chose so.
//! The key is never written to a file of the app.

use std::collections::HashMap;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A keychain that does not answer in this time counts as missing. It may be waiting for a password in a dialog that is
/// not visible.
const PATIENCE: Duration = Duration::from_secs(3);
const SERVICE: &str = "boothkeeper";

#[derive(Debug, Error)]
pub enum SecretError {
    #[error("the keychain does not answer")]
    Silent,
    #[error("the keychain refused")]
    Refused(#[source] keyring_core::Error),
}

/// Where the operator chose to keep the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    Keychain,
    UntilIQuit,
}

/// Access to the keychain, and the keys that are kept only until the process ends.
#[derive(Debug, Default)]
pub struct Secrets {
    session: Mutex<HashMap<String, String>>,
}

impl Secrets {
    /// Stores a key under `name`.
    pub fn put(&self, name: &str, secret: &str, remember: Remember) -> Result<(), SecretError> {
        if remember == Remember::Keychain {
            let owned = secret.to_owned();
            with_timeout(name, move |entry| entry.set_password(&owned))?;
            return Ok(());
        }
        self.session().insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    /// The key stored under `name`; `None` if there is none.
    pub fn get(&self, name: &str) -> Result<Option<String>, SecretError> {
        if let Some(secret) = self.session().get(name) {
            return Ok(Some(secret.clone()));
        }
        match with_timeout(name, keyring_core::Entry::get_password) {
            Ok(secret) => Ok(Some(secret)),
            Err(SecretError::Refused(keyring_core::Error::NoEntry)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes the key stored under `name`. Succeeds if there is none.
    pub fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.session().remove(name);
        match with_timeout(name, keyring_core::Entry::delete_credential) {
            Err(SecretError::Refused(keyring_core::Error::NoEntry)) => Ok(()),
            result => result,
        }
    }

    /// Fails unless there is a keychain that answers. Tested by reading an entry of this app.
    pub fn probe(&self) -> Result<(), SecretError> {
        match with_timeout("probe", keyring_core::Entry::get_password) {
            Ok(_) | Err(SecretError::Refused(keyring_core::Error::NoEntry)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn session(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.session
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Runs `act` on a keychain entry, in its own thread. Fails with `Silent` if it takes longer than [`PATIENCE`].
fn with_timeout<T: Send + 'static>(
    name: &str,
    act: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, SecretError> {
    let (done, result) = mpsc::channel();
    let name = name.to_owned();
    std::thread::spawn(move || {
        let outcome = entry(&name).and_then(|entry| act(&entry));
        // The receiver is gone if the caller timed out.
        let _ = done.send(outcome);
    });
    result
        .recv_timeout(PATIENCE)
        .map_err(|_| SecretError::Silent)?
        .map_err(SecretError::Refused)
}

fn entry(name: &str) -> keyring_core::Result<keyring_core::Entry> {
    // The library remembers a failed first attempt for the whole process. A keychain that was started later is found
    // only after setting a new store.
    match keyring::Entry::new(SERVICE, name) {
        Err(keyring_core::Error::NoDefaultStore) => {
            fresh_store()?;
            keyring_core::Entry::new(SERVICE, name)
        }
        entry => Ok(entry?.inner),
    }
}

#[cfg(target_os = "linux")]
fn fresh_store() -> keyring_core::Result<()> {
    keyring_core::set_default_store(zbus_secret_service_keyring_store::Store::new()?);
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn fresh_store() -> keyring_core::Result<()> {
    Err(keyring_core::Error::NoDefaultStore)
}
