//! The ways an extranet is entered, and what each of them can do: whoever asks which adapter it is asks here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::basic::{BasicLogin, Uncarried};
use super::identity::LegacyLogin;
use super::secret::Secret;
use super::upstream::{FormLogin, LogoutCall};

/// How a resident is signed in upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adapter {
    /// The extranet's login form is fetched, filled in and posted by the gateway (a07).
    FormReplay(Box<FormLogin>),
    /// Each request carries the account's own identifier and password, or one does that opens a session (a06).
    HttpBasic(BasicLogin),
    /// The extranet believes the identity headers; no secret is kept.
    TrustedHeaders,
}

/// What makes a forwarded request a resident's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnteredBy {
    /// A session of the extranet's, opened by a sign-in: its cookies.
    Session,
    /// Credentials that each request carries.
    EachRequest,
    /// The identity headers alone.
    Identity,
}

/// Who can say whether old credentials are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verifier {
    /// The extranet's own login form (b01).
    Form,
    /// The extranet, asked for a page with HTTP Basic (a06).
    Basic,
    /// The provisional credentials of the imported roster (b02, b20).
    Roster,
}

/// The names of the fields of an extranet's own login form.
#[derive(Debug, Clone, Copy)]
pub struct LoginFields<'a> {
    /// The identifier's.
    pub login: &'a str,
    /// The password's.
    pub password: &'a str,
}

impl Adapter {
    /// What makes a forwarded request a resident's.
    #[must_use]
    pub const fn entered_by(&self) -> EnteredBy {
        match self {
            Self::FormReplay(_) => EnteredBy::Session,
            Self::HttpBasic(basic) if basic.opens.is_some() => EnteredBy::Session,
            Self::HttpBasic(_) => EnteredBy::EachRequest,
            Self::TrustedHeaders => EnteredBy::Identity,
        }
    }

    /// Whether the old password has to be kept (sealed) to sign in later.
    #[must_use]
    pub fn keeps_secret(&self) -> bool {
        self.entered_by() != EnteredBy::Identity
    }

    /// Who says whether old credentials are right, unless the roster is declared to.
    #[must_use]
    pub const fn verifier(&self) -> Verifier {
        match self {
            Self::FormReplay(_) => Verifier::Form,
            Self::HttpBasic(_) => Verifier::Basic,
            Self::TrustedHeaders => Verifier::Roster,
        }
    }

    /// Longest wait for an answer to credentials.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        match self {
            Self::FormReplay(form) => Duration::from_millis(form.timeout_ms),
            Self::HttpBasic(basic) => Duration::from_millis(basic.timeout_ms),
            Self::TrustedHeaders => Duration::ZERO,
        }
    }

    /// In what an identifier reaches the extranet, besides the identity headers: for the log.
    #[must_use]
    pub const fn carrier(&self) -> &'static str {
        match self {
            Self::FormReplay(_) => "the login form",
            Self::HttpBasic(_) => "authorization",
            Self::TrustedHeaders => "nothing",
        }
    }

    /// Whether every request can carry an identifier, and a password where there is one; what a sign-in alone has to carry
    /// is asked there (decision 43).
    ///
    /// # Errors
    /// What it cannot.
    pub fn check(&self, login: &LegacyLogin, secret: Option<&Secret>) -> Result<(), Uncarried> {
        match self {
            Self::HttpBasic(basic) => basic.check(login, secret),
            Self::FormReplay(_) | Self::TrustedHeaders => Ok(()),
        }
    }

    /// Whether an extranet that refuses makes browsers ask for a password by themselves.
    #[must_use]
    pub const fn challenges_browsers(&self) -> bool {
        matches!(self, Self::HttpBasic(_))
    }

    /// How a session of the extranet is ended, where that is declared.
    #[must_use]
    pub fn logout(&self) -> Option<&LogoutCall> {
        match self {
            Self::FormReplay(form) => form.logout.as_ref(),
            Self::HttpBasic(basic) => basic.opens.as_ref()?.logout.as_ref(),
            Self::TrustedHeaders => None,
        }
    }

    /// The page of its login form, where it has one.
    #[must_use]
    pub fn login_page(&self) -> Option<&str> {
        match self {
            Self::FormReplay(form) => Some(&form.page),
            Self::HttpBasic(_) | Self::TrustedHeaders => None,
        }
    }

    /// The names of its login form's fields, where they are known.
    #[must_use]
    pub fn login_fields(&self) -> Option<LoginFields<'_>> {
        match self {
            Self::FormReplay(form) => Some(LoginFields { login: &form.login_field, password: &form.password_field }),
            Self::HttpBasic(_) | Self::TrustedHeaders => None,
        }
    }
}
