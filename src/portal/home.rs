//! The portal's own address: the sign-in with e-mail address and password, where no agency is asked for, and below it the
//! way to a first sign-in (§27).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::sign_in::{self, Onto, into_text};
use super::{codes, filled};
use crate::app::Fault;
use crate::app::sign_in::{AtPortal, sign_in_at_portal};
use crate::app::{after_reset, switch_account};
use crate::domain::path::ReturnPath;
use crate::domain::secret::Secret;
use crate::pages::portal::{Alert, Codes, HomePage, SignInPage};
use crate::web::Web;
use crate::web::back::{Back, way_in};
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::hand_over::way_into;
use crate::web::problem::alert_of;
use crate::web::query::Params;

/// What a link to it can say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    notice: Option<Notice>,
    /// The page of ours that wanted somebody signed in.
    back: String,
    /// The link by which a password was set just before.
    reset: String,
}

/// What happened just before.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    SignedOut,
    #[serde(other)]
    Unknown,
}

/// The account of who is signed in, the sign-in of the one agency that there is, or that for everybody.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let back = Back::parse(&asked.back);
    if guest.session(&web).await?.is_some() {
        return Ok(guest.go(back.as_ref().map_or("/accounts", Back::as_str)));
    }
    let is_over = guest.comes_after_the_end();
    let alert = match asked.notice {
        Some(Notice::SignedOut) => Some(Alert::SignedOut),
        Some(Notice::Unknown) | None => is_over.then_some(Alert::SessionOver),
    };
    let only = web.app.directory().only_agency().cloned();
    let login = if asked.reset.is_empty() {
        None
    } else {
        after_reset::login_of(&web.app, &Secret::new(asked.reset), only.as_deref()).await?
    };
    let login = login.unwrap_or_default();
    if let Some(only) = only.as_deref() {
        let onto = Onto { return_to: ReturnPath::parse_or_home(""), back };
        let way_out = guest.way_out(Some(only), web.app.now());
        let page = SignInPage { login, way_out, ..sign_in::form(&web, only, &onto, alert) };
        return Ok(guest.page(&web, Some(only), &page));
    }
    let way_out = guest.way_out(None, web.app.now());
    let page = HomePage { login, way_out, alert, ..empty(&guest, &web, back.as_ref()) };
    Ok(guest.page(&web, None, &page))
}

fn empty(guest: &Guest, web: &Web, back: Option<&Back>) -> HomePage {
    HomePage {
        back: back.map(into_text),
        login: String::new(),
        keep: false,
        last: codes::page(guest, web, "/login").last,
        codes: Codes::default(),
        way_out: None,
        alert: None,
    }
}

pub(super) async fn submit(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let back = Back::parse(fields.text("back"));
    let (login, keep) = (fields.text("login"), fields.ticked("keep"));
    guest.stands_at(way_in(None, back.as_ref()));
    let wanted = [("login", "login-address-missing"), ("password", "present-missing")];
    if let Some(alert) = Alert::about(filled::missing(&fields, &wanted)) {
        let way_out = guest.way_out(None, web.app.now());
        let page = HomePage {
            way_out,
            login: login.to_owned(),
            keep,
            alert: Some(alert),
            ..empty(&guest, &web, back.as_ref())
        };
        return Ok(guest.page_again(&web, None, &page));
    }
    let typed = AtPortal { login, password: fields.secret("password"), keep };
    let signed_in = sign_in_at_portal(&web.app, &guest.caller, typed).await;
    let again = |guest: &Guest, alert| {
        let page = empty(guest, &web, back.as_ref());
        HomePage { login: login.to_owned(), keep, alert: Some(alert), ..page }
    };
    let signed_in = match signed_in {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => {
            let way_out = Some(guest.refused(login, None, web.app.now()));
            let page = HomePage { way_out, ..again(&guest, Alert::SignInRefused) };
            return Ok(guest.page_again(&web, None, &page));
        }
        Err(fault) => {
            let page = again(&guest, alert_of(&fault));
            return Ok(try_again(guest, &web, None, &page, &fault));
        }
    };
    sign_in::welcome(&mut guest, &web, &signed_in).await?;
    if let Some(back) = back {
        return Ok(guest.go(back.as_str()));
    }
    // Who has one account goes in, who has several chooses.
    let accounts = switch_account::accounts(&web.app, &signed_in.session).await?;
    Ok(match accounts.as_slice() {
        [] => guest.go("/account"),
        [one] => {
            sign_in::remember(&mut guest, &one.agency);
            guest.lead_on(&way_into(&one.agency, "/"))
        }
        _ => guest.go("/accounts"),
    })
}
