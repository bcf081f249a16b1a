//! HTTP client for the cloud. A response counts only if it carries the cloud's API version header; without the header
//! the response came from a Wi-Fi portal or proxy.

use std::fmt;
use std::time::Duration;

use boothkeeper_domain::{Catalog, Cursor, Hash, user_input};
use boothkeeper_wire::api::{CommandAnswer, CommandState, Meta, command_path};
use boothkeeper_wire::dispute::{
    BlobState, TICKETS_A_PAGE, TicketCursor, Tickets, UPLOAD_COMPLETE, UPLOAD_LENGTH,
    UPLOAD_OFFSET, blob_path,
};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::AccountAnswer;
use boothkeeper_wire::{API_HEADER, API_VERSION};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use uuid::Uuid;

use crate::SyncError;
use crate::transport::{Body, Transport, TransportError};

/// Largest accepted document in bytes. Streams are read piece by piece and have no such limit.
const MAX_DOCUMENT: usize = 4 * 1024 * 1024;
/// Time limit for a response's head, and again for a document's body. Streams have their own limits.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The access key, `bk_…`. Its `Debug` output hides the text.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey(String);

impl AccessKey {
    /// `None` for text that cannot be a key, such as a sentence pasted by mistake.
    pub fn parse(text: &str) -> Option<Self> {
        let text = user_input::code(text);
        let fits = text.starts_with("bk_")
            && (8..=200).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        fits.then_some(AccessKey(text))
    }

    /// The key's text, for the keychain and the request header only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(…)")
    }
}

#[derive(Clone)]
pub struct Client {
    transport: Transport,
    base: String,
    key: Option<AccessKey>,
}

impl Client {
    pub fn new(transport: Transport, cloud: &str, key: Option<AccessKey>) -> Self {
        Client {
            transport,
            base: cloud.trim_end_matches('/').to_owned(),
            key,
        }
    }

    pub async fn meta(&self) -> Result<Meta, SyncError> {
        self.get("/v1/meta").await
    }

    /// The catalog's document as sent, which parses as a [`Catalog`]; `None` if the cloud's document is still `known`.
    pub async fn catalog(&self, known: Option<&str>) -> Result<Option<String>, SyncError> {
        let mut request = self.request(Method::GET, "/v1/catalog", Bytes::new())?;
        if let Some(document) = known {
            let tag = boothkeeper_wire::content_tag(document.as_bytes());
            let tag = header::HeaderValue::try_from(tag).map_err(http::Error::from)?;
            request.headers_mut().insert(header::IF_NONE_MATCH, tag);
        }
        let response = self.send(request).await?;
        match response.status() {
            http::StatusCode::NOT_MODIFIED => Ok(None),
            status if status.is_success() => {
                let document = read_body(response).await?;
                serde_json::from_slice::<Catalog>(&document).map_err(SyncError::Malformed)?;
                Ok(Some(String::from_utf8_lossy(&document).into_owned()))
            }
            status => Err(refusal(status.as_u16(), &read_body(response).await?, None)),
        }
    }

    /// A sandbox cloud's demo account and the key to it.
    pub async fn demo(&self) -> Result<AccountAnswer, SyncError> {
        let request = self.request(Method::POST, "/sandbox/demo", Bytes::new())?;
        self.document(request).await
    }

    /// The stream of the journal after a cursor, or from the beginning for `None`. Without the epoch the cloud compares
    /// only the cursor's chain value.
    pub async fn journal(
        &self,
        cursor: Option<&Cursor>,
        with_epoch: bool,
    ) -> Result<Body, SyncError> {
        let query = cursor.map_or(String::new(), |cursor| {
            let epoch = match with_epoch {
                true => format!("epoch={}&", cursor.epoch),
                false => String::new(),
            };
            format!("?{epoch}after={}&chain={}", cursor.seq, cursor.chain)
        });
        self.stream(&format!("/v1/journal{query}")).await
    }

    /// The live channel's byte stream.
    pub async fn events(&self) -> Result<Body, SyncError> {
        self.stream("/v1/events").await
    }

    /// Sends a command. A rejection is returned as an answer, not as an error.
    pub async fn put_command(&self, id: Uuid, body: &str) -> Result<CommandAnswer, SyncError> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = self.request(Method::PUT, &command_path(id), body)?;
        self.command_answer(request).await
    }

    /// The cloud's answer to a command; `None` if the cloud has never seen its id.
    pub async fn command(&self, id: Uuid) -> Result<Option<CommandAnswer>, SyncError> {
        let request = self.request(Method::GET, &command_path(id), Bytes::new())?;
        match self.command_answer(request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(SyncError::Refused(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of the tickets that changed after a cursor, with support's messages. A cloud from before 2026-11-27
    /// sends all tickets at once, without a cursor.
    pub async fn disputes(&self, after: Option<TicketCursor>) -> Result<Tickets, SyncError> {
        let after = after.map_or(String::new(), |after| format!("&after={after}"));
        self.get(&format!("/v1/disputes?limit={TICKETS_A_PAGE}{after}"))
            .await
    }

    /// How many bytes of a file the cloud holds; `None` if it has no part of it.
    pub async fn blob_held(&self, sha256: &Hash) -> Result<Option<BlobState>, SyncError> {
        let request = self.request(Method::HEAD, &blob_path(sha256), Bytes::new())?;
        let response = self.send(request).await?;
        let status = response.status();
        if status == http::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &[], retry_after(&response)));
        }
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        Ok(Some(BlobState {
            sha256: *sha256,
            held: header(UPLOAD_OFFSET)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
            complete: header(UPLOAD_COMPLETE) == Some("?1"),
        }))
    }

    /// Deletes an incomplete file from the cloud.
    pub async fn drop_blob(&self, sha256: &Hash) -> Result<(), SyncError> {
        let request = self.request(Method::DELETE, &blob_path(sha256), Bytes::new())?;
        self.send_ok(request).await.map(drop)
    }

    /// Sends a piece of a file. `offset` and `length`, the whole file's size, are in bytes.
    pub async fn put_blob(
        &self,
        sha256: &Hash,
        offset: u64,
        length: u64,
        piece: &[u8],
    ) -> Result<BlobState, SyncError> {
        let piece = Bytes::copy_from_slice(piece);
        let mut request = self.request(Method::PUT, &blob_path(sha256), piece)?;
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/octet-stream"),
        );
        headers.insert(UPLOAD_OFFSET, header::HeaderValue::from(offset));
        headers.insert(UPLOAD_LENGTH, header::HeaderValue::from(length));
        self.document(request).await
    }

    async fn command_answer(&self, request: Request<Bytes>) -> Result<CommandAnswer, SyncError> {
        let response = self.send(request).await?;
        let (status, bytes) = (response.status(), read_body(response).await?);
        // A rejection has an error status, but its problem document is also an answer.
        if let Ok(answer) = serde_json::from_slice::<CommandAnswer>(&bytes)
            && (status.is_success() || answer.state == CommandState::Rejected)
        {
            return Ok(answer);
        }
        Err(refusal(status.as_u16(), &bytes, None))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SyncError> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        self.document(request).await
    }

    async fn document<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T, SyncError> {
        let response = self.send_ok(request).await?;
        serde_json::from_slice(&read_body(response).await?).map_err(SyncError::Malformed)
    }

    async fn stream(&self, path: &str) -> Result<Body, SyncError> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        Ok(self.send_ok(request).await?.into_body())
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>, SyncError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.reveal()));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        Ok(request.body(body)?)
    }

    async fn send_ok(&self, request: Request<Bytes>) -> Result<Response<Body>, SyncError> {
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = retry_after(&response);
        let bytes = read_body(response).await?;
        Err(refusal(status.as_u16(), &bytes, retry_after))
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, SyncError> {
        let response = timeout(REQUEST_TIMEOUT, self.transport.send(request))
            .await
            .map_err(|late| SyncError::Offline(TransportError::new(late)))?
            .map_err(SyncError::Offline)?;
        let version = response.headers().get(API_HEADER);
        match version.map(|v| v.as_bytes()) {
            Some(version) if version == API_VERSION.as_bytes() => Ok(response),
            Some(_) => Err(SyncError::UpdateNeeded),
            None => Err(SyncError::Portal {
                status: response.status().as_u16(),
            }),
        }
    }
}

async fn read_body(response: Response<Body>) -> Result<Bytes, SyncError> {
    let body = Limited::new(response.into_body(), MAX_DOCUMENT);
    let collected = timeout(REQUEST_TIMEOUT, body.collect())
        .await
        .map_err(|late| SyncError::Offline(TransportError::new(late)))?
        .map_err(|error| SyncError::Offline(TransportError::new(error)))?;
    Ok(collected.to_bytes())
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

fn refusal(status: u16, bytes: &[u8], retry_after: Option<Duration>) -> SyncError {
    let problem: Option<Problem> = serde_json::from_slice(bytes).ok();
    match (status, problem) {
        (401, _) => SyncError::SignedOut,
        // Clouds from before 2026-11-27 send the status 413 as plain text, without a problem document.
        (413, None) => SyncError::Refused(Box::new(Problem::new(ProblemCode::PayloadTooLarge))),
        (408, _) => SyncError::Server {
            status,
            retry_after,
        },
        (429 | 500.., _) | (_, None) => SyncError::Server {
            status,
            retry_after,
        },
        (_, Some(problem)) => SyncError::Refused(Box::new(problem)),
    }
}
