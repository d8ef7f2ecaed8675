//! « Ce n'est pas moi », in the letter of a changed address or password (LAW-006, decision 38).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::letters::Link;
use super::wording;
use crate::app::Fault;
use crate::app::not_me::{self, Opened, Undone};
use crate::domain::agency::Agency;
use crate::domain::mail::HeldRequest;
use crate::domain::secret::Secret;
use crate::domain::warning::{Changed, Warning};
use crate::pages::portal::{Alert, MessageName, MessagePage, NotMePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

/// The question, and the way to a new password.
pub(super) fn question(
    secret: &Secret,
    request: &HeldRequest,
    action: &'static str,
    agency: Option<&Agency>,
) -> NotMePage {
    let about = match request {
        HeldRequest::Run { account } => account.clone(),
        HeldRequest::NewEmail { email } | HeldRequest::ChangedEmail { email } => email.clone(),
        HeldRequest::ChangedPassword => String::new(),
    };
    NotMePage {
        secret: secret.expose().to_owned(),
        request: request.name(),
        about,
        former: String::new(),
        action,
        undo: false,
        held: false,
        forgotten_url: wording::forgotten_path_of(agency),
        alert: None,
    }
}

/// What was answered is heard; a new password is the next thing.
pub(super) fn heard(web: &Web, mut guest: Guest, agency: Option<&Agency>) -> Response {
    guest.stays();
    let action_url = wording::forgotten_path_of(agency);
    guest.page(web, agency, &MessagePage { name: MessageName::Disowned, action_url })
}

fn page(secret: &Secret, warning: &Warning, home: Option<&Agency>) -> NotMePage {
    let request = match warning.changed {
        Changed::Email => HeldRequest::ChangedEmail { email: warning.email.masked() },
        Changed::Password => HeldRequest::ChangedPassword,
    };
    NotMePage {
        undo: warning.changed == Changed::Email,
        former: if warning.changed == Changed::Email { warning.former.to_string() } else { String::new() },
        held: warning.held_at.is_some(),
        ..question(secret, &request, "/not-me", home)
    }
}

async fn closed(web: &Web, mut guest: Guest, opened: &Opened, secret: &Secret) -> Result<Response, Fault> {
    let name = match opened {
        Opened::Over => MessageName::LinkUsed,
        Opened::Invalid | Opened::Asked { .. } => MessageName::LinkInvalid,
    };
    guest.learn_of_link(web, secret).await?;
    let action_url = guest.way_in(web);
    Ok(guest.page_with(StatusCode::GONE, web, None, &MessagePage { name, action_url }))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(link): Params<Link>,
) -> Result<Response, Fault> {
    guest.sees_who_is_here(&web).await;
    let secret = link.secret();
    Ok(match not_me::open_link(&web.app, &secret).await? {
        Opened::Asked { warning, home } => guest.page(&web, home.as_deref(), &page(&secret, &warning, home.as_deref())),
        other => return closed(&web, guest, &other, &secret).await,
    })
}

pub(super) async fn hold(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    guest.stands_at(Link::path("/not-me", &secret));
    not_me::hold(&web.app, &guest.caller, &secret).await?;
    Ok(match not_me::open_link(&web.app, &secret).await? {
        // Who still has the old password can do more than hold: the page goes on from there.
        Opened::Asked { warning, home } if warning.changed == Changed::Email => {
            guest.page(&web, home.as_deref(), &page(&secret, &warning, home.as_deref()))
        }
        Opened::Asked { home, .. } => heard(&web, guest, home.as_deref()),
        other => return closed(&web, guest, &other, &secret).await,
    })
}

pub(super) async fn undo(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    guest.stands_at(Link::path("/not-me", &secret));
    let alert = if fields.is_empty("password") {
        Alert::field("present-missing")
    } else {
        match not_me::undo(&web.app, &guest.caller, &secret, fields.secret("password")).await? {
            Undone::Done { home } => {
                guest.session(&web).await?;
                guest.comes_after_the_end();
                let action_url = wording::login_path(home.as_deref());
                guest.stays();
                let page = MessagePage { name: MessageName::EmailRestored, action_url };
                return Ok(guest.page(&web, home.as_deref(), &page));
            }
            Undone::Not(opened) => return closed(&web, guest, &opened, &secret).await,
            Undone::PasswordRefused => Alert::WrongPassword,
            Undone::Taken => Alert::AddressTaken,
        }
    };
    Ok(match not_me::open_link(&web.app, &secret).await? {
        Opened::Asked { warning, home } => {
            let page = NotMePage { alert: Some(alert), ..page(&secret, &warning, home.as_deref()) };
            guest.page_again(&web, home.as_deref(), &page)
        }
        other => return closed(&web, guest, &other, &secret).await,
    })
}
