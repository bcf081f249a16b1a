//! Remembers values read from a database file until the file changes, so that an expensive check runs once for each
//! state of the file.

use std::borrow::Borrow;
use std::cell::RefCell;

use rusqlite::Connection;

use crate::StoreError;

/// Number of values that a memo remembers at a time; one screen needs no more.
const KEPT: usize = 4;

/// Identifies a state of the database file: a number that changes when another connection writes (`PRAGMA
/// data_version`), and the number of rows that this connection has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(i64, u64);

impl Version {
    pub fn of(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached("PRAGMA data_version")?;
        let others = statement.query_row([], |row| row.get(0))?;
        Ok(Version(others, connection.total_changes()))
    }
}

/// Values read from one state of the database file, by key. They are forgotten when the file changes.
#[derive(Debug)]
pub struct Memo<K, V> {
    version: RefCell<Option<Version>>,
    answers: RefCell<Vec<(K, V)>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo {
            version: RefCell::default(),
            answers: RefCell::default(),
        }
    }
}

impl<K, V: Clone> Memo<K, V> {
    /// The value for the key `question`, remembered or from `read`. An error of `read` is not remembered.
    pub fn get<Q>(
        &self,
        version: Version,
        question: &Q,
        read: impl FnOnce() -> Result<V, StoreError>,
    ) -> Result<V, StoreError>
    where
        K: Borrow<Q>,
        Q: PartialEq + ToOwned<Owned = K> + ?Sized,
    {
        if self.version.replace(Some(version)) != Some(version) {
            self.answers.borrow_mut().clear();
        }
        let mut answers = self.answers.borrow_mut();
        if let Some((_, answer)) = answers.iter().find(|(asked, _)| asked.borrow() == question) {
            return Ok(answer.clone());
        }
        let answer = read()?;
        if answers.len() == KEPT {
            answers.remove(0);
        }
        answers.push((question.to_owned(), answer.clone()));
        Ok(answer)
    }
}
