//! « Votre formulaire n'a pas été envoyé »: the session had ended, here or in the extranet, or the terms are owed (a19).
//!
//! What was written is shown to be copied, and kept nowhere (decision 51).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::on_host::{Known, known_here, own_host, sign_in_again};
use super::{enter_extranet, extranet_password, relayed, shared_host, wording};
use crate::app::enter_extranet::{Entered, enter};
use crate::app::{Fault, accept_terms};
use crate::domain::access::Fetch;
use crate::domain::entry::Entry;
use crate::domain::kept_secret::Occasion;
use crate::domain::path::ReturnPath;
use crate::domain::routing::{Host, House};
use crate::pages::portal::{NotSentPage, NotSentWhy, SentText};
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;
use crate::web::problem::Problem;
use crate::web::query::Params;
use crate::web::sent::Sent;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    /// The sign-in upstream that is over.
    over: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(said): Params<Said>,
    mut sent: Sent,
) -> Result<Response, Fault> {
    let Some(host) = own_host(&guest) else { return Ok(Problem::not_found().into_response()) };
    guest.sees_who_is_here(&web).await;
    let known = known_here(&web, &guest, &host).await?;
    // Whoever is led out of a frame does not come back to what stood in it.
    let page = if guest.in_a_frame { std::mem::replace(&mut sent.page, ReturnPath::home()) } else { sent.page.clone() };
    let house = match &known {
        Some(known) => Some(known.house.clone()),
        None => host.remembered(guest.cookie(Kind::Account)),
    };
    let (why, action_url) = if let Some(known) = known {
        way_back(&web, &mut guest, &host, &known, (&sent, &page, Entry::parse(&said.over))).await?
    } else {
        relayed::let_go_of_ended(&mut guest);
        (NotSentWhy::SessionOver, way_in(&web, &host, house.as_ref(), &sent))
    };
    if sent.fetch == Fetch::Part {
        return Ok(told_to_a_script(&action_url));
    }
    let agency = house.map(|house| house.agency);
    let shown = sent.shown(agency.as_deref());
    let fields = shown.fields.into_iter().map(|field| {
        let rows = field.text.lines().map(|line| line.chars().count() / 60 + 1).sum::<usize>().clamp(1, 12);
        SentText { name: field.name, text: field.text, rows }
    });
    let page = NotSentPage { why, action_url, fields: fields.collect(), left_out: shown.left_out };
    Ok(guest.page_with(why.status(), &web, agency.as_deref(), &page))
}

/// Where somebody signs in who is nobody here, to come back to the form.
fn way_in(web: &Web, host: &Host, house: Option<&House>, sent: &Sent) -> String {
    match house {
        Some(house) => sign_in_again(web, house, &sent.page),
        None => format!("{}{}", web.portal_url(), shared_host::path(host.origin().host(), Some(&sent.page))),
    }
}

/// Who is signed in owes something first, or is signed in upstream again, so that the next try arrives.
async fn way_back(
    web: &Web,
    guest: &mut Guest,
    host: &Host,
    Known { house, session, link }: &Known,
    (sent, page, over): (&Sent, &ReturnPath, Option<Entry>),
) -> Result<(NotSentWhy, String), Fault> {
    let agency = &house.agency;
    if accept_terms::owes(&web.app, &session.identity, agency).await? {
        let back = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("account", link.label().as_str())
            .append_pair("return", sent.page.as_str())
            .finish();
        let terms = wording::login_path(Some(agency)).replacen("/login", "/terms", 1);
        return Ok((NotSentWhy::OwesTerms, format!("{}{terms}&{back}", web.portal_url())));
    }
    match enter(&web.app, &guest.caller, agency, session, link, (Occasion::Renewal, over)).await? {
        Entered::In(opened) => {
            if known_here(web, guest, host).await?.is_some() {
                relayed::hold(guest, agency, &opened.cookies);
                enter_extranet::note(guest, opened.entry);
            }
        }
        Entered::SecretRefused => {
            let path = extranet_password::path(agency, link, &sent.page);
            return Ok((NotSentWhy::OwesPassword, format!("{}{path}", web.portal_url())));
        }
        Entered::Refused | Entered::Unnamed | Entered::Silent => {}
    }
    Ok((NotSentWhy::Renewed, page.as_str().to_owned()))
}

/// A script is not led anywhere: it is told in a line that it can read.
fn told_to_a_script(login: &str) -> Response {
    let said = serde_json::json!({ "error": "form_not_sent", "login": login });
    let mut response = (StatusCode::UNAUTHORIZED, Json(said)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
