//! Signing out, from the portal and from within an extranet (a17, a18).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::hand_over::{known_here, own_house};
use super::{account, relayed, wording};
use crate::app::{Fault, sign_out};
use crate::domain::access::{From as AskedFrom, asked_from};
use crate::pages::portal::{LeavePage, MessageName};
use crate::web::Web;
use crate::web::cookies::{Kind, is_ours};
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::Problem;

pub(super) async fn show(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    let (guest, _) = match account::signed_in(&web, guest).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    Ok(guest.page(&web, None, &LeavePage { action: "/logout", back: "/account".to_owned() }))
}

pub(super) async fn submit(State(web): State<Arc<Web>>, mut guest: Guest, _: Fields) -> Result<Response, Fault> {
    let mut home = None;
    if let Some(session) = guest.session(&web).await? {
        home = web.app.home_of(&session.identity).await?;
        sign_out::sign_out(&web.app, &guest.caller, &session).await?;
    }
    guest.clear(Kind::Session);
    guest.clear(Kind::Browser);
    Ok(guest.go(&wording::login_path_with(home.as_deref(), "notice=signed-out")))
}

/// The extranet's own logout link leads here; following it ends nothing yet (SEC-070).
pub(super) async fn show_on_agency(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    let Some(house) = own_house(&guest) else { return Ok(Problem::not_found().into_response()) };
    let agency = &house.agency;
    if known_here(&web, &guest, &house).await?.is_none() {
        return Ok(guest.go(&format!("{}{}", web.portal_url(), wording::login_path(Some(agency)))));
    }
    let page = LeavePage { action: "/.vestibule/logout", back: "/".to_owned() };
    Ok(guest.page(&web, Some(agency), &page))
}

/// The extranet's own logout button leads here too, with its own fields: what counts is that the browser says that this
/// very origin sent it.
pub(super) async fn submit_on_agency(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let Some(house) = own_house(&guest) else { return Ok(Problem::not_found().into_response()) };
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = header(HeaderName::from_static("sec-fetch-site"));
    if asked_from(header(header::ORIGIN), site, &house.origin()) != AskedFrom::Here {
        return Ok(Problem::page(StatusCode::FORBIDDEN, MessageName::FormRefused).into_response());
    }
    let mut deeper = Vec::new();
    if let Some((session, _)) = known_here(&web, &guest, &house).await? {
        deeper = sign_out::cookies_of(&web.app, &session, &house.agency.code).await?;
        sign_out::sign_out(&web.app, &guest.caller, &session).await?;
    }
    guest.clear(Kind::Session);
    guest.clear(Kind::Browser);
    guest.clear(Kind::Account);
    relayed::let_go(&mut guest);
    for (name, path) in deeper.iter().filter(|(name, path)| path != "/" && !is_ours(name)) {
        guest.set_written(format!("{name}=; Path={path}; Max-Age=0"));
    }
    let to = format!("{}{}", web.portal_url(), wording::login_path_with(Some(&house.agency), "notice=signed-out"));
    Ok(relayed::with_cleared_site(guest.go(&to)))
}
