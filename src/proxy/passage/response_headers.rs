//! What a browser is told: the extranet's own addresses become the public ones (a15), and an answer that says its session
//! is over is noticed (a12).

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_LOCATION, HeaderName, HeaderValue, LINK, LOCATION, REFRESH, SET_COOKIE,
    UPGRADE, VARY, WWW_AUTHENTICATE,
};
use pingora::Result;
use pingora::http::ResponseHeader;
use url::Url;

use super::extranets::{Extranet, Public};
use crate::domain::cookie::{Dropped, is_ours};
use crate::domain::leading;
use crate::domain::origin::{Origin, Scheme};
use crate::domain::path::NormalisedPath;
use crate::telemetry::{Clock, seldom};

/// A length that an extranet says twice is said once; lengths that differ never come so far.
///
/// # Errors
/// Never: what is written stood there.
pub fn say_length_once(response: &mut ResponseHeader) -> Result<()> {
    let mut said = response.headers.get_all(CONTENT_LENGTH).iter();
    let (Some(first), second) = (said.next(), said.next()) else { return Ok(()) };
    let length = first.as_bytes().split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    if second.is_none() && length.len() == first.len() {
        return Ok(());
    }
    let length = length.to_vec();
    response.insert_header(CONTENT_LENGTH, length)
}

/// Makes an extranet's response head the one that the browser gets.
///
/// # Errors
/// A value cannot be written in a header.
pub fn translate(response: &mut ResponseHeader, extranet: &Extranet, public: &Public) -> Result<()> {
    let present = Present::among(response);
    if present.addresses {
        rewrite(response, &LOCATION, |value| public_url(value, extranet, public))?;
        rewrite(response, &CONTENT_LOCATION, |value| public_url(value, extranet, public))?;
        rewrite(response, &REFRESH, |value| refresh(value, extranet, public))?;
        rewrite(response, &LINK, |value| link(value, extranet, public))?;
    }
    if present.cookies {
        set_cookies(response, extranet, public.origin.scheme())?;
    }
    if extranet.agency.adapter.challenges_browsers() {
        // A browser would ask for a password by itself, and nothing of ours would know.
        response.remove_header(&WWW_AUTHENTICATE);
    }
    if extranet.agency.shares_host() {
        // Whatever a browser keeps of it is kept for this account, even where it does not clear its cache at a switch.
        response.append_header(VARY, "Cookie")?;
    }
    if present.hop {
        // pingora writes its own Connection. A 101 needs its Upgrade.
        if response.status != 101 {
            response.remove_header(&UPGRADE);
            response.remove_header(&CONNECTION);
        }
        response.remove_header("keep-alive");
        response.remove_header("proxy-connection");
    }
    if present.tls && public.origin.scheme() == Scheme::Http {
        response.remove_header("strict-transport-security");
        response.remove_header("alt-svc");
    }
    Ok(())
}

/// Which kinds of header an answer has that are not simply passed on; most have few, and looking for each of them by its
/// name costs more than one look at all.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four kinds, each there or not")]
struct Present {
    addresses: bool,
    cookies: bool,
    /// One hop's own.
    hop: bool,
    /// What only holds with TLS.
    tls: bool,
}

impl Present {
    fn among(response: &ResponseHeader) -> Self {
        let mut present = Self::default();
        for name in response.headers.keys() {
            match name.as_str() {
                "location" | "content-location" | "refresh" | "link" => present.addresses = true,
                "set-cookie" => present.cookies = true,
                "upgrade" | "connection" | "keep-alive" | "proxy-connection" => present.hop = true,
                "strict-transport-security" | "alt-svc" => present.tls = true,
                _ => {}
            }
        }
        present
    }
}

/// Whether an answer to a resident says that the extranet's session is over: one of the declared statuses, or a redirect
/// to the extranet's login. Only where we can sign in again; `target` is what was asked, for relative redirects.
#[must_use]
pub fn session_is_over(response: &ResponseHeader, extranet: &Extranet, public: &Public, target: &str) -> bool {
    let agency = &extranet.agency;
    if !agency.adapter.keeps_secret() {
        return false;
    }
    if agency.session_over.statuses.contains(&response.status.as_u16()) {
        return true;
    }
    if !agency.session_over.login_redirect {
        return false;
    }
    let text = |name: &HeaderName| response.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let location = text(&LOCATION).filter(|_| response.status.is_redirection());
    let refresh = text(&REFRESH);
    let refreshed = refresh.as_deref().and_then(leading::refreshed);
    location.as_deref().into_iter().chain(refreshed).any(|to| leads_to_login(to, extranet, public, target))
}

/// Whether an address on the page that was asked for is that of the extranet's login, in any spelling. It opens nothing:
/// what looks like it is taken for it.
#[must_use]
pub fn leads_to_login(to: &str, extranet: &Extranet, public: &Public, target: &str) -> bool {
    let agency = &extranet.agency;
    let element_tells = agency.session_over.element.is_some();
    let is_login = |url: &Url| {
        // `/app//login` and `//login` are one page to most servers.
        let mut path = url.path().replace('\\', "/");
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        NormalisedPath::read(&path).is_ok_and(|path| agency.paths.is_sign_in(&path, url.query(), element_tells))
    };
    let Some(asked) = Url::parse(&format!("{}{target}", agency.upstream.origin)).ok() else { return false };
    let Ok(url) = asked.join(to) else { return false };
    let is_here = Origin::of(&url).is_some_and(|origin| origin == public.origin || extranet.is_inner(&origin, public));
    if is_here {
        return is_login(&url);
    }
    // A server that puts two slashes before its path means none of another host (`//login.zul;jsessionid=…`).
    let meant = to.trim_start().strip_prefix("//").map(|rest| format!("/{}", rest.trim_start_matches('/')));
    let is_no_host = |path: &String| !path[1..].split(['/', '?', '#']).next().unwrap_or_default().contains(':');
    meant.filter(is_no_host).and_then(|path| asked.join(&path).ok()).is_some_and(|url| is_login(&url))
}

/// Replaces each value of a header for which there is another one.
fn rewrite(
    response: &mut ResponseHeader,
    name: &HeaderName,
    other: impl Fn(&HeaderValue) -> Option<Vec<u8>>,
) -> Result<()> {
    if !response.headers.get_all(name).iter().any(|value| other(value).is_some()) {
        return Ok(());
    }
    let values: Vec<HeaderValue> = response.headers.get_all(name).iter().cloned().collect();
    response.remove_header(name);
    for value in values {
        match other(&value) {
            Some(rewritten) => response.append_header(name, rewritten)?,
            None => response.append_header(name, value)?,
        };
    }
    Ok(())
}

/// An absolute or scheme-relative URL of the extranet's, on the public origin; None where it stays as it is.
fn public_url(value: &HeaderValue, extranet: &Extranet, public: &Public) -> Option<Vec<u8>> {
    public_bytes(value.as_bytes(), extranet, public)
}

fn public_bytes(url: &[u8], extranet: &Extranet, public: &Public) -> Option<Vec<u8>> {
    let (scheme, authority_at) = if url.starts_with(b"//") {
        (extranet.agency.upstream.origin.scheme().as_str(), 2)
    } else {
        let colon = url.iter().position(|byte| *byte == b':')?;
        let scheme = [Scheme::Http, Scheme::Https]
            .into_iter()
            .find(|scheme| url[..colon].eq_ignore_ascii_case(scheme.as_str().as_bytes()))?;
        url[colon..].starts_with(b"://").then_some((scheme.as_str(), colon + 3))?
    };
    let end =
        url[authority_at..].iter().position(|byte| b"/?#".contains(byte)).map_or(url.len(), |at| authority_at + at);
    let authority = std::str::from_utf8(&url[authority_at..end]).ok()?;
    let origin = Origin::parse(&format!("{scheme}://{authority}"))?;
    extranet.is_inner(&origin, public).then(|| [public.text.as_bytes(), &url[end..]].concat())
}

/// `5; url=http://…` in every way that browsers read: without `url=`, with blanks, quotes, a comma.
fn refresh(value: &HeaderValue, extranet: &Extranet, public: &Public) -> Option<Vec<u8>> {
    let bytes = value.as_bytes();
    let skip = |at: usize, what: fn(u8) -> bool| at + bytes[at..].iter().take_while(|byte| what(**byte)).count();
    let blank: fn(u8) -> bool = |byte| byte.is_ascii_whitespace();
    let mut at = skip(skip(skip(0, blank), |byte| byte.is_ascii_digit() || byte == b'.'), blank);
    if matches!(bytes.get(at), Some(b';' | b',')) {
        at = skip(at + 1, blank);
    }
    if bytes.get(at..at + 3).is_some_and(|name| name.eq_ignore_ascii_case(b"url")) {
        let equals = skip(at + 3, blank);
        at = if bytes.get(equals) == Some(&b'=') { skip(equals + 1, blank) } else { at };
    }
    let quote = bytes.get(at).filter(|byte| matches!(byte, b'"' | b'\''));
    at += usize::from(quote.is_some());
    let closed = quote.and_then(|quote| bytes[at..].iter().position(|byte| byte == quote));
    let end = closed.map_or(bytes.len(), |length| at + length);
    public_bytes(&bytes[at..end], extranet, public).map(|url| [&bytes[..at], &url, &bytes[end..]].concat())
}

/// `<http://…>; rel=…, <…>; rel=…`.
fn link(value: &HeaderValue, extranet: &Extranet, public: &Public) -> Option<Vec<u8>> {
    let mut rewritten = Vec::with_capacity(value.len());
    let mut changed = false;
    let mut rest = value.as_bytes();
    while let Some(open) = rest.iter().position(|byte| *byte == b'<') {
        let close = open + rest[open..].iter().position(|byte| *byte == b'>')?;
        let url = public_bytes(&rest[open + 1..close], extranet, public);
        changed |= url.is_some();
        rewritten.extend_from_slice(&rest[..=open]);
        rewritten.extend_from_slice(url.as_deref().unwrap_or(&rest[open + 1..close]));
        rest = &rest[close..];
    }
    rewritten.extend_from_slice(rest);
    changed.then_some(rewritten)
}

/// Cookies become the public host's own: no `Domain`, no name of ours, `Secure` only where the public side has TLS.
fn set_cookies(response: &mut ResponseHeader, extranet: &Extranet, public: Scheme) -> Result<()> {
    let lines: Vec<HeaderValue> = response.headers.get_all(SET_COOKIE).iter().cloned().collect();
    if lines.is_empty() {
        return Ok(());
    }
    response.remove_header(&SET_COOKIE);
    for line in lines {
        if is_ours(line.as_bytes()) {
            seldom::tell_of_cookies(&extranet.agency.code, &[Dropped::Ours], Clock.now());
        } else {
            response.append_header(SET_COOKIE, host_only(line, public))?;
        }
    }
    Ok(())
}

fn host_only(line: HeaderValue, public: Scheme) -> HeaderValue {
    let dropped = |attribute: &[u8]| {
        let name = attribute.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        name.eq_ignore_ascii_case(b"domain") || (public == Scheme::Http && name.eq_ignore_ascii_case(b"secure"))
    };
    let parts = || line.as_bytes().split(|byte| *byte == b';').enumerate();
    if !parts().skip(1).any(|(_, part)| dropped(part)) {
        return line;
    }
    let kept: Vec<&[u8]> = parts().filter(|(at, part)| *at == 0 || !dropped(part)).map(|(_, part)| part).collect();
    HeaderValue::from_bytes(&kept.join(&b';')).unwrap_or(line)
}
