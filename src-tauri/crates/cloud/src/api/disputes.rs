//! Tickets (filed disputes): an operator's own, and support's controls over all of them.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use boothkeeper_domain::{AccountId, DisputeId, Hash};
use boothkeeper_wire::api::Appended;
use boothkeeper_wire::dispute::{PAGE_BYTES, TICKETS_A_PAGE, Ticket, TicketCursor, Tickets};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{RejectRequest, ResolveRequest, SupportMessage};
use serde::{Deserialize, Serialize};

use super::blobs;
use super::extract::{Caller, JsonBody, PathParams, QueryParams};
use super::operator::tagged;
use super::sandbox::act;
use crate::ops::Work;
use crate::store::Tx;
use crate::{Cloud, Error};

#[derive(Debug, Deserialize)]
pub struct PageQuery {
    after: Option<TicketCursor>,
    limit: Option<usize>,
}

/// The account's disputes. With `limit`: a page of those that changed after a cursor. Without: the newest, as many as a
/// laptop of before 2026-11-27 can read.
#[utoipa::path(get, path = "/v1/disputes",
    params(("after" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = Tickets), (status = 304), (status = 401, body = Problem)))]
pub async fn list(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    QueryParams(query): QueryParams<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let read = move |tx: &Tx<'_>| {
        // Read in one transaction, so that cursor and tickets agree.
        let row = tx.account(&row.account)?;
        let last = tx.last_ticket(row.id)?.unwrap_or_default();
        let seq = row.state.seq;
        let Some(limit) = query.limit else {
            let disputes = tx.newest_tickets(row.id, OLD_SHAPE)?;
            let (after, has_more) = (None, false);
            return Ok((
                last,
                Tickets {
                    seq,
                    disputes,
                    after,
                    has_more,
                },
            ));
        };
        let limit = limit.clamp(1, TICKETS_A_PAGE);
        let after = query.after.unwrap_or_default();
        let page = tx.tickets_after(row.id, after, limit, PAGE_BYTES)?;
        let after = page.last().map(|(place, _)| *place);
        let tickets = Tickets {
            seq,
            has_more: after.is_some_and(|after| after < last),
            disputes: page.into_iter().map(|(_, ticket)| ticket).collect(),
            after,
        };
        Ok((last, tickets))
    };
    let (last, tickets) = cloud.store.read(read).await?;
    tagged(&headers, &format!("\"{last}\""), || Ok(tickets))
}

/// Bytes of tickets that a laptop of before 2026-11-27 can read in one document, less the document's other members.
const OLD_SHAPE: usize = 3 * 1024 * 1024;

/// One dispute, with support's messages.
#[utoipa::path(get, path = "/v1/disputes/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Ticket), (status = 404, body = Problem)))]
pub async fn one(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(dispute): PathParams<DisputeId>,
) -> Result<Json<Ticket>, Error> {
    let ticket = cloud
        .store
        .read(move |tx| tx.ticket(row.id, &dispute))
        .await?;
    Ok(Json(Tx::found(ticket)?))
}

/// The routes of the HTTP interface for support, in the sandbox.
pub fn support() -> Router<Cloud> {
    Router::new()
        .route("/sandbox/disputes", get(all))
        .route("/sandbox/disputes/{id}", get(filed))
        .route("/sandbox/disputes/{id}/blobs/{sha256}", get(file))
        .route("/sandbox/disputes/{id}/review", post(review))
        .route("/sandbox/disputes/{id}/message", post(message))
        .route("/sandbox/disputes/{id}/resolve", post(resolve))
        .route("/sandbox/disputes/{id}/reject", post(reject))
}

/// A ticket with its account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Filed {
    account: AccountId,
    #[serde(flatten)]
    ticket: Ticket,
}

#[utoipa::path(get, path = "/sandbox/disputes", responses((status = 200, body = [Filed])))]
pub async fn all(State(cloud): State<Cloud>) -> Result<Json<Vec<Filed>>, Error> {
    let tickets = cloud.store.read(|tx| tx.all_tickets()).await?;
    let filed = |(account, ticket)| Filed { account, ticket };
    Ok(Json(tickets.into_iter().map(filed).collect()))
}

#[utoipa::path(get, path = "/sandbox/disputes/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Filed), (status = 404, body = Problem)))]
pub async fn filed(
    State(cloud): State<Cloud>,
    PathParams(dispute): PathParams<DisputeId>,
) -> Result<Json<Filed>, Error> {
    let account = account_of(&cloud, dispute.clone()).await?;
    let read = move |tx: &Tx<'_>| {
        let row = tx.account(&account)?;
        let ticket = Tx::found(tx.ticket(row.id, &dispute)?)?;
        Ok(Filed { account, ticket })
    };
    Ok(Json(cloud.store.read(read).await?))
}

/// An attached file of a dispute, byte for byte.
#[utoipa::path(get, path = "/sandbox/disputes/{id}/blobs/{sha256}",
    params(("id" = String, Path), ("sha256" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub async fn file(
    State(cloud): State<Cloud>,
    PathParams((dispute, sha256)): PathParams<(DisputeId, Hash)>,
) -> Result<Response, Error> {
    let account = account_of(&cloud, dispute.clone()).await?;
    let named = move |tx: &Tx<'_>| {
        let row = tx.account(&account)?;
        let ticket = Tx::found(tx.ticket(row.id, &dispute)?)?;
        let said = ticket.messages.iter().flat_map(|said| &said.attachments);
        let mut files = ticket.attachments.iter().chain(said);
        Tx::found(files.find(|file| file.sha256 == sha256))?;
        Ok(row.id)
    };
    let account = cloud.store.read(named).await?;
    Ok(blobs::content(&cloud, account, sha256)
        .await?
        .into_response())
}

#[utoipa::path(post, path = "/sandbox/disputes/{id}/review", params(("id" = String, Path)), responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn review(
    State(cloud): State<Cloud>,
    PathParams(dispute): PathParams<DisputeId>,
) -> Result<Json<Appended>, Error> {
    on_dispute(&cloud, dispute, |work, dispute| {
        work.review_dispute(dispute)
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/disputes/{id}/message", params(("id" = String, Path)), request_body = SupportMessage, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn message(
    State(cloud): State<Cloud>,
    PathParams(dispute): PathParams<DisputeId>,
    JsonBody(request): JsonBody<SupportMessage>,
) -> Result<Json<Appended>, Error> {
    on_dispute(&cloud, dispute, move |work, dispute| {
        work.add_support_message(dispute, &request.text)
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/disputes/{id}/resolve", params(("id" = String, Path)), request_body = ResolveRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn resolve(
    State(cloud): State<Cloud>,
    PathParams(dispute): PathParams<DisputeId>,
    JsonBody(request): JsonBody<ResolveRequest>,
) -> Result<Json<Appended>, Error> {
    on_dispute(&cloud, dispute, move |work, dispute| {
        work.resolve_dispute(dispute, &request)
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/disputes/{id}/reject", params(("id" = String, Path)), request_body = RejectRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn reject(
    State(cloud): State<Cloud>,
    PathParams(dispute): PathParams<DisputeId>,
    JsonBody(request): JsonBody<RejectRequest>,
) -> Result<Json<Appended>, Error> {
    on_dispute(&cloud, dispute, move |work, dispute| {
        work.reject_dispute(dispute, request.note.as_deref())
    })
    .await
}

async fn on_dispute(
    cloud: &Cloud,
    dispute: DisputeId,
    step: impl FnOnce(&mut Work<'_>, &DisputeId) -> Result<(), Error> + Send + 'static,
) -> Result<Json<Appended>, Error> {
    let account = account_of(cloud, dispute.clone()).await?;
    act(cloud, account, move |work| step(work, &dispute)).await
}

async fn account_of(cloud: &Cloud, dispute: DisputeId) -> Result<AccountId, Error> {
    let account = cloud
        .store
        .read(move |tx| tx.ticket_account(&dispute))
        .await?;
    account.ok_or_else(|| ProblemCode::NotFound.into())
}
