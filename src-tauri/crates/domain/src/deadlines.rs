//! The coming deadlines of an account: what happens, when, and how many credits are at risk (`domain.md` §10).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Life;
use crate::billing::{allowance, forecast, time};
use crate::journal::GraceCause;
use crate::time::{DAY, HOUR};
use crate::{Account, Amount, Catalog, Source, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DeadlineCode {
    /// The account closes and loses all credits.
    GraceEnd,
    /// The period of a cancelled plan ends. Grace starts, and after it the account closes.
    CancelledPeriodEnd,
    Renewal,
    /// The last moment to cancel before the coming renewal.
    CancelBy,
    /// An unpaid fee is tried again.
    PaymentRetry,
    CardExpiry,
    AllowanceRefresh,
    GrantExpiry,
    /// Support's reply to a dispute is due.
    DisputeReply,
}

impl DeadlineCode {
    /// The code's name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            DeadlineCode::GraceEnd => "grace_end",
            DeadlineCode::CancelledPeriodEnd => "cancelled_period_end",
            DeadlineCode::Renewal => "renewal",
            DeadlineCode::CancelBy => "cancel_by",
            DeadlineCode::PaymentRetry => "payment_retry",
            DeadlineCode::CardExpiry => "card_expiry",
            DeadlineCode::AllowanceRefresh => "allowance_refresh",
            DeadlineCode::GrantExpiry => "grant_expiry",
            DeadlineCode::DisputeReply => "dispute_reply",
        }
    }

    /// How long before the deadline each reminder is due, in milliseconds, longest first.
    pub const fn tiers(self) -> &'static [i64] {
        match self {
            // The deadlines that lead to the loss of all credits.
            DeadlineCode::GraceEnd | DeadlineCode::CancelledPeriodEnd => {
                &[14 * DAY, 7 * DAY, 3 * DAY, DAY, 2 * HOUR]
            }
            DeadlineCode::Renewal
            | DeadlineCode::CancelBy
            | DeadlineCode::PaymentRetry
            | DeadlineCode::CardExpiry
            | DeadlineCode::AllowanceRefresh
            | DeadlineCode::GrantExpiry
            | DeadlineCode::DisputeReply => &[7 * DAY, DAY],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub code: DeadlineCode,
    pub at: Timestamp,
    /// Credits, in minor units, that are lost if the operator does nothing before the deadline.
    pub at_risk: Option<Amount>,
    /// When the deadline came into existence, if that is known. Reminders that would be due before this time are left
    /// out.
    pub since: Option<Timestamp>,
}

impl Deadline {
    /// The instants at which reminders of the deadline are due, earliest first.
    pub fn tiers(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let (at, since) = (self.at, self.since);
        let tiers = self.code.tiers().iter().map(move |ahead| at.plus(-ahead));
        tiers.filter(move |tier| since.is_none_or(|since| *tier >= since))
    }
}

/// All deadlines after `now`, soonest first.
pub fn deadlines(account: &Account, catalog: &Catalog, now: Timestamp) -> Vec<Deadline> {
    let renewal = forecast::renewal_at(account);
    // The end of a cancelled plan. It lies one period after the current period if the plan was cancelled too late.
    let cancelled = account.cancel_at.filter(|_| account.life == Life::Active);
    let undecided = renewal.filter(|_| account.cancel_at.is_none());
    let closes = forecast::closes_at(account, catalog);
    let alive = account.life != Life::Closed;
    let pays = renewal.is_some()
        || account.auto_recharge.enabled
        || account.grace.is_some_and(|g| g.cause == GraceCause::Unpaid);
    let card = account.card.as_ref().filter(|_| alive && pays);
    // Grants that expire at the same instant are one deadline. An allowance that expires when the next one is granted
    // is part of the deadline of that refresh and is not a deadline of its own.
    let refresh = allowance_at(account, catalog);
    let mut expiries: BTreeMap<Timestamp, Amount> = BTreeMap::new();
    let mut replaced = None;
    for grant in account.grants.iter() {
        let Some(at) = grant.expires_at else { continue };
        let sum = match grant.source == Source::Allowance && refresh == Some(at) {
            true => replaced.get_or_insert(Amount::ZERO),
            false => expiries.entry(at).or_insert(Amount::ZERO),
        };
        *sum = sum.checked_add(grant.remaining).unwrap_or(*sum);
    }
    let grants = expiries
        .into_iter()
        .map(|(at, remaining)| (DeadlineCode::GrantExpiry, at, Some(remaining)));
    let all = Some(account.balance);
    let fixed = [
        (DeadlineCode::GraceEnd, closes, all),
        (DeadlineCode::CancelledPeriodEnd, cancelled, all),
        (DeadlineCode::Renewal, renewal, None),
        (
            DeadlineCode::CancelBy,
            undecided.map(|at| at.plus(-DAY)),
            None,
        ),
        (
            DeadlineCode::PaymentRetry,
            time::retry_at(account, catalog),
            None,
        ),
        (
            DeadlineCode::CardExpiry,
            card.map(|card| card.expires_at()),
            None,
        ),
        (DeadlineCode::AllowanceRefresh, refresh, replaced),
    ];
    let fixed = fixed
        .into_iter()
        .filter_map(|(code, at, at_risk)| Some((code, at?, at_risk)));
    // Replies due at the same instant are one deadline, which exists since the newest of the operator's messages.
    let mut replies: BTreeMap<Timestamp, Timestamp> = BTreeMap::new();
    for dispute in account.disputes.values() {
        // After support's message no reply is due until the operator writes again.
        let (Some(by), Some(asked_at)) = (dispute.reply_by(), dispute.asked_at) else {
            continue;
        };
        let since = replies.entry(by).or_default();
        *since = asked_at.max(*since);
    }
    let replies = replies.into_iter().map(|(at, since)| Deadline {
        code: DeadlineCode::DisputeReply,
        at,
        at_risk: None,
        since: Some(since),
    });
    let mut deadlines: Vec<_> = fixed
        .chain(grants)
        .map(|(code, at, at_risk)| Deadline {
            code,
            at,
            at_risk,
            since: None,
        })
        .chain(replies)
        .filter(|deadline| deadline.at > now)
        .collect();
    deadlines.sort_by_key(|deadline| (deadline.at, deadline.code));
    deadlines
}

/// When the next allowance is granted, including one that is granted with the coming renewal.
fn allowance_at(account: &Account, catalog: &Catalog) -> Option<Timestamp> {
    let renews = forecast::renewal_at(account);
    let granted = allowance::monthly(account, catalog).is_ok_and(Amount::is_positive);
    let with_renewal = account
        .refresh_at
        .filter(|at| granted && renews == Some(*at));
    allowance::next(account, catalog).or(with_renewal)
}
