//! What is traced: who did what on which account, when, from where (« tracée », SEC-252).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agency_code::AgencyCode;
use super::identifier::identifier;
use super::identity::{IdentityId, LegacyLogin};

identifier! {
    /// Somebody of an agency's staff.
    StaffId
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actor", content = "id", rename_all = "kebab-case")]
pub enum Actor {
    /// Somebody who is not signed in.
    Visitor,
    /// A resident.
    Resident(IdentityId),
    /// Somebody of an agency's staff; nobody comes by that door yet.
    Staff(StaffId),
    /// An operator at the command line.
    Operator,
    /// The gateway itself.
    Gateway,
}

impl Actor {
    /// Which kind, by its stable name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Resident(_) => "resident",
            Self::Staff(_) => "staff",
            Self::Operator => "operator",
            Self::Gateway => "gateway",
        }
    }

    /// Who of that kind, where it has many.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Resident(identity) => Some(identity.as_str()),
            Self::Staff(staff) => Some(staff.as_str()),
            Self::Visitor | Self::Operator | Self::Gateway => None,
        }
    }
}

/// Why a sign-in was refused; the page never says which (f03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// No such identifier anywhere, or the wrong password: the extranet does not say either.
    WrongCredentials,
    /// Too many failures before.
    Throttled,
    /// The extranet has locked the account.
    LockedUpstream,
    /// The extranet wants another password first.
    MustChangeUpstream,
    /// The provisional credentials are used up or past their time.
    ProvisionalOver,
    /// The provisional credentials were replaced by new ones.
    ProvisionalReplaced,
    /// The old credentials were switched off by the migration.
    OldCredentials,
    /// The agency has closed the old way in.
    Cutover,
    /// The agency has closed the account.
    Closed,
    /// It looks like an address, and the agency's identifiers are none: nobody was asked.
    NotAsked,
    /// It cannot be written as the extranet reads it: nothing was sent (decision 43).
    Unwritable,
    /// An operator has withdrawn the person's access.
    Disabled,
}

/// What happened. Names are stable: dashboards and lawyers rely on them (SEC-267).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AuditEvent {
    /// A resident signed in with the new credentials.
    SignedIn,
    /// A sign-in was refused.
    SignInRefused {
        /// Why.
        reason: Refusal,
    },
    /// A lock is over: so many tries were refused meanwhile, unlooked at (SEC-252).
    TriesRefused {
        /// How many.
        tries: u32,
    },
    /// Old credentials could not be checked.
    ExtranetSilent {
        /// What the extranet did.
        reason: String,
    },
    /// The wizard was begun with old credentials.
    MigrationStarted,
    /// The wizard was begun again on another browser.
    MigrationResumed,
    /// A proof was asked for.
    ProofAsked,
    /// A wrong code was typed.
    ProofRefused,
    /// A person's password, asked for afresh, was wrong or was tried too often.
    PasswordRefused,
    /// « Ce n'est pas moi » in a letter of the wizard: the run is held.
    MigrationDisowned,
    /// The wizard ended, because the account is not to be given to who began it any more.
    MigrationWithdrawn,
    /// « Ce n'est pas moi » in another letter: a change of address, or what could follow one, is held.
    ChangeDisowned,
    /// A changed address was changed back, with the password from before.
    EmailChangeUndone,
    /// A person was created and the account attached.
    Migrated,
    /// An account was attached to a person who existed.
    AccountAttached,
    /// An account was opened in place of another one on the same host, which was closed.
    AccountSwitched {
        /// Whether the other one's extranet session could be ended; None where it had none, or no way out is declared.
        extranet_ended: Option<bool>,
    },
    /// An account got a password of its own.
    OwnPasswordSet,
    /// An account is opened by the person's one password again.
    OwnPasswordGone,
    /// An account was detached by its person.
    AccountDetached,
    /// A resident had a known device forgotten.
    DeviceForgotten,
    /// An account was taken from a person: the agency took it back, or somebody else has the identifier now.
    AccountWithdrawn,
    /// Terms were accepted.
    TermsAccepted {
        /// Which version.
        version: String,
    },
    /// A reset of the password was asked for.
    ResetAsked,
    /// The password was reset.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// A change of the address was asked for.
    EmailChangeAsked,
    /// The agency was asked to change the address, where it alone does (003).
    EmailChangeRequested,
    /// The address was changed.
    EmailChanged,
    /// A resident signed out.
    SignedOut {
        /// Extranet sessions that were ended.
        extranets_ended: u32,
        /// Extranet sessions that could not be ended.
        extranets_failed: u32,
    },
    /// The extranet refused the secret that is kept for it.
    UpstreamSignInRefused,
    /// That secret was dropped: it never worked, or was refused twice, long enough apart.
    UpstreamSecretDropped,
    /// The person gave the extranet's password anew, after that.
    UpstreamSecretRestored,
    /// A person asked for an agency where there is no account of theirs (SEC-017).
    AccessDenied,
    /// A letter will not arrive: its mail server refused it for good, or nobody could be reached for too long.
    LetterGivenUp {
        /// Its id in the outbox, where the server's answer stands.
        letter: String,
        /// Which letter it was.
        kind: String,
        /// Whether the address is to blame, and was marked.
        address_marked: bool,
    },
    /// An operator sent a letter again.
    LetterResent {
        /// Its id in the outbox.
        letter: String,
    },
    /// A roster was imported.
    RosterImported {
        /// Accounts taken.
        accounts: u64,
        /// Lines refused.
        refused: u64,
        /// Accounts that were taken off the roster, or given to somebody else.
        #[serde(default)]
        withdrawn: u64,
    },
    /// The last import of a roster was undone.
    RosterImportUndone {
        /// Accounts that stand on the roster as before.
        accounts: u64,
        /// Accounts that their persons have again.
        given_back: u64,
        /// Accounts that somebody has, or is about to get, since: they stay as they are.
        kept: u64,
    },
    /// The database was brought back from a backup, and looked through.
    DatabaseRestored {
        /// Letters that may have gone out, and wait for an operator.
        held: u64,
        /// Letters that had gone out, as the database from before says.
        gone: u64,
    },
    /// Secrets were sealed anew under the vault's current key.
    VaultRotated {
        /// Secrets sealed anew.
        resealed: u64,
        /// Secrets that no configured key opens.
        unreadable: u64,
    },
    /// An operator looked at what is known about a person.
    PersonShown,
    /// An operator took locks away.
    Unlocked {
        /// Why.
        reason: String,
        /// Counters that were not at zero.
        counters: u32,
    },
    /// An operator had the last letter sent again, with new secrets.
    LetterSentAgain {
        /// Why.
        reason: String,
        /// Which letter.
        letter: String,
    },
    /// An operator took an account from its person.
    AccountUnlinked {
        /// Why.
        reason: String,
    },
    /// An operator withdrew a person's access.
    PersonDisabled {
        /// Why.
        reason: String,
        /// Sign-ins that it ended; None where the server that keeps them did not say.
        sessions: Option<u32>,
        /// Letters that did not go out any more.
        letters: u64,
    },
    /// An operator gave a person's access back.
    PersonEnabled {
        /// Why.
        reason: String,
    },
    /// An operator ended every sign-in of a person; of everybody, where the line names nobody.
    SignInsEnded {
        /// Why.
        reason: String,
    },
    /// An operator erased a person: the lines about that person name nobody any more.
    PersonErased {
        /// Why.
        reason: String,
        /// The digest of the person's id, by which a backup from before finds whom to erase again.
        erased: String,
        /// Lines of the trace that were rewritten.
        lines: u64,
    },
    /// An operator erased what was kept for an agency that the configuration does not have any more.
    AgencyErased {
        /// Why.
        reason: String,
        /// Accounts of its roster.
        accounts: u64,
        /// Accounts that persons had there.
        attached: u64,
    },
    /// An operator looked at lines of the trace.
    TraceShown {
        /// How many.
        lines: u64,
    },
}

impl AuditEvent {
    /// Its stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignInRefused { .. } => "sign-in-refused",
            Self::TriesRefused { .. } => "tries-refused",
            Self::ExtranetSilent { .. } => "extranet-silent",
            Self::MigrationStarted => "migration-started",
            Self::MigrationResumed => "migration-resumed",
            Self::ProofAsked => "proof-asked",
            Self::ProofRefused => "proof-refused",
            Self::PasswordRefused => "password-refused",
            Self::MigrationDisowned => "migration-disowned",
            Self::MigrationWithdrawn => "migration-withdrawn",
            Self::ChangeDisowned => "change-disowned",
            Self::EmailChangeUndone => "email-change-undone",
            Self::Migrated => "migrated",
            Self::AccountAttached => "account-attached",
            Self::AccountSwitched { .. } => "account-switched",
            Self::OwnPasswordSet => "own-password-set",
            Self::OwnPasswordGone => "own-password-gone",
            Self::AccountDetached => "account-detached",
            Self::DeviceForgotten => "device-forgotten",
            Self::AccountWithdrawn => "account-withdrawn",
            Self::TermsAccepted { .. } => "terms-accepted",
            Self::ResetAsked => "reset-asked",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::EmailChangeAsked => "email-change-asked",
            Self::EmailChangeRequested => "email-change-requested",
            Self::EmailChanged => "email-changed",
            Self::SignedOut { .. } => "signed-out",
            Self::UpstreamSignInRefused => "upstream-sign-in-refused",
            Self::UpstreamSecretDropped => "upstream-secret-dropped",
            Self::UpstreamSecretRestored => "upstream-secret-restored",
            Self::AccessDenied => "access-denied",
            Self::LetterGivenUp { .. } => "letter-given-up",
            Self::LetterResent { .. } => "letter-resent",
            Self::RosterImported { .. } => "roster-imported",
            Self::RosterImportUndone { .. } => "roster-import-undone",
            Self::DatabaseRestored { .. } => "database-restored",
            Self::VaultRotated { .. } => "vault-rotated",
            Self::PersonShown => "person-shown",
            Self::Unlocked { .. } => "unlocked",
            Self::LetterSentAgain { .. } => "letter-sent-again",
            Self::AccountUnlinked { .. } => "account-unlinked",
            Self::PersonDisabled { .. } => "person-disabled",
            Self::PersonEnabled { .. } => "person-enabled",
            Self::SignInsEnded { .. } => "sign-ins-ended",
            Self::PersonErased { .. } => "person-erased",
            Self::AgencyErased { .. } => "agency-erased",
            Self::TraceShown { .. } => "trace-shown",
        }
    }

    /// The same with another reason of the operator.
    #[must_use]
    pub fn with_reason(mut self, other: &str) -> Self {
        match &mut self {
            Self::Unlocked { reason, .. }
            | Self::LetterSentAgain { reason, .. }
            | Self::AccountUnlinked { reason }
            | Self::PersonDisabled { reason, .. }
            | Self::PersonEnabled { reason }
            | Self::SignInsEnded { reason }
            | Self::PersonErased { reason, .. }
            | Self::AgencyErased { reason, .. } => other.clone_into(reason),
            _ => {}
        }
        self
    }

    /// What an operator gave as the reason.
    #[must_use]
    pub const fn reason(&self) -> Option<&String> {
        match self {
            Self::Unlocked { reason, .. }
            | Self::LetterSentAgain { reason, .. }
            | Self::AccountUnlinked { reason }
            | Self::PersonDisabled { reason, .. }
            | Self::PersonEnabled { reason }
            | Self::SignInsEnded { reason }
            | Self::PersonErased { reason, .. }
            | Self::AgencyErased { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

impl Refusal {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongCredentials => "wrong-credentials",
            Self::Throttled => "throttled",
            Self::LockedUpstream => "locked-upstream",
            Self::MustChangeUpstream => "must-change-upstream",
            Self::ProvisionalOver => "provisional-over",
            Self::ProvisionalReplaced => "provisional-replaced",
            Self::OldCredentials => "old-credentials",
            Self::Cutover => "cutover",
            Self::Closed => "closed",
            Self::NotAsked => "not-asked",
            Self::Unwritable => "unwritable",
            Self::Disabled => "disabled",
        }
    }
}

impl AuditEntry {
    /// A line about nobody and nothing yet.
    #[must_use]
    pub const fn by(actor: Actor, event: AuditEvent) -> Self {
        Self { event, actor, agency: None, identity: None, login: None }
    }
}

/// One line of the trace, before the store gives it number and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
    /// Who did it.
    #[serde(flatten)]
    pub actor: Actor,
    /// At which agency.
    #[serde(default, with = "agency_code")]
    pub agency: Option<AgencyCode>,
    /// To whom.
    #[serde(default)]
    pub identity: Option<IdentityId>,
    /// To which old account.
    #[serde(default)]
    pub login: Option<LegacyLogin>,
}

/// One line of the trace, as it is kept, and as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its number; there are no gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who did what to whom.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// The client's address.
    pub client: String,
    /// The request that it happened in.
    pub request_id: String,
}

impl AuditLine {
    /// Whether two databases that were one tell the same with these lines. Whom they are about may have been erased in
    /// one of them since.
    #[must_use]
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        (self.seq, self.at, self.entry.event.name()) == (other.seq, other.at, other.entry.event.name())
    }
}

/// An agency's codes in one text, as everywhere else.
mod agency_code {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::AgencyCode;

    #[expect(clippy::ref_option, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(code: &Option<AgencyCode>, serializer: S) -> Result<S::Ok, S::Error> {
        match code {
            Some(code) => serializer.collect_str(code),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AgencyCode>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| AgencyCode::stored(&text).ok_or_else(|| serde::de::Error::custom("no agency"));
        text.map(read).transpose()
    }
}
