//! The reminders that were shown, by the desktop or by the command line. They are in the outbox, which is never
//! rebuilt, so that no reminder is shown twice.

use std::collections::BTreeSet;

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_domain::reminders::{ReminderPlan, Tier};
use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Transaction, params};

use super::Outbox;
use super::checksums::{Mark, reminder_checksum};
use crate::StoreError;

/// The program that shows reminders. A reminder shown by one program is still due in the other program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderProgram {
    Desktop,
    CommandLine,
}

impl ReminderProgram {
    const fn prefix(self) -> &'static str {
        match self {
            ReminderProgram::Desktop => "",
            ReminderProgram::CommandLine => "typed:",
        }
    }
}

/// A reminder's step (tier), such as 7 days before a deadline, that was shown or skipped, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownTier {
    pub speaker: ReminderProgram,
    pub tier: Tier,
    pub at: Timestamp,
    pub skipped: bool,
}

impl Outbox {
    /// The reminder steps (tiers) recorded up to `now`. Records with a later time were written under a wrong clock and
    /// do not count.
    pub fn shown_tiers(&self, now: Timestamp) -> Result<Vec<ShownTier>, StoreError> {
        let query = "SELECT code, deadline, tier, at, skipped, mark FROM reminders WHERE at <= ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query([now.millis()])?;
        let mut said = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            // A damaged row does not count as a reminder that was shown.
            if row.get::<_, Mark>(5)?
                != reminder_checksum(&name, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)
            {
                continue;
            }
            let typed = name.strip_prefix(ReminderProgram::CommandLine.prefix());
            let speaker = match typed {
                Some(_) => ReminderProgram::CommandLine,
                None => ReminderProgram::Desktop,
            };
            let code = serde_json::Value::from(typed.unwrap_or(&name));
            // Skip deadline codes that this version does not know.
            let Ok(code) = serde_json::from_value::<DeadlineCode>(code) else {
                continue;
            };
            let instant = |column| row.get(column).map(Timestamp::from_millis);
            said.push(ShownTier {
                speaker,
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

    /// The reminders that the program `speaker` should show now. `decide` chooses them and gets the reminder steps
    /// (tiers) that `speaker` has shown before. Records nothing.
    pub fn due_reminders(
        &self,
        speaker: ReminderProgram,
        now: Timestamp,
        decide: impl Fn(&BTreeSet<Tier>) -> ReminderPlan,
    ) -> Result<ReminderPlan, StoreError> {
        let said = self.shown_tiers(now)?.into_iter();
        let mine = said.filter(|said| said.speaker == speaker);
        Ok(decide(&mine.map(|said| said.tier).collect()))
    }

    /// Like [`Outbox::due_reminders`], and records the reminders in the same transaction, so that only one of two
    /// processes shows them. They are recorded before they are shown: a crash loses a reminder instead of repeating it.
    pub fn take_due_reminders(
        &self,
        speaker: ReminderProgram,
        now: Timestamp,
        decide: impl Fn(&BTreeSet<Tier>) -> ReminderPlan,
    ) -> Result<ReminderPlan, StoreError> {
        // Called every second, mostly with nothing to show: check first without a lock.
        if self.due_reminders(speaker, now, &decide)? == ReminderPlan::default() {
            return Ok(ReminderPlan::default());
        }
        let transaction = Transaction::new_unchecked(&self.connection, Immediate)?;
        let plan = self.due_reminders(speaker, now, &decide)?;
        let insert = "INSERT OR REPLACE INTO reminders VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let fired = plan.fire.iter().map(|(tier, _)| (tier, false));
        for (tier, skipped) in fired.chain(plan.skip.iter().map(|tier| (tier, true))) {
            let code = format!("{}{}", speaker.prefix(), tier.code.name());
            let (deadline, at) = (tier.deadline.millis(), tier.at.millis());
            let mark = reminder_checksum(&code, deadline, at, now.millis(), skipped);
            let values = params![code, deadline, at, now.millis(), skipped, mark];
            transaction.execute(insert, values)?;
        }
        transaction.commit()?;
        Ok(plan)
    }
}
