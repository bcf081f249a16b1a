//! The server: connections in, and a scheduler that sleeps until the next thing is due.

use std::time::Duration;

use axum::body::Body;
use boothkeeper_domain::Timestamp;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::faults::Faulty;
use crate::ops::{Work, head};
use crate::{Cloud, Error, api};

/// Serves until `stop` completes. Open connections end with the process; nothing acknowledged is lost.
pub async fn serve(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = Faulty::new(api::router(cloud.clone()), cloud.faults.clone());
    let scheduler = tokio::spawn(schedule(cloud));
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

/// Runs what is due up to and including `until`, in order, each at its own instant.
pub async fn run_due(cloud: &Cloud, until: Timestamp) -> Result<(), Error> {
    let _alone = cloud.running_due.lock().await;
    loop {
        let inner = cloud.clone();
        let done = cloud
            .store
            .write(move |tx| {
                let Some(delivery) = tx.next_delivery()?.filter(|d| d.due_at <= until) else {
                    return Ok(None);
                };
                let row = tx.account(&delivery.account)?;
                let mut work = Work::new(&inner, tx, row, delivery.due_at);
                work.confirm(&delivery.payment)?;
                tx.delivered(delivery.id)?;
                Ok(Some((delivery.account, delivery.due_at, head(&work.row))))
            })
            .await?;
        let Some((account, at, head)) = done else {
            return Ok(());
        };
        cloud.clock.advance_to(at);
        cloud.announce(&account, head);
    }
}

/// Sleeps until the next thing is due, or until something new may be.
async fn schedule(cloud: Cloud) {
    loop {
        let next = cloud.store.read(|tx| tx.next_delivery()).await;
        let now = cloud.clock.now();
        match next {
            Ok(Some(delivery)) if delivery.due_at <= now => {
                if let Err(error) = run_due(&cloud, now).await {
                    tracing::error!(%error, "something due could not be done");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                continue;
            }
            Ok(Some(delivery)) => {
                // A frozen clock does not move by itself: advancing it runs what is due.
                let wait = u64::try_from(delivery.due_at.since(now)).unwrap_or(0);
                let wait = Duration::from_millis(wait.max(1));
                let _ = tokio::time::timeout(wait, cloud.due.notified()).await;
            }
            Ok(None) => cloud.due.notified().await,
            Err(error) => {
                tracing::error!(%error, "the schedule cannot be read");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
