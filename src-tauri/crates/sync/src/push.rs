//! The outbox's worker: sends what waits, asks about what was lost, one command at a time per lane.

use boothkeeper_store::outbox::{Command, State, Trouble};
use boothkeeper_wire::api::CommandAnswer;
use boothkeeper_wire::problem::{Problem, ProblemCode};
use uuid::Uuid;

use crate::{Client, Laptop, SyncError, disputes};

/// What came of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    pub answered: usize,
    /// Something waits for the copy to be brought up to date first.
    pub behind: bool,
}

/// What came of one command.
enum Sent {
    Answered,
    /// Another process has it, or it is to be sent again.
    NotYet,
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

/// How often one command is taken up within one push: asked about, sent, asked about again.
const ROUNDS: usize = 3;

/// Pushes until nothing is left that can be pushed now. One command that fails does not hold up those
/// of other lanes; an unreachable cloud holds up all. `current`: the copy was brought to the cloud's head just now.
pub async fn push(client: &Client, laptop: &Laptop, current: bool) -> Result<Pushed, SyncError> {
    let mut pushed = Pushed::default();
    let (mut skip, mut taken): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    let mut failed = None;
    while let Some(command) = next(laptop, skip.clone()).await? {
        taken.push(command.id);
        if taken.iter().filter(|id| **id == command.id).count() >= ROUNDS {
            skip.push(command.id);
        }
        match one(client, laptop, &command, current).await {
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
                // Of this command's own requests only, or of the whole connection?
                if client.meta().await.is_err() {
                    return Err(error);
                }
                own_requests_fail(laptop, command.id, &error).await?;
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

async fn one(
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
        // What has come right meanwhile is taken back, and not ours to send any more.
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
        // It is being worked on under this id: what comes of it is asked for.
        Err(SyncError::Refused(problem)) if problem.code != ProblemCode::InProgress => {
            refused(laptop, id, problem).await
        }
        Err(error) => {
            // Whatever went wrong, the request may have arrived: the cloud is asked before it is sent
            // again.
            step(laptop, move |laptop| laptop.outbox().lost(id)).await?;
            Err(error)
        }
    }
}

/// The cloud is there, and what this command asks of it is not answered as a cloud does: counted like a refusal. A
/// connection that breaks during an upload has moved it on, and is not.
async fn own_requests_fail(laptop: &Laptop, id: Uuid, error: &SyncError) -> Result<(), SyncError> {
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

/// The cloud has refused a command, or a file of it, without keeping it: for good, or for now. Both are on record,
/// and either way nothing waits for ever.
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

/// Asks what came of a command whose answer was lost. Only "never seen" lets it go again.
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

/// Keeps an answer; its entries may have been copied before it came.
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
