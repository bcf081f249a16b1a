//! The server: connections in, beside the scheduler. What one caller can hold is bounded, so that none stops the
//! cloud for the others.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::{API_HEADER, API_VERSION, PROBLEM_JSON};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::faults::Faulty;
use crate::{Cloud, Error, api, due};

/// Connections at a time, where the system allows as many files.
const MAX_CONNECTIONS: usize = 16_384;
/// Connections that have not sent a request yet. One more closes the one that has been silent for longest, if that
/// has had [`SPEAKS_WITHIN`].
const MAX_SILENT: usize = 512;
/// What a connection is given to begin its first request, however many others are silent.
const SPEAKS_WITHIN: Duration = Duration::from_secs(2);
/// How long the first line and headers of a request may take, also on a connection that has served others.
const HEADERS_TAKE: Duration = Duration::from_secs(15);
/// A reader that takes no byte for so long is closed.
const STALLED: Duration = Duration::from_secs(30);
/// Files kept for the database and its readers.
const OTHER_FILES: usize = 256;

/// Serves until `stop` completes. Open connections end with the process; nothing acknowledged is lost.
pub async fn serve(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = Faulty::new(api::router(cloud.clone()), cloud.faults.clone());
    let scheduler = tokio::spawn(due::schedule(cloud));
    let connections = Arc::new(Semaphore::new(most_connections()));
    let silent = Arc::new(Silent::default());
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: others will end.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = connections.clone().try_acquire_owned() else {
                shed(&stream);
                continue;
            };
            let _ = stream.set_nodelay(true);
            let stranger = silent.arrives();
            let (service, known) = (service.clone(), stranger.clone());
            let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                known.speaks();
                service.clone().oneshot(request.map(Body::new))
            });
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(STALLED));
            // A small buffer: a live channel costs a third less, and no request is large.
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_TAKE)
                .max_buf_size(8192)
                .serve_connection(TokioIo::new(Box::pin(stream)), service);
            tokio::spawn(async move {
                let _permit = permit;
                tokio::select! {
                    ended = connection => if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended");
                    },
                    () = stranger.gone.notified() => {}
                }
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    scheduler.abort();
    Ok(())
}

/// A connection that has not sent a request yet.
struct Stranger {
    since: Instant,
    spoke: AtomicBool,
    gone: Notify,
}

impl Stranger {
    fn speaks(&self) {
        self.spoke.store(true, Ordering::Relaxed);
    }
}

/// Those connections, oldest first.
#[derive(Default)]
struct Silent(Mutex<VecDeque<Arc<Stranger>>>);

impl Silent {
    fn arrives(&self) -> Arc<Stranger> {
        let stranger = Arc::new(Stranger {
            since: Instant::now(),
            spoke: AtomicBool::new(false),
            gone: Notify::new(),
        });
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has spoken, or whose connection has ended, holds no place.
        let waits = |known: &Arc<Stranger>| {
            Arc::strong_count(known) > 1 && !known.spoke.load(Ordering::Relaxed)
        };
        if waiting.len() >= MAX_SILENT {
            waiting.retain(waits);
        }
        let late = |oldest: &Arc<Stranger>| oldest.since.elapsed() >= SPEAKS_WITHIN;
        while waiting.len() >= MAX_SILENT && waiting.front().is_some_and(late) {
            if let Some(oldest) = waiting.pop_front() {
                oldest.gone.notify_one();
            }
        }
        waiting.push_back(stranger.clone());
        stranger
    }
}

/// Says that there is no room, without waiting for what the caller wants.
fn shed(stream: &TcpStream) {
    let problem = Problem::new(ProblemCode::Unavailable);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {PROBLEM_JSON}\r\n{API_HEADER}: {API_VERSION}\r\n\
         retry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Fits into the socket's own buffer; a caller that is gone does not need it.
    let _ = stream.try_write(answer.as_bytes());
}

/// As many as there are files for, once the system was asked for more.
fn most_connections() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = (MAX_CONNECTIONS + OTHER_FILES) as u64;
        let wanted = limit.maximum.map_or(wanted, |most| wanted.min(most));
        if limit.current.is_some_and(|current| current < wanted) {
            let raised = Rlimit {
                current: Some(wanted),
                maximum: limit.maximum,
            };
            // Where it is refused, fewer connections are taken.
            let _ = setrlimit(Resource::Nofile, raised);
        }
        let files = getrlimit(Resource::Nofile).current;
        let files = files.and_then(|files| usize::try_from(files).ok());
        files.map_or(MAX_CONNECTIONS, |files| {
            files.saturating_sub(OTHER_FILES).clamp(64, MAX_CONNECTIONS)
        })
    }
    #[cfg(not(unix))]
    MAX_CONNECTIONS
}
