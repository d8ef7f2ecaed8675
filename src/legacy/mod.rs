//! Speaking each extranet's own sign-in.
//!
//! [`Legacy`] fetches the login page, fills in its form as a browser would, sends it once and judges the answer by the
//! declared rules. It never counts, locks or remembers: that is for those who call it.

mod around;
mod basic;
mod charset;
mod client;
#[cfg(test)]
mod conversation_tests;
mod cookies;
mod form;
mod judge;
mod page;
mod site;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

pub use self::around::Around;
pub use self::basic::authorization;
pub use self::cookies::{Jar, Taken, UpstreamCookie};
pub use self::form::can_send;

use self::client::{Conversation, Fault};
use self::form::Filled;
use self::judge::Judgement;
use self::page::Page;
use self::site::Site;
use crate::domain::agency::AgencyCode;
use crate::domain::identity::LegacyLogin;
use crate::domain::secret::Secret;
use crate::domain::upstream::{FormLogin, LogoutCall, NoVerdict, Profile, Upstream, Verdict};

/// Longest wait for an extranet to end a session.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(10);

/// The one who speaks to the extranets; made once, cheap to share.
#[derive(Debug, Clone)]
pub struct Legacy {
    tls: Arc<rustls::ClientConfig>,
}

/// Why no conversation can be had at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct LegacyError(String);

/// One try at old credentials, on behalf of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// At which agency, for the log.
    pub agency: &'a AgencyCode,
    /// The identifier.
    pub login: &'a LegacyLogin,
    /// The password.
    pub secret: &'a Secret,
    /// Who asks, passed on so that an extranet does not ban the gateway for one resident's tries.
    pub client: IpAddr,
    /// The browser's name, passed on: some extranets bind sessions to it.
    pub user_agent: Option<&'a str>,
    /// The browser's Accept-Language, passed on.
    pub language: Option<&'a str>,
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
    },
    /// It is not; the verdict is never `Accepted`.
    Not(Verdict),
}

/// On whose behalf a request is made.
struct Caller<'a> {
    /// The agency in whose name it is asked, where what is odd is told.
    agency: Option<&'a AgencyCode>,
    client: IpAddr,
    user_agent: Option<&'a str>,
    language: Option<&'a str>,
}

impl<'a> Caller<'a> {
    const fn of(attempt: &Attempt<'a>) -> Self {
        let Attempt { agency, client, user_agent, language, .. } = *attempt;
        Self { agency: Some(agency), client, user_agent, language }
    }
}

impl Legacy {
    /// Reads the machine's certificate authorities.
    ///
    /// # Errors
    /// If TLS cannot be set up at all.
    pub fn new() -> Result<Self, LegacyError> {
        Ok(Self { tls: tls::of_this_machine()? })
    }

    /// Are these old credentials right? The session that this opened is ended again, where a logout is declared.
    ///
    /// # Errors
    /// There is no verdict: nothing may be counted against the resident (b03).
    pub async fn verify(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        attempt: &Attempt<'_>,
    ) -> Result<Verdict, NoVerdict> {
        let deadline = deadline(form);
        match self.attempt(upstream, form, attempt, deadline).await? {
            Outcome::Not(verdict) => Ok(verdict),
            Outcome::In { mut conversation, profile } => {
                if let Some(logout) = &form.logout {
                    let ended = timeout_at(deadline, end_session(&mut conversation, logout)).await;
                    tracing::debug!(ended = matches!(ended, Ok(Ok(true))), "the session of a verification");
                }
                Ok(Verdict::Accepted { profile })
            }
        }
    }

    /// Signs in and hands over the cookies that a browser would hold then.
    ///
    /// # Errors
    /// There is no verdict: nothing may be counted against the resident (b03).
    pub async fn sign_in(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        attempt: &Attempt<'_>,
    ) -> Result<SignIn, NoVerdict> {
        Ok(match self.attempt(upstream, form, attempt, deadline(form)).await? {
            Outcome::Not(verdict) => SignIn::Not(verdict),
            Outcome::In { conversation, profile } => {
                SignIn::In { cookies: conversation.into_jar().into_cookies(), profile }
            }
        })
    }

    /// Ends the session of these cookies; false if the extranet would not.
    ///
    /// # Errors
    /// The extranet could not be asked, or does not show the form that ends a session (it may be over already).
    pub async fn sign_out(
        &self,
        upstream: &Upstream,
        logout: &LogoutCall,
        cookies: &[UpstreamCookie],
        client: IpAddr,
        user_agent: Option<&str>,
    ) -> Result<bool, NoVerdict> {
        let site = Site::of(upstream).ok_or(NoVerdict::Unreachable)?;
        let jar = Jar::holding(cookies);
        let caller = Caller { agency: None, client, user_agent, language: None };
        let mut conversation = Conversation::new(self.tls(upstream)?, upstream, site, jar, &caller);
        let deadline = Instant::now() + LOGOUT_PATIENCE;
        timeout_at(deadline, end_session(&mut conversation, logout)).await.map_err(|_| NoVerdict::Slow)?
    }

    /// What this extranet is believed by; checked when the configuration was read.
    fn tls(&self, upstream: &Upstream) -> Result<Arc<rustls::ClientConfig>, NoVerdict> {
        tls::towards(&self.tls, &upstream.trust).map_err(|error| {
            tracing::error!(%error, "TLS towards an extranet cannot be set up");
            NoVerdict::Unreachable
        })
    }

    /// The credentials are sent once. What follows an acceptance is done as far as it goes within the time: it cannot
    /// take the verdict back.
    async fn attempt(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        attempt: &Attempt<'_>,
        deadline: Instant,
    ) -> Result<Outcome, NoVerdict> {
        let site = Site::of(upstream).ok_or(NoVerdict::Unreachable)?;
        let caller = Caller::of(attempt);
        let mut conversation = Conversation::new(self.tls(upstream)?, upstream, site, Jar::default(), &caller);
        let judged = timeout_at(deadline, judged(&mut conversation, form, attempt)).await;
        let Some((judgement, answer)) = judged.map_err(|_| NoVerdict::Slow)?? else {
            return Ok(Outcome::Not(Verdict::Unwritable));
        };
        tracing::debug!(?judgement, "the extranet's answer to old credentials");
        Ok(match judgement {
            Judgement::Refused => Outcome::Not(Verdict::Refused),
            Judgement::Locked => Outcome::Not(Verdict::Locked),
            Judgement::MustChange => Outcome::Not(Verdict::MustChange),
            Judgement::Accepted => {
                let arrived = timeout_at(deadline, conversation.follow(answer)).await;
                tracing::debug!(arrived = matches!(arrived, Ok(Ok(_))), "after an accepted sign-in");
                let read = timeout_at(deadline, read_profile(&mut conversation, form)).await;
                Outcome::In { conversation, profile: read.ok().flatten().unwrap_or_default() }
            }
        })
    }
}

/// What came of an attempt, with the conversation where it goes on.
#[expect(clippy::large_enum_variant, reason = "lives for one match")]
enum Outcome {
    In { conversation: Conversation, profile: Profile },
    Not(Verdict),
}

fn deadline(form: &FormLogin) -> Instant {
    Instant::now() + Duration::from_millis(form.timeout_ms)
}

/// Fetches the form, sends it once and judges the answer before it leads anywhere; None where its alphabet cannot write the
/// identifier.
async fn judged(
    conversation: &mut Conversation,
    form: &FormLogin,
    attempt: &Attempt<'_>,
) -> Result<Option<(Judgement, Page)>, NoVerdict> {
    let form_page = open(conversation, &form.page).await?;
    let (site, declared) = (conversation.site().clone(), form.clone());
    let (login, secret) = (attempt.login.clone(), attempt.secret.clone());
    let filled = page::apart(move || form::fill_login(&form_page, &site, &declared, login.as_str(), &secret)).await;
    let Filled::Ready(filled) = filled.ok_or(NoVerdict::FormChanged)? else { return Ok(None) };
    let answer = conversation.send(filled).await.map_err(|fault| match fault {
        Fault::Broken => NoVerdict::Unreachable,
        Fault::TooLarge | Fault::Astray => NoVerdict::Unrecognised,
    })?;
    let declared = form.clone();
    let (judgement, answer) = page::apart(move || (judge::judge(&answer, &declared), answer)).await;
    Ok(Some((judgement?, answer)))
}

/// Opens a page that holds a form.
async fn open(conversation: &mut Conversation, path: &str) -> Result<Page, NoVerdict> {
    let url = conversation.site().page(path).ok_or(NoVerdict::FormChanged)?;
    let page = conversation.open(url).await.map_err(|fault| match fault {
        Fault::Broken => NoVerdict::Unreachable,
        Fault::TooLarge | Fault::Astray => NoVerdict::FormChanged,
    })?;
    if page.status >= 500 { Err(NoVerdict::Unreachable) } else { Ok(page) }
}

async fn read_profile(conversation: &mut Conversation, form: &FormLogin) -> Option<Profile> {
    let declared = form.profile.as_ref()?;
    let url = conversation.site().page(&declared.page)?;
    let (page, declared) = (conversation.open(url).await.ok()?, declared.clone());
    Some(page::apart(move || judge::profile(&page, &declared)).await)
}

async fn end_session(conversation: &mut Conversation, logout: &LogoutCall) -> Result<bool, NoVerdict> {
    let answer = match logout {
        LogoutCall::Get { path } => {
            let url = conversation.site().page(path).ok_or(NoVerdict::FormChanged)?;
            conversation.get(url).await
        }
        LogoutCall::Form { page, path } => {
            let form_page = open(conversation, page).await?;
            let (site, path) = (conversation.site().clone(), path.clone());
            let filled = page::apart(move || form::fill_logout(&form_page, &site, &path)).await;
            conversation.send(filled.ok_or(NoVerdict::FormChanged)?).await
        }
        LogoutCall::Link { page, link } => {
            let shown = open(conversation, page).await?;
            let (site, link) = (conversation.site().clone(), link.clone());
            let url = page::apart(move || form::link(&shown, &site, &link)).await;
            conversation.get(url.ok_or(NoVerdict::FormChanged)?).await
        }
    };
    match answer {
        Ok(page) => Ok((200..400).contains(&page.status)),
        // The answer came; that it is long does not matter here.
        Err(Fault::TooLarge) => Ok(true),
        Err(Fault::Broken | Fault::Astray) => Err(NoVerdict::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A declaration that tests change as they need it.
    pub(super) fn declared() -> FormLogin {
        FormLogin {
            page: "/identification.php".into(),
            form: None,
            login_field: "identifiant".into(),
            password_field: "motdepasse".into(),
            extra: Vec::new(),
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
        let attempt = Attempt {
            agency: &agency,
            login: &login,
            secret: &secret,
            client: IpAddr::from([192, 0, 2, 7]),
            user_agent: None,
            language: None,
        };
        assert!(!format!("{attempt:?}").contains("hunter2"));
    }
}
