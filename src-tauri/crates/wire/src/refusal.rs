//! Refusals of the billing rules as problem documents. The cloud answers with such a document; a laptop whose own
//! preview of a command is refused shows the same problem.

use boothkeeper_domain::billing::Refusal;
use serde_json::json;

use crate::problem::{Problem, ProblemCode};

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let of = Problem::new;
        match refusal {
            Refusal::AccountClosed => of(ProblemCode::AccountClosed),
            Refusal::UnknownService => of(ProblemCode::UnknownService),
            Refusal::UnitsOutOfRange => of(ProblemCode::UnitsOutOfRange),
            Refusal::InsufficientCredits { price, balance } => of(ProblemCode::InsufficientCredits)
                .with(json!({ "price": price, "balance": balance })),
            Refusal::DailyLimitReached {
                limit,
                used,
                resets_at,
            } => of(ProblemCode::DailyLimitReached)
                .with(json!({ "limit": limit, "used": used, "resets_at": resets_at })),
            Refusal::ExceedsDailyLimit { limit, price } => {
                of(ProblemCode::ExceedsDailyLimit).with(json!({ "limit": limit, "price": price }))
            }
            Refusal::AlreadyRefunded => of(ProblemCode::AlreadyRefunded),
            Refusal::BelowMinimum { minimum } => {
                of(ProblemCode::BelowMinimum).with(json!({ "minimum": minimum }))
            }
            Refusal::AmountOutOfRange => of(ProblemCode::AmountOutOfRange),
            Refusal::NoCard => of(ProblemCode::NoCard),
            Refusal::PaymentSettled => of(ProblemCode::NotFound),
            Refusal::NoAutoRecharge => of(ProblemCode::NoAutoRecharge),
            Refusal::CreditsCannotPayFees => of(ProblemCode::CreditsCannotPayFees),
            Refusal::UnknownPlan => of(ProblemCode::UnknownPlan),
            Refusal::SamePlan => of(ProblemCode::SamePlan),
            Refusal::OtherCyclePaid => of(ProblemCode::OtherCyclePaid),
            Refusal::CardDeclined => of(ProblemCode::CardDeclined),
            Refusal::PaymentUnanswered => of(ProblemCode::PaymentUnanswered),
            Refusal::PaymentPending => of(ProblemCode::PaymentPending),
            Refusal::NothingDue => of(ProblemCode::NothingDue),
            Refusal::WrongState => of(ProblemCode::WrongState),
            Refusal::UnknownCoupon => of(ProblemCode::UnknownCoupon),
            Refusal::CouponNotForPlan => of(ProblemCode::CouponNotForPlan),
            Refusal::CouponRedeemed => of(ProblemCode::CouponRedeemed),
            Refusal::UnknownProduct => of(ProblemCode::UnknownProduct),
            Refusal::NoNewEvents => of(ProblemCode::NoNewEvents),
            Refusal::TextTooLong => of(ProblemCode::TextTooLong),
            Refusal::Broken(_) => of(ProblemCode::Internal),
        }
    }
}
