//! The way to the collector: spans leave from a thread of their own, over a connection on our runtime.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

use crate::telemetry::metrics::METRICS;

/// The longest wait for the collector.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// No collector answers more.
const ANSWER: usize = 64 * 1024;

/// Sends batches of spans.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
}

impl Collector {
    /// On the runtime that this is called in.
    pub(super) fn new() -> Result<Self, HttpError> {
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), runtime: Handle::try_current()? })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = async move {
            let response = client.request(request.map(Full::new)).await?;
            let (head, body) = response.into_parts();
            Ok::<_, HttpError>(Response::from_parts(head, Limited::new(body, ANSWER).collect().await?.to_bytes()))
        };
        // Who asks is no thread of the runtime.
        let sent = self.runtime.spawn(async { tokio::time::timeout(PATIENCE, sending).await }).await;
        let sent = sent.map_err(HttpError::from).and_then(|sent| sent?);
        let taken = sent.as_ref().is_ok_and(|response| response.status().is_success());
        METRICS.trace_batches.add(if taken { "sent" } else { "failed" });
        sent
    }
}
