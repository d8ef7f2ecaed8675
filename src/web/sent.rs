//! A form of the extranet that was led to us because it came too late, as far as this very host sent it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};

use super::{Arrival, Web};
use crate::domain::access::{AskedFrom, Fetch, asked_from, fetch_kind};
use crate::domain::agency::Agency;
use crate::domain::path::ReturnPath;
use crate::domain::routing::Host;
use crate::domain::sent_form::{self, Shown};

/// What was sent, and from where.
pub struct Sent {
    /// How the answer is going to be used.
    pub fetch: Fetch,
    /// The page of this host that held the form; else the start page.
    pub page: ReturnPath,
    content_type: String,
    body: Bytes,
}

impl Sent {
    /// What is shown of it, to be copied.
    #[must_use]
    pub fn shown(&self, agency: Option<&Agency>) -> Shown {
        let login = agency.and_then(Agency::login_fields);
        sent_form::shown(&self.content_type, &self.body, login)
    }
}

impl FromRequest<Arc<Web>> for Sent {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &Arc<Web>) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let text = |name: &str| text(&parts.headers, name).unwrap_or_default().to_owned();
        let fetch = fetch_kind(
            self::text(&parts.headers, "sec-fetch-mode"),
            self::text(&parts.headers, "accept"),
            self::text(&parts.headers, "x-requested-with"),
            !parts.method.is_safe(),
        );
        let host = parts.extensions.get::<Arrival>().and_then(|arrival| arrival.place.host());
        let here = host.map(Host::origin);
        // What another site sends is never shown as if somebody had written it here.
        let from = here.as_ref().map(|here| {
            asked_from(self::text(&parts.headers, "origin"), self::text(&parts.headers, "sec-fetch-site"), here)
        });
        let body = if from == Some(AskedFrom::Here) && !parts.method.is_safe() {
            axum::body::to_bytes(body, sent_form::LARGEST).await.unwrap_or_default()
        } else {
            Bytes::new()
        };
        let page = here.and_then(|here| {
            let referer = text("referer");
            referer.strip_prefix(&here.to_string()).filter(|rest| rest.starts_with('/')).map(str::to_owned)
        });
        let page = ReturnPath::parse_or_home(page.as_deref().unwrap_or("/"));
        Ok(Self { fetch, page, content_type: text(header::CONTENT_TYPE.as_str()), body })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
