//! Who changes a person's address, and the request of a resident whose agency alone does (003).

use std::sync::Arc;

use super::letters::{self, Addressee};
use super::{App, Caller, Fault, by_resident};
use crate::domain::address_request::{AddressRequest, AddressRequestError};
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, Link};
use crate::domain::language::Language;
use crate::domain::mail::LetterKind;
use crate::domain::policy::EmailChange;
use crate::domain::session::Session;
use crate::store::Tx;

/// What the request comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Requested {
    /// It is on its way, and the present address is told.
    Sent,
    /// It is not taken as it was typed.
    Wrong(AddressRequestError),
    /// There were as many today as one may send.
    Enough,
    /// Nothing is to be asked for here: the resident changes the address, or no such agency can be written to.
    Nothing,
    /// The session has ended meanwhile; nothing was asked.
    SessionOver,
}

/// An agency that alone changes the address, with the account that it knows the person by.
#[derive(Debug)]
pub struct Keeper {
    /// The agency.
    pub agency: Arc<Agency>,
    link: Link,
}

impl Keeper {
    /// Where it is written to.
    #[must_use]
    pub fn contact(&self) -> Option<EmailAddress> {
        EmailAddress::parse(self.agency.brand.support_email.as_deref()?).ok()
    }
}

/// Their names, in one line.
#[must_use]
pub fn names(keepers: &[Keeper]) -> String {
    keepers.iter().map(|keeper| keeper.agency.brand.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The agencies of a person that alone change the address, each once; none where the person does.
pub async fn keepers(app: &App, identity: &IdentityId) -> Result<Vec<Keeper>, Fault> {
    let links = app.store.read().await?.links_of(identity).await?;
    Ok(keepers_of(app, links))
}

/// The address that is there.
pub async fn address_of(app: &App, session: &Session) -> Result<Option<EmailAddress>, Fault> {
    let credential = app.store.read().await?.credential_of(&session.identity).await?;
    Ok(credential.map(|credential| credential.email))
}

/// Whether the resident's own change is refused: where one agency alone changes the address, that holds for the person.
pub(super) async fn is_agencys(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<bool, Fault> {
    Ok(app.policy_for(None, &tx.links_of(identity).await?).email_change == EmailChange::Agency)
}

fn keepers_of(app: &App, links: Vec<Link>) -> Vec<Keeper> {
    let directory = app.directory();
    let mut keepers: Vec<Keeper> = Vec::new();
    for link in links {
        let Some(agency) = directory.agency(&link.account.agency) else { continue };
        let is_known = keepers.iter().any(|keeper| keeper.agency.code == agency.code);
        if agency.policy.email_change == EmailChange::Agency && !is_known {
            keepers.push(Keeper { agency: Arc::clone(agency), link });
        }
    }
    keepers
}

/// Asks every agency that alone changes the address, each by the account that it knows and without a word of the others,
/// and tells the address that is there.
pub async fn ask(
    app: &App,
    caller: &Caller,
    session: &Session,
    email: &str,
    message: &str,
) -> Result<Requested, Fault> {
    let (identity, now) = (&session.identity, app.now());
    let Some(mut tx) = app.write_as(session).await? else { return Ok(Requested::SessionOver) };
    tx.hold_person(identity).await?;
    let Some(credential) = tx.credential_of(identity).await? else { return Ok(Requested::SessionOver) };
    let keepers = keepers_of(app, tx.links_of(identity).await?);
    let asked: Vec<(&Keeper, EmailAddress)> =
        keepers.iter().filter_map(|keeper| Some((keeper, keeper.contact()?))).collect();
    if asked.is_empty() {
        return Ok(Requested::Nothing);
    }
    let AddressRequest { new_email, message } = match AddressRequest::parse(email, message, &credential.email) {
        Ok(request) => request,
        Err(error) => return Ok(Requested::Wrong(error)),
    };
    if !letters::count_request(app, &mut tx, identity).await? {
        return Ok(Requested::Enough);
    }
    for (Keeper { agency, link }, contact) in asked {
        let kind = LetterKind::AddressRequest {
            account: link.account.login.as_str().to_owned(),
            email: credential.email.clone(),
            new_email: new_email.clone(),
            message: message.clone(),
        };
        let to = |email, language| Addressee { agency: Some(agency.code.clone()), email, language };
        letters::tell(app, &mut tx, to(contact, Language::default()), kind).await?;
        let kind = LetterKind::AddressRequested { new_email: new_email.as_ref().map(EmailAddress::masked) };
        letters::tell(app, &mut tx, to(credential.email.clone(), caller.language), kind).await?;
        let entry = AuditEntry {
            agency: Some(agency.code.clone()),
            login: Some(link.account.login.clone()),
            ..by_resident(identity, AuditEvent::EmailChangeRequested)
        };
        caller.audit(&mut tx, &entry, now).await?;
    }
    tx.commit().await?;
    Ok(Requested::Sent)
}
