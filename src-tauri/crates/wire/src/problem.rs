//! Problem documents (RFC 9457). A client decides by `code`, never by the texts.

use serde::{Deserialize, Serialize};

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $title:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)+
            /// A code that this version does not know, sent by a newer cloud.
            #[serde(other)]
            Unknown,
        }

        impl ProblemCode {
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(ProblemCode::$variant => $name,)+ ProblemCode::Unknown => "unknown" }
            }

            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$variant => $status,)+ ProblemCode::Unknown => 500 }
            }

            pub const fn title(self) -> &'static str {
                match self { $(ProblemCode::$variant => $title,)+ ProblemCode::Unknown => "Unknown problem" }
            }
        }
    };
}

problem_codes! {
    Malformed = "malformed", 400, "The request cannot be read";
    Unauthenticated = "unauthenticated", 401, "The access key is missing, wrong or revoked";
    /// Also sent for things of another account, so that the answer does not reveal that they exist.
    NotFound = "not_found", 404, "There is no such thing";
    CrossSite = "cross_site", 403, "A page of another site may not do that";
    MethodNotAllowed = "method_not_allowed", 405, "That cannot be done here";
    EpochChanged = "epoch_changed", 409, "The cloud's journal has a new epoch";
    CursorAhead = "cursor_ahead", 409, "The cursor lies past the journal's end";
    Fork = "fork", 409, "The journal differs from the copy before the cursor";
    InProgress = "in_progress", 409, "The command is being worked on";
    AccountClosed = "account_closed", 409, "The account is closed";
    AlreadyRefunded = "already_refunded", 409, "The entry has been given back";
    ClockBackwards = "clock_backwards", 409, "Sandbox time does not go back";
    RunExists = "run_exists", 409, "A different run has this id";
    BlobMissing = "blob_missing", 409, "A file that it names is not here whole";
    UploadOffset = "upload_offset", 409, "The piece does not continue what is here";
    /// The account's limit on stored bytes or on open connections is reached.
    QuotaReached = "quota_reached", 409, "The account holds as much of this as it may";
    RequestTimeout = "request_timeout", 408, "The request did not arrive in time";
    PayloadTooLarge = "payload_too_large", 413, "The request is too large";
    TextTooLong = "text_too_long", 422, "A text is longer than it may be";
    CommandReused = "command_reused", 422, "The id belongs to another command";
    UnknownService = "unknown_service", 422, "There is no such service";
    UnitsOutOfRange = "units_out_of_range", 422, "A run is charged for 1 to 1000 units";
    InsufficientCredits = "insufficient_credits", 422, "It costs more than the balance";
    DailyLimitReached = "daily_limit_reached", 422, "Today's limit is used up";
    ExceedsDailyLimit = "exceeds_daily_limit", 422, "The run costs more than a whole day's limit";
    BelowMinimum = "below_minimum", 422, "The purchase is below the minimum";
    AmountOutOfRange = "amount_out_of_range", 422, "The amount is out of range";
    NoCard = "no_card", 422, "There is no card on file";
    NoAutoRecharge = "no_auto_recharge", 422, "This programme has no auto-recharge";
    CreditsCannotPayFees = "credits_cannot_pay_fees", 422, "Credits cannot pay fees in this programme";
    SamePlan = "same_plan", 422, "The account is on that plan and cycle already";
    OtherCyclePaid = "other_cycle_paid", 422, "The period that is paid for is of the other cycle: come back to that one first";
    CardDeclined = "card_declined", 422, "The card was declined";
    PaymentUnanswered = "payment_unanswered", 422, "The card's bank has not answered; nothing was changed";
    PaymentPending = "payment_pending", 409, "A payment is waiting for its answer";
    NothingDue = "nothing_due", 409, "There is nothing to pay now";
    WrongState = "wrong_state", 409, "The account is not in a state that this applies to";
    UnknownCoupon = "unknown_coupon", 422, "There is no such coupon";
    CouponNotForPlan = "coupon_not_for_plan", 422, "The coupon is for another plan or cycle";
    CouponRedeemed = "coupon_redeemed", 409, "The coupon has been redeemed";
    UnknownCard = "unknown_card", 422, "The processor knows no such card";
    UnknownProduct = "unknown_product", 422, "There is no such legacy product";
    NoNewEvents = "no_new_events", 409, "No new events can be scheduled now";
    TooLate = "too_late", 422, "The action arrived after its expiry";
    UnknownCommand = "unknown_command", 422, "This cloud does not know the command";
    EntryMismatch = "entry_mismatch", 422, "An entry it names is not in this journal";
    /// Set by the laptop itself: a file that it kept for sending was damaged or removed on its disk.
    FileLost = "file_lost", 422, "An attached file is not on this computer any more";
    BlobMismatch = "blob_mismatch", 422, "The file is not what its hash says";
    UnknownPlan = "unknown_plan", 422, "There is no such plan";
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// The account's stored rows do not match their checksums.
    AccountDamaged = "account_damaged", 503, "The cloud's record of this account is damaged";
    Internal = "internal", 500, "Something went wrong at the cloud";
    Unavailable = "unavailable", 503, "The cloud is not available now";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub status: u16,
    pub code: ProblemCode,
    /// Figures that explain the problem, such as price and balance. For display only, not for decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub facts: Option<serde_json::Value>,
}

impl Problem {
    pub fn new(code: ProblemCode) -> Self {
        Problem {
            kind: format!("urn:boothkeeper:problem:{}", code.name()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            facts: None,
        }
    }

    /// True if sending the same request again cannot succeed.
    pub fn is_final(&self) -> bool {
        matches!(self.status, 400 | 413 | 422) || self.code == ProblemCode::QuotaReached
    }

    /// Adds the figures that explain the problem.
    pub fn with(mut self, facts: serde_json::Value) -> Self {
        self.facts = Some(facts);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_code_is_sent_as_its_name_and_an_unlisted_code_is_read_as_unknown() {
        for code in ProblemCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.name()));
            assert!(code.status() >= 400);
        }
        let later: Problem = serde_json::from_str(r#"{"code":"moon_phase"}"#).unwrap();
        assert_eq!(later.code, ProblemCode::Unknown);
    }
}
