//! The new password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, path, seen, show_at};
use crate::app::Fault;
use crate::app::wizard::{password, run};
use crate::domain::way_back::Stop;
use crate::portal::wording::NOT_NOTED;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn choose(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    guest.stands_at(path(Stop::Password).to_owned());
    let open = run::open(&web.app, &guest.caller).await?;
    if open.is_some_and(|open| open.agency.policy.confirm_noted) && !fields.ticked("noted") {
        let remarks = Remarks { error: Some(NOT_NOTED), ..Remarks::default() };
        return show_at(&web, guest, Stop::Password, remarks).await;
    }
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let stepped = password::choose(&web.app, &guest.caller, password, &confirmation, seen(&fields)).await?;
    answer(&web, guest, Stop::Password, stepped, None).await
}
