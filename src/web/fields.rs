//! The fields of a posted form, after the form token was found right (SEC-078).

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse as _, Response};

use super::Web;
use super::problem::Problem;
use super::sealed::under;
use crate::domain::access::{AskedFrom, asked_from};
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::text::tidy;
use crate::pages::portal::MessageName;

/// The largest form that is read, bytes (REL-048).
pub const LARGEST_FORM: usize = 64 * 1024;

/// What was posted. The first of several fields of one name counts (SEC-038).
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, Secret)>);

impl Fields {
    /// A field's text; empty if it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.expose())
    }

    /// Whether it is not there, or nothing that anybody could see was typed into it; of what is never shown, nothing at all.
    #[must_use]
    pub fn is_empty(&self, name: &str) -> bool {
        let text = self.text(name);
        if matches!(name, "password" | "current") { text.is_empty() } else { tidy(text).is_empty() }
    }

    /// Whether the form had it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// A field that is never shown.
    #[must_use]
    pub fn secret(&self, name: &str) -> Secret {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Whether a box was ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        self.text(name) == "on"
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect())
    }

    fn read(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body);
        Self(pairs.map(|(name, value)| (name.into_owned(), Secret::new(value))).collect())
    }
}

/// The fields of a form on their way to an answer that can do nothing else with them; empty until its token was found right.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed(Arc<Mutex<Option<Fields>>>);

impl Typed {
    fn keep(&self, fields: &Fields) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fields.clone());
    }

    /// Takes them out.
    pub(super) fn take(&self) -> Option<Fields> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The token that every form of a browser carries: a keyed digest of the browser's secret, worth nothing elsewhere.
#[must_use]
pub fn form_token(browser: &Secret) -> String {
    under(browser, "vestibule form", "")
}

impl FromRequest<Arc<Web>> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let refused = || Problem::page(http::StatusCode::FORBIDDEN, MessageName::FormRefused).into_response();
        let Some(arrival) = request.extensions().get::<super::Arrival>().cloned() else { return Err(refused()) };
        let typed = request.extensions().get::<Typed>().cloned();
        let headers = request.headers();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let here = web.app.directory().origin(&arrival.place);
        if here.is_none_or(|here| is_foreign(header("origin"), header("sec-fetch-site"), &here)) {
            return Err(refused());
        }
        let name = super::cookies::Kind::Browser.name(arrival.scheme);
        let Some(browser) = super::cookies::find_secret(headers, name).map(Secret::new) else { return Err(refused()) };
        let is_form = header("content-type").is_some_and(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
        });
        let Ok(body) = axum::body::to_bytes(request.into_body(), LARGEST_FORM).await else {
            return Err(Problem::page(http::StatusCode::PAYLOAD_TOO_LARGE, MessageName::FormRefused).into_response());
        };
        let fields = if is_form { Self::read(&body) } else { Self::default() };
        if !Secret::new(form_token(&browser)).matches(&fields.secret("csrf")) {
            return Err(refused());
        }
        if let Some(typed) = typed {
            typed.keep(&fields);
        }
        Ok(fields)
    }
}

/// Our own pages let browsers say where they post from, so that `null` is never one of them.
fn is_foreign(origin: Option<&str>, site: Option<&str>, here: &Origin) -> bool {
    origin == Some("null") || asked_from(origin, site, here) == AskedFrom::Elsewhere
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_038_the_first_of_several_fields_counts() {
        let fields = Fields::read(b"email=alice%40x.fr&email=mallory%40x.fr&keep=on");
        assert_eq!(fields.text("email"), "alice@x.fr");
        assert!(fields.ticked("keep") && !fields.ticked("email"));
        assert_eq!(fields.text("missing"), "");
    }

    #[test]
    fn sec_078_a_token_belongs_to_one_browser() {
        assert_ne!(form_token(&Secret::new("a")), form_token(&Secret::new("b")));
        assert_eq!(form_token(&Secret::new("a")).len(), 64);
    }
}
