//! An agency's rules on paths together, and what they make of a request's path.

use std::cell::LazyCell;

use super::readings::{Readings, decode, look, segments, text_of};
use super::rule::{Pair, PathRule, is_front};
use super::{NormalisedPath, ReturnPath};
use crate::domain::leaving::speaks_of_leaving;

/// The paths of the extranet that the gateway knows (a18, a22, a23).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PathRules {
    /// Pass without sign-in and without identity headers.
    pub public: Vec<PathRule>,
    /// The extranet's own login: never answers through the gateway.
    pub login: Vec<PathRule>,
    /// The extranet's own logout: caught, and made ours.
    pub logout: Vec<PathRule>,
    /// The extranet's own pages for password and e-mail: lead to our account page.
    pub account: Vec<PathRule>,
    /// May carry the two fields of the old login, which else goes to no path: a page that makes users, say (S1).
    pub may_post_credentials: Vec<PathRule>,
    /// The page of the login form, where it shows other things to who is signed in.
    pub form_page: Option<FormPage>,
}

/// What a path of the extranet is to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathClass {
    /// Passes without sign-in.
    Public,
    /// The extranet's own login.
    Login,
    /// A page that shows the login form to strangers only: residents may read it, and send it what is no login.
    FormPage,
    /// The extranet's own logout.
    Logout,
    /// The extranet's own password or e-mail page.
    Account,
    /// Everything else.
    Private,
}

/// A rule that never holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle<'r> {
    /// The list that it stands in.
    pub list: &'static str,
    /// The rule.
    pub rule: &'r PathRule,
    /// What goes before it, or stands there already.
    pub before: &'r str,
}

impl PathRules {
    /// What the path is. Among rules that restrict the more special wins; one that opens wins over none of them, unless it
    /// is exact and they are not.
    #[must_use]
    pub fn class(&self, path: &NormalisedPath, query: Option<&str>) -> PathClass {
        let readings = LazyCell::new(|| path.readings());
        let mut found: Option<(&PathRule, PathClass)> = None;
        for (_, class, rule) in self.restricting() {
            let is_more = found.is_none_or(|(before, _)| rule.specialness() > before.specialness());
            if is_more && rule.restricts(path, &readings, query) {
                found = Some((rule, class));
            }
        }
        let opens = |exact: bool| self.public.iter().any(|rule| rule.is_exact() == exact && rule.opens(path));
        match found {
            Some((rule, _)) if !rule.is_exact() && opens(true) => PathClass::Public,
            Some((_, class)) => class,
            None if opens(true) => PathClass::Public,
            None if self.form_page.as_ref().is_some_and(|page| page.is_at(&readings, query)) => PathClass::FormPage,
            None if opens(false) => PathClass::Public,
            None => PathClass::Private,
        }
    }

    /// Which list, if any, keeps residents from a page: they would be led to one of ours.
    #[must_use]
    pub fn closing(&self, page: &ReturnPath) -> Option<&'static str> {
        let page = page.as_str();
        let (path, query) = page.split_once('?').map_or((page, None), |(path, query)| (path, Some(query)));
        match NormalisedPath::read(path).map(|path| self.class(&path, query)) {
            Ok(PathClass::Login) | Err(_) => Some("login"),
            Ok(PathClass::Logout) => Some("logout"),
            Ok(PathClass::Account) => Some("account"),
            Ok(PathClass::Private | PathClass::Public | PathClass::FormPage) => None,
        }
    }

    /// Whether a form with the two fields of the old login may be sent there.
    #[must_use]
    pub fn may_post_credentials(&self, path: &NormalisedPath) -> bool {
        self.may_post_credentials.iter().any(|rule| rule.opens(path))
    }

    /// Whether who is led there has to sign in to the extranet. A form page that residents may open is also where they are led
    /// after a form of theirs: where an element of a page tells that the session is over, nothing else is taken for it.
    #[must_use]
    pub fn is_sign_in(&self, path: &NormalisedPath, query: Option<&str>, element_tells: bool) -> bool {
        match self.class(path, query) {
            PathClass::Login => true,
            // Where the form stands in the place of every page, that says nothing.
            PathClass::FormPage => !element_tells && self.form_page.as_ref().is_some_and(|page| !page.is_front),
            PathClass::Public | PathClass::Logout | PathClass::Account | PathClass::Private => false,
        }
    }

    /// The rules that can never hold, because another one goes before them in all that they cover.
    #[must_use]
    pub fn idle(&self) -> Vec<Idle<'_>> {
        let restricting: Vec<_> = self.restricting().collect();
        let mut idle = Vec::new();
        for (at, (list, _, rule)) in restricting.iter().enumerate() {
            let before = restricting[..at].iter().find(|(_, _, other)| other.is_same(rule));
            let before = own(rule).or(before.map(|(_, _, other)| other.text()));
            idle.extend(before.map(|before| Idle { list, rule, before }));
        }
        for (at, rule) in self.public.iter().enumerate() {
            let hides = |other: &PathRule| {
                let everywhere = other.has_no_query() && other.is_exact() == rule.is_exact();
                everywhere && if rule.is_exact() { other.path() == rule.path() } else { rule.is_below(other) }
            };
            let before = restricting.iter().find(|(_, _, other)| hides(other)).map(|(_, _, other)| other.text());
            let twice = self.public[..at]
                .iter()
                .find(|other| other.path() == rule.path() && other.is_exact() == rule.is_exact());
            let before = own(rule).or(before).or(twice.map(PathRule::text));
            idle.extend(before.map(|before| Idle { list: "public", rule, before }));
        }
        idle
    }

    fn restricting(&self) -> impl Iterator<Item = (&'static str, PathClass, &PathRule)> {
        [
            ("login", PathClass::Login, &self.login),
            ("logout", PathClass::Logout, &self.logout),
            ("account", PathClass::Account, &self.account),
        ]
        .into_iter()
        .flat_map(|(list, class, rules)| rules.iter().map(move |rule| (list, class, rule)))
    }
}

/// Where our own pages are, no rule is asked.
fn own(rule: &PathRule) -> Option<&'static str> {
    rule.path().starts_with("/.vestibule/").then_some("/.vestibule/")
}

/// A page with the login form that also has another face: a front controller, or a page that shows the form in the place
/// of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FormPage {
    place: Vec<String>,
    pairs: Vec<Pair>,
    is_front: bool,
}

impl FormPage {
    /// The page of a login form, as the agency's file declares it.
    #[must_use]
    pub fn of(page: &str) -> Self {
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        let place = segments(&look(&text_of(&decode(path.as_bytes()))));
        let pairs: Vec<Pair> = query.split('&').filter_map(|pair| Pair::parse(pair).ok()).collect();
        let is_front = pairs.is_empty() && (path.ends_with('/') || place.last().is_some_and(|name| is_front(name)));
        Self { place, pairs, is_front }
    }

    /// Whether this is the page, in one of its spellings; a front controller is one only without a query.
    fn is_at(&self, readings: &Readings<'_>, query: Option<&str>) -> bool {
        let asked = if self.is_front {
            query.is_none_or(str::is_empty)
        } else {
            self.pairs.iter().all(|pair| pair.is_in(query))
        };
        asked && readings.may_be(&self.place, false)
    }
}

/// The rule that closes the page of a login form to everybody; none where its name does not say that it is for signing in
/// and for nothing else.
#[must_use]
pub fn sign_in_rule(page: &str) -> Option<PathRule> {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    if query.is_empty() {
        let place = segments(&look(&text_of(&decode(path.as_bytes()))));
        return place.last().filter(|name| signs_in(name)).and_then(|_| PathRule::parse(path).ok());
    }
    let pair = query.split('&').find(|pair| Pair::parse(pair).is_ok_and(|pair| pair.says(signs_in)))?;
    PathRule::parse(&format!("{path}?{pair}")).ok()
}

/// The rule for what ends a session upstream, so that it ends ours, too; none where that cannot be told from other pages. Where
/// its name does not say what it is for, the rule is for this one path.
#[must_use]
pub fn logout_rule(page: &str) -> Option<PathRule> {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let place = segments(&look(&text_of(&decode(path.as_bytes()))));
    let name = place.last().map_or("", String::as_str);
    if speaks_of_leaving(name) {
        return PathRule::parse(path).ok();
    }
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    match (pairs.iter().find(|pair| speaks_of_leaving(pair)), pairs.as_slice()) {
        (Some(pair), _) | (None, [pair]) => PathRule::parse(&format!("{path}?{pair}")).ok(),
        (None, []) if !name.is_empty() && !is_front(name) => PathRule::parse(&format!("={path}")).ok(),
        (None, _) => None,
    }
}

/// Whether a page of this name is one for signing in.
fn signs_in(name: &str) -> bool {
    const WORDS: [&str; 11] = [
        "login",
        "logon",
        "signin",
        "sign-in",
        "sign_in",
        "connexion",
        "connection",
        "identification",
        "authenti",
        "anmeld",
        "s-identifier",
    ];
    let is_word = |word: &str| matches!(word, "auth" | "cas" | "sso" | "identifier");
    let ends = ["logout", "logoff", "signout", "deconn"].iter().any(|word| name.contains(word));
    !ends && (WORDS.iter().any(|word| name.contains(word)) || name.split(|c: char| !c.is_alphanumeric()).any(is_word))
}
