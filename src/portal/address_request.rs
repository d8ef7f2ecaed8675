//! « Demander une modification »: the address that the agency alone changes (003).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::wording;
use crate::app::Fault;
use crate::app::address_request::{self, Keeper, Requested};
use crate::domain::session::Session;
use crate::pages::portal::{AddressRequestPage, Alert, AskedAgency};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::{Person, Posted, session_over};

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    form(&web, guest, &session, &Fields::default(), None).await
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at("/account/email/request".to_owned());
    let (email, message) = (fields.text("email"), fields.text("message"));
    let wrong = match address_request::ask(&web.app, &guest.caller, &session, email, message).await? {
        Requested::Sent => return Ok(guest.go("/account?notice=address-requested")),
        Requested::SessionOver => return Ok(session_over(&web, guest)),
        Requested::Nothing => None,
        Requested::Enough => Some(Alert::RequestsOver),
        Requested::Wrong(error) => Alert::about(vec![wording::address_request_error(error)]),
    };
    form(&web, guest, &session, &fields, wrong).await
}

/// The form, or how the agencies are reached where none can be written to; who changes the address alone is led to where
/// that is done.
async fn form(
    web: &Web,
    guest: Guest,
    session: &Session,
    typed: &Fields,
    alert: Option<Alert>,
) -> Result<Response, Fault> {
    let keepers = address_request::keepers(&web.app, &session.identity).await?;
    if keepers.is_empty() {
        return Ok(guest.go("/account/email"));
    }
    let Some(current) = address_request::address_of(&web.app, session).await? else {
        return Ok(session_over(web, guest));
    };
    let is_wrong = alert.is_some();
    let page = AddressRequestPage {
        current: current.to_string(),
        agencies: keepers.iter().map(asked).collect(),
        can_be_sent: keepers.iter().any(|keeper| keeper.contact().is_some()),
        email: typed.text("email").to_owned(),
        message: typed.text("message").to_owned(),
        alert,
    };
    Ok(if is_wrong { guest.page_again(web, None, &page) } else { guest.page(web, None, &page) })
}

fn asked(keeper: &Keeper) -> AskedAgency {
    let brand = &keeper.agency.brand;
    AskedAgency {
        name: brand.name.clone(),
        phone: brand.support_phone.clone(),
        email: brand.support_email.clone(),
        url: brand.support_url.clone(),
    }
}
