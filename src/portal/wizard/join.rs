//! « J'ai déjà un compte ».

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{answer, path, seen};
use crate::app::Fault;
use crate::app::wizard::join;
use crate::app::wizard::step::Stepped;
use crate::domain::way_back::Stop;
use crate::pages::portal::JoinPage;
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::alert_of;

/// « Nous sommes deux à cette adresse » (b18).
pub(in crate::portal) async fn stay_apart(
    State(web): State<Arc<Web>>,
    guest: Guest,
    _: Fields,
) -> Result<Response, Fault> {
    let stepped = join::stay_apart(&web.app, &guest.caller).await?;
    answer(&web, guest, Stop::Join, stepped, None).await
}

pub(in crate::portal) async fn join(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    guest.stands_at(path(Stop::Join).to_owned());
    let (typed, seen) = (fields.text("email"), seen(&fields));
    let stepped = match join::join(&web.app, &guest.caller, typed, fields.secret("password"), seen).await {
        Ok(stepped) => stepped,
        // On the page of a known address nothing was typed but the password.
        Err(fault) if typed.is_empty() => return Err(fault),
        Err(fault) => {
            let page = JoinPage { alert: Some(alert_of(&fault)), ..JoinPage::open(typed.to_owned(), seen) };
            return Ok(try_again(guest, &web, None, &page, &fault));
        }
    };
    if let (Stepped::Finished { .. }, Some(session)) = (&stepped, guest.session(&web).await?) {
        guest.rotate(&web, &session).await?;
    }
    let typed = Some(typed).filter(|typed| !typed.is_empty()).map(str::to_owned);
    answer(&web, guest, Stop::Join, stepped, typed).await
}
