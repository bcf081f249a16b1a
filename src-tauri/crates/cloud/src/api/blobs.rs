//! Attachments' bytes, resumable: a piece is kept as it arrives, so that a cut costs what was in flight and
//! nothing else.

use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boothkeeper_domain::Hash;
use boothkeeper_domain::disputes::MAX_FILE;
use boothkeeper_wire::dispute::{BlobState, UPLOAD_LENGTH, UPLOAD_OFFSET};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use bytes::BytesMut;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::{Caller, Named};
use crate::store::{AccountRow, Held, Tx};
use crate::{Cloud, Error};

/// A piece is written once it has grown to this, or when the connection ends.
const PIECE: usize = 128 * 1024;
/// What one account may keep here.
const MAX_KEPT: u64 = 512 * 1024 * 1024;

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
    let account = row.id;
    let held = cloud
        .store
        .write(move |tx| begin(tx, account, &sha256, length))
        .await?;
    if held.complete {
        return Ok(state(sha256, held));
    }
    if held.bytes != offset {
        return Err(ProblemCode::UploadOffset.into());
    }
    let held = receive(&cloud, &row, sha256, held, body).await?;
    if held.bytes < held.length {
        return Ok(state(sha256, held));
    }
    let held = cloud
        .store
        .write(move |tx| Ok(complete(tx, account, &sha256, held)))
        .await??;
    Ok(state(sha256, held))
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
        "upload-complete",
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

fn begin(tx: &Tx<'_>, account: i64, sha256: &Hash, length: u64) -> Result<Held, Error> {
    if let Some(held) = tx.blob(account, sha256)? {
        // One content has one length.
        return match held.length == length {
            true => Ok(held),
            false if held.complete => Err(ProblemCode::BlobMismatch.into()),
            false => {
                tx.drop_blob(account, sha256)?;
                begin(tx, account, sha256, length)
            }
        };
    }
    if length == 0 || tx.blob_bytes(account)? + length > MAX_KEPT {
        return Err(ProblemCode::PayloadTooLarge.into());
    }
    tx.begin_blob(account, sha256, length)?;
    Tx::found(tx.blob(account, sha256)?)
}

/// Takes what arrives, in order; what has arrived when the connection breaks is kept.
async fn receive(
    cloud: &Cloud,
    row: &AccountRow,
    sha256: Hash,
    mut held: Held,
    mut body: Body,
) -> Result<Held, Error> {
    let mut piece = BytesMut::new();
    while !body.is_end_stream() {
        let frame = match body.frame().await {
            Some(Ok(frame)) => frame,
            // The rest may come another time.
            Some(Err(_)) | None => break,
        };
        if let Ok(bytes) = frame.into_data() {
            piece.extend_from_slice(&bytes);
        }
        if held.bytes + piece.len() as u64 > held.length {
            return Err(ProblemCode::PayloadTooLarge.into());
        }
        if piece.len() >= PIECE {
            held = keep(cloud, row, sha256, held, piece.split().freeze()).await?;
        }
    }
    if piece.is_empty() {
        return Ok(held);
    }
    keep(cloud, row, sha256, held, piece.freeze()).await
}

async fn keep(
    cloud: &Cloud,
    row: &AccountRow,
    sha256: Hash,
    held: Held,
    piece: bytes::Bytes,
) -> Result<Held, Error> {
    let account = row.id;
    let keep = move |tx: &Tx<'_>| {
        let now = Tx::found(tx.blob(account, &sha256)?)?;
        // Another connection has brought it meanwhile.
        if now.bytes != held.bytes || now.complete {
            return Err(ProblemCode::UploadOffset.into());
        }
        tx.append_blob(account, &sha256, held.bytes, &piece)?;
        Tx::found(tx.blob(account, &sha256)?)
    };
    cloud.store.write(keep).await
}

/// Whole: it is what its hash says, or it is nothing.
fn complete(tx: &Tx<'_>, account: i64, sha256: &Hash, held: Held) -> Result<Held, Error> {
    let content = tx.blob_content(account, sha256)?;
    if Hash(Sha256::digest(&content).into()) != *sha256 {
        tx.drop_blob(account, sha256)?;
        return Err(ProblemCode::BlobMismatch.into());
    }
    tx.complete_blob(account, sha256)?;
    Ok(Held {
        complete: true,
        ..held
    })
}
