//! Paths: what may be forwarded at all, what a path rule is matched on, and where a sign-in may return to.

use serde::{Deserialize, Serialize};

/// Why a request target is refused with 400, whatever the agency (f08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not `/…`, or `//…`, which some read as the name of a host.
    #[error("the request target is not an absolute path")]
    NotAPath,
    /// A control byte, blank or byte above ASCII, raw or percent-encoded control.
    #[error("the request target has a control byte")]
    Control,
    /// A `#`, which no client sends (SEC-024).
    #[error("the request target has a fragment")]
    Fragment,
    /// `%` without two hexadecimal digits (SEC-025).
    #[error("the request target has a broken escape")]
    BrokenEscape,
    /// `..` or `.` as a segment, in any spelling (SEC-020).
    #[error("the request target climbs")]
    Climbs,
}

/// A path that passed the refusals of [`NormalisedPath::read`], decoded once for matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedPath {
    decoded: String,
    ambiguous: bool,
}

impl NormalisedPath {
    /// Reads the path of a request target (the part before `?`), and refuses what proxies and extranets could read
    /// differently (SEC-020, SEC-021, SEC-024, SEC-025).
    ///
    /// # Errors
    /// Tells which rule refuses the target.
    pub fn read(raw_path: &str) -> Result<Self, TargetError> {
        if !raw_path.starts_with('/') || raw_path.starts_with("//") {
            return Err(TargetError::NotAPath);
        }
        if is_plain(raw_path) {
            return Ok(Self { decoded: raw_path.to_owned(), ambiguous: false });
        }
        Self::read_closely(raw_path)
    }

    fn read_closely(raw_path: &str) -> Result<Self, TargetError> {
        if raw_path.contains('#') {
            return Err(TargetError::Fragment);
        }
        if raw_path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(TargetError::Control);
        }
        let decoded = decode_once(raw_path)?;
        if decoded.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
            return Err(TargetError::Control);
        }
        let decoded = String::from_utf8_lossy(&decoded).into_owned();
        if climbs(&decoded) || decode_once(&decoded).is_ok_and(|twice| climbs(&String::from_utf8_lossy(&twice))) {
            return Err(TargetError::Climbs);
        }
        let lower = raw_path.to_ascii_lowercase();
        let ambiguous = ["%2f", "%5c", "%25", "//", ";", "\\"].iter().any(|form| lower.contains(form));
        Ok(Self { decoded, ambiguous })
    }

    /// The decoded path: what rules are matched on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.decoded
    }

    /// Whether another server could read this path as another one (`%2f`, `;`, `//`, `\`).
    #[must_use]
    pub const fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }
}

/// Names of letters, digits, `-`, `_` and dots (not in front) between single slashes: most paths, on which none of the
/// rules of [`NormalisedPath::read`] has anything to say.
fn is_plain(path: &str) -> bool {
    let mut before = 0;
    path.bytes().all(|byte| {
        let plain = match byte {
            b'/' | b'.' => before != b'/',
            _ => byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_',
        };
        before = byte;
        plain
    })
}

/// Percent-decodes one time; a broken escape is an error.
fn decode_once(text: &str) -> Result<Vec<u8>, TargetError> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err(TargetError::BrokenEscape);
        };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or(0));
    }
    Ok(decoded)
}

/// A segment that is `.` or `..` once its `;parameters` are cut off, between slashes or backslashes.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

/// Rules on paths, as an operator writes them: `/public/` for everything below, `/login` for one path,
/// `/doku.php?do=login` for one path with this in its query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathRule {
    path: String,
    pair: Option<(String, String)>,
}

impl PathRule {
    /// Reads a rule: absolute, unescaped, without query; a `/` at the end means everything below.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = !text.contains(['%', '?', '#', ';', '\\']) && !text.contains("//");
        let fits = text.starts_with('/') && plain && NormalisedPath::read(text).is_ok();
        fits.then(|| Self { path: text.to_owned(), pair: None })
    }

    /// Reads a rule that may have one `name=value` behind a `?`. Such a rule only restricts: which of several pairs of
    /// one name counts, servers disagree about.
    #[must_use]
    pub fn parse_page(text: &str) -> Option<Self> {
        let Some((path, pair)) = text.split_once('?') else { return Self::parse(text) };
        let (name, value) = pair.split_once('=')?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let fits = !name.is_empty() && plain(name) && plain(value) && !path.ends_with('/');
        let rule = Self::parse(path).filter(|_| fits)?;
        Some(Self { pair: Some((name.to_owned(), value.to_owned())), ..rule })
    }

    /// Whether the rule covers the path, whatever its query.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.pair.is_none() && self.covers_path(path)
    }

    /// Whether the rule covers the path with this query: one of its pairs has to be the rule's.
    #[must_use]
    pub fn covers_page(&self, path: &str, query: Option<&str>) -> bool {
        self.covers_path(path)
            && self.pair.as_ref().is_none_or(|(name, value)| {
                let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
                pairs.into_iter().any(|(found, said)| found == name.as_str() && said == value.as_str())
            })
    }

    fn covers_path(&self, path: &str) -> bool {
        if self.path.ends_with('/') { path.starts_with(&self.path) } else { path == self.path }
    }

    /// Whether a path that servers read differently could fall under this rule in one of the readings: it is compared
    /// with slashes folded, parameters dropped and backslashes turned.
    #[must_use]
    pub fn could_cover(&self, path: &str) -> bool {
        let folded: Vec<&str> = path
            .split(['/', '\\'])
            .map(|segment| segment.split(';').next().unwrap_or(""))
            .filter(|segment| !segment.is_empty())
            .collect();
        let rule: Vec<&str> = self.path.split('/').filter(|segment| !segment.is_empty()).collect();
        if self.path.ends_with('/') { folded.starts_with(&rule) } else { folded == rule }
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.pair {
            Some((name, value)) => format!("{}?{name}={value}", self.path),
            None => self.path.clone(),
        }
    }
}

/// A place on an agency's own host to return to after sign-in: an absolute path of that host and nothing else
/// (SEC-030, SEC-031).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The longest that is taken, in bytes.
    pub const MAX: usize = 2000;

    /// The start page of the extranet.
    #[must_use]
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Takes a path with query if it is surely one; anything else leads to the start page.
    #[must_use]
    pub fn parse_or_home(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(Self::home)
    }

    fn parse(text: &str) -> Option<Self> {
        let second = text.as_bytes().get(1);
        let local = text.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
        let clean = text.len() <= Self::MAX
            && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
            && !text.contains(['\\', '#', '"', '<', '>', '`']);
        let path = text.split('?').next().unwrap_or_default();
        let readable = NormalisedPath::read(path).is_ok_and(|path| !path.as_str().starts_with("//"));
        let ours = path.starts_with("/.vestibule");
        (local && clean && readable && !ours).then(|| Self(text.to_owned()))
    }

    /// As it goes into `Location`, after the origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f08_climbing_paths_are_refused_in_every_spelling() {
        for climbing in [
            "/public/../private",
            "/public/%2e%2e/private",
            "/public/%2E%2e%2fprivate",
            "/public/..;/private",
            "/public//../private",
            "/public%2f..%2fprivate",
            "/public/..%5cprivate",
            "/public\\..\\private",
            "/public/./../private",
            "/public/%252e%252e/private",
            "/a/.",
            "/..",
            "/public/%2e/x",
        ] {
            assert_eq!(NormalisedPath::read(climbing), Err(TargetError::Climbs), "{climbing}");
        }
    }

    #[test]
    fn f08_malformed_targets_are_refused() {
        for (target, error) in [
            ("/%", TargetError::BrokenEscape),
            ("/%zz", TargetError::BrokenEscape),
            ("/a b", TargetError::Control),
            ("/\u{ff}", TargetError::Control),
            ("/a%00", TargetError::Control),
            ("/a%0d%0a", TargetError::Control),
            ("/private#/public/a.png", TargetError::Fragment),
            ("*", TargetError::NotAPath),
            ("", TargetError::NotAPath),
            ("//", TargetError::NotAPath),
            ("//evil.tld/a", TargetError::NotAPath),
        ] {
            assert_eq!(NormalisedPath::read(target), Err(error), "{target:?}");
        }
    }

    #[test]
    fn f08_ambiguous_forms_are_noticed_but_not_always_refused() {
        for (path, ambiguous) in [("/a;jsessionid=1", true), ("/a%2Fb", true), ("/a//b", true), ("/a..b/c.d", false)] {
            assert_eq!(NormalisedPath::read(path).map(|path| path.is_ambiguous()), Ok(ambiguous), "{path}");
        }
    }

    #[test]
    fn f08_the_short_way_for_plain_paths_says_what_the_long_way_says() {
        let signs = ["/", ".", "a", "Z", "0", "-", "_", "%", "%2e", "%2f", ";", "\\", "~", "#", " ", "\u{e9}"];
        let pick = |number: usize, place: u32| signs[number / signs.len().pow(place) % signs.len()];
        for number in 0..signs.len().pow(4) {
            let path: String = ["/"].into_iter().chain((0..4).map(|place| pick(number, place))).collect();
            // What reads like a host is refused before either way is gone.
            let close =
                if path.starts_with("//") { Err(TargetError::NotAPath) } else { NormalisedPath::read_closely(&path) };
            assert_eq!(NormalisedPath::read(&path), close, "{path}");
        }
    }

    #[test]
    fn a_rule_covers_what_it_says_and_smells_its_other_spellings() {
        let rule = |text: &str| PathRule::parse(text).expect("a rule");
        assert!(rule("/public/").covers("/public/a.png"));
        assert!(!rule("/public/").covers("/publicity"));
        assert!(rule("/login").covers("/login") && !rule("/login").covers("/login/x"));
        assert!(rule("/login").could_cover("//login") && rule("/login").could_cover("/login;x=1"));
        assert!(PathRule::parse("public").is_none() && PathRule::parse("/a/../b").is_none());
    }

    #[test]
    fn a_sign_in_only_returns_to_the_agencys_own_host() {
        for foreign in [
            "//evil.tld",
            "/\\evil.tld",
            "https://evil.tld",
            "/\t/evil.tld",
            "evil",
            "",
            "/a\r\nb",
            "/%2f/evil.tld",
            "/.vestibule/logout",
            "/a/../b",
            "///evil.tld",
            "/%5cevil.tld",
            "/a#b",
            "javascript:alert(1)",
        ] {
            let there = ReturnPath::parse_or_home(foreign);
            assert!(there == ReturnPath::home() || there.as_str().starts_with("/%"), "{foreign}: {there:?}");
            assert!(!there.as_str().starts_with("//"));
        }
        assert_eq!(ReturnPath::parse_or_home("/admin/?next=%2Fx&y=1").as_str(), "/admin/?next=%2Fx&y=1");
    }

    #[test]
    fn a18_a_rule_with_a_query_covers_every_spelling_of_it() {
        let rule = PathRule::parse_page("/wiki/doku.php?do=logout").expect("a rule");
        let covers = |query| rule.covers_page("/wiki/doku.php", query);
        for query in ["do=logout", "id=start&do=logout&sectok=1", "%64o=log%6Fut", "do=show&do=logout"] {
            assert!(covers(Some(query)), "{query}");
        }
        assert!(
            !covers(None) && !covers(Some("do=show")) && !covers(Some("do=logout2")) && !covers(Some("xdo=logout"))
        );
        assert!(!rule.covers_page("/wiki/", Some("do=logout")) && !rule.covers("/wiki/doku.php"));
        assert_eq!(rule.text(), "/wiki/doku.php?do=logout");
        for bad in ["/a?", "/a?b", "/a/?b=c", "/a?b=c&d=e", "/a?=c", "/a?b=%20", "?b=c"] {
            assert_eq!(PathRule::parse_page(bad), None, "{bad}");
        }
    }
}
