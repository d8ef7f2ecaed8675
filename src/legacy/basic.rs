//! HTTP Basic: are credentials right? (a06)

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::{Duration, Instant, timeout_at};

use super::client::{Conversation, Fault};
use super::cookies::Jar;
use super::page::Page;
use super::site::Site;
use super::{Attempt, Caller, Legacy};
use crate::domain::basic::BasicLogin;
use crate::domain::identity::LegacyLogin;
use crate::domain::secret::Secret;
use crate::domain::upstream::{NoVerdict, Profile, Upstream, Verdict};

impl Legacy {
    /// Are these credentials right? The declared page is asked without them first: a page that is open to everybody
    /// says nothing about anybody (a10).
    ///
    /// # Errors
    /// There is no verdict: nothing may be counted against the resident (b03).
    pub async fn verify_basic(
        &self,
        upstream: &Upstream,
        basic: &BasicLogin,
        attempt: &Attempt<'_>,
    ) -> Result<Verdict, NoVerdict> {
        let Some(value) = authorization(basic, attempt.login, attempt.secret) else { return Ok(Verdict::Refused) };
        let deadline = Instant::now() + Duration::from_millis(basic.timeout_ms);
        let judged = timeout_at(deadline, async {
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

    async fn status(
        &self,
        upstream: &Upstream,
        basic: &BasicLogin,
        attempt: &Attempt<'_>,
        authorization: Option<HeaderValue>,
    ) -> Result<u16, NoVerdict> {
        let site = Site::of(upstream).ok_or(NoVerdict::Unreachable)?;
        let url = site.page(&basic.page).ok_or(NoVerdict::FormChanged)?;
        let caller = Caller::of(attempt);
        let mut conversation = Conversation::new(self.tls(upstream)?, upstream, site, Jar::default(), &caller);
        if let Some(value) = authorization {
            conversation.authorize(value);
        }
        match conversation.get(url).await {
            Ok(Page { status, .. }) => Ok(status),
            Err(Fault::Broken) => Err(NoVerdict::Unreachable),
            Err(Fault::TooLarge | Fault::Astray) => Err(NoVerdict::Unrecognised),
        }
    }
}

/// The header's value, never printed, and wiped when the last of those who share it is gone.
#[must_use]
pub fn authorization(basic: &BasicLogin, login: &LegacyLogin, secret: &Secret) -> Option<HeaderValue> {
    let value = basic.authorization(login, secret)?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}
