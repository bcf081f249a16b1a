//! The data folder that the global arguments name, and the app opened on it.

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::import::imported_folder;
use boothkeeper_app::session::default_data_folder;
use boothkeeper_app::{App, AppError, Code, Options};
use tokio::runtime::Runtime;

use crate::output::Output;

pub struct Folder {
    data: PathBuf,
    imported: bool,
}

impl Folder {
    /// Uses the folder `data`, or without it the system's folder for application data. Fails with `file_system` if the
    /// system has none.
    pub fn new(data: Option<PathBuf>, imported: bool) -> Result<Self, AppError> {
        let data = data.or_else(default_data_folder);
        let data = data.ok_or(AppError::new(Code::FileSystem))?;
        Ok(Folder { data, imported })
    }

    /// Fails with `imported` if `--imported` was given: the imported account has no cloud to sign in to.
    pub fn require_cloud(&self) -> Result<(), AppError> {
        match self.imported {
            true => Err(AppError::new(Code::Imported)),
            false => Ok(()),
        }
    }

    /// Options for the account that the command is about: with `--imported` the imported one.
    pub fn options(&self) -> Result<Options, AppError> {
        Options::from_environment(match self.imported {
            true => imported_folder(&self.data),
            false => self.data.clone(),
        })
    }

    /// Options for the account of the cloud, also with `--imported`.
    pub fn cloud_options(&self) -> Result<Options, AppError> {
        Options::from_environment(self.data.clone())
    }

    /// Opens the app and runs the command `verb` on it. If the folder cannot be written to, a command that only reads
    /// succeeds with a warning on standard error, and one that writes fails with the reason.
    pub fn with_app(
        &self,
        output: &Output,
        verb: impl AsyncFnOnce(&App) -> Result<ExitCode, AppError>,
    ) -> Result<ExitCode, AppError> {
        let options = self.options()?;
        let runtime = runtime()?;
        let app = App::open(options)?;
        let done = runtime.block_on(verb(&app));
        let Some(code) = app.read_only_reason() else {
            return done;
        };
        match done {
            Ok(done) => {
                output.warn(code);
                Ok(done)
            }
            Err(error) if error.code == Code::ReadOnly => Err(AppError::because(code, error)),
            Err(error) => Err(error),
        }
    }
}

pub fn runtime() -> Result<Runtime, AppError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| AppError::because(Code::Internal, error))
}
