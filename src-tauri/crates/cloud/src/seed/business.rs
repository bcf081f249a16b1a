//! An invented photo-booth company: weekend events and their runs, text messages, failures and refunds, top-ups and
//! renewals. The year ends with open problems: a failed run, a late purchase, a bonus that was not activated.

use boothkeeper_domain::account::{Card, Payer, PaymentOrder};
use boothkeeper_domain::billing::Ledger;
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, Request};
use boothkeeper_domain::calendar::{Cycle, period};
use boothkeeper_domain::grant::Source;
use boothkeeper_domain::journal::{
    Compensation, CouponRedeemed, EventScheduled, PaymentOrderChanged, Purchase, Renewal,
    RenewedByCard, RunFailed, UsageRefund,
};
use boothkeeper_domain::time::{DAY, HOUR, MINUTE, SECOND};
use boothkeeper_domain::{
    Account, AccountId, Actor, Amount, Body, Catalog, Entry, EventId, Money, PaymentId, RunId,
    Timestamp,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::Error;

const CLIENTS: &[&str] = &[
    "Miller wedding",
    "Acme summer party",
    "Northside Dental",
    "Riverside High prom",
    "Okafor wedding",
    "Harbour Brewery",
    "Lindqvist jubilee",
    "Castell & Sons gala",
    "Blue Door opening",
    "Nguyen wedding",
    "Parkview fundraiser",
    "Tidewater launch",
];

/// How often each service is used, in percent.
const MIX: &[(&str, u32)] = &[
    ("headshot_quality", 18),
    ("headshot_speed", 14),
    ("draw_me", 16),
    ("combine", 8),
    ("background_removal", 22),
    ("ai_modify", 6),
    ("editorial", 5),
    ("video", 1),
    ("sms", 10),
];

/// Length of the history in days: less than a year, so that the next renewal is some days ahead.
const AGE: i64 = 359;

const TOP_UP: Amount = Amount::of(15_000);
const LOW: Amount = Amount::of(6_000);

pub struct Business<'a> {
    ledger: Ledger<'a>,
    random: StdRng,
    until: Timestamp,
    /// The average number of runs of an event.
    runs: u32,
    opened: Timestamp,
    next_renewal: u32,
    day: Timestamp,
    opening: Vec<Entry>,
    finished: bool,
    /// The number of entries at which the journal is cut off.
    wanted: Option<u64>,
}

impl<'a> Business<'a> {
    pub fn open(
        account: &AccountId,
        catalog: &'a Catalog,
        seed: u64,
        until: Timestamp,
        wanted: Option<u64>,
    ) -> Result<Self, Error> {
        let opened = Timestamp::from_millis(until.utc_day() * DAY)
            .plus(-AGE * DAY)
            .plus(10 * HOUR);
        let sign_up = SignUp {
            account: account.clone(),
            email: "studio@lumenbooths.example".into(),
            plan: "basic".into(),
            cycle: Some(Cycle::Monthly),
            opening_balance: Amount::of(20_000),
            legacy: vec![],
            card: Some(Card {
                brand: "Visa".into(),
                last4: "4242".into(),
                exp_month: 11,
                exp_year: 2029,
            }),
            payment_order: PaymentOrder::default(),
            auto_recharge: false,
            events: vec![],
        };
        let opening = open(sign_up, catalog, opened)?.entries;
        let account = Account::default().extend(&opening)?;
        // A year has about 150 events, and there is about one other entry for 40 runs.
        let runs = wanted.map_or(40, |wanted| u32::try_from(wanted / 120).unwrap_or(u32::MAX));
        Ok(Business {
            ledger: Ledger::new(account, catalog, opened),
            random: StdRng::seed_from_u64(seed),
            until,
            runs: runs.max(1),
            opened,
            next_renewal: 1,
            day: opened,
            opening,
            finished: false,
            wanted,
        })
    }

    /// The entries of the next week; empty at the end of the year.
    pub fn next_week(&mut self) -> Result<Vec<Entry>, Error> {
        let mut entries = std::mem::take(&mut self.opening);
        for _ in 0..7 {
            if self.day.plus(DAY) < self.until {
                self.one_day()?;
                self.day = self.day.plus(DAY);
            } else if !self.finished {
                self.finished = true;
                self.last_hours()?;
            }
        }
        entries.extend(self.ledger.take_entries());
        if let Some(wanted) = self.wanted {
            // Renewals after the journal is cut off are appended by the cloud; they count towards the wanted length.
            entries.retain(|entry| entry.seq.0 + self.renewals_after(entry.at) <= wanted);
        }
        Ok(entries)
    }

    fn renewals_after(&self, at: Timestamp) -> u64 {
        let begins = (1..).map_while(|n| Some(period(self.opened, Cycle::Monthly, n)?.start));
        let ahead = begins.take_while(|start| *start <= self.until);
        ahead.filter(|start| *start > at).count() as u64
    }

    fn one_day(&mut self) -> Result<(), Error> {
        self.renew_if_due()?;
        // 1970-01-01 was a Thursday: Friday is 1, Saturday 2, Sunday 3.
        let events = match self.day.utc_day() % 7 {
            1 => self.random.random_range(0..2),
            2 => 2,
            3 => self.random.random_range(0..2),
            _ => u32::from(self.random.random_range(0..10) == 0),
        };
        for n in 0..events {
            let name = CLIENTS[self.random.random_range(0..CLIENTS.len())];
            let start = self.day.plus(i64::from(4 + 4 * n) * HOUR);
            self.hold_event(name, start)?;
        }
        Ok(())
    }

    fn hold_event(&mut self, name: &str, start: Timestamp) -> Result<(), Error> {
        let runs = self.random.random_range(self.runs / 2..=self.runs * 3 / 2);
        let length = 4 * HOUR;
        for n in 0..runs {
            let share = length * i64::from(n) / i64::from(runs.max(1));
            let jitter = self.random.random_range(0..SECOND * 20);
            self.ledger.advance(start.plus(share + jitter));
            self.one_run(name)?;
        }
        Ok(())
    }

    fn one_run(&mut self, event: &str) -> Result<(), Error> {
        if self.ledger.account.balance <= LOW {
            self.top_up()?;
        }
        let service = self.pick_service();
        let charge = self.charge(event, service)?;
        if self.random.random_range(0..120) == 0 {
            self.fail(&charge, event, service)?;
            self.ledger.advance(
                self.ledger
                    .now
                    .plus(self.random.random_range(30..90) * SECOND),
            );
            self.refund(&charge)?;
        }
        Ok(())
    }

    fn pick_service(&mut self) -> &'static str {
        let mut point = self.random.random_range(0..100);
        for (service, share) in MIX {
            if point < *share {
                return service;
            }
            point -= share;
        }
        "sms"
    }

    fn charge(&mut self, event: &str, service: &str) -> Result<Entry, Error> {
        let run = RunId::new(format!("run_{:06x}", self.ledger.account.seq.0 + 1))?;
        let request = Request {
            run,
            service: service.to_owned(),
            event: Some(event.to_owned()),
            units: 1,
        };
        run::charge(&mut self.ledger, request)?;
        let posted = self.ledger.posted().last().cloned();
        posted.ok_or(Error::Invariant("a charge that posts nothing"))
    }

    fn fail(&mut self, charge: &Entry, event: &str, service: &str) -> Result<(), Error> {
        let run = charge.body.run().cloned();
        let body = RunFailed {
            of: charge.seq,
            run: run.ok_or(Error::Invariant("a charge without a run"))?,
            service: service.to_owned(),
            event: Some(event.to_owned()),
            code: "timed_out".into(),
        };
        self.ledger.advance(self.ledger.now.plus(20 * SECOND));
        Ok(self
            .ledger
            .post(Actor::Booth, Body::RunFailed(body), vec![])?)
    }

    fn refund(&mut self, charge: &Entry) -> Result<(), Error> {
        let Body::Usage(usage) = &charge.body else {
            return Ok(());
        };
        let body = UsageRefund {
            of: charge.seq,
            run: usage.run.clone(),
            service: usage.service.clone(),
            event: usage.event.clone(),
            started_at: charge.at,
        };
        let lines = charge
            .lines
            .iter()
            .map(|line| boothkeeper_domain::Line {
                grant: line.grant,
                delta: line.delta.negated(),
                // All credits of the demo come from purchases or compensations, which do not expire.
                source: Some(Source::Purchase),
                expires_at: None,
            })
            .collect();
        Ok(self
            .ledger
            .post(Actor::Support, Body::UsageRefund(body), lines)?)
    }

    fn top_up(&mut self) -> Result<(), Error> {
        let payment = self.ledger.start_purchase(Actor::Operator, TOP_UP, false)?;
        self.ledger.advance(self.ledger.now.plus(2 * MINUTE));
        let body = Body::Purchase(Purchase {
            payment,
            charge: Money::usd(TOP_UP),
        });
        Ok(self
            .ledger
            .grant(Actor::System, body, Source::Purchase, TOP_UP, None)?)
    }

    fn renew_if_due(&mut self) -> Result<(), Error> {
        let Some(due) = period(self.opened, Cycle::Monthly, self.next_renewal) else {
            return Ok(());
        };
        if self.day.utc_day() < due.start.utc_day() {
            return Ok(());
        }
        self.next_renewal += 1;
        self.ledger.advance(due.start);
        let fee = Money::usd(Amount::of(4_900));
        let invoice = format!("inv_{}", self.ledger.account.seq.next());
        if self.ledger.account.payment_order.first == Payer::Credits {
            let lines = self
                .ledger
                .account
                .grants
                .draw(fee.amount)
                .unwrap_or_default();
            let body = Renewal {
                fee,
                period: due,
                invoice,
                coupon: None,
            };
            self.ledger
                .post(Actor::System, Body::Renewal(body), lines)?;
        } else {
            let body = RenewedByCard {
                payment: PaymentId::new(format!("pay_{invoice}"))?,
                charge: fee,
                period: due,
                invoice,
                coupon: None,
            };
            self.ledger
                .post(Actor::System, Body::RenewedByCard(body), vec![])?;
        }
        match self.next_renewal {
            4 => self.set_payment_order(Payer::Credits),
            6 => self.set_payment_order(Payer::Card),
            9 => self.compensate(),
            _ => Ok(()),
        }
    }

    /// Changes whether the card or credits pay the next renewals first.
    fn set_payment_order(&mut self, first: Payer) -> Result<(), Error> {
        let order = PaymentOrder {
            first,
            fallback: true,
        };
        let body = Body::PaymentOrderChanged(PaymentOrderChanged { order });
        Ok(self.ledger.post(Actor::Operator, body, vec![])?)
    }

    fn compensate(&mut self) -> Result<(), Error> {
        let body = Body::Compensation(Compensation {
            run: None,
            dispute: None,
        });
        let amount = Amount::of(1_875);
        Ok(self
            .ledger
            .grant(Actor::Support, body, Source::Compensation, amount, None)?)
    }

    /// The open problems at the end: a coupon whose bonus was not activated, test runs before tonight's event, a failed
    /// run that was not refunded, and a purchase that was not credited.
    fn last_hours(&mut self) -> Result<(), Error> {
        let until = self.until;
        self.renew_if_due()?;
        self.schedule_events()?;
        self.ledger.advance(until.plus(-7 * HOUR));
        let coupon = Body::CouponRedeemed(CouponRedeemed {
            coupon: "Basic2Credits".into(),
            bonus: Amount::of(4_900),
        });
        self.ledger.post(Actor::Operator, coupon, vec![])?;
        self.ledger.advance(until.plus(-3 * HOUR));
        let tonight = CLIENTS[0];
        for _ in 0..14 {
            self.ledger.advance(self.ledger.now.plus(2 * MINUTE));
            let service = self.pick_service();
            self.charge(tonight, service)?;
        }
        let failed = self.charge(tonight, "headshot_quality")?;
        self.fail(&failed, tonight, "headshot_quality")?;
        self.ledger.advance(until.plus(-40 * MINUTE));
        self.ledger
            .start_purchase(Actor::Operator, Amount::of(10_000), false)?;
        Ok(())
    }

    fn schedule_events(&mut self) -> Result<(), Error> {
        for (n, name) in CLIENTS.iter().enumerate() {
            let days = i64::try_from(n).unwrap_or(0) * 7;
            let starts_at = self.until.plus(days * DAY + 3 * HOUR);
            let event = EventScheduled {
                event: EventId::new(format!("evt_{n}"))?,
                name: (*name).to_owned(),
                starts_at,
                ends_at: starts_at.plus(5 * HOUR),
            };
            self.ledger
                .post(Actor::Operator, Body::EventScheduled(event), vec![])?;
        }
        Ok(())
    }
}
