//! The way from the portal to an agency's own host and back (a24).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::wording;
use crate::app::Fault;
use crate::app::hand_over::{self, Handed};
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::routing::Place;
use crate::domain::secret::{Secret, SecretDigest, long_secret};
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
    #[serde(rename = "return")]
    return_to: String,
}

/// The agency on whose host a page of ours was asked for.
pub(super) fn own_agency(guest: &Guest) -> Option<Arc<Agency>> {
    match &guest.arrival.place {
        Place::Own(agency) => Some(Arc::clone(agency)),
        Place::Portal | Place::Extranet(_) | Place::Nowhere => None,
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// On the agency's host: gives the browser a secret, and asks the portal for a code bound to it.
pub(super) async fn begin(State(web): State<Arc<Web>>, mut guest: Guest, Asked(asked): Asked<Said>) -> Response {
    let Some(agency) = own_agency(&guest) else { return Problem::not_found().into_response() };
    // Several tabs at once share one secret, or each would undo the other's.
    let held = guest.secret_cookie(Kind::Bind);
    let bind = held.unwrap_or_else(|| long_secret(&*web.app.dice));
    guest.set(Kind::Bind, bind.expose(), None);
    let query = query(&[
        ("client", agency.code.client()),
        ("societe", agency.code.societe()),
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
    match hand_over::hand_over(&web.app, &guest.caller, &session, &agency, bind, &return_to).await? {
        Handed::Code(code) => {
            let query = query(&[("code", code.expose()), ("return", return_to.as_str())]);
            Ok(guest.go(&format!("{}/.vestibule/enter?{query}", agency.public)))
        }
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
    let Some(agency) = own_agency(&guest) else { return Ok(Problem::not_found().into_response()) };
    let Some(bind) = guest.secret_cookie(Kind::Bind) else {
        let action_url = format!("{}{}", web.portal_url(), wording::login_path(Some(&agency)));
        let page = MessagePage { name: MessageName::CookiesNeeded, action_url, request_id: None };
        return Ok(guest.page_with(StatusCode::FORBIDDEN, &web, Some(&agency), &page));
    };
    let entered = hand_over::enter(&web.app, &agency, &Secret::new(asked.code), &bind).await?;
    let Some((cookie, return_to)) = entered else {
        // A code that was used, is too old or belongs to another browser, or to a tab that was opened at the same moment:
        // the portal gives another one, for the same page.
        let back = query(&[("return", ReturnPath::parse_or_home(&asked.return_to).as_str())]);
        return Ok(guest.go(&format!("{}{}&{back}", web.portal_url(), wording::login_path(Some(&agency)))));
    };
    guest.set(Kind::Session, cookie.expose(), None);
    Ok(match agency.adapter {
        Adapter::FormReplay(_) => guest.go(&format!("/.vestibule/renew?{}", query(&[("return", return_to.as_str())]))),
        Adapter::HttpBasic(_) | Adapter::TrustedHeaders => guest.go(return_to.as_str()),
    })
}
