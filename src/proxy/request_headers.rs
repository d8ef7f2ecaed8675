//! What an extranet is told: everything that reads like ours is taken out, then ours is put in, in one function (f06).

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, REFERER};
use pingora::Result;
use pingora::http::RequestHeader;

use super::cookies;
use super::peer::Extranet;
use super::request_id::RequestNumber;
use crate::app::visit::Passage;
use crate::domain::agency::Agency;
use crate::domain::origin::Origin;
use crate::telemetry::traces::RequestTrace;

/// Names, besides an agency's own, that no client may bring to an extranet: who says where from, to which host, by
/// which method or path, and what belongs to one hop only.
const FOREIGN: [&str; 22] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-original-url",
    "x-original-uri",
    "x-original-host",
    "x-rewrite-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-request-id",
    "x-host",
    "proxy",
    "keep-alive",
    "te",
    "trailer",
    "http2-settings",
    "x-url-scheme",
];
/// Beginnings of names that no client may bring.
const FOREIGN_BEGINNINGS: [&str; 3] = ["x-forwarded", "x-vestibule", "proxy-"];
/// Names that are a client's to send, but not in a spelling that folds to them.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// The bytes that the names above begin with: what begins with another one is none of them, which settles most of an
/// ordinary browser's headers at once.
const FOREIGN_INITIALS: [bool; 256] = initials();

/// What is told to the extranet about a request.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The extranet.
    pub extranet: &'a Extranet,
    /// Who asks; nobody on public paths (SEC-002).
    pub resident: Option<&'a Passage>,
    /// From where.
    pub client: IpAddr,
    /// The request's identifier.
    pub id: RequestNumber,
    /// The portal: a `Referer` that names it is not passed on, its query may hold codes.
    pub portal: &'a Origin,
}

/// Makes a client's request head the one that the extranet gets. pingora has taken out `Connection`, what it nominates
/// and the other hop-by-hop fields before, so no nomination can reach what is inserted here (SEC-004).
///
/// # Errors
/// A value cannot be written in a header.
pub fn prepare(request: &mut RequestHeader, told: Told<'_>) -> Result<()> {
    let (extranet, agency) = (told.extranet, &told.extranet.agency);
    let refused: Vec<HeaderName> =
        request.headers.keys().filter(|name| is_refused(name.as_str(), agency)).cloned().collect();
    for name in refused {
        request.remove_header(&name);
    }
    strip_cookies(request)?;
    translate_origin(request, extranet)?;
    translate_referer(request, extranet, told.portal)?;
    request.insert_header(HOST, extranet.host.clone())?;
    request.insert_header("X-Forwarded-For", told.client.to_string())?;
    request.insert_header("X-Forwarded-Proto", extranet.public_scheme.clone())?;
    request.insert_header("X-Forwarded-Host", extranet.public_host.clone())?;
    request.insert_header("X-Request-Id", told.id.to_string())?;
    if let Some((name, value)) = &extranet.secret_header {
        request.insert_header(name, value.clone())?;
    }
    for (name, value) in told.resident.iter().flat_map(|passage| &passage.headers) {
        request.insert_header(name, value.clone())?;
    }
    Ok(())
}

/// Tells the extranet which trace the request belongs to. What a stranger said of a trace is replaced.
///
/// # Errors
/// A value cannot be written in a header.
pub fn pass_trace(request: &mut RequestHeader, trace: &mut RequestTrace) -> Result<()> {
    if !trace.continues() {
        request.remove_header("tracestate");
    }
    request.insert_header("traceparent", trace.forwarded())
}

/// Whether a client's header stays outside.
fn is_refused(name: &str, agency: &Agency) -> bool {
    let folded = folded(name);
    let foreign = || {
        FOREIGN.contains(&&*folded)
            || FOREIGN_BEGINNINGS.iter().any(|begin| folded.starts_with(begin))
            || (FRAMING.contains(&&*folded) && *folded != *name)
    };
    let initial = folded.bytes().next().unwrap_or(0);
    agency.reserved.holds(&folded)
        || (FOREIGN_INITIALS[usize::from(initial)] && foreign())
        || (name == AUTHORIZATION.as_str() && !agency.keep_authorization)
}

const fn initials() -> [bool; 256] {
    const LISTS: [&[&str]; 3] = [&FOREIGN, &FOREIGN_BEGINNINGS, &FRAMING];
    let mut initials = [false; 256];
    let mut list = 0;
    while list < LISTS.len() {
        let mut name = 0;
        while name < LISTS[list].len() {
            initials[LISTS[list][name].as_bytes()[0] as usize] = true;
            name += 1;
        }
        list += 1;
    }
    initials
}

/// A lower-case name as CGI folds it, with `-` for `_`. Apache before 2.4 folds every sign that is no letter or digit,
/// `X.Extranet.User` among them, so all are read as `-`.
fn folded(name: &str) -> Cow<'_, str> {
    let sign = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    if name.bytes().any(|byte| sign(char::from(byte))) {
        Cow::Owned(name.replace(sign, "-"))
    } else {
        Cow::Borrowed(name)
    }
}

fn strip_cookies(request: &mut RequestHeader) -> Result<()> {
    if !request.headers.contains_key(COOKIE) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> = request.headers.get_all(COOKIE).iter().filter_map(cookies::without_ours).collect();
    request.remove_header(&COOKIE);
    for line in kept {
        request.append_header(COOKIE, line)?;
    }
    Ok(())
}

/// Only our own public origin is translated; a foreign one stays, so that the extranet's own check sees it.
fn translate_origin(request: &mut RequestHeader, extranet: &Extranet) -> Result<()> {
    let said = request.headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    let ours = said.is_some_and(|said| {
        said == extranet.public_origin || Origin::parse(said).is_some_and(|origin| origin == extranet.agency.public)
    });
    if ours {
        request.insert_header(ORIGIN, extranet.inner_origin.clone())?;
    }
    Ok(())
}

fn translate_referer(request: &mut RequestHeader, extranet: &Extranet, portal: &Origin) -> Result<()> {
    let Some(said) = request.headers.get(REFERER).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    // As browsers write it, nothing has to be parsed; the portal's host is never an agency's.
    let here = said.strip_prefix(&*extranet.public_origin).filter(|rest| rest.starts_with('/'));
    let (at_portal, here) = if here.is_some() {
        (false, here)
    } else {
        let Some((origin, rest)) = split_url(said) else { return Ok(()) };
        let at_portal = origin == *portal || origin.host() == portal.host();
        (at_portal, (origin == extranet.agency.public).then_some(rest))
    };
    if at_portal || here.is_some_and(is_own) {
        request.remove_header(&REFERER);
    } else if let Some(rest) = here {
        let mut inner = extranet.inner_origin.as_bytes().to_vec();
        inner.extend_from_slice(rest.as_bytes());
        request.insert_header(REFERER, inner)?;
    }
    Ok(())
}

fn is_own(path: &str) -> bool {
    path.starts_with("/.vestibule")
}

/// An absolute URL's origin, and what follows it.
fn split_url(text: &str) -> Option<(Origin, &str)> {
    let host = text.find("://")? + 3;
    let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |end| host + end);
    Some((Origin::parse(&text[..end])?, &text[end..]))
}
