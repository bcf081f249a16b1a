//! What waits for the cloud, and what came of it.

use boothkeeper_domain::{Amount, Timestamp};
use boothkeeper_store::outbox::{Command, State};
use boothkeeper_sync::wire::api::Action;
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
    /// The cloud's problem code, if it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub problem: Option<ProblemCode>,
    /// The cloud's figures to its refusal: the minimum, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "Record<string, unknown>"))]
    pub facts: Option<serde_json::Value>,
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
            created_at: command.created_at,
            not_after: request.and_then(|request| request.not_after),
            amount: request.and_then(|request| request.amount),
            enabled: request.and_then(|request| request.enabled),
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

    /// Only what was never sent can be cancelled.
    pub fn cancel_command(&self, id: &str) -> Result<CommandView, AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let outbox = self.laptop.outbox();
        let cancelled = outbox.cancel(id)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !cancelled && command.state != State::Cancelled {
            return Err(AppError::new(Code::NotCancellable));
        }
        Ok(command.into())
    }

    /// Queues a purchase on the card on file; the engine, or the next sync, sends it.
    pub fn buy_credits(&self, amount: Amount) -> Result<CommandView, AppError> {
        if !amount.is_positive() {
            return Err(AppError::new(Code::OutOfRange));
        }
        self.queue(&Action::BuyCredits { amount })
    }

    pub fn set_auto_recharge(&self, enabled: bool) -> Result<CommandView, AppError> {
        self.queue(&Action::SetAutoRecharge { enabled })
    }

    pub fn command(&self, id: &str) -> Result<CommandView, AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let command = self.laptop.outbox().get(id)?;
        command
            .map(CommandView::from)
            .ok_or(AppError::new(Code::NotFound))
    }

    fn queue(&self, action: &Action) -> Result<CommandView, AppError> {
        let head = self.on_copy(|copied| Ok(copied.head.clone()))?;
        let now = self.now(Some(&head));
        let expires = now.plus(expiry(action));
        let id = Uuid::now_v7();
        let outbox = self.laptop.outbox();
        outbox.queue(id, &action.request(Some(expires)), head.account.seq, now)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::Internal))?;
        drop(outbox);
        if let Some(running) = self.engine().as_ref() {
            running.nudge.notify_one();
        }
        self.status.send_modify(|status| status.revision += 1);
        Ok(command.into())
    }
}

/// How long an action may wait (`domain.md` §13): charges a day, settings a week. The server judges.
const fn expiry(action: &Action) -> i64 {
    use boothkeeper_domain::time::DAY;
    match action {
        Action::BuyCredits { .. } => DAY,
        Action::SetAutoRecharge { .. } => 7 * DAY,
    }
}
