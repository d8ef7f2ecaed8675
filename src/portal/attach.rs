//! Who is signed in attaches another account, with what its agency gave out for it (000 I.B, 001); whatever happens there,
//! they stay signed in.

use std::sync::Arc;

use axum::response::Response;

use super::{filled, no_verdict, wording};
use crate::app::attempt::{Credentials, Outcome};
use crate::app::{Fault, address_request, sign_in};
use crate::domain::agency::Agency;
use crate::domain::credential::Meant;
use crate::domain::path::ReturnPath;
use crate::domain::session::Session;
use crate::pages::portal::{Alert, AttachPage, Given};
use crate::web::Web;
use crate::web::back::{Back, way_in};
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::session_over_at;
use crate::web::problem::alert_of;

/// Where an account at this agency is attached.
pub(super) fn path(agency: &Agency, return_to: &ReturnPath) -> String {
    let return_to = return_to.as_str();
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return", return_to).finish();
    format!("{}&attach=1&{query}", wording::login_path(Some(agency)))
}

pub(super) async fn show(
    guest: Guest,
    web: &Web,
    (session, agency): (&Session, &Agency),
    return_to: &ReturnPath,
) -> Result<Response, Fault> {
    let page = form(web, session, agency, return_to).await?;
    Ok(guest.page(web, Some(agency), &page))
}

pub(super) async fn submit(
    mut guest: Guest,
    web: &Web,
    agency: Arc<Agency>,
    fields: &Fields,
) -> Result<Response, Fault> {
    let Some(session) = guest.session(web).await? else {
        let way_in = way_in(Some(&agency), Back::account().as_ref());
        return Ok(session_over_at(web, guest, Some(&agency), way_in));
    };
    let return_to = ReturnPath::parse_or_home(fields.text("return"));
    guest.stands_at(path(&agency, &return_to));
    let meant = if fields.text("given") == "agency" { Meant::AgencysNew } else { Meant::ToAttach };
    let login = fields.text("login");
    let page = AttachPage { login: login.to_owned(), ..form(web, &session, &agency, &return_to).await? };
    if let Some(alert) = Alert::about(filled::credentials(&agency, fields, meant)) {
        let given = if meant == Meant::AgencysNew { Given::Open } else { Given::Hidden };
        return Ok(guest.page_again(web, Some(&agency), &AttachPage { given, alert: Some(alert), ..page }));
    }
    let (password, agency_of) = (fields.secret("password"), Arc::clone(&agency));
    let credentials = Credentials { login, password, meant, keep: false, agency: agency_of };
    let outcome = match sign_in::sign_in(&web.app, &guest.caller, credentials).await {
        Ok(outcome) => outcome,
        Err(fault) => {
            let page = AttachPage { alert: Some(alert_of(&fault)), ..page };
            return Ok(try_again(guest, web, Some(&agency), &page, &fault));
        }
    };
    let alert = match outcome {
        Outcome::Wizard { browser } => {
            guest.renew_browser(browser);
            return Ok(guest.go("/migration"));
        }
        Outcome::ExtranetSilent => return Ok(no_verdict::page(guest, web, &agency, path(&agency, &return_to))),
        Outcome::SignedIn(_) | Outcome::Ours => Alert::AttachOurs,
        Outcome::OldCredentials(_) => Alert::AttachedAlready,
        Outcome::ProvisionalOver => Alert::ProvisionalOver,
        Outcome::ProvisionalReplaced => Alert::ProvisionalReplaced,
        Outcome::MustChange => Alert::MustChange,
        Outcome::Refused if meant == Meant::AgencysNew => Alert::GivenRefused,
        Outcome::Refused => Alert::AttachRefused,
    };
    let given = if meant == Meant::AgencysNew { Given::Open } else { Given::Closed };
    Ok(guest.page_again(web, Some(&agency), &AttachPage { given, alert: Some(alert), ..page }))
}

async fn form(web: &Web, session: &Session, agency: &Agency, return_to: &ReturnPath) -> Result<AttachPage, Fault> {
    let links = web.app.store.read().await?.links_of(&session.identity).await?;
    let theirs = links.into_iter().filter(|link| link.account.agency == agency.code);
    Ok(AttachPage {
        codes: wording::codes(Some(agency)),
        return_to: return_to.as_str().to_owned(),
        email: address_request::address_of(&web.app, session).await?.map(|email| email.to_string()).unwrap_or_default(),
        theirs: theirs.map(|link| link.account.login.as_str().to_owned()).collect(),
        login: String::new(),
        given: Given::Hidden,
        alert: None,
    })
}
