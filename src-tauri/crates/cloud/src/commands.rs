//! Executes an operator's command: compares it with the quote (priced preview) that the operator saw, decides, and
//! answers. The answer is stored with the command's effect, and a repeated id is given the same answer from then on.

use boothkeeper_domain::billing::quote::{self, Quote};
use boothkeeper_domain::billing::{BillingDecision, Charge, Purpose, plan, purchase};
use boothkeeper_domain::{Body, Entry, PaymentId};
use boothkeeper_wire::action::Action;
use boothkeeper_wire::api::{CommandAnswer, CommandRequest, CommandState};
use boothkeeper_wire::problem::{Problem, ProblemCode};

use crate::Error;
use crate::disputes::is_temporary;
use crate::ops::Work;
use crate::store::PendingCommand;

impl Work<'_> {
    /// Executes a command and stores its answer in the same transaction. A refusal is stored as an answer too, and
    /// appends nothing. A command that charges the card gets its answer once the processor has answered the charge.
    pub fn command(
        &mut self,
        command: &PendingCommand,
        request: &CommandRequest,
    ) -> Result<(), Error> {
        let action = request.action()?;
        if request.not_after.is_some_and(|limit| self.now > limit) {
            return self.refuse(command, ProblemCode::TooLate.into());
        }
        match self.new_decision(&action, request.seen.as_ref()) {
            Ok(None) => {}
            Ok(Some(quote)) => {
                let answer = CommandAnswer {
                    quote: Some(quote),
                    ..self.answered(CommandState::NeedsDecision)
                };
                return self.store_answer(command, answer);
            }
            Err(error) => return self.refuse(command, error),
        }
        if let Some(outcome) = self.dispute_action(command, &action) {
            return match outcome {
                Err(error) if is_temporary(&error) || error.is_of_the_machine() => Err(error),
                Err(error) => self.refuse(command, error),
                Ok(()) => Ok(()),
            };
        }
        match self.decide(&action) {
            Ok(decision) => self.act(decision, command),
            Err(error) => self.refuse(command, error),
        }
    }

    /// Executes an action on a dispute and stores its answer. Does nothing and returns `None` for any other action.
    fn dispute_action(
        &mut self,
        command: &PendingCommand,
        action: &Action,
    ) -> Option<Result<(), Error>> {
        Some(match action {
            Action::OpenDispute(complaint) => self.open_dispute(command, complaint),
            Action::MessageDispute {
                dispute,
                message,
                files,
            } => self.message_dispute(command, dispute, message, files),
            Action::WithdrawDispute { dispute } => self.withdraw_dispute(command, dispute),
            Action::SetPaymentOrder(_)
            | Action::SetAutoRecharge { .. }
            | Action::ReplaceCard { .. }
            | Action::BuyCredits { .. }
            | Action::RedeemCoupon { .. }
            | Action::ChangePlan(_)
            | Action::PayNow { .. }
            | Action::Cancel
            | Action::Resume => return None,
        })
    }

    fn refuse(&mut self, command: &PendingCommand, error: Error) -> Result<(), Error> {
        self.store_outcome(command, Err(error.into_problem()))
    }

    /// The current quote (priced preview), if the operator has to decide again: it is worse than the one seen, or none
    /// was seen and the action charges or destroys something.
    fn new_decision(&self, action: &Action, seen: Option<&Quote>) -> Result<Option<Quote>, Error> {
        let Some(change) = action.change() else {
            return Ok(None);
        };
        let quote = quote::quote(&self.row.state, self.catalog, &change, self.now)?;
        let decide_again = match seen {
            Some(seen) => quote.is_worse_than(seen, &self.row.state),
            None => quote.needs_confirmation(),
        };
        Ok(decide_again.then_some(quote))
    }

    /// Appends a decision's entries. If the card pays for the decision, the command is answered once the charge is.
    fn act(&mut self, decision: BillingDecision, command: &PendingCommand) -> Result<(), Error> {
        let buys = |entry: &Entry| matches!(&entry.body, Body::PurchaseStarted(started) if !started.auto_recharge);
        let fee = |charge: &Charge| charge.purpose != Purpose::Purchase;
        if decision.entries.iter().any(buys) || decision.charges.iter().any(fee) {
            let decision = with_command_in_ids(decision, command)?;
            return self.append(decision, Some(command.clone()));
        }
        self.append(decision, None)?;
        self.store_outcome(command, Ok(None))
    }

    /// Stores a command's answer: `applied`, with a remark if there is one, or `rejected`.
    pub(crate) fn store_outcome(
        &mut self,
        command: &PendingCommand,
        outcome: Result<Option<ProblemCode>, Problem>,
    ) -> Result<(), Error> {
        let answer = match outcome {
            Err(problem) if problem.code == ProblemCode::Internal => {
                return Err(ProblemCode::Internal.into());
            }
            Err(problem) => CommandAnswer {
                problem: Some(problem),
                ..self.answered(CommandState::Rejected)
            },
            Ok(remark) => CommandAnswer {
                problem: remark.map(Problem::new),
                ..self.answered(CommandState::Applied)
            },
        };
        self.store_answer(command, answer)
    }

    pub(crate) fn answered(&self, state: CommandState) -> CommandAnswer {
        let appended = self.appended();
        CommandAnswer {
            state,
            entries: appended.entries,
            head: appended.head,
            problem: None,
            quote: None,
            dispute: None,
        }
    }

    pub(crate) fn store_answer(
        &self,
        command: &PendingCommand,
        answer: CommandAnswer,
    ) -> Result<(), Error> {
        let (status, document) = document(answer)?;
        let (id, body) = (command.id, &command.body);
        self.tx
            .insert_command(self.row.id, id, body, status, &document)
    }

    fn decide(&mut self, action: &Action) -> Result<BillingDecision, Error> {
        let (state, catalog, now) = (&self.row.state, self.catalog, self.now);
        Ok(match action {
            Action::BuyCredits { amount } => purchase::start(state, catalog, *amount, now)?,
            Action::SetAutoRecharge { enabled } => {
                purchase::set_auto_recharge(state, catalog, *enabled, now)?
            }
            Action::SetPaymentOrder(order) => plan::set_payment_order(state, catalog, *order, now)?,
            Action::RedeemCoupon { code } => plan::redeem(state, catalog, code, now)?,
            Action::ChangePlan(target) => plan::change(state, catalog, target, now)?,
            Action::PayNow { method } => plan::pay_now(state, catalog, *method, now)?,
            Action::Cancel => plan::cancel(state, catalog, now)?,
            Action::Resume => plan::resume(state, catalog, now)?,
            Action::ReplaceCard { token } => {
                let card = self.card.clone().ok_or(ProblemCode::UnknownCard)?;
                self.card_replaced(card, Some(token.clone()))?
            }
            Action::OpenDispute(_)
            | Action::MessageDispute { .. }
            | Action::WithdrawDispute { .. } => return Err(ProblemCode::Malformed.into()),
        })
    }
}

/// Adds the command's id to the payment ids of plan changes. A declined plan change leaves no entry, so the next
/// attempt would derive the same payment id and get the stored decline.
fn with_command_in_ids(
    mut decision: BillingDecision,
    command: &PendingCommand,
) -> Result<BillingDecision, Error> {
    let (.., tail) = command.id.as_fields();
    let tail: String = tail.iter().map(|byte| format!("{byte:02x}")).collect();
    for charge in &mut decision.charges {
        if let Purpose::Plan(_) = charge.purpose {
            charge.payment = PaymentId::new(format!("{}_{tail}", charge.payment))?;
        }
    }
    Ok(decision)
}

/// HTTP status and JSON of an answer. A rejection is a problem document with the answer's members added.
fn document(answer: CommandAnswer) -> Result<(u16, String), Error> {
    let problem = match answer.state {
        CommandState::Rejected => answer.problem.clone(),
        CommandState::Applied | CommandState::NeedsDecision => None,
    };
    let status = problem.as_ref().map_or(200, |p| p.code.status());
    let mut members = serde_json::to_value(&answer)?;
    if let (Some(problem), Some(members)) = (problem, members.as_object_mut())
        && let serde_json::Value::Object(problem) = serde_json::to_value(problem)?
    {
        members.extend(problem);
    }
    Ok((status, members.to_string()))
}
