//! What an extranet is told: everything that reads like ours is taken out, then ours is put in, in one function (f06).

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER};
use http::request::Parts;
use pingora::http::RequestHeader;
use pingora::{Error, ErrorType, OrErr as _, Result};

use super::cookies;
use super::extranets::{Extranet, Public};
use crate::app::visit::Passage;
use crate::domain::agency::Agency;
use crate::domain::identity_headers::common_name;
use crate::domain::origin::Origin;
use crate::legacy::{Credentials, REQUEST_ID};
use crate::proxy::request_id::Source;
use crate::telemetry::hex;
use crate::telemetry::traces::RequestTrace;

/// Names, besides an agency's own, that no client may bring to an extranet: who says where from, to which host, by
/// which scheme, method or path, which file to send, and what belongs to one hop only. Each is one that some server in
/// front of applications writes, and that some framework behind believes.
const FOREIGN: [&str; 38] = [
    "ali-cdn-real-ip",
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "front-end-https",
    "http2-settings",
    "keep-alive",
    "path-info",
    "proxy",
    "remote-addr",
    "remote-host",
    "request-uri",
    "script-name",
    "te",
    "trailer",
    "true-client-ip",
    "x-backend-host",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-originating-ip",
    "x-override-url",
    "x-path-info",
    "x-proto",
    "x-proxyuser-ip",
    "x-real-ip",
    "x-real-port",
    "x-remote-addr",
    "x-remote-ip",
    "x-request-id",
    "x-rewrite-url",
    "x-scheme",
    "x-script-name",
    "x-server-name",
    "x-url-scheme",
];
/// Beginnings of names that no client may bring.
const FOREIGN_BEGINNINGS: [&str; 13] = [
    "forwarded",
    "proxy-",
    "wl-proxy-",
    "x-accel-",
    "x-amzn-remapped-",
    "x-appengine-",
    "x-azure-",
    "x-envoy-",
    "x-forward",
    "x-original",
    "x-sendfile",
    "x-vercel-",
    "x-vestibule",
];
/// Names that are a client's to send, but not in another spelling, which was not looked at here and may count there.
const TO_THE_LETTER: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "origin",
    "referer",
    "transfer-encoding",
    "upgrade",
];

/// The bytes that a spelling of the names above begins with: what begins with another one is none of them.
const FOREIGN_INITIALS: [bool; 256] = initials();

/// How many of ours are inserted into every request, beside those that tell who asks.
const INSERTED: usize = 5;

/// What is told to the extranet about a request.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The extranet.
    pub extranet: &'a Extranet,
    /// What it is to browsers on this host.
    pub public: &'a Public,
    /// Who asks; nobody on public paths (SEC-002).
    pub resident: Option<&'a Passage>,
    /// The extranet's cookies that go with it, where they live in the session; the browser's own stay outside then.
    pub cookies: Option<&'a HeaderValue>,
    /// From whom.
    pub source: Source,
    /// The portal: a `Referer` that names it is not passed on, its query may hold codes.
    pub portal: &'a Origin,
}

/// Makes a client's request head the one that the extranet gets. pingora has taken out `Connection`, what it nominates
/// and the other hop-by-hop fields before, so no nomination can reach what is inserted here (SEC-004).
///
/// The head is taken apart for it: pingora keeps each name's spelling in a second map, which doubles the price of every
/// change. Names leave in lower case (RFC 9110, 5.1); the target is in origin-form, so that nothing of it is lost.
///
/// # Errors
/// A value cannot be written in a header.
pub fn prepare(request: &mut RequestHeader, told: Told<'_>) -> Result<()> {
    let (extranet, agency) = (told.extranet, &told.extranet.agency);
    let end_stream = request.send_end_stream();
    let mut parts: Parts = std::mem::replace(request, nothing()).into();
    let headers = &mut parts.headers;
    // Room for all that is inserted, so that the map grows once.
    headers.reserve(INSERTED + told.resident.map_or(0, |passage| passage.headers.len()));
    let refused: Vec<HeaderName> = headers.keys().filter(|name| is_refused(name, agency)).cloned().collect();
    for name in refused {
        headers.remove(&name);
    }
    if extranet.keeps_cookies() {
        headers.remove(COOKIE);
        if let Some(cookies) = told.cookies {
            headers.insert(COOKIE, cookies.clone());
        }
    } else {
        strip_cookies(headers);
    }
    translate_origin(headers, extranet, told.public);
    translate_referer(headers, extranet, told.public, told.portal)?;
    headers.insert(HOST, extranet.backend.host.clone());
    told.public.front.tell(headers, told.source.client);
    headers.insert(REQUEST_ID.clone(), value(&hex(told.source.id.number()))?);
    if let Some((name, value)) = &extranet.backend.secret_header {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(passage) = told.resident {
        insert_all(headers, &passage.headers);
        authorize(&mut parts, &passage.credentials)?;
    }
    *request = RequestHeader::from(parts);
    if let Some(end_stream) = end_stream {
        request.set_send_end_stream(end_stream);
    }
    Ok(())
}

/// What the extranet is to believe the resident by, last: a signature may cover everything else.
fn authorize(parts: &mut Parts, credentials: &Credentials) -> Result<()> {
    match credentials {
        Credentials::Ready(carried) => insert_all(&mut parts.headers, carried),
        Credentials::PerRequest(signer) => {
            let made = signer.sign(parts);
            let unsigned = || Error::explain(ErrorType::InternalError, "a request cannot be signed");
            insert_all(&mut parts.headers, &made.ok_or_else(unsigned)?);
        }
    }
    Ok(())
}

/// Each in the place of whatever had its name.
fn insert_all(headers: &mut HeaderMap, lines: &[(HeaderName, HeaderValue)]) {
    for (name, value) in lines {
        headers.insert(name.clone(), value.clone());
    }
}

/// Stands in for a head that is being worked on.
fn nothing() -> RequestHeader {
    RequestHeader::from(http::Request::new(()).into_parts().0)
}

fn value(bytes: &[u8]) -> Result<HeaderValue> {
    HeaderValue::from_bytes(bytes).or_err(ErrorType::InvalidHTTPHeader, "a value of ours")
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
fn is_refused(name: &HeaderName, agency: &Agency) -> bool {
    let initial = name.as_str().bytes().next().unwrap_or(0);
    let looks_foreign = FOREIGN_INITIALS[usize::from(initial)];
    let refused = (looks_foreign || agency.reserved.may_begin_with(initial)) && {
        let common = common_name(name.as_str());
        agency.reserved.holds(&common) || (looks_foreign && is_foreign(name.as_str(), &common))
    };
    refused || (!agency.keep_authorization && *name == AUTHORIZATION)
}

fn is_foreign(name: &str, common: &str) -> bool {
    FOREIGN.contains(&common)
        || FOREIGN_BEGINNINGS.iter().any(|begin| common.starts_with(begin))
        || (common != name && TO_THE_LETTER.contains(&common))
}

const fn initials() -> [bool; 256] {
    const LISTS: [&[&str]; 3] = [&FOREIGN, &FOREIGN_BEGINNINGS, &TO_THE_LETTER];
    let mut initials = [false; 256];
    let mut byte = 0;
    while byte < u8::MAX {
        initials[byte as usize] = !byte.is_ascii_alphanumeric();
        byte += 1;
    }
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

fn strip_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(COOKIE).iter();
    let kept = match (lines.next(), lines.next()) {
        (None, _) => return,
        (Some(line), None) => cookies::without_ours(line).into_iter().collect(),
        (Some(_), Some(_)) => {
            headers.get_all(COOKIE).iter().filter_map(cookies::without_ours).collect::<Vec<HeaderValue>>()
        }
    };
    let mut kept = kept.into_iter();
    match kept.next() {
        None => drop(headers.remove(COOKIE)),
        Some(first) => drop(headers.insert(COOKIE, first)),
    }
    for line in kept {
        headers.append(COOKIE, line);
    }
}

/// Only our own public origin is translated; a foreign one stays, so that the extranet's own check sees it.
fn translate_origin(headers: &mut HeaderMap, extranet: &Extranet, public: &Public) {
    let Some(said) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) else { return };
    if said == public.text || Origin::parse(said).is_some_and(|origin| origin == public.origin) {
        headers.insert(ORIGIN, extranet.backend.inner_origin.clone());
    }
}

fn translate_referer(headers: &mut HeaderMap, extranet: &Extranet, public: &Public, portal: &Origin) -> Result<()> {
    let Some(said) = headers.get(REFERER).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    // As browsers write it, nothing has to be parsed; the portal's host is never an agency's.
    let here = said.strip_prefix(&*public.text).filter(|rest| rest.starts_with('/'));
    let (at_portal, here) = if here.is_some() {
        (false, here)
    } else {
        let Some((origin, rest)) = split_url(said) else { return Ok(()) };
        let at_portal = origin == *portal || origin.host() == portal.host();
        (at_portal, (origin == public.origin).then_some(rest))
    };
    if at_portal || here.is_some_and(is_own) {
        headers.remove(REFERER);
    } else if let Some(rest) = here {
        let inner = [extranet.backend.inner_origin.as_bytes(), rest.as_bytes()].concat();
        let inner = HeaderValue::from_maybe_shared(Bytes::from(inner));
        headers.insert(REFERER, inner.or_err(ErrorType::InvalidHTTPHeader, "a Referer")?);
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
