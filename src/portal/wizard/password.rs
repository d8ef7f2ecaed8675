//! The new password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, show_step};
use crate::app::Fault;
use crate::app::wizard::{password, run};
use crate::domain::migration::Step;
use crate::pages::portal::Alert;
use crate::portal::filled;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn choose(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let open = run::open(&web.app, &guest.caller).await?;
    if let Some(open) = open.filter(|open| matches!(open.flow.step, Step::Password { .. })) {
        let rules = &open.flow.plan.password;
        if let Some(alert) = Alert::about(filled::new_password(&fields, rules, open.agency.policy.confirm_noted)) {
            return show_step(&web, guest, Remarks { alert: Some(alert), ..Remarks::default() }).await;
        }
    }
    let (password, confirmation) = (fields.secret("password"), fields.secret("confirmation"));
    let stepped = password::choose(&web.app, &guest.caller, password, &confirmation).await?;
    answer(&web, guest, stepped, None).await
}
