//! The person's accounts on pages, the question which one, and opening one of them (b17, c17).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::wording;
use crate::app::Fault;
use crate::app::own_password;
use crate::app::switch_account::{self, Account, Switched};
use crate::domain::accounts::Opening;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::AccountLabel;
use crate::domain::path::ReturnPath;
use crate::pages::Ago;
use crate::pages::portal::{AttachAt, AttachedAccount, ChooseAccountPage};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::person::{Person, Posted, session_over};
use crate::web::query::Params;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    /// A host that several agencies share, where it is not known which of them is meant.
    host: String,
    #[serde(rename = "return")]
    return_to: String,
}

/// Which account of this agency? Opening one is a form: following a link closes nothing.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Person { mut guest, session }: Person,
    Params(asked): Params<Said>,
) -> Result<Response, Fault> {
    let agency = web.app.agency(&asked.client, &asked.societe);
    let accounts = switch_account::accounts(&web.app, &session).await?;
    let is_all = agency.is_none() && asked.host.is_empty();
    let how_many = accounts.len();
    let is_asked_for = |account: &Account| match &agency {
        Some(agency) => is_asked_for(account, agency),
        None if is_all => true,
        None => account.agency.shares_host() && account.agency.public.host() == asked.host,
    };
    let here: Vec<Account> = accounts.into_iter().filter(is_asked_for).collect();
    if here.is_empty() || (is_all && how_many == 1) {
        return Ok(guest.go("/account"));
    }
    let page = ChooseAccountPage {
        agency: agency.as_ref().filter(|agency| is_all_of(agency, &here)).map(|agency| agency.brand.name.clone()),
        codes: wording::codes(agency.as_deref()),
        one_is_open: here.iter().any(|account| account.opening == Opening::Replaces),
        is_all: here.len() == how_many,
        accounts: attached(&web, &mut guest, &here),
        return_to: ReturnPath::parse_or_home(&asked.return_to).as_str().to_owned(),
    };
    Ok(guest.page(&web, agency.as_deref(), &page))
}

/// The agency's accounts, and what is open on the same host and would be closed.
fn is_asked_for(account: &Account, agency: &Agency) -> bool {
    account.link.account.agency == agency.code
        || (account.opening == Opening::Returns && account.agency.public.host() == agency.public.host())
}

fn is_all_of(agency: &Agency, accounts: &[Account]) -> bool {
    accounts.iter().all(|account| account.agency.code == agency.code)
}

/// « Ouvrir »: what else is open on the same host is closed, here and in its extranet. The way back is a path in one
/// agency's extranet: in another one it would lead anywhere.
pub(super) async fn open(
    State(web): State<Arc<Web>>,
    Posted { guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let Some(label) = AccountLabel::parse(fields.text("account")) else { return Ok(guest.go("/account")) };
    let return_to = ReturnPath::parse_or_home(fields.text("return"));
    let of = AgencyCode::parse(fields.text("client"), fields.text("societe"));
    Ok(match switch_account::switch(&web.app, &guest.caller, &session, &label).await? {
        Switched::To(account) if of.is_none_or(|of| of == account.agency.code) => {
            guest.go_into_account(&account.agency, &label, return_to.as_str())
        }
        Switched::To(account) => guest.go_into_account(&account.agency, &label, "/"),
        Switched::Nothing => guest.go("/account"),
        Switched::SessionOver => session_over(&web, guest),
    })
}

/// On an agency's host: the way to the person's accounts, for a link in the extranet, and from the page that asks whether
/// to sign out.
pub(super) async fn show_on_agency(State(web): State<Arc<Web>>, guest: Guest) -> Response {
    guest.go(&format!("{}/accounts", web.portal_url()))
}

/// The accounts as pages show them; the page's forms may lead to each of their hosts.
pub(super) fn attached(web: &Web, guest: &mut Guest, accounts: &[Account]) -> Vec<AttachedAccount> {
    let now = web.app.now();
    let shown = |account: &Account| {
        guest.leads_to(&account.agency);
        let Account { agency, link, opening, kind, visited_at } = account;
        let is_open = *opening == Opening::Returns;
        AttachedAccount {
            agency: agency.brand.name.clone(),
            initials: wording::initials(&agency.brand.name),
            colour: agency.brand.colour.trim_start_matches('#').to_owned(),
            account: link.account.login.as_str().to_owned(),
            holder: link.account.name.clone(),
            kind: kind.name(),
            label: link.label().as_str().to_owned(),
            is_open,
            opening: opening.name(),
            visited: visited_at.filter(|_| !is_open).map(|visited_at| Ago::of(visited_at, now)),
            phone: agency.brand.support_phone.clone(),
            may_be_apart: own_password::may_be_set(agency, accounts.len()),
        }
    };
    accounts.iter().map(shown).collect()
}

/// Where further accounts are attached: once for each agency.
pub(super) fn attach_at(accounts: &[Account]) -> Vec<AttachAt> {
    let mut places: Vec<AttachAt> = Vec::new();
    for Account { agency, .. } in accounts {
        let url = format!("{}&attach=1", wording::login_path(Some(agency)));
        let place = AttachAt { agency: agency.brand.name.clone(), url };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}
