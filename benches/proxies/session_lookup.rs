//! The backend of the reference: asked by nginx (`auth_request`) for each request, it looks the session up in Redis and
//! answers whose it is. As lean as it can be: one thread, connections kept, commands of all requests on one connection.

use std::convert::Infallible;
use std::net::SocketAddr;

use http::header::COOKIE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tokio::net::TcpListener;

use crate::{COOKIE_NAME, Failed};

/// Where a session's resident is kept in Redis.
pub fn key(cookie: &str) -> String {
    format!("session:{cookie}")
}

/// Runs until it is killed.
pub fn run(listen: SocketAddr, redis: SocketAddr) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let connection = redis::Client::open(format!("redis://{redis}"))?.get_multiplexed_async_connection().await?;
        let listener = TcpListener::bind(listen).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = connection.clone();
            let service = service_fn(move |request| answer(request, connection.clone()));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

async fn answer(
    request: Request<Incoming>,
    mut redis: MultiplexedConnection,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    let resident = match cookie(&request) {
        Some(cookie) => redis.get::<_, Option<Vec<u8>>>(key(cookie)).await,
        None => Ok(None),
    };
    match resident {
        Ok(Some(resident)) => match HeaderValue::from_bytes(&resident) {
            Ok(resident) => {
                response.headers_mut().insert("x-resident", resident);
            }
            Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        },
        Ok(None) => *response.status_mut() = StatusCode::UNAUTHORIZED,
        Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
    }
    Ok(response)
}

fn cookie(request: &Request<Incoming>) -> Option<&str> {
    let line = request.headers().get(COOKIE)?.to_str().ok()?;
    line.split("; ").find_map(|pair| pair.strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}
