//! Where the access key lives: the operating system's keychain, or this process's memory if the
//! operator chose so. Never a file of ours.

use std::collections::HashMap;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A keychain that does not answer in this time is as good as none: it may be waiting for a password
/// on a screen that nobody sees.
const PATIENCE: Duration = Duration::from_secs(3);
const SERVICE: &str = "boothkeeper";

#[derive(Debug, Error)]
pub enum SecretError {
    #[error("the keychain does not answer")]
    Silent,
    #[error("the keychain refused")]
    Refused(#[source] keyring_core::Error),
}

/// What the operator chose for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Remember {
    Keychain,
    UntilIQuit,
}

/// The port to the keychain, with what is kept until the process ends beside it.
#[derive(Debug, Default)]
pub struct Secrets {
    session: Mutex<HashMap<String, String>>,
}

impl Secrets {
    pub fn put(&self, name: &str, secret: &str, remember: Remember) -> Result<(), SecretError> {
        if remember == Remember::Keychain {
            let owned = secret.to_owned();
            in_time(name, move |entry| entry.set_password(&owned))?;
            return Ok(());
        }
        self.session().insert(name.to_owned(), secret.to_owned());
        Ok(())
    }

    pub fn get(&self, name: &str) -> Result<Option<String>, SecretError> {
        if let Some(secret) = self.session().get(name) {
            return Ok(Some(secret.clone()));
        }
        match in_time(name, keyring_core::Entry::get_password) {
            Ok(secret) => Ok(Some(secret)),
            Err(SecretError::Refused(keyring_core::Error::NoEntry)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.session().remove(name);
        match in_time(name, keyring_core::Entry::delete_credential) {
            Err(SecretError::Refused(keyring_core::Error::NoEntry)) => Ok(()),
            result => result,
        }
    }

    /// Whether there is a keychain that answers: asked by reading an entry of our own.
    pub fn probe(&self) -> Result<(), SecretError> {
        match in_time("probe", keyring_core::Entry::get_password) {
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

/// Runs `act` on its own thread, and gives up on it when it takes too long.
fn in_time<T: Send + 'static>(
    name: &str,
    act: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, SecretError> {
    let (done, result) = mpsc::channel();
    let name = name.to_owned();
    std::thread::spawn(move || {
        let outcome = entry(&name).and_then(|entry| act(&entry));
        // Nobody waits any more if it took too long.
        let _ = done.send(outcome);
    });
    result
        .recv_timeout(PATIENCE)
        .map_err(|_| SecretError::Silent)?
        .map_err(SecretError::Refused)
}

fn entry(name: &str) -> keyring_core::Result<keyring_core::Entry> {
    // The library keeps the outcome of its first try for ever; a keychain that was started since is
    // found by giving it a fresh store.
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
