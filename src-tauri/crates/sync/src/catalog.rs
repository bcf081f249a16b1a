//! The cloud's catalog, stored beside the local copy: previews are computed with the prices and policies that the cloud
//! has, not with those that this version of the app was built with.

use boothkeeper_store::{Cache, StoreError};

use crate::{Client, LocalCopy, SyncError};

/// Fetches the catalog if the cloud's differs from the stored one, or if the stored one is damaged. A fetched catalog
/// that does not parse is ignored, and the stored one stays.
pub async fn refresh_catalog(client: &Client, laptop: &LocalCopy) -> Result<(), SyncError> {
    let known = laptop
        .blocking(|laptop| match laptop.read(readable) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            document => Ok(document?),
        })
        .await?;
    match client.catalog(known.as_deref()).await {
        Ok(Some(document)) => {
            laptop
                .blocking(move |laptop| Ok(laptop.cache().set_catalog(&document)?))
                .await
        }
        Ok(None) | Err(SyncError::Malformed(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The stored catalog document, if it parses. Its hash asks the cloud whether there is another.
fn readable(cache: &Cache) -> Result<Option<String>, StoreError> {
    match cache.catalog()? {
        Some(_) => cache.catalog_document(),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use boothkeeper_domain::Zone;
    use boothkeeper_domain::{Amount, Catalog, Programme};
    use boothkeeper_wire::{API_HEADER, content_tag};
    use bytes::Bytes;
    use http::{Request, Response, StatusCode, header};
    use http_body_util::{BodyExt, Full};
    use tower::service_fn;

    use super::*;
    use crate::clock::SystemClock;
    use crate::transport::{Body, Transport, TransportError};

    /// A cloud that serves one document as its catalog, tagged by its content, and counts how often it sends the
    /// document.
    #[derive(Clone, Default)]
    struct Served(Arc<Mutex<(String, u32)>>);

    impl Served {
        fn client(&self) -> Client {
            let served = self.clone();
            let transport = Transport::new(service_fn(move |request: Request<Bytes>| {
                let answer = served.answer(&request);
                async move { Ok::<_, TransportError>(answer) }
            }));
            Client::new(transport, "http://cloud", None)
        }

        fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
            let mut served = self.0.lock().unwrap();
            let tag = content_tag(served.0.as_bytes());
            let known = request.headers().get(header::IF_NONE_MATCH);
            let (status, body) = match known.is_some_and(|known| *known == tag) {
                true => (StatusCode::NOT_MODIFIED, Bytes::new()),
                false => {
                    served.1 += 1;
                    (StatusCode::OK, Bytes::from(served.0.clone()))
                }
            };
            let body = Full::new(body).map_err(|never| match never {});
            Response::builder()
                .status(status)
                .header(API_HEADER, "1")
                .header(header::ETAG, tag)
                .body(body.boxed_unsync())
                .unwrap()
        }

        fn serve(&self, catalog: &Catalog) {
            self.0.lock().unwrap().0 = serde_json::to_string(catalog).unwrap();
        }

        fn sent(&self) -> u32 {
            self.0.lock().unwrap().1
        }
    }

    fn kept(laptop: &LocalCopy) -> Option<Catalog> {
        laptop.read(Cache::catalog).unwrap()
    }

    #[tokio::test]
    async fn catalog_with_changed_price_and_same_version_is_fetched_once() {
        let (served, mut catalog) = (
            Served::default(),
            Catalog::shipped(Programme::Booth).unwrap(),
        );
        served.serve(&catalog);
        let laptop = LocalCopy::in_memory(Zone::utc(), Arc::new(SystemClock)).unwrap();
        let client = served.client();
        for _ in 0..3 {
            refresh_catalog(&client, &laptop).await.unwrap();
        }
        assert_eq!((served.sent(), kept(&laptop)), (1, Some(catalog.clone())));
        catalog.services[0].prices[0].amount = Amount::of(7);
        served.serve(&catalog);
        for _ in 0..3 {
            refresh_catalog(&client, &laptop).await.unwrap();
        }
        assert_eq!((served.sent(), kept(&laptop)), (2, Some(catalog)));
    }

    #[tokio::test]
    async fn stored_catalog_that_is_damaged_or_not_the_clouds_is_fetched_again() {
        let (served, catalog) = (
            Served::default(),
            Catalog::shipped(Programme::Studio).unwrap(),
        );
        served.serve(&catalog);
        let laptop = LocalCopy::in_memory(Zone::utc(), Arc::new(SystemClock)).unwrap();
        let client = served.client();
        let mut cheaper = catalog.clone();
        cheaper.services[0].prices[0].amount = Amount::of(0);
        let cheaper = serde_json::to_string(&cheaper).unwrap();
        for (kept_before, sent) in [("{", 1), (cheaper.as_str(), 2)] {
            laptop.cache().set_catalog(kept_before).unwrap();
            refresh_catalog(&client, &laptop).await.unwrap();
            assert_eq!(
                (served.sent(), kept(&laptop)),
                (sent, Some(catalog.clone()))
            );
        }
    }

    #[tokio::test]
    async fn fetched_catalog_that_does_not_parse_does_not_replace_the_stored_catalog() {
        let (served, catalog) = (
            Served::default(),
            Catalog::shipped(Programme::Booth).unwrap(),
        );
        served.serve(&catalog);
        let laptop = LocalCopy::in_memory(Zone::utc(), Arc::new(SystemClock)).unwrap();
        refresh_catalog(&served.client(), &laptop).await.unwrap();
        served.0.lock().unwrap().0 = r#"{"version":3}"#.into();
        refresh_catalog(&served.client(), &laptop).await.unwrap();
        assert_eq!(kept(&laptop), Some(catalog));
    }
}
