//! Whom the gateway asks: the use cases, or, in this folder's own tests, a rehearsal with a fixed cast.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use super::request_id::Source;
use crate::app::sign_out::{self, UpstreamSession};
use crate::app::visit::{self, Passage, Settled, Unavailable};
use crate::app::{App, Caller, enter_extranet, jar};
use crate::domain::access::Visitor;
use crate::domain::agency::Agency;
use crate::domain::routing::{Directory, House, SharedHost};
use crate::domain::secret::Secret;
use crate::legacy::{Browser, UpstreamCookie};
use crate::sessions::Generation;
use crate::telemetry::RequestId;

/// Who is behind a request, if the sessions can be asked.
pub type Visited = Result<Visitor<Arc<Passage>>, Unavailable>;

/// Whom the gateway asks who is there.
#[derive(Clone)]
pub enum Door {
    /// The use cases.
    App(Arc<App>),
    /// Fixed answers, so that the proxy is tested on the wire without stores.
    #[cfg(test)]
    Rehearsal(super::tests::cast::Cast),
}

impl Door {
    /// Every host and every agency, as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        match self {
            Self::App(app) => app.directory(),
            #[cfg(test)]
            Self::Rehearsal(cast) => cast.directory(),
        }
    }

    /// Who is behind a request, by the session cookie's value.
    pub async fn visit(&self, house: &House, cookie: Option<&str>) -> Visited {
        match self {
            Self::App(app) => visit::visit(app, house, cookie).await,
            #[cfg(test)]
            Self::Rehearsal(cast) => cast.visit(cookie),
        }
    }

    /// The same on a host that several agencies share, and of which of them; None where the cookie tells nothing.
    pub async fn visit_shared(
        &self,
        shared: &SharedHost,
        cookie: Option<&str>,
    ) -> Result<Option<Settled>, Unavailable> {
        match self {
            Self::App(app) => visit::visit_shared(app, shared, cookie).await,
            #[cfg(test)]
            Self::Rehearsal(cast) => cast.visit_shared(shared, cookie),
        }
    }

    /// Whether a resident who was let in would be let in now.
    pub async fn lets_in(&self, house: &House, cookie: &str, resident: &Passage) -> Result<bool, Unavailable> {
        match self {
            Self::App(app) => visit::lets_in(app, house, cookie, resident).await,
            #[cfg(test)]
            Self::Rehearsal(cast) => Ok(cast.lets_in(cookie)),
        }
    }

    /// How old a decision about a cookie may be.
    #[must_use]
    pub fn cache_age(&self) -> Duration {
        match self {
            Self::App(app) => app.sessions.age(),
            #[cfg(test)]
            Self::Rehearsal(_) => Duration::from_secs(1),
        }
    }

    /// Changes with everything that ends.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self {
            Self::App(app) => app.sessions.generation(),
            #[cfg(test)]
            Self::Rehearsal(_) => Generation::default(),
        }
    }

    /// Whether the password that a resident was forwarded with is not known any more; asked after a 401 (a11).
    pub async fn doubt(&self, agency: &Agency, resident: &Passage, headers: &HeaderMap, source: Source) -> bool {
        match self {
            Self::App(app) => {
                let caller = caller(agency, headers, source);
                let doubted = enter_extranet::doubt(app, &caller, agency, resident).await;
                doubted.unwrap_or_else(|fault| {
                    tracing::error!(%fault, "a password that was refused upstream could not be dropped");
                    true
                })
            }
            #[cfg(test)]
            Self::Rehearsal(_) => true,
        }
    }

    /// A resident left by a script of the extranet's own: the session ends here, too, and upstream where it is open there.
    pub async fn left(
        &self,
        agency: &Agency,
        cookie: &Secret,
        headers: &HeaderMap,
        source: Source,
        upstream: UpstreamSession,
    ) {
        match self {
            Self::App(app) => {
                let caller = caller(agency, headers, source);
                if let Err(fault) = sign_out::left_by(app, &caller, cookie, upstream).await {
                    tracing::error!(%fault, "a session could not be ended");
                }
            }
            #[cfg(test)]
            Self::Rehearsal(_) => {}
        }
    }

    /// The extranet's cookies of a resident, where they live in the session.
    pub async fn cookies_of(&self, resident: &Passage) -> Result<jar::Carried, Unavailable> {
        match self {
            Self::App(app) => jar::carried(app, resident).await.map_err(|fault| {
                tracing::error!(%fault, "the cookies of a session cannot be read");
                Unavailable(fault.reason())
            }),
            #[cfg(test)]
            Self::Rehearsal(_) => Ok(jar::Carried::default()),
        }
    }

    /// Keeps what an answer changed in them. One that cannot be written is lost: the extranet's session may be over by
    /// that, and is renewed then; the answer goes on.
    pub async fn keep_cookies(
        &self,
        resident: &Passage,
        since: Option<Timestamp>,
        change: impl Fn(&[UpstreamCookie]) -> Vec<UpstreamCookie>,
    ) {
        match self {
            Self::App(app) => {
                if let Err(fault) = jar::keep(app, resident, since, change).await {
                    tracing::error!(%fault, "cookies of an extranet could not be kept");
                }
            }
            #[cfg(test)]
            Self::Rehearsal(_) => {}
        }
    }
}

fn caller(agency: &Agency, headers: &HeaderMap, Source { client, id }: Source) -> Caller {
    Caller {
        client,
        request_id: RequestId::named(&id.to_string()),
        said: Browser::of(headers),
        language: agency.language,
        browser: Secret::default(),
        device: None,
    }
}
