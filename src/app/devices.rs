//! Known devices (f02): a browser that somebody has signed in on keeps one secret, under which it is known to each of
//! those who did.

use jiff::Timestamp;

use super::{App, Caller, Fault, by_resident};
use crate::domain::audit::AuditEvent;
use crate::domain::identity::IdentityId;
use crate::domain::secret::{Secret, SecretDigest, long_secret};
use crate::domain::session::Session;
use crate::store::{KnownDevice, Tx};

/// Whether the person has signed in on this device before.
pub(super) async fn knows(tx: &mut Tx, caller: &Caller, identity: &IdentityId, now: Timestamp) -> Result<bool, Fault> {
    match &caller.device {
        Some(device) => Ok(tx.knows_on_device(device.digest(), identity, now).await?),
        None => Ok(false),
    }
}

/// Whether anybody has signed in on this device before.
pub(super) async fn is_known(app: &App, caller: &Caller) -> Result<bool, Fault> {
    match &caller.device {
        Some(device) => Ok(app.store.read().await?.is_known_device(device.digest(), app.now()).await?),
        None => Ok(false),
    }
}

/// The secret by which a device is known from this sign-in on: the one that it has, so that whoever else is known on it
/// stays so (B7), or a new one, where it has none that was ever given to somebody.
pub(super) async fn secret_for(app: &App, caller: &Caller) -> Result<Secret, Fault> {
    match &caller.device {
        Some(device) if is_known(app, caller).await? => Ok(device.clone()),
        _ => Ok(long_secret(&*app.dice)),
    }
}

/// The devices on which the person is known, the last used first, and whether each is the one that asks (c16).
pub async fn of(app: &App, caller: &Caller, session: &Session) -> Result<Vec<(KnownDevice, bool)>, Fault> {
    let this = caller.device.as_ref().map(Secret::digest);
    let devices = app.store.read().await?.devices_of(&session.identity, app.now()).await?;
    Ok(devices.into_iter().map(|device| (device, this == Some(device.digest))).collect())
}

/// « Oublier cet appareil »: whoever else is known on it stays so, and nobody is signed out. False where the session has
/// ended meanwhile.
pub async fn forget(app: &App, caller: &Caller, session: &Session, device: SecretDigest) -> Result<bool, Fault> {
    let Some(mut tx) = app.write_as(session).await? else { return Ok(false) };
    if tx.forget_device(&session.identity, device).await? {
        caller.audit(&mut tx, &by_resident(&session.identity, AuditEvent::DeviceForgotten), app.now()).await?;
    }
    tx.commit().await?;
    Ok(true)
}
