//! The person's other accounts at the agency, each with its old password (004).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::page::{HERE, go_on, others_page, path};
use crate::app::Fault;
use crate::app::wizard::others::{self, Attached};
use crate::app::wizard::run;
use crate::domain::way_back::Stop;
use crate::pages::portal::{Alert, MessageName, MessagePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::{NO_VERDICT, told};

pub(in crate::portal) async fn attach(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    guest.stands_at(path(Stop::Others).to_owned());
    let login = fields.text("account");
    if fields.is_empty("password") {
        return again(&web, guest, Alert::field("others-missing"), login).await;
    }
    let alert = match others::attach(&web.app, &guest.caller, login, fields.secret("password")).await? {
        Attached::Done { browser } | Attached::Open { browser } => {
            guest.renew_browser(browser);
            return Ok(guest.go(HERE));
        }
        Attached::Nothing => return Ok(guest.go(HERE)),
        Attached::Refused => Alert::field("others-refused"),
        Attached::ProvisionalOver => Alert::ProvisionalOver,
        Attached::ProvisionalReplaced => Alert::ProvisionalReplaced,
        Attached::MustChange => Alert::MustChange,
        Attached::ExtranetSilent => {
            guest.learn_of_run(&web).await;
            let page = MessagePage { name: MessageName::ExtranetUnavailable, action_url: HERE.to_owned() };
            return Ok(told(guest.page_with(StatusCode::SERVICE_UNAVAILABLE, &web, None, &page), NO_VERDICT));
        }
    };
    again(&web, guest, alert, login).await
}

/// The page again, with what is said of one of the accounts, as long as that is offered.
async fn again(web: &Web, guest: Guest, alert: Alert, login: &str) -> Result<Response, Fault> {
    let Some(open) = run::open(&web.app, &guest.caller).await? else {
        return go_on(web, guest).await;
    };
    let accounts = others::offered(&web.app, &open).await?;
    if !accounts.iter().any(|account| account.login.as_str() == login) {
        return Ok(guest.go(HERE));
    }
    let page = others_page(&open, accounts, Some((alert, login)));
    Ok(guest.page_again(web, Some(&open.agency), &page))
}
