//! The operator's preferences for this laptop, which stay after signing out, and the last entry that the operator has
//! seen.

use boothkeeper_domain::{Seq, Timestamp};
use rusqlite::OptionalExtension;

use super::Outbox;
use super::checksums::{Mark, PREFERENCES, last_seen_checksum};
use crate::StoreError;

impl Outbox {
    /// The stored preferences; `None` if there are none or they are damaged, as preferences can be set again.
    pub fn preferences(&self) -> Result<Option<String>, StoreError> {
        let query = "SELECT document, mark FROM preferences";
        let document = self
            .connection
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let kept: Option<(String, Mark)> = document.optional()?;
        Ok(kept.and_then(|(document, mark)| mark.check(PREFERENCES, document).ok()))
    }

    /// The last entry that was on screen, and when; `None` if there is none or the record is damaged.
    pub fn last_seen(&self) -> Result<Option<(Seq, Timestamp)>, StoreError> {
        let query = "SELECT seq, at, mark FROM looked";
        let looked = self
            .connection
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let looked: Option<(u64, i64, Mark)> = looked.optional()?;
        let sound = looked.filter(|(seq, at, mark)| *mark == last_seen_checksum(*seq, *at));
        Ok(sound.map(|(seq, at, _)| (Seq(seq), Timestamp::from_millis(at))))
    }

    /// Stores that the entries up to `seq` were on screen at `at`.
    pub fn mark_seen(&self, seq: Seq, at: Timestamp) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO looked VALUES (1, ?1, ?2, ?3)";
        let mark = last_seen_checksum(seq.0, at.millis());
        self.connection
            .execute(replace, rusqlite::params![seq.0, at.millis(), mark])?;
        Ok(())
    }

    /// Stores the preferences.
    pub fn set_preferences(&self, document: &str) -> Result<(), StoreError> {
        let replace = "INSERT OR REPLACE INTO preferences VALUES (1, ?1, ?2)";
        let mark = Mark::of(PREFERENCES, document);
        self.connection
            .execute(replace, rusqlite::params![document, mark])?;
        self.record_write()
    }
}
