//! The change of the e-mail address (000 II.A, c06).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::letters::{address_is_agencys, closed, proof_page};
use super::wording;
use crate::app::Fault;
use crate::app::address_request;
use crate::app::change_email::{self, Answered, Opened, Request, Resent};
use crate::app::links::Closed;
use crate::domain::challenge::Challenge;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::pages::portal::{Alert, Asks, ChangeEmailPage, ConfirmPage, MessageName, MessagePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::{Person, Posted, session_over};

const PROOF: &str = "/account/email/proof";
const CHANGED: &str = "/account?notice=email-changed";

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    if !address_request::keepers(&web.app, &session.identity).await?.is_empty() {
        return Ok(address_is_agencys(&web, guest));
    }
    let (email, confirmation) = (String::new(), String::new());
    let page = ChangeEmailPage { email, confirmation, suggestion: None, error: None, alert: None };
    Ok(guest.page(&web, None, &page))
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let (email, confirmation) = (fields.text("email"), fields.text("confirmation"));
    let current = fields.secret("current");
    if let Some(suggestion) = wording::slip(email, fields.text("email_seen")) {
        let (email, confirmation) = (email.to_owned(), confirmation.to_owned());
        let suggestion = Some(suggestion.to_string());
        let page = ChangeEmailPage { email, confirmation, suggestion, error: None, alert: None };
        return Ok(guest.page_again(&web, None, &page));
    }
    let asked = change_email::ask(&web.app, &guest.caller, &session, email, confirmation, current).await?;
    let (error, alert) = match asked {
        Request::LetterSent => return Ok(guest.go(PROOF)),
        Request::NotHere => return Ok(guest.go("/account")),
        Request::Held => (None, Some(Alert::ChangesHeld)),
        Request::Agencys => return Ok(address_is_agencys(&web, guest)),
        Request::SessionOver => return Ok(session_over(&web, guest)),
        Request::CurrentRefused => (None, Some(Alert::WrongPassword)),
        Request::Email(error) => (Some(wording::email_change_error(error)), None),
        Request::LettersOver => (None, Some(Alert::ResendOver)),
    };
    let (email, confirmation) = (email.to_owned(), confirmation.to_owned());
    Ok(guest.page_again(&web, None, &ChangeEmailPage { email, confirmation, suggestion: None, error, alert }))
}

pub(super) async fn show_proof(
    State(web): State<Arc<Web>>,
    Person { guest, session }: Person,
) -> Result<Response, Fault> {
    if !address_request::keepers(&web.app, &session.identity).await?.is_empty() {
        return Ok(address_is_agencys(&web, guest));
    }
    waiting(&web, guest, &session, None).await
}

/// The page that waits for the letter, or the account page once nothing is waited for.
async fn waiting(web: &Web, guest: Guest, session: &Session, alert: Option<Alert>) -> Result<Response, Fault> {
    let Some(challenge) = change_email::pending(&web.app, session).await? else { return Ok(guest.go("/account")) };
    let wrong = alert.as_ref().is_some_and(|alert| *alert != Alert::Resent);
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let alert = alert.or_else(|| challenge.held_until(web.app.now()).map(|_| Alert::Held));
    let page = proof_page(web, &challenge, &challenge.address, PROOF, alert);
    Ok(guest.page_with(status, web, None, &page))
}

pub(super) async fn type_code(
    State(web): State<Arc<Web>>,
    Posted { guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let alert = match change_email::type_code(&web.app, &guest.caller, &session, fields.text("code")).await? {
        Answered::Changed => return changed(&web, guest, &session).await,
        Answered::Agencys => return Ok(address_is_agencys(&web, guest)),
        Answered::Nothing | Answered::PasswordRefused => return Ok(guest.go("/account")),
        Answered::Held => Alert::ChangesHeld,
        Answered::SessionOver => return Ok(session_over(&web, guest)),
        Answered::Wrong { left } => Alert::WrongCode { left },
        Answered::Dead => Alert::CodeDead,
        Answered::Expired => Alert::Expired,
    };
    waiting(&web, guest, &session, Some(alert)).await
}

async fn changed(web: &Web, mut guest: Guest, session: &Session) -> Result<Response, Fault> {
    guest.rotate(web, session).await?;
    Ok(guest.go(CHANGED))
}

pub(super) async fn resend(
    State(web): State<Arc<Web>>,
    Posted { guest, session, .. }: Posted,
) -> Result<Response, Fault> {
    let alert = match change_email::resend(&web.app, &guest.caller, &session).await? {
        Resent::Sent => Alert::Resent,
        Resent::Later(seconds) => Alert::ResendLater { seconds },
        Resent::Over => Alert::ResendOver,
        Resent::Agencys => return Ok(address_is_agencys(&web, guest)),
        Resent::SessionOver => return Ok(session_over(&web, guest)),
    };
    waiting(&web, guest, &session, Some(alert)).await
}

pub(super) async fn cancel(
    State(web): State<Arc<Web>>,
    Posted { guest, session, .. }: Posted,
) -> Result<Response, Fault> {
    if !change_email::cancel(&web.app, &session).await? {
        return Ok(session_over(&web, guest));
    }
    Ok(guest.go("/account"))
}

/// The button of a link that changes an address.
pub(super) async fn show_link(web: &Web, mut guest: Guest, secret: &Secret) -> Result<Response, Fault> {
    let session = guest.session(web).await?;
    let signed_in = session.as_ref().map(|session| &session.identity);
    guest.learn_of_link(web, secret).await?;
    match change_email::open_link(&web.app, secret, signed_in).await? {
        Opened::Confirm(confirm) => Ok(guest.page(web, None, &button(web, &confirm.challenge, secret, None))),
        Opened::Not(why) => closed(web, guest, &why, secret).await,
    }
}

fn button(web: &Web, challenge: &Challenge, secret: &Secret, alert: Option<Alert>) -> ConfirmPage {
    ConfirmPage {
        secret: secret.expose().to_owned(),
        agency: web.app.current.edition().portal.name.clone(),
        account: String::new(),
        email: challenge.address.to_string(),
        asks: Asks::Existing,
        changes_email: true,
        alert,
    }
}

pub(super) async fn confirm(web: &Web, mut guest: Guest, fields: &Fields) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    let session = guest.session(web).await?;
    let signed_in = session.as_ref().map(|session| &session.identity);
    let password = fields.secret("password");
    guest.learn_of_link(web, &secret).await?;
    match change_email::confirm(&web.app, &guest.caller, &secret, signed_in, password).await? {
        Answered::Changed => {
            if let Some(session) = session {
                changed(web, guest, &session).await
            } else {
                let action_url = guest.way_in(web);
                let page = MessagePage { name: MessageName::Confirmed, action_url };
                Ok(guest.page(web, None, &page))
            }
        }
        Answered::PasswordRefused => match change_email::open_link(&web.app, &secret, signed_in).await? {
            Opened::Confirm(confirm) => {
                let page = button(web, &confirm.challenge, &secret, Some(Alert::WrongPassword));
                Ok(guest.page_again(web, None, &page))
            }
            Opened::Not(_) => closed(web, guest, &Closed::Invalid, &secret).await,
        },
        Answered::Held => closed(web, guest, &Closed::Held, &secret).await,
        Answered::Agencys => closed(web, guest, &Closed::Agencys, &secret).await,
        _ => closed(web, guest, &Closed::Invalid, &secret).await,
    }
}
