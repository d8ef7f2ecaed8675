//! The new password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, path, seen, show_at};
use crate::app::Fault;
use crate::app::wizard::{password, run};
use crate::domain::migration::Step;
use crate::domain::way_back::Stop;
use crate::pages::portal::Alert;
use crate::portal::filled;
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
    if let Some(open) = open.filter(is_asked) {
        let rules = &open.flow.plan.password;
        if let Some(alert) = Alert::about(filled::new_password(&fields, rules, open.agency.policy.confirm_noted)) {
            return show_at(&web, guest, Stop::Password, Remarks::saying(alert)).await;
        }
    }
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let stepped = password::choose(&web.app, &guest.caller, password, &confirmation, seen(&fields)).await?;
    answer(&web, guest, Stop::Password, stepped, None).await
}

/// Whether a password is what this run asks for, now or again.
fn is_asked(open: &run::Open) -> bool {
    matches!(open.flow.step, Step::Password { .. }) || open.flow.again(Stop::Password).is_some()
}
