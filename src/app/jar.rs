//! The extranet's cookies in the session: what a request carries, and what its answer changes (a13).
//!
//! They are read from where sessions live with each request, so that every node sends what the last answer set, and
//! written by their version before an answer is released. An answer to a request of an earlier sign-in upstream changes
//! nothing any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;

use super::visit::Passage;
use super::{App, Fault};
use crate::domain::identity::{Link, LinkId};
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::legacy::UpstreamCookie;
use crate::store::{Sealed, SealedPlace, StoreError};

/// Tries to write one answer's cookies: each time somebody else was first. On one node they wait in a row.
const TRIES: u32 = 20;
/// Cookies that only live longer by less than this are the same.
const SAME_LIFE: u64 = 60;

/// Whose turn it is to change the cookies of one account, on this node.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<LinkId, Weak<tokio::sync::Mutex<()>>>>);

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The cookies of all paths.
    pub cookies: Vec<UpstreamCookie>,
    /// Of which sign-in upstream they are; none before the first.
    pub since: Option<Timestamp>,
}

impl Turns {
    /// The turn of an account; whoever holds it is alone.
    pub(super) fn of(&self, link: &LinkId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(link).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        turns.insert(link.clone(), Arc::downgrade(&turn));
        turn
    }
}

/// The cookies of a resident who is forwarded.
pub async fn carried(app: &App, passage: &Passage) -> Result<Carried, Fault> {
    let Some(jar) = app.sessions.jar(&passage.session, &passage.link).await? else { return Ok(Carried::default()) };
    let cookies = unsealed(app, &passage.session, &passage.link, &jar.sealed)?;
    Ok(Carried { cookies, since: Some(jar.signed_in_at) })
}

/// Puts an answer's change on top of what is there now, whoever wrote it; `since` is the sign-in of the request.
pub async fn keep(
    app: &App,
    passage: &Passage,
    since: Option<Timestamp>,
    change: impl Fn(&[UpstreamCookie]) -> Vec<UpstreamCookie>,
) -> Result<(), Fault> {
    let turn = app.jar_turns.of(&passage.link);
    let _turn = turn.lock().await;
    for _ in 0..TRIES {
        let jar = app.sessions.jar(&passage.session, &passage.link).await?;
        if jar.as_ref().map(|jar| jar.signed_in_at) != since {
            return Ok(());
        }
        let before = match &jar {
            Some(jar) => unsealed(app, &passage.session, &passage.link, &jar.sealed)?,
            None => Vec::new(),
        };
        let after = change(&before);
        if is_same(&before, &after) {
            return Ok(());
        }
        let next = sealed(app, &passage.session, &passage.link, &after)?;
        match jar {
            Some(jar) if app.sessions.keep_jar(&passage.session, &passage.link, jar.version, &next).await? => {
                return Ok(());
            }
            Some(_) => {}
            None => {
                app.sessions.put_jar(&passage.session, &passage.link, &next, app.now()).await?;
                return Ok(());
            }
        }
    }
    tracing::warn!("cookies of an extranet could not be kept: others were always first");
    Ok(())
}

/// Seals cookies for one sign-in and account: they open nowhere else.
pub(super) fn sealed(
    app: &App,
    session: &SessionId,
    link: &LinkId,
    cookies: &[UpstreamCookie],
) -> Result<Sealed, Fault> {
    let text = Secret::new(serde_json::to_string(cookies).map_err(unreadable)?);
    Ok(app.vault()?.seal(&*app.dice, &context(session, link), &text))
}

/// The cookies that were sealed so.
pub(super) fn unsealed(
    app: &App,
    session: &SessionId,
    link: &LinkId,
    sealed: &Sealed,
) -> Result<Vec<UpstreamCookie>, Fault> {
    let text = app.vault()?.open(&context(session, link), sealed)?;
    // What was sealed by us and opened under the right context is our own JSON.
    serde_json::from_str(text.expose()).map_err(unreadable)
}

/// The same where it goes on without them: what cannot be opened is told.
pub(super) fn unsealed_or_told(
    app: &App,
    session: &SessionId,
    link: &Link,
    sealed: &Sealed,
) -> Option<Vec<UpstreamCookie>> {
    let opened = unsealed(app, session, &link.id, sealed);
    let told = |fault: &Fault| {
        tracing::error!(agency = %link.account.agency, %fault, "the cookies of a session cannot be opened");
    };
    opened.inspect_err(told).ok()
}

/// Never what stands there: it may be a secret.
fn unreadable(_: serde_json::Error) -> Fault {
    StoreError::Corrupt("cookies".to_owned()).into()
}

fn context(session: &SessionId, link: &LinkId) -> String {
    SealedPlace::Cookies(session.clone(), link.clone()).context()
}

/// Extranets set the same cookie again with each answer, to live a little longer: that is not worth a write each time.
fn is_same(before: &[UpstreamCookie], after: &[UpstreamCookie]) -> bool {
    before.len() == after.len()
        && before.iter().zip(after).all(|(one, other)| {
            let same_life = match (one.expires, other.expires) {
                (Some(one), Some(other)) => one.abs_diff(other) < SAME_LIFE,
                (one, other) => one == other,
            };
            same_life && one == &UpstreamCookie { expires: one.expires, ..other.clone() }
        })
}
