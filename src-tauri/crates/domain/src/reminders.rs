//! Which reminders are due (`domain.md` §10): each tier of a deadline is said once, over restarts and sleep;
//! of several that were missed only the most urgent is said, and the others count as skipped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::deadlines::{Deadline, DeadlineCode};
use crate::time::DAY;
use crate::{Amount, Timestamp};

/// One tier of one deadline, for good: a deadline that moves is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tier {
    pub code: DeadlineCode,
    pub deadline: Timestamp,
    pub at: Timestamp,
}

/// Something to be said now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reminder {
    pub code: DeadlineCode,
    pub at: Timestamp,
    /// The time that is really left, in milliseconds, however late the tier is said.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub credits_at_risk: Option<Amount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    pub fire: Vec<(Tier, Reminder)>,
    pub skip: Vec<Tier>,
}

/// Minutes after local midnight between which nothing is said that can wait; over midnight, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuietHours {
    pub from: u16,
    pub to: u16,
}

impl QuietHours {
    pub const fn hold(self, minute: u16) -> bool {
        if self.from <= self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}

/// What to say at `now` of deadlines that are still to come, `said` being what was said or skipped before.
/// In quiet hours all but the last day of a closing account waits.
pub fn plan(deadlines: &[Deadline], said: &BTreeSet<Tier>, now: Timestamp, quiet: bool) -> Plan {
    let mut plan = Plan::default();
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

    /// Looks at each of these moments before the end; what is said, and what is skipped, in hours before.
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
    fn a_laptop_that_slept_says_the_most_urgent_with_the_time_really_left() {
        // Asleep from day 10 to day 25 of 30.
        let (fired, skipped, left) = said_at(&[480, 120, 119, 72, 24, 2, 1, 0]);
        assert_eq!(fired, [7 * 24, 72, 24, 2]);
        assert_eq!(skipped, [14 * 24]);
        assert_eq!(left, [120, 72, 24, 2]);
    }

    #[test]
    fn nothing_is_said_of_what_has_passed_or_is_far() {
        assert_eq!(said_at(&[500, 337]), (vec![], vec![], vec![]));
        assert_eq!(said_at(&[0]), (vec![], vec![], vec![]));
        assert_eq!(said_at(&[336]).0, [336]);
    }

    #[test]
    fn quiet_hours_hold_what_can_wait_and_not_the_last_day() {
        let none = BTreeSet::new();
        let quiet = |hours: i64| plan(&grace(), &none, END.plus(-hours * HOUR), true);
        assert_eq!(quiet(72), Plan::default(), "neither said nor skipped");
        assert_eq!(quiet(24).fire.len(), 1);
        let renewal = [Deadline {
            code: DeadlineCode::Renewal,
            at: END,
            at_risk: None,
            since: None,
        }];
        assert_eq!(
            plan(&renewal, &none, END.plus(-HOUR), true),
            Plan::default()
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
        fn each_tier_is_said_or_skipped_at_most_once(mut moments in prop::collection::vec(0_i64..400, 0..60)) {
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
