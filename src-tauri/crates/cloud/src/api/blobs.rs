//! Attachments' bytes, resumable: a piece is kept as it arrives, so that a cut costs what was in flight and
//! nothing else.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boothkeeper_domain::disputes::MAX_FILE;
use boothkeeper_domain::time::HOUR;
use boothkeeper_domain::{Hash, Timestamp};
use boothkeeper_wire::dispute::{BlobState, UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_OFFSET};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::CrashPoint;
use boothkeeper_wire::stream::LEAST_RATE;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::{Caller, Named};
use crate::store::{Held, Tx};
use crate::{Cloud, Error};

/// A piece is written once it has grown to this, or when the connection ends.
const PIECE: usize = 128 * 1024;
/// Bytes that one account may keep here.
const MAX_KEPT: u64 = 512 * 1024 * 1024;
/// How long a connection that sends a file may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How long it may take however little it sends; after that, as long as [`LEAST_RATE`] gives it.
const GRACE: Duration = Duration::from_secs(60);
/// Files that one account can be sending at a time.
const MAX_UPLOADS: usize = 16;
/// A file that has not become whole this long after its first bytes is dropped.
const UNFINISHED: i64 = 24 * HOUR;

/// Continues a blob at `Upload-Offset`; `Upload-Length` is the length of the whole.
#[utoipa::path(put, path = "/v1/blobs/{sha256}",
    params(("sha256" = String, Path), ("Upload-Offset" = u64, Header), ("Upload-Length" = u64, Header)),
    request_body(content_type = "application/octet-stream"),
    responses((status = 200, body = BlobState), (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn put(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    Named(sha256): Named<Hash>,
    request: Request,
) -> Result<Json<BlobState>, Error> {
    let (parts, body) = request.into_parts();
    let offset = number(&parts.headers, UPLOAD_OFFSET)?;
    let length = number(&parts.headers, UPLOAD_LENGTH)?;
    if length > MAX_FILE {
        return Err(ProblemCode::PayloadTooLarge.into());
    }
    let _permit = cloud.open_uploads.take(&row.account, MAX_UPLOADS)?;
    let account = row.id;
    let held = cloud
        .store
        .read(move |tx| tx.blob(account, &sha256))
        .await?;
    let upload = Upload {
        cloud: &cloud,
        account,
        sha256,
    };
    let held = match held {
        Some(held) if held.complete && held.length == length => return Ok(state(sha256, held)),
        Some(held) if held.complete => return Err(ProblemCode::BlobMismatch.into()),
        // One content has one length: another one begins anew.
        Some(held) if held.length == length => held,
        _ if length == 0 => return Err(ProblemCode::PayloadTooLarge.into()),
        _ => Held {
            length,
            bytes: 0,
            complete: false,
            begun_at: cloud.clock.now(),
        },
    };
    if held.bytes != offset {
        return Err(ProblemCode::UploadOffset.into());
    }
    let held = upload.receive(held, body).await?;
    Ok(state(sha256, held))
}

/// Gives up a blob that has not become whole.
#[utoipa::path(delete, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delete(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    Named(sha256): Named<Hash>,
) -> Result<StatusCode, Error> {
    let delete = move |tx: &Tx<'_>| {
        if Tx::found(tx.blob(row.id, &sha256)?)?.complete {
            return Err(ProblemCode::WrongState.into());
        }
        tx.drop_blob(row.id, &sha256)
    };
    cloud.store.write(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much of a blob is here: where to continue.
#[utoipa::path(head, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 204), (status = 404)))]
pub async fn head(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    Named(sha256): Named<Hash>,
) -> Result<Response, Error> {
    let held = cloud.store.read(move |tx| tx.blob(row.id, &sha256)).await?;
    let held = Tx::found(held)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(held.bytes));
    headers.insert(UPLOAD_LENGTH, HeaderValue::from(held.length));
    headers.insert(
        UPLOAD_COMPLETE,
        HeaderValue::from_static(if held.complete { "?1" } else { "?0" }),
    );
    Ok(response)
}

/// A whole blob, to whoever sent it.
#[utoipa::path(get, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub async fn get(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    Named(sha256): Named<Hash>,
) -> Result<Response, Error> {
    content(&cloud, row.id, sha256).await
}

/// A whole blob's bytes, as a download and never as a page.
pub async fn content(cloud: &Cloud, account: i64, sha256: Hash) -> Result<Response, Error> {
    let read = move |tx: &Tx<'_>| {
        let held = tx.blob(account, &sha256)?.filter(|held| held.complete);
        Tx::found(held)?;
        tx.blob_content(account, &sha256)
    };
    let bytes = cloud.store.read(read).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Body::from(bytes)).into_response())
}

fn state(sha256: Hash, held: Held) -> Json<BlobState> {
    Json(BlobState {
        sha256,
        held: held.bytes,
        complete: held.complete,
    })
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, Error> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| ProblemCode::Malformed.into())
}

/// One file of one account as it arrives.
struct Upload<'a> {
    cloud: &'a Cloud,
    account: i64,
    sha256: Hash,
}

impl Upload<'_> {
    /// Takes what arrives, in order; what has arrived when the connection breaks is kept.
    async fn receive(&self, mut held: Held, mut body: Body) -> Result<Held, Error> {
        let (mut piece, begun, mut arrived) = (BytesMut::new(), Instant::now(), 0);
        while !body.is_end_stream() {
            // A least rate: what comes more slowly comes another time.
            let late = begun + GRACE + Duration::from_secs(arrived / LEAST_RATE);
            let frame = match timeout_at(late.min(Instant::now() + SILENCE), body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                // The rest may come another time.
                Ok(Some(Err(_)) | None) | Err(_) => break,
            };
            if let Ok(bytes) = frame.into_data() {
                arrived += bytes.len() as u64;
                piece.extend_from_slice(&bytes);
            }
            if held.bytes + piece.len() as u64 > held.length {
                return Err(ProblemCode::PayloadTooLarge.into());
            }
            if piece.len() >= PIECE && held.bytes + (piece.len() as u64) < held.length {
                held = self.keep(held, piece.split().freeze()).await?;
            }
        }
        if held.bytes + piece.len() as u64 == held.length {
            return self.finish(held, piece.freeze()).await;
        }
        match piece.is_empty() {
            true => Ok(held),
            false => self.keep(held, piece.freeze()).await,
        }
    }

    async fn keep(&self, held: Held, piece: Bytes) -> Result<Held, Error> {
        let (account, sha256) = (self.account, self.sha256);
        let now = self.cloud.clock.now();
        let keep = move |tx: &Tx<'_>| append(tx, account, &sha256, held, &piece, now);
        self.cloud.store.write(keep).await
    }

    /// The last piece, and that the file is whole, in one transaction: no crash leaves all of its bytes without
    /// their mark. What its hash is, is found out before, so that nobody waits for it.
    async fn finish(&self, held: Held, piece: Bytes) -> Result<Held, Error> {
        let (account, sha256) = (self.account, self.sha256);
        let last = piece.clone();
        // Of a file that is all in this one piece nothing is here yet, or what another began.
        let genuine = move |tx: &Tx<'_>| {
            let before = match held.bytes {
                0 => vec![],
                _ => tx.blob_content(account, &sha256)?,
            };
            let hash = Sha256::new().chain_update(&before).chain_update(&last);
            Ok(before.len() as u64 == held.bytes && Hash(hash.finalize().into()) == sha256)
        };
        let genuine = self.cloud.store.read(genuine).await?;
        self.cloud.crash_here(CrashPoint::BeforeLastPiece);
        let now = self.cloud.clock.now();
        let finish = move |tx: &Tx<'_>| {
            let known = tx.blob(account, &sha256)?;
            if let Some(whole) = known.filter(|known| known.complete) {
                // Another connection has brought the rest: what is whole stays.
                return Ok(Some(whole));
            }
            let unchanged = known == Some(held) || (held.bytes == 0 && known.is_none());
            if !genuine && unchanged {
                tx.drop_blob(account, &sha256)?;
                return Ok(None);
            }
            if !genuine {
                return Err(ProblemCode::UploadOffset.into());
            }
            let held = append(tx, account, &sha256, held, &piece, now)?;
            tx.complete_blob(account, &sha256)?;
            Ok(Some(Held {
                complete: true,
                ..held
            }))
        };
        let finished = self.cloud.store.write(finish).await?;
        self.cloud.crash_here(CrashPoint::AfterLastPiece);
        finished.ok_or_else(|| ProblemCode::BlobMismatch.into())
    }
}

/// Keeps a piece, if nothing else has come since `held` was read.
fn append(
    tx: &Tx<'_>,
    account: i64,
    sha256: &Hash,
    held: Held,
    piece: &[u8],
    now: Timestamp,
) -> Result<Held, Error> {
    let known = tx.blob(account, sha256)?;
    if held.bytes == 0 && known.is_none_or(|known| !known.complete && known.length != held.length) {
        tx.expire_blobs(now.plus(-UNFINISHED))?;
        tx.drop_blob(account, sha256)?;
        tx.begin_blob(account, sha256, held.length, held.begun_at)?;
    } else if known != Some(held) {
        // Another connection has brought it meanwhile, or it has expired.
        return Err(ProblemCode::UploadOffset.into());
    }
    if tx.blob_bytes(account)? + piece.len() as u64 > MAX_KEPT {
        return Err(ProblemCode::QuotaReached.into());
    }
    if !piece.is_empty() {
        tx.append_blob(account, sha256, held.bytes, piece)?;
    }
    Tx::found(tx.blob(account, sha256)?)
}

/// Marks or drops what a crash of an earlier version left with all its bytes and without its mark.
pub async fn finish_unmarked(cloud: &Cloud) -> Result<(), Error> {
    let now = cloud.clock.now();
    let unmarked = cloud.store.read(|tx| tx.unmarked_blobs()).await?;
    for (account, sha256) in unmarked {
        let content = move |tx: &Tx<'_>| tx.blob_content(account, &sha256);
        let content = cloud.store.read(content).await?;
        let genuine = Hash(Sha256::digest(&content).into()) == sha256;
        let mark = move |tx: &Tx<'_>| match genuine {
            true => tx.complete_blob(account, &sha256),
            false => tx.drop_blob(account, &sha256),
        };
        cloud.store.write(mark).await?;
    }
    cloud
        .store
        .write(move |tx| tx.expire_blobs(now.plus(-UNFINISHED)))
        .await
}
