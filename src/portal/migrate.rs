//! The pages of the wizard. Whatever is asked for, the page of the step that is open is shown: two tabs, the back button
//! and old links all end there (b21, REL-058, REL-059).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::letters::{ask_agency, proof_page};
use super::wording::{self, Shown};
use crate::app::Fault;
use crate::app::join;
use crate::app::migrate::{self, Mistake, Open, Stepped};
use crate::domain::email::EmailAddress;
use crate::domain::migration::Step;
use crate::pages::portal::{
    Alert, EmailPage, FieldError, JoinPage, JoinedPage, MessageName, NoticePage, PasswordPage, ProofPage,
};
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::{Problem, alert_of};

/// Where the page of the open step is.
pub(super) const HERE: &str = "/migration";

/// What a page says beside the step itself.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub(super) alert: Option<Alert>,
    pub(super) error: Option<FieldError>,
    /// An address as it was typed, when it could not be taken.
    pub(super) typed: Option<String>,
}

pub(super) async fn show(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    guest.session(&web).await?;
    show_step(&web, guest, Remarks::default()).await
}

/// The page of the step that is open in this browser.
pub(super) async fn show_step(web: &Web, mut guest: Guest, remarks: Remarks) -> Result<Response, Fault> {
    let Some(open) = migrate::open(&web.app, &guest.caller).await? else {
        return Ok(match migrate::withdrawn(&web.app, &guest.caller).await? {
            Some(agency) => ask_agency(web, guest, Some(&agency)),
            None => Problem::page(StatusCode::OK, MessageName::StartAgain).into_response(),
        });
    };
    let status = match (&remarks.alert, &remarks.error) {
        (None | Some(Alert::Resent), None) => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let agency = Some(&*open.agency);
    let plan = &open.flow.plan;
    let Remarks { alert, error, typed } = remarks;
    Ok(match &open.flow.step {
        Step::Notice { opens_at } => {
            let seconds = plan.notice_left(*opens_at, web.app.now());
            // Residents know the portal by its name, not by its scheme.
            let portal = web.app.directory().portal().authority();
            let progress = Some(wording::progress(plan, Shown::Notice));
            guest.page_with(status, web, agency, &NoticePage { seconds, portal, alert, progress })
        }
        Step::Email { proposed } => {
            let email = typed.or(proposed.as_ref().map(ToString::to_string)).unwrap_or_default();
            let suggestion = EmailAddress::parse(&email).ok().and_then(|email| email.suggestion());
            let suggestion = suggestion.map(|suggestion| suggestion.to_string());
            let progress = Some(wording::progress(plan, Shown::Email));
            guest.page_with(status, web, agency, &EmailPage { email, suggestion, error, alert, progress })
        }
        Step::Password { address } => {
            let (email, criteria) = (address.email().to_string(), wording::criteria(&plan.password));
            let progress = Some(wording::progress(plan, Shown::Password));
            guest.page_with(status, web, agency, &PasswordPage { email, criteria, error, alert, progress })
        }
        Step::Proof { email, .. } => {
            let Some(challenge) = migrate::asked_proof(&web.app, &open).await? else {
                return Ok(Problem::ours().into_response());
            };
            let alert = alert.or_else(|| challenge.held_until(web.app.now()).map(|_| Alert::Held));
            let page = proof_page(web, &challenge, email, "/migration/proof", alert);
            let page = ProofPage { progress: Some(wording::progress(plan, Shown::Proof)), ..page };
            guest.page_with(status, web, agency, &page)
        }
        Step::Join { identity, email } => {
            let signed_in = guest.session(web).await?.map(|session| session.identity);
            let shown = match (email, signed_in) {
                (_, Some(signed_in)) if Some(&signed_in) == identity.as_ref() => {
                    join::address_of(&web.app, &signed_in).await?.map(|email| email.to_string())
                }
                // Proven in this run: nobody learns of it who had not typed it.
                (Some(email), _) => Some(email.masked()),
                // Somebody was signed in where the run was begun, who is not here now.
                (None, _) => None,
            };
            let email_open = shown.is_none();
            let email = typed.or(shown).unwrap_or_default();
            guest.page_with(status, web, agency, &JoinPage { email, email_open, alert })
        }
        Step::Done { joined: true } => guest.page(web, agency, &JoinedPage { agency: open.agency.brand.name.clone() }),
        Step::Done { joined: false } => {
            let login = wording::login_path(agency);
            guest.go(&format!("{login}&notice=ready"))
        }
    })
}

pub(super) async fn leave_notice(State(web): State<Arc<Web>>, mut guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = migrate::leave_notice(&web.app, &guest.caller).await?;
    if stepped == Stepped::On {
        // Who is signed in is asked for the password at once (000 I.B); that somebody was once, on this device, says
        // nothing about who sits at it now.
        if let Some(session) = guest.session(&web).await? {
            join::join_existing(&web.app, &guest.caller, Some(&session.identity)).await?;
        }
    }
    answer(&web, guest, stepped, None).await
}

pub(super) async fn choose_email(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let typed = match fields.text("email_suggestion") {
        "" => fields.text("email"),
        suggestion => suggestion,
    };
    match migrate::choose_email(&web.app, &guest.caller, typed).await {
        Ok(stepped) => answer(&web, guest, stepped, Some(typed.to_owned())).await,
        Err(fault) => {
            let (email, alert) = (typed.to_owned(), Some(Alert::Unavailable));
            let page = EmailPage { email, suggestion: None, error: None, alert, progress: None };
            Ok(try_again(guest, &web, None, &page, &fault))
        }
    }
}

pub(super) async fn choose_password(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let stepped = migrate::choose_password(&web.app, &guest.caller, password, &confirmation).await?;
    answer(&web, guest, stepped, None).await
}

pub(super) async fn change_email(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = migrate::change_email(&web.app, &guest.caller).await?;
    answer(&web, guest, stepped, None).await
}

/// « Je n'ai pas encore de compte » on the page that asks for an existing one's password.
pub(super) async fn back_to_email(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    show_as(&web, guest, |step| matches!(step, Step::Join { email: None, .. }), Step::Email { proposed: None }).await
}

/// « J'ai déjà un compte »: shows the form; the step is taken when it is sent, since following a link changes nothing.
pub(super) async fn show_join(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    let join = Step::Join { identity: None, email: None };
    show_as(&web, guest, |step| matches!(step, Step::Email { .. }), join).await
}

/// Shows another step's page where the open one allows it, without taking a step.
async fn show_as(web: &Web, guest: Guest, allowed: fn(&Step) -> bool, shown: Step) -> Result<Response, Fault> {
    let open: Option<Open> = migrate::open(&web.app, &guest.caller).await?;
    match open {
        Some(open) if allowed(&open.flow.step) => {
            let agency = Some(&*open.agency);
            let progress = Some(wording::progress(&open.flow.plan, Shown::Email));
            Ok(if let Step::Join { .. } = shown {
                guest.page(web, agency, &JoinPage { email: String::new(), email_open: true, alert: None })
            } else {
                let email = open.flow.roster_email.as_ref().map(ToString::to_string).unwrap_or_default();
                let page = EmailPage { email, suggestion: None, error: None, alert: None, progress };
                guest.page(web, agency, &page)
            })
        }
        _ => show_step(web, guest, Remarks::default()).await,
    }
}

pub(super) async fn join(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let typed = fields.text("email");
    let stepped = match join::join(&web.app, &guest.caller, typed, fields.secret("password")).await {
        Ok(stepped) => stepped,
        // On the page of a known address nothing was typed but the password.
        Err(fault) if typed.is_empty() => return Err(fault),
        Err(fault) => {
            let page = JoinPage { email: typed.to_owned(), email_open: true, alert: Some(alert_of(&fault)) };
            return Ok(try_again(guest, &web, None, &page, &fault));
        }
    };
    if let Stepped::Wrong(Mistake::JoinRefused) = &stepped {
        let Some(open) = migrate::open(&web.app, &guest.caller).await? else {
            return show_step(&web, guest, Remarks::default()).await;
        };
        if typed.is_empty() {
            return show_step(&web, guest, Remarks { alert: Some(Alert::WrongPassword), ..Remarks::default() }).await;
        }
        let page = JoinPage { email: typed.to_owned(), email_open: true, alert: Some(Alert::WrongPassword) };
        return Ok(guest.page_again(&web, Some(&open.agency), &page));
    }
    let mut guest = guest;
    if let (Stepped::Finished { .. }, Some(session)) = (&stepped, guest.session(&web).await?) {
        guest.rotate(&web, &session).await?;
    }
    answer(&web, guest, stepped, None).await
}

pub(super) async fn resend(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = migrate::resend(&web.app, &guest.caller).await?;
    if stepped == Stepped::On {
        return show_step(&web, guest, Remarks { alert: Some(Alert::Resent), ..Remarks::default() }).await;
    }
    answer(&web, guest, stepped, None).await
}

pub(super) async fn restart(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let agency = migrate::restart(&web.app, &guest.caller).await?;
    Ok(guest.go(&wording::login_path(agency.as_deref())))
}

/// « Continuer » after « Compte associé ✓ »: into that account for who is signed in, else to sign in.
pub(super) async fn finish(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    let open = migrate::open(&web.app, &guest.caller).await?;
    if let (Some(open), Some(session)) = (&open, guest.session(&web).await?) {
        let account = &open.flow.account;
        let link = web.app.store.read().await?.link_of_account(&account.agency, &account.login).await?;
        if let Some(link) = link.filter(|link| link.identity == session.identity) {
            return Ok(guest.go_into_account(&open.agency, &link.label(), "/"));
        }
    }
    Ok(guest.go(&wording::login_path(open.as_ref().map(|open| &*open.agency))))
}

/// What is shown after a step: the next page by GET, or this one again with what is wrong.
pub(super) async fn answer(
    web: &Web,
    guest: Guest,
    stepped: Stepped,
    typed: Option<String>,
) -> Result<Response, Fault> {
    let mistake = match stepped {
        Stepped::On | Stepped::Finished { .. } | Stepped::Elsewhere | Stepped::Withdrawn(_) => {
            return Ok(guest.go(HERE));
        }
        Stepped::Wrong(mistake) => mistake,
    };
    let alert = |alert| Remarks { alert: Some(alert), ..Remarks::default() };
    let error = |error| Remarks { alert: Some(Alert::CheckFields), error: Some(error), typed };
    let remarks = match mistake {
        Mistake::TooEarly(_) => alert(Alert::TooEarly),
        Mistake::Email(wrong) => error(wording::email_error(wrong)),
        Mistake::Password(broken) => error(wording::password_error(&broken)),
        Mistake::PasswordsDiffer => error(wording::password_error(&[])),
        Mistake::JoinRefused => alert(Alert::WrongPassword),
        Mistake::ResendLater(seconds) => alert(Alert::ResendLater { seconds }),
        Mistake::LettersOver => alert(Alert::ResendOver),
    };
    show_step(web, guest, remarks).await
}
