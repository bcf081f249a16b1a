//! Injects network faults between the cloud and a laptop, as the sandbox orders or a simulation draws. It is a layer
//! around the whole service, so that the service itself behaves as it does without faults.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{CrashPoint, Fault, FaultRequest};
use boothkeeper_wire::stream::{Frames, compress};
use bytes::Bytes;
use http_body_util::BodyExt;
use thiserror::Error;
use tower::{Service, ServiceExt};

/// The connection broke, because a fault was injected.
#[derive(Debug, Clone, Copy, Error)]
#[error("the connection broke")]
pub struct BrokenConnection;

/// Chooses the fault to inject into a request, if any, and a number that selects the place of the damage (0 is the
/// middle).
pub trait Chance: Clone + Send + Sync + 'static {
    fn next(&self, path: &str) -> Option<(Fault, u64)>;
}

/// The faults that the sandbox ordered. Each applies to as many matching requests as its count says, in order.
#[derive(Debug, Clone, Default)]
pub struct FaultQueue {
    faults: Arc<Mutex<VecDeque<FaultRequest>>>,
    crash: Arc<Mutex<Option<CrashPoint>>>,
}

impl FaultQueue {
    pub fn replace(&self, faults: Vec<FaultRequest>) {
        *lock(&self.faults) = faults.into();
    }

    pub fn crash_at(&self, point: Option<CrashPoint>) {
        *lock(&self.crash) = point;
    }

    /// Aborts the process if a crash at this point was ordered.
    pub fn crash_here(&self, point: CrashPoint) {
        if *lock(&self.crash) == Some(point) {
            std::process::abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Chance for FaultQueue {
    fn next(&self, path: &str) -> Option<(Fault, u64)> {
        let mut queue = lock(&self.faults);
        queue.retain(|fault| fault.count > 0);
        let matching = queue.iter_mut().find(|f| path.starts_with(&f.route))?;
        matching.count -= 1;
        Some((matching.fault, 0))
    }
}

#[derive(Clone)]
pub struct FaultService<S, C> {
    inner: S,
    chance: C,
}

impl<S, C> FaultService<S, C> {
    pub fn new(inner: S, chance: C) -> Self {
        FaultService { inner, chance }
    }
}

type ResponseFuture =
    Pin<Box<dyn Future<Output = Result<Response<Body>, BrokenConnection>> + Send>>;

impl<S, C> Service<Request<Body>> for FaultService<S, C>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    C: Chance,
{
    type Response = Response<Body>;
    type Error = BrokenConnection;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BrokenConnection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        let path = request.uri().path();
        let sandbox = path.starts_with("/sandbox");
        let chance = if sandbox {
            None
        } else {
            self.chance.next(path)
        };
        let inner = self.inner.clone();
        Box::pin(async move {
            match chance {
                None => answer(inner, request).await,
                Some((fault, salt)) => inject(fault, salt, inner, request).await,
            }
        })
    }
}

async fn answer<S>(inner: S, request: Request<Body>) -> Result<Response<Body>, BrokenConnection>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    inner.oneshot(request).await.map_err(|never| match never {})
}

async fn inject<S>(
    fault: Fault,
    salt: u64,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, BrokenConnection>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    match fault {
        Fault::Drop => Err(BrokenConnection),
        Fault::DropAnswer => {
            answer(inner, request).await?;
            Err(BrokenConnection)
        }
        Fault::DelayMillis(millis) => {
            tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
            answer(inner, request).await
        }
        Fault::Duplicate => {
            let (parts, body) = request.into_parts();
            let body = collect(body).await?;
            let once = Request::from_parts(parts.clone(), Body::from(body.clone()));
            answer(inner.clone(), once).await?;
            answer(inner, Request::from_parts(parts, Body::from(body))).await
        }
        Fault::CutRequest(after) => {
            let (parts, body) = request.into_parts();
            let sent = collect(body).await?;
            let sent = sent.slice(..sent.len().min(usize::try_from(after).unwrap_or(0)));
            let cut = futures_util::stream::iter([Ok(sent), Err(BrokenConnection)]);
            let cut = Request::from_parts(parts, Body::from_stream(cut));
            answer(inner, cut).await?;
            Err(BrokenConnection)
        }
        Fault::Portal => Ok(portal()),
        Fault::Status5xx => Ok(problem(ProblemCode::Unavailable)),
        Fault::Status429 => Ok(problem(ProblemCode::TooManyRequests)),
        Fault::Truncate
        | Fault::Cut
        | Fault::Reorder
        | Fault::RewrittenEntry
        | Fault::OtherAccount => {
            let (mut parts, body) = answer(inner, request).await?.into_parts();
            if is_endless(&parts.headers) {
                return Err(BrokenConnection);
            }
            let whole = collect(body).await?;
            parts.headers.remove(header::CONTENT_LENGTH);
            let body = damaged_body(fault, salt, &whole);
            Ok(Response::from_parts(parts, body))
        }
    }
}

fn is_endless(headers: &axum::http::HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

async fn collect(body: Body) -> Result<Bytes, BrokenConnection> {
    let collected = body.collect().await.map_err(|_| BrokenConnection)?;
    Ok(collected.to_bytes())
}

fn portal() -> Response<Body> {
    let page = "<!doctype html><title>Welcome</title><h1>Sign in to the venue's Wi-Fi</h1>";
    let mut response = Response::new(Body::from(page));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn problem(code: ProblemCode) -> Response<Body> {
    let document = axum::Json(Problem::new(code));
    let mut response = crate::error::problem_response(code, document);
    response.headers_mut().insert(
        boothkeeper_wire::API_HEADER,
        HeaderValue::from_static(boothkeeper_wire::API_VERSION),
    );
    debug_assert!(response.status() >= StatusCode::BAD_REQUEST);
    response
}

fn damaged_body(fault: Fault, salt: u64, whole: &Bytes) -> Body {
    let place = |length: usize| match length {
        0 => 0,
        n if salt == 0 => n / 2,
        n => usize::try_from(salt % n as u64).unwrap_or(0),
    };
    match fault {
        Fault::Truncate => Body::from(whole.slice(..place(whole.len()))),
        Fault::Cut => {
            let sent = Ok(whole.slice(..place(whole.len())));
            Body::from_stream(futures_util::stream::iter([sent, Err(BrokenConnection)]))
        }
        Fault::Reorder | Fault::RewrittenEntry | Fault::OtherAccount => {
            match rewritten(fault, place, whole) {
                Some(bytes) => Body::from(bytes),
                None => Body::from(whole.clone()),
            }
        }
        Fault::Drop
        | Fault::DropAnswer
        | Fault::DelayMillis(_)
        | Fault::Duplicate
        | Fault::CutRequest(_)
        | Fault::Status5xx
        | Fault::Status429
        | Fault::Portal => Body::from(whole.clone()),
    }
}

/// A journal stream damaged by `fault`, whose frames are valid. `None` if the body is not a journal stream.
fn rewritten(fault: Fault, place: impl Fn(usize) -> usize, whole: &Bytes) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    Frames::default()
        .feed(whole, &mut |frame| text.extend(frame.lines))
        .ok()?;
    let mut lines: Vec<Vec<u8>> = text
        .split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    match fault {
        Fault::Reorder => {
            let at = place(lines.len().checked_sub(1)?);
            lines.swap(at, at + 1);
        }
        Fault::RewrittenEntry => {
            let entries = lines.iter().filter(|l| is_entry(l)).count();
            let at = place(entries);
            let line = lines.iter_mut().filter(|l| is_entry(l)).nth(at)?;
            *line = replace(line, "\"balance_after\":", "\"balance_after\":1")?;
        }
        Fault::OtherAccount => {
            let begin = lines.first_mut()?;
            *begin = replace(begin, "\"account\":\"acc_", "\"account\":\"acc_x")?;
        }
        Fault::Truncate
        | Fault::Cut
        | Fault::Drop
        | Fault::DropAnswer
        | Fault::DelayMillis(_)
        | Fault::Duplicate
        | Fault::CutRequest(_)
        | Fault::Status5xx
        | Fault::Status429
        | Fault::Portal => return None,
    }
    compress(&lines.concat()).ok()
}

fn is_entry(line: &[u8]) -> bool {
    line.starts_with(br#"{"seq":"#)
}

fn replace(line: &[u8], what: &str, by: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(line).ok()?;
    text.contains(what)
        .then(|| text.replacen(what, by, 1).into_bytes())
}
