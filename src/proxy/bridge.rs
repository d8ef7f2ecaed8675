//! The bridge to our own pages: an axum router, called in process, no second hop; and the few answers that need no page.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HeaderName, LOCATION,
    RETRY_AFTER, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use tower::ServiceExt as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::fault::{Problem, ProxyError};
use super::front::guard::guard;
use super::front::wire::Wire;
use super::gate::Answer;
use crate::telemetry::traces;
use crate::web::Arrival;
use crate::web::frames::LeadsTo;
use crate::web::guest::FETCH_DEST;
use crate::web::problem::Reason;

/// Largest body of a form of ours, bytes.
const MAX_FORM: usize = 64 * 1024;
/// Longest time for such a body to come.
const FORM_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that nobody wants is read before the connection is closed, so that the answer is seen: a close
/// on unread bytes is a reset, which can overtake it. As much as a photograph that somebody sends to the wrong form.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// Longest time for that.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);
/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Writes an answer of ours; why it is 5xx, where a page says so. A body that is still under way ends the connection
/// afterwards.
///
/// # Errors
/// The client is gone, or a page broke off.
pub async fn write(pages: &Router, session: &mut Session, answer: Answer) -> Result<Option<&'static str>> {
    let response = match answer {
        Answer::Page(arrival) => relay(pages, session, arrival).await?,
        Answer::Problem(arrival, problem, status) => {
            self::problem(pages, session.req_header(), arrival, problem, status).await
        }
        Answer::LeadOut { arrival, to, ended } => {
            let mut request = aside(session.req_header(), "/.vestibule/frame", arrival);
            request.extensions_mut().insert(LeadsTo(to));
            end_cookies(call(pages, request).await?, ended)
        }
        Answer::Redirect { status, to, ended } => end_cookies(redirect(status, &to), ended),
        Answer::Unauthorized { login, json, ended } => end_cookies(unauthorized(&login, json), ended),
        Answer::Text(status, line) => text(status, &line),
        Answer::Refused(refusal) => {
            session.set_keepalive(None);
            text(refusal.status(), "Requête refusée. / Request refused.")
        }
    };
    let reason = response.extensions().get().map(|Reason(reason)| *reason);
    write_out(session, response).await.map(|()| reason)
}

/// Has the router answer a request.
async fn relay(pages: &Router, session: &mut Session, arrival: Arrival) -> Result<Response<Bytes>> {
    let body = match read_form(session).await? {
        Form::Read(body) => body,
        Form::TooLarge => return Ok(text(413, "Content too large")),
        Form::TooSlow => return Ok(text(408, "Request timeout")),
    };
    let head = session.req_header();
    let mut request = Request::new(Body::from(body));
    request.method_mut().clone_from(&head.method);
    request.uri_mut().clone_from(&head.uri);
    request.headers_mut().clone_from(&head.headers);
    request.extensions_mut().insert(arrival);
    call(pages, request).await
}

/// The page that tells of a problem, with this status; a page that cannot be had is replaced by one line.
async fn problem(
    pages: &Router,
    head: &RequestHeader,
    arrival: Arrival,
    problem: Problem,
    status: u16,
) -> Response<Bytes> {
    let id = arrival.request_id.to_string();
    let page = call(pages, aside(head, problem.path(), arrival)).await.ok();
    let page = page.filter(|page| page.headers().contains_key(CONTENT_TYPE));
    let response = page.unwrap_or_else(|| text_response(format!("{}\n{id}\n", problem.text())));
    with_status(response, status)
}

/// The request for a page of ours that was not asked for: it goes with what that has to know of the one that was.
fn aside(head: &RequestHeader, page: &'static str, arrival: Arrival) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static(page);
    for name in [ACCEPT_LANGUAGE, COOKIE, FETCH_DEST] {
        if let Some(value) = head.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    request.extensions_mut().insert(arrival);
    request
}

fn redirect(status: u16, to: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::SEE_OTHER);
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, location);
    response
}

fn text(status: u16, line: &str) -> Response<Bytes> {
    with_status(text_response(format!("{line}\n")), status)
}

fn with_status(mut response: Response<Bytes>, status: u16) -> Response<Bytes> {
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == 503 {
        response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

fn unauthorized(login: &str, json: bool) -> Response<Bytes> {
    let mut response = if json {
        let body = serde_json::json!({ "error": "sign_in_required", "login": login });
        let mut response = Response::new(Bytes::from(body.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    } else {
        text_response(format!("Connexion requise. / Sign-in required.\n{login}\n"))
    };
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

fn end_cookies(mut response: Response<Bytes>, ended: Vec<HeaderValue>) -> Response<Bytes> {
    for line in ended {
        response.headers_mut().append(SET_COOKIE, line);
    }
    response
}

fn text_response(text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

async fn call(pages: &Router, request: Request<Body>) -> Result<Response<Bytes>> {
    // In a task of its own: a page that panics is a fault that is told, not a connection that breaks off.
    let page = tokio::spawn(traces::carried(pages.clone().oneshot(request)));
    let Ok(response) = page.await.map_err(|_| ProxyError::PageBroke)?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| ProxyError::PageBroke)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

enum Form {
    Read(Bytes),
    TooLarge,
    TooSlow,
}

async fn read_form(session: &mut Session) -> Result<Form> {
    let headers = &session.req_header().headers;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_FORM) {
        return Ok(Form::TooLarge);
    }
    if headers.contains_key(EXPECT) && !session.is_body_empty() {
        session.write_continue_response().await?;
    }
    match tokio::time::timeout(FORM_TIMEOUT, read_whole(session)).await {
        Ok(whole) => Ok(whole?.map_or(Form::TooLarge, Form::Read)),
        Err(_) => Ok(Form::TooSlow),
    }
}

/// Forms have passwords in them: what is put together here is wiped once the page has read it.
async fn read_whole(session: &mut Session) -> Result<Option<Bytes>> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = session.read_request_body().await.map_err(pingora::Error::into_down)? {
        if body.len() + piece.len() > MAX_FORM {
            return Ok(None);
        }
        if body.is_empty() {
            // At once, because a vector that grows leaves what it held behind.
            body.reserve_exact(MAX_FORM);
        }
        body.extend_from_slice(&piece);
        if let Ok(mut piece) = piece.try_into_mut() {
            piece.as_mut().zeroize();
        }
    }
    Ok(Some(Bytes::from_owner(body)))
}

async fn write_out(session: &mut Session, response: Response<Bytes>) -> Result<()> {
    let (head, body) = response.into_parts();
    let mut header = ResponseHeader::build(head.status, Some(head.headers.len() + 4))?;
    copy_headers(&head.headers, &mut header)?;
    if !header.headers.contains_key(CACHE_CONTROL) {
        header.insert_header(CACHE_CONTROL, "no-store")?;
    }
    let bodiless = session.req_header().method == Method::HEAD
        || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless {
        header.insert_header(CONTENT_LENGTH, body.len())?;
    }
    guard(&mut header)?;
    if let Some(about) = Wire::about_of(session) {
        about.secure(&mut header)?;
    }
    session.write_response_header(Box::new(header), bodiless).await?;
    session.write_response_body((!bodiless).then_some(body), true).await?;
    discard_body(session).await;
    Ok(())
}

fn copy_headers(from: &HeaderMap, to: &mut ResponseHeader) -> Result<()> {
    let framing: [&HeaderName; 2] = [&CONNECTION, &TRANSFER_ENCODING];
    for (name, value) in from {
        if !framing.contains(&name) {
            to.append_header(name, value.clone())?;
        }
    }
    Ok(())
}

async fn discard_body(session: &mut Session) {
    if session.is_body_done() {
        return;
    }
    let mut discarded = 0;
    let discard = async {
        while let Ok(Some(piece)) = session.read_request_body().await {
            discarded += piece.len();
            if discarded > MAX_DISCARDED {
                break;
            }
        }
    };
    // Whether it ended or not, the connection is closed next.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, discard).await;
}
