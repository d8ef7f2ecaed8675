//! The way from the portal to an agency's own host and back (a24).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::relayed::{self, Before};
use super::wording;
use crate::app::Fault;
use crate::app::hand_over::{self, Entered, Handed, Request};
use crate::domain::identity::{AccountLabel, Link};
use crate::domain::path::ReturnPath;
use crate::domain::routing::{House, Place};
use crate::domain::secret::{Secret, SecretDigest, long_secret};
use crate::domain::session::Session;
use crate::domain::upstream::Adapter;
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;
use crate::web::problem::Problem;
use crate::web::query::Asked;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    bind: String,
    code: String,
    account: String,
    #[serde(rename = "return")]
    return_to: String,
}

/// The host of an agency on which a page of ours was asked for.
pub(super) fn own_house(guest: &Guest) -> Option<House> {
    match &guest.arrival.place {
        Place::Own(house) => Some(house.clone()),
        Place::Portal | Place::Extranet(_) | Place::Nowhere => None,
    }
}

/// Who is signed in on this host, with the account that is entered on it.
pub(super) async fn known_here(web: &Web, guest: &Guest, house: &House) -> Result<Option<(Session, Link)>, Fault> {
    let Some(cookie) = guest.session_cookie() else { return Ok(None) };
    let known = web.app.sessions.of_agency(cookie, web.app.now()).await?;
    Ok(known.filter(|(_, link)| link.account.agency == house.agency.code && house.is_home_of(&link.label())))
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// On the agency's host: gives the browser a secret, and asks the portal for a code bound to it.
pub(super) async fn begin(State(web): State<Arc<Web>>, mut guest: Guest, Asked(asked): Asked<Said>) -> Response {
    let Some(house) = own_house(&guest) else { return Problem::not_found().into_response() };
    let agency = &house.agency;
    let account = house.account.clone().or_else(|| AccountLabel::parse(&asked.account));
    // Several tabs at once share one secret, or each would undo the other's.
    let held = guest.secret_cookie(Kind::Bind);
    let bind = held.unwrap_or_else(|| long_secret(&*web.app.dice));
    guest.set(Kind::Bind, bind.expose(), None);
    let query = query(&[
        ("client", agency.code.client()),
        ("societe", agency.code.societe()),
        ("account", account.as_ref().map_or("", AccountLabel::as_str)),
        ("bind", &bind.digest().to_hex()),
        ("return", ReturnPath::parse_or_home(&asked.return_to).as_str()),
    ]);
    guest.go(&format!("{}/hand-over?{query}", web.portal_url()))
}

/// On the portal: gives the code, or shows what comes first.
pub(super) async fn hand_over(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Asked(asked): Asked<Said>,
) -> Result<Response, Fault> {
    let Some(agency) = web.app.agency(&asked.client, &asked.societe) else { return Ok(guest.go("/login")) };
    let return_to = ReturnPath::parse_or_home(&asked.return_to);
    let way_back =
        query(&[("client", agency.code.client()), ("societe", agency.code.societe()), ("return", return_to.as_str())]);
    let (Some(session), Some(bind)) = (guest.session(&web).await?, SecretDigest::from_hex(&asked.bind)) else {
        return Ok(guest.go(&format!("/login?{way_back}")));
    };
    let account = AccountLabel::parse(&asked.account);
    let origin = account.as_ref().map_or_else(|| agency.public.clone(), |account| agency.origin_of(account));
    let request = Request { agency: &agency, account, browser: bind, return_to: &return_to };
    match hand_over::hand_over(&web.app, &guest.caller, &session, request).await? {
        Handed::Code(code) => {
            let query = query(&[("code", code.expose()), ("return", return_to.as_str())]);
            Ok(guest.go(&format!("{origin}/.vestibule/enter?{query}")))
        }
        Handed::AtHome(account) => Ok(guest.go_into_account(&agency, &account, return_to.as_str())),
        Handed::Choose => Ok(guest.go(&format!("/accounts?{way_back}"))),
        Handed::OwesTerms => Ok(guest.go(&format!("/terms?{way_back}"))),
        Handed::NoAccount => {
            let action_url = wording::login_path(Some(&agency));
            let page = MessagePage { name: MessageName::NoAccountHere, action_url, request_id: None };
            Ok(guest.page_with(StatusCode::FORBIDDEN, &web, Some(&agency), &page))
        }
    }
}

/// On the agency's host: takes the code and sets this host's own cookie.
pub(super) async fn enter(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Asked(asked): Asked<Said>,
) -> Result<Response, Fault> {
    let Some(house) = own_house(&guest) else { return Ok(Problem::not_found().into_response()) };
    let agency = &house.agency;
    let Some(bind) = guest.secret_cookie(Kind::Bind) else {
        let action_url = format!("{}{}", web.portal_url(), wording::login_path(Some(agency)));
        let page = MessagePage { name: MessageName::CookiesNeeded, action_url, request_id: None };
        return Ok(guest.page_with(StatusCode::FORBIDDEN, &web, Some(agency), &page));
    };
    let entered = hand_over::enter(&web.app, &house, &Secret::new(asked.code), &bind).await?;
    let Some(Entered { cookie, account, return_to }) = entered else {
        // A code that was used, is too old or belongs to another browser, or to a tab that was opened at the same moment:
        // the portal gives another one, for the same page.
        let back = query(&[("return", ReturnPath::parse_or_home(&asked.return_to).as_str())]);
        return Ok(guest.go(&format!("{}{}&{back}", web.portal_url(), wording::login_path(Some(agency)))));
    };
    guest.set(Kind::Session, cookie.expose(), None);
    let before = relayed::arrive(&mut guest, &account);
    let response = match agency.adapter {
        Adapter::FormReplay(_) => guest.go(&format!("/.vestibule/renew?{}", query(&[("return", return_to.as_str())]))),
        Adapter::HttpBasic(_) | Adapter::TrustedHeaders => guest.go(return_to.as_str()),
    };
    Ok(match before {
        Before::Nothing => response,
        Before::Another => relayed::with_cleared_site(response),
    })
}
