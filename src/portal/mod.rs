//! The residents' pages: one file per intention, named like its use case.

mod accept_terms;
mod account;
mod address_request;
mod assets;
mod attach;
mod change_email;
mod change_password;
mod codes;
mod cookies_needed;
mod detach;
mod devices;
mod disown;
mod enter_extranet;
mod extranet_password;
mod filled;
mod hand_over;
mod home;
mod language;
mod letters;
mod no_account_here;
mod no_verdict;
mod not_me;
mod not_sent;
mod on_host;
mod onward;
mod own_password;
mod own_reset;
mod recover;
mod relayed;
mod shared_host;
mod sign_in;
mod sign_out;
mod switch_account;
mod trouble;
mod well_known;
mod wizard;
mod wording;

pub use self::wording::criteria;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};

use crate::web::Web;
use crate::web::answered::answered;
use crate::web::calmly::calmly;
use crate::web::frames::lead_out;
use crate::web::problem::Problem;

/// Every page of ours: the portal's, and those below `/.vestibule/` on the agencies' hosts. Which of them a host has is
/// seen to by the layer around them.
pub fn router(web: Arc<Web>) -> Router {
    Router::new()
        .merge(portal_pages())
        .nest("/.vestibule", agency_pages())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::page(http::StatusCode::METHOD_NOT_ALLOWED, crate::pages::portal::MessageName::NotFound)
        })
        .layer(from_fn(hosts))
        .layer(from_fn_with_state(Arc::clone(&web), lead_out))
        .layer(from_fn_with_state(Arc::clone(&web), calmly))
        .layer(from_fn_with_state(Arc::clone(&web), answered))
        .with_state(web)
}

fn portal_pages() -> Router<Arc<Web>> {
    Router::new()
        .route("/", get(home::show).post(home::submit))
        .route("/login", get(sign_in::show).post(sign_in::submit))
        .route("/login/forget", post(sign_in::forget_agency))
        .route("/trouble", get(trouble::show))
        .route("/hand-over", get(hand_over::hand_over))
        .route("/migration", get(wizard::page::show))
        .route("/migration/notice", get(wizard::page::show).post(wizard::begin::leave_notice))
        .route("/migration/email", get(wizard::page::show).post(wizard::email::choose))
        .route("/migration/email/change", post(wizard::email::change))
        .route("/migration/password", get(wizard::page::show).post(wizard::password::choose))
        .route("/migration/proof", get(wizard::page::show).post(wizard::proof::type_code))
        .route("/migration/proof/resend", post(wizard::proof::resend))
        .route("/migration/restart", post(wizard::begin::restart))
        .route("/migration/join", get(wizard::page::show).post(wizard::join::join))
        .route("/migration/apart", post(wizard::join::stay_apart))
        .route("/migration/others", get(wizard::page::show).post(wizard::others::attach))
        .route("/migration/finish", get(wizard::finish::finish))
        .route("/confirm", get(wizard::link::show).post(wizard::link::confirm))
        .route("/confirm/disown", get(disown::show).post(disown::submit))
        .route("/not-me", get(not_me::show).post(not_me::hold))
        .route("/not-me/undo", post(not_me::undo))
        .route("/terms", get(accept_terms::show).post(accept_terms::submit))
        .route("/forgotten", get(recover::show).post(recover::ask))
        .route("/forgotten/begin", get(recover::show).post(recover::begin))
        .route("/forgotten/sent", get(recover::show))
        .route("/forgotten/code", post(recover::type_code))
        .route("/forgotten/resend", post(recover::resend))
        .route("/reset", get(recover::show_link).post(recover::reset))
        .route("/account", get(account::show))
        .route("/accounts", get(switch_account::show))
        .route("/account/own-password", get(own_password::show).post(own_password::submit))
        .route("/account/detach", get(detach::show).post(detach::submit))
        .route("/account/devices/forget", post(devices::forget))
        .route("/account/open", post(switch_account::open))
        .route("/account/password", get(change_password::show).post(change_password::submit))
        .route("/account/email", get(change_email::show).post(change_email::submit))
        .route("/account/email/proof", get(change_email::show_proof).post(change_email::type_code))
        .route("/account/email/proof/resend", post(change_email::resend))
        .route("/account/email/cancel", post(change_email::cancel))
        .route("/account/email/request", get(address_request::show).post(address_request::submit))
        .route("/account/forgotten", get(own_reset::show).post(own_reset::ask))
        .route("/account/forgotten/sent", get(own_reset::show))
        .route("/account/forgotten/code", post(own_reset::type_code))
        .route("/account/extranet-password", get(extranet_password::show).post(extranet_password::submit))
        .route("/logout", get(sign_out::show).post(sign_out::submit))
        .route("/cookies-needed", get(cookies_needed::show))
        .route("/language", post(language::choose))
        .route("/privacy", get(account::privacy))
        .route("/assets/{*name}", get(assets::serve))
        // On the agencies' hosts, too.
        .route("/.well-known/change-password", get(well_known::change_password))
        .route("/robots.txt", get(well_known::robots))
        .route("/favicon.ico", get(well_known::icon))
        .route("/apple-touch-icon.png", get(well_known::icon))
        .route("/apple-touch-icon-precomposed.png", get(well_known::icon))
}

fn agency_pages() -> Router<Arc<Web>> {
    Router::new()
        .route("/begin", get(hand_over::begin))
        .route("/enter", get(hand_over::enter))
        .route("/renew", get(enter_extranet::renew))
        .route("/frame", get(enter_extranet::frame))
        .route("/not-sent", any(not_sent::show))
        .route("/accounts", get(switch_account::show_on_agency))
        .route("/logout", get(sign_out::show_on_agency).post(sign_out::submit_on_agency))
        .route("/left", get(sign_out::left))
        .route("/assets/{*name}", get(assets::serve))
        .route("/problem/{name}", get(enter_extranet::problem))
}

/// A page of the portal is not there on an agency's host, and the other way round: each host is its own origin.
async fn hosts(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    use crate::domain::routing::{CHANGE_PASSWORD, OWN_PREFIX, Place};
    use axum::response::IntoResponse as _;
    let path = request.uri().path();
    let of_agencies = path.starts_with(OWN_PREFIX);
    let is_here = match request.extensions().get::<crate::web::Arrival>().map(|arrival| &arrival.place) {
        Some(Place::Portal) => !of_agencies,
        Some(Place::Own(_) | Place::Extranet(_)) => of_agencies,
        Some(Place::Moved(_) | Place::Nowhere) | None => false,
    };
    if is_here || path == CHANGE_PASSWORD || path.starts_with("/.vestibule/problem/") {
        next.run(request).await
    } else {
        Problem::not_found().into_response()
    }
}
