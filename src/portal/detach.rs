//! « Détacher »: what it means, and the proof (c17, f15).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::switch_account::attached;
use crate::app::detach::{self, Detached};
use crate::app::{Fault, present_password, switch_account};
use crate::domain::identity::AccountLabel;
use crate::domain::session::Session;
use crate::pages::portal::{Alert, DetachPage};
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
    form(&web, guest, &session, AccountLabel::parse(&asked.account).as_ref(), None).await
}

pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Posted { mut guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(fields.text("account")) else { return Ok(guest.go("/account")) };
    guest.stands_at(format!("/account/detach?account={}", label.as_str()));
    if fields.is_empty("password") {
        return form(&web, guest, &session, Some(&label), Some(Alert::field("present-missing"))).await;
    }
    match detach::detach(&web.app, &guest.caller, &session, &label, fields.secret("password")).await? {
        Detached::Done => Ok(guest.go("/account?notice=account-detached")),
        Detached::SessionOver => Ok(session_over(&web, guest)),
        Detached::Nothing => Ok(guest.go("/account")),
        Detached::PasswordRefused => form(&web, guest, &session, Some(&label), Some(Alert::WrongPassword)).await,
    }
}

async fn form(
    web: &Web,
    mut guest: Guest,
    session: &Session,
    label: Option<&AccountLabel>,
    alert: Option<Alert>,
) -> Result<Response, Fault> {
    let theirs = switch_account::accounts(&web.app, session).await?;
    let is_last = theirs.len() == 1;
    let asked_for = theirs.into_iter().find(|account| Some(&account.link.label()) == label);
    let shown = attached(web, &mut guest, asked_for.as_slice()).pop();
    let Some(account) = shown else { return Ok(guest.go("/account")) };
    let login = present_password::login(&web.app, session).await?;
    let page = DetachPage { account, login, is_last, alert };
    Ok(if page.alert.is_some() { guest.page_again(web, None, &page) } else { guest.page(web, None, &page) })
}
