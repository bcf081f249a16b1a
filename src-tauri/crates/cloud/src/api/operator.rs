//! The calls of laptops and booths, except commands, disputes, attachments and the live channel.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boothkeeper_domain::account::Account;
use boothkeeper_domain::billing::quote::{self, Quote};
use boothkeeper_domain::{Hash, RunId, Seq};
use boothkeeper_wire::api::{
    AccountView, Appended, Head, Meta, PendingItem, QuoteRequest, RunAnswer, RunRequest,
};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::{STREAM_TYPE, content_tag};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::extract::{Caller, JsonBody, MaybeCaller, PathParams, QueryParams};
use crate::journal::{self, StreamStart};
use crate::ops::{Work, head};
use crate::store::AccountRow;
use crate::{Cloud, Error, due};

/// The cloud's keys, time and epoch. With an access key also the key's account and the head (newest entry) of its
/// journal.
#[utoipa::path(get, path = "/v1/meta", responses((status = 200, body = Meta)))]
pub async fn meta(State(cloud): State<Cloud>, MaybeCaller(caller): MaybeCaller) -> Json<Meta> {
    Json(Meta {
        api: vec![1],
        time: cloud.clock.now(),
        clock: cloud.clock.kind(),
        epoch: cloud.epoch.clone(),
        keys: cloud.public_keys(),
        account: caller.as_ref().map(|row| row.account.clone()),
        head: caller.as_ref().map(head),
        demo: cloud.sandbox,
    })
}

/// The account's state after its newest entry.
#[utoipa::path(get, path = "/v1/account", responses((status = 200, body = AccountView), (status = 401, body = Problem)))]
pub async fn account(Caller(row): Caller, headers: HeaderMap) -> Result<Response, Error> {
    let etag = format!("\"{}\"", row.state.seq);
    tagged(&headers, &etag, || view(row.state))
}

/// The catalog of the account's programme: plans, prices, tables, policies.
#[utoipa::path(get, path = "/v1/catalog", responses((status = 200, body = boothkeeper_domain::Catalog), (status = 401, body = Problem)))]
pub async fn catalog(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let catalog = cloud.catalog(row.programme);
    let etag = content_tag(&serde_json::to_vec(catalog)?);
    tagged(&headers, &etag, || Ok(catalog))
}

pub(super) fn tagged<T: Serialize>(
    headers: &HeaderMap,
    etag: &str,
    document: impl FnOnce() -> Result<T, Error>,
) -> Result<Response, Error> {
    let known = headers.get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| known == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(document()?).into_response()
    };
    let etag = HeaderValue::from_str(etag).map_err(|_| Error::Invariant("an ETag"))?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

fn view(state: Account) -> Result<AccountView, Error> {
    let buckets = state.buckets();
    let purchases = state.purchases.values().map(|purchase| PendingItem {
        kind: "purchase".into(),
        amount: purchase.amount,
        since: purchase.at,
    });
    let bonuses = state.bonuses.values().map(|bonus| PendingItem {
        kind: "coupon_bonus".into(),
        amount: bonus.amount,
        since: bonus.at,
    });
    let pending = purchases.chain(bonuses).collect();
    let identity = state
        .identity
        .ok_or(Error::Invariant("an account without its first entry"))?;
    Ok(AccountView {
        account: identity.account,
        email: identity.email,
        programme: identity.programme,
        asset: identity.asset,
        seq: state.seq,
        balance: state.balance,
        buckets,
        pending,
        plan: state.plan,
        cycle: state.cycle,
        state: state.life,
        period: state.period,
        payment_order: state.payment_order,
        auto_recharge: state.auto_recharge.enabled,
        card: state.card,
    })
}

#[derive(Debug, Deserialize)]
pub struct CursorQuery {
    epoch: Option<String>,
    #[serde(default)]
    after: u64,
    chain: Option<Hash>,
}

/// The journal after a cursor, as the stream of `docs/sync-protocol.md`.
#[utoipa::path(get, path = "/v1/journal",
    params(("epoch" = Option<String>, Query), ("after" = Option<u64>, Query), ("chain" = Option<String>, Query)),
    responses((status = 200, content_type = "application/vnd.boothkeeper.journal+zstd"), (status = 401, body = Problem), (status = 409, body = Problem)))]
pub async fn journal(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    QueryParams(query): QueryParams<CursorQuery>,
) -> Result<Response, Error> {
    let from = StreamStart {
        epoch: query.epoch,
        after: Seq(query.after),
        chain: query.chain,
    };
    let short = journal::is_short(&cloud, &row, from.after);
    let permit = cloud.open_streams.take(&row.account, MAX_STREAMS)?;
    let opened = cloud.clone();
    let mut stream = cloud
        .store
        .read(move |tx| journal::stream(&opened, tx, row, &from))
        .await?;
    let body = if short {
        let whole = |mut stream: journal::Stream| {
            let mut whole = Vec::new();
            while let Some(frame) = stream.next_frame()? {
                whole.extend_from_slice(&frame);
            }
            Ok::<_, Error>(whole)
        };
        Body::from(match cloud.store.is_inline() {
            true => whole(stream)?,
            false => blocking(move || whole(stream)).await?,
        })
    } else {
        stream.permit = Some(permit);
        Body::from_stream(frames(stream))
    };
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(STREAM_TYPE))];
    Ok((kind, body).into_response())
}

/// The most journal streams of one account at a time.
const MAX_STREAMS: usize = 16;
/// How long a reader may take for one frame. A slower stream is ended to free its place.
const FRAME_TAKES: Duration = Duration::from_secs(60);

/// The frames of a journal stream, read when the connection asks for them. No thread waits in between.
fn frames(stream: journal::Stream) -> impl futures_core::Stream<Item = Result<Bytes, Error>> {
    let begun = (stream, Instant::now());
    futures_util::stream::try_unfold(begun, async |(mut stream, asked)| {
        if asked.elapsed() > FRAME_TAKES {
            return Err(ProblemCode::RequestTimeout.into());
        }
        let (stream, frame) = blocking(move || {
            let frame = stream.next_frame()?;
            Ok::<_, Error>((stream, frame))
        })
        .await?;
        Ok(frame.map(|frame| (Bytes::from(frame), (stream, Instant::now()))))
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Invariant("a reader panicked"))?
}

/// What a change would charge, keep and destroy now. Changes nothing.
#[utoipa::path(post, path = "/v1/quotes", request_body = QuoteRequest,
    responses((status = 200, body = Quote), (status = 422, body = Problem)))]
pub async fn quote(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    JsonBody(request): JsonBody<QuoteRequest>,
) -> Result<Json<Quote>, Error> {
    let catalog = cloud.catalog(row.programme);
    let quote = quote::quote(&row.state, catalog, &request.change, cloud.clock.now())?;
    Ok(Json(quote))
}

/// Starts and charges a run of a booth, once for its id.
#[utoipa::path(post, path = "/v1/runs", request_body = RunRequest,
    responses((status = 200, body = RunAnswer), (status = 422, body = Problem)))]
pub async fn start_run(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<Json<RunAnswer>, Error> {
    let (answer, _) = on_account(&cloud, &row, move |work| work.start_run(request)).await?;
    Ok(Json(answer))
}

#[utoipa::path(post, path = "/v1/runs/{id}/succeeded", params(("id" = String, Path)), responses((status = 200, body = Appended)))]
pub async fn run_succeeded(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(run): PathParams<RunId>,
) -> Result<Json<Appended>, Error> {
    end_run(&cloud, &row, run, None).await
}

#[utoipa::path(post, path = "/v1/runs/{id}/failed", params(("id" = String, Path)), responses((status = 200, body = Appended)))]
pub async fn run_failed(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(run): PathParams<RunId>,
) -> Result<Json<Appended>, Error> {
    end_run(&cloud, &row, run, Some("failed")).await
}

async fn end_run(
    cloud: &Cloud,
    row: &AccountRow,
    run: RunId,
    failure: Option<&'static str>,
) -> Result<Json<Appended>, Error> {
    let ended = on_account(cloud, row, move |work| work.end_run(&run, failure)).await?;
    Ok(Json(ended.1))
}

/// Runs `act` in a write transaction on the current account, after the account's due tasks. Then makes the charges that
/// `act` opened, and sends the new head (newest entry) to the live channels.
pub async fn on_account<T, F>(
    cloud: &Cloud,
    row: &AccountRow,
    mut act: F,
) -> Result<(T, Appended), Error>
where
    T: Send + 'static,
    F: FnOnce(&mut Work<'_>) -> Result<T, Error> + Send + 'static,
{
    loop {
        let (inner, account) = (cloud.clone(), row.account.clone());
        let now = cloud.clock.now();
        let outcome = cloud
            .store
            .write(move |tx| {
                let row = tx.account(&account)?;
                if tx.is_behind(row.id, now)? {
                    return Ok(Attempt::Behind(act));
                }
                let before = row.state.seq;
                let mut work = Work::new(&inner, tx, row, now);
                let value = act(&mut work)?;
                Ok(Attempt::Done(
                    value,
                    before,
                    work.appended(),
                    head(&work.row),
                    work.has_charges,
                ))
            })
            .await?;
        match outcome {
            Attempt::Behind(again) => {
                due::catch_up(cloud, &row.account, now).await?;
                act = again;
            }
            Attempt::Done(value, before, mut appended, head, asks) => {
                cloud.publish_head(&row.account, head);
                if asks {
                    due::catch_up(cloud, &row.account, now).await?;
                    let account = row.account.clone();
                    let seq = cloud
                        .store
                        .read(move |tx| Ok(tx.account(&account)?.state.seq));
                    appended = Appended::between(before, seq.await?);
                }
                cloud.due.notify_one();
                return Ok((value, appended));
            }
        }
    }
}

enum Attempt<T, F> {
    /// A task is due first: `act` is returned, not run.
    Behind(F),
    Done(T, Seq, Appended, Head, bool),
}
