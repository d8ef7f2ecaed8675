//! Who is behind a request for an extranet (stand-in).

use std::sync::Arc;

use super::App;
use crate::domain::access::Visitor;
use crate::domain::agency::Agency;
use crate::domain::identity::LinkId;
use crate::domain::session::SessionId;

/// A signed-in resident at one agency, ready to be forwarded; built once per cache age, shared by Arc.
#[derive(Debug)]
pub struct Passage {
    /// The sign-in.
    pub session: SessionId,
    /// The account at this agency.
    pub link: LinkId,
    /// Identity headers, ready to insert.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
}

/// Why nobody can say who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// The session store does not answer.
    Sessions,
}

/// Who is behind a request, by the agency host's session cookie.
///
/// # Errors
/// The session store does not answer and nothing is remembered.
#[expect(clippy::unused_async, reason = "stand-in: the real one asks the session store")]
pub async fn visit(
    _app: &App,
    _agency: &Arc<Agency>,
    _cookie: Option<&str>,
) -> Result<Visitor<Arc<Passage>>, Unavailable> {
    Ok(Visitor::Stranger)
}
