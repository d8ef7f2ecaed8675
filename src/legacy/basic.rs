//! HTTP Basic: are credentials right? (a06)

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use tokio::time::{Duration, Instant, timeout_at};

use super::client::Fault;
use super::cookies::Jar;
use super::page::Page;
use super::{Attempt, Legacy};
use crate::domain::basic::BasicLogin;
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
            Err(Fault::Broken) => Err(NoVerdict::Unreachable),
            Err(Fault::TooLarge | Fault::Astray) => Err(NoVerdict::Unrecognised),
        }
    }
}

/// Whether an answer offers ways to sign in and HTTP Basic is none of them (RFC 9110, 11.6.1). One that offers nothing
/// is an old server's, and means Basic.
pub(super) fn wants_another(headers: &HeaderMap) -> bool {
    let mut offers = headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes).peekable();
    offers.peek().is_some() && !offers.any(|offer| offers_basic(&String::from_utf8_lossy(offer)))
}

/// One line may offer several ways, and quote anything.
fn offers_basic(line: &str) -> bool {
    let unquoted: String = line.replace("\\\"", "").split('"').step_by(2).collect();
    unquoted.split(',').filter_map(|part| part.split_whitespace().next()).any(|word| word.eq_ignore_ascii_case("basic"))
}

/// The header's value, never printed, and wiped when the last of those who share it is gone.
pub(super) fn authorization(basic: &BasicLogin, login: &LegacyLogin, secret: &Secret) -> Option<HeaderValue> {
    let value = basic.authorization(login, secret)?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_an_offer_of_another_kind_of_sign_in_is_told_from_basic() {
        let wants = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(WWW_AUTHENTICATE, line.parse().expect("a value"));
            }
            wants_another(&headers)
        };
        for basic in [
            &["Basic realm=\"x\""][..],
            &["bAsIc"],
            &[],
            &["Digest realm=\"x\", nonce=\"y\"", "Basic realm=\"x\""],
            &["Negotiate, Basic realm=\"x, y\""],
        ] {
            assert!(!wants(basic), "{basic:?}");
        }
        for other in [
            &["Digest realm=\"Basic\", nonce=\"x\""][..],
            &["Digest realm=\"a, Basic b\""],
            &["Digest realm=\"a\\\", Basic b\""],
            &["Negotiate", "NTLM"],
            &["Bearer"],
            &[""],
        ] {
            assert!(wants(other), "{other:?}");
        }
    }
}
