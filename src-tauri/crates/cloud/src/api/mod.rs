//! The cloud's HTTP interface (`docs/openapi.json`): routes, extractors, and the headers of every response.

mod blobs;
mod commands;
mod disputes;
mod events;
mod openapi;
mod operator;
mod sandbox;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use boothkeeper_domain::Hash;
use boothkeeper_wire::action::MAX_COMMAND;
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::{API_HEADER, API_VERSION, is_loopback};
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

pub use blobs::finish_unmarked;
pub use openapi::document as openapi_document;

use crate::cloud::key_hash;
use crate::store::AccountRow;
use crate::{Cloud, Error};

/// The most bytes of a request's document. Commands ([`MAX_COMMAND`]) and attachments have limits of their own.
const MAX_DOCUMENT: usize = 64 * 1024;
/// How long a whole document may take to arrive.
const ARRIVES: Duration = Duration::from_secs(30);
/// Bytes of a too large document that are read and dropped: a client reads the refusal only after it has sent all.
const DRAINED: usize = 4 * 1024 * 1024;

pub fn router(cloud: Cloud) -> Router {
    let mut router = Router::new()
        .route("/v1/meta", get(operator::meta))
        .route("/v1/account", get(operator::account))
        .route("/v1/catalog", get(operator::catalog))
        .route("/v1/journal", get(operator::journal))
        .route("/v1/events", get(events::events))
        .route(
            "/v1/commands/{id}",
            put(commands::command).get(commands::command_answer),
        )
        .route("/v1/disputes", get(disputes::list))
        .route("/v1/disputes/{id}", get(disputes::one))
        .route(
            "/v1/blobs/{sha256}",
            put(blobs::put)
                .head(blobs::head)
                .get(blobs::get)
                .delete(blobs::delete),
        )
        .route("/v1/quotes", post(operator::quote))
        .route("/v1/runs", post(operator::start_run))
        .route("/v1/runs/{id}/succeeded", post(operator::run_succeeded))
        .route("/v1/runs/{id}/failed", post(operator::run_failed));
    if cloud.sandbox {
        let controls = sandbox::router().merge(disputes::support());
        router = router.merge(controls.layer(from_fn(own_page_only)));
    }
    router
        .fallback(|| async { Error::from(ProblemCode::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(ProblemCode::MethodNotAllowed) })
        .layer(from_fn(with_api_header))
        .with_state(cloud)
}

/// Adds the header without which a laptop does not accept a response as the cloud's.
async fn with_api_header(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static(API_HEADER),
        HeaderValue::from_static(API_VERSION),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The hash of the request's access key. The account is not looked up.
pub struct Key(pub Hash);

impl FromRequestParts<Cloud> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Cloud) -> Result<Self, Error> {
        let key = bearer(parts).ok_or(ProblemCode::Unauthenticated)?;
        Ok(Key(key_hash(key)))
    }
}

/// The account that the request's access key belongs to. Rejects with `unauthenticated`.
pub struct Caller(pub AccountRow);

impl FromRequestParts<Cloud> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, Error> {
        let Key(hash) = Key::from_request_parts(parts, cloud).await?;
        let row = cloud.store.read(move |tx| tx.account_by_key(&hash)).await?;
        row.map(Caller)
            .ok_or_else(|| ProblemCode::Unauthenticated.into())
    }
}

/// As [`Caller`], but `None` for a request without an access key.
pub struct MaybeCaller(pub Option<AccountRow>);

impl FromRequestParts<Cloud> for MaybeCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, Error> {
        if bearer(parts).is_none() {
            return Ok(MaybeCaller(None));
        }
        let Caller(row) = Caller::from_request_parts(parts, cloud).await?;
        Ok(MaybeCaller(Some(row)))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Rejects requests that a foreign web page makes a browser on this machine send: with another host name (DNS
/// rebinding), from another origin, or with a body that is not JSON (a form). Other programs on this machine pass.
async fn own_page_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A missing host is no browser's: browsers always send it.
    let host = text(header::HOST).is_none_or(is_loopback);
    let origin = text(header::ORIGIN).map(|origin| origin.split_once("://").unwrap_or_default().1);
    let body = headers.contains_key(header::CONTENT_TYPE)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
        || headers.contains_key(header::TRANSFER_ENCODING);
    let json = text(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    });
    if host && origin.is_none_or(is_loopback) && (!body || json) {
        return next.run(request).await;
    }
    Error::from(ProblemCode::CrossSite).into_response()
}

/// A document's bytes. Fails with `payload_too_large` over `most` bytes, and with `request_timeout` after [`ARRIVES`].
async fn body(request: Request<Body>, most: usize) -> Result<Bytes, Error> {
    let mut body = request.into_body();
    let arrives = async {
        let (mut whole, mut arrived) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| ProblemCode::Malformed)?;
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            arrived += bytes.len();
            if arrived <= most {
                whole.extend_from_slice(&bytes);
            } else if arrived > most + DRAINED {
                break;
            }
        }
        match arrived <= most {
            true => Ok(whole.freeze()),
            false => Err(ProblemCode::PayloadTooLarge.into()),
        }
    };
    timeout(ARRIVES, arrives)
        .await
        .unwrap_or_else(|_| Err(ProblemCode::RequestTimeout.into()))
}

/// A JSON body. Rejects with `malformed`.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Cloud> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Cloud) -> Result<Self, Error> {
        let bytes = body(request, MAX_DOCUMENT).await?;
        parse(&bytes).map(JsonBody)
    }
}

/// A command's bytes, unparsed: their hash is part of the command's identity.
pub struct CommandBody(pub Bytes);

impl FromRequest<Cloud> for CommandBody {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Cloud) -> Result<Self, Error> {
        body(request, MAX_COMMAND).await.map(CommandBody)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|_| ProblemCode::Malformed.into())
}

/// The parameters of a path. Rejects with `not_found` if they do not parse.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Cloud> for PathParams<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, Error> {
        let named = Path::from_request_parts(parts, cloud).await;
        named
            .map(|Path(value)| PathParams(value))
            .map_err(|_| ProblemCode::NotFound.into())
    }
}

/// The parameters of a query string. Rejects with `malformed`.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Cloud> for QueryParams<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Cloud) -> Result<Self, Error> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(value)| QueryParams(value))
            .map_err(|_| ProblemCode::Malformed.into())
    }
}
