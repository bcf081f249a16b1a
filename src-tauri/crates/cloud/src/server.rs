//! The server: connections in, beside the scheduler.

use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::faults::Faulty;
use crate::{Cloud, Error, api, due};

/// Serves until `stop` completes. Open connections end with the process; nothing acknowledged is lost.
pub async fn serve(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = Faulty::new(api::router(cloud.clone()), cloud.faults.clone());
    let scheduler = tokio::spawn(due::schedule(cloud));
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: others will end.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let service = service.clone();
            let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                service.clone().oneshot(request.map(Body::new))
            });
            // A small buffer: a live channel costs a third less, and no request is large.
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(30))
                .max_buf_size(8192)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended");
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
