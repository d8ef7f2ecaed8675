//! The account page, « Connexion et sécurité » (000 II, 003, 004, c05), and the notice about personal data.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::devices;
use super::switch_account::{attach_at, attached};
use crate::app::{Fault, switch_account};
use crate::domain::agency::Agency;
use crate::domain::device;
use crate::domain::session::Session;
use crate::pages::portal::{AccountPage, Alert, MessageName, MessagePage, PrivacyPage};
use crate::store::LETTERS_DAYS;
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::query::Asked;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    notice: Option<Notice>,
}

/// What happened just before.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    PasswordChanged,
    EmailChanged,
    AccountDetached,
    DeviceForgotten,
    #[serde(other)]
    Unknown,
}

/// The bare address: the account of who is signed in, else the sign-in of the agency that this browser knows.
pub(super) async fn start(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    let to = if guest.session(&web).await?.is_some() { "/account".to_owned() } else { guest.way_in(&web) };
    Ok(guest.go(&to))
}

/// Who is signed in, or the way to sign in; whoever sent a form is told first that nothing came of it.
pub(super) async fn signed_in(web: &Web, mut guest: Guest) -> Result<Result<(Guest, Session), Response>, Fault> {
    Ok(match guest.session(web).await? {
        Some(session) => Ok((guest, session)),
        None if guest.posts() => Err(session_over(web, guest)),
        None => {
            let to = guest.way_in(web);
            Err(guest.go(&to))
        }
    })
}

/// What was asked for was not done: the session ended before it, or while it was under way.
pub(super) fn session_over(web: &Web, guest: Guest) -> Response {
    let (agency, action_url) = (guest.last_agency(web), guest.way_in(web));
    session_over_at(web, guest, agency.as_deref(), action_url)
}

/// The same on a page that stands before one agency's extranet.
pub(super) fn session_over_at(web: &Web, guest: Guest, agency: Option<&Agency>, action_url: String) -> Response {
    let page = MessagePage { name: MessageName::SessionOver, action_url };
    guest.page_with(StatusCode::UNAUTHORIZED, web, agency, &page)
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Asked(asked): Asked<Said>,
) -> Result<Response, Fault> {
    let (mut guest, session) = match signed_in(&web, guest).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let mut tx = web.app.store.read().await?;
    let Some(credential) = tx.credential_of(&session.identity).await? else {
        let to = guest.way_in(&web);
        return Ok(guest.go(&to));
    };
    let email_refused = tx.refusal_of(&credential.email).await?.is_some();
    let pending = tx.pending_email_change(&session.identity).await?;
    drop(tx);
    let accounts = switch_account::accounts(&web.app, &session).await?;
    let page = AccountPage {
        email: credential.email.to_string(),
        email_refused,
        pending_email: pending.map(|(_, email)| email.to_string()),
        accounts: attached(&mut guest, &accounts),
        attach_at: attach_at(&accounts),
        devices: devices::shown(&web, &guest, &session).await?,
        alert: match asked.notice {
            Some(Notice::PasswordChanged) => Some(Alert::PasswordChanged),
            Some(Notice::EmailChanged) => Some(Alert::EmailChanged),
            Some(Notice::AccountDetached) => Some(Alert::AccountDetached),
            Some(Notice::DeviceForgotten) => Some(Alert::DeviceForgotten),
            Some(Notice::Unknown) | None => None,
        },
    };
    Ok(guest.page(&web, None, &page))
}

pub(super) async fn privacy(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    guest.session(&web).await?;
    let page = PrivacyPage {
        agency: web.app.current.edition().portal.name.clone(),
        audit_months: web.app.directory().audit_retention().longest,
        letter_days: LETTERS_DAYS,
        device_days: device::KNOWN_DAYS,
    };
    Ok(guest.page(&web, None, &page))
}
