//! The HTTP interface of `cloud-api.md`: extractors, routes, and the headers every answer carries.

mod blobs;
mod disputes;
mod events;
mod openapi;
mod operator;
mod sandbox;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post, put};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::{API_HEADER, API_VERSION};
use serde::de::DeserializeOwned;

pub use openapi::document as openapi_document;

use crate::cloud::key_hash;
use crate::store::AccountRow;
use crate::{Cloud, Error};

/// No document of this interface is larger; attachments have their own route.
const MAX_DOCUMENT: usize = 64 * 1024;

pub fn router(cloud: Cloud) -> Router {
    let mut router = Router::new()
        .route("/v1/meta", get(operator::meta))
        .route("/v1/account", get(operator::account))
        .route("/v1/catalog", get(operator::catalog))
        .route("/v1/journal", get(operator::journal))
        .route("/v1/events", get(events::events))
        .route(
            "/v1/commands/{id}",
            put(operator::command).get(operator::command_answer),
        )
        .route("/v1/disputes", get(disputes::list))
        .route("/v1/disputes/{id}", get(disputes::one))
        .route(
            "/v1/blobs/{sha256}",
            put(blobs::put).head(blobs::head).get(blobs::get),
        )
        .route("/v1/quotes", post(operator::quote))
        .route("/v1/runs", post(operator::start_run))
        .route("/v1/runs/{id}/succeeded", post(operator::run_succeeded))
        .route("/v1/runs/{id}/failed", post(operator::run_failed));
    if cloud.sandbox {
        router = router.merge(sandbox::router()).merge(disputes::support());
    }
    router
        .fallback(|| async { Error::from(ProblemCode::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(ProblemCode::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(MAX_DOCUMENT))
        .layer(from_fn(signed_by_the_cloud))
        .with_state(cloud)
}

/// Without this header a laptop does not believe that the cloud has spoken.
async fn signed_by_the_cloud(request: Request, next: Next) -> Response {
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

/// The account an access key belongs to.
pub struct Caller(pub AccountRow);

impl FromRequestParts<Cloud> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, Error> {
        let key = bearer(parts).ok_or(ProblemCode::Unauthenticated)?;
        let hash = key_hash(key);
        let row = cloud.store.read(move |tx| tx.account_by_key(&hash)).await?;
        row.map(Caller)
            .ok_or_else(|| ProblemCode::Unauthenticated.into())
    }
}

/// As [`Caller`], for calls that also answer strangers.
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

/// A JSON body; what cannot be read is a problem document like any other refusal.
pub struct Doc<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Cloud> for Doc<T> {
    type Rejection = Error;

    async fn from_request(request: Request, cloud: &Cloud) -> Result<Self, Error> {
        let bytes = body(request, cloud).await?;
        parse(&bytes).map(Doc)
    }
}

async fn body(request: Request<Body>, cloud: &Cloud) -> Result<Bytes, Error> {
    Bytes::from_request(request, cloud)
        .await
        .map_err(|_| ProblemCode::PayloadTooLarge.into())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|_| ProblemCode::Malformed.into())
}

/// What a path names; what cannot be a name names nothing.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Cloud> for Named<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, Error> {
        let named = Path::from_request_parts(parts, cloud).await;
        named
            .map(|Path(value)| Named(value))
            .map_err(|_| ProblemCode::NotFound.into())
    }
}

/// A query string.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Cloud> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Cloud) -> Result<Self, Error> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(value)| Asked(value))
            .map_err(|_| ProblemCode::Malformed.into())
    }
}
