//! What handlers read from a request: who calls, documents, parameters. A part that is missing or invalid has its own
//! error.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use boothkeeper_domain::Hash;
use boothkeeper_wire::action::MAX_COMMAND;
use boothkeeper_wire::problem::ProblemCode;
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::cloud::key_hash;
use crate::store::AccountRow;
use crate::{Cloud, Error};

/// The most bytes of a request's document. Commands ([`MAX_COMMAND`]) and attachments have limits of their own.
const MAX_DOCUMENT: usize = 64 * 1024;
/// How long a whole document may take to arrive.
const ARRIVES: Duration = Duration::from_secs(30);
/// Bytes of a too large document that are read and dropped: a client reads the refusal only after it has sent all.
const DRAINED: usize = 4 * 1024 * 1024;

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

/// Like [`Caller`], but `None` for a request without an access key.
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

pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
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
