//! Grants: blocks of credits, and the order in which charges draw from them (`domain.md` §3).

use serde::{Deserialize, Serialize};

use crate::bounds::LINES;
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
    /// Promotional credits are spent before paid ones of the same expiry.
    pub const fn is_promotional(self) -> bool {
        !matches!(self, Source::Purchase)
    }

    pub const fn bucket(self) -> Bucket {
        match self {
            Source::Purchase => Bucket::Purchased,
            Source::Allowance => Bucket::Allowance,
            Source::Bonus | Source::CouponBonus | Source::Compensation => Bucket::Bonus,
        }
    }
}

/// Grants as an operator sees them, in spending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    Allowance,
    Bonus,
    Purchased,
}

/// One grant's part in an entry. `source` and `expires_at` travel with a line that opens the grant,
/// or opens it again after it was used up, so that balance and buckets fold from lines alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    pub grant: GrantId,
    pub delta: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A grant with something left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    pub source: Source,
    pub remaining: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Grant {
    /// The line that takes all that is left of it.
    pub fn emptied(&self) -> Line {
        taken(self.id, self.remaining)
    }

    /// `domain.md` §3. A grant takes effect with the entry that opens it, so its id orders it in
    /// time as well. Priority is 0 for every grant until a catalog names another.
    fn spending_key(&self) -> (Timestamp, bool, Seq) {
        let expires = self.expires_at.unwrap_or(Timestamp::from_millis(i64::MAX));
        (expires, !self.source.is_promotional(), self.id.0)
    }
}

/// The grants that have something left, kept in spending order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(Vec<Grant>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("a line takes more from a grant than is left in it")]
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

    pub fn total(&self) -> Result<Amount, AmountError> {
        Amount::sum(self.0.iter().map(|g| g.remaining))
    }

    /// Lines that take `amount` (positive) in spending order, or `None` if it is not covered by as many grants
    /// as one entry can draw from.
    pub fn draw(&self, amount: Amount) -> Option<Vec<Line>> {
        let (lines, short) = self.draw_up_to(amount);
        (short.is_zero() && lines.len() <= LINES).then_some(lines)
    }

    /// Lines that take as much of `amount` as there is, and what could not be taken.
    pub fn draw_up_to(&self, amount: Amount) -> (Vec<Line>, Amount) {
        let mut left = amount;
        let mut lines = Vec::new();
        for grant in &self.0 {
            if !left.is_positive() {
                break;
            }
            let part = left.min(grant.remaining);
            lines.push(taken(grant.id, part));
            // Both lie within the range and `part <= left`, so the difference does too.
            left = left.checked_sub(part).unwrap_or(Amount::ZERO);
        }
        (lines, left)
    }

    /// Applies one line of an entry.
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

fn taken(grant: GrantId, part: Amount) -> Line {
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
    fn soonest_to_expire_then_promotional_then_oldest_is_spent_first() {
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
    fn a_draw_takes_from_several_grants_and_never_more_than_there_is() {
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
    fn a_line_cannot_overdraw_or_open_without_a_source() {
        let mut grants = grants(&[(1, Source::Purchase, 30, None)]);
        let mut line = taken(GrantId(Seq(1)), Amount::of(31));
        assert_eq!(grants.apply(&line), Err(GrantError::Overdrawn));
        line = taken(GrantId(Seq(9)), Amount::of(1));
        assert_eq!(grants.apply(&line), Err(GrantError::Overdrawn));
        line.delta = Amount::of(1);
        assert_eq!(grants.apply(&line), Err(GrantError::Unsourced));
    }
}
