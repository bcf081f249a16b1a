//! The cloud's durable state, in SQLite. All SQL is in this module and in the simulated processor's tables.
//!
//! There is one writer thread. It runs all waiting requests in one transaction, each in a savepoint, commits once, and
//! only then answers them.

mod account;
mod blobs;
mod checksum;
mod fold;
mod journal;
mod schedule;
mod schema;
mod tables;
mod tickets;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use boothkeeper_files::HighWater;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

pub use account::AccountRow;
pub use blobs::StoredBlob;
pub use journal::JournalPart;
pub use schedule::{DueTask, OpenCharge, PendingCommand, Task};
pub use tables::{RunRow, RunState};

use crate::Error;

/// The database within one transaction.
pub struct Tx<'a> {
    pub(crate) connection: &'a Connection,
}

/// Sends a request's result to its caller, after the commit.
type Completion = Box<dyn FnOnce() + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Completion + Send>;

enum Engine {
    /// One connection, used in the caller's thread: for simulation on virtual time.
    Inline(Mutex<Connection>),
    Threads {
        jobs: Option<mpsc::SyncSender<Job>>,
        writer: Option<JoinHandle<()>>,
        readers: Mutex<Vec<Connection>>,
        path: PathBuf,
    },
}

#[derive(Clone)]
pub struct Store(Arc<Engine>);

/// The most requests in one commit.
const GROUP: usize = 256;
/// The most requests that wait for the writer. One more is refused: it would wait longer than its caller does.
const QUEUE: usize = 1024;

impl Store {
    pub fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        let high_water = HighWater::beside(path);
        if commits(&connection)? < high_water.read() {
            return Err(Error::RolledBack);
        }
        let (jobs, queue) = mpsc::sync_channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("cloud-writer".into())
            .spawn(move || write_loop(&connection, &high_water, &queue))?;
        Ok(Store(Arc::new(Engine::Threads {
            jobs: Some(jobs),
            writer: Some(writer),
            readers: Mutex::new(Vec::new()),
            path: path.to_owned(),
        })))
    }

    pub fn in_memory() -> Result<Self, Error> {
        let mut connection = Connection::open_in_memory()?;
        schema::migrate(&mut connection)?;
        Ok(Store(Arc::new(Engine::Inline(Mutex::new(connection)))))
    }

    pub fn is_inline(&self) -> bool {
        matches!(&*self.0, Engine::Inline(_))
    }

    /// Runs `work` in a write transaction and returns after the commit. After an error nothing that `work` wrote
    /// remains.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        match &*self.0 {
            Engine::Inline(connection) => {
                let connection = lock(connection);
                connection.execute_batch("BEGIN IMMEDIATE")?;
                let result = in_savepoint(&connection, work);
                connection.execute_batch("COMMIT")?;
                result
            }
            Engine::Threads { jobs, .. } => {
                let (answer, answered) = oneshot::channel();
                let job: Job = Box::new(move |connection| {
                    let result = in_savepoint(connection, work);
                    Box::new(move || drop(answer.send(result)))
                });
                let jobs = jobs.as_ref().ok_or(Error::NotWritten)?;
                jobs.try_send(job).map_err(|error| match error {
                    TrySendError::Full(_) => Error::Busy,
                    TrySendError::Disconnected(_) => Error::NotWritten,
                })?;
                answered.await.map_err(|_| Error::NotWritten)?
            }
        }
    }

    /// Runs `work` in a read transaction.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        if self.is_inline() {
            return self.read_blocking(work);
        }
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_blocking(work))
            .await
            .map_err(|_| Error::Invariant("a reader panicked"))?
    }

    pub fn read_blocking<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &*self.0 {
            Engine::Inline(connection) => work(&Tx {
                connection: &lock(connection),
            }),
            Engine::Threads { readers, path, .. } => {
                let pooled = lock(readers).pop();
                let connection = match pooled {
                    Some(connection) => connection,
                    None => Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
                };
                let view = connection.unchecked_transaction()?;
                let result = work(&Tx { connection: &view });
                drop(view);
                lock(readers).push(connection);
                result
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Engine::Threads { jobs, writer, .. } = self {
            drop(jobs.take());
            if let Some(writer) = writer.take() {
                // The panic hook has reported a panic of the writer already.
                let _ = writer.join();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.execute_batch("SAVEPOINT request")?;
    let result = work(&Tx { connection });
    let close = match &result {
        Ok(_) => "RELEASE request",
        Err(_) => "ROLLBACK TO request; RELEASE request",
    };
    connection.execute_batch(close)?;
    result
}

/// Commits waiting requests together, then answers them. If the commit fails, the results are dropped and every caller
/// gets [`Error::NotWritten`].
fn write_loop(connection: &Connection, high_water: &HighWater, queue: &mpsc::Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
        let committed = commit_together(connection, jobs);
        match committed {
            Ok((answers, count)) => {
                // The count is stored before the callers are answered, so that the loss of an acknowledged commit is
                // noticed at the next start.
                if let Err(error) = high_water.set(count) {
                    tracing::error!(%error, "how far the database has got could not be kept");
                }
                answers.into_iter().for_each(|answer| answer());
            }
            Err(error) => tracing::error!(%error, "a commit failed"),
        }
    }
}

fn commit_together(
    connection: &Connection,
    jobs: impl Iterator<Item = Job>,
) -> rusqlite::Result<(Vec<Completion>, u64)> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let answers = jobs.map(|job| job(connection)).collect();
    let committed = count_commit(connection).and_then(|count| {
        connection.execute_batch("COMMIT")?;
        Ok(count)
    });
    if committed.is_err() {
        // A transaction that stays open would make every later one fail.
        let _ = connection.execute_batch("ROLLBACK");
    }
    Ok((answers, committed?))
}

fn count_commit(connection: &Connection) -> rusqlite::Result<u64> {
    let count = "UPDATE commits SET count = count + 1 RETURNING count";
    let mut statement = connection.prepare_cached(count)?;
    statement.query_row([], |row| row.get(0))
}

fn commits(connection: &Connection) -> Result<u64, Error> {
    Ok(connection.query_row("SELECT count FROM commits", [], |row| row.get(0))?)
}

/// Lets a database that has lost commits be opened: one restored from a backup, or a damaged one.
pub fn accept_rollback(path: &Path) -> Result<(), Error> {
    Ok(HighWater::beside(path).set(0)?)
}

#[cfg(test)]
mod tests {
    use boothkeeper_wire::problem::ProblemCode;
    use futures_util::FutureExt;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("cloud.sqlite")).unwrap();
        (folder, store)
    }

    /// After an error of the whole machine the scheduler repeats a task within seconds, after any other error in an
    /// hour.
    #[tokio::test]
    async fn write_is_refused_with_too_many_requests_while_the_writers_queue_is_full() {
        let (_folder, store) = store();
        let (begun, has_begun) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let slow = store.write(move |_| {
            let _ = begun.send(());
            released.recv().map_err(|_| Error::NotWritten)
        });
        let mut slow = Box::pin(slow);
        assert!(slow.as_mut().now_or_never().is_none());
        has_begun.await.unwrap();
        let wait = |_| {
            let mut waiting = Box::pin(store.write(|_| Ok(())));
            assert!(waiting.as_mut().now_or_never().is_none());
            waiting
        };
        let waiting: Vec<_> = (0..QUEUE).map(wait).collect();
        let shed = store.write(|_| Ok(())).await.unwrap_err();
        assert!(shed.is_of_the_machine());
        assert_eq!(shed.into_problem().code, ProblemCode::TooManyRequests);
        release.send(()).unwrap();
        slow.await.unwrap();
        for waiting in waiting {
            waiting.await.unwrap();
        }
    }

    #[tokio::test]
    async fn failed_commit_does_not_stop_later_writes() {
        let (_folder, store) = store();
        let breaks = |tx: &Tx<'_>| Ok(tx.connection.execute_batch("DROP TABLE commits")?);
        let failed = store.write(breaks).await.unwrap_err();
        assert!(failed.is_of_the_machine(), "{failed}");
        store.write(|tx| tx.set_setting("x", b"1")).await.unwrap();
        let kept = store.read(|tx| tx.setting("x")).await.unwrap();
        assert_eq!(kept, Some(b"1".to_vec()));
    }
}
