//! HTTP Basic: are credentials right? (a06)

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::{Duration, Instant, timeout_at};
use url::Url;

use super::client::{Conversation, Failure};
use super::cookies::Jar;
use super::landing;
use super::page::{self, Page};
use super::{Attempt, Behalf, Browser, Legacy, SignIn, judge, replay};
use crate::domain::basic::{BasicLogin, BasicSession};
use crate::domain::identity::LegacyLogin;
use crate::domain::secret::Secret;
use crate::domain::upstream::{NoVerdict, Profile, Upstream, Verdict};

impl Legacy {
    /// Are these credentials right? The declared page is asked without them first: a page that is open to everybody
    /// says nothing about anybody (a10).
    pub(super) async fn verify_basic(
        &self,
        upstream: &Upstream,
        basic: &BasicLogin,
        attempt: &Attempt<'_>,
    ) -> Result<Verdict, NoVerdict> {
        let Some(value) = authorization(basic, attempt.login, attempt.secret) else {
            return Ok(Verdict::Unwritable);
        };
        let deadline = Instant::now() + Duration::from_millis(basic.timeout_ms);
        if let Some(opens) = &basic.opens {
            let opened = timeout_at(deadline, self.open_by_basic(upstream, (basic, opens), attempt, value)).await;
            let Some((mut conversation, _)) = opened.map_err(|_| NoVerdict::Slow)?? else {
                return Ok(Verdict::Refused);
            };
            if let Some(logout) = &opens.logout {
                let ended = timeout_at(deadline, replay::end_session(&mut conversation, logout)).await;
                replay::tell(attempt, &ended);
            }
            return Ok(Verdict::Accepted { profile: Profile::default() });
        }
        let judged = timeout_at(deadline, async {
            // So does one that wants another kind of sign-in.
            if self.status(upstream, basic, attempt, None).await? != 401 {
                return Err(NoVerdict::FormChanged);
            }
            match self.status(upstream, basic, attempt, Some(value)).await? {
                200..=299 => Ok(Verdict::Accepted { profile: Profile::default() }),
                401 => Ok(Verdict::Refused),
                500.. => Err(NoVerdict::Unreachable),
                _ => Err(NoVerdict::Unrecognised),
            }
        });
        judged.await.map_err(|_| NoVerdict::Slow)?
    }

    /// Opens a session by one request with the credentials, where that is how the extranet is entered; else asks whether they
    /// are right.
    pub(super) async fn enter_by_basic(
        &self,
        upstream: &Upstream,
        basic: &BasicLogin,
        attempt: &Attempt<'_>,
    ) -> Result<SignIn, NoVerdict> {
        let Some(opens) = &basic.opens else {
            return Ok(match self.verify_basic(upstream, basic, attempt).await? {
                Verdict::Accepted { profile } => SignIn::In { cookies: Vec::new(), profile, landing: None },
                verdict => SignIn::Not(verdict),
            });
        };
        let Some(value) = authorization(basic, attempt.login, attempt.secret) else {
            return Ok(SignIn::Not(Verdict::Unwritable));
        };
        let deadline = Instant::now() + Duration::from_millis(basic.timeout_ms);
        let opened = timeout_at(deadline, self.open_by_basic(upstream, (basic, opens), attempt, value)).await;
        Ok(match opened.map_err(|_| NoVerdict::Slow)?? {
            Some((conversation, landing)) => {
                let cookies = conversation.into_jar().into_cookies();
                let landing = landing.and_then(|url| landing::of(&url, &cookies));
                SignIn::In { cookies, profile: Profile::default(), landing }
            }
            None => SignIn::Not(Verdict::Refused),
        })
    }

    /// The conversation in which the session is open, and where it led; None where the credentials are wrong.
    async fn open_by_basic(
        &self,
        upstream: &Upstream,
        (basic, opens): (&BasicLogin, &BasicSession),
        attempt: &Attempt<'_>,
        authorization: HeaderValue,
    ) -> Result<Option<(Conversation, Option<Url>)>, NoVerdict> {
        let mut conversation = self.conversation(upstream, Jar::default(), &attempt.behalf)?;
        let url = conversation.site().page(&basic.page).ok_or(NoVerdict::FormChanged)?;
        let asked = conversation.get(url.clone()).await.map_err(silence)?;
        if asked.status != 401 || asked.wants_other_than_basic {
            return Err(NoVerdict::FormChanged);
        }
        conversation.authorize(authorization);
        let answer = conversation.get(url).await.map_err(silence)?;
        // The credentials go to this one address only.
        let jar = conversation.into_jar();
        let has_cookies = !jar.is_empty();
        let mut conversation = self.conversation(upstream, jar, &attempt.behalf)?;
        let declared = opens.clone();
        let (judged, answer) = page::apart(move || (judged(&answer, &declared, has_cookies), answer)).await;
        if !judged? {
            return Ok(None);
        }
        let way = landing::Way::of(&answer);
        let arrived = conversation.follow(answer).await;
        tracing::debug!(arrived = arrived.is_ok(), "after an accepted sign-in");
        let landing = way.led_to(Some(arrived), &basic.page);
        Ok(Some((conversation, landing)))
    }

    /// Whether the declared page asks for HTTP Basic, as `check` wants to know.
    ///
    /// # Errors
    /// What it does instead, in words.
    pub(super) async fn asks_for_basic(&self, upstream: &Upstream, basic: &BasicLogin) -> Result<(), String> {
        let (public, client, said) = (&upstream.origin, IpAddr::V4(Ipv4Addr::LOCALHOST), &Browser::default());
        let nobody = Behalf { agency: None, public, client, said, request_id: None };
        let asked = async {
            let mut conversation = self.conversation(upstream, Jar::default(), &nobody)?;
            let url = conversation.site().page(&basic.page).ok_or(NoVerdict::FormChanged)?;
            conversation.get(url).await.map_err(silence)
        };
        let deadline = Instant::now() + Duration::from_millis(basic.timeout_ms);
        let page = &basic.page;
        match timeout_at(deadline, asked).await.map_err(|_| NoVerdict::Slow).flatten() {
            Ok(Page { status: 401, wants_other_than_basic: false, .. }) => Ok(()),
            Ok(Page { status: 401, .. }) => Err(format!("{page} asks for another kind of sign-in than HTTP Basic")),
            Ok(Page { status, .. }) => Err(format!("{page} answers {status} to who shows no credentials, not 401")),
            Err(silence) => Err(format!("{page}: {silence}")),
        }
    }

    async fn status(
        &self,
        upstream: &Upstream,
        basic: &BasicLogin,
        attempt: &Attempt<'_>,
        authorization: Option<HeaderValue>,
    ) -> Result<u16, NoVerdict> {
        let mut conversation = self.conversation(upstream, Jar::default(), &attempt.behalf)?;
        let url = conversation.site().page(&basic.page).ok_or(NoVerdict::FormChanged)?;
        if let Some(value) = authorization {
            conversation.authorize(value);
        }
        match conversation.get(url).await {
            Ok(Page { status: 401, wants_other_than_basic: true, .. }) => Err(NoVerdict::FormChanged),
            Ok(Page { status, .. }) => Ok(status),
            Err(fault) => Err(silence(fault)),
        }
    }
}

const fn silence(fault: Failure) -> NoVerdict {
    match fault {
        Failure::Broken => NoVerdict::Unreachable,
        Failure::TooLarge | Failure::Astray => NoVerdict::Unrecognised,
    }
}

/// Whether the answer to credentials says that they are right.
fn judged(answer: &Page, opens: &BasicSession, has_cookies: bool) -> Result<bool, NoVerdict> {
    if answer.status == 401 {
        return if answer.wants_other_than_basic { Err(NoVerdict::FormChanged) } else { Ok(false) };
    }
    if judge::holds(answer, &opens.failure)? {
        return Ok(false);
    }
    let works = if opens.success.is_empty() {
        (200..400).contains(&answer.status) && has_cookies
    } else {
        judge::holds(answer, &opens.success)?
    };
    match works {
        true => Ok(true),
        false if answer.status >= 500 => Err(NoVerdict::Unreachable),
        false => Err(NoVerdict::Unrecognised),
    }
}

/// The header's value, never printed, and wiped when the last of those who share it is gone.
pub(super) fn authorization(basic: &BasicLogin, login: &LegacyLogin, secret: &Secret) -> Option<HeaderValue> {
    let value = basic.authorization(login, secret)?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}
