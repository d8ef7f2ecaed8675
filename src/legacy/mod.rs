//! Speaking each extranet's own sign-in.
//!
//! [`Legacy`] is the one door: [`Legacy::verify`], [`Legacy::enter`] and [`Legacy::leave`], whatever the adapter; each
//! kind of sign-in has its file. It never counts, locks or remembers: that is for those who call it.

mod around;
mod basic;
mod charset;
mod client;
pub mod coding;
#[cfg(test)]
mod conversation_tests;
mod cookies;
mod credentials;
mod form;
mod judge;
mod landing;
mod leads;
mod look;
mod offers;
mod page;
mod replay;
mod said;
mod script;
mod site;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;

use http::header::AUTHORIZATION;

pub use self::around::Around;
pub use self::cookies::{Jar, Taken, UpstreamCookie};
pub use self::credentials::{Credentials, Signer};
pub use self::form::shown::PasswordForm;
pub use self::look::{Look, Looked};
pub use self::said::{Browser, Front, REQUEST_ID};

use self::client::Conversation;
use self::site::Site;
use crate::domain::adapter::Adapter;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::LegacyLogin;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::upstream::{NoVerdict, Profile, Upstream, Verdict};

/// The one who speaks to the extranets; made once, cheap to share.
#[derive(Debug, Clone)]
pub struct Legacy {
    tls: Arc<rustls::ClientConfig>,
}

/// Why no conversation can be had at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct LegacyError(String);

/// On whose behalf an extranet is asked.
#[derive(Debug, Clone, Copy)]
pub struct Behalf<'a> {
    /// The agency in whose name it is asked, where what is odd is told.
    pub agency: Option<&'a AgencyCode>,
    /// What the extranet is to browsers.
    pub public: &'a Origin,
    /// Who asks, passed on so that an extranet does not ban the gateway for one resident's tries.
    pub client: IpAddr,
    /// What the browser says of itself, passed on: some extranets bind sessions to it.
    pub said: &'a Browser,
    /// The request's name, passed on.
    pub request_id: Option<&'a str>,
}

/// One try at old credentials.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// On whose behalf.
    pub behalf: Behalf<'a>,
    /// The identifier.
    pub login: &'a LegacyLogin,
    /// The password.
    pub secret: &'a Secret,
}

/// What came of a sign-in.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// The extranet's session is open.
    In {
        /// What a browser would hold now.
        cookies: Vec<UpstreamCookie>,
        /// What was read on the way.
        profile: Profile,
        /// The page where its own login has led a browser, if it has led to one.
        landing: Option<String>,
    },
    /// It is not; the verdict is never `Accepted`.
    Not(Verdict),
}

impl Legacy {
    /// Reads the machine's certificate authorities.
    ///
    /// # Errors
    /// If TLS cannot be set up at all.
    pub fn new() -> Result<Self, LegacyError> {
        Ok(Self { tls: tls::of_this_machine()? })
    }

    /// Are these old credentials right? A session that this opened is ended again, where a way out is declared.
    ///
    /// # Errors
    /// There is no verdict: nothing may be counted against the resident (b03).
    pub async fn verify(
        &self,
        upstream: &Upstream,
        adapter: &Adapter,
        attempt: &Attempt<'_>,
    ) -> Result<Verdict, NoVerdict> {
        match adapter {
            Adapter::FormReplay(form) => self.verify_form(upstream, form, attempt).await,
            Adapter::HttpBasic(basic) => self.verify_basic(upstream, basic, attempt).await,
            // It believes the gateway, and cannot be asked.
            Adapter::TrustedHeaders => Ok(Verdict::Refused),
        }
    }

    /// Signs in: the session is open, or each request may carry these credentials from now on.
    ///
    /// # Errors
    /// There is no verdict: nothing may be counted against the resident (b03).
    pub async fn enter(
        &self,
        upstream: &Upstream,
        adapter: &Adapter,
        attempt: &Attempt<'_>,
    ) -> Result<SignIn, NoVerdict> {
        match adapter {
            Adapter::FormReplay(form) => self.enter_by_form(upstream, form, attempt).await,
            Adapter::HttpBasic(basic) => self.enter_by_basic(upstream, basic, attempt).await,
            Adapter::TrustedHeaders => {
                Ok(SignIn::In { cookies: Vec::new(), profile: Profile::default(), landing: None })
            }
        }
    }

    /// Ends the session of these cookies: whether the extranet would; none where it has no declared way out.
    ///
    /// # Errors
    /// The extranet could not be asked, or does not show what ends a session (it may be over already).
    pub async fn leave(
        &self,
        upstream: &Upstream,
        adapter: &Adapter,
        cookies: &[UpstreamCookie],
        behalf: &Behalf<'_>,
    ) -> Result<Option<bool>, NoVerdict> {
        match adapter.logout() {
            Some(logout) => self.leave_by(upstream, logout, cookies, behalf).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the extranet offers the sign-in that is declared, as far as that can be seen without credentials.
    ///
    /// # Errors
    /// What it does instead, in words.
    pub async fn can_enter(&self, upstream: &Upstream, adapter: &Adapter) -> Result<(), String> {
        match adapter {
            Adapter::HttpBasic(basic) => self.asks_for_basic(upstream, basic).await,
            Adapter::FormReplay(_) | Adapter::TrustedHeaders => Ok(()),
        }
    }

    /// What every request of a resident carries to be believed, where it is not a session's cookies; none where it cannot
    /// be written as the extranet reads it.
    #[must_use]
    pub fn credentials(adapter: &Adapter, login: &LegacyLogin, secret: &Secret) -> Option<Credentials> {
        match adapter {
            Adapter::HttpBasic(basic) => {
                Some(Credentials::Ready(vec![(AUTHORIZATION, basic::authorization(basic, login, secret)?)]))
            }
            Adapter::FormReplay(_) | Adapter::TrustedHeaders => Some(Credentials::default()),
        }
    }

    /// Whether a sign-in can carry an identifier, as far as its alphabet is declared: the page's own is known only when it
    /// is fetched.
    #[must_use]
    pub fn can_send(adapter: &Adapter, login: &LegacyLogin) -> bool {
        match adapter {
            Adapter::FormReplay(form) => form::can_send(form, login),
            Adapter::HttpBasic(basic) => basic.check(login, None).is_ok(),
            Adapter::TrustedHeaders => true,
        }
    }

    fn conversation(&self, upstream: &Upstream, jar: Jar, behalf: &Behalf<'_>) -> Result<Conversation, NoVerdict> {
        let site = Site::of(upstream, behalf.public).ok_or(NoVerdict::Unreachable)?;
        Ok(Conversation::new(self.tls(upstream)?, upstream, site, jar, behalf))
    }

    /// What this extranet is believed by; checked when the configuration was read.
    fn tls(&self, upstream: &Upstream) -> Result<Arc<rustls::ClientConfig>, NoVerdict> {
        tls::towards(&self.tls, &upstream.trust).map_err(|error| {
            tracing::error!(%error, "TLS towards an extranet cannot be set up");
            NoVerdict::Unreachable
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::upstream::{FormLogin, LoginButton};

    /// A declaration that tests change as they need it.
    pub(super) fn declared() -> FormLogin {
        FormLogin {
            page: "/identification.php".into(),
            form: None,
            login_field: "identifiant".into(),
            password_field: "motdepasse".into(),
            button: LoginButton::Found,
            posts: false,
            extra: Vec::new(),
            set_cookies: Vec::new(),
            charset: None,
            success: Vec::new(),
            failure: Vec::new(),
            locked: Vec::new(),
            must_change: Vec::new(),
            profile: None,
            logout: None,
            timeout_ms: 5000,
        }
    }

    #[test]
    fn an_attempt_is_printed_without_its_password() {
        let login = LegacyLogin::parse("C10023").unwrap();
        let secret = Secret::new("hunter2");
        let agency = AgencyCode::parse("A1", "01").unwrap();
        let public = Origin::parse("https://a.example").unwrap();
        let attempt = Attempt {
            behalf: Behalf {
                agency: Some(&agency),
                public: &public,
                client: IpAddr::from([192, 0, 2, 7]),
                said: &Browser::default(),
                request_id: None,
            },
            login: &login,
            secret: &secret,
        };
        assert!(!format!("{attempt:?}").contains("hunter2"));
    }
}
