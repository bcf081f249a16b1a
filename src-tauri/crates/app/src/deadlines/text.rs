//! The texts of a deadline in a calendar, a notification, the tray and a terminal.

use boothkeeper_domain::Asset;
use boothkeeper_domain::billing::forecast::Outcome;
use boothkeeper_domain::deadlines::DeadlineCode;
use boothkeeper_messages::deadlines::{self as texts, DEADLINES_TITLE};
use boothkeeper_messages::{Arguments, money, usd};

use super::DeadlineView;

/// The title of a deadline where no other text stands beside it: `Account closes, its credits are deleted`.
pub fn title(code: DeadlineCode) -> String {
    let title = DEADLINES_TITLE.attribute(code.name(), "long", &Arguments::new());
    title.unwrap_or_else(|| DEADLINES_TITLE.name(code.name()))
}

impl DeadlineView {
    /// What happens at the deadline, with the fee or the credits at risk where they are known.
    pub fn detail(&self, asset: Option<&Asset>) -> String {
        let fee = self.fee.as_ref().map(|fee| usd(fee.amount));
        let fee = |known: fn(&str) -> String, unknown: fn() -> String| match &fee {
            Some(fee) => known(fee),
            None => unknown(),
        };
        let stake = self.credits_at_risk.zip(asset);
        let stake = stake.map(|(amount, asset)| money(amount, asset));
        let stake = |known: fn(&str) -> String, unknown: fn() -> String| match &stake {
            Some(amount) => known(amount),
            None => unknown(),
        };
        match self.code {
            DeadlineCode::Renewal => match self.outcome {
                Some(Outcome::Card) => fee(
                    texts::detail_renewal_card_amount,
                    texts::detail_renewal_card,
                ),
                Some(Outcome::Credits) => fee(
                    texts::detail_renewal_credits_amount,
                    texts::detail_renewal_credits,
                ),
                Some(Outcome::Unpaid) => fee(
                    texts::detail_renewal_unpaid_amount,
                    texts::detail_renewal_unpaid,
                ),
                None => texts::detail_renewal(),
            },
            DeadlineCode::CancelBy => fee(texts::detail_cancel_by_amount, texts::detail_cancel_by),
            DeadlineCode::PaymentRetry => fee(
                texts::detail_payment_retry_amount,
                texts::detail_payment_retry,
            ),
            DeadlineCode::GraceEnd => {
                stake(texts::detail_grace_end_amount, texts::detail_grace_end)
            }
            DeadlineCode::CancelledPeriodEnd => stake(
                texts::detail_cancelled_period_end_amount,
                texts::detail_cancelled_period_end,
            ),
            DeadlineCode::CardExpiry => texts::detail_card_expiry(),
            DeadlineCode::AllowanceRefresh => match self.credits_at_risk {
                Some(_) => stake(
                    texts::detail_allowance_refresh_amount,
                    texts::detail_allowance_refresh_rest,
                ),
                None => texts::detail_allowance_refresh(),
            },
            DeadlineCode::GrantExpiry => stake(
                texts::detail_grant_expiry_amount,
                texts::detail_grant_expiry,
            ),
            DeadlineCode::DisputeReply => texts::detail_dispute_reply(),
        }
    }
}

#[cfg(test)]
mod tests {
    use boothkeeper_domain::{Amount, Money, Timestamp};

    use super::*;

    #[test]
    fn deadline_text_without_known_amounts_is_a_whole_sentence() {
        let outcomes = [
            None,
            Some(Outcome::Card),
            Some(Outcome::Credits),
            Some(Outcome::Unpaid),
        ];
        let (amounts, usd) = ([None, Some(Amount::of(500))], Asset::usd());
        let fees = [None, Some(Money::usd(Amount::of(4_900)))];
        for name in DEADLINES_TITLE.codes() {
            let code: DeadlineCode = serde_json::from_value((*name).into()).unwrap();
            assert!(!title(code).is_empty());
            for outcome in outcomes {
                for credits_at_risk in amounts {
                    for fee in &fees {
                        for asset in [None, Some(&usd)] {
                            let view = DeadlineView {
                                code,
                                at: Timestamp::from_millis(0),
                                credits_at_risk,
                                fee: fee.clone(),
                                outcome,
                                tiers: vec![],
                            };
                            let text = view.detail(asset);
                            assert!(!crate::has_hole(&text), "{code:?}: {text}");
                        }
                    }
                }
            }
        }
    }
}
