//! Liveness and readiness on a listener of their own (e09): alive is not ready.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::control::Operated;
use crate::app::App;

/// A dependency that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves `/healthz` and `/readyz` until told to stop.
pub(super) async fn serve(listener: TcpListener, operated: Arc<Operated>, stop: CancellationToken) {
    let routes =
        Router::new().route("/healthz", get(async || "alive\n")).route("/readyz", get(ready)).with_state(operated);
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the health listener ended");
    }
}

/// Ready, or the name of what is not.
async fn ready(State(operated): State<Arc<Operated>>) -> Response {
    let database = database(&operated.app).await;
    let gateway = if operated.stop.is_cancelled() { "stopping" } else { "ready" };
    let is_ready = database == "ready" && gateway == "ready";
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A reload that was refused makes nobody unready: what is in force is good. `vestibule status` says what was wrong.
    let configuration = match operated.reloader.last() {
        Some(last) if last.outcome.is_err() => "last reload refused",
        _ => "ready",
    };
    let said = serde_json::json!({
        "ready": is_ready, "database": database, "gateway": gateway, "configuration": configuration,
        "edition": operated.app.current.edition().number,
    });
    (status, Json(said)).into_response()
}

/// How the database is.
pub(super) async fn database(app: &App) -> &'static str {
    match tokio::time::timeout(PATIENCE, app.store.ping()).await {
        Ok(Ok(())) => "ready",
        Ok(Err(_)) => "failing",
        Err(_) => "silent",
    }
}
