//! Liveness, readiness and metrics on a listener of their own (e07, e09): alive is not ready.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::descriptors::Spared;
use super::operated::{Operated, READY};
use crate::app::{App, kept_secret};
use crate::store::{StoreError, Tx};
use crate::telemetry::dropped_lines;
use crate::telemetry::metrics::{self, Kept, METRICS, Outbox, Ready};

/// The form of what Prometheus reads.
const FORM: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A dependency that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// A letter that has waited for so long is late: a mail server that asks to come again later gets it before.
const LATE_S: i64 = 30 * 60;

/// Serves `/healthz`, `/readyz` and `/metrics` until told to stop, also where clients have taken every descriptor.
pub(super) async fn serve(listener: TcpListener, operated: Arc<Operated>, stop: CancellationToken) {
    let routes = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(counted))
        .with_state(operated);
    let served =
        async { axum::serve(Spared::new(listener)?, routes).with_graceful_shutdown(stop.cancelled_owned()).await };
    if let Err(error) = served.await {
        tracing::error!(%error, "the health listener ended");
    }
}

/// What was counted, for Prometheus (e07). A database that does not answer leaves the outbox out, and nothing else.
async fn counted(State(operated): State<Arc<Operated>>) -> Response {
    let app = &operated.app;
    let (database, redis, outbox) =
        tokio::join!(database(app), app.sessions.ping(), tokio::time::timeout(PATIENCE, outbox(app)));
    let outbox = outbox.ok().and_then(Result::ok);
    // What is refused on other nodes counts too.
    let _ = tokio::time::timeout(PATIENCE, kept_secret::refusals(app)).await;
    let (edition, last) = (app.current.edition(), operated.reloader.last());
    let kept = Kept {
        cached: count(app.sessions.cached()),
        agencies: count(operated.agencies()),
        edition: edition.number,
        digest: edition.digest,
        is_doubtful: app.store.doubt().is_some(),
        is_refused: last.as_ref().is_some_and(|last| last.outcome.is_err()),
        flaws: count(operated.reloader.flaws().len()),
        missing: count(operated.reloader.missing()),
        gone: count(operated.reloader.gone().len()),
        ready: parts(&operated, database, redis.map(|redis| redis.is_ok()), outbox),
        outbox,
        dropped_lines: dropped_lines(),
        certificates: operated.reloader.ageing.ends(),
        own_certificates: operated.reloader.ageing.ends_to_extranets(),
        started: operated.started.as_second(),
        hash_queue: count(app.hasher.limit()),
        most_connections: count(operated.most_connections),
    };
    ([(http::header::CONTENT_TYPE, FORM)], metrics::text(&METRICS, &kept)).into_response()
}

/// Each part that has to be ready; whether letters are late is not known without the database.
fn parts(operated: &Operated, database: &str, redis: Option<bool>, outbox: Option<Outbox>) -> Vec<Ready> {
    let late = u64::try_from(LATE_S).unwrap_or(u64::MAX);
    let parts = [
        ("gateway", Some(operated.state() == READY)),
        ("database", Some(database == "ready")),
        ("redis", redis),
        ("mail", outbox.map(|outbox| outbox.oldest_seconds < late)),
    ];
    parts.into_iter().filter_map(|(part, is_ready)| Some(Ready { part, is_ready: is_ready? })).collect()
}

async fn outbox(app: &App) -> Result<Outbox, StoreError> {
    let mut tx = app.store.read().await?;
    let counts = tx.outbox_counts().await?;
    let waits = waits(app, &mut tx).await?;
    let [queued, held, abandoned, oldest_seconds] =
        [counts.queued, counts.held, counts.abandoned, waits].map(|number| u64::try_from(number).unwrap_or(0));
    Ok(Outbox { queued, held, abandoned, oldest_seconds })
}

/// Seconds that the oldest letter has waited for.
async fn waits(app: &App, tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(tx.oldest_letter_at().await?.map_or(0, |oldest| app.now().duration_since(oldest).as_secs()))
}

/// Whether letters go out. Late ones make nobody unready: residents are served, and no other node would send them.
async fn letters(app: &App) -> &'static str {
    let waits = async { waits(app, &mut app.store.read().await?).await };
    match tokio::time::timeout(PATIENCE, waits).await {
        Ok(Ok(waits)) if waits < LATE_S => "ready",
        Ok(Ok(_)) => "late",
        Ok(Err(_)) | Err(_) => "unknown",
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Ready, or the name of what is not.
async fn ready(State(operated): State<Arc<Operated>>) -> Response {
    let database = database(&operated.app).await;
    let gateway = operated.state();
    let sessions = match operated.app.sessions.ping().await {
        None => None,
        Some(Ok(())) => Some("ready"),
        Some(Err(_)) => Some("failing"),
    };
    let is_ready = database == "ready" && gateway == READY && sessions.is_none_or(|redis| redis == "ready");
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A reload that was refused makes nobody unready: what is in force is good. `vestibule status` says what was wrong.
    let last = operated.reloader.last();
    let configuration = match last {
        Some(last) if last.outcome.is_err() => "last reload refused",
        _ if !operated.reloader.gone().is_empty() => "agencies are missing",
        _ => "ready",
    };
    let edition = operated.app.current.edition();
    let mut said = serde_json::json!({
        "ready": is_ready, "database": database, "gateway": gateway, "configuration": configuration,
        "edition": edition.number, "digest": format!("{:08x}", edition.digest),
        "agencies": operated.agencies(), "agencies_missing": operated.reloader.missing(),
        "letters": if database == "ready" { letters(&operated.app).await } else { "unknown" },
    });
    if let Some(doubt) = operated.app.store.doubt() {
        said["database_doubt"] = doubt.as_str().into();
    }
    if let Some(redis) = sessions {
        said["redis"] = redis.into();
    }
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
