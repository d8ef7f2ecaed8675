//! « J'ai déjà un compte ».

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, path, seen, show_at};
use crate::app::Fault;
use crate::app::wizard::step::Stepped;
use crate::app::wizard::{join, run};
use crate::domain::way_back::Stop;
use crate::pages::portal::{Alert, JoinPage};
use crate::portal::filled;
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::alert_of;

/// The field that every form here has, and what is said where it is empty.
const PASSWORD: (&str, &str) = ("password", "present-missing");

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
    if fields.is_empty("password") || (fields.has("email") && fields.is_empty("email")) {
        return unanswered(&web, guest, &fields).await;
    }
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

/// The form again, where the password or the address was not typed: nobody has tried anything.
async fn unanswered(web: &Web, guest: Guest, fields: &Fields) -> Result<Response, Fault> {
    let open = run::open(&web.app, &guest.caller).await?;
    let keeps_identifier = open.is_some_and(|open| open.flow.plan.keeps_identifier());
    let address = if keeps_identifier { "email-or-identifier-missing" } else { "email-missing" };
    let asked: &[_] = if fields.has("email") { &[("email", address), PASSWORD] } else { &[PASSWORD] };
    let typed = fields.has("email").then(|| fields.text("email").to_owned());
    show_at(web, guest, Stop::Join, Remarks { alert: Alert::about(filled::missing(fields, asked)), typed }).await
}
