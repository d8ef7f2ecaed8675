//! The way to sign in, at the agency that this browser knows, and back to the page of ours that was asked for (decision 54).

use std::sync::Arc;

use http::header;

use super::Web;
use super::cookies::Kind;
use super::guest::Guest;
use super::known::codes_query;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::path::ReturnPath;

/// The pages of the portal that want somebody signed in, and can be come back to.
const PAGES: [&str; 9] = [
    "/account",
    "/accounts",
    "/account/detach",
    "/account/email",
    "/account/email/proof",
    "/account/email/request",
    "/account/extranet-password",
    "/account/forgotten",
    "/account/password",
];

/// One of these pages, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back(ReturnPath);

impl Back {
    /// Takes the path of such a page, and of no other: a link can lead on to our own pages only.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let path = ReturnPath::parse_or_home(text);
        let page = path.as_str().split('?').next().unwrap_or_default();
        PAGES.contains(&page).then_some(Self(path))
    }

    /// The account page.
    #[must_use]
    pub fn account() -> Option<Self> {
        Self::parse(PAGES[0])
    }

    /// As it goes into `Location`, on the portal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Guest {
    /// The agency that was signed in to last from this browser, if it is still here.
    #[must_use]
    pub fn last_agency(&self, web: &Web) -> Option<Arc<Agency>> {
        let code = AgencyCode::stored(self.cookie(Kind::Agency)?)?;
        web.app.directory().agency(&code).cloned()
    }

    /// The way to sign in at the agency that is known, and back here, or to the page that held what was sent here.
    #[must_use]
    pub fn way_in(&self, web: &Web) -> String {
        way_in(self.known().map(AsRef::as_ref), self.back(web).as_ref())
    }

    /// The page of ours on which something was pressed, as far as the browser says it.
    #[must_use]
    pub fn page_before(&self, web: &Web) -> Option<ReturnPath> {
        let referer = self.headers.get(header::REFERER)?.to_str().ok()?;
        ReturnPath::parse(referer.strip_prefix(web.portal_url().as_str())?)
    }

    fn back(&self, web: &Web) -> Option<Back> {
        if !self.posts {
            return Back::parse(&self.here);
        }
        let held_by = self.page_before(web).and_then(|page| Back::parse(page.as_str()));
        let of_account = || Back::account().filter(|_| self.here.starts_with("/account/"));
        held_by.or_else(|| Back::parse(&self.here)).or_else(of_account)
    }
}

/// The login page of an agency, or the one that asks for none (§27).
#[must_use]
pub fn login_path(agency: Option<&Agency>) -> String {
    agency.map_or_else(|| "/".to_owned(), |agency| format!("/login{}", codes_query(Some(agency))))
}

/// The same, to come back to a page of ours.
#[must_use]
pub fn way_in(agency: Option<&Agency>, back: Option<&Back>) -> String {
    let login = login_path(agency);
    let Some(back) = back else { return login };
    let joint = if agency.is_some() { '&' } else { '?' };
    let back = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back.as_str()).finish();
    format!("{login}{joint}{back}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residents_1_only_a_page_of_ours_is_come_back_to() {
        for ours in ["/account", "/account?notice=x", "/account/detach?account=a-1", "/accounts?client=A&societe=B"] {
            assert_eq!(Back::parse(ours).as_ref().map(Back::as_str), Some(ours));
        }
        for other in [
            "",
            "/",
            "/account/",
            "/Account",
            "/account/open",
            "/account/email/cancel",
            "/logout",
            "/login",
            "/hand-over?client=A",
            "//evil.example/account",
            "/\\evil.example/account",
            "https://evil.example/account",
            "/account/../logout",
            "/account\r\nset-cookie: a=b",
            "/account#x",
        ] {
            assert_eq!(Back::parse(other), None, "{other}");
        }
    }
}
