//! « Appareils reconnus » on the account page (c16).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::app::{Fault, devices};
use crate::domain::secret::SecretDigest;
use crate::domain::session::Session;
use crate::pages::portal::ShownDevice;
use crate::pages::written_day;
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::person::{Posted, session_over};

/// The list.
pub(super) async fn shown(web: &Web, guest: &Guest, session: &Session) -> Result<Vec<ShownDevice>, Fault> {
    let known = devices::of(&web.app, &guest.caller, session).await?;
    let shown = |(device, is_this): (crate::store::KnownDevice, bool)| ShownDevice {
        id: device.digest.to_hex(),
        family: device.look.family.name(),
        system: device.look.system.name(),
        last: written_day(device.remembered_at, guest.language()),
        is_this,
    };
    Ok(known.into_iter().map(shown).collect())
}

/// « Oublier cet appareil ».
pub(super) async fn forget(
    State(web): State<Arc<Web>>,
    Posted { guest, session, fields }: Posted,
) -> Result<Response, Fault> {
    let Some(device) = SecretDigest::from_hex(fields.text("device")) else { return Ok(guest.go("/account")) };
    if !devices::forget(&web.app, &guest.caller, &session, device).await? {
        return Ok(session_over(&web, guest));
    }
    Ok(guest.go("/account?notice=device-forgotten"))
}
