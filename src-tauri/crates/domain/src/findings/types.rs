//! The types of causes and findings.

use serde::{Deserialize, Serialize};

use crate::codes::{CauseCode, FindingCode};
use crate::{Amount, Money, Seq, Timestamp};

/// The total change of the balance by one cause, and the entries that add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cause {
    pub code: CauseCode,
    pub delta: Amount,
    pub entries: Vec<Seq>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warn,
    /// Credits are at stake.
    Alarm,
}

/// The next step that the operator is advised to take. A finding has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    ChangePaymentOrder,
    ReplaceCard,
    Dispute,
    PayNow,
    Pause,
    BuyCredits,
    /// Look at the rows of the journal. Only the operator can tell whether the runs were wanted.
    LookAtRows,
    /// Compare the charge with the bank's card statement.
    CompareStatement,
    Wait,
}

/// A fact that the operator should know, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    /// The credits that the finding is about, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
    /// The money that was charged or was to be charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub charge: Option<Money>,
    /// Seqs of the entries that prove the finding.
    pub entries: Vec<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at: Option<Timestamp>,
    /// When what the finding states is expected to change, or should have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub action: Option<NextStep>,
    /// For a finding that something is missing: the time up to which that is known. It may have happened since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub known_until: Option<Timestamp>,
    /// The id of a dispute about the finding that was already sent to support.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub dispute: Option<String>,
    /// The id of a dispute draft about the finding that was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub draft: Option<String>,
}

impl Finding {
    pub fn new(code: FindingCode, severity: Severity, action: NextStep) -> Self {
        Finding {
            code,
            severity,
            amount: None,
            charge: None,
            entries: vec![],
            at: None,
            deadline: None,
            action: Some(action),
            known_until: None,
            dispute: None,
            draft: None,
        }
    }

    /// Sets the evidence, the amount in minor units, and the time.
    pub fn of(mut self, entries: impl Into<Vec<Seq>>, amount: Amount, at: Timestamp) -> Self {
        (self.entries, self.amount, self.at) = (entries.into(), Some(amount), Some(at));
        self
    }

    pub fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }
}
