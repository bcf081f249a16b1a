//! A cloud that gives false answers by script: a proxy in front of the real cloud that answers some requests itself.
//! Tests can use the real signing key, so signed data can be false too.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use boothkeeper_domain::{AccountId, Epoch, Hash, Timestamp};
use boothkeeper_wire::api::{Beat, Head, Meta};
use boothkeeper_wire::chain;
use boothkeeper_wire::checkpoint::HeartbeatBody;
use boothkeeper_wire::stream::{Control, Frames, compress};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures_util::StreamExt;
use http::Method;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::cloud::{Account, Cloud};

/// Answers a request instead of the real cloud; `None` forwards the request.
type Lie = Arc<dyn Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync>;

#[derive(Clone)]
struct Shared {
    cloud: String,
    lie: Arc<Mutex<Option<Lie>>>,
    asked: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicU64>,
    http: reqwest::Client,
}

pub struct HostileProxy {
    pub url: String,
    shared: Shared,
    server: JoinHandle<()>,
}

impl Drop for HostileProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl HostileProxy {
    /// Starts the proxy in front of a real cloud. Forwards every request until [`HostileProxy::answer_with`] is called.
    pub async fn before(cloud: &Cloud) -> anyhow::Result<Self> {
        let shared = Shared {
            cloud: cloud.url.clone(),
            lie: Arc::default(),
            asked: Arc::default(),
            sent: Arc::default(),
            http: reqwest::Client::builder().no_proxy().build()?,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let answering = shared.clone();
        let router = Router::new().fallback(move |request| answer(answering.clone(), request));
        let server = tokio::spawn(async move {
            // The server runs until `Drop` aborts it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(HostileProxy {
            url,
            shared,
            server,
        })
    }

    /// Answers with `lie` from now on. Sets the counts of requests and bytes back to 0.
    pub fn answer_with(
        &self,
        lie: impl Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync + 'static,
    ) {
        *self.shared.lie.lock().unwrap() = Some(Arc::new(lie));
        self.shared.asked.lock().unwrap().clear();
        self.shared.sent.store(0, Ordering::Relaxed);
    }

    /// Forwards every request from now on. The counts of requests and bytes stay.
    pub fn forward_all(&self) {
        *self.shared.lie.lock().unwrap() = None;
    }

    /// Number of requests whose path starts with `path`, since the last call of `answer_with`.
    pub fn asked(&self, path: &str) -> usize {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|line| line.starts_with(path)).count()
    }

    /// Bytes of endless bodies that were read, since the last call of `answer_with`.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// A response body of `first`, then of `again` without end, sent as fast as it is read.
    pub fn endless(
        &self,
        first: Vec<u8>,
        again: Vec<u8>,
    ) -> impl Fn() -> Body + Send + Sync + use<> {
        let sent = self.shared.sent.clone();
        move || {
            let (sent, again) = (sent.clone(), Bytes::from(again.clone()));
            let rest = futures_util::stream::repeat_with(move || again.clone());
            let chunks = futures_util::stream::iter([Bytes::from(first.clone())]).chain(rest);
            Body::from_stream(chunks.map(move |chunk| {
                sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                Ok::<_, std::io::Error>(chunk)
            }))
        }
    }
}

async fn answer(shared: Shared, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    shared.asked.lock().unwrap().push(path.clone());
    let lie = shared.lie.lock().unwrap().clone();
    if let Some(forged) = lie.and_then(|lie| lie(&parts.method, &path)) {
        return forged;
    }
    let forwarded = async {
        let body = axum::body::to_bytes(body, 32 * 1024 * 1024).await?;
        let mut headers = parts.headers;
        headers.remove(http::header::HOST);
        let url = format!("{}{path}", shared.cloud);
        let request = shared
            .http
            .request(parts.method, url)
            .headers(headers)
            .body(body);
        let answered = request.send().await?;
        let mut response = Response::builder().status(answered.status());
        for (name, value) in answered.headers() {
            if name != http::header::TRANSFER_ENCODING {
                response = response.header(name, value);
            }
        }
        Ok::<_, anyhow::Error>(response.body(Body::from_stream(answered.bytes_stream()))?)
    };
    forwarded.await.unwrap_or_else(|error| {
        let mut response = Response::new(Body::from(error.to_string()));
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        response
    })
}

/// A response with the cloud's API version header.
pub fn marked(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    let response = Response::builder()
        .status(status)
        .header(boothkeeper_wire::API_HEADER, boothkeeper_wire::API_VERSION)
        .header(http::header::CONTENT_TYPE, kind);
    response.body(body.into()).unwrap()
}

/// What is needed to forge an account's data: the cloud's signing key, the account's true journal, and its head (number
/// and chain value of the newest entry).
pub struct Truth {
    pub key: SigningKey,
    pub account: AccountId,
    pub epoch: Epoch,
    pub head: Head,
    /// The whole journal as the cloud sends it, compressed.
    pub journal: Vec<u8>,
}

impl Truth {
    pub async fn of(cloud: &Cloud, data: &Path, account: &Account) -> anyhow::Result<Self> {
        let database = rusqlite::Connection::open(data.join("cloud.sqlite"))?;
        let query = "SELECT value FROM meta WHERE name = 'signing_key'";
        let key: Vec<u8> = database.query_row(query, [], |row| row.get(0))?;
        let key: [u8; 32] = key.try_into().ok().context("the key is not 32 bytes")?;
        let (status, meta) = cloud.get("/v1/meta", &account.key).await?;
        ensure!(status == 200, "{meta}");
        let meta: Meta = serde_json::from_value(meta)?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let journal = http.get(format!("{}/v1/journal?after=0", cloud.url));
        let journal = journal
            .bearer_auth(&account.key)
            .send()
            .await?
            .bytes()
            .await?;
        Ok(Truth {
            key: SigningKey::from_bytes(&key),
            account: meta.account.context("no account")?,
            epoch: meta.epoch,
            head: meta.head.context("no head")?,
            journal: journal.to_vec(),
        })
    }

    /// A heartbeat as a server-sent event, signed if `key` is given.
    pub fn beat(&self, head: Head, time: &str, key: Option<&SigningKey>) -> String {
        let time: Timestamp = time.parse().unwrap();
        let body = HeartbeatBody {
            account: &self.account,
            epoch: &self.epoch,
            head: &head,
            time,
        };
        let signed = key.map(|key| body.sign(key));
        let beat = Beat {
            epoch: self.epoch.clone(),
            account: Some(self.account.clone()),
            signed,
            head,
            time,
        };
        format!(
            "event: beat\ndata: {}\n\n",
            serde_json::to_string(&beat).unwrap()
        )
    }

    /// A false head: it claims that the journal has `by` more entries than it has.
    pub fn ahead(&self, by: u64) -> Head {
        Head {
            seq: boothkeeper_domain::Seq(self.head.seq.0 + by),
            chain: Hash([7; 32]),
        }
    }

    /// The journal with its entry lines changed by `change`, then chained and signed again with the real key.
    pub fn rewritten(&self, mut change: impl FnMut(&mut Vec<String>)) -> Vec<u8> {
        let mut text = Vec::new();
        Frames::default()
            .feed(&self.journal, &mut |frame| text.extend(frame.lines))
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        let is_entry = |line: &&str| line.starts_with(r#"{"seq":"#);
        let mut entries: Vec<String> = text.lines().filter(is_entry).map(str::to_owned).collect();
        change(&mut entries);
        let chained = entries
            .iter()
            .fold(chain::genesis(&self.account), |before, line| {
                chain::next(&before, line.as_bytes())
            });
        let mut out = Vec::new();
        for line in text.lines().filter(|line| !is_entry(line)) {
            let control = Control::parse(line.as_bytes()).unwrap().unwrap();
            match control {
                Control::Begin(begin) => {
                    out.extend(Control::Begin(begin).to_line().unwrap());
                    for entry in &entries {
                        out.extend(entry.as_bytes());
                        out.push(b'\n');
                    }
                }
                Control::Checkpoint(signed) => {
                    let mut body = signed.body;
                    (body.chain, body.count) = (chained, entries.len() as u64);
                    body.seq = boothkeeper_domain::Seq(body.count);
                    let signed = body.sign(&self.key);
                    out.extend(Control::Checkpoint(signed).to_line().unwrap());
                }
                Control::End(mut end) => {
                    end.chain = chained;
                    end.seq = boothkeeper_domain::Seq(entries.len() as u64);
                    end.head = end.seq;
                    out.extend(Control::End(end).to_line().unwrap());
                }
            }
        }
        compress(&out).unwrap()
    }
}
