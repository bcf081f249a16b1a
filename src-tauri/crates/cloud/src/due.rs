//! What happens by itself: charges are asked about, the processor speaks, an account's life goes on.
//! Each step is a transaction at its own instant, so that a crash between two leaves nothing half done.

use std::time::Duration;

use boothkeeper_domain::billing::time::{self, happen};
use boothkeeper_domain::billing::{Answer, Purpose};
use boothkeeper_domain::time::HOUR;
use boothkeeper_domain::{Account, AccountId, PaymentId, Timestamp};
use boothkeeper_wire::api::Head;
use boothkeeper_wire::sandbox::CrashPoint;
use tokio::time::Instant;

use crate::clock_guard::STORE_EVERY;
use crate::cloud::Inner;
use crate::ops::{Work, head};
use crate::processor::ChargeRequest;
use crate::store::{AccountRow, Due, OpenCharge, Tx, What};
use crate::{Cloud, Error};

/// Runs what is due up to and including `until`, in order, each at its own instant; the clock goes along.
pub async fn run_due(cloud: &Cloud, until: Timestamp) -> Result<(), Error> {
    let _alone = cloud.running_due.lock().await;
    while let Some((_, at)) = one_step(cloud, None, until).await? {
        cloud.clock.advance_to(at);
    }
    Ok(())
}

/// The same for one account, before it is asked for something at `until`.
pub async fn catch_up(cloud: &Cloud, account: &AccountId, until: Timestamp) -> Result<(), Error> {
    while one_step(cloud, Some(account), until).await?.is_some() {}
    Ok(())
}

/// Sleeps until the next thing is due, or until something new may be.
pub async fn schedule(cloud: Cloud) {
    const ALWAYS: Timestamp = Timestamp::from_millis(i64::MAX);
    let mut stored = Instant::now();
    loop {
        if let Err(error) = release(&cloud).await {
            tracing::error!(%error, "what waited for the clock still waits");
        }
        if stored.elapsed() >= STORE_EVERY {
            stored = Instant::now();
            if let Err(error) = cloud.store_reached().await {
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
                // A frozen clock does not move by itself: advancing it runs what is due.
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

/// Set while something waits for a clock that can be believed.
const HELD: &str = "held_by_clock";

/// What waited for the clock is due at its own time again, once the clock can be believed.
pub async fn release(cloud: &Cloud) -> Result<(), Error> {
    let held = cloud.store.read(|tx| tx.setting(HELD)).await?;
    if held.is_none() || !cloud.clock_is_likely() {
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

/// What a step came to within its transaction.
enum Step {
    Done(Head),
    /// Nothing is done before the clock is right.
    Wait,
    /// The processor is asked first, and no transaction waits for it.
    Ask(Box<AccountRow>, Question),
}

enum Question {
    Charge(Box<OpenCharge>),
    /// How a payment went. One that has hung for a day is given up.
    Outcome {
        payment: PaymentId,
        overdue: bool,
    },
    Void(PaymentId),
    /// A payment that arrives when the account has closed goes back.
    Refund(PaymentId),
}

/// What came of asking the processor.
enum Reply {
    Answer(Answer),
    Refunded,
}

async fn one_step(
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
    match take(cloud, &due).await {
        Ok(Some(head)) => cloud.announce(&due.account, head),
        Ok(None) => {
            tracing::error!(account = %due.account, at = %due.at, "nothing is closed or expires: the clock is not believed");
            let (postponed, later) = (due.clone(), until.max(due.at).plus(HOUR));
            let postpone = move |tx: &Tx<'_>| {
                tx.set_setting(HELD, &[1])?;
                tx.postpone(&postponed, later)
            };
            cloud.store.write(postpone).await?;
        }
        Err(error) if error.is_of_the_machine() => return Err(error),
        Err(error) => {
            // One account's trouble is not everybody's: time goes on, and this is tried again.
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

/// `None` where it waits for a clock that can be believed.
async fn take(cloud: &Cloud, due: &Due) -> Result<Option<Head>, Error> {
    let (inner, now_due) = (cloud.clone(), due.clone());
    let taken = cloud.store.write(move |tx| {
        let row = tx.account(&now_due.account)?;
        step(&inner, tx, &now_due, row)
    });
    let mut taken = taken.await?;
    loop {
        match taken {
            Step::Done(head) => return Ok(Some(head)),
            Step::Wait => return Ok(None),
            Step::Ask(row, question) => {
                let reply = ask(cloud, &row, due, question).await?;
                cloud.crash_here(CrashPoint::AfterCharge);
                taken = answered(cloud, due.clone(), reply).await?;
            }
        }
    }
}

fn step(cloud: &Inner, tx: &Tx<'_>, due: &Due, row: AccountRow) -> Result<Step, Error> {
    let ask = |row, question| Ok(Step::Ask(Box::new(row), question));
    match &due.what {
        What::Charge { open, .. } => ask(row, Question::Charge(open.clone())),
        What::Notice { id, payment } => {
            let Some(since) = waits_since(&row.state, payment) else {
                // It was settled before: the processor repeats itself.
                tx.close_notice(*id)?;
                return Ok(Step::Done(head(&row)));
            };
            let (payment, overdue) = (payment.clone(), since.plus(time::VOID_AFTER) <= due.at);
            ask(row, Question::Outcome { payment, overdue })
        }
        What::Life => {
            let catalog = cloud.catalog(row.programme);
            let next = time::next(&row.state, catalog);
            let Some((_, next)) = next.filter(|(at, _)| *at <= due.at) else {
                // Another took the step meanwhile, or the rules have changed since it was noted down: it is
                // noted again, or it would be asked for without end.
                let mut row = row;
                tx.append(&mut row, &[], catalog)?;
                return Ok(Step::Done(head(&row)));
            };
            if let (time::Due::Void, Some(pending)) = (next, &row.state.pending_fee) {
                let payment = pending.attempt.payment.clone();
                return ask(row, Question::Void(payment));
            }
            if is_final(next) && !cloud.clock_is_likely() {
                return Ok(Step::Wait);
            }
            let mut work = Work::new(cloud, tx, row, due.at);
            live_on(&mut work, next)?;
            Ok(Step::Done(head(&work.row)))
        }
        What::NoResult(run) => {
            let mut work = Work::new(cloud, tx, row, due.at);
            work.end_run(run, Some("no_result"))?;
            Ok(Step::Done(head(&work.row)))
        }
    }
}

/// Whether support cannot undo the step in full: it waits for a clock that can be believed.
const fn is_final(due: time::Due) -> bool {
    match due {
        time::Due::Expiry | time::Due::Closure => true,
        time::Due::Void | time::Due::PeriodEnd | time::Due::Retry | time::Due::Allowance => false,
    }
}

fn live_on(work: &mut Work<'_>, due: time::Due) -> Result<(), Error> {
    let decision = happen(&work.row.state, work.catalog, due, work.now)?;
    if decision.entries.is_empty() && decision.charges.is_empty() {
        return Err(Error::Invariant("what was due did nothing"));
    }
    work.settle(decision)
}

/// Since when the account has waited for the outcome of a payment.
fn waits_since(state: &Account, payment: &PaymentId) -> Option<Timestamp> {
    let purchase = state.purchases.get(payment).map(|purchase| purchase.at);
    let fee = state.pending_fee.as_ref();
    let fee = fee.filter(|fee| fee.attempt.payment == *payment);
    purchase.or(fee.map(|fee| fee.since))
}

async fn ask(
    cloud: &Cloud,
    row: &AccountRow,
    due: &Due,
    question: Question,
) -> Result<Reply, Error> {
    let processor = &cloud.payments.processor;
    let answer = match question {
        Question::Charge(open) => {
            let answer = processor.charge(request(row, *open.clone())).await?;
            if let (Purpose::Plan(_), Answer::Pending) = (&open.charge.purpose, &answer) {
                // A change happens at once or not at all: a charge that hangs is given up.
                match processor.void(open.charge.payment, due.at).await? {
                    Answer::Approved => Answer::Approved,
                    Answer::Declined(_) | Answer::Pending => Answer::Pending,
                }
            } else {
                answer
            }
        }
        Question::Outcome { payment, overdue } => {
            match processor.look_up(payment.clone(), due.at).await? {
                Answer::Pending if overdue => processor.void(payment, due.at).await?,
                answer => answer,
            }
        }
        Question::Void(payment) => processor.void(payment, due.at).await?,
        Question::Refund(payment) => {
            tracing::info!(account = %due.account, "a payment came after the closure and goes back");
            processor.refund(payment).await?;
            return Ok(Reply::Refunded);
        }
    };
    Ok(Reply::Answer(answer))
}

fn request(row: &AccountRow, open: OpenCharge) -> ChargeRequest {
    ChargeRequest {
        payment: open.charge.payment,
        account: row.account.clone(),
        money: open.charge.money,
        card: row.state.card.clone(),
        token: row.card_token.clone(),
        at: open.at,
    }
}

/// Takes a reply into the journal, unless another has done so meanwhile.
async fn answered(cloud: &Cloud, due: Due, reply: Reply) -> Result<Step, Error> {
    let inner = cloud.clone();
    let apply = move |tx: &Tx<'_>| {
        let row = tx.account(&due.account)?;
        let mut work = Work::new(&inner, tx, row, due.at);
        let answer = match reply {
            Reply::Answer(answer) => answer,
            Reply::Refunded => Answer::Declined("account_closed".into()),
        };
        let purchase = match &due.what {
            What::Charge { open, .. } => Some(&open.charge.payment),
            What::Notice { payment, .. } => Some(payment),
            What::Life | What::NoResult(_) => None,
        };
        let purchase = purchase.filter(|payment| work.row.state.purchases.contains_key(*payment));
        if let (Answer::Approved, Some(payment), Some(_)) =
            (&answer, purchase, work.row.state.closed_by)
        {
            let refund = Question::Refund(payment.clone());
            return Ok(Step::Ask(Box::new(work.row), refund));
        }
        match &due.what {
            What::Charge { id, open } => {
                if tx.close_charge(*id)? {
                    charge_answered(&mut work, open, &answer)?;
                }
            }
            What::Notice { id, payment } => {
                let since = waits_since(&work.row.state, payment);
                let overdue = since.filter(|since| since.plus(time::VOID_AFTER) <= due.at);
                if let (Answer::Pending, Some(since)) = (&answer, overdue) {
                    tx.postpone(&due, void_again_at(since, due.at))?;
                    return Ok(Step::Done(head(&work.row)));
                }
                work.payment_answered(payment, &answer)?;
                tx.close_notice(*id)?;
            }
            What::Life | What::NoResult(_) => {
                let pending = work.row.state.pending_fee.clone();
                if let (Answer::Pending, Some(pending)) = (&answer, &pending) {
                    tx.postpone(&due, void_again_at(pending.since, due.at))?;
                    return Ok(Step::Done(head(&work.row)));
                }
                if let Some(pending) = pending {
                    work.payment_answered(&pending.attempt.payment, &answer)?;
                }
            }
        }
        Ok(Step::Done(head(&work.row)))
    };
    cloud.store.write(apply).await
}

/// A charge without an outcome is looked up again after a day.
fn charge_answered(work: &mut Work<'_>, open: &OpenCharge, answer: &Answer) -> Result<(), Error> {
    let given_up = matches!(open.charge.purpose, Purpose::Plan(_));
    if *answer == Answer::Pending && !given_up {
        let again = open.at.plus(time::VOID_AFTER);
        let (account, payment) = (&work.row.account, &open.charge.payment);
        work.tx.schedule_notice(account, payment, again)?;
    }
    work.charge_answered(open, answer)
}

/// When a void that was not confirmed is repeated: after as long as the charge has hung already.
fn void_again_at(since: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(now.since(since).max(HOUR))
}
