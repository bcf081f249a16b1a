//! How an account pays: who pays first, its card, and auto-recharge.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    Card,
    Credits,
}

/// Whether card or credits pay a renewal first, and whether the other payer is tried if the first cannot pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentOrder {
    pub first: Payer,
    pub fallback: bool,
}

impl Default for PaymentOrder {
    fn default() -> Self {
        PaymentOrder {
            first: Payer::Card,
            fallback: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub exp_month: u8,
    pub exp_year: u16,
}

impl Card {
    /// The first instant at which the card is no longer valid: the start of the month after its expiry month, in UTC.
    pub fn expires_at(&self) -> Timestamp {
        let (year, month) = match self.exp_month {
            12.. => (i32::from(self.exp_year) + 1, 1),
            month => (i32::from(self.exp_year), u32::from(month) + 1),
        };
        let first = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        Timestamp::from(first.and_time(chrono::NaiveTime::MIN).and_utc())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoRechargeSetting {
    pub enabled: bool,
}
