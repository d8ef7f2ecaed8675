//! The change of the e-mail address (000 II.A, c06).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::letters::{Link, NEW_EMAIL, Pressed, address_is_agencys, closed, proof_page};
use super::{filled, wording};
use crate::app::change_email::{self, Answered, Opened, Request, Resent};
use crate::app::links::Closed;
use crate::app::{Fault, address_request, present_password};
use crate::domain::challenge::Challenge;
use crate::domain::email::EmailAddress;
use crate::domain::email_change::{self, EmailChangeError};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::pages::portal::{Alert, Asks, ChangeEmailPage, ConfirmPage, FieldError, MessageName, MessagePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::person::{Person, Posted, session_over};
use crate::web::query::Params;

const CHANGED: &str = "/account?notice=email-changed";

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    if !address_request::keepers(&web.app, &session.identity).await?.is_empty() {
        return Ok(address_is_agencys(&web, guest));
    }
    let page = form(&web, &session, ("", ""), None).await?;
    Ok(guest.page(&web, None, &page))
}

async fn form(
    web: &Web,
    session: &Session,
    (email, confirmation): (&str, &str),
    alert: Option<Alert>,
) -> Result<ChangeEmailPage, Fault> {
    let login = present_password::login(&web.app, session).await?;
    let (email, confirmation) = (email.to_owned(), confirmation.to_owned());
    Ok(ChangeEmailPage { login, email, confirmation, suggestion: None, alert })
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at("/account/email".to_owned());
    let (email, confirmation) = (fields.text("email"), fields.text("confirmation"));
    if let Some(suggestion) = wording::slip(email, fields.text("email_seen")) {
        let page = form(&web, &session, (email, confirmation), None).await?;
        let page = ChangeEmailPage { suggestion: Some(suggestion.to_string()), ..page };
        return Ok(guest.page_again(&web, None, &page));
    }
    let mut wrong = Vec::new();
    if address_request::keepers(&web.app, &session.identity).await?.is_empty() {
        let Some(present) = address_request::address_of(&web.app, &session).await? else {
            return Ok(session_over(&web, guest));
        };
        wrong = new_address(&fields, &present);
        let password = filled::current(&web, &guest, &session, &fields, &wrong).await?;
        wrong.extend(password);
    }
    let alert = if wrong.is_empty() {
        let current = fields.secret("current");
        match change_email::ask(&web.app, &guest.caller, &session, email, confirmation, current).await? {
            Request::LetterSent => return Ok(guest.go(NEW_EMAIL)),
            Request::NotHere => return Ok(guest.go("/account")),
            Request::Agencys => return Ok(address_is_agencys(&web, guest)),
            Request::SessionOver => return Ok(session_over(&web, guest)),
            Request::Held => Some(Alert::ChangesHeld),
            Request::CurrentRefused => Some(Alert::field("current-wrong")),
            Request::Email(error) => Alert::about(vec![wording::email_change_error(error)]),
            Request::LettersOver => Some(Alert::ResendOver),
        }
    } else {
        Alert::about(wrong)
    };
    let page = form(&web, &session, (email, confirmation), alert).await?;
    Ok(guest.page_again(&web, None, &page))
}

/// What is wrong with the two entries of the new address.
fn new_address(fields: &Fields, present: &EmailAddress) -> Vec<FieldError> {
    let again = filled::missing(fields, &[("confirmation", "email-again-missing")]);
    match email_change::new_address(fields.text("email"), fields.text("confirmation"), present) {
        Err(EmailChangeError::Differ) if !again.is_empty() => again,
        Err(error) => [vec![wording::email_change_error(error)], again].concat(),
        Ok(_) => Vec::new(),
    }
}

pub(super) async fn show_proof(
    State(web): State<Arc<Web>>,
    Person { mut guest, session }: Person,
    Params(pressed): Params<Pressed>,
) -> Result<Response, Fault> {
    guest.stands_at(NEW_EMAIL.to_owned());
    if !address_request::keepers(&web.app, &session.identity).await?.is_empty() {
        return Ok(address_is_agencys(&web, guest));
    }
    let alert = pressed.says_opened().then_some(Alert::LinkNotOpened);
    waiting(&web, guest, &session, alert).await
}

/// The page that waits for the letter, or the account page once nothing is waited for.
async fn waiting(web: &Web, guest: Guest, session: &Session, alert: Option<Alert>) -> Result<Response, Fault> {
    let Some(challenge) = change_email::pending(&web.app, session).await? else { return Ok(guest.go("/account")) };
    let wrong = alert.as_ref().is_some_and(|alert| !matches!(alert, Alert::Resent | Alert::LinkNotOpened));
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = proof_page(web, &challenge, &challenge.address, NEW_EMAIL, alert).await?;
    Ok(guest.page_with(status, web, None, &page))
}

pub(super) async fn type_code(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at(NEW_EMAIL.to_owned());
    if fields.is_empty("code") {
        return waiting(&web, guest, &session, Some(Alert::field("code-missing"))).await;
    }
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
    Posted { mut guest, session, .. }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at(NEW_EMAIL.to_owned());
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
    guest.stands_at(Link::path("/confirm", &secret));
    let session = guest.session(web).await?;
    let signed_in = session.as_ref().map(|session| &session.identity);
    if fields.is_empty("password")
        && let Opened::Confirm(confirm) = change_email::open_link(&web.app, &secret, signed_in).await?
    {
        let alert = Some(Alert::field("present-missing"));
        return Ok(guest.page_again(web, None, &button(web, &confirm.challenge, &secret, alert)));
    }
    let password = fields.secret("password");
    guest.learn_of_link(web, &secret).await?;
    match change_email::confirm(&web.app, &guest.caller, &secret, signed_in, password).await? {
        Answered::Changed => {
            if let Some(session) = session {
                changed(web, guest, &session).await
            } else {
                let action_url = guest.way_in(web);
                guest.stays();
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
