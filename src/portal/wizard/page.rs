//! The page of the step that is open. Whatever is asked for, it is shown: two tabs, the back button and old links all end
//! there (b21, REL-058, REL-059).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::app::Fault;
use crate::app::wizard::run::{self, Open};
use crate::app::wizard::step::{Mistake, Stepped};
use crate::app::wizard::{join, others, proof};
use crate::domain::credential::Login;
use crate::domain::email::EmailAddress;
use crate::domain::identity::LegacyAccount;
use crate::domain::migration::{Address, Step};
use crate::domain::policy::Order;
use crate::pages::portal::{
    Alert, EmailPage, FieldError, JoinPage, JoinedPage, MessageName, NoticePage, OWN_RESET, OtherAccount, OthersPage,
    PasswordPage, ProofPage,
};
use crate::portal::letters::{ask_agency, proof_page};
use crate::portal::wording::{self, FORGOTTEN_BY_EMAIL, Shown};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::problem::Problem;

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

pub(in crate::portal) async fn show(State(web): State<Arc<Web>>, guest: Guest) -> Result<Response, Fault> {
    show_step(&web, guest, Remarks::default()).await
}

/// The page of the step that is open in this browser.
pub(super) async fn show_step(web: &Web, mut guest: Guest, remarks: Remarks) -> Result<Response, Fault> {
    guest.session(web).await?;
    let Some(open) = run::open(&web.app, &guest.caller).await? else {
        return Ok(match run::withdrawn(&web.app, &guest.caller).await? {
            Some(agency) => ask_agency(web, guest, Some(&agency)),
            None => Problem::page(StatusCode::OK, MessageName::StartAgain).into_response(),
        });
    };
    let status = match (&remarks.alert, &remarks.error) {
        (None | Some(Alert::Resent), None) if remarks.typed.is_none() => StatusCode::OK,
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
            let page = NoticePage {
                seconds,
                called: portal.trim_start_matches("www.").to_owned(),
                portal,
                keeps_identifier: plan.keeps_identifier(),
                proof_first: plan.order == Order::ProofFirst,
                alert,
                progress: wording::progress(plan, Shown::Notice),
            };
            guest.page_with(status, web, agency, &page)
        }
        Step::Email { proposed } => {
            let email = typed.or(proposed.as_ref().map(ToString::to_string)).unwrap_or_default();
            let suggestion = EmailAddress::parse(&email).ok().and_then(|email| email.suggestion());
            let suggestion = suggestion.map(|suggestion| suggestion.to_string());
            let (keeps_identifier, progress) = (plan.keeps_identifier(), wording::progress(plan, Shown::Email));
            let page = EmailPage { email, suggestion, keeps_identifier, error, alert, progress };
            guest.page_with(status, web, agency, &page)
        }
        Step::Password { address, apart } => {
            let identifier = (*apart || plan.keeps_identifier()).then(|| open.flow.account.login.as_str().to_owned());
            let page = PasswordPage {
                email: address.email().to_string(),
                identifier,
                is_last: matches!(address, Address::Proven(_)),
                noted: open.agency.policy.confirm_noted,
                criteria: wording::criteria(&plan.password),
                error,
                alert,
                // Of two at one address, the second one is behind the last step.
                progress: wording::progress(plan, Shown::Password).filter(|_| !apart),
            };
            guest.page_with(status, web, agency, &page)
        }
        Step::Proof { email, .. } => {
            let Some(challenge) = proof::asked(&web.app, &open).await? else {
                return Ok(Problem::ours().into_response());
            };
            let alert = alert.or_else(|| challenge.held_until(web.app.now()).map(|_| Alert::Held));
            let page = proof_page(web, &challenge, email, "/migration/proof", alert);
            let page = ProofPage { progress: wording::progress(plan, Shown::Proof), ..page };
            guest.page_with(status, web, agency, &page)
        }
        Step::Join { identity, email } => {
            let signed_in = guest.session(web).await?.map(|session| session.identity);
            let is_own = signed_in.is_some() && signed_in == *identity;
            let forgotten_url = if is_own { OWN_RESET } else { FORGOTTEN_BY_EMAIL };
            let shown = match (email, signed_in) {
                (_, Some(signed_in)) if Some(&signed_in) == identity.as_ref() => {
                    join::address_of(&web.app, &signed_in).await?.map(|email| email.to_string())
                }
                // Proven in this run: nobody learns of it who had not typed it.
                (Some(email), _) => Some(email.address().masked()),
                // Somebody was signed in where the run was begun, who is not here now.
                (None, _) => None,
            };
            let email_open = shown.is_none();
            let email = typed.or(shown).unwrap_or_default();
            let may_be_two = open.flow.step.may_be_two();
            let keeps_identifier = plan.keeps_identifier();
            let page = JoinPage { email, email_open, keeps_identifier, may_be_two, forgotten_url, alert };
            guest.page_with(status, web, agency, &page)
        }
        Step::Done { joined, .. } => {
            let others = others::offered(&web.app, &open).await?;
            if others.is_empty() && *joined {
                let (agency_name, keeps_identifier) = (open.agency.brand.name.clone(), plan.keeps_identifier());
                guest.page(web, agency, &JoinedPage { agency: agency_name, keeps_identifier })
            } else if others.is_empty() {
                let to = ready(web, &open).await?;
                guest.go(&to)
            } else {
                guest.page(web, agency, &others_page(&open, others, None))
            }
        }
    })
}

/// The other accounts, where one was perhaps refused.
pub(super) fn others_page(open: &Open, accounts: Vec<LegacyAccount>, refused: Option<(Alert, &str)>) -> OthersPage {
    let is_refused = |login: &str| matches!(&refused, Some((Alert::CheckFields, typed)) if *typed == login);
    let accounts = accounts
        .into_iter()
        .map(|account| OtherAccount {
            is_refused: is_refused(account.login.as_str()),
            account: account.login.as_str().to_owned(),
            holder: account.name,
            kind: account.kind.name(),
        })
        .collect();
    OthersPage {
        agency: open.agency.brand.name.clone(),
        keeps_identifier: open.flow.plan.keeps_identifier(),
        joined: matches!(open.flow.step, Step::Done { joined: true, .. }),
        accounts,
        alert: refused.map(|(alert, _)| alert),
    }
}

/// The sign-in, where it is said what is typed from now on.
pub(super) async fn ready(web: &Web, open: &Open) -> Result<String, Fault> {
    let notice = match run::login_of(&web.app, open).await? {
        Login::Address => "ready",
        Login::Identifier => "ready-as-before",
    };
    Ok(format!("{}&notice={notice}", wording::login_path(Some(&open.agency))))
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

/// Shows another step's page where the open one allows it, without taking a step.
pub(super) async fn show_as(
    web: &Web,
    guest: Guest,
    allowed: fn(&Step) -> bool,
    shown: Step,
) -> Result<Response, Fault> {
    let open: Option<Open> = run::open(&web.app, &guest.caller).await?;
    match open {
        Some(open) if allowed(&open.flow.step) => {
            let agency = Some(&*open.agency);
            let plan = &open.flow.plan;
            let (keeps_identifier, progress) = (plan.keeps_identifier(), wording::progress(plan, Shown::Email));
            Ok(if let Step::Join { .. } = shown {
                guest.page(web, agency, &JoinPage::open(String::new(), keeps_identifier, None))
            } else {
                let email = open.flow.roster_email.as_ref().map(ToString::to_string).unwrap_or_default();
                let suggestion = None;
                let page = EmailPage { email, suggestion, keeps_identifier, error: None, alert: None, progress };
                guest.page(web, agency, &page)
            })
        }
        _ => show_step(web, guest, Remarks::default()).await,
    }
}
