//! The new password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::answer;
use crate::app::Fault;
use crate::app::wizard::password;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn choose(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let stepped = password::choose(&web.app, &guest.caller, password, &confirmation).await?;
    answer(&web, guest, stepped, None).await
}
