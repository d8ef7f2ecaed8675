//! « J'ai déjà un compte ».

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, show_as, show_step};
use crate::app::Fault;
use crate::app::wizard::step::{Mistake, Stepped};
use crate::app::wizard::{join, run};
use crate::domain::migration::Step;
use crate::pages::portal::{Alert, JoinPage};
use crate::portal::filled;
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::alert_of;

/// « J'ai déjà un compte »: shows the form; the step is taken when it is sent, since following a link changes nothing.
pub(in crate::portal) async fn show(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    let join = Step::Join { identity: None, email: None };
    show_as(&web, guest, |step| matches!(step, Step::Email { .. }), join).await
}

/// « Nous sommes deux à cette adresse » (b18).
pub(in crate::portal) async fn stay_apart(
    State(web): State<Arc<Web>>,
    guest: Guest,
    _: Fields,
) -> Result<Response, Fault> {
    let stepped = join::stay_apart(&web.app, &guest.caller).await?;
    answer(&web, guest, stepped, None).await
}

pub(in crate::portal) async fn join(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let typed = fields.text("email");
    if fields.is_empty("password") || (fields.has("email") && fields.is_empty("email")) {
        return unanswered(&web, guest, &fields).await;
    }
    let stepped = match join::join(&web.app, &guest.caller, typed, fields.secret("password")).await {
        Ok(stepped) => stepped,
        // On the page of a known address nothing was typed but the password.
        Err(fault) if typed.is_empty() => return Err(fault),
        Err(fault) => {
            let page = JoinPage::open(typed.to_owned(), false, Some(alert_of(&fault)));
            return Ok(try_again(guest, &web, None, &page, &fault));
        }
    };
    if let Stepped::Wrong(Mistake::JoinRefused) = &stepped {
        let Some(open) = run::open(&web.app, &guest.caller).await? else {
            return show_step(&web, guest, Remarks::default()).await;
        };
        if typed.is_empty() {
            return show_step(&web, guest, Remarks { alert: Some(Alert::WrongPassword), ..Remarks::default() }).await;
        }
        let keeps_identifier = open.flow.plan.keeps_identifier();
        let page = JoinPage::open(typed.to_owned(), keeps_identifier, Some(Alert::JoinRefused));
        return Ok(guest.page_again(&web, Some(&open.agency), &page));
    }
    let mut guest = guest;
    if let (Stepped::Finished { .. }, Some(session)) = (&stepped, guest.session(&web).await?) {
        guest.rotate(&web, &session).await?;
    }
    answer(&web, guest, stepped, None).await
}

/// The form again, where the password or the address was not typed: nobody has tried anything.
async fn unanswered(web: &Web, guest: Guest, fields: &Fields) -> Result<Response, Fault> {
    let password = ("password", "present-missing");
    let open = run::open(&web.app, &guest.caller).await?;
    let Some(open) = open.filter(|open| matches!(open.flow.step, Step::Join { .. } | Step::Email { .. })) else {
        return answer(web, guest, Stepped::Elsewhere, None).await;
    };
    if matches!(open.flow.step, Step::Join { .. }) && !fields.has("email") {
        let alert = Alert::about(filled::missing(fields, &[password]));
        return show_step(web, guest, Remarks { alert, ..Remarks::default() }).await;
    }
    let keeps_identifier = open.flow.plan.keeps_identifier();
    let address = if keeps_identifier { "email-or-identifier-missing" } else { "email-missing" };
    let alert = Alert::about(filled::missing(fields, &[("email", address), password]));
    let page = JoinPage::open(fields.text("email").to_owned(), keeps_identifier, alert);
    Ok(guest.page_again(web, Some(&open.agency), &page))
}
