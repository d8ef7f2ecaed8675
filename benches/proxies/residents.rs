//! The residents of a run: people, accounts, sign-ins and cookies, written through the gateway's own store, so that the
//! gateway finds what it would find after real sign-ins.

use std::path::Path;

use vestibule::domain::agency::AgencyCode;
use vestibule::domain::credential::{Credential, CredentialId};
use vestibule::domain::email::EmailAddress;
use vestibule::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use vestibule::domain::language::Language;
use vestibule::domain::password::PasswordHash;
use vestibule::domain::policy::AgencyPolicy;
use vestibule::domain::secret::long_secret;
use vestibule::domain::session::{Session, SessionId, SessionLifetime};
use vestibule::store::Store;
use vestibule::telemetry::{Clock, SystemDice};

use crate::Failed;

/// How many take turns.
pub const RESIDENTS: usize = 200;

/// A resident who is signed in.
#[derive(Debug, Clone)]
pub struct Resident {
    /// The identifier at the agency; also the beginning of the paths that are asked for.
    pub login: String,
    /// The value of the session cookie on the agency's host.
    pub cookie: String,
}

/// Writes the residents into the gateway's database, before the gateway opens it.
pub async fn sign_in(database: &Path, agency: &AgencyCode) -> Result<Vec<Resident>, Failed> {
    let store = Store::open(&format!("sqlite:{}", database.display())).await?;
    let (now, dice) = (Clock.now(), SystemDice);
    let mut tx = store.write().await?;
    let mut residents = Vec::with_capacity(RESIDENTS);
    for number in 0..RESIDENTS {
        let login = format!("resident-{number}");
        let identity = IdentityId::random(&dice);
        let email = EmailAddress::parse(&format!("{login}@example.org"))?;
        // Nobody types a password in this run.
        let password = PasswordHash::phc("$argon2id$v=19$m=19456,t=2,p=1$none$none");
        let credential = Credential { id: CredentialId::random(&dice), identity: identity.clone(), email, password };
        tx.create_person(&identity, &credential, Language::default(), now).await?;
        let account = LegacyAccount {
            agency: agency.clone(),
            login: LegacyLogin::parse(&login).ok_or("an identifier")?,
            name: Some(format!("Dominique Résident {number}")),
            kind: Kind::CoOwner,
        };
        let link = Link { id: LinkId::random(&dice), identity: identity.clone(), account };
        tx.attach(&link, now).await?;
        let session = Session {
            id: SessionId::random(&dice),
            identity,
            started_at: now,
            seen_at: now,
            lifetime: SessionLifetime::new(&AgencyPolicy::default(), false),
            epoch: 0,
        };
        tx.insert_session(&session, long_secret(&dice).digest()).await?;
        let cookie = long_secret(&dice);
        tx.insert_agency_cookie(cookie.digest(), &session.id, &link.id, now).await?;
        residents.push(Resident { login, cookie: cookie.expose().to_owned() });
    }
    tx.commit().await?;
    store.close().await;
    Ok(residents)
}
