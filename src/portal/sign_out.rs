//! Signing out, from the portal and from within an extranet (a17, a18).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;

use super::on_host::{Known, go_to_sign_in, known_here, own_host};
use super::onward::Onward;
use super::{relayed, wording};
use crate::app::Fault;
use crate::app::sign_out::{self, UpstreamSession};
use crate::app::switch_account;
use crate::domain::access::{AskedFrom, asked_from};
use crate::domain::cookie::is_ours;
use crate::domain::logout::proof;
use crate::domain::routing::Host;
use crate::pages::portal::{LeavePage, MessageName};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::Person;
use crate::web::problem::Problem;
use crate::web::query::Params;

/// What the sign-in says next.
const SIGNED_OUT: &str = "notice=signed-out";

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, .. }: Person) -> Result<Response, Fault> {
    Ok(guest.page(&web, None, &LeavePage { action: "/logout", back: "/account".to_owned(), accounts: None }))
}

pub(super) async fn submit(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let mut way_in = wording::login_path_with(None, SIGNED_OUT);
    if let Some(session) = guest.session(&web).await? {
        // « Ce n'est pas moi » at an agency's link: somebody else signs in there.
        let meant = Onward::of(&fields);
        way_in = if let Some(agency) = meant.agency(&web) {
            format!("{}&{SIGNED_OUT}", wording::login_path_back(&agency, None, &meant.return_to()))
        } else {
            let home = web.app.home_of(&session.identity).await?.or_else(|| guest.known().cloned());
            wording::login_path_with(home.as_deref(), SIGNED_OUT)
        };
        sign_out::sign_out(&web.app, &guest.caller, &session).await?;
    }
    guest.clear(Kind::Session);
    guest.clear(Kind::Browser);
    // What stays on the agencies' hosts ends there, at the next visit.
    Ok(relayed::with_cleared_site(guest.go(&way_in)))
}

/// The extranet's own logout link leads here; following it ends nothing yet (SEC-070).
pub(super) async fn show_on_agency(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    let Some(Known { house, session, .. }) = known_here(&web, &guest, &host).await? else {
        return Ok(go_to_sign_in(&web, guest, &host));
    };
    guest.sees_who_is_here(&web).await;
    let has_others = switch_account::accounts(&web.app, &session).await?.len() > 1;
    let accounts = has_others.then_some("/.vestibule/accounts");
    let page = LeavePage { action: "/.vestibule/logout", back: "/".to_owned(), accounts };
    Ok(guest.page(&web, Some(&house.agency), &page))
}

/// The extranet's own logout button leads here too, with its own fields: what counts is that the browser says that this
/// very origin sent it.
pub(super) async fn submit_on_agency(
    State(web): State<Arc<Web>>,
    guest: Guest,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = header(HeaderName::from_static("sec-fetch-site"));
    if asked_from(header(header::ORIGIN), site, &host.origin()) != AskedFrom::Here {
        return Ok(Problem::page(StatusCode::FORBIDDEN, MessageName::FormRefused).into_response());
    }
    let known = known_here(&web, &guest, &host).await?;
    leave(&web, guest, &host, known, UpstreamSession::Open).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    /// What proves that the extranet said so.
    by: String,
}

/// The resident has left the extranet by its own way, and is led here with the proof (F6). Without it nothing ends.
pub(super) async fn left(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(said): Params<Said>,
) -> Result<Response, Fault> {
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    let is_proven = guest.session_cookie().is_some_and(|cookie| proof(&cookie) == said.by);
    if !is_proven {
        return Ok(guest.go("/.vestibule/logout"));
    }
    let known = known_here(&web, &guest, &host).await?;
    leave(&web, guest, &host, known, UpstreamSession::Over).await
}

/// Ends the session here, and upstream where it is not over, and everything of it in this browser.
async fn leave(
    web: &Web,
    mut guest: Guest,
    host: &Host,
    known: Option<Known>,
    upstream: UpstreamSession,
) -> Result<Response, Fault> {
    let mut deeper = Vec::new();
    let left = match &known {
        Some(known) => Some(known.house.clone()),
        None => host.remembered(guest.cookie(Kind::Account)),
    };
    if let Some(Known { house, session, link }) = known {
        deeper = sign_out::cookies_of(&web.app, &session, &house.agency.code).await?;
        match upstream {
            UpstreamSession::Open => sign_out::sign_out(&web.app, &guest.caller, &session).await?,
            UpstreamSession::Over => sign_out::left(&web.app, &guest.caller, &session, &link.id).await?,
        }
    }
    guest.clear(Kind::Session);
    guest.clear(Kind::Browser);
    guest.clear(Kind::Account);
    relayed::let_go(&mut guest);
    let deeper = deeper.iter().map(|(name, path)| (name.as_bytes(), path.as_bytes()));
    for (name, path) in deeper.filter(|(name, path)| *path != b"/" && !is_ours(name)) {
        guest.end(name, path);
    }
    let agency = left.as_ref().map(|house| &*house.agency);
    let to = format!("{}{}", web.portal_url(), wording::login_path_with(agency, SIGNED_OUT));
    Ok(relayed::with_cleared_site(guest.go(&to)))
}
