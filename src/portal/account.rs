//! The account page, « Connexion et sécurité » (000 II, 003, 004, c05), and the notice about personal data.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::app::{App, Fault};
use crate::domain::identity::Link;
use crate::domain::session::Session;
use crate::pages::portal::{AccountPage, Alert, AttachedAccount, PrivacyPage};
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
    #[serde(other)]
    Unknown,
}

pub(super) async fn start(guest: Guest) -> Response {
    guest.go("/account")
}

/// Who is signed in, or the way to sign in.
pub(super) async fn signed_in(web: &Web, mut guest: Guest) -> Result<Result<(Guest, Session), Response>, Fault> {
    Ok(match guest.session(web).await? {
        Some(session) => Ok((guest, session)),
        None => Err(guest.go("/login")),
    })
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Asked(asked): Asked<Said>,
) -> Result<Response, Fault> {
    let (guest, session) = match signed_in(&web, guest).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let mut tx = web.app.store.read().await?;
    let Some(credential) = tx.credential_of(&session.identity).await? else { return Ok(guest.go("/login")) };
    let pending = tx.pending_email_change(&session.identity).await?;
    let links = tx.links_of(&session.identity).await?;
    drop(tx);
    let page = AccountPage {
        email: credential.email.to_string(),
        pending_email: pending.map(|(_, email)| email.to_string()),
        accounts: links.iter().filter_map(|link| attached(&web.app, link)).collect(),
        alert: match asked.notice {
            Some(Notice::PasswordChanged) => Some(Alert::PasswordChanged),
            Some(Notice::EmailChanged) => Some(Alert::EmailChanged),
            Some(Notice::Unknown) | None => None,
        },
    };
    Ok(guest.page(&web, None, &page))
}

fn attached(app: &App, link: &Link) -> Option<AttachedAccount> {
    let agency = app.directory().agency(&link.account.agency)?.clone();
    Some(AttachedAccount {
        agency: agency.brand.name.clone(),
        account: link.account.login.masked(),
        kind: link.account.kind.name(),
        url: format!("{}/.vestibule/begin", agency.public),
    })
}

pub(super) async fn privacy(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    guest.session(&web).await?;
    let page = PrivacyPage { agency: web.app.current.edition().portal.name.clone() };
    Ok(guest.page(&web, None, &page))
}
