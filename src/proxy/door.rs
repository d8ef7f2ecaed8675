//! Whom the gateway asks: the use cases, or, in this folder's own tests, a rehearsal with a fixed cast.

use std::sync::Arc;

use crate::app::App;
use crate::app::visit::{self, Passage, Unavailable};
use crate::domain::access::Visitor;
use crate::domain::routing::{Directory, House};

/// Whom the gateway asks who is there.
pub enum Door {
    /// The use cases.
    App(Arc<App>),
    /// Fixed answers, so that the proxy is tested on the wire without stores.
    #[cfg(test)]
    Rehearsal(super::tests::Cast),
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
    pub async fn visit(&self, house: &House, cookie: Option<&str>) -> Result<Visitor<Arc<Passage>>, Unavailable> {
        match self {
            Self::App(app) => visit::visit(app, house, cookie).await,
            #[cfg(test)]
            Self::Rehearsal(cast) => cast.visit(cookie),
        }
    }
}
