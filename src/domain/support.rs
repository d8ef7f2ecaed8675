//! What support is told about a person, and why that person does not get in (e11).
//!
//! Nothing here can hold a password, a code or a cookie.

use jiff::Timestamp;
use serde::Serialize;

use super::agency_code::AgencyCode;
use super::audit::{AuditEvent, Refusal};
use super::email::EmailAddress;
use super::identity::{IdentityId, Kind, LegacyLogin};
use super::language::Language;
use super::mail::Over;
use super::text::has_control;

/// Whom support asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By the address that the person signs in with, or gave in the wizard.
    Email(EmailAddress),
    /// By an old account: `identifier@CLIENT/SOCIETE`.
    Account(AgencyCode, LegacyLogin),
    /// By the person's own id, as traces and logs have it.
    Identity(IdentityId),
}

impl Wanted {
    /// Reads what was typed at the command line. Only an agency's codes have a slash behind the last `@`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.rsplit_once('@') {
            Some((login, agency)) if agency.contains('/') => {
                Some(Self::Account(AgencyCode::stored(agency)?, LegacyLogin::parse(login)?))
            }
            Some(_) => EmailAddress::parse(text).ok().map(Self::Email),
            None => {
                let is_id =
                    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                is_id.then(|| Self::Identity(IdentityId::stored(text)))
            }
        }
    }
}

/// Why an operator does something to somebody's access, in the operator's words; kept in the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The longest, in characters.
    pub const MAX: usize = 300;

    /// Takes a text of one line that says something.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.chars().count() >= 3 && text.chars().count() <= Self::MAX && !has_control(text);
        fits.then(|| Self(text.to_owned()))
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Everything that is known about one person, or about an old account that nobody has migrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The person; none for an account that is not migrated.
    pub person: Option<Person>,
    /// The attached accounts, or the one that is asked for.
    pub accounts: Vec<Account>,
    /// Counters of failures that are not at zero.
    pub locks: Vec<Lock>,
    /// Runs of the wizard that are open.
    pub wizards: Vec<Wizard>,
    /// A change of the address that waits for its proof.
    pub new_email: Option<String>,
    /// Addresses among these that a mail server has refused, and to which nothing has gone since.
    pub refused: Vec<Refused>,
    /// Sign-ins that last.
    pub sessions: Vec<SignIn>,
    /// Why they are not known, where that is so.
    pub sessions_unknown: Option<String>,
    /// The last letters, the newest first.
    pub letters: Vec<Letter>,
    /// The last lines of the trace, the newest first.
    pub trace: Vec<TraceLine>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The id.
    pub id: String,
    /// What is typed to sign in, and where letters go.
    pub email: String,
    /// The language of letters.
    pub language: Language,
    /// When the person finished the wizard.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_at: Timestamp,
    /// When the address was last set.
    pub email_at: Timestamp,
    /// When an operator withdrew the access.
    pub disabled_at: Option<Timestamp>,
    /// Devices on which the person has signed in.
    pub devices: u32,
}

/// An account at an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// `CLIENT/SOCIETE`.
    pub agency: String,
    /// The agency's name; none if the configuration does not have it.
    pub agency_name: Option<String>,
    /// The identifier.
    pub login: String,
    /// The name shown.
    pub name: Option<String>,
    /// What the person is there.
    pub kind: Kind,
    /// When it was attached; none if nobody has.
    pub attached_at: Option<Timestamp>,
    /// Whether it has a password of its own (b19).
    pub own_password: bool,
    /// Whether the extranet's password is kept (sealed); none where it is not needed.
    pub password_kept: Option<bool>,
    /// The name of the key that has sealed it, where who serves does not have that key.
    pub sealed_under: Option<String>,
    /// The version of the terms that is owed.
    pub terms_owed: Option<String>,
    /// Provisional credentials of the roster, while nobody has attached the account.
    pub provisional: Option<Provisional>,
    /// What there is of it, while nobody has attached it.
    pub unmigrated: Option<Unmigrated>,
}

/// What there is of an account that nobody has attached, and who judges its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmigrated {
    /// The extranet judges; the identifier was heard of here.
    AtExtranet,
    /// The extranet judges; the identifier was never heard of here.
    Unheard,
    /// The roster judges, by its provisional credentials.
    Provisional,
    /// The roster judges, and has no credentials for the account.
    WithoutCredentials,
    /// The roster judges, and does not name the account.
    NotOnRoster,
    /// The agency has closed the account.
    Closed,
    /// The configuration does not have the agency any more.
    AgencyGone,
}

/// Provisional credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Provisional {
    /// When they end.
    pub expires_at: Option<Timestamp>,
    /// When they were used up.
    pub used_at: Option<Timestamp>,
}

/// What failures are counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockedOn {
    /// The person, on devices that are not known.
    Person,
    /// One known device.
    KnownDevice,
    /// An old account that nobody has migrated.
    OldAccount,
    /// Codes of letters.
    Codes,
}

/// A counter of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// What it counts on.
    pub on: LockedOn,
    /// Failures in a row.
    pub in_a_row: u32,
    /// Failures within the running day.
    pub today: u32,
    /// Until when nothing is tried.
    pub until: Option<Timestamp>,
}

/// A run of the wizard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wizard {
    /// `CLIENT/SOCIETE`.
    pub agency: String,
    /// The identifier.
    pub login: String,
    /// Where it stands: `notice`, `email`, `password`, `proof`, `join`.
    pub step: &'static str,
    /// The address that was given.
    pub email: Option<String>,
    /// The letter that has to be answered.
    pub proof: Option<Proof>,
    /// The name of the key that has sealed the old password, where who serves does not have that key.
    pub sealed_under: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it has to begin again.
    pub ends_at: Timestamp,
}

/// A letter that has to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Letters asked for.
    pub letters: u32,
    /// When the newest was sent; none while it waits in the outbox.
    pub sent_at: Option<Timestamp>,
    /// Until when its code is taken.
    pub code_until: Option<Timestamp>,
    /// Until when its link is taken.
    pub link_until: Option<Timestamp>,
    /// Codes that can still be tried.
    pub tries_left: u32,
}

/// A sign-in that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SignIn {
    /// When it began.
    pub started_at: Timestamp,
    /// When the person was last seen.
    pub seen_at: Timestamp,
    /// When it ends without another request.
    pub ends_at: Timestamp,
}

/// A letter in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Its id, also in the Message-ID.
    pub id: String,
    /// Which letter.
    pub kind: String,
    /// To which address.
    pub to: String,
    /// `queued`, `held`, `sent`, `abandoned`.
    pub state: String,
    /// Tries.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When it was taken over by the mail server, or given up.
    pub ended_at: Option<Timestamp>,
    /// What the mail server said.
    pub answer: Option<String>,
}

/// A line of the trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceLine {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: AuditEvent,
    /// At which agency.
    pub agency: Option<String>,
    /// From which client address.
    pub client: String,
    /// In which request.
    pub request_id: String,
}

/// An address that a mail server has refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The address.
    pub email: String,
    /// What the mail server said.
    pub answer: String,
    /// When.
    pub at: Timestamp,
}

/// Something that stands between a person and the extranet, or has lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "hindrance", rename_all = "kebab-case")]
pub enum Hindrance {
    /// An operator has withdrawn the access.
    Disabled {
        /// When.
        since: Timestamp,
    },
    /// Too many failures.
    Locked {
        /// On what.
        on: LockedOn,
        /// Until when nothing is tried.
        until: Timestamp,
    },
    /// Nobody has migrated the account.
    NotMigrated {
        /// `CLIENT/SOCIETE`.
        agency: String,
        /// The identifier.
        login: String,
        /// What there is of it.
        what: Unmigrated,
    },
    /// The provisional credentials are used up or past their time.
    ProvisionalOver,
    /// A run of the wizard is open.
    WizardOpen(Wizard),
    /// The newest letter has not been taken over by the mail server.
    LetterWaits(Letter),
    /// The newest letter was given up.
    LetterGivenUp(Letter),
    /// A mail server takes no letters for an address of the person.
    AddressRefused(Refused),
    /// The person has no account anywhere.
    NoAccount,
    /// An account is at an agency that the configuration does not have.
    AgencyGone {
        /// `CLIENT/SOCIETE`.
        agency: String,
    },
    /// The extranet's password is not kept any more: the extranet refused it.
    PasswordNotKept {
        /// `CLIENT/SOCIETE`.
        agency: String,
        /// The identifier.
        login: String,
    },
    /// What is sealed for the person cannot be opened: the page is 503.
    KeyMissing {
        /// `CLIENT/SOCIETE`.
        agency: String,
        /// The identifier.
        login: String,
        /// The name of the key.
        key: String,
    },
    /// The agency's terms have to be accepted first; the page for it is shown.
    TermsOwed {
        /// `CLIENT/SOCIETE`.
        agency: String,
    },
    /// The last try to sign in was refused.
    LastRefused {
        /// When.
        at: Timestamp,
        /// Why.
        refusal: Refusal,
    },
}

impl Case {
    /// Why this person does not get in, the hardest reason first; empty where nothing is known that hinders.
    #[must_use]
    pub fn hindrances(&self, now: Timestamp) -> Vec<Hindrance> {
        let disabled = self.person.as_ref().and_then(|person| person.disabled_at);
        let mut found: Vec<_> = disabled.map(|since| Hindrance::Disabled { since }).into_iter().collect();
        found.extend(self.locks.iter().filter_map(|lock| {
            lock.until.filter(|until| *until > now).map(|until| Hindrance::Locked { on: lock.on, until })
        }));
        match &self.person {
            None => {
                let over = |account: &Account| account.provisional.is_some_and(|provisional| provisional.is_over(now));
                found.extend(self.accounts.iter().filter_map(Account::not_migrated));
                found.extend(self.accounts.iter().filter(|account| over(account)).map(|_| Hindrance::ProvisionalOver));
            }
            Some(_) if self.accounts.is_empty() => found.push(Hindrance::NoAccount),
            Some(_) => found.extend(self.accounts.iter().flat_map(Account::hindrances)),
        }
        found.extend(self.wizards.iter().filter_map(Wizard::key_missing));
        found.extend(self.wizards.iter().cloned().map(Hindrance::WizardOpen));
        found.extend(self.refused.iter().cloned().map(Hindrance::AddressRefused));
        // The same reason once.
        let is_told = |letter: &&Letter| !self.refused.iter().any(|refused| refused.email == letter.to);
        found.extend(self.letters.first().filter(is_told).and_then(Letter::hindrance));
        found.extend(self.last_refused());
        found
    }

    /// The newest refusal, unless a sign-in succeeded since.
    fn last_refused(&self) -> Option<Hindrance> {
        self.trace.iter().find_map(|line| match line.event {
            AuditEvent::SignedIn => Some(None),
            AuditEvent::SignInRefused { reason } => Some(Some(Hindrance::LastRefused { at: line.at, refusal: reason })),
            _ => None,
        })?
    }
}

impl Account {
    fn not_migrated(&self) -> Option<Hindrance> {
        let (agency, login) = (self.agency.clone(), self.login.clone());
        self.unmigrated.map(|what| Hindrance::NotMigrated { agency, login, what })
    }

    fn hindrances(&self) -> Vec<Hindrance> {
        let agency = || self.agency.clone();
        let mut found = Vec::new();
        if self.agency_name.is_none() {
            found.push(Hindrance::AgencyGone { agency: agency() });
        }
        if let Some(key) = &self.sealed_under {
            found.push(Hindrance::KeyMissing { agency: agency(), login: self.login.clone(), key: key.clone() });
        }
        if self.password_kept == Some(false) {
            found.push(Hindrance::PasswordNotKept { agency: agency(), login: self.login.clone() });
        }
        if self.terms_owed.is_some() {
            found.push(Hindrance::TermsOwed { agency: agency() });
        }
        found
    }
}

impl Wizard {
    fn key_missing(&self) -> Option<Hindrance> {
        let (agency, login) = (self.agency.clone(), self.login.clone());
        self.sealed_under.clone().map(|key| Hindrance::KeyMissing { agency, login, key })
    }
}

impl Provisional {
    fn is_over(self, now: Timestamp) -> bool {
        self.used_at.is_some() || self.expires_at.is_some_and(|end| end <= now)
    }
}

impl Letter {
    /// A letter that a newer one replaced, or that an operator's act ended, hinders nobody.
    fn hindrance(&self) -> Option<Hindrance> {
        match self.state.as_str() {
            "queued" | "held" => Some(Hindrance::LetterWaits(self.clone())),
            "abandoned" if self.answer.as_deref().and_then(Over::of).is_none() => {
                Some(Hindrance::LetterGivenUp(self.clone()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn case() -> Case {
        let person = Person {
            id: "anne".into(),
            email: "anne@free.fr".into(),
            language: Language::Fr,
            created_at: at(0),
            password_at: at(0),
            email_at: at(0),
            disabled_at: None,
            devices: 1,
        };
        let account = Account {
            agency: "A/01".into(),
            agency_name: Some("Agence du Port".into()),
            login: "durand".into(),
            name: None,
            kind: Kind::Tenant,
            attached_at: Some(at(0)),
            own_password: false,
            password_kept: Some(true),
            sealed_under: None,
            terms_owed: None,
            provisional: None,
            unmigrated: None,
        };
        Case {
            person: Some(person),
            accounts: vec![account],
            locks: Vec::new(),
            wizards: Vec::new(),
            new_email: None,
            refused: Vec::new(),
            sessions: Vec::new(),
            sessions_unknown: None,
            letters: Vec::new(),
            trace: Vec::new(),
        }
    }

    fn line(event: AuditEvent) -> TraceLine {
        TraceLine { seq: 1, at: at(5), event, agency: None, client: String::new(), request_id: String::new() }
    }

    #[test]
    fn e11_a_person_is_found_by_address_by_account_and_by_id() {
        assert!(matches!(Wanted::parse(" anne@free.fr "), Some(Wanted::Email(_))));
        let by_account = Wanted::parse("anne@free.fr@spi31/01");
        assert_eq!(
            by_account,
            AgencyCode::parse("SPI31", "01")
                .zip(LegacyLogin::parse("anne@free.fr"))
                .map(|(a, l)| Wanted::Account(a, l))
        );
        assert!(matches!(Wanted::parse("0f3a9c"), Some(Wanted::Identity(_))));
        for nobody in ["", "@SPI31/01", "durand@SPI31/", "no such thing", "a@b@c/d/e"] {
            assert_eq!(Wanted::parse(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn e11_a_reason_says_something_in_one_line() {
        assert!(Reason::parse("asked by telephone, checked by her file number").is_some());
        for wrong in ["", "  ", "ok", "two\nlines", &"x".repeat(301)] {
            assert!(Reason::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn e11_nothing_hinders_whose_account_is_whole_and_the_hardest_reason_is_told_first() {
        assert_eq!(case().hindrances(at(10)), []);
        let mut locked = case();
        locked.locks = vec![Lock { on: LockedOn::Person, in_a_row: 6, today: 6, until: Some(at(60)) }];
        locked.accounts[0].password_kept = Some(false);
        locked.person.as_mut().expect("a person").disabled_at = Some(at(1));
        let told = locked.hindrances(at(10));
        assert!(
            matches!(told[0], Hindrance::Disabled { .. }) && matches!(told[1], Hindrance::Locked { .. }),
            "{told:?}"
        );
        assert!(matches!(told[2], Hindrance::PasswordNotKept { .. }), "{told:?}");
        assert_eq!(locked.hindrances(at(60)).len(), 2, "a lock that is over hinders nobody");
    }

    #[test]
    fn e11_a_refusal_counts_until_a_sign_in_succeeds() {
        let refused = line(AuditEvent::SignInRefused { reason: Refusal::WrongCredentials });
        let mut last = case();
        last.trace = vec![line(AuditEvent::ProofAsked), refused.clone(), line(AuditEvent::SignedIn)];
        assert!(matches!(last.hindrances(at(10)).as_slice(), [Hindrance::LastRefused { .. }]));
        last.trace = vec![line(AuditEvent::SignedIn), refused];
        assert_eq!(last.hindrances(at(10)), []);
    }
}
