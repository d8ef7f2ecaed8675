//! What an extranet is told: everything that reads like ours is taken out, then ours is put in, in one function (f06).

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER};
use http::request::Parts;
use pingora::http::RequestHeader;
use pingora::{ErrorType, OrErr as _, Result};

use super::cookies;
use super::extranets::{Extranet, Public};
use super::request_id::RequestNumber;
use crate::app::visit::Passage;
use crate::domain::agency::Agency;
use crate::domain::origin::Origin;
use crate::telemetry::hex;
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

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
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
    headers.insert(X_FORWARDED_FOR.clone(), address(told.client)?);
    headers.insert(X_FORWARDED_PROTO.clone(), told.public.scheme.clone());
    headers.insert(X_FORWARDED_HOST.clone(), told.public.host.clone());
    headers.insert(X_REQUEST_ID.clone(), value(&hex(told.id.number()))?);
    if let Some((name, value)) = &extranet.backend.secret_header {
        headers.insert(name.clone(), value.clone());
    }
    for (name, value) in told.resident.iter().flat_map(|passage| &passage.headers) {
        headers.insert(name.clone(), value.clone());
    }
    *request = RequestHeader::from(parts);
    if let Some(end_stream) = end_stream {
        request.set_send_end_stream(end_stream);
    }
    Ok(())
}

/// Stands in for a head that is being worked on.
fn nothing() -> RequestHeader {
    RequestHeader::from(http::Request::new(()).into_parts().0)
}

fn value(bytes: &[u8]) -> Result<HeaderValue> {
    HeaderValue::from_bytes(bytes).or_err(ErrorType::InvalidHTTPHeader, "a value of ours")
}

/// An address as a header's value; one of IPv4 without the formatting machinery, which costs ten times as much.
fn address(address: IpAddr) -> Result<HeaderValue> {
    let IpAddr::V4(v4) = address else { return value(address.to_string().as_bytes()) };
    let mut text = [0; 15];
    let mut length = 0;
    let mut push = |byte: u8| {
        text[length] = byte;
        length += 1;
    };
    for (at, octet) in v4.octets().into_iter().enumerate() {
        if at > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    value(&text[..length])
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
        let folded = folded(name.as_str());
        agency.reserved.holds(&folded) || (looks_foreign && is_foreign(name.as_str(), &folded))
    };
    refused || (!agency.keep_authorization && *name == AUTHORIZATION)
}

fn is_foreign(name: &str, folded: &str) -> bool {
    FOREIGN.contains(&folded)
        || FOREIGN_BEGINNINGS.iter().any(|begin| folded.starts_with(begin))
        || (FRAMING.contains(&folded) && folded != name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_everybody_writes_it() {
        for text in ["0.0.0.0", "1.2.3.4", "10.20.30.40", "109.90.99.100", "255.255.255.255", "::1", "2001:db8::7"] {
            let address = address(text.parse().expect("an address")).expect("a value");
            assert_eq!(address, text);
        }
    }
}
