//! A second, deliberately simple model of an account: a list of facts, from which every answer is computed again,
//! and its own calendar. It is written from the text of the rules alone, so it disagrees with the billing engine if
//! either misreads a rule. It uses no journal and no code of the engine. Amounts are in minor units.

mod calendar;
mod commands;
mod state;
mod time;

pub use calendar::{Civil, DAY, HOUR};
pub use state::View;

/// Milliseconds since 1970.
pub type Instant = i64;

/// Where credits come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum From {
    Purchase,
    Allowance,
    Bonus,
    CouponBonus,
    Compensation,
}

/// The bank's answer to a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankAnswer {
    Approved,
    Declined,
    /// No answer yet.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Refused,
}

/// A plan's fees, monthly allowance and daily limit.
#[derive(Debug, Clone)]
pub struct Terms {
    pub name: &'static str,
    pub monthly: Option<i64>,
    pub annual: Option<i64>,
    pub allowance: i64,
    pub daily_limit: Option<i64>,
}

/// The rules of a programme (Booth or Studio), written from its description and not taken from the catalog.
#[derive(Debug, Clone)]
pub struct Rules {
    pub plans: Vec<Terms>,
    /// The smallest amount that can be bought.
    pub minimum: i64,
    /// Threshold and amount: at a balance at or under the threshold, auto-recharge buys the amount.
    pub recharge: Option<(i64, i64)>,
    pub credits_pay_fees: bool,
    pub refunds_failures: bool,
    /// For each coupon: code, plan, whether it is for the annual cycle, bonus, free months.
    pub coupons: Vec<(&'static str, &'static str, bool, i64, i64)>,
}

impl Rules {
    pub fn booth() -> Self {
        let plan = |name, monthly, annual| Terms {
            name,
            monthly,
            annual,
            allowance: 0,
            daily_limit: None,
        };
        Rules {
            plans: vec![
                plan("payg", None, None),
                plan("basic", Some(4_900), Some(46_800)),
                plan("pro", Some(9_900), Some(94_800)),
            ],
            minimum: 5_000,
            recharge: Some((1_000, 10_000)),
            credits_pay_fees: true,
            refunds_failures: false,
            coupons: vec![
                ("Basic2Credits", "basic", false, 4_900, 0),
                ("Basic2Free", "basic", true, 10_000, 2),
                ("Pro4Free", "pro", true, 25_000, 4),
            ],
        }
    }

    pub fn studio() -> Self {
        let plan = |name, monthly, annual, allowance, limit| Terms {
            name,
            monthly,
            annual,
            allowance,
            daily_limit: Some(limit),
        };
        Rules {
            plans: vec![
                plan("legacy", None, None, 0, 75),
                plan("freelancer", Some(2_900), Some(29_000), 500, 150),
                plan("agency", Some(7_900), Some(79_000), 1_500, 300),
            ],
            minimum: 50,
            recharge: None,
            credits_pay_fees: false,
            refunds_failures: true,
            coupons: vec![],
        }
    }

    fn plan(&self, name: &str) -> Option<&Terms> {
        self.plans.iter().find(|terms| terms.name == name)
    }
}

/// Something that happened. Credits are identified by their index in the list of facts.
#[derive(Debug, Clone)]
enum Fact {
    Plan {
        plan: &'static str,
        annual: Option<bool>,
    },
    /// Billing days are counted from this instant.
    Anchor(Instant),
    /// The span of time that is paid for; `to` is `None` for a plan without a fee.
    Paid {
        from: Instant,
        to: Option<Instant>,
    },
    Credits {
        from: From,
        amount: i64,
        until: Option<Instant>,
    },
    Took {
        credits: usize,
        amount: i64,
    },
    Gave {
        credits: usize,
        amount: i64,
    },
    Used {
        at: Instant,
        amount: i64,
    },
    /// A refund, which lowers the credits used on the day of `at`.
    Unused {
        at: Instant,
        amount: i64,
    },
    MonthGranted {
        until: Instant,
        amount: i64,
    },
    Order {
        credits_first: bool,
        fallback: bool,
    },
    Recharge(bool),
    /// A fee that the card paid.
    CardPaid(i64),
    Grace {
        until: Instant,
        cancelled: bool,
    },
    GraceOver,
    Failed(Instant),
    Asked(CardRequest),
    Answered,
    /// The credits (by index) that the account's closure took, and how many of each.
    Closed(Vec<(usize, i64)>),
    Reopened,
    Cancel(Option<Instant>),
    /// The plan, whether it is annual, and the coupon requested for the period's end; `None` withdraws a request.
    Request(Option<(&'static str, bool, Option<&'static str>)>),
    Waiting {
        amount: i64,
        recharge: bool,
    },
    Arrived,
    Coupon(&'static str),
    Discount {
        code: &'static str,
        waits: bool,
    },
    Bonus {
        code: &'static str,
        waits: bool,
    },
    Legacy(i64),
}

/// A fee that the card was asked to pay.
#[derive(Debug, Clone, Copy)]
struct CardRequest {
    at: Instant,
    fee: i64,
    from: Instant,
    to: Instant,
    credits_next: bool,
    discount: Option<&'static str>,
}

/// One run's charge; `parts` are the credits (by index) that it was taken from, and how many of each.
#[derive(Debug, Clone)]
pub struct Run {
    at: Instant,
    parts: Vec<(usize, i64)>,
    failed: bool,
    refunded: bool,
}

pub struct ReferenceModel {
    rules: Rules,
    facts: Vec<Fact>,
    pub now: Instant,
    pub bank: BankAnswer,
    pub runs: Vec<Run>,
}
