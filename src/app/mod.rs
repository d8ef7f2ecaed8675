//! Use cases: one file per intention, one transaction and one audit event each.
//!
//! What a resident did wrong is an outcome, typed and shown on the same page. What we did wrong is a [`Fault`]: opaque,
//! logged once where it becomes an answer.

pub mod accept_terms;
pub mod acting;
pub mod address_request;
pub mod after_reset;
pub mod agency_codes;
mod ask_extranet;
mod ask_password;
pub mod attempt;
pub mod audit;
pub mod change_email;
pub mod change_password;
pub mod clock;
pub mod detach;
pub mod devices;
pub mod disown;
pub mod enter_extranet;
pub mod extranet_password;
pub mod hand_over;
pub mod hasher;
mod holder;
pub mod import_roster;
pub mod jar;
pub mod kept_secret;
mod letters;
pub mod links;
mod naming;
mod new_password;
pub mod not_me;
mod old_credentials;
pub mod own_password;
pub mod own_reset;
pub mod present_password;
pub mod recover;
pub mod recover_by_code;
pub mod resend_letters;
pub mod restored;
pub mod rotate_vault;
pub mod sign_in;
pub mod sign_out;
pub mod spelling;
pub mod support;
pub mod switch_account;
pub mod throttle;
pub mod undo_import;
pub mod visit;
pub mod waiting;
pub mod wizard;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent};
use crate::domain::identity::{IdentityId, Link};
use crate::domain::language::Language;
use crate::domain::mail::LetterLimits;
use crate::domain::origin::Origin;
use crate::domain::policy::AgencyPolicy;
use crate::domain::routing::Directory;
use crate::domain::secret::{Dice, Secret};
use crate::domain::session::Session;
use crate::edition::Current;
use crate::legacy::{Behalf, Browser, Legacy};
use crate::sessions::{Sessions, SessionsError};
use crate::store::{Store, StoreError, Tx, Unanswered, Vault, VaultError};
use crate::telemetry::{Clock, RequestId};

use enter_extranet::SignInTurns;
use hasher::{Crowded, Hasher};

/// Everything that the use cases work with.
pub struct App {
    /// The configuration in force.
    pub current: Current,
    /// The truth in SQL.
    pub store: Store,
    /// Who is signed in.
    pub sessions: Sessions<Arc<visit::Passage>>,
    /// Password hashing.
    pub hasher: Hasher,
    /// Seals legacy secrets, and makes digests of codes; absent where nothing needs it.
    pub vault: Option<Arc<Vault>>,
    /// Speaks to the extranets.
    pub legacy: Legacy,
    /// What time it is.
    pub clock: Clock,
    /// Where chance comes from.
    pub dice: Arc<dyn Dice>,
    /// Every failed sign-in is answered after this time (f03).
    pub failure_floor: Duration,
    /// How many letters can be caused (f04).
    pub letter_limits: LetterLimits,
    /// What is being judged, and what was refused.
    pub tries: throttle::Tries,
    /// Codes of agencies that do not exist, by who types them.
    pub agency_codes: agency_codes::Typed,
    /// One sign-in upstream at a time per account.
    pub turns: SignInTurns,
    /// Where they have led.
    pub landings: enter_extranet::Landings,
    /// One change of an extranet's cookies at a time per account.
    pub jar_turns: jar::Turns,
    /// What is still to be taken back of what was counted.
    pub owed: throttle::Owed,
}

/// Who asks, as far as one can tell from a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client's address.
    pub client: IpAddr,
    /// The request's name.
    pub request_id: RequestId,
    /// What the browser says of itself; an extranet hears it in a sign-in as in every request.
    pub said: Browser,
    /// The language of the page.
    pub language: Language,
    /// The secret that this browser carries from its first page on.
    pub browser: Secret,
    /// The secret of a browser on which somebody has signed in before (f02).
    pub device: Option<Secret>,
}

impl Caller {
    /// On whose behalf an agency's extranet is asked, which is at `public` to browsers.
    fn at<'a>(&'a self, agency: &'a AgencyCode, public: &'a Origin) -> Behalf<'a> {
        Behalf {
            agency: Some(agency),
            public,
            client: self.client,
            said: &self.said,
            request_id: Some(self.request_id.as_str()),
        }
    }
}

/// Something of ours is out of order; the resident can only try again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Who is signed in.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// More sign-ins wait than may.
    #[error(transparent)]
    Crowded(#[from] Crowded),
    /// Others of the same person are being judged, and more wait than may, or too long: nothing was tried.
    #[error("too many sign-ins of one person at once")]
    Busy,
    /// A sealed secret cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An adapter or a code needs the vault and there is none; `check` refuses such a configuration.
    #[error("there is no vault key")]
    NoVault,
}

impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.error.into()
    }
}

impl Fault {
    /// Why, in words of a closed list: for the access line, and for who reads it at night.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Store(error) | Self::Sessions(SessionsError::Store(error)) => match error {
                StoreError::Conflict | StoreError::Missing(_) | StoreError::Corrupt(_) => {
                    "the database says what does not fit"
                }
                _ => "the database is away",
            },
            Self::Sessions(SessionsError::Redis(_)) => "Redis is away",
            Self::Crowded(_) => "too many sign-ins wait",
            Self::Busy => "too many sign-ins of one person at once",
            Self::Vault(_) => "a sealed secret cannot be opened",
            Self::NoVault => "there is no vault key",
        }
    }
}

impl App {
    /// Hosts and agencies, as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.current.directory()
    }

    /// The agency with these codes, as typed.
    #[must_use]
    pub fn agency(&self, client: &str, societe: &str) -> Option<Arc<Agency>> {
        self.directory().agency(&AgencyCode::parse(client, societe)?).cloned()
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The agency where a person has the oldest account: where to lead who comes from nowhere in particular.
    pub async fn home_of(&self, identity: &IdentityId) -> Result<Option<Arc<Agency>>, Fault> {
        let links = self.store.read().await?.links_of(identity).await?;
        let directory = self.directory();
        Ok(links.iter().find_map(|link| directory.agency(&link.account.agency).cloned()))
    }

    /// Begins to write for somebody who is signed in. None where the sign-in has ended since the page was asked for: what
    /// was read before something slow (a hash, the extranet) is not worth writing then (decision 37).
    async fn write_as(&self, session: &Session) -> Result<Option<Tx>, Fault> {
        let mut tx = self.store.write().await?;
        let stands = self.sessions.stands(&mut tx, session, self.now()).await?;
        Ok(stands.then_some(tx))
    }

    fn vault(&self) -> Result<&Vault, Fault> {
        self.vault.as_deref().ok_or(Fault::NoVault)
    }

    /// The strictest of the policies of every agency where the person has an account, seen from the one that is being
    /// entered, if there is one.
    #[must_use]
    pub fn policy_for(&self, entered: Option<&Agency>, links: &[Link]) -> AgencyPolicy {
        let directory = self.directory();
        let others = links.iter().filter_map(|link| directory.agency(&link.account.agency));
        match entered {
            Some(agency) => others.fold(agency.policy.clone(), |policy, other| policy.strictest(&other.policy)),
            None => others
                .map(|agency| agency.policy.clone())
                .reduce(|policy, other| policy.strictest(&other))
                .unwrap_or_default(),
        }
    }
}

impl Caller {
    /// Writes one line of the trace, within the transaction that it tells of.
    async fn audit(&self, tx: &mut Tx, entry: &AuditEntry, now: Timestamp) -> Result<(), StoreError> {
        tx.append_audit(entry, &self.client.to_string(), self.request_id.as_str(), now).await
    }
}

/// A line about a resident's own act.
fn by_resident(identity: &IdentityId, event: AuditEvent) -> AuditEntry {
    AuditEntry { identity: Some(identity.clone()), ..AuditEntry::by(Actor::Resident(identity.clone()), event) }
}

#[cfg(test)]
mod tests;
