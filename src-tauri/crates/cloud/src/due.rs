//! Runs due tasks: open charges, notices of payments, the steps of an account's life, runs without a result. Each task
//! is one transaction at its own instant; the processor is called between transactions, never within one.

use std::time::Duration;

use boothkeeper_domain::billing::time::{self, run_due_action};
use boothkeeper_domain::billing::{ChargeOutcome, Purpose};
use boothkeeper_domain::time::HOUR;
use boothkeeper_domain::{Account, AccountId, PaymentId, Timestamp};
use boothkeeper_wire::api::Head;
use boothkeeper_wire::sandbox::CrashPoint;
use tokio::time::Instant;

use crate::clock_guard::STORE_EVERY;
use crate::cloud::Inner;
use crate::ops::{Work, head};
use crate::processor::ChargeRequest;
use crate::store::{AccountRow, DueTask, OpenCharge, Task, Tx};
use crate::{Cloud, Error};

/// Runs all tasks that are due up to and including `until`, in order of time. Advances a sandbox's clock with them.
pub async fn run_due(cloud: &Cloud, until: Timestamp) -> Result<(), Error> {
    let _alone = cloud.running_due.lock().await;
    while let Some((_, at)) = run_next(cloud, None, until).await? {
        cloud.clock.advance_to(at);
    }
    Ok(())
}

/// Runs one account's due tasks up to and including `until`, before a request acts on the account.
pub async fn catch_up(cloud: &Cloud, account: &AccountId, until: Timestamp) -> Result<(), Error> {
    while run_next(cloud, Some(account), until).await?.is_some() {}
    Ok(())
}

/// The scheduler: runs tasks when they are due, until the process ends.
pub async fn schedule(cloud: Cloud) {
    const ALWAYS: Timestamp = Timestamp::from_millis(i64::MAX);
    let mut stored = Instant::now();
    loop {
        if let Err(error) = release(&cloud).await {
            tracing::error!(%error, "what waited for the clock still waits");
        }
        if stored.elapsed() >= STORE_EVERY {
            stored = Instant::now();
            if let Err(error) = cloud.store_instant().await {
                tracing::error!(%error, "the instant that was reached could not be stored");
            }
        }
        let next = cloud.store.read(|tx| tx.next_due(None, ALWAYS)).await;
        let now = cloud.clock.now();
        match next {
            Ok(Some(due)) if due.at <= now => {
                if let Err(error) = run_due(&cloud, now).await {
                    tracing::error!(%error, "something due could not be done");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Ok(Some(due)) => {
                // A frozen clock does not move here: the call that advances it also runs the due tasks.
                let wait = u64::try_from(due.at.since(now)).unwrap_or(0);
                let wait = Duration::from_millis(wait.max(1)).min(STORE_EVERY);
                let _ = tokio::time::timeout(wait, cloud.due.notified()).await;
            }
            Ok(None) => {
                let _ = tokio::time::timeout(STORE_EVERY, cloud.due.notified()).await;
            }
            Err(error) => {
                tracing::error!(%error, "the schedule cannot be read");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The setting that is present while closures or expiries wait for a trusted clock.
const HELD: &str = "held_by_clock";

/// Once the clock can be trusted, makes the tasks that waited for it due at their own instants again.
pub async fn release(cloud: &Cloud) -> Result<(), Error> {
    let held = cloud.store.read(|tx| tx.setting(HELD)).await?;
    if held.is_none() || !cloud.clock_is_trusted() {
        return Ok(());
    }
    for account in cloud.store.read(|tx| tx.accounts_with_due()).await? {
        let inner = cloud.clone();
        let note = move |tx: &Tx<'_>| {
            let mut row = tx.account(&account)?;
            let catalog = inner.catalog(row.programme);
            tx.append(&mut row, &[], catalog)
        };
        if let Err(error) = cloud.store.write(note).await
            && error.is_of_the_machine()
        {
            return Err(error);
        }
    }
    cloud.store.write(|tx| tx.drop_setting(HELD)).await
}

/// The result of a task's transaction.
enum TaskResult {
    Done(Head),
    /// The task waits for a clock that can be trusted.
    Wait,
    /// The processor must be called before the task can go on.
    Call(Box<AccountRow>, ProcessorCall),
}

enum ProcessorCall {
    Charge(Box<OpenCharge>),
    /// Looks a payment up; voids it if it is pending and `overdue`, that is a day old.
    LookUp {
        payment: PaymentId,
        overdue: bool,
    },
    Void(PaymentId),
    /// Refunds a payment that was approved after the account had closed.
    Refund(PaymentId),
}

enum ProcessorReply {
    Answer(ChargeOutcome),
    Refunded,
}

async fn run_next(
    cloud: &Cloud,
    account: Option<&AccountId>,
    until: Timestamp,
) -> Result<Option<(AccountId, Timestamp)>, Error> {
    let account = account.cloned();
    let next = cloud
        .store
        .read(move |tx| tx.next_due(account.as_ref(), until));
    let Some(due) = next.await? else {
        return Ok(None);
    };
    match run_task(cloud, &due).await {
        Ok(Some(head)) => cloud.publish_head(&due.account, head),
        Ok(None) => {
            tracing::error!(account = %due.account, at = %due.at, "nothing is closed or expires: the clock is not trusted");
            let (postponed, later) = (due.clone(), until.max(due.at).plus(HOUR));
            let postpone = move |tx: &Tx<'_>| {
                tx.set_setting(HELD, &[1])?;
                tx.postpone(&postponed, later)
            };
            cloud.store.write(postpone).await?;
        }
        Err(error) if error.is_of_the_machine() => return Err(error),
        Err(error) => {
            // The other accounts go on; this task is tried again in an hour.
            tracing::error!(account = %due.account, %error, "something due could not be done");
            let postponed = due.clone();
            let later = until.max(due.at).plus(HOUR);
            cloud
                .store
                .write(move |tx| tx.postpone(&postponed, later))
                .await?;
        }
    }
    Ok(Some((due.account, due.at)))
}

/// Runs one task. `None` if it waits for a clock that can be trusted.
async fn run_task(cloud: &Cloud, due: &DueTask) -> Result<Option<Head>, Error> {
    let (inner, now_due) = (cloud.clone(), due.clone());
    let taken = cloud.store.write(move |tx| {
        let row = tx.account(&now_due.account)?;
        first_step(&inner, tx, &now_due, row)
    });
    let mut taken = taken.await?;
    loop {
        match taken {
            TaskResult::Done(head) => return Ok(Some(head)),
            TaskResult::Wait => return Ok(None),
            TaskResult::Call(row, call) => {
                let reply = call_processor(cloud, &row, due, call).await?;
                cloud.crash_here(CrashPoint::AfterCharge);
                taken = record_reply(cloud, due.clone(), reply).await?;
            }
        }
    }
}

fn first_step(
    cloud: &Inner,
    tx: &Tx<'_>,
    due: &DueTask,
    row: AccountRow,
) -> Result<TaskResult, Error> {
    let call = |row, call| Ok(TaskResult::Call(Box::new(row), call));
    match &due.task {
        Task::Charge { open, .. } => call(row, ProcessorCall::Charge(open.clone())),
        Task::Notice { id, payment } => {
            let Some(since) = waits_since(&row.state, payment) else {
                // The payment was settled before: the processor has only repeated its notice.
                tx.close_notice(*id)?;
                return Ok(TaskResult::Done(head(&row)));
            };
            let (payment, overdue) = (payment.clone(), since.plus(time::VOID_AFTER) <= due.at);
            call(row, ProcessorCall::LookUp { payment, overdue })
        }
        Task::AccountStep => {
            let catalog = cloud.catalog(row.programme);
            let next = time::next(&row.state, catalog);
            let Some((_, next)) = next.filter(|(at, _)| *at <= due.at) else {
                // Another request took the step meanwhile, or the catalog has changed since the step was scheduled. The
                // step is scheduled again; otherwise it would stay due forever.
                let mut row = row;
                tx.append(&mut row, &[], catalog)?;
                return Ok(TaskResult::Done(head(&row)));
            };
            if let (time::DueAction::Void, Some(pending)) = (next, &row.state.pending_fee) {
                let payment = pending.attempt.payment.clone();
                return call(row, ProcessorCall::Void(payment));
            }
            if is_final(next) && !cloud.clock_is_trusted() {
                return Ok(TaskResult::Wait);
            }
            let mut work = Work::new(cloud, tx, row, due.at);
            account_step(&mut work, next)?;
            Ok(TaskResult::Done(head(&work.row)))
        }
        Task::RunTimeout(run) => {
            let mut work = Work::new(cloud, tx, row, due.at);
            work.end_run(run, Some("no_result"))?;
            Ok(TaskResult::Done(head(&work.row)))
        }
    }
}

/// Whether a step cannot be undone: such a step waits for a clock that can be trusted.
const fn is_final(due: time::DueAction) -> bool {
    match due {
        time::DueAction::Expiry | time::DueAction::Closure => true,
        time::DueAction::Void
        | time::DueAction::PeriodEnd
        | time::DueAction::Retry
        | time::DueAction::Allowance => false,
    }
}

fn account_step(work: &mut Work<'_>, due: time::DueAction) -> Result<(), Error> {
    let decision = run_due_action(&work.row.state, work.catalog, due, work.now)?;
    if decision.entries.is_empty() && decision.charges.is_empty() {
        return Err(Error::Invariant("a due step decided nothing"));
    }
    work.apply(decision)
}

/// Since when the account has waited for a payment's outcome; `None` if it does not wait for it.
fn waits_since(state: &Account, payment: &PaymentId) -> Option<Timestamp> {
    let purchase = state.purchases.get(payment).map(|purchase| purchase.at);
    let fee = state.pending_fee.as_ref();
    let fee = fee.filter(|fee| fee.attempt.payment == *payment);
    purchase.or(fee.map(|fee| fee.since))
}

async fn call_processor(
    cloud: &Cloud,
    row: &AccountRow,
    due: &DueTask,
    call: ProcessorCall,
) -> Result<ProcessorReply, Error> {
    let processor = &cloud.payments.processor;
    let answer = match call {
        ProcessorCall::Charge(open) => {
            let answer = processor.charge(charge_request(row, *open.clone())).await?;
            if let (Purpose::Plan(_), ChargeOutcome::Pending) = (&open.charge.purpose, &answer) {
                // A plan change happens at once or not at all, so a pending charge for one is voided.
                match processor.void(open.charge.payment, due.at).await? {
                    ChargeOutcome::Approved => ChargeOutcome::Approved,
                    ChargeOutcome::Declined(_) | ChargeOutcome::Pending => ChargeOutcome::Pending,
                }
            } else {
                answer
            }
        }
        ProcessorCall::LookUp { payment, overdue } => {
            match processor.look_up(payment.clone(), due.at).await? {
                ChargeOutcome::Pending if overdue => processor.void(payment, due.at).await?,
                answer => answer,
            }
        }
        ProcessorCall::Void(payment) => processor.void(payment, due.at).await?,
        ProcessorCall::Refund(payment) => {
            tracing::info!(account = %due.account, "a payment came after the closure and goes back");
            processor.refund(payment).await?;
            return Ok(ProcessorReply::Refunded);
        }
    };
    Ok(ProcessorReply::Answer(answer))
}

fn charge_request(row: &AccountRow, open: OpenCharge) -> ChargeRequest {
    ChargeRequest {
        payment: open.charge.payment,
        account: row.account.clone(),
        money: open.charge.money,
        card: row.state.card.clone(),
        token: row.card_token.clone(),
        at: open.at,
    }
}

/// Appends the entries that follow from the processor's reply, unless another task has done so meanwhile.
async fn record_reply(
    cloud: &Cloud,
    due: DueTask,
    reply: ProcessorReply,
) -> Result<TaskResult, Error> {
    let inner = cloud.clone();
    let apply = move |tx: &Tx<'_>| {
        let row = tx.account(&due.account)?;
        let mut work = Work::new(&inner, tx, row, due.at);
        let answer = match reply {
            ProcessorReply::Answer(answer) => answer,
            ProcessorReply::Refunded => ChargeOutcome::Declined("account_closed".into()),
        };
        let purchase = match &due.task {
            Task::Charge { open, .. } => Some(&open.charge.payment),
            Task::Notice { payment, .. } => Some(payment),
            Task::AccountStep | Task::RunTimeout(_) => None,
        };
        let purchase = purchase.filter(|payment| work.row.state.purchases.contains_key(*payment));
        if let (ChargeOutcome::Approved, Some(payment), Some(_)) =
            (&answer, purchase, work.row.state.closed_by)
        {
            let refund = ProcessorCall::Refund(payment.clone());
            return Ok(TaskResult::Call(Box::new(work.row), refund));
        }
        match &due.task {
            Task::Charge { id, open } => {
                if tx.close_charge(*id)? {
                    charge_answered(&mut work, open, &answer)?;
                }
            }
            Task::Notice { id, payment } => {
                let since = waits_since(&work.row.state, payment);
                let overdue = since.filter(|since| since.plus(time::VOID_AFTER) <= due.at);
                if let (ChargeOutcome::Pending, Some(since)) = (&answer, overdue) {
                    tx.postpone(&due, void_again_at(since, due.at))?;
                    return Ok(TaskResult::Done(head(&work.row)));
                }
                work.payment_answered(payment, &answer)?;
                tx.close_notice(*id)?;
            }
            Task::AccountStep | Task::RunTimeout(_) => {
                let pending = work.row.state.pending_fee.clone();
                if let (ChargeOutcome::Pending, Some(pending)) = (&answer, &pending) {
                    tx.postpone(&due, void_again_at(pending.since, due.at))?;
                    return Ok(TaskResult::Done(head(&work.row)));
                }
                if let Some(pending) = pending {
                    work.payment_answered(&pending.attempt.payment, &answer)?;
                }
            }
        }
        Ok(TaskResult::Done(head(&work.row)))
    };
    cloud.store.write(apply).await
}

/// Appends the entries that follow from the processor's answer to a charge.
fn charge_answered(
    work: &mut Work<'_>,
    open: &OpenCharge,
    answer: &ChargeOutcome,
) -> Result<(), Error> {
    let given_up = matches!(open.charge.purpose, Purpose::Plan(_));
    if *answer == ChargeOutcome::Pending && !given_up {
        let again = open.at.plus(time::VOID_AFTER);
        let (account, payment) = (&work.row.account, &open.charge.payment);
        work.tx.schedule_notice(account, payment, again)?;
    }
    work.charge_answered(open, answer)
}

/// When an unconfirmed void is repeated: after as long as the charge has been pending already, at least an hour.
fn void_again_at(since: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(now.since(since).max(HOUR))
}
