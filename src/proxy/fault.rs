//! What goes wrong between us and an extranet, and which calm page tells it.

use std::io;

use pingora::{Error, ErrorSource, ErrorType};

use super::front::wire::MalformedChunk;

/// A fault that is found in this folder; its name is the log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.name())]
pub enum ProxyError {
    /// A request would have gone upstream without a decision.
    Undecided,
    /// The extranet's name has no address.
    Unresolved,
    /// Whoever answers at the extranet's address does not have its certificate.
    NotItself,
    /// The extranet gives interim answers without an end.
    Interim,
    /// The extranet changes the protocol, which nobody has asked it to.
    Unasked,
    /// The session of whoever is sent a long answer has ended.
    Over,
    /// The body of a request carries the two fields of an old login.
    OldLogin,
    /// An agency of the directory has no prepared extranet.
    NoExtranet,
    /// A page of ours could not be read to its end.
    PageBroke,
}

impl ProxyError {
    /// What it is called in logs.
    const fn name(self) -> &'static str {
        match self {
            Self::Undecided => "forwarded without a decision",
            Self::Unresolved => "the extranet's name cannot be resolved",
            Self::NotItself => "the extranet shows another certificate",
            Self::Interim => "the extranet gives interim answers without an end",
            Self::Unasked => "the extranet changes the protocol unasked",
            Self::Over => "the session is over",
            Self::OldLogin => "the request carries an old login",
            Self::NoExtranet => "the agency has no extranet",
            Self::PageBroke => "an own page broke off",
        }
    }
}

impl From<ProxyError> for Box<Error> {
    fn from(fault: ProxyError) -> Self {
        match fault {
            ProxyError::Unresolved => Error::because(ErrorType::ConnectNoRoute, "resolving", fault).into_up(),
            ProxyError::NotItself => Error::because(ErrorType::InvalidCert, "connected", fault).into_up(),
            ProxyError::Interim | ProxyError::Unasked => {
                Error::because(ErrorType::InvalidHTTPHeader, "reading an answer", fault).into_up()
            }
            ProxyError::OldLogin => Error::because(ErrorType::HTTPStatus(403), "sending a body", fault).into_down(),
            ProxyError::Over => Error::because(ErrorType::ConnectionClosed, "sending an answer", fault).into_down(),
            ProxyError::Undecided | ProxyError::NoExtranet | ProxyError::PageBroke => {
                Error::because(ErrorType::InternalError, "proxy", fault).into_in()
            }
        }
    }
}

/// The pages that tell a resident what went wrong, as the portal names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The extranet does not answer.
    ExtranetUnavailable,
    /// Something of ours failed.
    Failed,
    /// The request was malformed, or is not allowed.
    BadRequest,
    /// The extranet cannot be told who asks.
    Unnamed,
    /// An old login was sent, which goes nowhere any more.
    OldLogin,
    /// Something of ours is out of order for a while.
    Unavailable,
}

impl Problem {
    /// Its path on our own pages.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::ExtranetUnavailable => "/.vestibule/problem/extranet-unavailable",
            Self::Failed => "/.vestibule/problem/failed",
            Self::BadRequest => "/.vestibule/problem/bad-request",
            Self::Unnamed => "/.vestibule/problem/unnamed",
            Self::OldLogin => "/.vestibule/problem/old-login",
            Self::Unavailable => "/.vestibule/problem/unavailable",
        }
    }

    /// What is said where the page itself cannot be had.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ExtranetUnavailable => "L'extranet ne répond pas. / The extranet does not answer.",
            Self::Failed => "Une erreur est survenue. / Something went wrong.",
            Self::BadRequest => "Requête refusée. / Request refused.",
            Self::Unnamed => {
                "Votre identifiant ne peut pas être transmis à cet espace client. / Your identifier cannot be passed on \
                 to this customer space."
            }
            Self::OldLogin => {
                "Connectez-vous avec votre e-mail : rien n'a été envoyé. / Sign in with your e-mail: nothing was sent."
            }
            Self::Unavailable => "Service momentanément indisponible. / Service unavailable for the moment.",
        }
    }
}

/// What a client is told about a failed request: a status and a page, or nothing where nobody is there any more.
#[must_use]
pub fn told(error: &Error) -> Option<(u16, Problem)> {
    use ErrorType::{ConnectTimedout, ConnectionClosed, HTTPStatus, InvalidHTTPHeader, ReadError, ReadTimedout};
    use ErrorType::{TLSHandshakeTimedout, WriteError, WriteTimedout};
    match (error.esource(), error.etype()) {
        _ if is_of::<MalformedChunk>(error) => Some((400, Problem::BadRequest)),
        // The only error of a status that is raised here.
        (ErrorSource::Downstream, HTTPStatus(403)) => Some((403, Problem::OldLogin)),
        (_, HTTPStatus(status)) => Some((*status, Problem::Failed)),
        (ErrorSource::Upstream, ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout) => {
            Some((504, Problem::ExtranetUnavailable))
        }
        (ErrorSource::Upstream, _) => Some((502, Problem::ExtranetUnavailable)),
        (ErrorSource::Downstream, ReadTimedout) => Some((408, Problem::BadRequest)),
        // Reading a form of ours, the engine leaves it unsaid that it is the client who went away.
        (ErrorSource::Downstream | ErrorSource::Unset, ConnectionClosed | ReadError | WriteError | WriteTimedout) => {
            None
        }
        (ErrorSource::Downstream, _) | (ErrorSource::Unset, InvalidHTTPHeader) => Some((400, Problem::BadRequest)),
        (ErrorSource::Internal | ErrorSource::Unset, _) => Some((500, Problem::Failed)),
    }
}

/// Why a request failed, in words of a closed list, for its access line.
#[must_use]
pub fn reason(error: &Error) -> &'static str {
    use ErrorType::{ConnectRefused, ConnectTimedout, ConnectionClosed, ReadError, ReadTimedout, TLSHandshakeFailure};
    use ErrorType::{H1Error, InvalidCert, InvalidHTTPHeader, TLSHandshakeTimedout, WriteError, WriteTimedout};
    if let Some(fault) = error.root_cause().downcast_ref::<ProxyError>() {
        return fault.name();
    }
    match (error.esource(), error.etype()) {
        (ErrorSource::Upstream, ConnectRefused) => "the extranet refuses connections",
        (ErrorSource::Upstream, ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout) => {
            "the extranet does not answer in time"
        }
        (ErrorSource::Upstream, TLSHandshakeFailure | InvalidCert) => "no protected connection to the extranet",
        (ErrorSource::Upstream, InvalidHTTPHeader | H1Error) => "the extranet's answer cannot be read",
        (ErrorSource::Upstream, ConnectionClosed | ReadError | WriteError) => "the extranet broke off",
        (ErrorSource::Upstream, _) => "the extranet cannot be reached",
        (ErrorSource::Downstream, _) => "the client broke off",
        (ErrorSource::Internal | ErrorSource::Unset, _) => "a fault of ours",
    }
}

/// Who has to look at an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Nobody: the client is gone, or sent what no browser sends.
    Clients,
    /// Who runs the extranet.
    Extranets,
    /// We.
    Ours,
}

/// Who has to look at it.
#[must_use]
pub fn whose(error: &Error) -> Whose {
    match told(error) {
        None | Some((_, Problem::BadRequest | Problem::Unnamed | Problem::OldLogin)) => Whose::Clients,
        Some((_, Problem::ExtranetUnavailable)) => Whose::Extranets,
        Some((_, Problem::Failed | Problem::Unavailable)) => Whose::Ours,
    }
}

/// Whether an error comes from this one, which the wire has given for one of input and output.
#[must_use]
pub fn is_of<E: std::error::Error + 'static>(error: &Error) -> bool {
    let within = error.root_cause().downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    within.is_some_and(<dyn std::error::Error + Send + Sync>::is::<E>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_answers_for_its_own_faults() {
        let said = |kind: ErrorType, source: ErrorSource| {
            let mut error = Error::new(kind);
            error.esource = source;
            told(&error).map(|(status, _)| status)
        };
        assert_eq!(said(ErrorType::ConnectRefused, ErrorSource::Upstream), Some(502));
        assert_eq!(said(ErrorType::ReadTimedout, ErrorSource::Upstream), Some(504));
        assert_eq!(said(ErrorType::InvalidHTTPHeader, ErrorSource::Upstream), Some(502));
        assert_eq!(said(ErrorType::InvalidHTTPHeader, ErrorSource::Downstream), Some(400));
        assert_eq!(said(ErrorType::WriteError, ErrorSource::Downstream), None);
        assert_eq!(
            said(ErrorType::ConnectionClosed, ErrorSource::Unset),
            None,
            "REL-047: a client that went is no fault"
        );
        assert_eq!(said(ErrorType::InternalError, ErrorSource::Internal), Some(500));
    }
}
