//! « Définir un mot de passe différent pour ce compte », and back to the one for all (004, b19).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::wording;
use crate::app::Fault;
use crate::app::own_password::{self, Changed, Choice};
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
    form(&web, guest, &session, &asked.account, (None, None)).await
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(fields.text("account")) else { return Ok(guest.go("/account")) };
    guest.stands_at(format!("/account/own-password?account={}", label.as_str()));
    let current = fields.secret("current");
    let (changed, done) = match own_password::choice(&web.app, &session, &label).await? {
        Choice::Set(_, policy) if policy.confirm_noted && !fields.ticked("noted") => {
            return form(&web, guest, &session, label.as_str(), (Some(wording::NOT_NOTED), None)).await;
        }
        Choice::Set(..) => {
            let chosen = (fields.secret("password"), &fields.secret("confirmation"));
            (own_password::set(&web.app, &guest.caller, &session, &label, current, chosen).await?, "own-password-set")
        }
        Choice::Back(_) => {
            (own_password::bring_back(&web.app, &guest.caller, &session, &label, current).await?, "own-password-gone")
        }
        Choice::Nothing => (Changed::Nothing, ""),
    };
    let wrong = match changed {
        Changed::Done => return Ok(guest.go(&format!("/account?notice={done}"))),
        Changed::Nothing => return Ok(guest.go("/account")),
        Changed::SessionOver => return Ok(session_over(&web, guest)),
        Changed::CurrentRefused => (None, Some(Alert::WrongPassword)),
        Changed::Broken(broken) => (Some(wording::password_error(&broken)), None),
        Changed::Differ => (Some(wording::password_error(&[])), None),
    };
    form(&web, guest, &session, label.as_str(), wrong).await
}

async fn form(
    web: &Web,
    guest: Guest,
    session: &Session,
    label: &str,
    (error, alert): (Option<FieldError>, Option<Alert>),
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(label) else { return Ok(guest.go("/account")) };
    let page = match own_password::choice(&web.app, session, &label).await? {
        Choice::Nothing => return Ok(guest.go("/account")),
        Choice::Back(link) => page(web, &link, true),
        Choice::Set(link, policy) => OwnPasswordPage {
            criteria: wording::criteria(&policy.password),
            noted: policy.confirm_noted,
            ..page(web, &link, false)
        },
    };
    let is_wrong = error.is_some() || alert.is_some();
    let page = OwnPasswordPage { error, alert, ..page };
    Ok(if is_wrong { guest.page_again(web, None, &page) } else { guest.page(web, None, &page) })
}

fn page(web: &Web, link: &Link, back: bool) -> OwnPasswordPage {
    let agency = web.app.directory().agency(&link.account.agency).map(|agency| agency.brand.name.clone());
    OwnPasswordPage {
        agency: agency.unwrap_or_default(),
        account: link.account.login.as_str().to_owned(),
        label: link.label().as_str().to_owned(),
        back,
        criteria: Vec::new(),
        noted: false,
        error: None,
        alert: None,
    }
}
