//! The pages of the wizard, one address for a step. The page of the step that is open is shown there, and those before it
//! again as far as the run may go back (residents 5); whatever else is asked for leads to the open one: two tabs and old
//! links all end there (b21, REL-058, REL-059).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};

use crate::app::Fault;
use crate::app::wizard::run::{self, Open};
use crate::app::wizard::step::{Mistake, Stepped};
use crate::app::wizard::{join, others, proof};
use crate::domain::credential::Login;
use crate::domain::email::EmailAddress;
use crate::domain::identity::LegacyAccount;
use crate::domain::migration::{Address, Step};
use crate::domain::policy::Order;
use crate::domain::way_back::Stop;
use crate::pages::portal::{
    Alert, EmailPage, JoinPage, JoinedPage, MessageName, NoticePage, OWN_RESET, OtherAccount, OthersPage, PasswordPage,
    ProofPage,
};
use crate::portal::letters::{Pressed, ask_agency, proof_page};
use crate::portal::wording::{self, FORGOTTEN_BY_EMAIL};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::Problem;
use crate::web::query::Params;

/// What leads to the page of the open step.
pub(super) const HERE: &str = "/migration";

/// Where a step is shown.
pub(super) const fn path(stop: Stop) -> &'static str {
    match stop {
        Stop::Notice => "/migration/notice",
        Stop::Email => "/migration/email",
        Stop::Password => "/migration/password",
        Stop::Proof => "/migration/proof",
        Stop::Join => "/migration/join",
        Stop::Others => "/migration/others",
    }
}

/// In which state the run was shown on the page that was sent.
pub(super) fn seen(fields: &Fields) -> Option<i64> {
    fields.text("seen").parse().ok()
}

/// What a page says beside the step itself.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub(super) alert: Option<Alert>,
    /// An address as it was typed, when it could not be taken.
    pub(super) typed: Option<String>,
}

impl Remarks {
    pub(super) fn saying(alert: Alert) -> Self {
        Self { alert: Some(alert), ..Self::default() }
    }

    const fn status(&self) -> StatusCode {
        match &self.alert {
            None | Some(Alert::Resent | Alert::LinkNotOpened) if self.typed.is_none() => StatusCode::OK,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

pub(in crate::portal) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    uri: Uri,
    Params(pressed): Params<Pressed>,
) -> Result<Response, Fault> {
    guest.session(&web).await?;
    let Some(open) = run::open(&web.app, &guest.caller).await? else { return none_is_open(&web, guest).await };
    let asked = uri.path().rsplit('/').next().and_then(Stop::named);
    let again = asked.and_then(|asked| open.flow.again(asked));
    let is_open = Stop::from(&open.flow.step);
    if again.is_none() && asked != Some(is_open) {
        return Ok(guest.go(path(is_open)));
    }
    let waits = pressed.says_opened() && is_open == Stop::Proof && again.is_none();
    let remarks = if waits { Remarks::saying(Alert::LinkNotOpened) } else { Remarks::default() };
    draw(&web, guest, &open, again.as_ref(), remarks).await
}

/// No run is open in this browser.
async fn none_is_open(web: &Web, guest: Guest) -> Result<Response, Fault> {
    Ok(match run::withdrawn(&web.app, &guest.caller).await? {
        Some(agency) => ask_agency(web, guest, Some(&agency)),
        None => Problem::page(StatusCode::OK, MessageName::StartAgain).into_response(),
    })
}

/// A form's page with what is wrong with it; the one of the step that is open, where the form's own cannot be shown.
pub(super) async fn show_at(web: &Web, guest: Guest, stop: Stop, remarks: Remarks) -> Result<Response, Fault> {
    let Some(open) = run::open(&web.app, &guest.caller).await? else { return none_is_open(web, guest).await };
    let again = open.flow.again(stop);
    if again.is_none() && Stop::from(&open.flow.step) != stop {
        return Ok(guest.go(path(Stop::from(&open.flow.step))));
    }
    draw(web, guest, &open, again.as_ref(), remarks).await
}

/// The page of a step: the one that is open, or one that is shown again.
async fn draw(
    web: &Web,
    mut guest: Guest,
    open: &Open,
    again: Option<&Step>,
    remarks: Remarks,
) -> Result<Response, Fault> {
    let step = again.unwrap_or(&open.flow.step);
    let page_of = Stop::from(step);
    guest.stands_at(path(page_of).to_owned());
    let status = remarks.status();
    let (agency, plan) = (Some(&*open.agency), &open.flow.plan);
    let (back, seen) = (open.flow.before(page_of).map(path), open.version());
    let Remarks { alert, typed } = remarks;
    Ok(match step {
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
                progress: wording::progress(plan, page_of),
            };
            guest.page_with(status, web, agency, &page)
        }
        Step::Email { proposed } => {
            let email = typed.or(proposed.as_ref().map(ToString::to_string)).unwrap_or_default();
            let suggestion = EmailAddress::parse(&email).ok().and_then(|email| email.suggestion());
            let suggestion = suggestion.map(|suggestion| suggestion.to_string());
            let (keeps_identifier, progress) = (plan.keeps_identifier(), wording::progress(plan, page_of));
            let page = EmailPage { email, suggestion, keeps_identifier, back, seen, alert, progress };
            guest.page_with(status, web, agency, &page)
        }
        Step::Password { address, apart } => {
            let identifier = (*apart || plan.keeps_identifier()).then(|| open.flow.account.login.as_str().to_owned());
            let page = PasswordPage {
                email: address.email().to_string(),
                identifier,
                is_last: matches!(address, Address::Proven(_)),
                keep: again.is_some().then(|| path(Stop::Proof)),
                noted: open.agency.policy.confirm_noted,
                criteria: wording::criteria(&plan.password),
                back,
                seen,
                alert,
                // Of two at one address, the second one is behind the last step.
                progress: wording::progress(plan, page_of).filter(|_| !apart),
            };
            guest.page_with(status, web, agency, &page)
        }
        Step::Proof { email, .. } => {
            let Some(challenge) = proof::asked(&web.app, open).await? else {
                return Ok(Problem::ours().into_response());
            };
            let page = proof_page(web, &challenge, email, path(Stop::Proof), alert).await?;
            let page = ProofPage { back, progress: wording::progress(plan, page_of), ..page };
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
            let email_open = shown.is_none() || typed.is_some();
            let email = typed.or(shown).unwrap_or_default();
            let (may_be_two, keeps_identifier) = (step.may_be_two(), plan.keeps_identifier());
            let page = JoinPage { email, email_open, keeps_identifier, may_be_two, forgotten_url, back, seen, alert };
            guest.page_with(status, web, agency, &page)
        }
        Step::Done { joined, .. } => {
            let others = others::offered(&web.app, open).await?;
            if others.is_empty() && *joined {
                let (agency_name, keeps_identifier) = (open.agency.brand.name.clone(), plan.keeps_identifier());
                guest.page(web, agency, &JoinedPage { agency: agency_name, keeps_identifier })
            } else if others.is_empty() {
                let to = ready(web, open).await?;
                guest.go(&to)
            } else {
                guest.page(web, agency, &others_page(open, others, None))
            }
        }
    })
}

/// The other accounts, where one was perhaps refused.
pub(super) fn others_page(open: &Open, accounts: Vec<LegacyAccount>, refused: Option<(Alert, &str)>) -> OthersPage {
    let is_refused = |login: &str| matches!(&refused, Some((Alert::CheckFields { .. }, typed)) if *typed == login);
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

/// What is shown after a step: the next page by GET, or the form's own again with what is wrong. Where another step is open
/// than the one that was sent, it is said what was not taken.
pub(super) async fn answer(
    web: &Web,
    guest: Guest,
    stop: Stop,
    stepped: Stepped,
    typed: Option<String>,
) -> Result<Response, Fault> {
    let mistake = match stepped {
        Stepped::On | Stepped::Finished { .. } | Stepped::Withdrawn(_) => return go_on(web, guest).await,
        Stepped::Elsewhere => return stale(web, guest, stop, typed).await,
        Stepped::Wrong(mistake) => mistake,
    };
    let about = |error| Remarks { alert: Alert::about(vec![error]), ..Remarks::default() };
    let remarks = match mistake {
        Mistake::TooEarly(_) => Remarks::saying(Alert::TooEarly),
        Mistake::Email(wrong) => about(wording::email_error(wrong)),
        Mistake::Password(broken) => about(wording::password_error(&broken)),
        Mistake::PasswordsDiffer => about(wording::password_error(&[])),
        Mistake::JoinRefused if typed.is_some() => Remarks::saying(Alert::JoinRefused),
        Mistake::JoinRefused => Remarks::saying(Alert::WrongPassword),
        Mistake::ResendLater(seconds) => Remarks::saying(Alert::ResendLater { seconds }),
        Mistake::LettersOver => Remarks::saying(Alert::ResendOver),
    };
    show_at(web, guest, stop, Remarks { typed, ..remarks }).await
}

/// To the page of the step that is open, by its own address.
pub(super) async fn go_on(web: &Web, guest: Guest) -> Result<Response, Fault> {
    let open = run::open(&web.app, &guest.caller).await?;
    Ok(guest.go(open.map_or(HERE, |open| path(Stop::from(&open.flow.step)))))
}

/// A form of a step that is not open any more, from another tab or by a second press: the open one is shown, and what was
/// typed is named unless it is what counts.
async fn stale(web: &Web, guest: Guest, stop: Stop, typed: Option<String>) -> Result<Response, Fault> {
    let Some(open) = run::open(&web.app, &guest.caller).await? else { return none_is_open(web, guest).await };
    let is_kept = |typed: &str| EmailAddress::parse(typed).is_ok_and(|typed| open.flow.step.email() == Some(&typed));
    let is_over = matches!(open.flow.step, Step::Done { .. });
    let alert = match (stop, typed) {
        _ if is_over => None,
        (Stop::Email, Some(email)) if !is_kept(&email) => {
            let may_correct = open.flow.again(Stop::Email).is_some() || matches!(open.flow.step, Step::Notice { .. });
            Some(if may_correct { Alert::StaleEmail { email } } else { Alert::StaleEmailOver { email } })
        }
        (Stop::Password, _) => Some(Alert::StalePassword),
        _ => None,
    };
    match alert {
        Some(alert) => draw(web, guest, &open, None, Remarks::saying(alert)).await,
        None => Ok(guest.go(path(Stop::from(&open.flow.step)))),
    }
}
