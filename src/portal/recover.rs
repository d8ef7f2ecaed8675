//! « Mot de passe oublié ? » (000 II.C, 001 IV, 004, c10 to c12).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::codes::{self, Instead};
use super::letters::Link;
use super::wording;
use crate::app::Fault;
use crate::app::recover::{self, Opened, Reset};
use crate::app::recover_by_code;
use crate::domain::agency::Agency;
use crate::domain::challenge::RESEND_AFTER_S;
use crate::domain::identity::{AccountLabel, Link as Attached};
use crate::domain::password::PasswordRules;
use crate::domain::secret::Secret;
use crate::domain::text::tidy;
use crate::pages::portal::{
    Alert, Codes, FieldError, ForgottenPage, ForgottenSentPage, MessageName, MessagePage, Reader, ReadersAccount,
    ResetDonePage, ResetPage, ResetWaitsPage, ResetWhichPage, Sends,
};
use crate::pages::written;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

/// Seconds until « Mot de passe réinitialisé » leads on by itself (001).
const REDIRECT_AFTER_S: u64 = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    /// `email`: no agency is asked for.
    by: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Instead> {
    let is_by_email = asked.by == "email";
    let asked = Codes { client: asked.client, societe: asked.societe };
    let (guest, agency) = entered(&web, guest, asked, is_by_email).await?;
    Ok(guest.page(&web, agency.as_deref(), &form(agency.as_deref(), "", None)))
}

pub(super) async fn ask(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let login = fields.text("login");
    if tidy(login).is_empty() {
        let error = FieldError { name: "login-missing", number: 0 };
        return Ok(guest.page_again(&web, agency.as_deref(), &form(agency.as_deref(), "", Some(error))));
    }
    recover::ask(&web.app, &guest.caller, login, agency.as_ref()).await?;
    let page = sent(agency.as_deref(), login, None);
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// « Recevoir un nouveau code ».
pub(super) async fn resend(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let login = fields.text("login");
    recover::ask_again(&web.app, &guest.caller, login, agency.as_ref()).await?;
    let page = sent(agency.as_deref(), login, Some(Alert::ResetAskedAgain));
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// « Suivant » beside the code.
pub(super) async fn type_code(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let (login, code) = (fields.text("login"), fields.text("code"));
    let opened = recover_by_code::type_code(&web.app, &guest.caller, agency.as_deref(), login, code).await?;
    if let Some(secret) = opened {
        return Ok(guest.go(&Link::path("/reset", &secret)));
    }
    let alert = Some(Alert::ResetCodeRefused);
    let page = ForgottenSentPage { resend_in: 0, ..sent(agency.as_deref(), login, alert) };
    Ok(guest.page_again(&web, agency.as_deref(), &page))
}

/// The page that waits for the letter to be answered, the same whoever was typed.
fn sent(agency: Option<&Agency>, login: &str, alert: Option<Alert>) -> ForgottenSentPage {
    let policy = agency.map(|agency| &agency.policy);
    ForgottenSentPage {
        sign_in_url: wording::login_path(agency),
        sends: policy.map_or(Sends::Either, |policy| policy.confirmation.into()),
        codes: agency.map(|agency| wording::codes(Some(agency))),
        login: login.to_owned(),
        reset_code_minutes: policy.map(|policy| u64::from(policy.reset_code_minutes)),
        link_minutes: policy.map(|policy| u64::from(policy.link_minutes)),
        resend_in: RESEND_AFTER_S.unsigned_abs(),
        alert,
    }
}

/// The agency that a form carries along, and where its page is shown by GET.
async fn posted(web: &Web, guest: Guest, fields: &Fields) -> Result<(Guest, Option<Arc<Agency>>), Instead> {
    let typed = Codes { client: fields.text("client").to_owned(), societe: fields.text("societe").to_owned() };
    let (mut guest, agency) = entered(web, guest, typed, fields.text("by") == "email").await?;
    guest.stands_at(agency.as_deref().map_or_else(|| wording::FORGOTTEN_BY_EMAIL.to_owned(), wording::forgotten_path));
    Ok((guest, agency))
}

/// The agency that codes name. Without any, the screen for the codes asks for them, unless an address is enough (§27).
async fn entered(
    web: &Web,
    guest: Guest,
    codes: Codes,
    is_by_email: bool,
) -> Result<(Guest, Option<Arc<Agency>>), Instead> {
    if is_by_email && codes == Codes::default() {
        return Ok((guest, web.app.directory().only_agency().cloned()));
    }
    let (guest, agency) = codes::look_up(web, guest, codes, "/forgotten").await?;
    Ok((guest, Some(agency)))
}

fn form(agency: Option<&Agency>, login: &str, error: Option<FieldError>) -> ForgottenPage {
    ForgottenPage {
        codes: agency.map(|agency| wording::codes(Some(agency))),
        sign_in_url: wording::login_path(agency),
        login: login.to_owned(),
        error,
    }
}

pub(super) async fn show_link(
    State(web): State<Arc<Web>>,
    guest: Guest,
    Params(link): Params<Link>,
    Params(Who { who }): Params<Who>,
) -> Result<Response, Fault> {
    let (secret, who) = (link.secret(), AccountLabel::parse(&who));
    let opened = recover::open_link(&web.app, &secret, who.as_ref()).await?;
    Ok(show_opened(&web, guest, (&secret, who.as_ref()), &opened))
}

/// Whose password is meant, by one of their accounts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Who {
    who: String,
}

fn show_opened(web: &Web, guest: Guest, (secret, who): (&Secret, Option<&AccountLabel>), opened: &Opened) -> Response {
    let name = match opened {
        Opened::Form { rules, noted, links } => {
            let page = ResetPage { accounts: shown(web, links), ..reset_page((secret, who), rules, *noted, None) };
            return guest.page(web, None, &page);
        }
        Opened::Which(readers) => {
            let reader = |reader: &recover::Reader| {
                Some(Reader {
                    url: format!("{}&who={}", Link::path("/reset", secret), reader.links.first()?.label().as_str()),
                    accounts: shown(web, &reader.links),
                })
            };
            return guest.page(web, None, &ResetWhichPage { readers: readers.iter().filter_map(reader).collect() });
        }
        Opened::Waits { opens_at, home } => {
            let opens_at = written(*opens_at, guest.language());
            return guest.page(web, home.as_deref(), &ResetWaitsPage { opens_at });
        }
        Opened::Superseded => MessageName::LinkSuperseded,
        Opened::Expired => MessageName::LinkExpired,
        Opened::Used => MessageName::LinkUsed,
        Opened::Invalid => MessageName::LinkInvalid,
    };
    let agency = guest.last_agency(web);
    let action_url = match &agency {
        Some(agency) if name == MessageName::LinkExpired => wording::forgotten_path(agency),
        None if name == MessageName::LinkExpired => wording::FORGOTTEN_BY_EMAIL.to_owned(),
        _ => guest.way_in(web),
    };
    guest.page_with(StatusCode::GONE, web, agency.as_deref(), &MessagePage { name, action_url })
}

pub(super) async fn reset(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let (secret, who) = (fields.secret("secret"), AccountLabel::parse(fields.text("who")));
    let meant = (&secret, who.as_ref());
    let asked = who.as_ref().map_or_else(String::new, |who| format!("&who={}", who.as_str()));
    guest.stands_at(format!("{}{asked}", Link::path("/reset", &secret)));
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let opened = recover::open_link(&web.app, &secret, who.as_ref()).await?;
    let Opened::Form { rules, noted, links } = &opened else { return Ok(show_opened(&web, guest, meant, &opened)) };
    let accounts = shown(&web, links);
    if *noted && !fields.ticked("noted") {
        let page = ResetPage { accounts, ..reset_page(meant, rules, true, Some(wording::NOT_NOTED)) };
        return Ok(guest.page_again(&web, None, &page));
    }
    let (policy, error) = match recover::reset(&web.app, &guest.caller, meant, password, &confirmation).await? {
        Reset::Done { home } => {
            let page = ResetDonePage { seconds: REDIRECT_AFTER_S, login_url: wording::login_path(home.as_deref()) };
            return Ok(guest.page(&web, home.as_deref(), &page));
        }
        Reset::Broken { policy, broken } => (policy, wording::password_error(&broken)),
        Reset::Not(opened) => return Ok(show_opened(&web, guest, meant, &opened)),
    };
    let page = ResetPage { accounts, ..reset_page(meant, &policy.password, policy.confirm_noted, Some(error)) };
    Ok(guest.page_again(&web, None, &page))
}

/// Accounts, by which people know whose password it is.
fn shown(web: &Web, links: &[Attached]) -> Vec<ReadersAccount> {
    let directory = web.app.directory();
    let shown = |link: &Attached| {
        let agency = directory.agency(&link.account.agency)?.brand.name.clone();
        let (account, holder) = (link.account.login.as_str().to_owned(), link.account.name.clone());
        Some(ReadersAccount { agency, account, holder })
    };
    links.iter().filter_map(shown).collect()
}

fn reset_page(
    (secret, who): (&Secret, Option<&AccountLabel>),
    rules: &PasswordRules,
    noted: bool,
    error: Option<FieldError>,
) -> ResetPage {
    ResetPage {
        secret: secret.expose().to_owned(),
        who: who.map(|who| who.as_str().to_owned()),
        accounts: Vec::new(),
        criteria: wording::criteria(rules),
        noted,
        error,
    }
}
