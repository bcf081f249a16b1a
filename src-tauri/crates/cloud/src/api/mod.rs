//! The cloud's HTTP interface (`docs/openapi.json`): routes, and the headers of every response.

mod blobs;
mod commands;
mod disputes;
mod events;
mod extract;
mod openapi;
mod operator;
mod sandbox;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use boothkeeper_wire::problem::ProblemCode;
use boothkeeper_wire::{API_HEADER, API_VERSION, is_loopback};

pub use blobs::finish_unmarked;
pub use openapi::document as openapi_document;

use crate::{Cloud, Error};

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

/// Rejects requests that a foreign web page makes a browser on this machine send: with another host name (DNS
/// rebinding), from another origin, or with a body that is not JSON (a form). Other programs on this machine pass.
async fn own_page_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A request without a host is not a browser's: browsers always send the host.
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
