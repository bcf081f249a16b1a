//! The card on file.

use boothkeeper_domain::Timestamp;
use boothkeeper_domain::account::Card;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CardView {
    pub brand: String,
    pub last4: String,
    /// The first instant at which the card is no longer valid.
    pub expires: Timestamp,
}

impl From<&Card> for CardView {
    fn from(card: &Card) -> Self {
        CardView {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            expires: card.expires_at(),
        }
    }
}
