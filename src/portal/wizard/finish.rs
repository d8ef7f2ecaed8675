//! The end: on to the account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::page::ready;
use crate::app::Fault;
use crate::app::wizard::run;
use crate::domain::migration::Step;
use crate::portal::wording;
use crate::web::Web;
use crate::web::guest::Guest;

/// « Continuer » after « Compte associé ✓ », « Plus tard » where other accounts are offered: into that account for who is
/// signed in, else to sign in.
pub(in crate::portal) async fn finish(State(web): State<Arc<Web>>, mut guest: Guest) -> Result<Response, Fault> {
    let open = run::open(&web.app, &guest.caller).await?;
    if let (Some(open), Some(session)) = (&open, guest.session(&web).await?) {
        let account = &open.flow.account;
        let link = web.app.store.read().await?.link_of_account(&account.agency, &account.login).await?;
        if let Some(link) = link.filter(|link| link.identity == session.identity) {
            return Ok(guest.go_into_account(&open.agency, &link.label(), "/"));
        }
    }
    Ok(match &open {
        Some(open) if matches!(open.flow.step, Step::Done { joined: false, .. }) => {
            let to = ready(&web, open).await?;
            guest.go(&to)
        }
        _ => guest.go(&wording::login_path(open.as_ref().map(|open| &*open.agency))),
    })
}
