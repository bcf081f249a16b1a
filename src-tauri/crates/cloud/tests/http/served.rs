//! A cloud in this process with one account, called through its HTTP router.

use axum::body::Body;
use axum::http::Request;
use boothkeeper_cloud::processor::Payments;
use boothkeeper_cloud::store::Store;
use boothkeeper_cloud::{Clock, Cloud, Options, api};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub struct Served {
    pub router: axum::Router,
    pub account: String,
    pub key: String,
}

impl Served {
    pub async fn start(payments: impl FnOnce(Store) -> Payments) -> Self {
        let store = Store::in_memory().unwrap();
        let options = Options {
            clock: Clock::frozen("2026-01-10T08:00:00.000Z".parse().unwrap()),
            payments: payments(store.clone()),
            sandbox: true,
            seed: Some(1),
            new_epoch: false,
            accept_clock: false,
        };
        let cloud = Cloud::start(store, options).await;
        let mut served = Served {
            router: api::router(cloud.unwrap()),
            account: String::new(),
            key: String::new(),
        };
        let request = json!({
            "email": "operator@booth.example", "catalog": "booth", "plan": "basic", "cycle": "monthly",
            "opening_balance": 1_000, "card": { "exp_month": 12, "exp_year": 2030 },
        });
        let (status, opened) = served.call("POST", "/sandbox/accounts", request).await;
        assert_eq!(status, 200, "{opened}");
        served.account = opened["account"].as_str().unwrap().to_owned();
        served.key = opened["access_key"].as_str().unwrap().to_owned();
        served
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    pub async fn command(&self, number: u128, body: Value) -> (u16, Value) {
        let path = format!("/v1/commands/{}", uuid::Uuid::from_u128(number));
        self.call("PUT", &path, body).await
    }

    pub async fn account(&self) -> Value {
        self.call("GET", "/v1/account", Value::Null).await.1
    }
}
