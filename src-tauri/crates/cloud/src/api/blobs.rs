//! Uploads and downloads of attachments (blobs). An upload is resumable: bytes are stored piece by piece as they
//! arrive, and a broken connection loses only the bytes that were under way.

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

use super::extract::{Caller, PathParams};
use crate::store::{StoredBlob, Tx};
use crate::{Cloud, Error};

/// Bytes that are collected before they are stored as one piece. The last piece may be smaller.
const PIECE: usize = 128 * 1024;
/// The most bytes of blobs that one account may store.
const MAX_KEPT: u64 = 512 * 1024 * 1024;
/// How long an upload may send nothing before it is ended.
const SILENCE: Duration = Duration::from_secs(30);
/// How long an upload may take in any case, however slow. After that it must have sent at least [`LEAST_RATE`] bytes a
/// second.
const GRACE: Duration = Duration::from_secs(60);
/// The most uploads of one account at a time.
const MAX_UPLOADS: usize = 16;
/// Milliseconds after an incomplete blob's first bytes at which it is deleted.
const UNFINISHED: i64 = 24 * HOUR;

/// Continues a blob at `Upload-Offset`. `Upload-Length` is the length of the whole blob.
#[utoipa::path(put, path = "/v1/blobs/{sha256}",
    params(("sha256" = String, Path), ("Upload-Offset" = u64, Header), ("Upload-Length" = u64, Header)),
    request_body(content_type = "application/octet-stream"),
    responses((status = 200, body = BlobState), (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn put(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(sha256): PathParams<Hash>,
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
        // The incomplete blob has another length than this request says, so one of the two is wrong: begin again with
        // this request's.
        Some(held) if held.length == length => held,
        _ if length == 0 => return Err(ProblemCode::PayloadTooLarge.into()),
        _ => StoredBlob {
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

/// Deletes an incomplete blob.
#[utoipa::path(delete, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delete(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(sha256): PathParams<Hash>,
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

/// How many bytes of a blob are stored: the offset at which to continue.
#[utoipa::path(head, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 204), (status = 404)))]
pub async fn head(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(sha256): PathParams<Hash>,
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

/// A complete blob of the account.
#[utoipa::path(get, path = "/v1/blobs/{sha256}", params(("sha256" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub async fn get(
    State(cloud): State<Cloud>,
    Caller(row): Caller,
    PathParams(sha256): PathParams<Hash>,
) -> Result<Response, Error> {
    content(&cloud, row.id, sha256).await
}

/// A complete blob's bytes, with headers that make a browser download them and never show them as a page.
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

fn state(sha256: Hash, held: StoredBlob) -> Json<BlobState> {
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

/// One upload to one blob.
struct Upload<'a> {
    cloud: &'a Cloud,
    account: i64,
    sha256: Hash,
}

impl Upload<'_> {
    /// Stores the request body's bytes as they arrive. What has arrived when the connection breaks is stored too.
    async fn receive(&self, mut held: StoredBlob, mut body: Body) -> Result<StoredBlob, Error> {
        let (mut piece, begun, mut arrived) = (BytesMut::new(), Instant::now(), 0);
        while !body.is_end_stream() {
            // From this instant on the upload is too slow and ends; the client can continue later.
            let late = begun + GRACE + Duration::from_secs(arrived / LEAST_RATE);
            let frame = match timeout_at(late.min(Instant::now() + SILENCE), body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                // The upload is broken, complete, or too slow: what has arrived is stored below.
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

    async fn keep(&self, held: StoredBlob, piece: Bytes) -> Result<StoredBlob, Error> {
        let (account, sha256) = (self.account, self.sha256);
        let now = self.cloud.clock.now();
        let keep = move |tx: &Tx<'_>| append(tx, account, &sha256, held, &piece, now);
        self.cloud.store.write(keep).await
    }

    /// Stores the last piece and marks the blob as complete, in one transaction: no crash can leave all bytes without
    /// the mark. The hash is computed before, because the write transaction must stay short. Fails with
    /// `blob_mismatch`, and deletes the blob, if its bytes have another hash.
    async fn finish(&self, held: StoredBlob, piece: Bytes) -> Result<StoredBlob, Error> {
        let (account, sha256) = (self.account, self.sha256);
        let last = piece.clone();
        // If `held` has no bytes, the last piece is the whole file, and bytes that are stored do not belong to it.
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
                // Another connection has completed the blob meanwhile.
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
            Ok(Some(StoredBlob {
                complete: true,
                ..held
            }))
        };
        let finished = self.cloud.store.write(finish).await?;
        self.cloud.crash_here(CrashPoint::AfterLastPiece);
        finished.ok_or_else(|| ProblemCode::BlobMismatch.into())
    }
}

/// Stores a piece. Fails with `upload_offset` if the blob has changed since `held` was read, and with `quota_reached`
/// if the account would store more than [`MAX_KEPT`] bytes.
fn append(
    tx: &Tx<'_>,
    account: i64,
    sha256: &Hash,
    held: StoredBlob,
    piece: &[u8],
    now: Timestamp,
) -> Result<StoredBlob, Error> {
    let known = tx.blob(account, sha256)?;
    if held.bytes == 0 && known.is_none_or(|known| !known.complete && known.length != held.length) {
        tx.expire_blobs(now.plus(-UNFINISHED))?;
        tx.drop_blob(account, sha256)?;
        tx.begin_blob(account, sha256, held.length, held.begun_at)?;
    } else if known != Some(held) {
        // Another connection has continued the blob meanwhile, or it has expired.
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

/// Completes or deletes blobs that a crash of an earlier version left with all bytes but not marked as complete.
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
