//! The HTTP server: accepts connections and runs the scheduler beside them. The number of connections, the number of
//! silent ones and all times are bounded, so that one caller cannot stop the cloud for the others.

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

use crate::faults::FaultService;
use crate::{Cloud, Error, api, due};

/// The most connections at a time, if the system allows so many open files.
const MAX_CONNECTIONS: usize = 16_384;
/// The most connections that have not sent a request yet. One more closes the oldest of them, if that one is older than
/// [`FIRST_REQUEST_WITHIN`].
const MAX_SILENT: usize = 512;
/// The time that every connection has to begin its first request, however many others are silent.
const FIRST_REQUEST_WITHIN: Duration = Duration::from_secs(2);
/// How long the head of a request may take, on every request of a connection.
const HEADERS_TAKE: Duration = Duration::from_secs(15);
/// A connection whose reader accepts no byte for this long is closed.
const STALLED: Duration = Duration::from_secs(30);
/// Open files reserved for the database and its readers.
const OTHER_FILES: usize = 256;

/// Serves until `stop` completes. Connections that are open then end with the process; committed work is not lost.
pub async fn serve(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = FaultService::new(api::router(cloud.clone()), cloud.faults.clone());
    let scheduler = tokio::spawn(due::schedule(cloud));
    let connections = Arc::new(Semaphore::new(most_connections()));
    let silent = Arc::new(SilentConnections::default());
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // The accept has failed, most likely for want of file descriptors: wait until a connection ends.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = connections.clone().try_acquire_owned() else {
                reject(&stream);
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection_state = silent.register();
            let (service, known) = (service.clone(), connection_state.clone());
            let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                known.mark_spoken();
                service.clone().oneshot(request.map(Body::new))
            });
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(STALLED));
            // A small buffer saves a third of a live channel's memory. Requests fit: bodies are read piece by piece.
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
                    () = connection_state.close.notified() => {}
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
struct SilentConnection {
    since: Instant,
    has_spoken: AtomicBool,
    close: Notify,
}

impl SilentConnection {
    fn mark_spoken(&self) {
        self.has_spoken.store(true, Ordering::Relaxed);
    }
}

/// The connections that have not sent a request yet, oldest first.
#[derive(Default)]
struct SilentConnections(Mutex<VecDeque<Arc<SilentConnection>>>);

impl SilentConnections {
    fn register(&self) -> Arc<SilentConnection> {
        let connection_state = Arc::new(SilentConnection {
            since: Instant::now(),
            has_spoken: AtomicBool::new(false),
            close: Notify::new(),
        });
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Connections that have sent a request or have ended do not count.
        let waits = |known: &Arc<SilentConnection>| {
            Arc::strong_count(known) > 1 && !known.has_spoken.load(Ordering::Relaxed)
        };
        if waiting.len() >= MAX_SILENT {
            waiting.retain(waits);
        }
        let late = |oldest: &Arc<SilentConnection>| oldest.since.elapsed() >= FIRST_REQUEST_WITHIN;
        while waiting.len() >= MAX_SILENT && waiting.front().is_some_and(late) {
            if let Some(oldest) = waiting.pop_front() {
                oldest.close.notify_one();
            }
        }
        waiting.push_back(connection_state.clone());
        connection_state
    }
}

/// Answers 503 without reading the request: the cloud has no place for this connection.
fn reject(stream: &TcpStream) {
    let problem = Problem::new(ProblemCode::Unavailable);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {PROBLEM_JSON}\r\n{API_HEADER}: {API_VERSION}\r\n\
         retry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // The answer fits into the socket's buffer. A failure means that the caller is gone.
    let _ = stream.try_write(answer.as_bytes());
}

/// The most connections that the system's limit of open files allows, after the limit was raised as far as permitted.
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
            // If this fails, fewer connections are accepted.
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
