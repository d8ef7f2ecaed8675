//! The account page, « Connexion et sécurité » (000 II, 003, 004, c05), and the notice about personal data.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cookie::time::Duration;
use serde::Deserialize;

use super::devices;
use super::switch_account::{attach_at, attached};
use crate::app::switch_account::{self, Account};
use crate::app::{Fault, address_request, own_password};
use crate::domain::accounts::Opening;
use crate::domain::agency::Agency;
use crate::domain::controller::ControllerRole;
use crate::domain::credential::Login;
use crate::domain::origin::Scheme;
use crate::pages::portal::{AccountPage, Alert, PrivacyPage, ShownCookie};
use crate::store::LETTERS_DAYS;
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;
use crate::web::person::Person;
use crate::web::query::Params;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    notice: Option<Notice>,
}

/// What happened just before.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    PasswordChanged,
    EmailChanged,
    AddressRequested,
    AccountDetached,
    OwnPasswordSet,
    OwnPasswordGone,
    DeviceForgotten,
    #[serde(other)]
    Unknown,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Person { mut guest, session }: Person,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let mut tx = web.app.store.read().await?;
    let Some(credential) = tx.credential_of(&session.identity).await? else {
        let to = guest.way_in(&web);
        return Ok(guest.go(&to));
    };
    let email_refused = tx.refusal_of(&credential.email).await?.is_some();
    let pending = tx.pending_email_change(&session.identity).await?;
    drop(tx);
    let changed_by = address_request::names(&address_request::keepers(&web.app, &session.identity).await?);
    // What was begun before the agency kept that to itself ends nowhere.
    let pending = pending.filter(|_| changed_by.is_empty());
    let accounts = switch_account::accounts(&web.app, &session).await?;
    let directory = web.app.directory();
    let own = own_password::set_apart(&web.app, &session.identity).await?.into_iter().filter_map(|link| {
        let agency = directory.agency(&link.account.agency)?.clone();
        let kind = link.account.kind;
        Some(Account { agency, link, opening: Opening::Opens, kind, visited_at: None })
    });
    let own: Vec<Account> = own.collect();
    let page = AccountPage {
        email: credential.email.to_string(),
        changed_by,
        email_refused,
        pending_email: pending.map(|(_, email)| email.to_string()),
        accounts: attached(&web, &mut guest, &accounts),
        own: attached(&web, &mut guest, &own),
        is_part: own_password::is_part(&web.app, &session.identity).await?,
        attach_at: attach_at(&accounts),
        devices: devices::shown(&web, &guest, &session).await?,
        alert: match asked.notice {
            Some(Notice::PasswordChanged) => Some(Alert::PasswordChanged),
            Some(Notice::EmailChanged) => Some(match credential.login {
                Login::Address => Alert::EmailChanged,
                Login::Identifier => Alert::EmailChangedAsBefore,
            }),
            Some(Notice::AddressRequested) => Some(Alert::AddressRequested),
            Some(Notice::OwnPasswordSet) => Some(Alert::OwnPasswordSet),
            Some(Notice::OwnPasswordGone) => Some(Alert::OwnPasswordGone),
            Some(Notice::AccountDetached) => Some(Alert::AccountDetached),
            Some(Notice::DeviceForgotten) => Some(Alert::DeviceForgotten),
            Some(Notice::Unknown) | None => None,
        },
    };
    Ok(guest.page(&web, None, &page))
}

pub(super) async fn privacy(State(web): State<Arc<Web>>, mut guest: Guest) -> Response {
    // What is told to everybody is told whatever is out of order; the agency whose page led here counts first.
    guest.means_its_codes();
    let _ = guest.session(&web).await;
    if guest.known().is_none() {
        guest.learn_of_run(&web).await;
    }
    let page = privacy_page(&web, &guest, guest.known().map(AsRef::as_ref));
    guest.page(&web, None, &page)
}

fn privacy_page(web: &Web, guest: &Guest, agency: Option<&Agency>) -> PrivacyPage {
    let (edition, directory) = (web.app.current.edition(), web.app.directory());
    let processor = edition.portal.name.clone();
    let said = agency.map_or_else(|| edition.controller.as_ref(), |agency| agency.controller.as_ref());
    let name = said.and_then(|said| said.name.clone()).or_else(|| agency.map(|agency| agency.brand.name.clone()));
    let keep_days = |agency: &Agency| agency.policy.keep_days;
    PrivacyPage {
        role: match &name {
            Some(_) => said.map_or_else(ControllerRole::default, |said| said.role).name(),
            None => "agencies",
        },
        controller: name.unwrap_or_default(),
        contact: said.and_then(|said| said.contact.clone()),
        agency: agency.map_or_else(|| processor.clone(), |agency| agency.brand.name.clone()),
        processor,
        audit_months: directory.audit_retention().longest,
        letter_days: LETTERS_DAYS,
        keep_days: agency
            .map_or_else(|| directory.agencies().map(|agency| keep_days(agency)).max().unwrap_or_default(), keep_days),
        cookies: Kind::ALL.map(|kind| shown(kind, guest.arrival.scheme)).to_vec(),
    }
}

fn shown(kind: Kind, scheme: Scheme) -> ShownCookie {
    let lasts = kind.lasts();
    let days = lasts.map(Duration::whole_days).filter(|days| *days > 0);
    let seconds = lasts.map(Duration::whole_seconds).filter(|_| days.is_none());
    ShownCookie { name: kind.name(scheme), purpose: kind.purpose(), days, seconds }
}
