//! Pushes the outbox: sends queued commands and asks about commands whose answer was lost, in order within each lane
//! (commands on the same matter).

use boothkeeper_store::outbox::{Command, FailedAttempt, OutboxState};
use boothkeeper_wire::api::CommandAnswer;
use boothkeeper_wire::problem::{Problem, ProblemCode};
use uuid::Uuid;

use crate::{Client, LocalCopy, SyncError, disputes};

/// The result of a push, which sends the outbox's commands to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PushResult {
    /// Number of commands that the cloud has answered.
    pub answered: usize,
    /// A dispute was not sent because the local copy must be pulled up to date first.
    pub behind: bool,
}

/// The result of handling one command.
enum SendResult {
    Answered,
    /// Another process is sending the command, or it has to be sent again.
    NotYet,
    /// The local copy must be pulled up to date before the command can be sent.
    Behind,
}

impl From<bool> for SendResult {
    fn from(answered: bool) -> Self {
        match answered {
            true => SendResult::Answered,
            false => SendResult::NotYet,
        }
    }
}

/// How often one push handles the same command: asked about, sent, and asked about again.
const ROUNDS: usize = 3;

/// Sends commands until none can be sent now. A command that fails does not block commands on other matters (lanes); an
/// unreachable cloud ends the push. `current` is true if the local copy has just been pulled to the cloud's newest
/// entry.
pub async fn push(
    client: &Client,
    laptop: &LocalCopy,
    current: bool,
) -> Result<PushResult, SyncError> {
    let mut pushed = PushResult::default();
    let (mut skip, mut taken): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    let mut failed = None;
    while let Some(command) = next(laptop, skip.clone()).await? {
        taken.push(command.id);
        if taken.iter().filter(|id| **id == command.id).count() >= ROUNDS {
            skip.push(command.id);
        }
        match push_one(client, laptop, &command, current).await {
            Ok(SendResult::Answered) => pushed.answered += 1,
            Ok(SendResult::NotYet) => {}
            Ok(SendResult::Behind) => {
                skip.push(command.id);
                pushed.behind = true;
            }
            Err(error @ (SyncError::Server { .. } | SyncError::Refused(_))) => {
                skip.push(command.id);
                failed = Some(error);
            }
            Err(
                error
                @ (SyncError::Offline(_) | SyncError::Portal { .. } | SyncError::Malformed(_)),
            ) => {
                // Find out whether only this command fails or the whole connection.
                if client.meta().await.is_err() {
                    return Err(error);
                }
                count_failed_try(laptop, command.id, &error).await?;
                skip.push(command.id);
                failed = Some(SyncError::Server {
                    status: 502,
                    retry_after: None,
                });
            }
            Err(error) => return Err(error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(pushed),
    }
}

async fn next(laptop: &LocalCopy, skip: Vec<Uuid>) -> Result<Option<Command>, SyncError> {
    laptop
        .blocking(move |laptop| Ok(laptop.outbox().next(&skip)?))
        .await
}

async fn push_one(
    client: &Client,
    laptop: &LocalCopy,
    command: &Command,
    current: bool,
) -> Result<SendResult, SyncError> {
    let id = command.id;
    if command.state == OutboxState::Unknown {
        return Ok(ask(client, laptop, id).await?.into());
    }
    let request = command.request.as_ref();
    if request.is_some_and(|request| request.kind == "open_dispute") {
        if !current && !disputes::is_current(client, laptop).await? {
            return Ok(SendResult::Behind);
        }
        // Cancels the command if its reason is gone; `start_sending` below then does not take it.
        laptop.blocking(disputes::review).await?;
    }
    match disputes::upload_files(client, laptop, command).await {
        Ok(()) => {}
        Err(SyncError::Refused(problem)) => return refused(laptop, id, problem).await,
        Err(error) => return Err(error),
    }
    let ours = step(laptop, move |laptop| laptop.outbox().start_sending(id)).await?;
    if !ours {
        return Ok(SendResult::NotYet);
    }
    match client.put_command(id, &command.body).await {
        Ok(answer) => Ok(answered(laptop, id, answer).await?.into()),
        // `InProgress` means that the cloud is handling this id already: the command's result is asked for later.
        Err(SyncError::Refused(problem)) if problem.code != ProblemCode::InProgress => {
            refused(laptop, id, problem).await
        }
        Err(error) => {
            // The command may have arrived: ask the cloud before sending the command again.
            step(laptop, move |laptop| laptop.outbox().mark_unknown(id)).await?;
            Err(error)
        }
    }
}

/// Counts a failed try of a command whose own requests fail while the cloud answers others; after too many the command
/// is rejected. A connection that breaks during an upload is not counted, because the upload has made progress.
async fn count_failed_try(
    laptop: &LocalCopy,
    id: Uuid,
    error: &SyncError,
) -> Result<(), SyncError> {
    let broke = matches!(error, SyncError::Offline(_));
    let problem = Problem::new(ProblemCode::Unavailable);
    step(laptop, move |laptop| {
        let outbox = laptop.outbox();
        match outbox.get(id)?.map(|command| command.state) {
            Some(OutboxState::Queued) if broke => Ok(false),
            Some(OutboxState::Queued) => {
                outbox.record_failed_send(id, FailedAttempt::Unanswered, &problem)
            }
            _ => outbox.count_unanswered(id, FailedAttempt::Unanswered),
        }
    })
    .await?;
    Ok(())
}

/// Records that the cloud refused a command, or one of its files, without storing it. A final refusal rejects the
/// command. Any other refusal counts as a failed try, and too many of them reject the command too, so that it does not
/// wait for ever.
async fn refused(
    laptop: &LocalCopy,
    id: Uuid,
    problem: Box<Problem>,
) -> Result<SendResult, SyncError> {
    let kept = problem.clone();
    if problem.is_final() {
        step(laptop, move |laptop| laptop.outbox().reject(id, &kept)).await?;
        return Ok(SendResult::Answered);
    }
    step(laptop, move |laptop| {
        laptop
            .outbox()
            .record_failed_send(id, FailedAttempt::Refused, &kept)
    })
    .await?;
    Err(SyncError::Refused(problem))
}

/// Asks the cloud for the result of a command whose answer was lost. The command is queued again only if the cloud
/// never received it.
async fn ask(client: &Client, laptop: &LocalCopy, id: Uuid) -> Result<bool, SyncError> {
    let asked = client.command(id).await;
    if let Err(SyncError::Refused(_)) = &asked {
        step(laptop, move |laptop| {
            laptop.outbox().count_unanswered(id, FailedAttempt::Refused)
        })
        .await?;
    }
    match asked? {
        Some(answer) => answered(laptop, id, answer).await,
        None => {
            step(laptop, move |laptop| laptop.outbox().requeue_or_cancel(id)).await?;
            Ok(false)
        }
    }
}

/// Stores the cloud's answer to a command, and settles the command at once if the local copy has its entries already.
async fn answered(laptop: &LocalCopy, id: Uuid, answer: CommandAnswer) -> Result<bool, SyncError> {
    step(laptop, move |laptop| {
        let copied_to = laptop.last_seq()?;
        let outbox = laptop.outbox();
        let kept = outbox.store_answer(id, &answer)?;
        drop(outbox);
        laptop.settle(copied_to)?;
        Ok(kept)
    })
    .await
}

async fn step(
    laptop: &LocalCopy,
    step: impl FnOnce(&LocalCopy) -> Result<bool, boothkeeper_store::StoreError> + Send + 'static,
) -> Result<bool, SyncError> {
    laptop.blocking(move |laptop| Ok(step(laptop)?)).await
}
