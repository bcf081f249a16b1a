//! Decides which reminders are due (`domain.md` §10). A deadline has several tiers, such as 7 days and 1 day before it.
//! Each tier fires at most once, also across restarts and sleep. If several tiers of a deadline were missed, only the
//! most urgent one fires and the others are skipped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::deadlines::{Deadline, DeadlineCode};
use crate::time::DAY;
use crate::{Amount, Timestamp};

/// Identifies one tier (reminder) of one deadline. A deadline that moves to another time gets new tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tier {
    pub code: DeadlineCode,
    pub deadline: Timestamp,
    /// When the reminder is due.
    pub at: Timestamp,
}

/// A reminder to show now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reminder {
    pub code: DeadlineCode,
    /// The instant of the deadline that the reminder is about.
    pub at: Timestamp,
    /// Milliseconds from now to the deadline, also if the reminder is shown late.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub credits_at_risk: Option<Amount>,
}

/// What to do with the tiers (reminders of a deadline) that are due. Both lists must be stored, so that no tier fires
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReminderPlan {
    pub fire: Vec<(Tier, Reminder)>,
    /// Missed tiers, whose reminders must not be shown any more.
    pub skip: Vec<Tier>,
}

/// The time of day in which reminders that can wait are delayed: from `from` to before `to`, both in minutes after
/// local midnight. The range may cross midnight; it is empty if both are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuietHours {
    pub from: u16,
    pub to: u16,
}

impl QuietHours {
    /// Whether reminders are delayed at this minute after local midnight.
    pub const fn hold(self, minute: u16) -> bool {
        if self.from <= self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}

/// The reminders to show at `now`, for deadlines that have not passed. `said` contains the tiers that have fired or
/// were skipped before. In quiet hours only the reminders of the last day before an account closes fire; other
/// reminders neither fire nor are skipped.
pub fn plan(
    deadlines: &[Deadline],
    said: &BTreeSet<Tier>,
    now: Timestamp,
    quiet: bool,
) -> ReminderPlan {
    let mut plan = ReminderPlan::default();
    let urgent = |deadline: &&Deadline| {
        let closes = deadline.code == DeadlineCode::GraceEnd;
        !quiet || (closes && deadline.at.since(now) <= DAY)
    };
    let coming = deadlines.iter().filter(|deadline| deadline.at > now);
    for deadline in coming.filter(urgent) {
        let tier = |at| Tier {
            code: deadline.code,
            deadline: deadline.at,
            at,
        };
        let missed = deadline.tiers().filter(|at| *at <= now).map(tier);
        let mut missed: Vec<_> = missed.filter(|tier| !said.contains(tier)).collect();
        if let Some(urgent) = missed.pop() {
            let reminder = Reminder {
                code: deadline.code,
                at: deadline.at,
                left: deadline.at.since(now),
                credits_at_risk: deadline.at_risk,
            };
            plan.fire.push((urgent, reminder));
            plan.skip.extend(missed);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::HOUR;

    const END: Timestamp = Timestamp::from_millis(100 * DAY);

    fn grace() -> Vec<Deadline> {
        vec![Deadline {
            code: DeadlineCode::GraceEnd,
            at: END,
            at_risk: Some(Amount::of(8_000)),
            since: None,
        }]
    }

    /// Runs `plan` at each of these numbers of hours before the deadline. Returns the fired tiers and the skipped
    /// tiers, both in hours before the deadline, and the hours left that the reminders state.
    fn said_at(moments: &[i64]) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
        let mut said = BTreeSet::new();
        let (mut fired, mut skipped, mut left) = (vec![], vec![], vec![]);
        for hours in moments {
            let plan = plan(&grace(), &said, END.plus(-hours * HOUR), false);
            for (tier, reminder) in &plan.fire {
                fired.push(END.since(tier.at) / HOUR);
                left.push(reminder.left / HOUR);
            }
            skipped.extend(plan.skip.iter().map(|tier| END.since(tier.at) / HOUR));
            said.extend(plan.fire.iter().map(|(tier, _)| *tier).chain(plan.skip));
        }
        (fired, skipped, left)
    }

    #[test]
    fn after_sleep_only_the_latest_missed_reminder_is_shown_with_the_time_left() {
        // The laptop sleeps from day 10 to day 25 of the 30 days of grace.
        let (fired, skipped, left) = said_at(&[480, 120, 119, 72, 24, 2, 1, 0]);
        assert_eq!(fired, [7 * 24, 72, 24, 2]);
        assert_eq!(skipped, [14 * 24]);
        assert_eq!(left, [120, 72, 24, 2]);
    }

    #[test]
    fn no_reminder_is_shown_before_the_first_is_due_or_at_the_deadline() {
        assert_eq!(said_at(&[500, 337]), (vec![], vec![], vec![]));
        assert_eq!(said_at(&[0]), (vec![], vec![], vec![]));
        assert_eq!(said_at(&[336]).0, [336]);
    }

    #[test]
    fn reminders_wait_in_quiet_hours_except_on_the_last_day_before_the_account_closes() {
        let none = BTreeSet::new();
        let quiet = |hours: i64| plan(&grace(), &none, END.plus(-hours * HOUR), true);
        assert_eq!(
            quiet(72),
            ReminderPlan::default(),
            "neither fired nor skipped"
        );
        assert_eq!(quiet(24).fire.len(), 1);
        let renewal = [Deadline {
            code: DeadlineCode::Renewal,
            at: END,
            at_risk: None,
            since: None,
        }];
        assert_eq!(
            plan(&renewal, &none, END.plus(-HOUR), true),
            ReminderPlan::default()
        );

        let night = QuietHours {
            from: 22 * 60,
            to: 7 * 60,
        };
        let held = |hour: u16| night.hold(hour * 60);
        assert_eq!(
            [21, 22, 0, 6, 7].map(held),
            [false, true, true, true, false]
        );
        let noon = QuietHours {
            from: 12 * 60,
            to: 13 * 60,
        };
        assert!(noon.hold(12 * 60 + 59) && !noon.hold(13 * 60) && !noon.hold(0));
        let never = QuietHours { from: 0, to: 0 };
        assert!(!never.hold(0));
    }

    proptest! {
        #[test]
        fn each_reminder_of_a_deadline_is_shown_or_skipped_at_most_once(mut moments in prop::collection::vec(0_i64..400, 0..60)) {
            moments.sort_unstable_by(|a, b| b.cmp(a));
            let (fired, skipped, left) = said_at(&moments);
            let mut all: Vec<_> = fired.iter().chain(&skipped).copied().collect();
            let before = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), before);
            prop_assert!(fired.iter().zip(&left).all(|(tier, left)| left <= tier));
        }
    }
}
