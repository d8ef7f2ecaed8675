//! Who is here on a host of extranets, and the way to the sign-in for who is nobody.

use axum::response::Response;

use super::{relayed, shared_host, wording};
use crate::app::Fault;
use crate::domain::identity::Link;
use crate::domain::path::ReturnPath;
use crate::domain::routing::{Host, House, Place};
use crate::domain::session::Session;
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;

/// The host on which a page of ours was asked for, beside extranets.
pub(super) fn own_host(guest: &Guest) -> Option<Host> {
    let Place::Own(host) = &guest.arrival.place else { return None };
    Some(host.clone())
}

/// Somebody who is signed in on a host of extranets.
pub(super) struct Known {
    /// Whose house it is to this browser.
    pub(super) house: House,
    /// The sign-in.
    pub(super) session: Session,
    /// The account that is entered.
    pub(super) link: Link,
}

/// Who is signed in on this host, with the account that is entered on it.
pub(super) async fn known_here(web: &Web, guest: &Guest, host: &Host) -> Result<Option<Known>, Fault> {
    let Some(cookie) = guest.session_cookie() else { return Ok(None) };
    let known = web.app.sessions.of_agency(&cookie, web.app.now()).await?;
    Ok(known.and_then(|(session, link)| {
        let house = host.house_of(&link.account.agency, &link.label())?;
        Some(Known { house, session, link })
    }))
}

/// The way to the sign-in for who is nobody on this host: at its agency, or, where several share it, at the one that the
/// browser had open last; else the person is asked.
pub(super) fn go_to_sign_in(web: &Web, mut guest: Guest, host: &Host) -> Response {
    relayed::let_go_of_ended(&mut guest);
    let path = match host.remembered(guest.cookie(Kind::Account)) {
        Some(house) => wording::login_path(Some(&house.agency)),
        None => shared_host::path(host.origin().host(), None),
    };
    guest.go(&format!("{}{path}", web.portal_url()))
}

/// The portal's sign-in for an agency, with the way back to a page of its extranet.
pub(super) fn sign_in_again(web: &Web, house: &House, return_to: &ReturnPath) -> String {
    let path = wording::login_path_back(&house.agency, house.account.as_ref(), return_to);
    format!("{}{path}", web.portal_url())
}
