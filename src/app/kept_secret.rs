//! A kept secret at its extranet: when it may be tried, and what an answer leaves of it (a11).
//!
//! The extranet is slow, and there are other nodes: who tries a secret that was refused before says so first, and what
//! an answer leaves is decided on what stands in the database by then.

use jiff::Timestamp;

use super::{App, Caller, Fault, by_resident};
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::kept_secret::{May, OUTAGE, OUTAGE_WITHIN, Occasion, Record};
use crate::sessions::Change;
use crate::store::{StoreError, StoredSecret, Tx};
use crate::telemetry::metrics::METRICS;

/// Others who may be faster, one after the other.
const TRIES: u32 = 20;

/// Whether a secret may be tried.
pub(super) enum Begun {
    /// Now, by who holds this.
    Try(Try),
    /// Not now: it was refused, and is not tried again yet.
    Wait,
    /// There is none.
    Gone,
}

/// The right to try a secret once.
pub(super) struct Try {
    /// The secret.
    pub(super) stored: StoredSecret,
    /// What was known before.
    before: Record,
}

/// What a refusal left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The secret, for another try later.
    Kept,
    /// Nothing.
    Dropped,
}

/// Takes the right to try an account's secret.
pub(super) async fn begin(app: &App, link: &LinkId, occasion: Occasion) -> Result<Begun, Fault> {
    for _ in 0..TRIES {
        let stored = app.store.read().await?.legacy_secret(link).await?;
        let Some(stored) = stored else { return Ok(Begun::Gone) };
        let before = stored.record;
        match before.may_try(occasion, app.now()) {
            May::Try => return Ok(Begun::Try(Try { stored, before })),
            May::Wait => return Ok(Begun::Wait),
            May::TryOnce(record) => {
                let mut tx = app.store.write().await?;
                if tx.keep_record(link, &stored, &record).await? {
                    tx.commit().await?;
                    return Ok(Begun::Try(Try { stored: StoredSecret { record, ..stored }, before }));
                }
            }
        }
    }
    Ok(Begun::Wait)
}

/// The extranet took it: whatever refusals there were are forgotten.
pub(super) async fn worked(app: &App, identity: &IdentityId, link: &Link, tried: &Try) -> Result<(), Fault> {
    for _ in 0..TRIES {
        let stored = app.store.read().await?.legacy_secret(&link.id).await?;
        let unclean = |now: &StoredSecret| now.version == tried.stored.version && now.record != Record::WORKED;
        let Some(stored) = stored.filter(unclean) else { return Ok(()) };
        let mut tx = app.store.write().await?;
        if tx.keep_record(&link.id, &stored, &Record::WORKED).await? {
            // Where each request carries it, requests may carry it again.
            app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
            tell_outage(app, &link.account.agency).await?;
            return Ok(());
        }
    }
    Ok(())
}

/// The extranet refused it.
pub(super) async fn refused(
    app: &App,
    caller: &Caller,
    identity: &IdentityId,
    link: &Link,
    tried: &Try,
) -> Result<Left, Fault> {
    let agency = &link.account.agency;
    for _ in 0..TRIES {
        let now = app.now();
        let mut tx = app.store.write().await?;
        let Some(stored) = tx.legacy_secret(&link.id).await? else { return Ok(Left::Dropped) };
        // Somebody gave another one in the meantime, which nothing was said about.
        if stored.version != tried.stored.version {
            return Ok(Left::Kept);
        }
        let in_an_outage = refused_lately(&mut tx, agency, now).await? >= OUTAGE;
        let (left, changed) = match stored.record.after_refusal(in_an_outage, now) {
            Some(next) => (Left::Kept, tx.keep_record(&link.id, &stored, &next).await?),
            None => (Left::Dropped, tx.drop_legacy_secret(&link.id, &stored).await?),
        };
        if !changed {
            continue;
        }
        let entry = |event| AuditEntry {
            agency: Some(agency.clone()),
            login: Some(link.account.login.clone()),
            ..by_resident(identity, event)
        };
        caller.audit(&mut tx, &entry(AuditEvent::UpstreamSignInRefused), now).await?;
        if left == Left::Dropped {
            caller.audit(&mut tx, &entry(AuditEvent::UpstreamSecretDropped), now).await?;
        }
        // Requests carry it no more, on no node.
        app.sessions.commit(tx, &Change::Identity(identity.clone())).await?;
        tell_outage(app, agency).await?;
        return Ok(left);
    }
    Ok(Left::Kept)
}

/// There was no verdict: the try is given back.
pub(super) async fn unanswered(app: &App, link: &LinkId, tried: &Try) -> Result<(), Fault> {
    if tried.stored.record == tried.before {
        return Ok(());
    }
    let mut tx = app.store.write().await?;
    tx.keep_record(link, &tried.stored, &tried.before).await?;
    Ok(tx.commit().await?)
}

/// Whether so many secrets of an agency that had worked are refused that its extranet is to blame.
pub async fn is_out(app: &App, agency: &AgencyCode) -> Result<bool, Fault> {
    let mut tx = app.store.read().await?;
    Ok(refused_lately(&mut tx, agency, app.now()).await? >= OUTAGE)
}

/// Every agency whose extranet refuses secrets that had worked, and how many; an outage that has begun or ended is told.
pub async fn refusals(app: &App) -> Result<Vec<(AgencyCode, u64)>, StoreError> {
    let counted = app.store.read().await?.refused_secrets(since(app.now())).await?;
    for agency in app.directory().agencies() {
        let count = counted.iter().find(|(code, _)| *code == agency.code).map_or(0, |(_, count)| *count);
        tell(&agency.code, count);
    }
    Ok(counted)
}

async fn tell_outage(app: &App, agency: &AgencyCode) -> Result<(), Fault> {
    let mut tx = app.store.read().await?;
    let count = refused_lately(&mut tx, agency, app.now()).await?;
    drop(tx);
    tell(agency, count);
    Ok(())
}

fn tell(agency: &AgencyCode, count: u64) {
    let before = METRICS.agency(agency).refuse_now(count);
    if count >= OUTAGE && before < OUTAGE {
        tracing::warn!(agency = %agency, refused = count, "an extranet refuses passwords that had worked");
    } else if count < OUTAGE && before >= OUTAGE {
        tracing::info!(agency = %agency, refused = count, "an extranet takes passwords again");
    }
}

async fn refused_lately(tx: &mut Tx, agency: &AgencyCode, now: Timestamp) -> Result<u64, StoreError> {
    let counted = tx.refused_secrets(since(now)).await?;
    Ok(counted.into_iter().find(|(code, _)| code == agency).map_or(0, |(_, count)| count))
}

fn since(now: Timestamp) -> Timestamp {
    now.saturating_sub(OUTAGE_WITHIN).unwrap_or(now)
}
