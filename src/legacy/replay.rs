//! An extranet's login form, filled in and sent by the gateway: verify, enter, leave (a07, a17).

use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::client::{Conversation, Failure};
use super::form::{self, Filled, Unfit, logout};
use super::judge::{self, Judgement};
use super::landing;
use super::page::{self, Page};
use super::{Attempt, Behalf, Jar, Legacy, SignIn, UpstreamCookie};
use crate::domain::agency_code::AgencyCode;
use crate::domain::upstream::{FormLogin, LogoutCall, NoVerdict, Profile, Upstream, Verdict};
use crate::telemetry::{Clock, seldom};

/// Longest wait for an extranet to end a session.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(10);

impl Legacy {
    /// See [`Legacy::verify`].
    pub(super) async fn verify_form(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        attempt: &Attempt<'_>,
    ) -> Result<Verdict, NoVerdict> {
        let deadline = deadline(form);
        match self.attempt(upstream, form, attempt, deadline).await? {
            Outcome::Not(verdict) => Ok(verdict),
            Outcome::In { mut conversation, profile, .. } => {
                if let Some(logout) = &form.logout {
                    let ended = timeout_at(deadline, end_session(&mut conversation, logout)).await;
                    tell(attempt, &ended);
                }
                Ok(Verdict::Accepted { profile })
            }
        }
    }

    /// Hands over the cookies that a browser would hold after the sign-in.
    pub(super) async fn enter_by_form(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        attempt: &Attempt<'_>,
    ) -> Result<SignIn, NoVerdict> {
        Ok(match self.attempt(upstream, form, attempt, deadline(form)).await? {
            Outcome::Not(verdict) => SignIn::Not(verdict),
            Outcome::In { conversation, profile, landing } => {
                let cookies = conversation.into_jar().into_cookies();
                let landing = landing.and_then(|url| landing::of(&url, &cookies));
                SignIn::In { cookies, profile, landing }
            }
        })
    }

    /// Ends the session of these cookies; false if the extranet would not.
    pub(super) async fn leave_by(
        &self,
        upstream: &Upstream,
        logout: &LogoutCall,
        cookies: &[UpstreamCookie],
        behalf: &Behalf<'_>,
    ) -> Result<bool, NoVerdict> {
        let mut conversation = self.conversation(upstream, Jar::holding(cookies), behalf)?;
        let deadline = Instant::now() + LOGOUT_PATIENCE;
        timeout_at(deadline, end_session(&mut conversation, logout)).await.map_err(|_| NoVerdict::Slow)?
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
        let mut conversation = self.conversation(upstream, Jar::default(), &attempt.behalf)?;
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
                let way = landing::Way::of(&answer);
                let arrived = timeout_at(deadline, conversation.follow(answer)).await;
                tracing::debug!(arrived = matches!(arrived, Ok(Ok(_))), "after an accepted sign-in");
                let read = timeout_at(deadline, read_profile(&mut conversation, form)).await;
                let landing = way.led_to(arrived.ok(), &form.page);
                Outcome::In { conversation, profile: read.ok().flatten().unwrap_or_default(), landing }
            }
        })
    }
}

/// What came of an attempt, with the conversation where it goes on.
#[expect(clippy::large_enum_variant, reason = "lives for one match")]
enum Outcome {
    In { conversation: Conversation, profile: Profile, landing: Option<Url> },
    Not(Verdict),
}

/// Tells, seldom, of a session that a verification opened and could not end.
pub(super) fn tell(attempt: &Attempt<'_>, ended: &Result<Result<bool, NoVerdict>, Elapsed>) {
    let failed = match ended {
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some("it refuses".to_owned()),
        Ok(Err(reason)) => Some(reason.to_string()),
        Err(_) => Some(NoVerdict::Slow.to_string()),
    };
    if let (Some(reason), Some(agency)) = (failed, attempt.behalf.agency) {
        seldom::tell_of_logout(agency, &reason, Clock.now());
    }
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
    hold(conversation, form);
    let form_page = open(conversation, &form.page).await?;
    // What its answer set of the same name, a script would set over.
    hold(conversation, form);
    let (site, declared) = (conversation.site().clone(), form.clone());
    let (login, secret) = (attempt.login.clone(), attempt.secret.clone());
    let filled = page::apart(move || form::fill_login(&form_page, &site, &declared, login.as_str(), &secret)).await;
    let filled = filled.map_err(|unfit| form_changed(attempt.behalf.agency, unfit))?;
    let Filled::Ready(filled) = filled else { return Ok(None) };
    let answer = conversation.send(filled).await.map_err(|fault| match fault {
        Failure::Broken => NoVerdict::Unreachable,
        Failure::TooLarge | Failure::Astray => NoVerdict::Unrecognised,
    })?;
    let declared = form.clone();
    let (judgement, answer) = page::apart(move || (judge::judge(&answer, &declared), answer)).await;
    Ok(Some((judgement?, answer)))
}

/// Nothing was sent; the operator is told why.
fn form_changed(agency: Option<&AgencyCode>, unfit: Unfit) -> NoVerdict {
    let reason = unfit.to_string();
    if let Some(agency) = agency.filter(|agency| seldom::is_due(agency, &reason, Clock.now())) {
        tracing::warn!(%agency, reason, "a login form of an extranet was not sent");
    }
    NoVerdict::FormChanged
}

fn hold(conversation: &mut Conversation, form: &FormLogin) {
    for (name, value) in &form.set_cookies {
        conversation.hold(name, value);
    }
}

/// Opens a page that holds a form.
pub(super) async fn open(conversation: &mut Conversation, path: &str) -> Result<Page, NoVerdict> {
    let url = conversation.site().page(path).ok_or(NoVerdict::FormChanged)?;
    let page = conversation.open(url).await.map_err(|fault| match fault {
        Failure::Broken => NoVerdict::Unreachable,
        Failure::TooLarge | Failure::Astray => NoVerdict::FormChanged,
    })?;
    if page.status >= 500 { Err(NoVerdict::Unreachable) } else { Ok(page) }
}

async fn read_profile(conversation: &mut Conversation, form: &FormLogin) -> Option<Profile> {
    let declared = form.profile.as_ref()?;
    let url = conversation.site().page(&declared.page)?;
    let (page, declared) = (conversation.open(url).await.ok()?, declared.clone());
    Some(page::apart(move || judge::profile(&page, &declared)).await)
}

pub(super) async fn end_session(conversation: &mut Conversation, logout: &LogoutCall) -> Result<bool, NoVerdict> {
    let answer = match logout {
        LogoutCall::Get { path } => {
            let url = conversation.site().page(path).ok_or(NoVerdict::FormChanged)?;
            conversation.get(url).await
        }
        LogoutCall::Leading { page, path } => {
            let shown = open(conversation, page).await?;
            let (site, path) = (conversation.site().clone(), path.clone());
            let url = page::apart(move || logout::leading(&shown, &site, &path)).await;
            conversation.get(url.ok_or(NoVerdict::FormChanged)?).await
        }
        LogoutCall::Form { page, path, fields, extra } => {
            let form_page = open(conversation, page).await?;
            let (site, path) = (conversation.site().clone(), path.clone());
            let (fields, extra) = (fields.clone(), extra.clone());
            let filled = page::apart(move || logout::fill(&form_page, &site, &path, &fields, &extra)).await;
            conversation.send(filled.ok_or(NoVerdict::FormChanged)?).await
        }
        LogoutCall::Link { page, link } => {
            let shown = open(conversation, page).await?;
            let (site, link) = (conversation.site().clone(), link.clone());
            let url = page::apart(move || logout::link(&shown, &site, &link)).await;
            conversation.get(url.ok_or(NoVerdict::FormChanged)?).await
        }
    };
    match answer {
        Ok(page) if !(200..400).contains(&page.status) => Ok(false),
        Ok(page) => Ok(!still_offers(conversation, page, logout).await),
        // The answer came; that it is long does not matter here.
        Err(Failure::TooLarge) => Ok(true),
        Err(Failure::Broken | Failure::Astray) => Err(NoVerdict::Unreachable),
    }
}

/// Whether the page that a logout leads to, as browsers follow it, still has the way out on it.
async fn still_offers(conversation: &mut Conversation, answer: Page, logout: &LogoutCall) -> bool {
    let Ok(shown) = conversation.follow(answer).await else { return false };
    let (site, logout) = (conversation.site().clone(), logout.clone());
    page::apart(move || logout::is_offered(&shown, &site, &logout)).await
}
