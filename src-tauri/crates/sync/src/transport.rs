//! The seam between sync and the network: requests in, responses out.

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

/// The connection could not be made, or broke.
#[derive(Debug, Error)]
#[error("the connection failed")]
pub struct TransportError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl TransportError {
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        TransportError(error.into())
    }
}

pub type Body = UnsyncBoxBody<Bytes, TransportError>;

/// The network, or what stands in its place.
#[derive(Clone)]
pub struct Transport(BoxCloneSyncService<Request<Bytes>, Response<Body>, TransportError>);

const IN_THE_CLEAR: &str = "the access key would travel unencrypted";
/// A live channel says something every five seconds; a stream that pauses longer is broken.
const SILENCE: Duration = Duration::from_secs(12);
const CONNECT: Duration = Duration::from_secs(5);

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

    /// HTTP with TLS verified by the platform, and no redirect ever followed: a key goes to nobody else. Plain
    /// HTTP goes to this machine only, and never by way of a proxy: the proxy would read the key.
    pub fn http() -> Result<Self, TransportError> {
        // A second installation of the provider is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .tcp_nodelay(true)
                .user_agent(concat!("boothkeeper/", env!("CARGO_PKG_VERSION")))
        };
        // Each reads the system's certificates, which takes as long as all the rest: only the one that is used.
        let here = Arc::new(LazyLock::new(move || builder().no_proxy().build()));
        let elsewhere = Arc::new(LazyLock::new(move || builder().build()));
        Ok(Self::new(service_fn(move |request: Request<Bytes>| {
            let authority = request.uri().authority().map(http::uri::Authority::as_str);
            let made = match (request.uri().scheme_str(), authority) {
                (_, Some(authority)) if is_loopback(authority) => Some((**here).as_ref()),
                (Some("https"), _) => Some((**elsewhere).as_ref()),
                _ => None,
            };
            let client = match made {
                Some(Ok(client)) => Ok(client.clone()),
                Some(Err(error)) => Err(TransportError::new(error.to_string())),
                None => Err(TransportError::new(IN_THE_CLEAR)),
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
