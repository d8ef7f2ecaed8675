//! « Mot de passe oublié ? » (000 II.C, 001 IV, 004, c10 to c12).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::codes::{self, Instead};
use super::letters::Link;
use super::{filled, wording};
use crate::app::Fault;
use crate::app::recover::{self, NewPassword, Opened, Reset};
use crate::app::recover_by_code;
use crate::domain::agency::Agency;
use crate::domain::challenge::RESEND_AFTER_S;
use crate::domain::email::EmailAddress;
use crate::domain::identity::{AccountLabel, Link as Attached};
use crate::domain::policy::Identifier;
use crate::domain::recovery::Named;
use crate::domain::secret::Secret;
use crate::pages::portal::{
    Alert, Codes, FieldError, ForgottenPage, ForgottenSentPage, MessageName, MessagePage, Reader, ReadersAccount,
    ResetDonePage, ResetPage, ResetWaitsPage, ResetWhichPage, Sends,
};
use crate::pages::written;
use crate::web::Web;
use crate::web::back::{Back, way_in};
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

/// Seconds until « Mot de passe réinitialisé » leads on by itself (001).
const LEADS_ON_AFTER_S: u64 = 20;

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
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Instead> {
    guest.sees_who_is_here(&web).await;
    let is_by_email = asked.by == "email";
    let asked = Codes { client: asked.client, societe: asked.societe };
    let (guest, agency) = entered(&web, guest, asked, is_by_email).await?;
    let page = form(&guest, agency.as_deref(), ("", ""), None);
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// « Mot de passe oublié ? » on the sign-in page: what was typed there as identifier is taken along, in no address, and also
/// without a script. What was typed as password is not read.
pub(super) async fn begin(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let login = fields.text("login");
    let asks_for_both = agency.as_deref().is_some_and(|agency| asks(Some(agency)) == Identifier::Legacy);
    let is_address = EmailAddress::parse(login).is_ok() && agency.as_deref().is_some_and(|a| !a.may_be_email);
    let typed = if asks_for_both && is_address { ("", login) } else { (login, "") };
    let page = form(&guest, agency.as_deref(), typed, None);
    Ok(guest.page(&web, agency.as_deref(), &page))
}

pub(super) async fn ask(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let typed = (fields.text("login"), fields.text("email"));
    let named = match Named::parse(asks(agency.as_deref()), typed.0, typed.1) {
        Ok(named) => named,
        Err(unnamed) => {
            let wrong = wording::unnamed_error(unnamed, agency.as_deref());
            let page = form(&guest, agency.as_deref(), typed, Alert::about(vec![wrong]));
            return Ok(guest.page_again(&web, agency.as_deref(), &page));
        }
    };
    recover::ask(&web.app, &guest.caller, &named, agency.as_ref()).await?;
    let guest = asked_for(guest, agency.as_deref());
    let page = sent(&guest, agency.as_deref(), typed, None);
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// « Recevoir un nouveau code ».
pub(super) async fn resend(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let typed = (fields.text("login"), fields.text("email"));
    if let Ok(named) = Named::parse(asks(agency.as_deref()), typed.0, typed.1) {
        recover::ask_again(&web.app, &guest.caller, &named, agency.as_ref()).await?;
    }
    let guest = asked_for(guest, agency.as_deref());
    let page = sent(&guest, agency.as_deref(), typed, Some(Alert::ResetAskedAgain));
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// « Suivant » beside the code.
pub(super) async fn type_code(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Instead> {
    let (guest, agency) = posted(&web, guest, &fields).await?;
    let (typed, code) = ((fields.text("login"), fields.text("email")), fields.text("code"));
    let is_empty = fields.is_empty("code");
    if !is_empty
        && let Ok(named) = Named::parse(asks(agency.as_deref()), typed.0, typed.1)
        && let Some(secret) =
            recover_by_code::type_code(&web.app, &guest.caller, agency.as_deref(), &named, code).await?
    {
        return Ok(guest.go(&Link::path("/reset", &secret)));
    }
    let guest = asked_for(guest, agency.as_deref());
    let alert = Some(if is_empty { Alert::field("code-missing") } else { Alert::ResetCodeRefused });
    let page = ForgottenSentPage { resend_in: 0, ..sent(&guest, agency.as_deref(), typed, alert) };
    Ok(guest.page_again(&web, agency.as_deref(), &page))
}

/// What residents sign in with, where one asks.
fn asks(agency: Option<&Agency>) -> Identifier {
    agency.map_or(Identifier::Email, |agency| agency.policy.identifier)
}

/// The page that waits for the letter to be answered, the same whoever was typed.
fn sent(
    guest: &Guest,
    agency: Option<&Agency>,
    (login, email): (&str, &str),
    alert: Option<Alert>,
) -> ForgottenSentPage {
    let policy = agency.map(|agency| &agency.policy);
    ForgottenSentPage {
        sign_in_url: wording::login_path(agency.or(guest.known().map(AsRef::as_ref))),
        sends: policy.map_or(Sends::Either, |policy| policy.confirmation.into()),
        codes: agency.map(|agency| wording::codes(Some(agency))),
        login: login.to_owned(),
        email: email.to_owned(),
        reset_code_minutes: policy.map(|policy| u64::from(policy.reset_code_minutes)),
        link_minutes: policy.map(|policy| u64::from(policy.link_minutes)),
        resend_in: RESEND_AFTER_S.unsigned_abs(),
        alert,
    }
}

/// The agency that a form carries along, and where its page is shown by GET.
async fn posted(web: &Web, mut guest: Guest, fields: &Fields) -> Result<(Guest, Option<Arc<Agency>>), Instead> {
    let typed = Codes { client: fields.text("client").to_owned(), societe: fields.text("societe").to_owned() };
    guest.stands_at(codes::path(&typed, "/forgotten"));
    let (mut guest, agency) = entered(web, guest, typed, fields.text("by") == "email").await?;
    guest.stands_at(wording::forgotten_path_of(agency.as_deref()));
    Ok((guest, agency))
}

/// The page that waits has an address of its own, at which nothing else is shown while it waits.
fn asked_for(mut guest: Guest, agency: Option<&Agency>) -> Guest {
    guest.stays_at(wording::forgotten_path_of(agency).replacen("/forgotten", "/forgotten/sent", 1));
    guest
}

/// The agency that codes name. Without any, the screen for the codes asks for them, unless an address is enough (§27).
async fn entered(
    web: &Web,
    guest: Guest,
    codes: Codes,
    is_by_email: bool,
) -> Result<(Guest, Option<Arc<Agency>>), Instead> {
    if is_by_email && codes == Codes::default() {
        // Nobody is asked for an agency; the one that is known keeps its name on the page.
        let mut guest = guest;
        guest.learn_of_run(web).await;
        return Ok((guest, web.app.directory().only_agency().cloned()));
    }
    let (guest, agency) = codes::look_up(web, guest, codes, "/forgotten").await?;
    Ok((guest, Some(agency)))
}

fn form(guest: &Guest, agency: Option<&Agency>, (login, email): (&str, &str), alert: Option<Alert>) -> ForgottenPage {
    ForgottenPage {
        codes: agency.map(|agency| wording::codes(Some(agency))),
        sign_in_url: wording::login_path(agency.or(guest.known().map(AsRef::as_ref))),
        keeps_identifier: asks(agency) == Identifier::Legacy,
        sends: agency.map_or(Sends::Either, |agency| agency.policy.confirmation.into()),
        login: login.to_owned(),
        email: email.to_owned(),
        alert,
    }
}

pub(super) async fn show_link(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(link): Params<Link>,
    Params(Who { who }): Params<Who>,
) -> Result<Response, Fault> {
    guest.sees_who_is_here(&web).await;
    let (secret, who) = (link.secret(), AccountLabel::parse(&who));
    let opened = recover::open_link(&web.app, &secret, who.as_ref()).await?;
    guest.learn_of_link(&web, &secret).await?;
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
        Opened::Form(form) => {
            return guest.page(web, form.home.as_deref(), &reset_page(web, (secret, who), form, Vec::new()));
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
    let action_url = match guest.known() {
        Some(agency) if name == MessageName::LinkExpired => wording::forgotten_path(agency),
        None if name == MessageName::LinkExpired => wording::FORGOTTEN_BY_EMAIL.to_owned(),
        _ => guest.way_in(web),
    };
    guest.page_with(StatusCode::GONE, web, None, &MessagePage { name, action_url })
}

pub(super) async fn reset(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let (secret, who) = (fields.secret("secret"), AccountLabel::parse(fields.text("who")));
    let meant = (&secret, who.as_ref());
    let asked = who.as_ref().map_or_else(String::new, |who| format!("&who={}", who.as_str()));
    guest.stands_at(format!("{}{asked}", Link::path("/reset", &secret)));
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let opened = recover::open_link(&web.app, &secret, who.as_ref()).await?;
    guest.learn_of_link(&web, &secret).await?;
    let Opened::Form(form) = &opened else { return Ok(show_opened(&web, guest, meant, &opened)) };
    let wrong = filled::new_password(&fields, &form.rules, form.noted);
    if !wrong.is_empty() {
        let page = reset_page(&web, meant, form, wrong);
        return Ok(guest.page_again(&web, form.home.as_deref(), &page));
    }
    // Who was signed in here comes back to the account.
    let was_signed_in = guest.session(&web).await?.is_some();
    Ok(match recover::reset(&web.app, &guest.caller, meant, password, &confirmation).await? {
        Reset::Done { home } => {
            guest.forget_refusals();
            guest.session(&web).await?;
            guest.comes_after_the_end();
            let back = Back::account().filter(|_| was_signed_in);
            // Of two at one address, the letter was only for the first.
            let reset = Some(&secret).filter(|_| who.is_none());
            let login_url = with_reset(way_in(home.as_deref(), back.as_ref()), reset);
            guest.stays();
            let page = ResetDonePage { seconds: LEADS_ON_AFTER_S, login_url };
            guest.page(&web, home.as_deref(), &page)
        }
        Reset::Broken { form, broken } => {
            let page = reset_page(&web, meant, &form, vec![wording::password_error(&broken)]);
            guest.page_again(&web, form.home.as_deref(), &page)
        }
        Reset::Not(opened) => show_opened(&web, guest, meant, &opened),
    })
}

/// The way to sign in, where what is typed is known: a link that is used up tells it, and no address stands in an address.
fn with_reset(way_in: String, secret: Option<&Secret>) -> String {
    let Some(secret) = secret else { return way_in };
    let joint = if way_in.contains('?') { '&' } else { '?' };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("reset", secret.expose()).finish();
    format!("{way_in}{joint}{query}")
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
    web: &Web,
    (secret, who): (&Secret, Option<&AccountLabel>),
    form: &NewPassword,
    wrong: Vec<FieldError>,
) -> ResetPage {
    ResetPage {
        secret: secret.expose().to_owned(),
        who: who.map(|who| who.as_str().to_owned()),
        email: form.email.to_string(),
        identifier: form.identifier.as_ref().map(|login| login.as_str().to_owned()),
        accounts: shown(web, &form.links),
        criteria: wording::criteria(&form.rules),
        noted: form.noted,
        alert: Alert::about(wrong),
    }
}
