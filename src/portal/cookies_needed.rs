//! A form came without the cookie that its page had set: was that page too old, or does this browser keep no cookies? The
//! browser was sent here with a new one, and shows it (REL-065).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::pages::portal::{MessageName, MessagePage};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;
use crate::web::query::Params;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    /// The page of the form.
    back: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(said): Params<Said>,
) -> Result<Response, Fault> {
    guest.sees_who_is_here(&web).await;
    let keeps_cookies = guest.secret_cookie(Kind::Browser).is_some();
    let name = if keeps_cookies { MessageName::FormRefused } else { MessageName::CookiesNeeded };
    if keeps_cookies {
        guest.learn_of_run(&web).await;
        // A session that cannot be looked up is none to this page.
        let _ = guest.session(&web).await;
    }
    let back = ReturnPath::parse_or_home(&said.back);
    let agency = agency_of(&web, &guest, &back).await?;
    let page = MessagePage { name, action_url: back.as_str().to_owned() };
    Ok(guest.page_with(StatusCode::FORBIDDEN, &web, agency.as_deref(), &page))
}

/// The agency whose codes stand in the address of that page.
async fn agency_of(web: &Web, guest: &Guest, page: &ReturnPath) -> Result<Option<Arc<Agency>>, Fault> {
    let query = page.as_str().split_once('?').map_or("", |(_, query)| query);
    let said = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map_or_else(String::new, |(_, code)| code.into_owned())
    };
    let found = agency_codes::find(&web.app, &guest.caller, &said("client"), &said("societe")).await?;
    Ok(match found {
        Found::Agency(agency) => Some(agency),
        Found::Unknown | Found::Later(_) => None,
    })
}
