//! Calm pages for what went wrong: one place for all of them.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

use super::Web;
use super::again::again;
use super::back::login_path;
use super::cookies::Kind;
use super::fields::Typed;
use super::guest::Guest;
use super::known::codes_query;
use super::problem::{Cause, Problem, RETRY_AFTER, Reason, status_of};
use crate::app::Fault;
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::routing::Place;
use crate::pages::portal::{MessageName, MessagePage};
use crate::pages::{Page, Pages};

/// Where it is found out whether a browser keeps cookies.
const COOKIES_NEEDED: &str = "/cookies-needed";

/// Makes a page of every [`Problem`], in the language and with the request id of who asked.
pub async fn calmly(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let typed = Typed::default();
    parts.extensions.insert(typed.clone());
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let Ok(mut guest) = Guest::from_request_parts(&mut asked, &web).await;
    if problem.name == MessageName::FormRefused
        && guest.secret_cookie(Kind::Browser).is_none()
        && guest.sent_from_here(&web)
    {
        let page = guest.page_before(&web).unwrap_or_else(ReturnPath::home);
        let mut query = url::form_urlencoded::Serializer::new(format!("{COOKIES_NEEDED}?"));
        return guest.go(&query.append_pair("back", page.as_str()).finish());
    }
    let problem = if problem.name == MessageName::FormRefused && is_of_an_ended_session(&mut guest, &web).await {
        guest.comes_after_the_end();
        Problem::page(StatusCode::UNAUTHORIZED, MessageName::SessionOver)
    } else {
        problem
    };
    let request_id = guest.arrival.request_id.to_string();
    if let Some(Cause(cause)) = response.extensions().get() {
        tracing::error!(request_id, fault = cause, "a request failed");
    }
    // Where something of ours fails, only what the request itself tells is worth a look: whatever says who is signed in may be
    // what does not answer.
    if !problem.status.is_server_error() && matches!(guest.arrival.place, Place::Portal) {
        guest.learn_of_run(&web).await;
        // A session that cannot be looked up is none to this page.
        let _ = guest.session(&web).await;
    } else if !problem.status.is_server_error() || problem.name == MessageName::ExtranetUnavailable {
        guest.sees_who_is_here(&web).await;
    }
    let again = match problem.name {
        MessageName::Unavailable | MessageName::TooMany => {
            typed.take().and_then(|fields| again(&fields, problem.name, &guest.here))
        }
        _ => None,
    };
    let page = MessagePage { name: problem.name, action_url: way_on(&guest, &web, problem.name) };
    if matches!(problem.status.as_u16(), 403 | 404 | 405 | 413) {
        // It was no form of ours that was sent, and no page held it.
        guest.stands_nowhere();
    }
    let mut page = match again {
        Some((code, again)) => {
            let agency = code.and_then(|code| web.app.directory().agency(&code).cloned());
            guest.page_with(problem.status, &web, agency.as_deref(), &again)
        }
        None => guest.page_with(problem.status, &web, None, &page),
    };
    if page.extensions().get::<Problem>().is_some() {
        // The engine itself fails: the built-in page needs nothing.
        page = (problem.status, axum::response::Html(Pages::fallback(&request_id))).into_response();
    }
    page.extensions_mut().insert(Reason(problem.reason));
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// Whether a form of a page that wants somebody signed in was refused because whoever sent it is not any more: with the
/// session goes what the form was made for.
async fn is_of_an_ended_session(guest: &mut Guest, web: &Web) -> bool {
    let wants_somebody = matches!(guest.arrival.place, Place::Portal) && guest.here.starts_with("/account");
    wants_somebody && guest.sent_from_here(web) && matches!(guest.session(web).await, Ok(None))
}

/// Where the button of such a page leads: the page itself again where trying again may help, the account where only that is
/// open, else the way in.
fn way_on(guest: &Guest, web: &Web, name: MessageName) -> String {
    match name {
        MessageName::SessionOver => guest.way_in(web),
        MessageName::Unnamed | MessageName::OldLogin => {
            format!("{}/account{}", web.portal_url(), codes_query(guest.known().map(AsRef::as_ref)))
        }
        MessageName::ExtranetUnavailable | MessageName::Unavailable | MessageName::TooMany | MessageName::Failed
            if guest.here.starts_with('/') && !guest.here.starts_with("/.vestibule/problem/") =>
        {
            guest.here.clone()
        }
        // The page of the form.
        MessageName::FormRefused if guest.sent_from_here(web) && guest.page_before(web).is_some() => {
            guest.page_before(web).map_or_else(String::new, |page| page.as_str().to_owned())
        }
        // Old credentials are typed there although somebody is signed in.
        MessageName::StartAgain if guest.is_signed_in => {
            let known = guest.known().map(AsRef::as_ref);
            format!(
                "/login{}",
                known.map_or_else(|| "?attach=1".to_owned(), |agency| codes_query(Some(agency)) + "&attach=1")
            )
        }
        // The extranet itself, or the accounts of who is signed in.
        _ if guest.arrival.place.host().is_some() || guest.is_signed_in => "/".to_owned(),
        _ => login_path(guest.known().map(AsRef::as_ref)),
    }
}

/// The page of a form again, with what was typed into it, since something of ours failed (REL-015). The page says
/// [`alert_of`](super::problem::alert_of) the fault.
pub fn try_again<P: Page>(guest: Guest, web: &Web, agency: Option<&Agency>, page: &P, fault: &Fault) -> Response {
    let (status, _) = status_of(fault);
    if status.is_server_error() {
        let Cause(cause) = Cause::of(fault);
        tracing::error!(request_id = %guest.arrival.request_id, fault = cause, "a request failed");
    }
    let mut response = guest.page_with(status, web, agency, page);
    response.extensions_mut().insert(Reason(fault.reason()));
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}
