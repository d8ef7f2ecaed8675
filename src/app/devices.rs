//! Known devices (f02): a browser that somebody has signed in on keeps one secret, under which it is known to each of
//! those who did.

use jiff::Timestamp;

use super::{App, Caller, Fault};
use crate::domain::identity::IdentityId;
use crate::domain::secret::{Secret, long_secret};
use crate::store::Tx;

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
