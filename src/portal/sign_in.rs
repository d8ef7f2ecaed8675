//! The login page, and the screen for the codes (000, 001, a03, c01).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::codes::{self, Instead};
use super::{shared_host, wording};
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::app::attempt::{Credentials, Outcome, SignedIn};
use crate::app::wizard::run;
use crate::app::{sign_in, sign_out};
use crate::domain::agency::Agency;
use crate::domain::credential::{Login, Meant};
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::domain::policy::Identifier;
use crate::domain::secret::long_secret;
use crate::pages::portal::{Alert, Codes, CodesPage, Given, MessageName, MessagePage, SignInPage};
use crate::web::Web;
use crate::web::back::{Back, way_in};
use crate::web::calmly::try_again;
use crate::web::cookies::Kind;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::{NO_VERDICT, alert_of, told};
use crate::web::query::Params;

/// What a link to the login page can say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    /// A host that several agencies share, where it is not known which of them is meant.
    host: String,
    #[serde(rename = "return")]
    return_to: String,
    notice: Option<Notice>,
    /// The account whose host asked for the sign-in.
    account: String,
    /// Who is signed in attaches another account: the form is shown all the same.
    attach: String,
    /// The page of ours that wanted somebody signed in.
    back: String,
}

/// What happened just before.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    Ready,
    /// With the old identifier.
    ReadyAsBefore,
    SignedOut,
    #[serde(other)]
    Unknown,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let agency = match agency_codes::find(&web.app, &guest.caller, &asked.client, &asked.societe).await? {
        Found::Agency(agency) => Some(agency),
        Found::Unknown => None,
        Found::Later(seconds) => {
            let codes = Codes { client: asked.client, societe: asked.societe };
            return Ok(codes::later(guest, &web, codes, "/login", seconds));
        }
    };
    let return_to = ReturnPath::parse_or_home(&asked.return_to);
    let session = guest.session(&web).await?;
    if agency.is_none()
        && let Some(shared) = web.app.directory().shared(&asked.host)
    {
        return shared_host::enter(guest, &web, session.as_ref(), shared, &return_to).await;
    }
    let attaches = !asked.attach.is_empty() && session.is_some();
    let back = Back::parse(&asked.back);
    if let Some(session) = session.filter(|_| !attaches) {
        if let Some(back) = back {
            return Ok(guest.go(back.as_str()));
        }
        match &agency {
            None if asked.client.is_empty() && asked.societe.is_empty() => return Ok(guest.go("/account")),
            Some(agency) => {
                // Who has no account here yet may be about to attach one with old credentials (000 I.B).
                let links = web.app.store.read().await?.links_of(&session.identity).await?;
                if links.iter().any(|link| link.account.agency == agency.code) {
                    let account = AccountLabel::parse(&asked.account);
                    return Ok(match account.filter(|label| links.iter().any(|link| link.label() == *label)) {
                        Some(account) => guest.go_into_account(agency, &account, return_to.as_str()),
                        None => guest.go_into(agency, return_to.as_str()),
                    });
                }
            }
            None => {}
        }
    }
    let alert = match asked.notice {
        Some(Notice::Ready) => Some(Alert::AccountReady),
        Some(Notice::ReadyAsBefore) => Some(Alert::AccountReadyAsBefore),
        Some(Notice::SignedOut) => Some(Alert::SignedOut),
        Some(Notice::Unknown) | None => attaches.then_some(Alert::AttachAnother),
    };
    let Some(agency) = agency.or_else(|| only_agency(&web, &asked)) else {
        if asked.client.is_empty() && asked.societe.is_empty() {
            let empty = codes::page(&guest, &web, "/login");
            let last = empty.last.filter(|_| !attaches);
            let without_codes = (!attaches).then(|| way_in(None, back.as_ref()));
            let page = CodesPage { alert, last, without_codes, back: back.as_ref().map(into_text), ..empty };
            return Ok(guest.page(&web, None, &page));
        }
        let codes = Codes { client: asked.client, societe: asked.societe };
        return Ok(codes::ask(guest, &web, codes, "/login"));
    };
    let login = match asked.notice {
        Some(Notice::Ready | Notice::ReadyAsBefore) => run::made_here(&web.app, &guest.caller, &agency).await?,
        _ => None,
    };
    let way_out = guest.way_out(Some(&agency), web.app.now());
    let page = form(&web, &agency, &Onto { return_to, back }, alert);
    let page = SignInPage { login: login.unwrap_or_default(), way_out, ..page };
    Ok(guest.page(&web, Some(&agency), &page))
}

/// No codes are asked for where there is one agency.
fn only_agency(web: &Web, asked: &Said) -> Option<Arc<Agency>> {
    let is_without = asked.client.is_empty() && asked.societe.is_empty();
    web.app.directory().only_agency().filter(|_| is_without).cloned()
}

/// What comes after a sign-in: a page of ours, or one of the extranet.
pub(super) struct Onto {
    pub(super) return_to: ReturnPath,
    pub(super) back: Option<Back>,
}

pub(super) fn into_text(back: &Back) -> String {
    back.as_str().to_owned()
}

pub(super) fn form(web: &Web, agency: &Agency, onto: &Onto, alert: Option<Alert>) -> SignInPage {
    SignInPage {
        other_agency: shared_host::way_to_others(web, agency),
        codes: wording::codes(Some(agency)),
        keeps_identifier: agency.policy.identifier == Identifier::Legacy,
        return_to: onto.return_to.as_str().to_owned(),
        back: onto.back.as_ref().map(into_text),
        login: String::new(),
        keep: false,
        given: Given::Hidden,
        way_out: None,
        alert,
    }
}

pub(super) async fn submit(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = codes::typed(&web, guest, &fields, "/login").await?;
    let return_to = ReturnPath::parse_or_home(fields.text("return"));
    let onto = Onto { return_to, back: Back::parse(fields.text("back")) };
    let keep = fields.ticked("keep");
    // « Mon agence m'a donné un nouveau mot de passe » is a form of its own on the page of every refusal.
    let meant = if fields.text("given") == "agency" { Meant::AgencysNew } else { Meant::Either };
    let credentials = Credentials {
        login: fields.text("login"),
        password: fields.secret("password"),
        meant,
        keep,
        agency: Arc::clone(&agency),
    };
    let mut guest = guest;
    guest.stands_at(login_here(&agency, &onto));
    let outcome = match sign_in::sign_in(&web.app, &guest.caller, credentials).await {
        Ok(outcome) => outcome,
        Err(fault) => {
            let page = form(&web, &agency, &onto, Some(alert_of(&fault)));
            let page = SignInPage { login: fields.text("login").to_owned(), keep, ..page };
            return Ok(try_again(guest, &web, Some(&agency), &page, &fault));
        }
    };
    let alert = match outcome {
        Outcome::SignedIn(signed_in) => {
            welcome(&mut guest, &web, &signed_in).await?;
            return Ok(enter(guest, &agency, &onto));
        }
        Outcome::Wizard { browser } => {
            guest.renew_browser(browser);
            guest.forget_refusals();
            return Ok(guest.go("/migration"));
        }
        Outcome::ExtranetSilent => return Ok(silent(guest, &web, &agency, &onto)),
        Outcome::OldCredentials(Login::Address) => Alert::OldCredentials,
        Outcome::OldCredentials(Login::Identifier) => Alert::OldPassword,
        Outcome::ProvisionalOver => Alert::ProvisionalOver,
        Outcome::ProvisionalReplaced => Alert::ProvisionalReplaced,
        Outcome::MustChange => Alert::MustChange,
        Outcome::Refused => Alert::SignInRefused,
    };
    let leads_out = matches!(alert, Alert::SignInRefused | Alert::OldCredentials | Alert::OldPassword);
    let way_out = leads_out.then(|| guest.refused(fields.text("login"), Some(&agency), web.app.now()));
    let given = if meant == Meant::AgencysNew { Given::Open } else { Given::Closed };
    let page = form(&web, &agency, &onto, Some(alert));
    let page = SignInPage { login: fields.text("login").to_owned(), keep, given, way_out, ..page };
    Ok(guest.page_again(&web, Some(&agency), &page))
}

/// Where the form is shown by GET, for who changes the language on the page that answered it.
fn login_here(agency: &Agency, onto: &Onto) -> String {
    let return_to = onto.return_to.as_str();
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return", return_to).finish();
    format!("{}&{query}", way_in(Some(agency), onto.back.as_ref()))
}

/// The extranet could not say: a page of its own, no failure counted, and the way to try again (b03).
fn silent(guest: Guest, web: &Web, agency: &Agency, onto: &Onto) -> Response {
    let action_url = login_here(agency, onto);
    let page = MessagePage { name: MessageName::ExtranetUnavailable, action_url };
    let mut response = told(guest.page_with(StatusCode::SERVICE_UNAVAILABLE, web, Some(agency), &page), NO_VERDICT);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

/// Everything about the browser is new: what was planted before the sign-in is worth nothing after it, and who was
/// signed in here before is signed out (SEC-057, SEC-058).
pub(super) async fn welcome(guest: &mut Guest, web: &Web, signed_in: &SignedIn) -> Result<(), Fault> {
    if let Some(before) = guest.session(web).await? {
        sign_out::sign_out(&web.app, &guest.caller, &before).await?;
    }
    guest.set_session(&signed_in.cookie, &signed_in.session, web);
    guest.set(Kind::Device, signed_in.device.expose(), Kind::Device.lasts());
    guest.renew_browser(long_secret(&*web.app.dice));
    guest.forget_refusals();
    Ok(())
}

/// The agency that this browser signed in to last (§28).
pub(super) fn remember(guest: &mut Guest, agency: &Agency) {
    guest.set(Kind::Agency, &agency.code.to_string(), Kind::Agency.lasts());
}

/// On into the extranet that was asked for, which this browser knows from now on.
pub(super) fn enter(mut guest: Guest, agency: &Agency, onto: &Onto) -> Response {
    remember(&mut guest, agency);
    match &onto.back {
        Some(back) => guest.go(back.as_str()),
        None => guest.go_into(agency, onto.return_to.as_str()),
    }
}

/// « Oublier cette agence ».
pub(super) async fn forget_agency(mut guest: Guest, _: Fields) -> Response {
    guest.clear(Kind::Agency);
    guest.go("/login")
}
