//! The messages above forms.

use serde::{Deserialize, Serialize};

use super::FieldError;
#[cfg(test)]
use crate::pages::sample::{LONG_EMAIL, awkward, each};

/// A message above a form. The sentence itself is in the translation files under `alert-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Alert {
    /// One sentence for unknown, wrong, locked and not migrated (f03, LAW-010).
    SignInRefused,
    /// The same of what was said to be the agency's new password.
    GivenRefused,
    /// The old credentials were right and are switched off: the e-mail address is the identifier now (000, b14).
    OldCredentials,
    /// The old password was right and is switched off, and the identifier is still the old one (004).
    OldPassword,
    /// The provisional credentials are right, and used up or past their time (b20).
    ProvisionalOver,
    /// The provisional credentials were right, and the agency has replaced them by new ones (002, b20).
    ProvisionalReplaced,
    /// The extranet takes the old credentials, but wants another password first.
    MustChange,
    /// The account is ready: sign in with the new credentials (000).
    AccountReady,
    /// The account is ready: sign in with the old identifier and the new password (004).
    AccountReadyAsBefore,
    /// The session has ended and every extranet was told.
    SignedOut,
    /// The session has ended, not by a sign-out in this browser.
    SessionOver,
    /// The agency's codes are not known.
    UnknownCodes,
    /// Fields of the form are empty or wrong; each says so itself.
    CheckFields {
        /// What is wrong with them, in the order of the form.
        wrong: Vec<FieldError>,
    },
    /// The code is wrong; this many tries are left.
    WrongCode {
        /// Tries left before the code is dead.
        left: u32,
    },
    /// The code has been tried too often and is dead.
    CodeDead,
    /// The code or link is past its time.
    Expired,
    /// The code is past its time, and the link of the same letter is not.
    CodeExpired,
    /// No code and no link counts any more, and no other letter is sent.
    LettersOver,
    /// The mail server has refused the letter that is waited for.
    LetterRefused,
    /// A new letter is on its way; what was sent before is worth nothing now.
    Resent,
    /// A new letter may be asked for in this many seconds.
    ResendLater {
        /// Seconds to wait.
        seconds: u64,
    },
    /// The code of a reset opens nothing, whatever the reason (f03).
    ResetCodeRefused,
    /// Another letter of a reset was asked for.
    ResetAskedAgain,
    /// No more letters for now: the limit of the day is reached.
    ResendOver,
    /// The present password is wrong; its field says so.
    WrongPassword,
    /// The link of the letter that is waited for was not opened yet.
    LinkNotOpened,
    /// An address was sent from an old tab and not taken; it can be corrected.
    StaleEmail {
        /// What was typed.
        email: String,
    },
    /// The same, where the one that counts is proven already.
    StaleEmailOver {
        /// What was typed.
        email: String,
    },
    /// A password was sent from an old tab, and not taken.
    StalePassword,
    /// « Revenir à la 1re étape »: nothing is lost, and the old credentials are typed again.
    Restarted,
    /// The address, or the password that was typed with it, is not that of an account that exists.
    JoinRefused,
    /// The information page was left before it could be read.
    TooEarly,
    /// The box of the terms was not ticked.
    TermsNotAccepted,
    /// The password has been changed; other sessions have ended.
    PasswordChanged,
    /// The e-mail address has been changed, and is typed from now on.
    EmailChanged,
    /// The same, for letters only: the identifier is still the old one (004).
    EmailChangedAsBefore,
    /// The agency was asked to change the address (003).
    AddressRequested,
    /// No more such requests today.
    RequestsOver,
    /// An account has a password of its own (b19).
    OwnPasswordSet,
    /// An account is opened by the one for all again.
    OwnPasswordGone,
    /// An account was detached.
    AccountDetached,
    /// A known device was forgotten.
    DeviceForgotten,
    /// Somebody who got the letter said « Ce n'est pas moi »: the code still counts.
    Held,
    /// No address is changed for now, because of « Ce n'est pas moi ».
    ChangesHeld,
    /// The address from before is somebody else's login by now.
    AddressTaken,
    /// Something of ours does not answer: nothing was done, and what was typed is still there (REL-015).
    Unavailable,
    /// What an agency gave out for an account that is attached, and that is unknown there.
    AttachRefused,
    /// It signs somebody in here, and is none of the agency's.
    AttachOurs,
    /// It was right once: the account is attached already, here or to somebody else (b14).
    AttachedAlready,
    /// Others of the same person sign in just now: nothing was tried (ATT-24).
    Busy,
    /// Too many codes of agencies that do not exist were typed from here: nothing is looked up for a while (SEC-019).
    CodesLater,
}

/// A field that is marked, with the sentence that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The field's id.
    pub field: &'static str,
    /// The whole translation key.
    pub key: String,
    /// What the sentence counts.
    pub number: u32,
}

impl Alert {
    /// What is wrong with these fields, if anything is.
    #[must_use]
    pub fn about(wrong: Vec<FieldError>) -> Option<Self> {
        (!wrong.is_empty()).then_some(Self::CheckFields { wrong })
    }

    /// The same of one field.
    #[must_use]
    pub fn field(name: &'static str) -> Self {
        Self::CheckFields { wrong: vec![FieldError::named(name)] }
    }

    /// The fields that it marks, in the order of their form.
    #[must_use]
    pub fn marks(&self) -> Vec<Marked> {
        let mark = |field, key: &str, number| Marked { field, key: key.to_owned(), number };
        match self {
            Self::CheckFields { wrong } => {
                wrong.iter().map(|error| mark(error.field(), &format!("error-{}", error.name), error.number)).collect()
            }
            Self::WrongCode { left } => vec![mark("code", "alert-wrong-code", *left)],
            Self::ResetCodeRefused => vec![mark("code", "alert-reset-code-refused", 0)],
            Self::WrongPassword => vec![mark("password", "alert-wrong-password", 0)],
            Self::TermsNotAccepted => vec![mark("accept", "alert-terms-not-accepted", 0)],
            Self::SignInRefused => {
                vec![mark("login", "field-login-refused", 0), mark("password", "field-password-refused", 0)]
            }
            Self::GivenRefused => {
                vec![mark("given-login", "field-login-refused", 0), mark("given-password", "field-password-refused", 0)]
            }
            Self::AttachRefused => {
                let login = mark("agency-login", "field-login-refused", 0);
                vec![login, mark("agency-password", "field-password-refused", 0)]
            }
            Self::JoinRefused => {
                vec![mark("email", "field-email-refused", 0), mark("password", "field-password-refused", 0)]
            }
            Self::UnknownCodes => {
                vec![mark("client", "field-client-unknown", 0), mark("societe", "field-societe-unknown", 0)]
            }
            _ => Vec::new(),
        }
    }

    /// Whether it has something to say that no field says: it stands above the form then. What the fields say is said once,
    /// where it is mended.
    #[must_use]
    pub const fn stands_above(&self) -> bool {
        !matches!(
            self,
            Self::CheckFields { .. }
                | Self::WrongCode { .. }
                | Self::ResetCodeRefused
                | Self::WrongPassword
                | Self::TermsNotAccepted
        )
    }

    /// Whether the page's title begins with "Erreur" and the message takes the focus, or only informs.
    #[must_use]
    pub const fn tone(&self) -> Tone {
        match self {
            Self::SignInRefused
            | Self::GivenRefused
            | Self::AttachRefused
            | Self::UnknownCodes
            | Self::CheckFields { .. }
            | Self::WrongCode { .. }
            | Self::CodeDead
            | Self::Expired
            | Self::CodeExpired
            | Self::LettersOver
            | Self::LetterRefused
            | Self::ResetCodeRefused
            | Self::ResendOver
            | Self::RequestsOver
            | Self::WrongPassword
            | Self::JoinRefused
            | Self::ChangesHeld
            | Self::AddressTaken
            | Self::TermsNotAccepted
            | Self::Unavailable => Tone::Error,
            Self::OldCredentials
            | Self::OldPassword
            | Self::ProvisionalOver
            | Self::ProvisionalReplaced
            | Self::MustChange
            | Self::ResendLater { .. }
            | Self::LinkNotOpened
            | Self::StaleEmail { .. }
            | Self::StaleEmailOver { .. }
            | Self::StalePassword
            | Self::Restarted
            | Self::TooEarly
            | Self::SessionOver
            | Self::AttachOurs
            | Self::AttachedAlready
            | Self::Held
            | Self::Busy
            | Self::CodesLater => Tone::Info,
            Self::AccountReady
            | Self::AccountReadyAsBefore
            | Self::SignedOut
            | Self::Resent
            | Self::ResetAskedAgain
            | Self::PasswordChanged
            | Self::EmailChanged
            | Self::EmailChangedAsBefore
            | Self::AddressRequested
            | Self::OwnPasswordSet
            | Self::OwnPasswordGone
            | Self::AccountDetached
            | Self::DeviceForgotten => Tone::Success,
        }
    }

    /// Every one, with its name.
    #[cfg(test)]
    pub(in crate::pages) fn each() -> Vec<(String, Self)> {
        each(Self::SignInRefused, Self::after)
    }

    #[cfg(test)]
    /// The match makes the compiler ask for a new one here.
    fn after(&self) -> Option<Self> {
        Some(match self {
            Self::SignInRefused => Self::GivenRefused,
            Self::GivenRefused => Self::OldCredentials,
            Self::OldCredentials => Self::OldPassword,
            Self::OldPassword => Self::ProvisionalOver,
            Self::ProvisionalOver => Self::ProvisionalReplaced,
            Self::ProvisionalReplaced => Self::MustChange,
            Self::MustChange => Self::AccountReady,
            Self::AccountReady => Self::AccountReadyAsBefore,
            Self::AccountReadyAsBefore => Self::SignedOut,
            Self::SignedOut => Self::SessionOver,
            Self::SessionOver => Self::UnknownCodes,
            Self::UnknownCodes => Self::CheckFields { wrong: Vec::new() },
            Self::CheckFields { .. } => Self::WrongCode { left: 1 },
            Self::WrongCode { left: 1 } => Self::WrongCode { left: 4 },
            Self::WrongCode { .. } => Self::CodeDead,
            Self::CodeDead => Self::Expired,
            Self::Expired => Self::CodeExpired,
            Self::CodeExpired => Self::LettersOver,
            Self::LettersOver => Self::LetterRefused,
            Self::LetterRefused => Self::Resent,
            Self::Resent => Self::ResendLater { seconds: 45 },
            Self::ResendLater { .. } => Self::ResetCodeRefused,
            Self::ResetCodeRefused => Self::ResetAskedAgain,
            Self::ResetAskedAgain => Self::ResendOver,
            Self::ResendOver => Self::WrongPassword,
            Self::WrongPassword => Self::JoinRefused,
            Self::JoinRefused => Self::LinkNotOpened,
            Self::LinkNotOpened => Self::StaleEmail { email: LONG_EMAIL.to_owned() },
            Self::StaleEmail { .. } => Self::StaleEmailOver { email: awkward() },
            Self::StaleEmailOver { .. } => Self::StalePassword,
            Self::StalePassword => Self::Restarted,
            Self::Restarted => Self::TooEarly,
            Self::TooEarly => Self::TermsNotAccepted,
            Self::TermsNotAccepted => Self::PasswordChanged,
            Self::PasswordChanged => Self::EmailChanged,
            Self::EmailChanged => Self::EmailChangedAsBefore,
            Self::EmailChangedAsBefore => Self::AddressRequested,
            Self::AddressRequested => Self::RequestsOver,
            Self::RequestsOver => Self::OwnPasswordSet,
            Self::OwnPasswordSet => Self::OwnPasswordGone,
            Self::OwnPasswordGone => Self::AccountDetached,
            Self::AccountDetached => Self::DeviceForgotten,
            Self::DeviceForgotten => Self::Held,
            Self::Held => Self::ChangesHeld,
            Self::ChangesHeld => Self::AddressTaken,
            Self::AddressTaken => Self::Unavailable,
            Self::Unavailable => Self::AttachRefused,
            Self::AttachRefused => Self::AttachOurs,
            Self::AttachOurs => Self::AttachedAlready,
            Self::AttachedAlready => Self::Busy,
            Self::Busy => Self::CodesLater,
            Self::CodesLater => return None,
        })
    }
}

/// How a message above a form is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Something has to be done again.
    Error,
    /// Something to know before going on.
    Info,
    /// Something worked.
    Success,
}
