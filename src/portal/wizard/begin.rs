//! The beginning: past the information page, or the whole once more.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::{answer, path};
use crate::app::Fault;
use crate::app::wizard::step::Stepped;
use crate::app::wizard::{begin, join, run};
use crate::domain::way_back::Stop;
use crate::portal::wording;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(in crate::portal) async fn leave_notice(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    _: Fields,
) -> Result<Response, Fault> {
    let stepped = begin::leave_notice(&web.app, &guest.caller).await?;
    if stepped == Stepped::On {
        // Who is signed in is asked for the password at once (000 I.B); that somebody was once, on this device, says
        // nothing about who sits at it now.
        if let Some(session) = guest.session(&web).await? {
            join::join_existing(&web.app, &guest.caller, Some(&session.identity)).await?;
        }
    }
    // Who has read it again goes on page by page.
    if stepped == Stepped::Elsewhere
        && let Some(open) = run::open(&web.app, &guest.caller).await?
    {
        return Ok(guest.go(path(open.flow.after_notice())));
    }
    answer(&web, guest, Stop::Notice, stepped, None).await
}

pub(in crate::portal) async fn restart(
    State(web): State<Arc<Web>>,
    guest: Guest,
    _: Fields,
) -> Result<Response, Fault> {
    let agency = run::restart(&web.app, &guest.caller).await?;
    Ok(guest.go(&wording::login_path_with(agency.as_deref(), "notice=restarted")))
}
