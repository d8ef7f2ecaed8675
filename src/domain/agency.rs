//! An agency as the gateway uses it: codes, hosts, policy, and how its extranet is spoken to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::adapter::{Adapter, LoginFields, LoginNames, Verifier};
use super::agency_code::AgencyCode;
use super::controller::Controller;
use super::identity::AccountLabel;
use super::identity_headers::{IdentityHeader, ReservedNames};
use super::language::Language;
use super::logout::Logout;
use super::net::Net;
use super::origin::Origin;
use super::path::{NormalisedPath, PathClass, PathRules, ReturnPath};
use super::policy::AgencyPolicy;
use super::spelling::IdentifierCase;
use super::terms::TermsText;
use super::upstream::Upstream;

/// How far the migration is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyMode {
    /// The extranet is reached as before; who would have to migrate is only counted.
    Observe,
    /// The wizard is offered and can be put off.
    Offer,
    /// Old credentials only open the wizard.
    #[default]
    Require,
    /// Old credentials open nothing any more.
    Cutover,
}

/// Where the extranet's cookies live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CookieMode {
    /// In the browser, on the agency's own host.
    #[default]
    Relay,
    /// In the session, never in the browser.
    Jar,
}

/// How an agency looks and how it is reached, for pages and letters (h02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgencyBrand {
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub colour: String,
    /// The address that its letters come from, if not the installation's.
    pub mail_from: Option<String>,
    /// Where residents write to, and where answers to its letters go.
    pub support_email: Option<String>,
    /// Where residents call.
    pub support_phone: Option<String>,
    /// Where residents read on.
    pub support_url: Option<String>,
    /// Where a resident finds the first password again: a sentence (004).
    pub old_password_hint: Option<String>,
}

impl AgencyBrand {
    /// Whether residents are told how to reach it.
    #[must_use]
    pub const fn is_reachable(&self) -> bool {
        self.support_phone.is_some() || self.support_email.is_some() || self.support_url.is_some()
    }
}

impl Agency {
    /// Where an account is entered: the agency's own origin, or the account's below it.
    #[must_use]
    pub fn origin_of(&self, account: &AccountLabel) -> Origin {
        match self.accounts {
            Accounts::OneAtATime | Accounts::SharedHost => self.public.clone(),
            Accounts::Labels => self.public.below(account.as_str()),
        }
    }

    /// The names of the fields of the extranet's own login form, where they are known.
    #[must_use]
    pub fn login_fields(&self) -> Option<LoginFields<'_>> {
        let declared = self.login_names.as_ref();
        let declared = || declared.map(|names| LoginFields { login: &names.login, password: &names.password });
        self.adapter.login_fields().or_else(declared)
    }

    /// Whether residents cannot send a form with fields of these names to this address of the extranet: by a rule, or since
    /// they are those of an old login (decision 57).
    #[must_use]
    pub fn closes_form(&self, path: &str, query: Option<&str>, names: &[&str]) -> bool {
        let Ok(path) = NormalisedPath::read(path) else { return true };
        let by_rule = match self.paths.class(&path, query) {
            PathClass::Login | PathClass::FormPage | PathClass::Account | PathClass::Logout => true,
            PathClass::Public | PathClass::Private => false,
        };
        let net = self.login_fields().and_then(Net::of).filter(|_| !self.paths.may_post_credentials(&path));
        by_rule || net.is_some_and(|net| net.is_called(names))
    }

    /// Where somebody stands who has signed in without a page to come back to: at the declared start page, or where the
    /// extranet's own login has led, if that is a page of it that can be opened.
    #[must_use]
    pub fn start_after(&self, led_to: Option<&str>) -> ReturnPath {
        let page = |text: &str| ReturnPath::parse(text).filter(|page| self.paths.closing(page).is_none());
        let start = self.start.clone().or_else(|| page(led_to?));
        start.unwrap_or_else(ReturnPath::home)
    }

    /// Whether other agencies may be served on its host: then nothing of its extranet may outlast a switch.
    #[must_use]
    pub fn shares_host(&self) -> bool {
        self.accounts == Accounts::SharedHost
    }
}

/// How an answer of the extranet says that its session is over (a12).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionOver {
    /// A redirect to one of the login paths.
    pub login_redirect: bool,
    /// A status, such as 401.
    pub statuses: Vec<u16>,
    /// A page with an element for this CSS selector: the extranet's login form in the place of what was asked for.
    pub element: Option<String>,
}

/// An agency, with nothing left open.
#[derive(Debug, Clone, PartialEq)]
pub struct Agency {
    /// The codes in the URL.
    pub code: AgencyCode,
    /// Name, colour, support.
    pub brand: AgencyBrand,
    /// Who answers for its residents' data; None where nobody has said it: the agency.
    pub controller: Option<Controller>,
    /// The language of its residents where they did not choose.
    pub language: Language,
    /// Its own public origin.
    pub public: Origin,
    /// The origins where it was before: whoever comes there is led on.
    pub former: Vec<Origin>,
    /// How several accounts of one person share its hosts.
    pub accounts: Accounts,
    /// Where who has no page to come back to stands after signing in; without it, where the extranet's own login led.
    pub start: Option<ReturnPath>,
    /// The extranet behind it.
    pub upstream: Arc<Upstream>,
    /// How far the migration is enforced.
    pub mode: AgencyMode,
    /// What it set about sign-in and migration.
    pub policy: AgencyPolicy,
    /// How a resident is signed in upstream.
    pub adapter: Adapter,
    /// The fields of the extranet's login form, where the adapter does not know them.
    pub login_names: Option<LoginNames>,
    /// Who can say whether old credentials are right.
    pub verifier: Verifier,
    /// Whether its identifiers may be e-mail addresses: otherwise none ever reaches its extranet.
    pub may_be_email: bool,
    /// Whether spellings of an identifier that fold the same are one account there.
    pub identifier_case: IdentifierCase,
    /// Where the extranet's cookies live.
    pub cookies: CookieMode,
    /// The headers to inject.
    pub headers: Arc<[IdentityHeader]>,
    /// The names of those headers, for stripping.
    pub reserved: Arc<ReservedNames>,
    /// Whether the browser's `Authorization` may pass (f17).
    pub keep_authorization: bool,
    /// The paths that the gateway knows.
    pub paths: Arc<PathRules>,
    /// How it says that a session is over.
    pub session_over: SessionOver,
    /// How it says that its resident left, besides the paths of its logout.
    pub logout: Logout,
    /// The terms to accept, if any.
    pub terms: Option<TermsText>,
}
