//! Grants: blocks of credits with a source and an optional expiry, and the order in which charges draw from them
//! (`domain.md` §3). No grant ever holds less than 0 credits.

use serde::{Deserialize, Serialize};

use crate::bounds::MAX_LINES;
use crate::{Amount, AmountError, GrantId, Seq, Timestamp};

/// Where a grant's credits came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Purchase,
    Allowance,
    Bonus,
    CouponBonus,
    Compensation,
}

impl Source {
    /// True for credits that were not bought. They are spent before bought credits with the same expiry.
    pub const fn is_promotional(self) -> bool {
        !matches!(self, Source::Purchase)
    }

    /// The bucket in which credits of this source are shown.
    pub const fn bucket(self) -> Bucket {
        match self {
            Source::Purchase => Bucket::Purchased,
            Source::Allowance => Bucket::Allowance,
            Source::Bonus | Source::CouponBonus | Source::Compensation => Bucket::Bonus,
        }
    }
}

/// The groups in which the operator sees credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    Allowance,
    Bonus,
    Purchased,
}

/// The change that an entry makes to one grant. A line that opens a grant, or opens it again after it was used up,
/// carries `source` and `expires_at`, so that balance and buckets can be computed from the lines alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    pub grant: GrantId,
    /// Minor units; negative if the line takes credits from the grant.
    pub delta: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A grant that still holds credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    pub source: Source,
    /// Minor units, always positive.
    pub remaining: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Grant {
    /// The line that takes all remaining credits from the grant.
    pub fn emptied(&self) -> Line {
        taking_line(self.id, self.remaining)
    }

    /// Sort key of the spending order (`domain.md` §3): expiry, then promotional before bought, then age. A grant's id
    /// is the seq of the entry that opened it, so ids are in order of age. The catalog defines no priorities, so the
    /// key has none.
    fn spending_key(&self) -> (Timestamp, bool, Seq) {
        let expires = self.expires_at.unwrap_or(Timestamp::from_millis(i64::MAX));
        (expires, !self.source.is_promotional(), self.id.0)
    }
}

/// The grants that still hold credits, sorted in spending order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(Vec<Grant>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("a line takes more credits from a grant than it holds")]
    Overdrawn,
    #[error("a line opens a grant without naming its source")]
    Unsourced,
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Grants {
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    pub fn get(&self, id: GrantId) -> Option<&Grant> {
        self.0.iter().find(|g| g.id == id)
    }

    /// The credits of all grants together. Fails if the sum is outside the range of [`Amount`].
    pub fn total(&self) -> Result<Amount, AmountError> {
        Amount::sum(self.0.iter().map(|g| g.remaining))
    }

    /// Entry lines that take `amount` (positive) from the grants in spending order. `None` if the grants hold less than
    /// `amount`, or if more than [`MAX_LINES`] lines would be needed, the most that one entry may have.
    pub fn draw(&self, amount: Amount) -> Option<Vec<Line>> {
        let (lines, short) = self.draw_up_to(amount);
        (short.is_zero() && lines.len() <= MAX_LINES).then_some(lines)
    }

    /// Entry lines that take as much of `amount` as the grants hold, and the amount that could not be taken. There may
    /// be more than [`MAX_LINES`] lines.
    pub fn draw_up_to(&self, amount: Amount) -> (Vec<Line>, Amount) {
        let mut left = amount;
        let mut lines = Vec::new();
        for grant in &self.0 {
            if !left.is_positive() {
                break;
            }
            let part = left.min(grant.remaining);
            lines.push(taking_line(grant.id, part));
            // Cannot fail: both amounts are in range and `part <= left`.
            left = left.checked_sub(part).unwrap_or(Amount::ZERO);
        }
        (lines, left)
    }

    /// Applies one line of an entry. Fails, and changes nothing, if the line takes more than its grant holds, or if
    /// it opens a grant without a source.
    pub fn apply(&mut self, line: &Line) -> Result<(), GrantError> {
        if let Some(at) = self.0.iter().position(|g| g.id == line.grant) {
            let remaining = self.0[at].remaining.checked_add(line.delta)?;
            if remaining.is_negative() {
                return Err(GrantError::Overdrawn);
            }
            if remaining.is_zero() {
                self.0.remove(at);
            } else {
                self.0[at].remaining = remaining;
            }
            return Ok(());
        }
        if !line.delta.is_positive() {
            return Err(GrantError::Overdrawn);
        }
        let grant = Grant {
            id: line.grant,
            source: line.source.ok_or(GrantError::Unsourced)?,
            remaining: line.delta,
            expires_at: line.expires_at,
        };
        let at = self
            .0
            .partition_point(|g| g.spending_key() < grant.spending_key());
        self.0.insert(at, grant);
        Ok(())
    }
}

fn taking_line(grant: GrantId, part: Amount) -> Line {
    Line {
        grant,
        delta: part.negated(),
        source: None,
        expires_at: None,
    }
}

/// The line that opens a new grant with the entry at `seq`.
pub fn opening(seq: Seq, source: Source, amount: Amount, expires_at: Option<Timestamp>) -> Line {
    Line {
        grant: GrantId(seq),
        delta: amount,
        source: Some(source),
        expires_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(specs: &[(u64, Source, i32, Option<i64>)]) -> Grants {
        let mut grants = Grants::default();
        for (seq, source, amount, expires) in specs {
            let line = opening(
                Seq(*seq),
                *source,
                Amount::of(*amount),
                expires.map(Timestamp::from_millis),
            );
            grants.apply(&line).unwrap();
        }
        grants
    }

    fn order(grants: &Grants) -> Vec<u64> {
        grants.iter().map(|g| g.id.0.0).collect()
    }

    #[test]
    fn credits_soonest_to_expire_then_promotional_then_oldest_are_spent_first() {
        let grants = grants(&[
            (1, Source::Purchase, 10, None),
            (2, Source::Bonus, 10, None),
            (3, Source::Allowance, 10, Some(500)),
            (4, Source::Compensation, 10, None),
            (5, Source::Purchase, 10, Some(500)),
            (6, Source::Bonus, 10, Some(400)),
        ]);
        assert_eq!(order(&grants), [6, 3, 5, 2, 4, 1]);
    }

    #[test]
    fn draw_from_several_grants_takes_at_most_their_total() {
        let grants = grants(&[(1, Source::Purchase, 30, None), (2, Source::Bonus, 5, None)]);
        let lines = grants.draw(Amount::of(12)).unwrap();
        let taken: Vec<_> = lines
            .iter()
            .map(|l| (l.grant.0.0, l.delta.minor()))
            .collect();
        assert_eq!(taken, [(2, -5), (1, -7)]);
        assert_eq!(grants.draw(Amount::of(36)), None);
        let (_, short) = grants.draw_up_to(Amount::of(36));
        assert_eq!(short, Amount::of(1));
    }

    #[test]
    fn entry_line_that_overdraws_a_grant_or_opens_one_without_source_is_rejected() {
        let mut grants = grants(&[(1, Source::Purchase, 30, None)]);
        let mut line = taking_line(GrantId(Seq(1)), Amount::of(31));
        assert_eq!(grants.apply(&line), Err(GrantError::Overdrawn));
        line = taking_line(GrantId(Seq(9)), Amount::of(1));
        assert_eq!(grants.apply(&line), Err(GrantError::Overdrawn));
        line.delta = Amount::of(1);
        assert_eq!(grants.apply(&line), Err(GrantError::Unsourced));
    }
}
