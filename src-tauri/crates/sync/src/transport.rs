//! The boundary between sync and the network: takes requests, returns responses.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use boothkeeper_wire::is_loopback;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use thiserror::Error;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt, service_fn};

/// The connection could not be made, or it broke.
#[derive(Debug, Error)]
#[error("the connection failed")]
pub struct TransportError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl TransportError {
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        TransportError(error.into())
    }
}

pub type Body = UnsyncBoxBody<Bytes, TransportError>;

/// The network, or a simulation of it.
#[derive(Clone)]
pub struct Transport(BoxCloneSyncService<Request<Bytes>, Response<Body>, TransportError>);

const NOT_ENCRYPTED: &str = "the access key would travel unencrypted";
/// Longest pause within a response. A live channel sends every five seconds, so a longer pause means a broken stream.
const SILENCE: Duration = Duration::from_secs(12);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl Transport {
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Body>, Error = TransportError>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        Transport(BoxCloneSyncService::new(service))
    }

    /// HTTP with TLS verified by the platform. Redirects are not followed: they would send the access key to another
    /// server. Plain HTTP is allowed only to this machine and never through a proxy, which could read the key.
    pub fn http() -> Result<Self, TransportError> {
        // Fails if a crypto provider is installed already, which is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(SILENCE)
                .tcp_nodelay(true)
                .user_agent(concat!("boothkeeper/", env!("CARGO_PKG_VERSION")))
        };
        // The clients are built when first used, because building one reads the system's certificates, which is slow.
        let loopback = Arc::new(LazyLock::new(move || builder().no_proxy().build()));
        let remote = Arc::new(LazyLock::new(move || builder().build()));
        Ok(Self::new(service_fn(move |request: Request<Bytes>| {
            let authority = request.uri().authority().map(http::uri::Authority::as_str);
            let made = match (request.uri().scheme_str(), authority) {
                (_, Some(authority)) if is_loopback(authority) => Some((**loopback).as_ref()),
                (Some("https"), _) => Some((**remote).as_ref()),
                _ => None,
            };
            let client = match made {
                Some(Ok(client)) => Ok(client.clone()),
                Some(Err(error)) => Err(TransportError::new(error.to_string())),
                None => Err(TransportError::new(NOT_ENCRYPTED)),
            };
            async move {
                let client = client?;
                let request = request.try_into().map_err(TransportError::new)?;
                let response = client.execute(request).await.map_err(TransportError::new)?;
                let response: Response<reqwest::Body> = response.into();
                Ok(response.map(|body| body.map_err(TransportError::new).boxed_unsync()))
            }
        })))
    }

    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        self.0.clone().oneshot(request).await
    }
}
