//! How an extranet is reached and signed in to, as an agency's file declares it, and what it answered.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::origin::{Origin, host_of_authority};
use super::trust::Trust;

/// The server behind an agency's public host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Where it is reached, and what absolute URLs of its own begin with.
    pub origin: Origin,
    /// The `Host` that it expects; its origin's by default.
    pub host_header: String,
    /// Further origins under which it writes its own URLs, all translated to the public one (a15).
    pub aliases: Vec<Origin>,
    /// Longest wait for a TCP (and TLS) connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// Longest silence while an answer is awaited or read, milliseconds; long polls need it long.
    pub read_timeout_ms: u64,
    /// How both sides are made sure of each other.
    pub trust: Trust,
    /// What it is told of the gateway in front of it.
    pub forwarded: Forwarded,
}

/// Which name and scheme an extranet is told that it was asked by (`X-Forwarded-Host`, `X-Forwarded-Proto`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forwarded {
    /// Those that the browser has.
    #[default]
    Public,
    /// Its own: for one that compares them with what it knows of itself.
    Upstream,
    /// None, and not from where either: no `X-Forwarded-*` at all.
    None,
}

impl Upstream {
    /// Every origin that it could mean itself by: where it is reached, the declared ones, and its `Host` in both schemes, at
    /// the port of each and at its own server's: many put the name that they were asked by before the port that they
    /// listen on.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        let by_host = ["http", "https"].map(|scheme| Origin::parse(&format!("{scheme}://{}", self.host_header)));
        let declared = std::iter::once(&self.origin).chain(&self.aliases).cloned();
        let believed = host_of_authority(&self.host_header);
        let at_its_port = believed.iter().flat_map(|host| {
            ["http", "https"].map(|scheme| Origin::parse(&format!("{scheme}://{host}:{}", self.origin.port())))
        });
        let mut origins: Vec<Origin> = declared.chain(by_host.into_iter().chain(at_its_port).flatten()).collect();
        let mut seen = std::collections::HashSet::new();
        origins.retain(|origin| seen.insert(origin.clone()));
        origins
    }

    /// The name that a certificate must have: the declared one; else the host of the URL; where that is only an
    /// address, the host that the extranet believes to be.
    #[must_use]
    pub fn server_name(&self) -> String {
        if let Some(name) = &self.trust.server_name {
            return name.clone();
        }
        let dialled = self.origin.host().trim_matches(['[', ']']);
        match (dialled.parse::<IpAddr>(), host_of_authority(&self.host_header)) {
            (Ok(_), Some(believed)) => believed.trim_matches(['[', ']']).to_owned(),
            _ => dialled.to_owned(),
        }
    }
}

/// A login form, described once per extranet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormLogin {
    /// The path of the page that holds the form.
    pub page: String,
    /// CSS selector of the form; without it, the one form with a password field.
    pub form: Option<String>,
    /// Name of the field for the identifier.
    pub login_field: String,
    /// Name of the field for the password.
    pub password_field: String,
    /// Which button sends the form.
    pub button: LoginButton,
    /// Whether a script posts the form, whatever it says itself.
    pub posts: bool,
    /// Fields to set besides those found in the form.
    pub extra: Vec<(String, String)>,
    /// Cookies to hold when the form is sent, besides those that its page sets.
    pub set_cookies: Vec<(String, String)>,
    /// Encoding of the posted fields (WHATWG label); the page's own by default.
    pub charset: Option<String>,
    /// The login worked if one of these holds.
    pub success: Vec<Rule>,
    /// The credentials are wrong if one of these holds.
    pub failure: Vec<Rule>,
    /// The extranet has locked the account if one of these holds; looked at before `failure`.
    pub locked: Vec<Rule>,
    /// The extranet wants another password first if one of these holds; looked at before `success`.
    pub must_change: Vec<Rule>,
    /// Where name and e-mail of the resident can be read after the login.
    pub profile: Option<ProfilePage>,
    /// How an extranet session is ended (a17).
    pub logout: Option<LogoutCall>,
    /// Longest wait for the whole sign-in, milliseconds.
    pub timeout_ms: u64,
}

/// Which button of a login form is pressed, where `extra` names none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoginButton {
    /// The first one after the password; else what Enter presses.
    #[default]
    Found,
    /// None: a script sends the form.
    None,
    /// The button of this name, or the button or link that this CSS selector finds.
    Named(String),
}

/// One test on the answer to a posted login form (a10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// A cookie of this name was set, and neither emptied nor deleted (a date of the past).
    Cookie(String),
    /// The answer leads to a path that begins so (after resolution against the login page), by whatever means.
    Redirect(String),
    /// The answer redirects, by its status, to a path that does not begin so.
    RedirectElsewhere(String),
    /// The answer has this status.
    Status(u16),
    /// The answer's text contains this.
    Text(String),
    /// The answer's HTML has an element for this CSS selector.
    Element(String),
}

/// A page of the extranet that shows the resident's name or e-mail, with CSS selectors into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfilePage {
    /// Its path.
    pub page: String,
    /// Where the name is.
    pub name: Option<String>,
    /// Where the e-mail is.
    pub email: Option<String>,
}

/// How an extranet's session is ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutCall {
    /// By opening a path.
    Get {
        /// The path.
        path: String,
    },
    /// By following a link found on a page by where it leads, with the token that it carries.
    Leading {
        /// The page that holds the link.
        page: String,
        /// The path, and the pairs of the query that the link has in any case.
        path: String,
    },
    /// By sending a form found on a page: the one whose action is `path`.
    Form {
        /// The page that holds the form.
        page: String,
        /// The path that the form is posted to.
        path: String,
        /// Fields with a value that stands elsewhere on the page: their names, and where. With one of them, no form needs to
        /// be there.
        fields: Vec<(String, Found)>,
        /// Fields with a constant value.
        extra: Vec<(String, String)>,
    },
    /// By following a link found on a page, which carries a token of its own.
    Link {
        /// The page that holds the link.
        page: String,
        /// CSS selector of the link.
        link: String,
    },
}

/// Where a value stands on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// CSS selector of the element.
    pub selector: String,
    /// The attribute that has it; without one, what the element is for: a meta element's content, a field's value, or in a
    /// link's address the parameter of the field's name.
    pub attribute: Option<String>,
}

impl Found {
    /// Reads `selector`, or `selector @attribute`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte))
        };
        match text.rsplit_once('@').map(|(selector, name)| (selector.trim(), name.trim())) {
            Some((selector, name)) if is_name(name) && !selector.is_empty() => {
                Self { selector: selector.to_owned(), attribute: Some(name.to_ascii_lowercase()) }
            }
            _ => Self { selector: text.trim().to_owned(), attribute: None },
        }
    }
}

/// What the extranet, or the roster, knows of a resident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// The name shown.
    pub name: Option<String>,
    /// The e-mail address on file, if it is one.
    pub email: Option<EmailAddress>,
}

/// The extranet's answer to old credentials. Only `Refused` counts as a failure (b03).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The credentials are right.
    Accepted {
        /// What was read on the way.
        profile: Profile,
    },
    /// The credentials are wrong.
    Refused,
    /// The extranet has locked the account.
    Locked,
    /// The extranet wants another password first.
    MustChange,
    /// They cannot be written as the extranet reads them, and so are nobody's there: nothing was sent (decision 43).
    Unwritable,
}

impl Verdict {
    /// Its name, for what is counted.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::MustChange => "must-change",
            Self::Unwritable => "unwritable",
        }
    }
}

impl NoVerdict {
    /// Its name, for what is counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::FormChanged => "form-changed",
            Self::Elsewhere => "elsewhere",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// Why there is no verdict; never counted against the resident (b03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoVerdict {
    /// No connection, or it broke.
    #[error("the extranet cannot be reached")]
    Unreachable,
    /// No answer in time, or one without end.
    #[error("the extranet is too slow")]
    Slow,
    /// The form is not there, or not as declared.
    #[error("the extranet's login form is not as declared")]
    FormChanged,
    /// No declared rule fits the answer, which leads away.
    #[error("the extranet's answer leads to another server (hint: upstream.aliases, if that is one of its own names)")]
    Elsewhere,
    /// No declared rule fits the answer.
    #[error("the extranet's answer fits no declared rule")]
    Unrecognised,
}
