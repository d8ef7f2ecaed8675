//! The language picker.

use axum::response::Response;

use crate::domain::language::Language;
use crate::domain::path::ReturnPath;
use crate::web::cookies::Kind;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

pub(super) async fn choose(mut guest: Guest, fields: Fields) -> Response {
    if let Some(language) = Language::parse(fields.text("language")) {
        guest.set(Kind::Language, language.code(), Kind::Language.lasts());
    }
    guest.go(ReturnPath::parse_or_home(fields.text("return")).as_str())
}
