//! The change of the password (000 II.B, 004, c08).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::wording;
use crate::app::Fault;
use crate::app::change_password::{self, Changed};
use crate::domain::session::Session;
use crate::pages::portal::{Alert, ChangePasswordPage, FieldError};
use crate::web::Web;
use crate::web::person::{Person, Posted, session_over};

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    let page = form(&web, &session, None, None).await?;
    Ok(guest.page(&web, None, &page))
}

async fn form(
    web: &Web,
    session: &Session,
    error: Option<FieldError>,
    alert: Option<Alert>,
) -> Result<ChangePasswordPage, Fault> {
    let (rules, noted) = change_password::rules(&web.app, session).await?;
    Ok(ChangePasswordPage { criteria: wording::criteria(&rules), noted, error, alert })
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at("/account/password".to_owned());
    let (_, noted) = change_password::rules(&web.app, &session).await?;
    let (error, alert) = if noted && !fields.ticked("noted") {
        (Some(wording::NOT_NOTED), None)
    } else {
        let (current, password) = (fields.secret("current"), fields.secret("password"));
        let confirmation = fields.secret("confirmation");
        match change_password::change(&web.app, &guest.caller, &session, current, password, &confirmation).await? {
            Changed::Done => {
                guest.rotate(&web, &session).await?;
                return Ok(guest.go("/account?notice=password-changed"));
            }
            Changed::SessionOver => return Ok(session_over(&web, guest)),
            Changed::CurrentRefused => (None, Some(Alert::WrongPassword)),
            Changed::Broken(broken) => (Some(wording::password_error(&broken)), None),
            Changed::Differ => (Some(wording::password_error(&[])), None),
        }
    };
    let page = form(&web, &session, error, alert).await?;
    Ok(guest.page_again(&web, None, &page))
}
