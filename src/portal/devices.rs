//! « Appareils reconnus » on the account page (c16).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::account;
use crate::app::{Fault, devices};
use crate::domain::secret::SecretDigest;
use crate::domain::session::Session;
use crate::pages::portal::ShownDevice;
use crate::pages::written_day;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

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
pub(super) async fn forget(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let (guest, session) = match account::signed_in(&web, guest).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let Some(device) = SecretDigest::from_hex(fields.text("device")) else { return Ok(guest.go("/account")) };
    if !devices::forget(&web.app, &guest.caller, &session, device).await? {
        return Ok(account::session_over(&web, guest));
    }
    Ok(guest.go("/account?notice=device-forgotten"))
}
