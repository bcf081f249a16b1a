//! The alarm of an account in grace, or about to be.

use boothkeeper_domain::account::{Account, FailedFee, Life, Payer};
use boothkeeper_domain::billing::{fee, plan, time};
use boothkeeper_domain::journal::GraceCause;
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Amount, Catalog, Money, Timestamp};
use serde::Serialize;

use crate::outbox::CommandView;
use crate::plan::CardView;

/// Remaining grace, in ms, below which the alarm is urgent.
const URGENT: i64 = 7 * DAY;

/// An account in grace: when it closes, what is lost then, and the two ways to prevent it (pay or pause).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alarm {
    pub began: Timestamp,
    pub closes_at: Timestamp,
    /// Milliseconds until `closes_at`; 0 if that has passed.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub left: i64,
    /// True if grace ended after the last contact with the cloud: the account has probably closed.
    pub over: bool,
    /// Elapsed part of grace, in thousandths.
    pub elapsed: u16,
    /// The current day of grace, counted from 1.
    pub day: u32,
    /// Length of grace, in days.
    pub days: u32,
    /// True if less than 7 days are left until the account closes.
    pub urgent: bool,
    pub cause: GraceCause,
    /// The last failed attempt to pay the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub failed: Option<FailedFee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CardView>,
    /// The balance, which is lost when the account closes.
    pub at_stake: Amount,
    /// The fee whose payment ends grace; absent while a charge is pending or after grace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fee: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payer: Option<Payer>,
    /// The end of the period that the fee pays for, when the next fee is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pays_until: Option<Timestamp>,
    /// A change of plan or a payment that the operator decided and that waits for the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decided: Option<CommandView>,
    /// The balance after paying the fee from credits, if the credits cover it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from_credits: Option<Amount>,
    /// When the fee is next tried again automatically.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_at: Option<Timestamp>,
    /// Name of the plan without a fee, which a pause switches to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pause_to: Option<String>,
    /// Number of events that a pause deletes.
    pub events: u32,
}

pub(super) fn alarm(account: &Account, catalog: &Catalog, now: Timestamp) -> Option<Alarm> {
    let (cause, began, until) = match (account.life, account.grace, account.cancel_at) {
        (Life::Grace, Some(grace), _) => (grace.cause, account.grace_began()?, grace.until),
        // Grace after a cancelled period begins without an entry. The cloud has not been reached since it began.
        (Life::Active, _, Some(at)) if at <= now => {
            let until = at.plus(i64::from(catalog.policies.grace_days) * DAY);
            (GraceCause::Cancelled, at, until)
        }
        _ => return None,
    };
    let whole = until.since(began).max(0);
    let days = u32::try_from(whole / DAY).unwrap_or(u32::MAX);
    let over = now.since(began).clamp(0, whole);
    let left = until.since(now).max(0);
    let payable = account.pending_fee.is_none() && now < until;
    let due = fee::due(account, catalog, now).filter(|_| payable && account.life == Life::Grace);
    Some(Alarm {
        began,
        closes_at: until,
        left,
        over: now >= until,
        elapsed: u16::try_from(over * 1000 / whole.max(1)).unwrap_or(1000),
        day: u32::try_from(over / DAY + 1).unwrap_or(days).min(days),
        days,
        urgent: left < URGENT,
        cause,
        failed: account.failed.clone(),
        card: account.card.as_ref().map(CardView::from),
        at_stake: account.balance,
        from_credits: due
            .as_ref()
            .filter(|due| fee::covered(&account.grants, catalog, &due.fee))
            .and_then(|due| account.balance.checked_sub(due.fee.amount).ok()),
        retry_at: time::retry_at(account, catalog).filter(|at| *at > now),
        pays_until: due.as_ref().map(|due| due.period.end),
        decided: None,
        fee: due.map(|due| due.fee),
        payer: plan::payer(account, catalog, now).ok(),
        pause_to: catalog.free_plan().map(|plan| plan.name.clone()),
        events: u32::try_from(account.events.len()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::Programme;
    use boothkeeper_domain::account::Grace;
    use boothkeeper_domain::calendar::{Cycle, Period};

    use super::*;

    fn in_grace_until(end: Timestamp) -> Account {
        Account {
            life: Life::Grace,
            plan: "basic".into(),
            cycle: Some(Cycle::Monthly),
            anchor: Some(end.plus(-60 * DAY)),
            period: Some(Period {
                start: end.plus(-60 * DAY),
                end: end.plus(-30 * DAY),
            }),
            grace: Some(Grace {
                cause: GraceCause::Unpaid,
                until: end,
                failed_at: None,
            }),
            ..Account::default()
        }
    }

    #[test]
    fn alarm_offers_no_payment_if_grace_ended_while_offline() {
        let catalog = Catalog::shipped(Programme::Booth).unwrap();
        let end = Timestamp::from_millis(100 * DAY);
        let account = in_grace_until(end);
        let at = |now| alarm(&account, &catalog, now).unwrap();
        let before = at(end.plus(-DAY));
        assert_eq!((before.left, before.over, before.day), (DAY, false, 30));
        assert!(before.urgent && before.fee.is_some());
        let after = at(end.plus(DAY));
        assert_eq!((after.left, after.over, after.fee), (0, true, None));
    }

    #[test]
    fn alarm_keeps_start_and_length_of_running_grace_when_catalog_changes_grace_days() {
        let mut catalog = Catalog::shipped(Programme::Booth).unwrap();
        let end = Timestamp::from_millis(100 * DAY);
        let account = in_grace_until(end);
        let now = end.plus(-20 * DAY);
        let before = alarm(&account, &catalog, now).unwrap();
        for days in [7, 60] {
            catalog.policies.grace_days = days;
            assert_eq!(alarm(&account, &catalog, now).unwrap(), before);
        }
        let (began, shown) = (before.began, (before.day, before.days));
        assert_eq!((began, shown), (end.plus(-30 * DAY), (11, 30)));
    }
}
