//! Test that the catalog's ETag is the hash of its content.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use boothkeeper_cloud::processor::Payments;
use boothkeeper_wire::content_tag;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::served::Served;

#[tokio::test]
async fn catalog_is_not_sent_again_if_request_names_its_etag() {
    let served = Served::start(Payments::simulated).await;
    let ask = async |known: &str| {
        let request = Request::get("/v1/catalog")
            .header(header::AUTHORIZATION, format!("Bearer {}", served.key))
            .header(header::IF_NONE_MATCH, known)
            .body(Body::empty())
            .unwrap();
        let response = served.router.clone().oneshot(request).await.unwrap();
        let tag = response.headers()[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, tag, body)
    };
    let (status, tag, body) = ask("\"2\"").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        tag,
        content_tag(&body),
        "the tag is of the bytes that are sent"
    );
    let (status, again, body) = ask(&tag).await;
    assert_eq!(
        (status, again, body.len()),
        (StatusCode::NOT_MODIFIED, tag, 0)
    );
}
