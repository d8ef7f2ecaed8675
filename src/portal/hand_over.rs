//! The way from the portal to an agency's own host and back (a24).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::on_host::{go_to_sign_in, known_here, own_host, sign_in_again};
use super::relayed::{self, Before};
use super::{enter_extranet, no_account_here, shared_host, wording};
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::app::hand_over::{self, Entered, Handed, Request};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::domain::routing::{Host, House};
use crate::domain::secret::{Secret, SecretDigest, long_secret};
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;
use crate::web::hand_over::named_on_its_host;
use crate::web::problem::Problem;
use crate::web::query::Params;

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

/// The house that a request to this host means: on a shared one, that of the agency which it names.
fn named(host: &Host, guest: &Guest, asked: &Said) -> Option<House> {
    match host {
        Host::House(house) => Some(house.clone()),
        Host::Shared(shared) => {
            let code = AgencyCode::parse(&asked.client, &asked.societe);
            code.and_then(|code| shared.house(&code)).or_else(|| host.remembered(guest.cookie(Kind::Account)))
        }
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// On the agency's host: gives the browser a secret, and asks the portal for a code bound to it.
pub(super) async fn begin(State(web): State<Arc<Web>>, mut guest: Guest, Params(asked): Params<Said>) -> Response {
    let Some(host) = own_host(&guest) else { return Problem::not_found().into_response() };
    let return_to = ReturnPath::parse_or_home(&asked.return_to);
    let Some(house) = named(&host, &guest, &asked) else {
        let path = shared_host::path(host.origin().host(), Some(&return_to));
        return guest.go(&format!("{}{path}", web.portal_url()));
    };
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
        ("return", return_to.as_str()),
    ]);
    guest.go(&format!("{}/hand-over?{query}", web.portal_url()))
}

/// On the portal: gives the code, or shows what comes first.
pub(super) async fn hand_over(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let found = agency_codes::find(&web.app, &guest.caller, &asked.client, &asked.societe).await?;
    let Found::Agency(agency) = found else {
        let to = guest.way_in(&web);
        return Ok(guest.go(&to));
    };
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
            let mut query = named_on_its_host(&agency);
            query.append_pair("code", code.expose()).append_pair("return", return_to.as_str());
            Ok(guest.go(&format!("{origin}/.vestibule/enter?{}", query.finish())))
        }
        Handed::AtHome(account) => Ok(guest.go_into_account(&agency, &account, return_to.as_str())),
        Handed::Choose => Ok(guest.go(&format!("/accounts?{way_back}"))),
        Handed::SessionOver => Ok(guest.go(&format!("/login?{way_back}"))),
        Handed::OwesTerms => Ok(guest.go(&format!("/terms?{way_back}"))),
        Handed::NoAccount => {
            no_account_here::show(guest, &web, (&session, &agency), &return_to, StatusCode::FORBIDDEN).await
        }
    }
}

/// On the agency's host: takes the code and sets this host's own cookie.
pub(super) async fn enter(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    let Some(bind) = guest.secret_cookie(Kind::Bind) else {
        let house = named(&host, &guest, &asked);
        let agency = house.as_ref().map(|house| &*house.agency);
        let action_url = format!("{}{}", web.portal_url(), wording::login_path(agency));
        let page = MessagePage { name: MessageName::CookiesNeeded, action_url };
        return Ok(guest.page_with(StatusCode::FORBIDDEN, &web, agency, &page));
    };
    if guest.session_cookie().is_some() && known_here(&web, &guest, &host).await?.is_none() {
        relayed::let_go(&mut guest);
    }
    let entered = hand_over::enter(&web.app, &host, &Secret::new(asked.code.as_str()), &bind).await?;
    let Some(Entered { house, cookie, account, return_to }) = entered else {
        // A code that was used, is too old or belongs to another browser, or to a tab that was opened at the same moment:
        // the portal gives another one, for the same page.
        let return_to = ReturnPath::parse_or_home(&asked.return_to);
        return Ok(match named(&host, &guest, &asked) {
            Some(house) => guest.go(&sign_in_again(&web, &house, &return_to)),
            None => go_to_sign_in(&web, guest, &host),
        });
    };
    let agency = &house.agency;
    guest.set(Kind::Session, cookie.expose(), None);
    let before = relayed::arrive(&mut guest, agency, &account);
    let response = enter_extranet::arrive(guest, agency, &return_to);
    Ok(match before {
        Before::Nothing => response,
        Before::Another => relayed::with_cleared_site(response),
    })
}
