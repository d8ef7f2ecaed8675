//! The account page, « Connexion et sécurité » (000 II, 003, 004, c05), and the notice about personal data.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::devices;
use super::switch_account::{attach_at, attached};
use crate::app::switch_account::{self, Account};
use crate::app::{Fault, address_request, own_password};
use crate::domain::accounts::Opening;
use crate::domain::credential::Login;
use crate::domain::device;
use crate::pages::portal::{AccountPage, Alert, PrivacyPage};
use crate::store::LETTERS_DAYS;
use crate::web::Web;
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

pub(super) async fn privacy(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    guest.session(&web).await?;
    let page = PrivacyPage {
        agency: web.app.current.edition().portal.name.clone(),
        audit_months: web.app.directory().audit_retention().longest,
        letter_days: LETTERS_DAYS,
        device_days: device::KNOWN_DAYS,
    };
    Ok(guest.page(&web, None, &page))
}
