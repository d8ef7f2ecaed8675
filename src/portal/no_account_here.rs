//! Somebody is signed in, and not at the agency whose link was followed: as whom, and the ways on (SEC-017).

use axum::response::Response;
use http::StatusCode;

use super::{attach, wording};
use crate::app::{Fault, address_request, own_password};
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::session::Session;
use crate::pages::portal::NoAccountHerePage;
use crate::web::Web;
use crate::web::guest::Guest;

pub(super) async fn show(
    guest: Guest,
    web: &Web,
    (session, agency): (&Session, &Agency),
    return_to: &ReturnPath,
    status: StatusCode,
) -> Result<Response, Fault> {
    let email = address_request::address_of(&web.app, session).await?;
    let is_part = own_password::is_part(&web.app, &session.identity).await?;
    let page = NoAccountHerePage {
        email: email.map(|email| email.to_string()).unwrap_or_default(),
        attach_url: (!is_part).then(|| attach::path(agency, return_to)),
        codes: wording::codes(Some(agency)),
        return_to: return_to.as_str().to_owned(),
    };
    Ok(guest.page_with(status, web, Some(agency), &page))
}
