//! The address.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, path, seen, show_at};
use crate::app::Fault;
use crate::app::wizard::email;
use crate::domain::way_back::Stop;
use crate::pages::portal::{Alert, EmailPage};
use crate::portal::wording;
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn choose(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    guest.stands_at(path(Stop::Email).to_owned());
    let typed = match fields.text("email_suggestion") {
        "" => fields.text("email"),
        suggestion => suggestion,
    };
    if fields.text("email_suggestion").is_empty() && wording::slip(typed, fields.text("email_seen")).is_some() {
        let typed = Some(typed.to_owned());
        return show_at(&web, guest, Stop::Email, Remarks { typed, ..Remarks::default() }).await;
    }
    match email::choose(&web.app, &guest.caller, typed, seen(&fields)).await {
        Ok(stepped) => answer(&web, guest, Stop::Email, stepped, Some(typed.to_owned())).await,
        Err(fault) => {
            let page = EmailPage { alert: Some(Alert::Unavailable), ..EmailPage::typed(typed, seen(&fields)) };
            Ok(try_again(guest, &web, None, &page, &fault))
        }
    }
}

pub(in crate::portal) async fn change(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = email::change(&web.app, &guest.caller).await?;
    answer(&web, guest, Stop::Proof, stepped, None).await
}
