//! The address.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, show_as, show_step};
use crate::app::Fault;
use crate::app::wizard::email;
use crate::domain::migration::Step;
use crate::pages::portal::{Alert, EmailPage};
use crate::portal::wording;
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn choose(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let typed = match fields.text("email_suggestion") {
        "" => fields.text("email"),
        suggestion => suggestion,
    };
    if fields.text("email_suggestion").is_empty() && wording::slip(typed, fields.text("email_seen")).is_some() {
        let typed = Some(typed.to_owned());
        return show_step(&web, guest, Remarks { typed, ..Remarks::default() }).await;
    }
    match email::choose(&web.app, &guest.caller, typed).await {
        Ok(stepped) => answer(&web, guest, stepped, Some(typed.to_owned())).await,
        Err(fault) => {
            let (email, alert) = (typed.to_owned(), Some(Alert::Unavailable));
            let page = EmailPage { email, suggestion: None, keeps_identifier: false, alert, progress: None };
            Ok(try_again(guest, &web, None, &page, &fault))
        }
    }
}

pub(in crate::portal) async fn change(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = email::change(&web.app, &guest.caller).await?;
    answer(&web, guest, stepped, None).await
}

/// « Je n'ai pas encore de compte » on the page that asks for an existing one's password.
pub(in crate::portal) async fn back(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    show_as(&web, guest, |step| matches!(step, Step::Join { email: None, .. }), Step::Email { proposed: None }).await
}
