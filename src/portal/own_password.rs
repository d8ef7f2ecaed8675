//! « Définir un mot de passe différent pour ce compte », and back to the one for all (004, b19).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{filled, wording};
use crate::app::own_password::{self, Changed, Choice};
use crate::app::{Fault, present_password};
use crate::domain::identity::{AccountLabel, Link};
use crate::domain::session::Session;
use crate::pages::portal::{Alert, FieldError, OwnPasswordPage};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::person::{Person, Posted, session_over};
use crate::web::query::Params;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    account: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Person { guest, session }: Person,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    form(&web, guest, &session, &asked.account, Vec::new()).await
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(fields.text("account")) else { return Ok(guest.go("/account")) };
    guest.stands_at(format!("/account/own-password?account={}", label.as_str()));
    let choice = own_password::choice(&web.app, &session, &label).await?;
    let new = match &choice {
        Choice::Set(_, policy) => filled::new_password(&fields, &policy.password, policy.confirm_noted),
        Choice::Back(_) => Vec::new(),
        Choice::Nothing => return Ok(guest.go("/account")),
    };
    let mut wrong = Vec::from_iter(filled::current(&web, &guest, &session, &fields, &new).await?);
    wrong.extend(new);
    if wrong.is_empty() {
        let current = fields.secret("current");
        let (changed, done) = if let Choice::Set(..) = choice {
            let chosen = (fields.secret("password"), &fields.secret("confirmation"));
            (own_password::set(&web.app, &guest.caller, &session, &label, current, chosen).await?, "own-password-set")
        } else {
            (own_password::bring_back(&web.app, &guest.caller, &session, &label, current).await?, "own-password-gone")
        };
        match changed {
            Changed::Done => return Ok(guest.go(&format!("/account?notice={done}"))),
            Changed::Nothing => return Ok(guest.go("/account")),
            Changed::SessionOver => return Ok(session_over(&web, guest)),
            Changed::CurrentRefused => wrong.push(FieldError::named("current-wrong")),
            Changed::Broken(broken) => wrong.push(wording::password_error(&broken)),
            Changed::Differ => wrong.push(wording::password_error(&[])),
        }
    }
    form(&web, guest, &session, label.as_str(), wrong).await
}

async fn form(
    web: &Web,
    guest: Guest,
    session: &Session,
    label: &str,
    wrong: Vec<FieldError>,
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(label) else { return Ok(guest.go("/account")) };
    let page = match own_password::choice(&web.app, session, &label).await? {
        Choice::Nothing => return Ok(guest.go("/account")),
        Choice::Back(link) => {
            OwnPasswordPage { login: present_password::login(&web.app, session).await?, ..page(web, &link, true) }
        }
        Choice::Set(link, policy) => OwnPasswordPage {
            criteria: wording::criteria(&policy.password),
            noted: policy.confirm_noted,
            ..page(web, &link, false)
        },
    };
    let page = OwnPasswordPage { alert: Alert::about(wrong), ..page };
    Ok(if page.alert.is_some() { guest.page_again(web, None, &page) } else { guest.page(web, None, &page) })
}

fn page(web: &Web, link: &Link, back: bool) -> OwnPasswordPage {
    let agency = web.app.directory().agency(&link.account.agency).map(|agency| agency.brand.name.clone());
    OwnPasswordPage {
        agency: agency.unwrap_or_default(),
        account: link.account.login.as_str().to_owned(),
        // The new password is typed with it.
        login: link.account.login.as_str().to_owned(),
        label: link.label().as_str().to_owned(),
        back,
        criteria: Vec::new(),
        noted: false,
        alert: None,
    }
}
