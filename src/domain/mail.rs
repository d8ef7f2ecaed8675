//! Which letters there are, and the life of one in the outbox (« centre d'envoi »).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::agency_code::AgencyCode;
use super::challenge::ChallengeId;
use super::email::EmailAddress;
use super::identifier::identifier;
use super::language::Language;
use super::warning::WarningId;

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
        /// When it opens, where the address is fresh.
        #[serde(default)]
        opens_at: Option<Timestamp>,
    },
    /// Who asked for a reset has no account here yet: leads to the first sign-in (c13).
    FirstSignIn,
    /// The password has changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
        /// What « Ce n'est pas moi » in the letter is about.
        #[serde(default)]
        warning: Option<WarningId>,
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
        /// What « Ce n'est pas moi » in the letter is about.
        #[serde(default)]
        warning: Option<WarningId>,
    },
    /// A resident asks the agency to change the address, where it alone does (003); sent to the agency.
    AddressRequest {
        /// The old identifier, whole: the agency gave it out.
        account: String,
        /// The address that is there.
        email: EmailAddress,
        /// The one that is wanted, if the resident says so.
        new_email: Option<EmailAddress>,
        /// What the resident writes.
        message: String,
    },
    /// The same, for the resident to know of it; sent to the address that is there.
    AddressRequested {
        /// The one that is wanted, masked.
        new_email: Option<String>,
    },
    /// « Ce n'est pas moi » was pressed in another letter; told to every address that it concerns.
    RequestHeld {
        /// What is held.
        request: HeldRequest,
        /// Until when.
        until: Timestamp,
    },
    /// A changed address was changed back.
    EmailRestored {
        /// The address that is valid again, masked.
        email: String,
        /// When.
        at: Timestamp,
    },
    /// For an account, another address was chosen than this one, which its agency knows (b23).
    AddressChosen {
        /// The old identifier, masked.
        account: String,
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
    /// An account has a password of its own from now on, or none any more (b19).
    OwnPassword {
        /// The old identifier, masked.
        account: String,
        /// Whether it has one.
        own: bool,
    },
    /// Other accounts at the agency were attached by themselves: its roster says that they are the same person's (004).
    AccountsAttached {
        /// The old identifiers, masked.
        accounts: Vec<String>,
    },
}

/// What « Ce n'est pas moi » holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum HeldRequest {
    /// A run of the wizard.
    Run {
        /// The old identifier, masked.
        account: String,
    },
    /// A change of address that waits for its confirmation.
    NewEmail {
        /// The new address, masked.
        email: String,
    },
    /// A changed address.
    ChangedEmail {
        /// The new address, masked.
        email: String,
    },
    /// A changed password.
    ChangedPassword,
}

impl HeldRequest {
    /// The end of the key of its sentence.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::NewEmail { .. } => "new-email",
            Self::ChangedEmail { .. } => "changed-email",
            Self::ChangedPassword => "changed-password",
        }
    }
}

impl LetterKind {
    /// A stable name, for the trace and for logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::AlreadyAccount { .. } => "already-account",
            Self::ResetPassword { .. } => "reset-password",
            Self::FirstSignIn => "first-sign-in",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ConfirmNewEmail { .. } => "confirm-new-email",
            Self::EmailChanged { .. } => "email-changed",
            Self::AddressRequest { .. } => "address-request",
            Self::AddressRequested { .. } => "address-requested",
            Self::AddressChosen { .. } => "address-chosen",
            Self::RequestHeld { .. } => "request-held",
            Self::EmailRestored { .. } => "email-restored",
            Self::AccountAttached { .. } => "account-attached",
            Self::AccountsAttached { .. } => "accounts-attached",
            Self::OwnPassword { .. } => "own-password",
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

/// Where a letter is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// To be sent.
    Queued,
    /// Waiting for a person.
    Held,
    /// Taken over by the mail server.
    Sent,
    /// Given up.
    Abandoned,
}

impl LetterState {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Abandoned => "abandoned",
        }
    }

    /// Reads back what [`LetterState::name`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Held, Self::Sent, Self::Abandoned].into_iter().find(|state| state.name() == text)
    }
}

/// How many letters can be caused, in an hour each; what is beyond is answered as before, without a letter (f04, REL-035).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterLimits {
    /// To one address.
    pub per_address: u32,
    /// By one client address.
    pub per_client: u32,
    /// In one agency's name.
    pub per_agency: u32,
    /// In all.
    pub per_hour: u32,
    /// Letters that may wait to be sent, at any time.
    pub queue: u32,
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

/// How long a letter waits for a mail server that nobody can reach, before it is given up.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(48);

/// Where in the conversation with the mail server something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before any letter was spoken of: reaching it, its greeting, TLS, signing in.
    Connection,
    /// It was told who writes.
    Sender,
    /// It was told to whom.
    Recipient,
    /// It was given the letter.
    Content,
}

/// A mail server's refusal: its three digits, and the enhanced status (RFC 3463) if it gave one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// 400 to 599.
    pub code: u16,
    /// Class, subject, detail: `[5, 1, 1]`.
    pub status: Option<[u16; 3]>,
}

/// What a failed try means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setback {
    /// The mail server takes nothing from us just now: no letter's fault, so every letter waits and none is counted.
    ServerAway,
    /// This letter is tried again, later and later.
    Later,
    /// Nobody reads that address: the letter is given up and the address marked (REL-033).
    AddressRefused,
    /// The server will never take this letter, which says nothing about the address.
    LetterRefused,
}

/// Judges a failed try; no reply means that the server was silent for too long, or hung up.
#[must_use]
pub fn judge(stage: Stage, reply: Option<Reply>) -> Setback {
    let Some(Reply { code, status }) = reply else {
        return if matches!(stage, Stage::Connection | Stage::Sender) { Setback::ServerAway } else { Setback::Later };
    };
    match (stage, code) {
        // It does not let us in: somebody has to mend that, and no letter is to be lost.
        (Stage::Connection, _) | (Stage::Sender, 421) | (_, 530 | 534 | 535 | 538) => Setback::ServerAway,
        // The sender may be one agency's own: others' letters are not to wait for it, and this one not to be lost.
        (Stage::Sender, _) | (_, 400..500) => Setback::Later,
        (Stage::Recipient, _) => match status {
            // 5.1.7 and 5.1.8 are about the sender's address.
            Some([_, 1, 7 | 8]) => Setback::LetterRefused,
            // No such mailbox or domain, full or closed, or no way there.
            Some([_, 1 | 2 | 4, _]) | None => Setback::AddressRefused,
            Some(_) => Setback::LetterRefused,
        },
        // After the whole letter most refusals are about its content; these are not.
        (Stage::Content, 552) if status.is_none() => Setback::AddressRefused,
        (Stage::Content, _) => match status {
            Some([_, 1, 0..=6 | 9..] | [_, 2, 0..=2]) => Setback::AddressRefused,
            _ => Setback::LetterRefused,
        },
    }
}

/// How long nothing is sent after the mail server could not be reached so many times in a row, in seconds: it is asked
/// often enough to be found soon, and not hammered.
#[must_use]
pub fn pause_s(failures_in_a_row: u32) -> u64 {
    (1_u64 << failures_in_a_row.clamp(1, 6)).min(60)
}

/// Why a letter is over that no mail server has refused: nobody is to get it any more, and it hinders nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A newer one took its place, or its question was answered.
    Superseded,
    /// The import that it told of was undone.
    Undone,
    /// The access of its person was withdrawn.
    Disabled,
}

impl Over {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Superseded, Self::Undone, Self::Disabled];

    /// What stands in the place of a mail server's answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Undone => "undone",
            Self::Disabled => "disabled",
        }
    }

    /// By what stands in the place of a mail server's answer.
    #[must_use]
    pub fn of(answer: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|over| over.as_str() == answer)
    }

    /// The decision by which it is over, where one was made: what it says is not true any more, so that it never goes. Of one
    /// that was superseded the sender finds that out anew.
    #[must_use]
    pub const fn decided(self) -> Option<&'static str> {
        match self {
            Self::Superseded => None,
            Self::Undone => Some("the import that it tells of was undone"),
            Self::Disabled => Some("the access of its person was withdrawn when it waited"),
        }
    }
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

    #[test]
    fn rel_032_what_is_refused_for_now_is_tried_again() {
        for code in [421, 450, 451, 452] {
            assert_eq!(refused(Stage::Recipient, code, None), Setback::Later, "{code}");
            assert_eq!(refused(Stage::Content, code, None), Setback::Later, "{code}");
        }
        assert_eq!(judge(Stage::Content, None), Setback::Later);
    }

    #[test]
    fn rel_033_a_lasting_refusal_marks_the_address_only_if_it_is_about_the_address() {
        for status in [None, Some([5, 1, 1]), Some([5, 2, 1]), Some([5, 2, 2]), Some([5, 4, 1])] {
            assert_eq!(refused(Stage::Recipient, 550, status), Setback::AddressRefused, "{status:?}");
        }
        assert_eq!(refused(Stage::Content, 552, None), Setback::AddressRefused);
        assert_eq!(refused(Stage::Content, 552, Some([5, 2, 2])), Setback::AddressRefused);
        for status in [Some([5, 7, 1]), Some([5, 1, 8]), Some([5, 3, 4])] {
            assert_eq!(refused(Stage::Recipient, 554, status), Setback::LetterRefused, "{status:?}");
        }
        assert_eq!(refused(Stage::Content, 554, None), Setback::LetterRefused);
        assert_eq!(refused(Stage::Content, 552, Some([5, 2, 3])), Setback::LetterRefused);
    }

    #[test]
    fn rel_030_what_the_server_has_against_us_costs_no_letter_a_try() {
        for code in [421, 450, 535, 554] {
            assert_eq!(refused(Stage::Connection, code, None), Setback::ServerAway, "{code}");
        }
        assert_eq!(judge(Stage::Connection, None), Setback::ServerAway);
        assert_eq!(judge(Stage::Sender, None), Setback::ServerAway);
        assert_eq!(refused(Stage::Sender, 421, None), Setback::ServerAway);
        assert_eq!(refused(Stage::Sender, 550, Some([5, 7, 1])), Setback::Later, "one agency's sender");
        assert_eq!(refused(Stage::Recipient, 530, None), Setback::ServerAway);
        let pauses: Vec<u64> = (1..9).map(pause_s).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    }

    fn refused(stage: Stage, code: u16, status: Option<[u16; 3]>) -> Setback {
        judge(stage, Some(Reply { code, status }))
    }
}
