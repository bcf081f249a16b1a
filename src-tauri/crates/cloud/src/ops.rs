//! The cloud's operations on one account. Each looks up facts, has the domain decide, and appends the decision, within
//! one transaction.

use std::collections::BTreeMap;

use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::opening::{SignUp, open};
use boothkeeper_domain::billing::run::{self, ChargeFacts};
use boothkeeper_domain::billing::support::UndoableEntry;
use boothkeeper_domain::billing::{
    BillingDecision, ChargeOutcome, Purpose, Refusal, apply_charge_outcome, apply_late_outcome,
    plan, support,
};
use boothkeeper_domain::bounds::{MAX_ID_CHARS, MAX_LABEL_CHARS, fits, label};
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::time::MINUTE;
use boothkeeper_domain::{
    Account, AccountId, Amount, Body, Catalog, Entry, Hash, Line, PaymentId, RunId, Seq, Timestamp,
};
use boothkeeper_wire::api::{Appended, Head, RunAnswer, RunRequest};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{AccountRequest, CardRequest};

use crate::Error;
use crate::cloud::Inner;
use crate::store::{AccountRow, OpenCharge, PendingCommand, RunRow, RunState, Tx};

pub fn head(row: &AccountRow) -> Head {
    Head {
        seq: row.state.seq,
        chain: row.chain,
    }
}

/// The work of one transaction on one account.
pub struct Work<'a> {
    pub tx: &'a Tx<'a>,
    pub catalog: &'a Catalog,
    pub row: AccountRow,
    pub now: Timestamp,
    first: Seq,
    /// Whether a charge of the card was opened: the processor is called after the transaction.
    pub has_charges: bool,
    /// The entries that a dispute names, with the chain value after each. Read before the write transaction, which must
    /// stay short.
    pub named: BTreeMap<Seq, (Hash, Entry)>,
    /// The card that a command's token stands for. Looked up before the write transaction.
    pub card: Option<Card>,
}

impl<'a> Work<'a> {
    pub fn new(cloud: &'a Inner, tx: &'a Tx<'a>, row: AccountRow, now: Timestamp) -> Self {
        Work {
            tx,
            catalog: cloud.catalog(row.programme),
            first: row.state.seq,
            row,
            now,
            has_charges: false,
            named: BTreeMap::new(),
            card: None,
        }
    }

    /// The entries that this work has appended so far.
    pub fn appended(&self) -> Appended {
        Appended::between(self.first, self.row.state.seq)
    }

    /// Appends a decision's entries and opens its charges of the card, which are made after the transaction.
    pub fn apply(&mut self, decision: BillingDecision) -> Result<(), Error> {
        self.append(decision, None)
    }

    /// Applies a billing rule to the account as it is now, and appends its decision.
    pub fn apply_rule(
        &mut self,
        rule: impl FnOnce(&Account, &Catalog, Timestamp) -> Result<BillingDecision, Refusal>,
    ) -> Result<(), Error> {
        let decision = rule(&self.row.state, self.catalog, self.now)?;
        self.apply(decision)
    }

    pub(crate) fn append(
        &mut self,
        decision: BillingDecision,
        command: Option<PendingCommand>,
    ) -> Result<(), Error> {
        self.tx
            .append(&mut self.row, &decision.entries, self.catalog)?;
        for charge in decision.charges {
            let open = OpenCharge {
                charge,
                at: self.now,
                since: self.first,
                command: command.clone(),
            };
            self.tx.open_charge(self.row.id, &open)?;
            self.has_charges = true;
        }
        Ok(())
    }

    /// Appends the entries that follow from the processor's answer to a charge, and answers the command that waits for
    /// it.
    pub fn charge_answered(
        &mut self,
        open: &OpenCharge,
        answer: &ChargeOutcome,
    ) -> Result<(), Error> {
        let (state, catalog) = (&self.row.state, self.catalog);
        let decided = match apply_charge_outcome(state, catalog, &open.charge, answer, self.now) {
            // A notice from the processor came before this answer and settled the payment.
            Err(Refusal::PaymentSettled) => Ok(BillingDecision::default()),
            decided => decided,
        };
        let Some(command) = &open.command else {
            return self.apply(decided?);
        };
        self.first = open.since;
        let outcome = match (decided, answer, &open.charge.purpose) {
            (Err(refusal), ..) => Err(Error::from(refusal).into_problem()),
            (Ok(decision), answer, purpose) => {
                self.apply(decision)?;
                match (answer, purpose) {
                    (ChargeOutcome::Declined(_), _) => Err(Problem::new(ProblemCode::CardDeclined)),
                    (ChargeOutcome::Pending, Purpose::Fee(_)) => {
                        Ok(Some(ProblemCode::PaymentPending))
                    }
                    (ChargeOutcome::Approved, _)
                    | (ChargeOutcome::Pending, Purpose::Purchase | Purpose::Plan(_)) => Ok(None),
                }
            }
        };
        self.store_outcome(command, outcome)
    }

    /// Appends the entries that follow from a payment's outcome. Does nothing if the payment was settled before.
    pub fn payment_answered(
        &mut self,
        payment: &PaymentId,
        answer: &ChargeOutcome,
    ) -> Result<(), Error> {
        let decided = apply_late_outcome(&self.row.state, self.catalog, payment, answer, self.now);
        match decided {
            Ok(decision) => self.apply(decision),
            Err(Refusal::PaymentSettled) => Ok(()),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Starts and charges a run. The same request under the same id gets the same answer; another request under a used
    /// id fails with `run_exists`.
    pub fn start_run(&mut self, request: RunRequest) -> Result<RunAnswer, Error> {
        let request_hash = Hash(*blake3::hash(&serde_json::to_vec(&request)?).as_bytes());
        if request.id.as_str().len() > MAX_ID_CHARS {
            return Err(ProblemCode::TextTooLong.into());
        }
        let event = request.event.as_deref();
        let event_shortened = event.is_some_and(|event| !fits(event, MAX_LABEL_CHARS));
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
            event_shortened,
        })
    }

    fn charge_run(&mut self, request: RunRequest, request_hash: Hash) -> Result<Seq, Error> {
        let run = request.id;
        let request = run::Request {
            run: run.clone(),
            service: request.service,
            // The event's name is shortened before it is masked: masking never makes a text longer.
            event: request.event.map(|event| masked(&label(&event))),
            units: request.units,
        };
        let decision = run::start(&self.row.state, self.catalog, request, self.now)?;
        let charge = self.row.state.seq.next();
        let no_result = i64::from(self.catalog.policies.no_result_minutes) * MINUTE;
        self.apply(decision)?;
        let row = RunRow {
            charge,
            request_hash,
            state: RunState::Open,
            refund: None,
            due_at: self.now.plus(no_result),
        };
        self.tx.put_run(self.row.id, &run, &row)?;
        Ok(charge)
    }

    /// Records how a run ended, `failure` being its code if it failed. Later reports about the run are ignored.
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
            self.apply(decision)?;
            stored.state = RunState::Failed;
            stored.refund = refunded.then_some(self.row.state.seq);
        }
        self.tx.put_run(self.row.id, run, &stored)
    }

    pub fn refund_run(&mut self, run: &RunId) -> Result<(), Error> {
        let mut stored = Tx::found(self.tx.run(self.row.id, run)?)?;
        let facts = self.charge_facts(&stored)?;
        let decision = run::refund(&self.row.state, self.catalog, &facts, self.now)?;
        self.apply(decision)?;
        stored.refund = Some(self.row.state.seq);
        self.tx.put_run(self.row.id, run, &stored)
    }

    pub fn is_refunded(&self, run: &RunId) -> Result<bool, Error> {
        let stored = Tx::found(self.tx.run(self.row.id, run)?)?;
        Ok(stored.refund.is_some())
    }

    /// Restores a closed account to the plan without a fee, with its credits and without its events. Fails with
    /// `wrong_state` if it is not closed.
    pub fn restore(&mut self) -> Result<(), Error> {
        let mut seq = self.row.state.closed_by.ok_or(ProblemCode::WrongState)?;
        let mut closures = Vec::new();
        while let Some(entry) = self.tx.entry(&self.row, seq)?
            && matches!(entry.body, Body::Closure(_))
        {
            let origins = self.origins(&entry)?;
            closures.push(UndoableEntry { entry, origins });
            seq = seq.next();
        }
        self.apply_rule(|account, catalog, now| support::restore(account, catalog, &closures, now))
    }

    /// Puts a card on file, with the processor's token for it.
    pub fn replace_card(&mut self, card: Card, token: Option<String>) -> Result<(), Error> {
        let decision = self.card_replaced(card, token)?;
        self.apply(decision)
    }

    /// Decides to put a card on file and stores its token. After a refusal the card on file and its token are
    /// unchanged.
    pub(crate) fn card_replaced(
        &mut self,
        card: Card,
        token: Option<String>,
    ) -> Result<BillingDecision, Error> {
        let (state, catalog, now) = (&self.row.state, self.catalog, self.now);
        let decision = plan::replace_card(state, catalog, Some(card), now)?;
        self.tx.set_card_token(self.row.id, token.as_deref())?;
        self.row.card_token = token;
        Ok(decision)
    }

    /// For each grant (credits that arrived together) from which the entry `taken` took credits: the line that opened
    /// it.
    fn origins(&self, taken: &Entry) -> Result<Vec<Line>, Error> {
        let mut origins = Vec::new();
        for grant in run::paying_grants(taken) {
            let opening = Tx::found(self.tx.entry(&self.row, grant.0)?)?;
            origins.extend(opening.lines.into_iter().filter(|l| l.grant == grant));
        }
        Ok(origins)
    }

    fn charge_facts(&self, stored: &RunRow) -> Result<ChargeFacts, Error> {
        let charge = Tx::found(self.tx.entry(&self.row, stored.charge)?)?;
        let origins = self.origins(&charge)?;
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
    let token = match &request.card {
        Some(card) => cloud.card_token(card.behaviour)?,
        None => None,
    };
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
            .map(|event| (masked(&event.name), event.starts_at, event.ends_at))
            .collect(),
    };
    let decision = open(sign_up, cloud.catalog(request.catalog), now)?;
    let row = tx.insert_account(&account, key_hash, request.catalog, token.as_deref())?;
    let mut work = Work::new(cloud, tx, row, now);
    work.apply(decision)?;
    Ok(work)
}

pub fn card(request: CardRequest) -> Card {
    Card {
        brand: request.brand,
        last4: request.last4,
        exp_month: request.exp_month,
        exp_year: request.exp_year,
    }
}
