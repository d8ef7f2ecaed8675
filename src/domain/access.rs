//! The gate: what becomes of a request for an extranet.

use super::agency::Agency;
use super::decision::Decision;
use super::net::Net;
use super::origin::Origin;
use super::path::{NormalisedPath, PathClass, ReturnPath};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor<A> {
    /// Nobody that we know.
    Stranger,
    /// A person whose account at this agency is known and who owes nothing.
    Resident(A),
    /// A person who owes the acceptance of this agency's terms.
    OwesTerms,
    /// A person whose password in this extranet is not known any more, where each request needs it (a11).
    OwesPassword,
    /// A person whom the extranet cannot be told, since the identifier there cannot be written (decision 43).
    Unnamed,
}

/// What is asked for, as far as the gate has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The path, decoded and normalised.
    pub path: &'a NormalisedPath,
    /// The query, as sent.
    pub query: Option<&'a str>,
    /// Whether the method can change something (everything but GET, HEAD, OPTIONS) or the connection is upgraded.
    pub changes: bool,
    /// How the answer is going to be used.
    pub fetch: Fetch,
    /// From where the browser says it asks.
    pub from: AskedFrom,
    /// Whether it is a script that would stay in the browser and answer for a shared host (a24).
    pub stays: bool,
    /// Whether a script of the extranet's own asks, which wants the extranet's answer.
    pub scripted: bool,
}

/// How the answer is going to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// A page in the address bar or a frame: may be redirected.
    Page,
    /// An image, script, style, `fetch` or XHR: gets 401 (a20).
    Part,
}

/// From where the browser says it asks, by `Origin` and `Sec-Fetch-Site`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFrom {
    /// From this very origin.
    Here,
    /// From another one, or from `null`.
    Elsewhere,
    /// It does not say.
    Unsaid,
}

/// A page of ours that is shown instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Sign-in, with the way back to this path.
    SignIn,
    /// Sign-in, with the way back to the start page: the extranet's own login was asked for (a23).
    SignInHome,
    /// Which agency is meant, on a host that several share (a24).
    Agency,
    /// The terms that are owed.
    Terms,
    /// The extranet's own password, which is not known any more.
    ExtranetPassword,
    /// The end of the session: the extranet's own logout was asked for (a18).
    SignOut,
    /// The account page: the extranet's own password or e-mail page was asked for (a18).
    Account,
}

/// Why a request is refused with 403 or 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// An unsafe method or upgrade from elsewhere (f16).
    ForeignOrigin,
    /// A post to the extranet's own login (a23).
    LegacyLogin,
    /// A post to the extranet's own password or e-mail page.
    LegacyAccount,
    /// A service worker on a shared host: it would stand between the browser and the next agency's pages (a24).
    ServiceWorker,
    /// The extranet cannot be told who asks (decision 43).
    Unnamed,
}

/// Whether what was written into a form that came too late is shown to who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// To be copied.
    Shown,
    /// It was for a page where passwords are typed.
    Hidden,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access<A> {
    /// It is forwarded, with this account's headers.
    Forward(A),
    /// It is forwarded, and with its answer the session ends: a script of the extranet's own logs out (F6).
    Leave(A),
    /// It is forwarded without any identity (a22).
    Public,
    /// A page of ours is shown instead.
    Show(Screen),
    /// A form that came too late: the page that says so, and how to come back (a19).
    NotSent(Fields),
    /// 401, with the login's address where JSON is asked for.
    Unauthorized,
    /// It goes nowhere.
    Forbidden(Forbidden),
}

impl<A> Access<A> {
    /// What it is called in the access line.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        match self {
            Self::Forward(_) => Decision::SignedIn,
            Self::Public => Decision::PublicPath,
            Self::Show(screen) => screen.decision(),
            Self::Leave(_) => Decision::LegacyLogout,
            Self::NotSent(_) => Decision::FormTooLate,
            Self::Unauthorized => Decision::NotSignedInPart,
            Self::Forbidden(Forbidden::ForeignOrigin) => Decision::ForeignOrigin,
            Self::Forbidden(Forbidden::LegacyLogin) => Decision::LegacyLoginPost,
            Self::Forbidden(Forbidden::LegacyAccount) => Decision::LegacyAccountPost,
            Self::Forbidden(Forbidden::ServiceWorker) => Decision::ServiceWorker,
            Self::Forbidden(Forbidden::Unnamed) => Decision::IdentityUnwritable,
        }
    }
}

impl Screen {
    const fn decision(self) -> Decision {
        match self {
            Self::SignIn => Decision::NotSignedIn,
            Self::SignInHome => Decision::LegacyLogin,
            Self::Agency => Decision::NoAgency,
            Self::Terms => Decision::OwesTerms,
            Self::ExtranetPassword => Decision::OwesPassword,
            Self::SignOut => Decision::LegacyLogout,
            Self::Account => Decision::LegacyAccountPage,
        }
    }
}

/// Decides. The order matters: what is refused for everybody comes before who asks.
#[must_use]
pub fn decide<A>(visitor: Visitor<A>, agency: &Agency, asked: &Question<'_>) -> Access<A> {
    if asked.changes && asked.from == AskedFrom::Elsewhere {
        return Access::Forbidden(Forbidden::ForeignOrigin);
    }
    if asked.stays && agency.shares_host() {
        return Access::Forbidden(Forbidden::ServiceWorker);
    }
    match (agency.paths.class(asked.path, asked.query), visitor) {
        (PathClass::Login, _) if asked.changes => Access::Forbidden(Forbidden::LegacyLogin),
        (PathClass::FormPage, visitor) if asked.changes => match visitor {
            // What else the page takes is a resident's to send; a login is looked for in it.
            Visitor::Resident(account) if agency.adapter.login_fields().and_then(Net::of).is_some() => {
                Access::Forward(account)
            }
            _ => Access::Forbidden(Forbidden::LegacyLogin),
        },
        (PathClass::Login, _) => Access::Show(Screen::SignInHome),
        (PathClass::Account, Visitor::Resident(_) | Visitor::Unnamed) if asked.changes => {
            Access::Forbidden(Forbidden::LegacyAccount)
        }
        (PathClass::Account, Visitor::Resident(_) | Visitor::Unnamed) => Access::Show(Screen::Account),
        (PathClass::Logout, Visitor::Resident(account)) if asked.scripted => Access::Leave(account),
        // Whoever may not come in may always go (c03).
        (PathClass::Logout, Visitor::Resident(_) | Visitor::Unnamed) => Access::Show(Screen::SignOut),
        (PathClass::Logout, _) if asked.fetch == Fetch::Page => Access::Show(Screen::SignOut),
        (PathClass::Public, _) => Access::Public,
        (PathClass::Private | PathClass::FormPage, Visitor::Resident(account)) => Access::Forward(account),
        (_, Visitor::Unnamed) => Access::Forbidden(Forbidden::Unnamed),
        (_, Visitor::OwesTerms) if asked.fetch == Fetch::Page && !asked.changes => Access::Show(Screen::Terms),
        (_, Visitor::OwesPassword) if asked.fetch == Fetch::Page && !asked.changes => {
            Access::Show(Screen::ExtranetPassword)
        }
        (_, Visitor::Stranger) if asked.fetch == Fetch::Page && !asked.changes => Access::Show(Screen::SignIn),
        (class, Visitor::Stranger | Visitor::OwesTerms | Visitor::OwesPassword)
            if asked.fetch == Fetch::Page && asked.changes =>
        {
            Access::NotSent(if class == PathClass::Account { Fields::Hidden } else { Fields::Shown })
        }
        (_, Visitor::Stranger | Visitor::OwesTerms | Visitor::OwesPassword) => Access::Unauthorized,
    }
}

/// Decides where nobody knows which of the agencies on a shared host is meant: nobody is signed in there, no path is
/// public, and nothing is forwarded.
#[must_use]
pub fn decide_without_agency<A>(asked: &Question<'_>) -> Access<A> {
    match (asked.fetch, asked.changes) {
        (_, true) if asked.from == AskedFrom::Elsewhere => Access::Forbidden(Forbidden::ForeignOrigin),
        (Fetch::Page, false) => Access::Show(Screen::Agency),
        // Which agency's login it may have been, nobody knows.
        (Fetch::Page, true) => Access::NotSent(Fields::Shown),
        (Fetch::Part, _) => Access::Unauthorized,
    }
}

/// From where a browser says it asks. `Origin` speaks first; a browser that sends none still says `Sec-Fetch-Site`.
///
/// `null` is what a page with `Referrer-Policy: no-referrer` posts with, even to itself: there, and only there,
/// `Sec-Fetch-Site`, which no script can set, may say that it is the same origin.
#[must_use]
pub fn asked_from(origin_header: Option<&str>, fetch_site: Option<&str>, here: &Origin) -> AskedFrom {
    match (origin_header, fetch_site) {
        (Some("null") | None, Some("same-origin")) | (None, Some("none")) => AskedFrom::Here,
        (Some(text), _) => match Origin::parse(text) {
            Some(origin) if origin == *here => AskedFrom::Here,
            _ => AskedFrom::Elsewhere,
        },
        (None, Some(_)) => AskedFrom::Elsewhere,
        (None, None) => AskedFrom::Unsaid,
    }
}

/// Whether a script of this very origin asks, by `fetch` or an XHR, as the browser says: no image, style or link of a page
/// does.
#[must_use]
pub fn is_scripted(fetch: Fetch, changes: bool, from: AskedFrom, fetch_dest: Option<&str>) -> bool {
    fetch == Fetch::Part && from == AskedFrom::Here && (changes || fetch_dest == Some("empty"))
}

/// Whether a page is asked for by another site, as far as the browser tells: it then keeps `SameSite=Strict` cookies back,
/// through every redirect that follows. One that says nothing may be asked so, too.
#[must_use]
pub fn may_come_from_another_site(fetch_site: Option<&str>) -> bool {
    !matches!(fetch_site, Some("same-origin" | "same-site" | "none"))
}

/// Whether a page is asked for by a frame of another one, as browsers since 2019 to 2023 say (case 12). One that says
/// nothing may be in a frame, too; nobody can know.
#[must_use]
pub fn is_in_a_frame(fetch_dest: Option<&str>) -> bool {
    matches!(fetch_dest, Some("frame" | "iframe" | "object" | "embed" | "fencedframe"))
}

/// The page around a frame, as far as the frame's request tells it: it names the page that holds it, unless somebody has
/// followed a link, or the frame renews itself.
#[must_use]
pub fn page_around(here: &Origin, referer: Option<&str>, target: &str, is_followed: bool) -> Option<ReturnPath> {
    let within = referer?.strip_prefix(here.to_string().as_str()).filter(|_| !is_followed)?;
    ReturnPath::parse(within).filter(|page| page.as_str() != target && !page.is_home())
}

/// How the answer is going to be used: by `Sec-Fetch-Mode` where the browser sends it, else by `Accept` and the header
/// that scripts' libraries send. Without the first, what changes something is a form's only where a page is asked for by
/// its type: browsers always do.
#[must_use]
pub fn fetch_kind(
    fetch_mode: Option<&str>,
    accept: Option<&str>,
    requested_with: Option<&str>,
    changes: bool,
) -> Fetch {
    let is_page = match (fetch_mode, requested_with) {
        (Some(mode), _) => mode == "navigate",
        (None, Some(_)) => false,
        (None, None) if changes => accept.is_some_and(|accept| accept.contains("text/html")),
        (None, None) => accept.is_none_or(|accept| accept.contains("text/html") || accept.trim() == "*/*"),
    };
    if is_page { Fetch::Page } else { Fetch::Part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a20_only_page_loads_are_redirected() {
        assert_eq!(fetch_kind(Some("navigate"), None, None, false), Fetch::Page);
        assert_eq!(fetch_kind(Some("cors"), Some("text/html"), None, false), Fetch::Part);
        assert_eq!(fetch_kind(None, Some("application/json"), None, false), Fetch::Part);
        assert_eq!(fetch_kind(None, Some("text/html,*/*"), Some("XMLHttpRequest"), false), Fetch::Part);
        assert_eq!(fetch_kind(None, Some("image/png"), None, false), Fetch::Part);
        assert_eq!(fetch_kind(None, Some("*/*"), None, false), Fetch::Page);
        assert_eq!(fetch_kind(Some("navigate"), None, None, true), Fetch::Page);
        assert_eq!(fetch_kind(None, Some("text/html,*/*;q=0.8"), None, true), Fetch::Page);
        for accept in [None, Some("*/*"), Some("application/json")] {
            assert_eq!(fetch_kind(None, accept, None, true), Fetch::Part, "a script of an old browser: {accept:?}");
        }
    }

    #[test]
    fn case_12_a_frame_is_known_by_what_it_says_and_names_the_page_around_it() {
        for framed in ["frame", "iframe", "object", "embed"] {
            assert!(is_in_a_frame(Some(framed)), "{framed}");
        }
        for other in [None, Some("document"), Some("image"), Some("empty"), Some("")] {
            assert!(!is_in_a_frame(other), "{other:?}");
        }
        let here = Origin::parse("https://a.example").expect("an origin");
        let around = |referer, followed| {
            page_around(&here, referer, "/liste.asp?p=1", followed).map(|page| page.as_str().to_owned())
        };
        assert_eq!(around(Some("https://a.example/dossier?n=2"), false).as_deref(), Some("/dossier?n=2"));
        for (referer, followed) in [
            (None, false),
            (Some("https://a.example/menu.asp"), true),
            (Some("https://a.example/"), false),
            (Some("https://a.example"), false),
            (Some("https://a.example/liste.asp?p=1"), false),
            (Some("https://a.example/.vestibule/renew"), false),
            (Some("https://a.example.evil.tld/x"), false),
            (Some("https://evil.example/x"), false),
            (Some("http://a.example/x"), false),
        ] {
            assert_eq!(around(referer, followed), None, "{referer:?} {followed}");
        }
    }

    #[test]
    fn f16_an_origin_is_ours_only_if_it_is_the_same_to_the_letter() {
        let here = Origin::parse("https://a.example").expect("an origin");
        assert_eq!(asked_from(Some("https://a.example"), None, &here), AskedFrom::Here);
        assert_eq!(asked_from(Some("null"), Some("same-origin"), &here), AskedFrom::Here);
        for site in [None, Some("cross-site"), Some("same-site"), Some("none")] {
            assert_eq!(asked_from(Some("null"), site, &here), AskedFrom::Elsewhere, "{site:?}");
        }
        for foreign in ["https://evil.example", "http://a.example", "https://a.example.evil.tld", ""] {
            assert_eq!(asked_from(Some(foreign), Some("same-origin"), &here), AskedFrom::Elsewhere, "{foreign}");
        }
        assert_eq!(asked_from(None, Some("cross-site"), &here), AskedFrom::Elsewhere);
        assert_eq!(asked_from(None, Some("same-site"), &here), AskedFrom::Elsewhere);
        assert_eq!(asked_from(None, None, &here), AskedFrom::Unsaid);
    }
}
