//! Which letters there are, and the life of one in the outbox (« centre d'envoi »).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::agency::AgencyCode;
use super::challenge::ChallengeId;
use super::codec::identifier;
use super::email::EmailAddress;
use super::language::Language;

identifier! {
    /// One letter.
    LetterId
}

/// What a letter says. It holds no secret: secrets are made when it is sent and are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub enum LetterKind {
    /// Confirms the address given in the wizard.
    ConfirmAddress {
        /// The proof that is asked for.
        challenge: ChallengeId,
        /// The letter's number within the proof; an older letter is not sent any more.
        issue: u32,
        /// The old identifier, masked.
        account: String,
    },
    /// The same step of the wizard, for an address that has an account already.
    AlreadyAccount {
        /// The proof that is asked for.
        challenge: ChallengeId,
        /// The letter's number within the proof.
        issue: u32,
        /// The old identifier, masked.
        account: String,
    },
    /// Leads to the page of the new password.
    ResetPassword {
        /// The reset that was asked for.
        recovery: String,
        /// Minutes that the link lives.
        link_minutes: u32,
    },
    /// The password has changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
    },
    /// Confirms a changed address, sent to the new one.
    ConfirmNewEmail {
        /// The proof that is asked for.
        challenge: ChallengeId,
        /// The letter's number within the proof.
        issue: u32,
    },
    /// The address was replaced; sent to the old one.
    EmailChanged {
        /// The new one, masked.
        new_email: String,
        /// When.
        at: Timestamp,
    },
    /// An account was detached by its person.
    AccountDetached {
        /// The old identifier, masked.
        account: String,
    },
    /// An account was taken back by its agency, or somebody else has its identifier now.
    AccountWithdrawn {
        /// The old identifier, masked.
        account: String,
    },
    /// Another account was attached.
    AccountAttached {
        /// The old identifier, masked.
        account: String,
    },
}

impl LetterKind {
    /// A stable name, for the trace and for logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::AlreadyAccount { .. } => "already-account",
            Self::ResetPassword { .. } => "reset-password",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ConfirmNewEmail { .. } => "confirm-new-email",
            Self::EmailChanged { .. } => "email-changed",
            Self::AccountAttached { .. } => "account-attached",
            Self::AccountDetached { .. } => "account-detached",
            Self::AccountWithdrawn { .. } => "account-withdrawn",
        }
    }
}

/// A letter in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Itself; its Message-ID is made from it, so that a repeat is recognised.
    pub id: LetterId,
    /// In whose name; None for the portal's own.
    pub agency: Option<AgencyCode>,
    /// To whom.
    pub to: EmailAddress,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub kind: LetterKind,
    /// How often sending was tried, this time included.
    pub attempts: u32,
}

/// Tries after which a letter is given up: with the growing waits, about a day and a half.
pub const MOST_ATTEMPTS: u32 = 12;

/// When a letter that could not be sent is tried again; None when it is given up.
///
/// At least three tries within the first half hour (LAW-050: greylisting).
#[must_use]
pub fn next_attempt(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let minutes = match attempts {
        0 | 1 => 1,
        2 => 5,
        3 => 10,
        4 => 30,
        5 => 60,
        _ => 360,
    };
    now.checked_add(SignedDuration::from_mins(minutes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_often_at_first_and_given_up_in_the_end() {
        let start = Timestamp::from_second(1_800_000_000).expect("a time");
        let (mut now, mut within_half_an_hour, mut attempts) = (start, 0, 0);
        while let Some(next) = next_attempt(attempts + 1, now) {
            attempts += 1;
            if next.duration_since(start) <= SignedDuration::from_mins(30) {
                within_half_an_hour += 1;
            }
            now = next;
        }
        assert!(within_half_an_hour >= 3);
        assert_eq!(attempts + 1, MOST_ATTEMPTS);
    }
}
