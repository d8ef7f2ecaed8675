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

use crate::app::App;

/// A dependency that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves `/healthz` and `/readyz` until told to stop.
pub(super) async fn serve(listener: TcpListener, app: Arc<App>, stop: CancellationToken) {
    let routes = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .with_state((app, stop.clone()));
    let served = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "the health listener ended");
    }
}

/// Ready, or the name of what is not.
async fn ready(State((app, stop)): State<(Arc<App>, CancellationToken)>) -> Response {
    let database = match tokio::time::timeout(PATIENCE, app.store.ping()).await {
        Ok(Ok(())) => "ready",
        Ok(Err(_)) => "failing",
        Err(_) => "silent",
    };
    let sessions = match app.sessions.ping().await {
        None => None,
        Some(Ok(())) => Some("ready"),
        Some(Err(_)) => Some("failing"),
    };
    let gateway = if stop.is_cancelled() { "stopping" } else { "ready" };
    let is_ready = database == "ready" && gateway == "ready" && sessions.is_none_or(|redis| redis == "ready");
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut told = serde_json::json!({ "ready": is_ready, "database": database, "gateway": gateway });
    if let Some(redis) = sessions {
        told["redis"] = redis.into();
    }
    (status, Json(told)).into_response()
}
