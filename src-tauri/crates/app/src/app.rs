//! The app as one value: the laptop's files, its secrets, and the engine when it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use boothkeeper_documents::reader::Reader;
use boothkeeper_domain::Timestamp;
use boothkeeper_domain::Zone;
use boothkeeper_store::cache::Head;
use boothkeeper_store::outbox::Binding;
use boothkeeper_store::{Cache, Hindrance, SyncRole};
use boothkeeper_sync::clock::SystemClock;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::wire::api::ClockKind;
use boothkeeper_sync::{AccessKey, Clock, Laptop, Status};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::session::Secrets;
use crate::{AppError, Code};

/// What a shell decides before the app opens.
#[derive(Debug, Clone)]
pub struct Options {
    pub data: PathBuf,
    pub zone: Zone,
    /// Where untrusted documents are read.
    pub reader: Reader,
    /// A key from the environment, for machines without a keychain: then nothing is stored.
    pub key: Option<AccessKey>,
}

pub struct App {
    pub(crate) laptop: Laptop,
    pub(crate) secrets: Secrets,
    pub(crate) options: Options,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) engine: Mutex<Option<Running>>,
}

pub(crate) struct Running {
    pub task: JoinHandle<()>,
    pub nudge: Arc<Notify>,
    pub role: Weak<SyncRole>,
}

impl Options {
    /// The zone of `TZ` or else the laptop's own, and the environment's key.
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

/// The zone of `TZ`, or else the laptop's own.
pub fn system_zone() -> Zone {
    let named = |name: String| Zone::named(name.trim_start_matches(':'));
    let system = || iana_time_zone::get_timezone().ok().and_then(named);
    let zone = std::env::var("TZ").ok().and_then(named).or_else(system);
    zone.unwrap_or_else(Zone::utc)
}

/// Puts a damaged outbox aside, and the copy with it, which can be fetched again. The path of the old outbox;
/// `None` where there was none.
pub fn start_outbox_over(options: &Options) -> Result<Option<PathBuf>, AppError> {
    let now = SystemClock.wall();
    Ok(boothkeeper_store::start_outbox_over(&options.data, now)?)
}

impl App {
    pub fn open(options: Options) -> Result<Self, AppError> {
        Self::open_by(options, Arc::new(SystemClock))
    }

    /// With another clock than the machine's.
    pub fn open_by(options: Options, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let laptop = Laptop::open(&options.data, options.zone.clone(), clock)?;
        Ok(App {
            laptop,
            secrets: Secrets::default(),
            options,
            status: watch::Sender::new(Status::default()),
            engine: Mutex::new(None),
        })
    }

    /// What it was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The zone that days and times are shown in.
    pub fn zone(&self) -> &Zone {
        self.laptop.zone()
    }

    pub fn data(&self) -> &Path {
        &self.options.data
    }

    /// Hears of every change worth a redraw.
    pub fn changes(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(crate) fn transport(&self) -> Result<Transport, AppError> {
        Transport::http().map_err(|error| AppError::because(Code::Internal, error))
    }

    pub(crate) fn binding(&self) -> Result<Option<Binding>, AppError> {
        Ok(self.laptop.outbox().binding()?)
    }

    /// Why nothing can be written in the data folder, though the last good copy can be read; `None` where it can.
    pub fn hindered(&self) -> Option<Code> {
        self.laptop.hindered().map(|why| match why {
            Hindrance::DiskFull => Code::DiskFull,
            Hindrance::ReadOnly => Code::ReadOnly,
        })
    }

    pub(crate) fn may_write(&self) -> Result<(), AppError> {
        match self.hindered() {
            Some(code) => Err(AppError::new(code)),
            None => Ok(()),
        }
    }

    /// Whether the folder's history was brought by the operator, with no cloud behind it.
    pub fn is_imported(&self) -> Result<bool, AppError> {
        Ok(self.binding()?.is_some_and(|binding| binding.imported))
    }

    /// A history that was brought has no cloud to be signed in to.
    pub(crate) fn is_no_import(&self) -> Result<(), AppError> {
        match self.is_imported()? {
            true => Err(AppError::new(Code::Imported)),
            false => Ok(()),
        }
    }

    /// Now, by server time as learnt, and never before what the cloud has said already.
    pub(crate) fn now(&self, head: Option<&Head>) -> Timestamp {
        let wall = self.laptop.clock().wall();
        head.map_or(wall, |head| head.now(wall))
    }

    /// The instant that rules are asked about. A sandbox's time is the cloud's to move: there it is the
    /// last instant the cloud has said.
    pub(crate) fn rules_now(&self) -> Result<Timestamp, AppError> {
        let binding = self.binding()?;
        let head = self.head(binding.as_ref())?;
        let sandbox = binding.is_some_and(|binding| binding.clock == ClockKind::Sandbox);
        Ok(match head {
            Some(head) if sandbox => head.as_of,
            head => self.now(head.as_deref()),
        })
    }

    /// The instant at which a person writes something down. An imported history ends some day; whoever writes
    /// about it does so now.
    pub(crate) fn written_now(&self) -> Result<Timestamp, AppError> {
        match self.binding()?.is_some_and(|binding| binding.imported) {
            true => Ok(self.laptop.clock().wall()),
            false => self.rules_now(),
        }
    }

    /// The proven head; `None` before the first sync, or without an account.
    pub(crate) fn head(&self, binding: Option<&Binding>) -> Result<Option<Arc<Head>>, AppError> {
        let Some(binding) = binding else {
            return Ok(None);
        };
        let read = |cache: &Cache| binding.own(cache.head(&binding.keys)?);
        Ok(self.laptop.read(read)?)
    }

    pub(crate) fn engine(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.engine
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
