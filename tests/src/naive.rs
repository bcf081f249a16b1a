//! A second account, deliberately naive: a list of what happened, everything else recomputed from it at
//! every question, and its own calendar. Written from the rules' text alone, to disagree with the engine
//! wherever one of the two misreads them. It knows nothing of journals, entries or folds.

mod asked;
mod calendar;
mod state;
mod time;

pub use calendar::{Civil, DAY, HOUR};
pub use state::View;

/// Milliseconds since 1970.
pub type Instant = i64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum From {
    Purchase,
    Allowance,
    Bonus,
    CouponBonus,
    Compensation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Approved,
    Declined,
    /// Neither, for now.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Refused,
}

/// What a plan costs and grants.
#[derive(Debug, Clone)]
pub struct Terms {
    pub name: &'static str,
    pub monthly: Option<i64>,
    pub annual: Option<i64>,
    pub allowance: i64,
    pub daily_limit: Option<i64>,
}

/// The programme's rules, retyped from its description.
#[derive(Debug, Clone)]
pub struct Rules {
    pub plans: Vec<Terms>,
    pub minimum: i64,
    /// At or under this balance buy that much.
    pub recharge: Option<(i64, i64)>,
    pub credits_pay_fees: bool,
    pub refunds_failures: bool,
    /// Code, plan, annual, bonus, free months.
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

/// Something that happened. Credits are named by their place in the list.
#[derive(Debug, Clone)]
enum Fact {
    Plan {
        plan: &'static str,
        annual: Option<bool>,
    },
    /// Billing days are counted from here.
    Anchor(Instant),
    /// Paid up to here; nothing is paid for where there is no fee.
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
    /// Counts against that day's use.
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
    /// Money that the card paid for fees.
    CardPaid(i64),
    Grace {
        until: Instant,
        cancelled: bool,
    },
    GraceOver,
    Failed(Instant),
    Asked(Asked),
    Answered,
    /// Which credits it took, and how many of each.
    Closed(Vec<(usize, i64)>),
    Reopened,
    Cancel(Option<Instant>),
    /// Another plan or cycle from the period's end, and the coupon that comes with it.
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

/// A fee that the card was asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Instant,
    fee: i64,
    from: Instant,
    to: Instant,
    credits_next: bool,
    discount: Option<&'static str>,
}

/// One run's charge: where it was drawn from.
#[derive(Debug, Clone)]
pub struct Run {
    at: Instant,
    parts: Vec<(usize, i64)>,
    failed: bool,
    refunded: bool,
}

pub struct Naive {
    rules: Rules,
    facts: Vec<Fact>,
    pub now: Instant,
    pub bank: Says,
    pub runs: Vec<Run>,
}
