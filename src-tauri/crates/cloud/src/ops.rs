//! What the cloud does: look up facts, decide, append, answer; each within one transaction.

use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, ChargeFacts};
use boothkeeper_domain::billing::{Charge, Decision, Ledger, purchase};
use boothkeeper_domain::journal::{Body, CardChanged};
use boothkeeper_domain::{
    AccountId, Actor, Amount, Catalog, Hash, PaymentId, RunId, Seq, Timestamp,
};
use boothkeeper_wire::api::{Action, RunAnswer, RunRequest};
use boothkeeper_wire::api::{Appended, CommandAnswer, CommandRequest, CommandState, Head};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{AccountRequest, CardBehaviour, CardRequest, Delivery};

use crate::Error;
use crate::cloud::Inner;
use crate::store::{AccountRow, RunRow, RunState, Tx};

/// Minutes between two confirmations of a processor that repeats itself.
const REPEAT_AFTER: i64 = 30 * boothkeeper_domain::time::MINUTE;

pub fn head(row: &AccountRow) -> Head {
    Head {
        seq: row.state.seq,
        chain: row.chain,
    }
}

/// One transaction's work on one account.
pub struct Work<'a> {
    pub tx: &'a Tx<'a>,
    pub catalog: &'a Catalog,
    pub row: AccountRow,
    pub now: Timestamp,
    first: Seq,
}

impl<'a> Work<'a> {
    pub fn new(cloud: &'a Inner, tx: &'a Tx<'a>, row: AccountRow, now: Timestamp) -> Self {
        Work {
            tx,
            catalog: cloud.catalog(row.programme),
            first: row.state.seq,
            row,
            now,
        }
    }

    /// What this work has appended so far.
    pub fn appended(&self) -> Appended {
        Appended {
            entries: (self.first.0 + 1..=self.row.state.seq.0).map(Seq).collect(),
            head: self.row.state.seq,
        }
    }

    /// Appends what was decided, and has the simulated processor answer its charges.
    pub fn settle(&mut self, decision: Decision, delivery: Delivery) -> Result<(), Error> {
        self.tx.append(&mut self.row, &decision.entries)?;
        for charge in decision.charges {
            self.process(&charge, delivery)?;
        }
        Ok(())
    }

    fn process(&mut self, charge: &Charge, delivery: Delivery) -> Result<(), Error> {
        let behaviour: CardBehaviour = serde_json::from_str(&self.row.card_behaviour)?;
        if behaviour == CardBehaviour::Decline {
            let (state, payment) = (&self.row.state, &charge.payment);
            let declined =
                purchase::decline(state, self.catalog, payment, "card_declined", self.now)?;
            return self.settle(declined, Delivery::Instant);
        }
        let schedule = |at| self.tx.schedule(self.row.id, &charge.payment, at);
        match delivery {
            Delivery::Instant => self.confirm(&charge.payment),
            Delivery::DelayedSeconds(seconds) => schedule(self.now.plus(i64::from(seconds) * 1000)),
            Delivery::Lost => Ok(()),
            Delivery::Duplicated(times) => {
                for n in 1..i64::from(times.clamp(1, 100)) {
                    schedule(self.now.plus(n * REPEAT_AFTER))?;
                }
                self.confirm(&charge.payment)
            }
        }
    }

    /// The processor confirms; a payment settled before stays as it is.
    pub fn confirm(&mut self, payment: &PaymentId) -> Result<(), Error> {
        match purchase::confirm(&self.row.state, self.catalog, payment, self.now) {
            Ok(confirmed) => self.settle(confirmed, Delivery::Instant),
            Err(boothkeeper_domain::billing::Refusal::PaymentSettled) => Ok(()),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Starts a run, once for its id.
    pub fn start_run(&mut self, request: RunRequest) -> Result<RunAnswer, Error> {
        let request_hash = Hash(*blake3::hash(&serde_json::to_vec(&request)?).as_bytes());
        let run = request.id.clone();
        let charge = match self.tx.run(self.row.id, &run)? {
            Some(row) if row.request_hash == request_hash => row.charge,
            Some(_) => return Err(ProblemCode::RunExists.into()),
            None => self.charge_run(request, request_hash)?,
        };
        let entry = Tx::found(self.tx.entry(&self.row, charge)?)?;
        Ok(RunAnswer {
            id: run,
            entry: charge,
            charged: entry.delta.negated(),
            balance: entry.balance_after,
        })
    }

    fn charge_run(&mut self, request: RunRequest, request_hash: Hash) -> Result<Seq, Error> {
        let run = request.id;
        let request = run::Request {
            run: run.clone(),
            service: request.service,
            event: request.event,
            units: request.units,
        };
        let decision = run::start(&self.row.state, self.catalog, request, self.now)?;
        let charge = self.row.state.seq.next();
        self.settle(decision, Delivery::Instant)?;
        let row = RunRow {
            charge,
            request_hash,
            state: RunState::Open,
            refund: None,
        };
        self.tx.put_run(self.row.id, &run, &row)?;
        Ok(charge)
    }

    /// A booth reports how a run ended; the first report counts.
    pub fn end_run(&mut self, run: &RunId, failure: Option<&str>) -> Result<(), Error> {
        let mut stored = Tx::found(self.tx.run(self.row.id, run)?)?;
        if stored.state != RunState::Open {
            return Ok(());
        }
        stored.state = RunState::Succeeded;
        if let Some(code) = failure {
            let facts = self.charge_facts(&stored)?;
            let decision = run::fail(&self.row.state, self.catalog, &facts, code, self.now)?;
            let refunded = decision.entries.len() > 1;
            self.settle(decision, Delivery::Instant)?;
            stored.state = RunState::Failed;
            stored.refund = refunded.then_some(self.row.state.seq);
        }
        self.tx.put_run(self.row.id, run, &stored)
    }

    pub fn refund_run(&mut self, run: &RunId) -> Result<(), Error> {
        let mut stored = Tx::found(self.tx.run(self.row.id, run)?)?;
        let facts = self.charge_facts(&stored)?;
        let decision = run::refund(&self.row.state, self.catalog, &facts, self.now)?;
        self.settle(decision, Delivery::Instant)?;
        stored.refund = Some(self.row.state.seq);
        self.tx.put_run(self.row.id, run, &stored)
    }

    pub fn is_refunded(&self, run: &RunId) -> Result<bool, Error> {
        let stored = Tx::found(self.tx.run(self.row.id, run)?)?;
        Ok(stored.refund.is_some())
    }

    /// The card on file changes; how the simulated processor treats it changes with it.
    pub fn replace_card(&mut self, request: CardRequest) -> Result<(), Error> {
        let behaviour = serde_json::to_string(&request.behaviour)?;
        self.tx.set_card_behaviour(self.row.id, &behaviour)?;
        self.row.card_behaviour = behaviour;
        let body = Body::CardChanged(CardChanged {
            card: Some(card(request)),
        });
        let mut ledger = Ledger::new(self.row.state.clone(), self.catalog, self.now);
        ledger.post(Actor::Operator, body, vec![])?;
        self.settle(ledger.decided(), Delivery::Instant)
    }

    fn charge_facts(&self, stored: &RunRow) -> Result<ChargeFacts, Error> {
        let charge = Tx::found(self.tx.entry(&self.row, stored.charge)?)?;
        let mut origins = Vec::new();
        for grant in run::paying_grants(&charge) {
            let opening = Tx::found(self.tx.entry(&self.row, grant.0)?)?;
            origins.extend(opening.lines.into_iter().filter(|l| l.grant == grant));
        }
        let given_back = match stored.refund {
            Some(_) => charge.delta.negated(),
            None => Amount::ZERO,
        };
        Ok(ChargeFacts {
            charge,
            origins,
            given_back,
            failed: stored.state == RunState::Failed,
        })
    }

    /// Acts on an operator's command. A refusal is an answer like any other: nothing is appended.
    pub fn command(&mut self, request: &CommandRequest) -> Result<CommandAnswer, Error> {
        let action = request.action()?;
        let decided = if request.not_after.is_some_and(|limit| self.now > limit) {
            Err(Problem::new(ProblemCode::TooLate))
        } else {
            self.decide(&action).map_err(Error::into_problem)
        };
        let (state, problem) = match decided {
            Ok(decision) => {
                self.settle(decision, Delivery::Instant)?;
                (CommandState::Applied, None)
            }
            Err(problem) if problem.code == ProblemCode::Internal => {
                return Err(ProblemCode::Internal.into());
            }
            Err(problem) => (CommandState::Rejected, Some(problem)),
        };
        let appended = self.appended();
        Ok(CommandAnswer {
            state,
            entries: appended.entries,
            head: appended.head,
            problem,
        })
    }

    fn decide(&self, action: &Action) -> Result<Decision, Error> {
        let (state, catalog, now) = (&self.row.state, self.catalog, self.now);
        Ok(match action {
            Action::BuyCredits { amount } => purchase::start(state, catalog, *amount, now)?,
            Action::SetAutoRecharge { enabled } => {
                purchase::set_auto_recharge(state, catalog, *enabled, now)?
            }
        })
    }
}

/// Opens a sandbox account.
pub fn open_account<'a>(
    cloud: &'a Inner,
    tx: &'a Tx<'a>,
    key_hash: &Hash,
    request: AccountRequest,
    now: Timestamp,
) -> Result<Work<'a>, Error> {
    let ordinal = tx.account_count()?.to_string();
    let account = AccountId::new(cloud.derived_id("acc", &ordinal))?;
    let behaviour = request
        .card
        .as_ref()
        .map_or(CardBehaviour::Approve, |c| c.behaviour);
    let sign_up = SignUp {
        account: account.clone(),
        email: request.email,
        plan: request.plan,
        cycle: request.cycle,
        opening_balance: request.opening_balance,
        legacy: request.legacy,
        card: request.card.map(card),
        payment_order: request.payment_order.unwrap_or_default(),
        auto_recharge: request.auto_recharge,
        events: request
            .events
            .into_iter()
            .map(|event| (event.name, event.starts_at, event.ends_at))
            .collect(),
    };
    let decision = open(sign_up, cloud.catalog(request.catalog), now)?;
    let behaviour = serde_json::to_string(&behaviour)?;
    let row = tx.insert_account(&account, key_hash, request.catalog, &behaviour)?;
    let mut work = Work::new(cloud, tx, row, now);
    work.settle(decision, Delivery::Instant)?;
    Ok(work)
}

fn card(request: CardRequest) -> Card {
    Card {
        brand: request.brand,
        last4: request.last4,
        exp_month: request.exp_month,
        exp_year: request.exp_year,
    }
}
