//! The terms: nothing is proxied before they are accepted (000, c02, c03).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::onward::Onward;
use super::wording;
use crate::app::Fault;
use crate::app::accept_terms;
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::terms::TermsText;
use crate::pages::portal::{Alert, TermsPage};
use crate::pages::terms_html;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::session_over_at;
use crate::web::query::Params;

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(asked): Params<Onward>,
) -> Result<Response, Fault> {
    let Some(agency) = asked.agency(&web) else { return Ok(guest.go("/account")) };
    let return_to = asked.return_to();
    let mut guest = guest;
    let Some(session) = guest.session(&web).await? else {
        return Ok(guest.go(&wording::login_path_back(&agency, asked.account().as_ref(), &return_to)));
    };
    match &agency.terms {
        Some(terms) if accept_terms::owes(&web.app, &session.identity, &agency).await? => {
            let page = form(&agency, terms, &return_to, None);
            Ok(guest.page(&web, Some(&agency), &page))
        }
        _ => Ok(guest.go_into(&agency, return_to.as_str())),
    }
}

fn form(agency: &Agency, terms: &TermsText, return_to: &ReturnPath, alert: Option<Alert>) -> TermsPage {
    TermsPage {
        text: terms_html(&terms.text),
        version: terms.version.clone(),
        return_to: return_to.as_str().to_owned(),
        codes: wording::codes(Some(agency)),
        digest: terms.digest(),
        alert,
    }
}

pub(super) async fn submit(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let mut guest = guest;
    let said = Onward::of(&fields);
    let Some(agency) = said.agency(&web) else { return Ok(guest.go("/account")) };
    let return_to = said.return_to();
    let way_in = wording::login_path_back(&agency, said.account().as_ref(), &return_to);
    let Some(session) = guest.session(&web).await? else {
        return Ok(session_over_at(&web, guest, Some(&agency), way_in));
    };
    guest.stands_at(way_in.replacen("/login", "/terms", 1));
    let owed = accept_terms::owes(&web.app, &session.identity, &agency).await?;
    match agency.terms.as_ref().filter(|_| owed) {
        // Accepted before, in another tab, or not this person's to accept.
        None => Ok(guest.go_into(&agency, return_to.as_str())),
        Some(terms) if !fields.ticked("accept") || fields.text("digest") != terms.digest() => {
            let page = form(&agency, terms, &return_to, Some(Alert::TermsNotAccepted));
            Ok(guest.page_again(&web, Some(&agency), &page))
        }
        Some(_) => {
            if !accept_terms::accept(&web.app, &guest.caller, &session, &agency).await? {
                return Ok(session_over_at(&web, guest, Some(&agency), way_in));
            }
            guest.rotate(&web, &session).await?;
            Ok(guest.go_into(&agency, return_to.as_str()))
        }
    }
}
