//! Which reminders were said: kept with what cannot be fetched again, so that none is said twice.

use std::collections::BTreeSet;

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_domain::reminders::{Plan, Tier};
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Transaction, params};

use super::Outbox;
use crate::StoreError;

/// A tier that was said, or skipped, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub tier: Tier,
    pub at: Timestamp,
    pub skipped: bool,
}

impl Outbox {
    pub fn said(&self) -> Result<Vec<Said>, StoreError> {
        let query = "SELECT code, deadline, tier, at, skipped FROM reminders";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([])?;
        let mut said = Vec::new();
        while let Some(row) = rows.next()? {
            let code = serde_json::Value::String(row.get(0)?);
            // A code of another version says nothing here.
            let Ok(code) = serde_json::from_value::<DeadlineCode>(code) else {
                continue;
            };
            let instant = |column| row.get(column).map(Timestamp::from_millis);
            said.push(Said {
                tier: Tier {
                    code,
                    deadline: instant(1)?,
                    at: instant(2)?,
                },
                at: instant(3)?,
                skipped: row.get(4)?,
            });
        }
        Ok(said)
    }

    /// Decides and records in one transaction: of two processes one says it. On disk before it is said, so
    /// that a crash loses a reminder rather than repeats it: the next tier comes all the same.
    pub fn say(
        &self,
        now: Timestamp,
        decide: impl Fn(&BTreeSet<Tier>) -> Plan,
    ) -> Result<Plan, StoreError> {
        let planned = || {
            let said = self.said()?.into_iter().map(|said| said.tier);
            Ok::<_, StoreError>(decide(&said.collect()))
        };
        // Asked every second by whoever follows: mostly there is nothing, and nothing to lock for.
        if planned()? == Plan::default() {
            return Ok(Plan::default());
        }
        let transaction = Transaction::new_unchecked(&self.connection, Immediate)?;
        let plan = planned()?;
        let insert = "INSERT OR IGNORE INTO reminders VALUES (?1, ?2, ?3, ?4, ?5)";
        let fired = plan.fire.iter().map(|(tier, _)| (tier, false));
        for (tier, skipped) in fired.chain(plan.skip.iter().map(|tier| (tier, true))) {
            let code = serde_json::to_value(tier.code)?;
            let (deadline, at) = (tier.deadline.millis(), tier.at.millis());
            let values = params![code.as_str(), deadline, at, now.millis(), skipped];
            transaction.execute(insert, values)?;
        }
        transaction.commit()?;
        Ok(plan)
    }
}
