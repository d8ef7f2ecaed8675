//! Signing in upstream on the way into an extranet, and again when its session is over (a07, a12).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::extranet_password;
use super::on_host::{Known, go_to_sign_in, known_here, own_host};
use super::relayed;
use crate::app::Fault;
use crate::app::enter_extranet::{Entered, enter, start};
use crate::domain::agency::Agency;
use crate::domain::entry::{Entry, Renewals};
use crate::domain::kept_secret::Occasion;
use crate::domain::path::ReturnPath;
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::frames::{LeadsTo, way_out};
use crate::web::guest::Guest;
use crate::web::known::codes_query;
use crate::web::problem::{NO_VERDICT, Problem, REFUSES, told};
use crate::web::query::Params;

/// Sign-ins upstream in a row for one page, within the life of [`Kind::Renewals`], after which the extranet is taken to refuse (REL-042):
/// fewer than the redirects that browsers follow, more than somebody in a hurry clicks on « Accéder à l'espace client ».
const MOST_RENEWALS: u32 = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    #[serde(rename = "return")]
    return_to: String,
    /// The sign-in upstream that is over.
    over: String,
}

pub(super) async fn renew(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let return_to = ReturnPath::parse_or_home(&asked.return_to);
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    let Some(Known { house, session, link }) = known_here(&web, &guest, &host).await? else {
        return Ok(go_to_sign_in(&web, guest, &host));
    };
    guest.sees_who_is_here(&web).await;
    let agency = Arc::clone(&house.agency);
    let counted = renewals(&guest, &return_to);
    let over = Entry::parse(&asked.over);
    let occasion = if counted == Some(0) { Occasion::Arrival } else { Occasion::Renewal };
    let renewals = counted.unwrap_or(0);
    if renewals >= MOST_RENEWALS {
        guest.clear(Kind::Renewals);
        return Ok(refused(&web, guest, &agency));
    }
    match enter(&web.app, &guest.caller, &agency, &session, &link, (occasion, over)).await? {
        // Another account was opened while the extranet was asked: its cookies are not for this browser any more.
        Entered::In(_) if known_here(&web, &guest, &host).await?.is_none() => Ok(guest.go(return_to.as_str())),
        Entered::In(opened) => {
            relayed::hold(&mut guest, &agency, &opened.cookies);
            let arrives = occasion == Occasion::Arrival && return_to.is_home();
            let return_to = if arrives { start(&web.app, &agency, &link.id) } else { return_to };
            count(&mut guest, renewals + 1, &return_to, opened.entry);
            Ok(if relayed::are_strict(&agency, &opened.cookies) {
                guest.go_with_strict_cookies(return_to.as_str())
            } else {
                guest.go(return_to.as_str())
            })
        }
        Entered::Refused => Ok(refused(&web, guest, &agency)),
        Entered::Unnamed => Ok(Problem::page(StatusCode::FORBIDDEN, MessageName::Unnamed).into_response()),
        Entered::SecretRefused => {
            guest.clear(Kind::Renewals);
            // A page of a frame is none to come back to.
            let return_to = if guest.in_a_frame { ReturnPath::home() } else { return_to };
            let path = extranet_password::path(&agency, &link, &return_to);
            Ok(guest.go(&format!("{}{path}", web.portal_url())))
        }
        Entered::Silent => {
            let problem = Problem::page(StatusCode::BAD_GATEWAY, MessageName::ExtranetUnavailable);
            Ok(problem.because(NO_VERDICT).into_response())
        }
    }
}

fn refused(web: &Web, guest: Guest, agency: &Agency) -> Response {
    let action_url = format!("{}/account{}", web.portal_url(), codes_query(Some(agency)));
    let page = MessagePage { name: MessageName::ExtranetRefuses, action_url };
    told(guest.page_with(StatusCode::BAD_GATEWAY, web, Some(agency), &page), REFUSES)
}

/// The way on after somebody has come to this host: signed in upstream on the way, where that is needed. Only here a count
/// begins at none: that says to [`renew`] that the person arrives.
pub(super) fn arrive(mut guest: Guest, agency: &Agency, return_to: &ReturnPath) -> Response {
    if !agency.adapter.keeps_secret() {
        let start = return_to.is_home().then(|| agency.start_after(None));
        return guest.go(start.as_ref().unwrap_or(return_to).as_str());
    }
    let entry = known(&guest).and_then(|known| known.entry);
    count(&mut guest, 0, return_to, entry);
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return", return_to.as_str()).finish();
    guest.go(&format!("/.vestibule/renew?{query}"))
}

/// Sign-ins in a row for one page; another page has no count.
fn renewals(guest: &Guest, return_to: &ReturnPath) -> Option<u32> {
    known(guest).filter(|known| known.place == Renewals::place(return_to)).map(|known| known.count)
}

fn known(guest: &Guest) -> Option<Renewals> {
    guest.cookie(Kind::Renewals).and_then(Renewals::parse)
}

fn count(guest: &mut Guest, count: u32, return_to: &ReturnPath, entry: Option<Entry>) {
    let renewals = Renewals { count, place: Renewals::place(return_to), entry };
    guest.set(Kind::Renewals, &renewals.to_string(), Kind::Renewals.lasts());
}

/// The browser was given the cookies of a sign-in on another way than [`renew`]: for no page.
pub(super) fn note(guest: &mut Guest, entry: Option<Entry>) {
    let renewals = Renewals { count: 0, place: String::new(), entry };
    guest.set(Kind::Renewals, &renewals.to_string(), Kind::Renewals.lasts());
}

/// What a frame of the extranet shows that met a page of ours; who opens it otherwise is led to the sign-in, too.
pub(super) async fn frame(State(web): State<Arc<Web>>, guest: Guest, leads: Option<Extension<LeadsTo>>) -> Response {
    let Some(host) = own_host(&guest) else { return Problem::not_found().into_response() };
    match leads {
        Some(Extension(LeadsTo(to))) => way_out(guest, &web, to),
        None => go_to_sign_in(&web, guest, &host),
    }
}

/// The pages of the data plane's own troubles; it sets the status that fits.
pub(super) async fn problem(Path(name): Path<String>) -> Problem {
    let (status, name) = match name.as_str() {
        "extranet-unavailable" => (StatusCode::BAD_GATEWAY, MessageName::ExtranetUnavailable),
        "failed" => (StatusCode::INTERNAL_SERVER_ERROR, MessageName::Failed),
        "bad-request" => (StatusCode::BAD_REQUEST, MessageName::BadRequest),
        "unnamed" => (StatusCode::FORBIDDEN, MessageName::Unnamed),
        "old-login" => (StatusCode::FORBIDDEN, MessageName::OldLogin),
        "form-refused" => (StatusCode::FORBIDDEN, MessageName::FormRefused),
        "unavailable" => (StatusCode::SERVICE_UNAVAILABLE, MessageName::Unavailable),
        _ => (StatusCode::NOT_FOUND, MessageName::NotFound),
    };
    Problem::page(status, name)
}
