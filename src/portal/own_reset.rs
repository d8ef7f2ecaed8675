//! « Mot de passe oublié ? » beside the present password: the address is known, and nobody types it (003).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::letters::Link;
use crate::app::own_reset::{self, OwnReset};
use crate::app::{Fault, address_request, recover_by_code};
use crate::domain::email::EmailAddress;
use crate::domain::recovery::{Named, RecoveryTerms};
use crate::pages::portal::{Alert, OwnResetPage};
use crate::web::Web;
use crate::web::person::{Person, Posted, session_over};

/// Where it is shown by GET.
const PATH: &str = "/account/forgotten";
/// Where the page waits for the letter to be answered.
const SENT: &str = "/account/forgotten/sent";

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    let Some(email) = address_request::address_of(&web.app, &session).await? else {
        return Ok(session_over(&web, guest));
    };
    Ok(guest.page(&web, None, &page(&email, None, None)))
}

pub(super) async fn ask(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, .. }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at(PATH.to_owned());
    let agency = web.app.directory().only_agency().cloned();
    match own_reset::ask(&web.app, &guest.caller, &session, agency.as_ref()).await? {
        OwnReset::Sent { email, terms } => {
            guest.stays_at(SENT.to_owned());
            Ok(guest.page(&web, None, &page(&email, Some(terms), None)))
        }
        OwnReset::SessionOver => Ok(session_over(&web, guest)),
        OwnReset::Over => {
            let Some(email) = address_request::address_of(&web.app, &session).await? else {
                return Ok(session_over(&web, guest));
            };
            Ok(guest.page_again(&web, None, &page(&email, None, Some(Alert::ResendOver))))
        }
    }
}

/// « Suivant » beside the code.
pub(super) async fn type_code(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at(PATH.to_owned());
    let agency = web.app.directory().only_agency().cloned();
    let Some(email) = address_request::address_of(&web.app, &session).await? else {
        return Ok(session_over(&web, guest));
    };
    let mut alert = Alert::field("code-missing");
    if !fields.is_empty("code") {
        let (named, code) = (Named::Linked(email.clone()), fields.text("code"));
        let opened = recover_by_code::type_code(&web.app, &guest.caller, agency.as_deref(), &named, code).await?;
        if let Some(secret) = opened {
            return Ok(guest.go(&Link::path("/reset", &secret)));
        }
        alert = Alert::ResetCodeRefused;
    }
    guest.stays_at(SENT.to_owned());
    let terms = own_reset::terms_of(&web.app, &session, agency.as_deref()).await?;
    Ok(guest.page_again(&web, None, &page(&email, Some(terms), Some(alert))))
}

fn page(email: &EmailAddress, sent: Option<RecoveryTerms>, alert: Option<Alert>) -> OwnResetPage {
    OwnResetPage {
        email: email.to_string(),
        sends: sent.map(|terms| terms.method.into()),
        reset_code_minutes: sent.map_or(0, |terms| u64::from(terms.code_minutes)),
        link_minutes: sent.map_or(0, |terms| u64::from(terms.link_minutes)),
        alert,
    }
}
