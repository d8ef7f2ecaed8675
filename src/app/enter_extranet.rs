//! Signing a resident in upstream, at the hand-over and when the extranet's session is over (a07, a12).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::kept_secret::{self, Begun, Try};
use super::visit::Passage;
use super::{App, Caller, Fault, ask_extranet, jar, naming, rotate_vault};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::entry::Entry;
use crate::domain::identity::{Link, LinkId};
use crate::domain::kept_secret::{Occasion, Record};
use crate::domain::path::ReturnPath;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::upstream::{NoVerdict, Verdict};
use crate::legacy::{Attempt, SignIn, UpstreamCookie};
use crate::sessions::Change;
use crate::store::SealedPlace;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces;

/// Within this time one sign-in serves every request that was waiting for it.
const SERVES_FOR: SignedDuration = SignedDuration::from_secs(5);

/// Where the last sign-ins upstream have led, for as long as they serve who was waiting for them.
#[derive(Debug, Default)]
pub struct Landings(Mutex<HashMap<LinkId, (Timestamp, String)>>);

impl Landings {
    fn put(&self, link: &LinkId, landing: Option<String>, now: Timestamp) {
        let mut landings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        landings.retain(|_, (at, _)| is_fresh(*at, now));
        match landing {
            Some(landing) => landings.insert(link.clone(), (now, landing)),
            None => landings.remove(link),
        };
    }

    fn of(&self, link: &LinkId, now: Timestamp) -> Option<String> {
        let landings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        landings.get(link).filter(|(at, _)| is_fresh(*at, now)).map(|(_, landing)| landing.clone())
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() < SERVES_FOR
}

/// Where somebody who has just been signed in stands without a page to come back to.
#[must_use]
pub fn start(app: &App, agency: &Agency, link: &LinkId) -> ReturnPath {
    agency.start_after(app.landings.of(link, app.now()).as_deref())
}

/// One sign-in upstream at a time per account; twenty parallel images do not open twenty sessions.
pub type SignInTurns = jar::Turns;

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// Signed in.
    In(Opened),
    /// The extranet refuses what worked before, for a reason that another password does not mend.
    Refused,
    /// The extranet cannot be told who this is: nothing was sent to it (decision 43).
    Unnamed,
    /// No password is kept that may be tried now: the extranet has refused the one that was (a11).
    SecretRefused,
    /// The extranet does not answer as declared; nothing was counted.
    Silent,
}

/// A sign-in upstream.
#[derive(Debug, Default)]
pub struct Opened {
    /// The cookies that the browser is to hold on the agency's host.
    pub cookies: Vec<UpstreamCookie>,
    /// Which sign-in they are of, where it opened a session there.
    pub entry: Option<Entry>,
}

/// Signs the person in upstream, unless somebody just did. What a browser holds does not tell whether that sign-in is over,
/// since an extranet may take its cookies away at the end: `over` is the sign-in whose answer said so, and is never
/// served again (F9).
pub async fn enter(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    session: &Session,
    link: &Link,
    (occasion, over): (Occasion, Option<Entry>),
) -> Result<Entered, Fault> {
    if !naming::is_possible(app, agency, &link.account) {
        return Ok(Entered::Unnamed);
    }
    if !agency.adapter.keeps_secret() {
        return Ok(Entered::In(Opened::default()));
    }
    let opens_session = agency.adapter.entered_by() == EnteredBy::Session;
    let turn = app.turns.of(&link.id);
    let _turn = turn.lock().await;
    if opens_session && let Some(opened) = fresh(app, session, link, over).await? {
        return Ok(Entered::In(opened));
    }
    let Begun::Try(tried) = kept_secret::begin(app, &link.id, occasion).await? else {
        return Ok(Entered::SecretRefused);
    };
    // Where each request carries the password there is nothing to sign in to; one that was refused before, or never asked
    // about, is shown to the extranet first.
    if !opens_session && tried.stored.record == Record::WORKED {
        return Ok(Entered::In(Opened::default()));
    }
    let secret = opened(app, &link.id, &tried).await?;
    match ask(app, caller, agency, link, &secret).await {
        Ok(SignIn::In { cookies, landing, .. }) => {
            app.landings.put(&link.id, landing, app.now());
            let entry = if opens_session { Some(keep(app, session, link, &cookies).await?) } else { None };
            kept_secret::worked(app, &session.identity, link, &tried).await?;
            Ok(Entered::In(Opened { cookies, entry }))
        }
        Ok(SignIn::Not(Verdict::Refused)) => {
            kept_secret::refused(app, caller, &session.identity, link, &tried).await?;
            Ok(Entered::SecretRefused)
        }
        Ok(SignIn::Not(Verdict::Unwritable)) => {
            kept_secret::unanswered(app, &link.id, &tried).await?;
            naming::tell_unnamed(app, agency, &link.account, agency.adapter.carrier());
            Ok(Entered::Unnamed)
        }
        Ok(SignIn::Not(_)) => {
            kept_secret::unanswered(app, &link.id, &tried).await?;
            Ok(Entered::Refused)
        }
        Err(silence) => {
            kept_secret::unanswered(app, &link.id, &tried).await?;
            let request_id = caller.request_id.as_str();
            tracing::warn!(request_id, agency = %agency.code, fault = %silence, reason = %silence, "the extranet could not sign a resident in");
            Ok(Entered::Silent)
        }
    }
}

/// Signs in at the extranet, and counts what came of it.
async fn ask(app: &App, caller: &Caller, agency: &Agency, link: &Link, secret: &Secret) -> Result<SignIn, NoVerdict> {
    let public = agency.origin_of(&link.label());
    let attempt = Attempt { behalf: caller.at(&agency.code, &public), login: &link.account.login, secret };
    let begun = Instant::now();
    let mut step = traces::step("extranet sign-in");
    let entering = app.legacy.enter(&agency.upstream, &agency.adapter, &attempt);
    let signed_in = traces::within(step.current(), entering).await;
    step.tell("vestibule.outcome", outcome(&signed_in));
    drop(step);
    METRICS.agency(&agency.code).signed_in_upstream(outcome(&signed_in), begun.elapsed());
    signed_in
}

async fn opened(app: &App, link: &LinkId, tried: &Try) -> Result<Secret, Fault> {
    let place = SealedPlace::Link(link.clone());
    let secret = app.vault()?.open(&place.context(), &tried.stored.sealed)?;
    rotate_vault::freshen(app, &place, &tried.stored.sealed, &secret).await;
    Ok(secret)
}

/// What came of a sign-in at the extranet, as one word.
fn outcome(signed_in: &Result<SignIn, NoVerdict>) -> &'static str {
    match signed_in {
        Ok(SignIn::In { .. }) => "accepted",
        Ok(SignIn::Not(verdict)) => verdict.name(),
        Err(silence) => silence.name(),
    }
}

/// What a sign-in of just now left, unless it is over already.
async fn fresh(app: &App, session: &Session, link: &Link, over: Option<Entry>) -> Result<Option<Opened>, Fault> {
    let Some(jar) = app.sessions.jar(&session.id, &link.id).await? else { return Ok(None) };
    let entry = Some(Entry::at(jar.signed_in_at));
    if entry == over || !is_fresh(jar.signed_in_at, app.now()) {
        return Ok(None);
    }
    let cookies = jar::unsealed_or_told(app, &session.id, link, &jar.sealed);
    Ok(cookies.map(|cookies| Opened { cookies, entry }))
}

/// Kept so that the sign-out can end the extranet's session too (a17), and, in a jar, so that requests carry them (a13).
async fn keep(app: &App, session: &Session, link: &Link, cookies: &[UpstreamCookie]) -> Result<Entry, Fault> {
    let sealed = jar::sealed(app, &session.id, &link.id, cookies)?;
    let now = app.now();
    app.sessions.put_jar(&session.id, &link.id, &sealed, now).await?;
    Ok(Entry::at(now))
}

/// The extranet answered 401 to a resident whose password it had taken before. Whether it refuses the password, or only
/// that page, one further question tells; a refused password is sent no more, by no node, until it is looked at again
/// (a11).
///
/// True if no request may carry the password now.
pub async fn doubt(app: &App, caller: &Caller, agency: &Agency, passage: &Passage) -> Result<bool, Fault> {
    let Some(resident) = &passage.by_secret else { return Ok(false) };
    let turn = app.turns.of(&passage.link);
    let _turn = turn.lock().await;
    let is_same = |tried: &Try| tried.stored.version == resident.version && tried.stored.record.refused_at.is_none();
    let tried = match kept_secret::begin(app, &passage.link, Occasion::Renewal).await? {
        Begun::Try(tried) if is_same(&tried) => tried,
        // Somebody gave another one, or another node was faster.
        Begun::Try(tried) => {
            kept_secret::unanswered(app, &passage.link, &tried).await?;
            app.sessions.forget(&Change::Identity(resident.identity.clone()));
            return Ok(true);
        }
        Begun::Wait | Begun::Gone => {
            app.sessions.forget(&Change::Identity(resident.identity.clone()));
            return Ok(true);
        }
    };
    let secret = opened(app, &passage.link, &tried).await?;
    let verdict = ask_extranet::ask(app, caller, agency, &resident.account.login, &secret).await;
    let link =
        Link { id: passage.link.clone(), identity: resident.identity.clone(), account: resident.account.clone() };
    match verdict {
        Ok(Verdict::Refused) => {
            kept_secret::refused(app, caller, &resident.identity, &link, &tried).await?;
            Ok(true)
        }
        Ok(Verdict::Accepted { .. }) => {
            kept_secret::worked(app, &resident.identity, &link, &tried).await?;
            Ok(false)
        }
        Ok(Verdict::Locked | Verdict::MustChange | Verdict::Unwritable) | Err(_) => Ok(false),
    }
}
