//! The login page, and the screen for the codes (000, 001, a03, c01).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::codes::{self, Instead};
use super::{attach, filled, no_account_here, no_verdict, shared_host, wording};
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::app::attempt::{Credentials, Outcome, SignedIn};
use crate::app::wizard::run;
use crate::app::{after_reset, own_password, sign_in, sign_out};
use crate::domain::agency::Agency;
use crate::domain::credential::{Login, Meant};
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::domain::policy::Identifier;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::session::Session;
use crate::pages::portal::{Alert, Codes, CodesPage, Given, SignInPage};
use crate::web::Web;
use crate::web::back::{Back, way_in};
use crate::web::calmly::try_again;
use crate::web::cookies::Kind;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::alert_of;
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
    /// The link by which a password was set just before.
    reset: String,
}

/// What happened just before.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    Ready,
    /// With the old identifier.
    ReadyAsBefore,
    SignedOut,
    /// From the wizard, whose run is over.
    Restarted,
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
    let agency = agency.or_else(|| only_agency(&web, &asked));
    let back = Back::parse(&asked.back);
    // Whose session ended before an account was attached comes back to where that is done.
    let back = back.or_else(|| Back::account().filter(|_| !asked.attach.is_empty()));
    if let Some(session) = session {
        return show_signed_in(guest, &web, (&session, agency.as_deref()), &asked, &return_to, back.as_ref()).await;
    }
    let alert = alert_after(asked.notice, guest.comes_after_the_end());
    let Some(agency) = agency else {
        if asked.client.is_empty() && asked.societe.is_empty() && !codes::were_sent(&guest) {
            let without_codes = Some(way_in(None, back.as_ref()));
            let empty = codes::page(&guest, &web, "/login");
            let page = CodesPage { alert, without_codes, back: back.as_ref().map(into_text), ..empty };
            return Ok(guest.page(&web, None, &page));
        }
        let codes = Codes { client: asked.client, societe: asked.societe };
        return Ok(codes::ask(guest, &web, codes, "/login"));
    };
    show_form(guest, &web, &agency, &asked, Onto { return_to, back }, alert).await
}

/// What is said of what happened just before; that a session is over only where nothing else explains it.
fn alert_after(notice: Option<Notice>, is_over: bool) -> Option<Alert> {
    match notice {
        Some(Notice::Ready) => Some(Alert::AccountReady),
        Some(Notice::ReadyAsBefore) => Some(Alert::AccountReadyAsBefore),
        Some(Notice::SignedOut) => Some(Alert::SignedOut),
        Some(Notice::Restarted) => Some(Alert::Restarted),
        Some(Notice::Unknown) | None => is_over.then_some(Alert::SessionOver),
    }
}

/// The sign-in at an agency.
async fn show_form(
    guest: Guest,
    web: &Web,
    agency: &Agency,
    asked: &Said,
    onto: Onto,
    alert: Option<Alert>,
) -> Result<Response, Fault> {
    let login = match asked.notice {
        Some(Notice::Ready | Notice::ReadyAsBefore) => run::made_here(&web.app, &guest.caller, agency).await?,
        _ if asked.reset.is_empty() => None,
        _ => after_reset::login_of(&web.app, &Secret::new(asked.reset.as_str()), Some(agency)).await?,
    };
    let way_out = guest.way_out(Some(agency), web.app.now());
    let page = SignInPage { login: login.unwrap_or_default(), way_out, ..form(web, agency, &onto, alert) };
    Ok(guest.page(web, Some(agency), &page))
}

/// Who is signed in is led on, attaches an account, or is told that they are signed in, and not here.
async fn show_signed_in(
    guest: Guest,
    web: &Web,
    (session, agency): (&Session, Option<&Agency>),
    asked: &Said,
    return_to: &ReturnPath,
    back: Option<&Back>,
) -> Result<Response, Fault> {
    let is_without = asked.client.is_empty() && asked.societe.is_empty();
    if !asked.attach.is_empty() {
        if let Some(agency) = agency {
            return attach::show(guest, web, (session, agency), return_to).await;
        }
        let page = CodesPage { attaches: true, last: None, without_codes: None, ..codes::page(&guest, web, "/login") };
        if is_without {
            return Ok(guest.page(web, None, &page));
        }
        let codes = Codes { client: asked.client.clone(), societe: asked.societe.clone() };
        let page = CodesPage { codes, alert: Some(Alert::UnknownCodes), ..page };
        return Ok(guest.page_with(StatusCode::NOT_FOUND, web, None, &page));
    }
    if let Some(back) = back {
        return Ok(guest.go(back.as_str()));
    }
    let Some(agency) = agency.filter(|_| !is_without) else {
        let codes = Codes { client: asked.client.clone(), societe: asked.societe.clone() };
        return Ok(if is_without { guest.go("/account") } else { codes::ask(guest, web, codes, "/login") });
    };
    let links = web.app.store.read().await?.links_of(&session.identity).await?;
    if links.iter().any(|link| link.account.agency == agency.code) {
        let account = AccountLabel::parse(&asked.account);
        return Ok(match account.filter(|label| links.iter().any(|link| link.label() == *label)) {
            Some(account) => guest.go_into_account(agency, &account, return_to.as_str()),
            None => guest.go_into(agency, return_to.as_str()),
        });
    }
    // The account that was just brought up to date is another person's, or it has a password of its own: they sign in.
    let is_ready = matches!(asked.notice, Some(Notice::Ready | Notice::ReadyAsBefore));
    let apart = own_password::set_apart(&web.app, &session.identity).await?;
    if is_ready || apart.iter().any(|link| link.account.agency == agency.code) {
        let onto = Onto { return_to: return_to.clone(), back: None };
        return show_form(guest, web, agency, asked, onto, alert_after(asked.notice, false)).await;
    }
    no_account_here::show(guest, web, (session, agency), return_to, StatusCode::OK).await
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
    if !fields.text("attach").is_empty() {
        return Ok(attach::submit(guest, &web, agency, &fields).await?);
    }
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
    if let Some(alert) = Alert::about(filled::credentials(&agency, &fields, meant)) {
        let way_out = guest.way_out(Some(&agency), web.app.now());
        let given = if meant == Meant::AgencysNew { Given::Open } else { Given::Hidden };
        let page = form(&web, &agency, &onto, Some(alert));
        let page = SignInPage { login: fields.text("login").to_owned(), keep, given, way_out, ..page };
        return Ok(guest.page_again(&web, Some(&agency), &page));
    }
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
        Outcome::ExtranetSilent => return Ok(no_verdict::page(guest, &web, &agency, login_here(&agency, &onto))),
        Outcome::OldCredentials(Login::Address) => Alert::OldCredentials,
        Outcome::OldCredentials(Login::Identifier) => Alert::OldPassword,
        Outcome::ProvisionalOver => Alert::ProvisionalOver,
        Outcome::ProvisionalReplaced => Alert::ProvisionalReplaced,
        Outcome::MustChange => Alert::MustChange,
        Outcome::Refused if meant == Meant::AgencysNew => Alert::GivenRefused,
        Outcome::Refused | Outcome::Ours => Alert::SignInRefused,
    };
    let leads_out =
        matches!(alert, Alert::SignInRefused | Alert::GivenRefused | Alert::OldCredentials | Alert::OldPassword);
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
