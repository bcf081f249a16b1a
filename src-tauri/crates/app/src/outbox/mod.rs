//! Commands that wait for the cloud, and their results.

use boothkeeper_domain::account::{Payer, PaymentOrder};
use boothkeeper_domain::billing::forecast;
use boothkeeper_domain::billing::quote::Quote;
use boothkeeper_domain::calendar::Cycle;
use boothkeeper_domain::time::DAY;
use boothkeeper_domain::{Account, Amount, Catalog, Seq, Timestamp};
use boothkeeper_store::Outbox as StoredOutbox;
use boothkeeper_store::outbox::Command;
pub use boothkeeper_store::outbox::OutboxState;
use boothkeeper_sync::wire::action::{Action, ActionKind};
use boothkeeper_sync::wire::api::CommandRequest;
use boothkeeper_sync::wire::problem::ProblemCode;
use serde::Serialize;
use uuid::Uuid;

use crate::{App, AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CommandView {
    pub id: String,
    pub kind: CommandKind,
    pub state: OutboxState,
    /// True until the cloud's answer is known and, if the cloud applied the command, its entry is in the local copy.
    pub open: bool,
    /// True if the command can be cancelled: it was never sent, or it is unknown whether it arrived.
    pub cancellable: bool,
    /// True if the command was cancelled although it may have arrived; the cloud is still asked whether it did.
    pub withdrawn: bool,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub not_after: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub amount: Option<Amount>,
    /// The new setting of auto-recharge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub enabled: Option<bool>,
    /// The requested plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cycle: Option<Cycle>,
    /// The chosen payment order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payment_order: Option<PaymentOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub coupon: Option<String>,
    /// The chosen payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub method: Option<Payer>,
    /// The problem code with which the cloud refused the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "string"))]
    pub problem: Option<ProblemCode>,
    /// The cloud's figures for its refusal, such as the minimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "Record<string, unknown>"))]
    pub facts: Option<serde_json::Value>,
    /// The preview of price and losses (quote) that the operator saw when deciding.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub seen: Option<Quote>,
    /// The current quote, if it has become worse than `seen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub quote: Option<Quote>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OutboxView {
    pub commands: Vec<CommandView>,
}

/// What a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum CommandKind {
    Action(ActionKind),
    Unreadable(Unreadable),
}

/// A command whose row is damaged, or whose kind this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    Unreadable,
}

impl CommandKind {
    fn of(request: Option<&CommandRequest>) -> Self {
        let kind = request.and_then(CommandRequest::action_kind);
        kind.map_or(Self::Unreadable(Unreadable::Unreadable), Self::Action)
    }

    /// The name in JSON, under which the messages crate has this kind's text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Action(kind) => kind.name(),
            Self::Unreadable(Unreadable::Unreadable) => "unreadable",
        }
    }

    /// False for purchases and card changes, which leave plan and fees as they are.
    pub const fn is_listed_with_plan(self) -> bool {
        !matches!(
            self,
            Self::Action(ActionKind::BuyCredits | ActionKind::ReplaceCard)
        )
    }
}

impl From<Command> for CommandView {
    fn from(command: Command) -> Self {
        let request = command.request.as_ref();
        CommandView {
            id: command.id.to_string(),
            kind: CommandKind::of(request),
            state: command.state,
            open: command.state.is_open() || command.state == OutboxState::Applied,
            cancellable: matches!(command.state, OutboxState::Queued | OutboxState::Unknown),
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

/// Entry point for the outbox.
#[derive(Clone, Copy)]
pub struct Outbox<'a> {
    pub(crate) app: &'a App,
}

impl App {
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { app: self }
    }
}

impl Outbox<'_> {
    /// All commands, newest first.
    pub fn list(&self) -> Result<OutboxView, AppError> {
        let commands = self.app.local_copy.outbox().list()?;
        Ok(OutboxView {
            commands: commands.into_iter().map(CommandView::from).collect(),
        })
    }

    /// Cancels a command that was never sent, or that is not known to have arrived; it is not sent again. Fails with
    /// `NotCancellable` for any other command.
    pub fn cancel(&self, id: &str) -> Result<CommandView, AppError> {
        self.app.require_writable()?;
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let outbox = self.app.local_copy.outbox();
        let cancelled = outbox.cancel(id)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::NotFound))?;
        if !cancelled && command.state != OutboxState::Cancelled {
            return Err(AppError::new(Code::NotCancellable));
        }
        Ok(command.into())
    }

    /// Deletes a command that was rejected or returned for a new decision. Fails with `NotFound` for any other command.
    pub fn dismiss(&self, id: &str) -> Result<(), AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let gone = self.app.local_copy.outbox().dismiss(id)?;
        self.app.status.send_modify(|status| status.revision += 1);
        match gone {
            true => Ok(()),
            false => Err(AppError::new(Code::NotFound)),
        }
    }

    pub fn get(&self, id: &str) -> Result<CommandView, AppError> {
        let id = Uuid::try_parse(id).map_err(|_| AppError::new(Code::NotFound))?;
        let command = self.app.local_copy.outbox().get(id)?;
        command
            .map(CommandView::from)
            .ok_or(AppError::new(Code::NotFound))
    }

    /// Fails with `AlreadyWaiting` if the action changes or pays the plan while another such command waits. Otherwise
    /// both, such as a pause and a cancellation, would be applied one after the other.
    pub fn require_no_conflict(&self, action: &Action) -> Result<(), AppError> {
        let contradicts = |waiting: &Command| {
            let asked = waiting.request.as_ref().and_then(|r| r.action().ok());
            waiting.state.is_open() && asked.is_some_and(|asked| asked.change().is_some())
        };
        let waiting = self.app.local_copy.outbox().list()?;
        match action.change().is_some() && waiting.iter().any(contradicts) {
            true => Err(AppError::new(Code::AlreadyWaiting)),
            false => Ok(()),
        }
    }

    /// Queues an action with the quote (preview of price and losses) that the operator saw.
    pub(crate) fn queue(
        &self,
        action: &Action,
        seen: Option<Quote>,
    ) -> Result<CommandView, AppError> {
        self.app
            .outbox()
            .queue_by(action, seen, |outbox, id, request, decided_at, now| {
                Ok(outbox.queue(id, request, decided_at, now)?)
            })
    }

    /// As [`Outbox::queue`], but the closure `queue` writes the command, so that it can write other changes with it.
    pub(crate) fn queue_by(
        &self,
        action: &Action,
        seen: Option<Quote>,
        queue: impl FnOnce(&StoredOutbox, Uuid, &CommandRequest, Seq, Timestamp) -> Result<(), AppError>,
    ) -> Result<CommandView, AppError> {
        self.app.require_writable()?;
        let now = self.app.rules_now()?;
        let (expires, decided_at) = self.app.read_copy(|copied| {
            let (account, catalog) = (&copied.head.account, copied.catalog()?);
            let expires = expiry(action, seen.as_ref(), account, &catalog, now);
            Ok((expires, account.seq))
        })?;
        let id = Uuid::now_v7();
        self.require_no_conflict(action)?;
        let outbox = self.app.local_copy.outbox();
        let request = action.request(seen, expires);
        queue(&outbox, id, &request, decided_at, now)?;
        let command = outbox.get(id)?.ok_or(AppError::new(Code::Internal))?;
        drop(outbox);
        if let Some(running) = self.app.engine().as_ref() {
            running.wake.notify_one();
        }
        self.app.status.send_modify(|status| status.revision += 1);
        Ok(command.into())
    }
}

/// When an action expires (`domain.md` §13): a charge after a day, a downgrade at the end of grace or of the period, a
/// setting after a week, a dispute never (`None`). The cloud enforces it.
pub(crate) fn expiry(
    action: &Action,
    seen: Option<&Quote>,
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Option<Timestamp> {
    let charges = seen.is_some_and(|seen| seen.charge.is_some());
    Some(match action {
        Action::OpenDispute(_) | Action::MessageDispute { .. } | Action::WithdrawDispute { .. } => {
            return None;
        }
        Action::BuyCredits { .. } | Action::PayNow { .. } => now.plus(DAY),
        Action::ChangePlan(_) if charges => now.plus(DAY),
        Action::ChangePlan(_) => {
            let grace = account.grace.map(|grace| grace.until);
            let ends = account.period.map(|period| period.end);
            // A cancelled period may have ended while offline; then the account is in grace.
            let ahead = [grace, ends, forecast::closes_at(account, catalog)];
            let next = ahead.into_iter().flatten().find(|end| *end > now);
            next.unwrap_or(now.plus(7 * DAY))
        }
        Action::SetPaymentOrder(_)
        | Action::SetAutoRecharge { .. }
        | Action::ReplaceCard { .. }
        | Action::RedeemCoupon { .. }
        | Action::Cancel
        | Action::Resume => now.plus(7 * DAY),
    })
}
