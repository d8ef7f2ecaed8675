//! The extranet's cookies that a browser holds on an agency's host: given at the sign-in, taken back when somebody else
//! or another account comes there.

use cookie::time::Duration;
use http::{HeaderName, HeaderValue};

use crate::domain::accounts::Remembered;
use crate::domain::agency::{Agency, CookieMode};
use crate::domain::cookie::is_ours;
use crate::domain::identity::AccountLabel;
use crate::domain::origin::Scheme;
use crate::legacy::UpstreamCookie;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;

/// How long a browser knows whose the extranet's cookies are: as long as a device is known.
const KNOWN_FOR: Duration = Duration::days(180);

/// Gives the browser the extranet's cookies, except for such as would pass for ours.
pub(super) fn hold(guest: &mut Guest, agency: &Agency, cookies: &[UpstreamCookie]) {
    // In a jar they stay in the session.
    if agency.cookies == CookieMode::Jar {
        return;
    }
    let is_https = agency.public.scheme() == Scheme::Https;
    let theirs = cookies.iter().filter(|cookie| !is_ours(cookie.name.as_bytes()));
    for written in theirs.filter_map(|cookie| cookie.to_set_cookie(is_https)) {
        guest.set_written(written);
    }
}

/// What was another account's on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing: the same account was here last, or none.
    Nothing,
    /// Pages and storage of another account.
    Another,
}

/// The account comes to this host. What is there of another one, or of nobody known, is taken away: an extranet's cookie
/// must never speak for one account beside headers of another.
///
/// On a host that several agencies share, what nobody remembers counts as another's: it may be any of them.
pub(super) fn arrive(guest: &mut Guest, agency: &Agency, account: &AccountLabel) -> Before {
    // Coming here is not the extranet's session ending over and over: whoever opens one account after another may.
    guest.clear(Kind::Renewals);
    let known = guest.cookie(Kind::Account).map(str::to_owned);
    let now = Remembered { account: account.clone(), agency: agency.shares_host().then(|| agency.code.clone()) };
    guest.set(Kind::Account, &now.to_string(), Some(KNOWN_FOR));
    if known.as_deref() == Some(now.to_string().as_str()) {
        return Before::Nothing;
    }
    let_go(guest);
    if known.is_some() || agency.shares_host() { Before::Another } else { Before::Nothing }
}

/// Takes the extranet's cookies away, by the names that the browser sent.
pub(super) fn let_go(guest: &mut Guest) {
    let names = guest.held().into_iter().map(|pair| pair.name).filter(|name| !is_ours(name));
    for written in names.filter_map(|name| taken_away(name, b"/")).collect::<Vec<_>>() {
        guest.set_written(written);
    }
}

/// A `Set-Cookie` value that takes a cookie of the extranet's away.
pub(super) fn taken_away(name: &[u8], path: &[u8]) -> Option<HeaderValue> {
    let is_prefixed =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|is| is.eq_ignore_ascii_case(prefix.as_bytes()));
    // Browsers look at nothing that has such a name and is not Secure, and at nothing that has neither name nor value.
    let secure: &[u8] = if is_prefixed("__host-") || is_prefixed("__secure-") { b"; Secure" } else { b"" };
    let value: &[u8] = if name.is_empty() { b"gone" } else { b"" };
    HeaderValue::from_bytes(&[name, b"=", value, b"; Path=", path, b"; Max-Age=0", secure].concat()).ok()
}

/// Nothing of the extranet stays in a browser that others may use (SEC-250). Not `"cookies"`: that would reach over the
/// whole registrable domain, and so take the portal's own.
pub(super) fn with_cleared_site(mut response: axum::response::Response) -> axum::response::Response {
    let pages = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), pages);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b17_a_cookie_is_taken_away_whatever_its_name_is() {
        let away = |name: &[u8], path: &[u8]| taken_away(name, path).expect("a value").as_bytes().to_vec();
        assert_eq!(away(b"sid", b"/"), b"sid=; Path=/; Max-Age=0");
        assert_eq!(away(b"Am\xe9lie", b"/\xe9"), b"Am\xe9lie=; Path=/\xe9; Max-Age=0");
        assert_eq!(away(b"__HOST-sid", b"/"), b"__HOST-sid=; Path=/; Max-Age=0; Secure");
        assert_eq!(away(b"__Secure-sid", b"/x"), b"__Secure-sid=; Path=/x; Max-Age=0; Secure");
        assert_eq!(away(b"", b"/"), b"=gone; Path=/; Max-Age=0");
    }
}
