//! One row of the rollups: count and sum of the entries of one day, kind, service and event.

use boothkeeper_domain::{Day, Seq};

use super::names::NameId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RollupKey {
    pub day: Day,
    pub kind: NameId,
    pub service: NameId,
    pub event: NameId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rollup {
    pub first: Seq,
    pub last: Seq,
    pub count: u64,
    pub sum: i64,
}

pub(super) const ROLLUPS: &str =
    "SELECT day, kind, service, event, first, last, count, sum FROM rollups";

pub(super) fn read_rollup(row: &rusqlite::Row<'_>) -> rusqlite::Result<(RollupKey, Rollup)> {
    let key = RollupKey {
        day: Day(row.get(0)?),
        kind: NameId(row.get(1)?),
        service: NameId(row.get(2)?),
        event: NameId(row.get(3)?),
    };
    let rollup = Rollup {
        first: Seq(row.get(4)?),
        last: Seq(row.get(5)?),
        count: row.get(6)?,
        sum: row.get(7)?,
    };
    Ok((key, rollup))
}
