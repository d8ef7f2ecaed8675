//! What came after a backup, by the trace of the database that was lost: who has to do it again (decision 72).

use jiff::Timestamp;

use super::agency_code::AgencyCode;
use super::audit::{AuditEvent, AuditLine};
use super::identity::{IdentityId, LegacyLogin};

/// Something that the database which was brought back does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// When it happened.
    pub at: Timestamp,
    /// To whom.
    pub identity: Option<IdentityId>,
    /// Which account it was about.
    pub account: Option<(AgencyCode, Option<LegacyLogin>)>,
    /// What it was.
    pub act: Act,
}

/// What has to be done again, or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An operator withdrew the access: it stands again.
    Disabled(String),
    /// An operator gave the access back: it is withdrawn again.
    Enabled(String),
    /// An operator took locks away: they may be there again.
    Unlocked(String),
    /// An operator took an account from its person, or from who was about to get it.
    Unlinked(String),
    /// An operator ended sign-ins. Everybody's are ended in any case.
    SignedOut,
    /// An operator erased a person, of whose id this is the digest.
    Erased(String),
    /// An operator erased an agency.
    AgencyErased,
    /// A roster was imported, or its import undone.
    Roster,
    /// The vault's secrets were sealed anew: the old key is needed again.
    Rotated,
    /// The agency took an account back.
    Withdrawn,
    /// A password was chosen: the one from before opens again.
    Password,
    /// An address was changed: the one from before is the login again.
    Address,
    /// « Ce n'est pas moi »: what was held goes on.
    Disowned,
    /// A person detached an account: it is attached again.
    Detached,
    /// An account was attached, by the wizard or to who was there: its old credentials do it again.
    Attached,
    /// Terms were accepted: they are asked for again.
    Terms,
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The operator.
    Operator,
    /// The operator has to know of it, and may have to ask the person.
    Doubtful,
    /// The person is asked again.
    Person,
}

impl Act {
    fn of(event: &AuditEvent) -> Option<Self> {
        Some(match event {
            AuditEvent::PersonDisabled { reason, .. } => Self::Disabled(reason.clone()),
            AuditEvent::PersonEnabled { reason } => Self::Enabled(reason.clone()),
            AuditEvent::Unlocked { reason, .. } => Self::Unlocked(reason.clone()),
            AuditEvent::AccountUnlinked { reason } => Self::Unlinked(reason.clone()),
            AuditEvent::SignInsEnded { .. } => Self::SignedOut,
            AuditEvent::PersonErased { erased, .. } => Self::Erased(erased.clone()),
            AuditEvent::AgencyErased { .. } => Self::AgencyErased,
            AuditEvent::RosterImported { .. } | AuditEvent::RosterImportUndone { .. } => Self::Roster,
            AuditEvent::VaultRotated { .. } => Self::Rotated,
            AuditEvent::AccountWithdrawn | AuditEvent::MigrationWithdrawn => Self::Withdrawn,
            AuditEvent::PasswordReset
            | AuditEvent::PasswordChanged
            | AuditEvent::OwnPasswordSet
            | AuditEvent::OwnPasswordGone => Self::Password,
            AuditEvent::EmailChanged | AuditEvent::EmailChangeUndone => Self::Address,
            AuditEvent::MigrationDisowned | AuditEvent::ChangeDisowned => Self::Disowned,
            AuditEvent::AccountDetached => Self::Detached,
            AuditEvent::Migrated | AuditEvent::AccountAttached => Self::Attached,
            AuditEvent::TermsAccepted { .. } => Self::Terms,
            _ => return None,
        })
    }

    /// Who has to act.
    #[must_use]
    pub const fn whose(&self) -> Whose {
        match self {
            Self::Disabled(_)
            | Self::Enabled(_)
            | Self::Unlocked(_)
            | Self::Unlinked(_)
            | Self::Erased(_)
            | Self::AgencyErased
            | Self::Roster
            | Self::Rotated
            | Self::Withdrawn => Whose::Operator,
            Self::Password | Self::Address | Self::Disowned | Self::Detached => Whose::Doubtful,
            Self::SignedOut | Self::Attached | Self::Terms => Whose::Person,
        }
    }
}

/// What these lines tell of that was lost, in their order. Of an access that was withdrawn and given back, the last counts.
#[must_use]
pub fn lost(lines: &[AuditLine]) -> Vec<Lost> {
    let mut lost: Vec<Lost> = Vec::new();
    for line in lines {
        let Some(act) = Act::of(&line.entry.event) else { continue };
        let (identity, agency) = (line.entry.identity.clone(), line.entry.agency.clone());
        let account = agency.map(|agency| (agency, line.entry.login.clone()));
        if matches!(act, Act::Disabled(_) | Act::Enabled(_)) {
            lost.retain(|before| {
                before.identity != identity || !matches!(before.act, Act::Disabled(_) | Act::Enabled(_))
            });
        }
        lost.push(Lost { at: line.at, identity, account, act });
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::super::audit::{Actor, AuditEntry};
    use super::*;

    fn line(seq: i64, identity: &str, event: AuditEvent) -> AuditLine {
        let entry =
            AuditEntry { identity: Some(IdentityId::stored(identity)), ..AuditEntry::by(Actor::Operator, event) };
        AuditLine { seq, at: Timestamp::UNIX_EPOCH, entry, client: String::new(), request_id: String::new() }
    }

    #[test]
    fn review_a5_of_an_access_that_was_withdrawn_and_given_back_the_last_counts() {
        let disabled = |why: &str| AuditEvent::PersonDisabled { reason: why.into(), sessions: None, letters: 0 };
        let lines = [
            line(1, "anne", disabled("sold")),
            line(2, "anne", AuditEvent::SignedIn),
            line(3, "bob", disabled("moved")),
            line(4, "anne", AuditEvent::PersonEnabled { reason: "no".into() }),
            line(5, "anne", AuditEvent::PasswordReset),
        ];
        let acts: Vec<Act> = lost(&lines).into_iter().map(|lost| lost.act).collect();
        assert_eq!(acts, [Act::Disabled("moved".into()), Act::Enabled("no".into()), Act::Password]);
    }

    #[test]
    fn review_a5_a_line_that_was_exported_reads_as_it_was_kept() {
        for event in [
            AuditEvent::SignedIn,
            AuditEvent::PersonDisabled { reason: "é \"x\"".into(), sessions: Some(2), letters: 1 },
            AuditEvent::RosterImported { accounts: 3, refused: 0, withdrawn: 2 },
        ] {
            let mut kept = line(7, "anne", event);
            kept.entry.agency = AgencyCode::parse("SPI31", "01");
            kept.entry.actor = Actor::Resident(IdentityId::stored("anne"));
            let text = serde_json::to_string(&kept).expect("JSON");
            assert!(text.contains("\"agency\":\"SPI31/01\""), "{text}");
            assert_eq!(serde_json::from_str::<AuditLine>(&text).expect("a line"), kept, "{text}");
        }
    }
}
