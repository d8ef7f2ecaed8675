//! The person's other accounts at the agency, each with its old password (004).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::page::{HERE, Remarks, others_page, show_step};
use crate::app::Fault;
use crate::app::wizard::others::{self, Attached};
use crate::app::wizard::run;
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
    guest.stands_at(HERE.to_owned());
    let login = fields.text("account");
    let alert = match others::attach(&web.app, &guest.caller, login, fields.secret("password")).await? {
        Attached::Done { browser } | Attached::Open { browser } => {
            guest.renew_browser(browser);
            return Ok(guest.go(HERE));
        }
        Attached::Nothing => return Ok(guest.go(HERE)),
        Attached::Refused => Alert::CheckFields,
        Attached::ProvisionalOver => Alert::ProvisionalOver,
        Attached::ProvisionalReplaced => Alert::ProvisionalReplaced,
        Attached::MustChange => Alert::MustChange,
        Attached::ExtranetSilent => {
            guest.learn_of_run(&web).await;
            let page = MessagePage { name: MessageName::ExtranetUnavailable, action_url: HERE.to_owned() };
            return Ok(told(guest.page_with(StatusCode::SERVICE_UNAVAILABLE, &web, None, &page), NO_VERDICT));
        }
    };
    let Some(open) = run::open(&web.app, &guest.caller).await? else {
        return show_step(&web, guest, Remarks::default()).await;
    };
    let accounts = others::offered(&web.app, &open).await?;
    let page = others_page(&open, accounts, Some((alert, login)));
    Ok(guest.page_again(&web, Some(&open.agency), &page))
}
