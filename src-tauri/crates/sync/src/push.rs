//! Pushes the outbox: sends queued commands and asks about those whose answer was lost, one at a time per lane.

use boothkeeper_store::outbox::{Command, State, Trouble};
use boothkeeper_wire::api::CommandAnswer;
use boothkeeper_wire::problem::{Problem, ProblemCode};
use uuid::Uuid;

use crate::{Client, Laptop, SyncError, disputes};

/// The result of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    /// Number of commands that the cloud has answered.
    pub answered: usize,
    /// A dispute was not sent because the copy must be pulled up to date first.
    pub behind: bool,
}

/// The result of handling one command.
enum Sent {
    Answered,
    /// Another process is sending it, or it has to be sent again.
    NotYet,
    /// The copy must be pulled up to date first.
    Behind,
}

impl From<bool> for Sent {
    fn from(answered: bool) -> Self {
        match answered {
            true => Sent::Answered,
            false => Sent::NotYet,
        }
    }
}

/// How often one push handles the same command: asked about, sent, asked about again.
const ROUNDS: usize = 3;

/// Pushes until no more commands can be sent now. A command that fails does not block other lanes; an unreachable
/// cloud ends the push. `current` is true if the copy has just been pulled to the cloud's head.
pub async fn push(client: &Client, laptop: &Laptop, current: bool) -> Result<Pushed, SyncError> {
    let mut pushed = Pushed::default();
    let (mut skip, mut taken): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    let mut failed = None;
    while let Some(command) = next(laptop, skip.clone()).await? {
        taken.push(command.id);
        if taken.iter().filter(|id| **id == command.id).count() >= ROUNDS {
            skip.push(command.id);
        }
        match push_one(client, laptop, &command, current).await {
            Ok(Sent::Answered) => pushed.answered += 1,
            Ok(Sent::NotYet) => {}
            Ok(Sent::Behind) => {
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
                // Does only this command fail, or the whole connection?
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

async fn next(laptop: &Laptop, skip: Vec<Uuid>) -> Result<Option<Command>, SyncError> {
    laptop
        .blocking(move |laptop| Ok(laptop.outbox().next(&skip)?))
        .await
}

async fn push_one(
    client: &Client,
    laptop: &Laptop,
    command: &Command,
    current: bool,
) -> Result<Sent, SyncError> {
    let id = command.id;
    if command.state == State::Unknown {
        return Ok(ask(client, laptop, id).await?.into());
    }
    let request = command.request.as_ref();
    if request.is_some_and(|request| request.kind == "open_dispute") {
        if !current && !disputes::is_current(client, laptop).await? {
            return Ok(Sent::Behind);
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
        return Ok(Sent::NotYet);
    }
    match client.put_command(id, &command.body).await {
        Ok(answer) => Ok(answered(laptop, id, answer).await?.into()),
        // `InProgress` means that the cloud is handling this id already: its result is asked for later.
        Err(SyncError::Refused(problem)) if problem.code != ProblemCode::InProgress => {
            refused(laptop, id, problem).await
        }
        Err(error) => {
            // The request may have arrived: ask the cloud before sending it again.
            step(laptop, move |laptop| laptop.outbox().lost(id)).await?;
            Err(error)
        }
    }
}

/// Counts a failed try of a command whose own requests fail while the cloud answers others; after too many the command
/// is rejected. A connection that breaks during an upload is not counted, because the upload has made progress.
async fn count_failed_try(laptop: &Laptop, id: Uuid, error: &SyncError) -> Result<(), SyncError> {
    let broke = matches!(error, SyncError::Offline(_));
    let problem = Problem::new(ProblemCode::Unavailable);
    step(laptop, move |laptop| {
        let outbox = laptop.outbox();
        match outbox.get(id)?.map(|command| command.state) {
            Some(State::Queued) if broke => Ok(false),
            Some(State::Queued) => outbox.troubled(id, Trouble::Unanswered, &problem),
            _ => outbox.unanswered(id, Trouble::Unanswered),
        }
    })
    .await?;
    Ok(())
}

/// Records that the cloud refused a command, or one of its files, without storing it. A final refusal rejects the
/// command. Any other counts as a failed try, and too many of those reject it too, so that it does not wait for ever.
async fn refused(laptop: &Laptop, id: Uuid, problem: Box<Problem>) -> Result<Sent, SyncError> {
    let kept = problem.clone();
    if problem.is_final() {
        step(laptop, move |laptop| laptop.outbox().refused(id, &kept)).await?;
        return Ok(Sent::Answered);
    }
    step(laptop, move |laptop| {
        laptop.outbox().troubled(id, Trouble::Refused, &kept)
    })
    .await?;
    Err(SyncError::Refused(problem))
}

/// Asks for the result of a command whose answer was lost. It is queued again only if the cloud never received it.
async fn ask(client: &Client, laptop: &Laptop, id: Uuid) -> Result<bool, SyncError> {
    let asked = client.command(id).await;
    if let Err(SyncError::Refused(_)) = &asked {
        step(laptop, move |laptop| {
            laptop.outbox().unanswered(id, Trouble::Refused)
        })
        .await?;
    }
    match asked? {
        Some(answer) => answered(laptop, id, answer).await,
        None => {
            step(laptop, move |laptop| laptop.outbox().never_arrived(id)).await?;
            Ok(false)
        }
    }
}

/// Stores an answer, and settles the command at once if the copy has its entries already.
async fn answered(laptop: &Laptop, id: Uuid, answer: CommandAnswer) -> Result<bool, SyncError> {
    step(laptop, move |laptop| {
        let copied_to = laptop.copied_to()?;
        let outbox = laptop.outbox();
        let kept = outbox.answered(id, &answer)?;
        drop(outbox);
        laptop.settle(copied_to)?;
        Ok(kept)
    })
    .await
}

async fn step(
    laptop: &Laptop,
    step: impl FnOnce(&Laptop) -> Result<bool, boothkeeper_store::StoreError> + Send + 'static,
) -> Result<bool, SyncError> {
    laptop.blocking(move |laptop| Ok(step(laptop)?)).await
}
