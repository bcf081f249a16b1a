//! `App` holds everything that a shell needs: the laptop's files, the access key, and the sync engine while it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use boothkeeper_documents::reader::Reader;
use boothkeeper_domain::Timestamp;
use boothkeeper_domain::Zone;
use boothkeeper_store::cache::Head;
use boothkeeper_store::outbox::Binding;
use boothkeeper_store::{Cache, ReadOnlyReason, SyncRole};
use boothkeeper_sync::clock::SystemClock;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::wire::api::ClockKind;
use boothkeeper_sync::{AccessKey, Clock, LocalCopy, Status};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::secrets::Secrets;
use crate::{AppError, Code};

/// Settings that a shell passes when it opens the app.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the app's files: the local copy of the journal and the outbox.
    pub data: PathBuf,
    /// The time zone in which days and times are shown.
    pub zone: Zone,
    /// Reads untrusted documents in a child process.
    pub reader: Reader,
    /// The access key from the environment, for machines without a keychain. If set, no key is stored.
    pub key: Option<AccessKey>,
}

pub struct App {
    pub(crate) local_copy: LocalCopy,
    pub(crate) secrets: Secrets,
    pub(crate) options: Options,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) engine: Mutex<Option<Running>>,
}

pub(crate) struct Running {
    pub task: JoinHandle<()>,
    pub wake: Arc<Notify>,
    pub role: Weak<SyncRole>,
}

impl Options {
    /// Takes the time zone from the variable `TZ`, or else from the system, and the access key from
    /// `BOOTHKEEPER_ACCESS_KEY`. Fails with `KeyMalformed` if that key has the wrong form.
    pub fn from_environment(data: PathBuf) -> Result<Self, AppError> {
        let key = std::env::var("BOOTHKEEPER_ACCESS_KEY").ok();
        let key = key.filter(|key| !key.is_empty());
        let parse = |key: String| AccessKey::parse(&key).ok_or(AppError::new(Code::KeyMalformed));
        Ok(Options {
            data,
            zone: system_zone(),
            reader: Reader::this_program(),
            key: key.map(parse).transpose()?,
        })
    }
}

/// The time zone that the variable `TZ` names, or else the system's; UTC if neither is known.
pub fn system_zone() -> Zone {
    let named = |name: String| Zone::named(name.trim_start_matches(':'));
    let system = || iana_time_zone::get_timezone().ok().and_then(named);
    let zone = std::env::var("TZ").ok().and_then(named).or_else(system);
    zone.unwrap_or_else(Zone::utc)
}

/// Renames a damaged outbox (the file of actions that wait for the cloud), so that the next opening creates a new one,
/// and deletes the local copy, which can be fetched again after sign-in. Returns the new path of the old outbox, `None`
/// if there was none.
pub fn start_outbox_over(options: &Options) -> Result<Option<PathBuf>, AppError> {
    let now = SystemClock.wall();
    Ok(boothkeeper_store::start_outbox_over(&options.data, now)?)
}

impl App {
    pub fn open(options: Options) -> Result<Self, AppError> {
        Self::open_by(options, Arc::new(SystemClock))
    }

    /// Opens the app with the given clock instead of the machine's.
    pub fn open_by(options: Options, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let laptop = LocalCopy::open(&options.data, options.zone.clone(), clock)?;
        Ok(App {
            local_copy: laptop,
            secrets: Secrets::default(),
            options,
            status: watch::Sender::new(Status::default()),
            engine: Mutex::new(None),
        })
    }

    /// The options that the app was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The time zone in which days and times are shown.
    pub fn zone(&self) -> &Zone {
        self.local_copy.zone()
    }

    pub fn data(&self) -> &Path {
        &self.options.data
    }

    /// A receiver that is notified of every change after which the page should redraw.
    pub fn changes(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(crate) fn transport(&self) -> Result<Transport, AppError> {
        Transport::http().map_err(|error| AppError::because(Code::Internal, error))
    }

    pub(crate) fn binding(&self) -> Result<Option<Binding>, AppError> {
        Ok(self.local_copy.outbox().binding()?)
    }

    /// Why the data folder cannot be written to, although the last good local copy can be read; `None` if it can be
    /// written to.
    pub fn read_only_reason(&self) -> Option<Code> {
        self.local_copy.read_only_reason().map(|why| match why {
            ReadOnlyReason::DiskFull => Code::DiskFull,
            ReadOnlyReason::ReadOnly => Code::ReadOnly,
        })
    }

    /// Fails with `DiskFull` or `ReadOnly` if the data folder cannot be written to.
    pub(crate) fn require_writable(&self) -> Result<(), AppError> {
        match self.read_only_reason() {
            Some(code) => Err(AppError::new(code)),
            None => Ok(()),
        }
    }

    /// True if the folder holds a history that the operator imported. Such an account has no cloud.
    pub fn is_imported(&self) -> Result<bool, AppError> {
        Ok(self.binding()?.is_some_and(|binding| binding.imported))
    }

    /// Fails with `Imported` if the folder holds an imported history, which has no cloud to sign in to.
    pub(crate) fn require_cloud_account(&self) -> Result<(), AppError> {
        match self.is_imported()? {
            true => Err(AppError::new(Code::Imported)),
            false => Ok(()),
        }
    }

    /// Estimate of the cloud's time now, from the last server time and the laptop's clock. Never before the last server
    /// time. Without a head, that is before the first sync: the laptop's own time.
    pub(crate) fn now(&self, head: Option<&Head>) -> Timestamp {
        let wall = self.local_copy.clock().wall();
        head.map_or(wall, |head| head.now(wall))
    }

    /// The instant that the rules of credits take as the present. For a sandbox, whose time only the cloud moves, this
    /// is the last instant that the cloud sent; else the estimate of [`App::now`].
    pub(crate) fn rules_now(&self) -> Result<Timestamp, AppError> {
        let binding = self.binding()?;
        let head = self.head(binding.as_ref())?;
        let sandbox = binding.is_some_and(|binding| binding.clock == ClockKind::Sandbox);
        Ok(match head {
            Some(head) if sandbox => head.as_of,
            head => self.now(head.as_deref()),
        })
    }

    /// The instant at which the operator writes something, such as a draft. For an imported history this is the
    /// laptop's time, because the history itself may have ended long ago; else it is `rules_now`.
    pub(crate) fn written_now(&self) -> Result<Timestamp, AppError> {
        match self.binding()?.is_some_and(|binding| binding.imported) {
            true => Ok(self.local_copy.clock().wall()),
            false => self.rules_now(),
        }
    }

    /// The newest verified entry with the account's state there (the head); `None` before the first sync, or without an
    /// account.
    pub(crate) fn head(&self, binding: Option<&Binding>) -> Result<Option<Arc<Head>>, AppError> {
        let Some(binding) = binding else {
            return Ok(None);
        };
        let read = |cache: &Cache| binding.check_account(cache.head(&binding.keys)?);
        Ok(self.local_copy.read(read)?)
    }

    pub(crate) fn engine(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.engine
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
