//! Operators' commands: each id is executed once, and a repeated request is answered from the store.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boothkeeper_domain::account::Card;
use boothkeeper_domain::disputes::MAX_ROWS;
use boothkeeper_domain::{Hash, Seq};
use boothkeeper_wire::action::Action;
use boothkeeper_wire::api::{CommandAnswer, CommandRequest};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::CrashPoint;
use uuid::Uuid;

use super::extract::{Caller, CommandBody, PathParams, parse};
use super::operator::on_account;
use crate::store::{PendingCommand, Tx};
use crate::{Cloud, Error};

/// Executes a command once for its id. A repeated request with the same body gets the stored answer.
#[utoipa::path(put, path = "/v1/commands/{id}", params(("id" = String, Path)), request_body = CommandRequest,
    responses((status = 200, body = CommandAnswer), (status = 422, body = Problem)))]
pub async fn command(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(id): PathParams<String>,
    CommandBody(body): CommandBody,
) -> Result<Response, Error> {
    let id = command_id(&id)?;
    let command = PendingCommand {
        id,
        body: Hash(*blake3::hash(&body).as_bytes()),
    };
    // Parsing and look-ups happen before the write transaction, so that the transaction is short.
    let request: Result<CommandRequest, Error> = parse(&body);
    let named: BTreeSet<Seq> = match &request {
        Ok(request) => request
            .entries
            .iter()
            .map(|named| named.seq)
            .take(MAX_ROWS)
            .collect(),
        Err(_) => BTreeSet::new(),
    };
    let (head, known) = (row.clone(), command.body);
    let looked_up = move |tx: &Tx<'_>| match tx.command(head.id, id)? {
        Some((stored, ..)) if stored != known => Err(ProblemCode::CommandReused.into()),
        Some(_) => Ok(None),
        None => tx.entries_at(&head, &named).map(Some),
    };
    if let Some(looked_up) = cloud.store.read(looked_up).await? {
        let card = card_named(&cloud, request.as_ref().ok()).await?;
        on_account(&cloud, &row, move |work| {
            // The same command may have been executed since it was looked up.
            if let Some((known, ..)) = work.tx.command(work.row.id, id)? {
                return match known == command.body {
                    true => Ok(()),
                    false => Err(ProblemCode::CommandReused.into()),
                };
            }
            (work.named, work.card) = (looked_up, card);
            work.command(&command, &request?)
        })
        .await?;
        cloud.crash_here(CrashPoint::AfterCommand);
    }
    // The answer stored just now, by an earlier request, or when a charge was completed meanwhile.
    let stored = cloud.store.read(move |tx| tx.command(row.id, id)).await?;
    let (_, status, answer) = stored.ok_or(ProblemCode::InProgress)?;
    Ok(stored_answer(status, answer))
}

/// The card that a command's token stands for at the processor. `None` without a token, or if the token is unknown.
async fn card_named(
    cloud: &Cloud,
    request: Option<&CommandRequest>,
) -> Result<Option<Card>, Error> {
    let Some(Ok(Action::ReplaceCard { token })) = request.map(CommandRequest::action) else {
        return Ok(None);
    };
    cloud.payments.processor.card(token).await
}

/// The stored answer of a command. 404 if the command never arrived.
#[utoipa::path(get, path = "/v1/commands/{id}", params(("id" = String, Path)),
    responses((status = 200, body = CommandAnswer), (status = 404, body = Problem)))]
pub async fn command_answer(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(id): PathParams<String>,
) -> Result<Response, Error> {
    let id = command_id(&id)?;
    let stored = cloud.store.read(move |tx| tx.command(row.id, id)).await?;
    let (_, status, answer) = Tx::found(stored)?;
    Ok(stored_answer(status, answer))
}

fn command_id(text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| ProblemCode::NotFound.into())
}

fn stored_answer(status: u16, answer: String) -> Response {
    let kind = if status == 200 {
        "application/json"
    } else {
        boothkeeper_wire::PROBLEM_JSON
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    (status, kind, answer).into_response()
}
