//! The language picker.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::domain::language::Language;
use crate::domain::path::ReturnPath;
use crate::web::Web;
use crate::web::cookies::Kind;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(super) async fn choose(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Response {
    if let Some(language) = Language::parse(fields.text("language")) {
        guest.set(Kind::Language, language.code(), Kind::Language.lasts());
    }
    let page = ReturnPath::parse_or_home(fields.text("return"));
    guest.show_again(&web, page.as_str());
    guest.go(page.as_str())
}
