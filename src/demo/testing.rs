//! What the demo's tests share: a server on a free port, and a browser that follows nothing by itself.

use std::future::Future;

use reqwest::{Client, redirect::Policy};
use tokio::net::TcpListener;

/// A listener on a free port, and its address as `host:port`.
pub(super) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Runs a server until the test's runtime ends.
pub(super) fn run(server: impl Future<Output = std::io::Result<()>> + Send + 'static) {
    tokio::spawn(server);
}

/// A browser with cookies; each redirect is looked at, none is followed.
pub(super) fn browser() -> Client {
    Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap()
}

/// The header of an answer, or an empty text.
pub(super) fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
