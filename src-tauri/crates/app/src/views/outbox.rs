//! What waits for the cloud, and what came of it.

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::{Amount, Timestamp};
use boothkeeper_store::outbox::{Command, State};
use boothkeeper_sync::wire::problem::ProblemCode;
use serde::Serialize;
use uuid::Uuid;

use crate::{App, AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CommandView {
    pub id: String,
    pub kind: String,
    pub state: String,
    /// The cloud has not answered yet.
    pub open: bool,
    /// It can be taken back: it was never sent, or it is not known to have arrived.
    pub cancellable: bool,
    /// Taken back while it is not known whether it has arrived: the cloud is still to say.
    pub withdrawn: bool,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub not_after: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
    /// What a switch is set to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub enabled: Option<bool>,
    /// The plan that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    /// The payment order that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment_order: Option<PaymentOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    /// Who was to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub method: Option<Payer>,
    /// The cloud's problem code, if it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub problem: Option<ProblemCode>,
    /// The cloud's figures to its refusal: the minimum, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "Record<string, unknown>"))]
    pub facts: Option<serde_json::Value>,
    /// What the operator was shown when it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seen: Option<Quote>,
    /// What it would do now, if that has become worse.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub quote: Option<Quote>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OutboxView {
    pub commands: Vec<CommandView>,
}

impl From<Command> for CommandView {
    fn from(command: Command) -> Self {
        let request = command.request.as_ref();
        CommandView {
            id: command.id.to_string(),
            kind: request.map_or_else(|| "unreadable".to_owned(), |r| r.kind.clone()),
            state: command.state.name().to_owned(),
            open: command.state.is_open() || command.state == State::Applied,
            cancellable: matches!(command.state, State::Queued | State::Unknown),
            withdrawn: command.withdrawn,
            created_at: command.created_at,
            not_after: request.and_then(|request| request.not_after),
            amount: request.and_then(|request| request.amount),
            enabled: request.and_then(|request| request.enabled),
            plan: request.and_then(|request| request.plan.clone()),
            cycle: request.and_then(|request| request.cycle),
            payment_order: request.and_then(|request| {
                let (first, fallback) = request.first.zip(request.fallback)?;
                Some(PaymentOrder { first, fallback })
            }),
            coupon: request.and_then(|request| request.coupon.clone().or(request.code.clone())),
            method: request.and_then(|request| request.method),
            seen: request.and_then(|request| request.seen.clone()),
            quote: command.quote,
            problem: command.problem.as_ref().map(|problem| problem.code),
            facts: command.problem.and_then(|problem| problem.facts),
        }
    }
}

impl App {
    pub fn outbox(&self) -> Result<OutboxView, AppError> {
        let commands = self.laptop.outbox().list()?;
        Ok(OutboxView {
            commands: commands.into_iter().map(CommandView::from).collect(),
        })
    }

    /// Takes back what was never sent, or is not known to have arrived: that is not sent again.
    pub fn cancel_command(&self, id: &str) -> Result<CommandView, AppError> {
        self.may_write()?;
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let outbox = self.laptop.outbox();
        let cancelled = outbox.cancel(id)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !cancelled && command.state != State::Cancelled {
            return Err(AppError::new(Code::NotCancellable));
        }
        Ok(command.into())
    }

    /// Puts what was refused or handed back out of sight.
    pub fn dismiss_command(&self, id: &str) -> Result<(), AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let gone = self.laptop.outbox().dismiss(id)?;
        self.status.send_modify(|status| status.revision += 1);
        match gone {
            true => Ok(()),
            false => Err(AppError::new(Code::NotFound)),
        }
    }

    pub fn command(&self, id: &str) -> Result<CommandView, AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let command = self.laptop.outbox().get(id)?;
        command
            .map(CommandView::from)
            .ok_or(AppError::new(Code::NotFound))
    }
}
