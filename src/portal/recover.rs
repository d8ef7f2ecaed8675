//! « Mot de passe oublié ? » (000 II.C, 001 IV, c10, c12).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::codes::{self, Instead};
use super::letters::Link;
use super::wording;
use crate::app::Fault;
use crate::app::recover::{self, Opened, Reset};
use crate::domain::secret::Secret;
use crate::domain::text::tidy;
use crate::pages::portal::{
    Codes, FieldError, ForgottenPage, ForgottenSentPage, MessageName, MessagePage, ResetDonePage, ResetPage,
    ResetWaitsPage,
};
use crate::pages::written;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

/// Seconds until « Mot de passe réinitialisé » leads on by itself (001).
const REDIRECT_AFTER_S: u64 = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Instead> {
    let asked = Codes { client: asked.client, societe: asked.societe };
    let (guest, agency) = codes::look_up(&web, guest, asked, "/forgotten").await?;
    let page = ForgottenPage { codes: wording::codes(Some(&agency)), login: String::new(), error: None };
    Ok(guest.page(&web, Some(&agency), &page))
}

pub(super) async fn ask(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (mut guest, agency) = codes::typed(&web, guest, &fields, "/forgotten").await?;
    let login = fields.text("login");
    guest.stands_at(wording::forgotten_path(&agency));
    let codes = wording::codes(Some(&agency));
    if tidy(login).is_empty() {
        let error = Some(FieldError { name: "login-missing", number: 0 });
        return Ok(guest.page_again(&web, Some(&agency), &ForgottenPage { codes, login: String::new(), error }));
    }
    recover::ask(&web.app, &guest.caller, login, Some(&agency)).await?;
    let page = ForgottenSentPage { codes, link_minutes: u64::from(agency.policy.link_minutes) };
    Ok(guest.page(&web, Some(&agency), &page))
}

pub(super) async fn show_link(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(link): Params<Link>,
) -> Result<Response, Fault> {
    let secret = link.secret();
    let opened = recover::open_link(&web.app, &secret).await?;
    Ok(show_opened(&web, guest, &secret, &opened))
}

fn show_opened(web: &Web, guest: Guest, secret: &Secret, opened: &Opened) -> Response {
    let name = match opened {
        Opened::Form { rules } => {
            let criteria = wording::criteria(rules);
            return guest.page(web, None, &ResetPage { secret: secret.expose().to_owned(), criteria, error: None });
        }
        Opened::Waits { opens_at, home } => {
            let opens_at = written(*opens_at, guest.language());
            return guest.page(web, home.as_deref(), &ResetWaitsPage { opens_at });
        }
        Opened::Superseded => MessageName::LinkSuperseded,
        Opened::Expired => MessageName::LinkExpired,
        Opened::Used => MessageName::LinkUsed,
        Opened::Invalid => MessageName::LinkInvalid,
    };
    let agency = guest.last_agency(web);
    let action_url = match &agency {
        Some(agency) if name == MessageName::LinkExpired => wording::forgotten_path(agency),
        None if name == MessageName::LinkExpired => "/forgotten".to_owned(),
        _ => guest.way_in(web),
    };
    guest.page_with(StatusCode::GONE, web, agency.as_deref(), &MessagePage { name, action_url })
}

pub(super) async fn reset(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    guest.stands_at(Link::path("/reset", &secret));
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    match recover::reset(&web.app, &guest.caller, &secret, password, &confirmation).await? {
        Reset::Done { home } => {
            let page = ResetDonePage { seconds: REDIRECT_AFTER_S, login_url: wording::login_path(home.as_deref()) };
            Ok(guest.page(&web, home.as_deref(), &page))
        }
        Reset::Broken { rules, broken } => {
            let error = Some(wording::password_error(&broken));
            let page = ResetPage { secret: secret.expose().to_owned(), criteria: wording::criteria(&rules), error };
            Ok(guest.page_again(&web, None, &page))
        }
        Reset::Not(opened) => Ok(show_opened(&web, guest, &secret, &opened)),
    }
}
