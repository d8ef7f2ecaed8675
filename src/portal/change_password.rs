//! The change of the password (000 II.B, 004, c08).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{filled, wording};
use crate::app::change_password::{self, Changed};
use crate::app::{Fault, present_password};
use crate::domain::session::Session;
use crate::pages::portal::{Alert, ChangePasswordPage, FieldError};
use crate::web::Web;
use crate::web::person::{Person, Posted, session_over};

pub(super) async fn show(State(web): State<Arc<Web>>, Person { guest, session }: Person) -> Result<Response, Fault> {
    let page = form(&web, &session, None).await?;
    Ok(guest.page(&web, None, &page))
}

async fn form(web: &Web, session: &Session, alert: Option<Alert>) -> Result<ChangePasswordPage, Fault> {
    let (rules, noted) = change_password::rules(&web.app, session).await?;
    let login = present_password::login(&web.app, session).await?;
    Ok(ChangePasswordPage { login, criteria: wording::criteria(&rules), noted, alert })
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    guest.stands_at("/account/password".to_owned());
    let (rules, noted) = change_password::rules(&web.app, &session).await?;
    let new = filled::new_password(&fields, &rules, noted);
    let mut wrong = Vec::from_iter(filled::current(&web, &guest, &session, &fields, &new).await?);
    wrong.extend(new);
    if wrong.is_empty() {
        let (current, password) = (fields.secret("current"), fields.secret("password"));
        let confirmation = fields.secret("confirmation");
        match change_password::change(&web.app, &guest.caller, &session, current, password, &confirmation).await? {
            Changed::Done => {
                guest.rotate(&web, &session).await?;
                return Ok(guest.go("/account?notice=password-changed"));
            }
            Changed::SessionOver => return Ok(session_over(&web, guest)),
            Changed::CurrentRefused => wrong.push(FieldError::named("current-wrong")),
            Changed::Broken(broken) => wrong.push(wording::password_error(&broken)),
            Changed::Differ => wrong.push(wording::password_error(&[])),
        }
    }
    let page = form(&web, &session, Alert::about(wrong)).await?;
    Ok(guest.page_again(&web, None, &page))
}
