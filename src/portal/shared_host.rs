//! Which agency is meant, on a host that several agencies share (a24).
//!
//! The portal knows from its own session which account is open there. Otherwise the person says which agency it is; the
//! names of the agencies that share a host are no secret from whoever comes to it.

use axum::response::Response;

use super::wording;
use crate::app::Fault;
use crate::app::switch_account::{self, Account};
use crate::domain::accounts::Opening;
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::routing::SharedHost;
use crate::domain::session::Session;
use crate::pages::portal::{ChooseAgencyPage, ListedAgency};
use crate::web::Web;
use crate::web::guest::Guest;

/// Where it is asked, on the portal.
pub(super) fn path(host: &str, return_to: Option<&ReturnPath>) -> String {
    format!("/login?{}", query(host, return_to))
}

fn query(host: &str, return_to: Option<&ReturnPath>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("host", host);
    if let Some(return_to) = return_to {
        query.append_pair("return", return_to.as_str());
    }
    query.finish()
}

/// Where another agency of the same host is chosen, by who is at the wrong one; the page that was wanted is not theirs.
pub(super) fn way_to_others(web: &Web, agency: &Agency) -> Option<String> {
    let directory = web.app.directory();
    let shared = directory.shared(agency.public.host())?;
    (shared.agencies().len() > 1).then(|| path(agency.public.host(), None))
}

/// Leads to the account that is open on the host, or to the only one that the person has there; else asks.
pub(super) async fn enter(
    guest: Guest,
    web: &Web,
    session: Option<&Session>,
    shared: &SharedHost,
    return_to: &ReturnPath,
) -> Result<Response, Fault> {
    let Some(session) = session else { return Ok(ask(guest, web, shared, return_to)) };
    let host = shared.public().host();
    let mut here = switch_account::accounts(&web.app, session).await?;
    here.retain(|account| account.agency.public.host() == host);
    let into = |guest: Guest, account: &Account| {
        guest.go_into_account(&account.agency, &account.link.label(), return_to.as_str())
    };
    Ok(match (here.iter().find(|account| account.opening == Opening::Returns), here.as_slice()) {
        (Some(open), _) => into(guest, open),
        (None, [only]) => into(guest, only),
        (None, []) => ask(guest, web, shared, return_to),
        (None, _) => guest.go(&format!("/accounts?{}", query(host, Some(return_to)))),
    })
}

/// « Quelle est votre agence ? », by name.
fn ask(guest: Guest, web: &Web, shared: &SharedHost, return_to: &ReturnPath) -> Response {
    let back = url::form_urlencoded::Serializer::new(String::new()).append_pair("return", return_to.as_str()).finish();
    let listed = |agency: &Agency| ListedAgency {
        name: agency.brand.name.clone(),
        initials: wording::initials(&agency.brand.name),
        colour: agency.brand.colour.trim_start_matches('#').to_owned(),
        url: format!("{}&{back}", wording::login_path(Some(agency))),
    };
    let mut agencies: Vec<ListedAgency> = shared.agencies().iter().map(|agency| listed(agency)).collect();
    agencies.sort_by_key(|agency| agency.name.to_lowercase());
    guest.page(web, None, &ChooseAgencyPage { agencies })
}
