//! The extranet's cookies that a browser holds on an agency's host: given at the sign-in, taken back when somebody else
//! or another account comes there.

use http::{HeaderName, HeaderValue};

use crate::domain::accounts::Remembered;
use crate::domain::agency::{Agency, CookieMode};
use crate::domain::cookie::{SameSite, is_ours};
use crate::domain::identity::AccountLabel;
use crate::domain::origin::Scheme;
use crate::legacy::UpstreamCookie;
use crate::web::cookies::Kind;
use crate::web::guest::Guest;

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

/// Whether a browser that holds these sends some of them only where it comes from this site itself.
pub(super) fn are_strict(agency: &Agency, cookies: &[UpstreamCookie]) -> bool {
    agency.cookies == CookieMode::Relay && cookies.iter().any(|cookie| cookie.same_site == Some(SameSite::Strict))
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
    let known = guest.cookie(Kind::Account).map(str::to_owned);
    let now = Remembered { account: account.clone(), agency: agency.shares_host().then(|| agency.code.clone()) };
    guest.set(Kind::Account, &now.to_string(), Kind::Account.lasts());
    if known.as_deref() == Some(now.to_string().as_str()) {
        return Before::Nothing;
    }
    let_go(guest);
    if known.is_some() || agency.shares_host() { Before::Another } else { Before::Nothing }
}

/// Takes the extranet's cookies away, by the names that the browser sent.
pub(super) fn let_go(guest: &mut Guest) {
    for ending in guest.endings() {
        guest.set_written(ending);
    }
}

/// The same where the browser comes with the cookie of a sign-in that has ended, wherever that was (SEC-251).
pub(super) fn let_go_of_ended(guest: &mut Guest) {
    if guest.session_cookie().is_some() {
        let_go(guest);
        guest.clear(Kind::Session);
    }
}

/// Nothing of the extranet stays in a browser that others may use (SEC-250). Not `"cookies"`: that would reach over the
/// whole registrable domain, and so take the portal's own.
pub(super) fn with_cleared_site(mut response: axum::response::Response) -> axum::response::Response {
    let pages = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), pages);
    response
}
