//! The outbox's worker: sends what waits, asks about what was lost, one command at a time per resource.

use boothkeeper_domain::Seq;
use boothkeeper_store::outbox::{Command, State};
use boothkeeper_wire::api::{CommandAnswer, CommandState};
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

/// Pushes until nothing is left that can be pushed now. One command that fails does not hold up those
/// of other resources; an unreachable cloud holds up all.
pub async fn push(client: &Client, laptop: &Laptop) -> Result<Pushed, SyncError> {
    let mut pushed = Pushed::default();
    let mut skip: Vec<Uuid> = Vec::new();
    let mut failed = None;
    while let Some(command) = next(laptop, skip.clone()).await? {
        match one(client, laptop, &command).await {
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

async fn one(client: &Client, laptop: &Laptop, command: &Command) -> Result<Sent, SyncError> {
    let id = command.id;
    if command.state == State::Unknown {
        return Ok(ask(client, laptop, id).await?.into());
    }
    if command
        .request
        .as_ref()
        .is_some_and(|request| request.kind == "open_dispute")
    {
        if !disputes::is_current(client, laptop).await? {
            return Ok(Sent::Behind);
        }
        // What has come right meanwhile is taken back, and not ours to send any more.
        laptop.blocking(disputes::review).await?;
    }
    if !disputes::upload_files(client, laptop, command).await? {
        return Ok(Sent::NotYet);
    }
    let ours = step(laptop, move |laptop| laptop.outbox().start_sending(id)).await?;
    if !ours {
        return Ok(Sent::NotYet);
    }
    match client.put_command(id, &command.body).await {
        Ok(answer) => Ok(answered(laptop, id, answer).await?.into()),
        // The cloud could not even take it for a command: it will not, however often it is sent.
        Err(SyncError::Refused(problem)) if problem.is_final() => {
            let answer = CommandAnswer {
                state: CommandState::Rejected,
                entries: vec![],
                head: Seq::ZERO,
                problem: Some(*problem),
                quote: None,
                dispute: None,
            };
            Ok(answered(laptop, id, answer).await?.into())
        }
        Err(error) => {
            // Whatever went wrong, the request may have arrived: the cloud is asked before it is sent
            // again.
            step(laptop, move |laptop| laptop.outbox().lost(id)).await?;
            Err(error)
        }
    }
}

/// Asks what came of a command whose answer was lost. Only "never seen" lets it go again.
async fn ask(client: &Client, laptop: &Laptop, id: Uuid) -> Result<bool, SyncError> {
    match client.command(id).await? {
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
        outbox.settle(copied_to)?;
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
