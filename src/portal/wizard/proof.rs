//! The proof: its code, and the letter once more (b08, b09).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{Remarks, answer, path, show_at};
use crate::app::Fault;
use crate::app::wizard::proof::{self, Typed};
use crate::app::wizard::run;
use crate::app::wizard::step::Stepped;
use crate::domain::migration::Step;
use crate::domain::way_back::Stop;
use crate::pages::portal::{Alert, ProofPage};
use crate::web::Web;
use crate::web::calmly::try_again;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::problem::alert_of;

pub(in crate::portal) async fn type_code(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    fields: Fields,
) -> Result<Response, Fault> {
    guest.stands_at(path(Stop::Proof).to_owned());
    let waits = |open: run::Open| matches!(open.flow.step, Step::Proof { .. });
    if fields.is_empty("code") && run::open(&web.app, &guest.caller).await?.is_some_and(waits) {
        return show_at(&web, guest, Stop::Proof, Remarks::saying(Alert::field("code-missing"))).await;
    }
    let typed = match proof::type_code(&web.app, &guest.caller, fields.text("code")).await {
        Ok(typed) => typed,
        // What was typed stays, and what the page said (REL-015).
        Err(fault) => {
            let minutes = |name| fields.text(name).parse().unwrap_or(0);
            let times = (minutes("minutes"), minutes("code_minutes"));
            let page = ProofPage::of_form(fields.text("sent_to"), times, fields.text("code"), alert_of(&fault));
            return Ok(try_again(guest, &web, None, &page, &fault));
        }
    };
    let alert = match typed {
        Typed::Right(stepped) => return answer(&web, guest, Stop::Proof, stepped, None).await,
        Typed::Elsewhere => return answer(&web, guest, Stop::Proof, Stepped::Elsewhere, None).await,
        Typed::Wrong { left } => Alert::WrongCode { left },
        Typed::Dead => Alert::CodeDead,
        Typed::Expired => Alert::Expired,
    };
    show_at(&web, guest, Stop::Proof, Remarks::saying(alert)).await
}

pub(in crate::portal) async fn resend(State(web): State<Arc<Web>>, guest: Guest, _: Fields) -> Result<Response, Fault> {
    let stepped = proof::resend(&web.app, &guest.caller).await?;
    if stepped == Stepped::On {
        return show_at(&web, guest, Stop::Proof, Remarks::saying(Alert::Resent)).await;
    }
    answer(&web, guest, Stop::Proof, stepped, None).await
}
