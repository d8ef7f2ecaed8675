//! Whether an extranet can be told who somebody is, and by which headers (decision 43).

use http::{HeaderName, HeaderValue};

use super::App;
use crate::domain::agency::Agency;
use crate::domain::identity::LegacyAccount;
use crate::domain::identity_headers;
use crate::telemetry::seldom;

/// The headers that tell an extranet who this is; one whose value is not known is not sent, nor is a name that cannot be
/// written. None where the account itself cannot be named: then nobody is forwarded, or signed in, as somebody else.
pub(super) fn headers(app: &App, agency: &Agency, account: &LegacyAccount) -> Option<Vec<(HeaderName, HeaderValue)>> {
    if agency.adapter.check(&account.login, None).is_err() {
        tell_unnamed(app, agency, account, agency.adapter.carrier());
        return None;
    }
    let told = match identity_headers::tell(&agency.headers, account) {
        Ok(told) => told,
        Err(unnamed) => {
            tell_unnamed(app, agency, account, unnamed.0);
            return None;
        }
    };
    for header in told.left_out {
        tell_once(app, agency, account, &header.name, "a header about a resident cannot be written and is left out");
    }
    told.sent
        .into_iter()
        .map(|(header, value)| {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(&value).ok()?))
        })
        .collect()
}

/// Whether the account can be named.
pub(super) fn is_possible(app: &App, agency: &Agency, account: &LegacyAccount) -> bool {
    headers(app, agency, account).is_some()
}

/// Tells who runs this that a resident stays outside, and by which header, or by the login form.
pub(super) fn tell_unnamed(app: &App, agency: &Agency, account: &LegacyAccount, by: &str) {
    tell_once(app, agency, account, by, "a resident cannot be named to the extranet and is not forwarded");
}

/// Once an hour of each account.
fn tell_once(app: &App, agency: &Agency, account: &LegacyAccount, by: &str, what: &'static str) {
    if seldom::is_due(&agency.code, &format!("{by} {}", account.login.as_str()), app.now()) {
        tracing::warn!(agency = %agency.code, login = account.login.masked(), by, "{what}");
    }
}
