//! The link of a letter with a proof, and its button (b08, b10, SEC-040).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::page::{HERE, answer};
use crate::app::Fault;
use crate::app::links::Closed;
use crate::app::wizard::link::{self, Asks, Confirm, Confirmed, Opened};
use crate::app::wizard::run;
use crate::app::wizard::step::Stepped;
use crate::domain::secret::Secret;
use crate::domain::way_back::Stop;
use crate::pages::portal::{self, Alert, ConfirmPage, MessageName, MessagePage};
use crate::portal::letters::{Link, closed};
use crate::portal::{change_email, wording};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

pub(in crate::portal) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(link): Params<Link>,
) -> Result<Response, Fault> {
    guest.sees_who_is_here(&web).await;
    let secret = link.secret();
    match link::open_link(&web.app, &guest.caller, &secret).await? {
        Opened::Confirm(confirm) => Ok(show_button(&web, guest, &confirm, &secret, None)),
        Opened::Not(Closed::Invalid) => change_email::show_link(&web, guest, &secret).await,
        Opened::Not(why) => closed(&web, guest, &why, &secret).await,
    }
}

fn show_button(web: &Web, guest: Guest, confirm: &Confirm, secret: &Secret, alert: Option<Alert>) -> Response {
    let account = &confirm.waiting.flow.account;
    let agency = web.app.directory().agency(&account.agency).cloned();
    let page = ConfirmPage {
        secret: secret.expose().to_owned(),
        agency: agency.as_ref().map(|agency| agency.brand.name.clone()).unwrap_or_default(),
        account: account.login.masked(),
        email: confirm.challenge.address.to_string(),
        asks: match confirm.asks {
            Asks::Nothing => portal::Asks::Nothing,
            Asks::ChosenPassword => portal::Asks::Chosen,
            Asks::ExistingPassword => portal::Asks::Existing,
            Asks::OldPassword => portal::Asks::Old,
        },
        changes_email: false,
        alert,
    };
    let status = if page.alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    guest.page_with(status, web, agency.as_deref(), &page)
}

pub(in crate::portal) async fn confirm(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    guest.stands_at(Link::path("/confirm", &secret));
    if fields.has("password")
        && fields.is_empty("password")
        && let Opened::Confirm(confirm) = link::open_link(&web.app, &guest.caller, &secret).await?
        && confirm.asks != Asks::Nothing
    {
        let alert = Some(Alert::field("present-missing"));
        return Ok(show_button(&web, guest, &confirm, &secret, alert));
    }
    let confirmed = link::confirm(&web.app, &guest.caller, &secret, fields.secret("password")).await?;
    match confirmed {
        Confirmed::Done { stepped: Stepped::Withdrawn(agency), .. } => {
            closed(&web, guest, &Closed::Withdrawn(agency), &secret).await
        }
        Confirmed::Done { same_browser: true, stepped, .. } => answer(&web, guest, Stop::Proof, stepped, None).await,
        Confirmed::Done { same_browser: false, agency, .. } => {
            let action_url = wording::login_path(agency.as_deref());
            guest.stays();
            let page = MessagePage { name: MessageName::Confirmed, action_url };
            Ok(guest.page(&web, agency.as_deref(), &page))
        }
        Confirmed::PasswordRefused(confirm) => {
            Ok(show_button(&web, guest, &confirm, &secret, Some(Alert::WrongPassword)))
        }
        Confirmed::Not(Closed::Invalid) => change_email::confirm(&web, guest, &fields).await,
        // The second press of a double click finds the wizard where the first one led it (REL-057).
        Confirmed::Not(Closed::Used) if run::open(&web.app, &guest.caller).await?.is_some() => Ok(guest.go(HERE)),
        Confirmed::Not(why) => closed(&web, guest, &why, &secret).await,
    }
}
