//! The proof: its code, and the letter once more (b08, b09).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, show_step};
use crate::app::Fault;
use crate::app::wizard::proof::{self, Typed};
use crate::app::wizard::run;
use crate::app::wizard::step::Stepped;
use crate::domain::migration::Step;
use crate::pages::portal::Alert;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn type_code(
    State(web): State<Arc<Web>>,
    guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    let waits = |open: run::Open| matches!(open.flow.step, Step::Proof { .. });
    if fields.is_empty("code") && run::open(&web.app, &guest.caller).await?.is_some_and(waits) {
        let alert = Some(Alert::field("code-missing"));
        return show_step(&web, guest, Remarks { alert, ..Remarks::default() }).await;
    }
    let alert = match proof::type_code(&web.app, &guest.caller, fields.text("code")).await? {
        Typed::Right(stepped) => return answer(&web, guest, stepped, None).await,
        Typed::Elsewhere => return answer(&web, guest, Stepped::Elsewhere, None).await,
        Typed::Wrong { left } => Alert::WrongCode { left },
        Typed::Dead => Alert::CodeDead,
        Typed::Expired => Alert::Expired,
    };
    show_step(&web, guest, Remarks { alert: Some(alert), ..Remarks::default() }).await
}

pub(in crate::portal) async fn resend(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = proof::resend(&web.app, &guest.caller).await?;
    if stepped == Stepped::On {
        return show_step(&web, guest, Remarks { alert: Some(Alert::Resent), ..Remarks::default() }).await;
    }
    answer(&web, guest, stepped, None).await
}
