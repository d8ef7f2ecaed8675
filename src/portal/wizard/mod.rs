//! The pages of the wizard, one file for a step as in [`app::wizard`](crate::app::wizard).

mod begin;
mod email;
mod finish;
mod join;
mod link;
mod page;
mod password;
mod proof;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::web::Web;

pub(super) fn pages() -> Router<Arc<Web>> {
    Router::new()
        .route("/migration", get(page::show))
        .route("/migration/notice", get(page::show).post(begin::leave_notice))
        .route("/migration/email", get(email::back).post(email::choose))
        .route("/migration/email/change", post(email::change))
        .route("/migration/password", get(page::show).post(password::choose))
        .route("/migration/proof", get(page::show).post(proof::type_code))
        .route("/migration/proof/resend", post(proof::resend))
        .route("/migration/restart", post(begin::restart))
        .route("/migration/join", get(join::show).post(join::join))
        .route("/migration/finish", get(finish::finish))
        .route("/confirm", get(link::show).post(link::confirm))
}
