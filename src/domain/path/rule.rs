//! Rules on paths, as an operator writes them, and which paths they cover.

use super::readings::{Readings, decode, is_clear, look, segments, text_of};
use super::{NormalisedPath, TargetError};

/// Why a text is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It does not begin with `/` or `=/`.
    #[error("it does not begin with / or =/")]
    NotAPath,
    /// It cannot be asked for.
    #[error("{0}")]
    Target(#[from] TargetError),
    /// It has signs that servers take off, or read differently.
    #[error("servers differ about one of ; \\ # % ? // or a blank or dot at an end, so it can never hold")]
    Unclear,
    /// It has more than one `name=value`, or none.
    #[error("behind the ? stands one name=value, or one name alone")]
    Pair,
    /// A rule that opens looks at the path alone.
    #[error("a rule that opens has no query: which of two pairs counts, servers disagree about")]
    Query,
    /// Every path begins like this.
    #[error("it would cover every path of the extranet")]
    Everything,
}

/// A rule on paths.
///
/// One that restricts covers the path as every server may read it, and everything below; one that opens covers the path
/// itself, or what is below if it ends with `/`. `=/path` is the one path, and no other spelling of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathRule {
    text: String,
    is_exact: bool,
    /// Decoded once.
    path: String,
    /// The path's segments as forgiving servers compare them.
    place: Vec<String>,
    depth: usize,
    pair: Option<Pair>,
}

/// What has to be in the query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    name: String,
    /// As segments, since front controllers have paths there; none: whatever the value.
    value: Vec<String>,
}

impl PathRule {
    /// Reads a rule that restricts: `/path` or `=/path`, perhaps with a `?name=value`; escaped or as it is read.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let (is_exact, written) = text.strip_prefix('=').map_or((false, text), |rest| (true, rest));
        let (written, query) = match written.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (written, None),
        };
        if !written.starts_with('/') {
            return Err(RuleError::NotAPath);
        }
        let path = text_of(&decode(written.as_bytes()));
        let mut place = segments(&look(&path));
        let signs = path.contains(['%', '?', '#', ';', '\\']) || path.contains("//");
        let names = path.split('/').filter(|name| !name.is_empty()).count();
        if signs || broken(written) || path.chars().any(char::is_control) || place.len() != names {
            return Err(RuleError::Unclear);
        }
        let pair = query.map(Pair::parse).transpose()?;
        if place.is_empty() && pair.is_none() && !is_exact {
            return Err(RuleError::Everything);
        }
        let depth = place.len();
        // `/index.php?route=…` is `/?route=…`, too.
        if pair.is_some() && !is_exact && place.last().is_some_and(|name| is_front(name)) {
            place.pop();
        }
        Ok(Self { text: text.to_owned(), is_exact, path, place, depth, pair })
    }

    /// Reads a rule that opens.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse_opening(text: &str) -> Result<Self, RuleError> {
        if text.contains('?') {
            return Err(RuleError::Query);
        }
        let rule = Self::parse(text)?;
        if is_clear(&rule.path) { Ok(rule) } else { Err(RuleError::Unclear) }
    }

    /// Whether it opens this path: only if every server reads it so.
    #[must_use]
    pub fn opens(&self, path: &NormalisedPath) -> bool {
        let is_folder = self.path.ends_with('/') && !self.is_exact;
        path.is_clear() && (if is_folder { path.as_str().starts_with(&self.path) } else { path.as_str() == self.path })
    }

    /// Whether it is for this path, in one of its readings, whatever the query.
    fn is_at(&self, path: &NormalisedPath, readings: &Readings<'_>) -> bool {
        if self.is_exact { path.as_str() == self.path } else { readings.may_be(&self.place, true) }
    }

    /// Whether it restricts this path with this query, in one of its readings.
    pub(super) fn restricts(&self, path: &NormalisedPath, readings: &Readings<'_>, query: Option<&str>) -> bool {
        // Some server takes an escaped `?` for one.
        let said = |pair: &Pair| pair.is_in(query) || readings.queries().iter().any(|query| pair.is_in(Some(query)));
        self.is_at(path, readings) && self.pair.as_ref().is_none_or(said)
    }

    /// Among rules that restrict, the greater one is more special: the deeper path, then the query, then the letter.
    pub(super) const fn specialness(&self) -> (usize, bool, bool) {
        (self.depth, self.pair.is_some(), self.is_exact)
    }

    /// Whether it is for one spelling only.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Whether it looks at the path alone.
    pub(super) const fn has_no_query(&self) -> bool {
        self.pair.is_none()
    }

    /// Whether two rules that restrict cover the same requests.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let same = if self.is_exact { self.path == other.path } else { self.place == other.place };
        self.is_exact == other.is_exact && same && self.pair == other.pair
    }

    /// Whether everything that it opens lies at or below the other's path.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.place.starts_with(&other.place)
    }

    /// Its path, decoded.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A field of a form that means one thing, wherever it is sent or at one path: `action=logout`, `/index.php?do=logout`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldRule {
    text: String,
    at: Option<PathRule>,
    pair: Pair,
}

impl FieldRule {
    /// Reads a rule: one `name=value` or one name alone, perhaps behind a path and a `?`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let (at, pair) = if text.starts_with(['/', '=']) {
            let rule = PathRule::parse(text)?;
            let pair = rule.pair.clone().ok_or(RuleError::Pair)?;
            (Some(rule), pair)
        } else {
            (None, Pair::parse(text)?)
        };
        Ok(Self { text: text.to_owned(), at, pair })
    }

    /// Whether forms that are sent to this path are looked at.
    #[must_use]
    pub fn is_at(&self, path: &NormalisedPath) -> bool {
        self.at.as_ref().is_none_or(|rule| rule.is_at(path, &path.readings()))
    }

    /// Whether a field is the one, however it is written.
    #[must_use]
    pub fn is_field(&self, name: &str, value: &str) -> bool {
        let value = segments(&look(value));
        name_of(name) == self.pair.name && value.starts_with(&self.pair.value)
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Whether a percent sign stands without its two digits.
fn broken(text: &str) -> bool {
    super::decode_once(text).is_err()
}

/// Names of pages that servers show for their folder, and by which applications that are one script are called.
pub(super) fn is_front(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    matches!(stem, "index" | "default" | "main" | "app" | "home" | "start")
}

impl Pair {
    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let pair = Self { name: name_of(name), value: value_of(value) };
        let fits = !text.contains(['&', '#']) && !broken(text) && !pair.name.is_empty();
        if fits && (value.is_empty() || !pair.value.is_empty()) { Ok(pair) } else { Err(RuleError::Pair) }
    }

    /// Whether one of the query's pairs is this one, be it escaped once or twice.
    pub(super) fn is_in(&self, query: Option<&str>) -> bool {
        let query = query.unwrap_or_default();
        let twice = query.contains("%25").then(|| query.replace("%25", "%"));
        std::iter::once(query).chain(twice.as_deref()).any(|query| pieces(query).any(|piece| self.is_piece(piece)))
    }

    fn is_piece(&self, piece: &str) -> bool {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        name_of(name) == self.name && value_of(value).starts_with(&self.value)
    }

    /// Whether the value says that somebody signs in there.
    pub(super) fn says(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.value.last().is_some_and(|value| is_meant(value))
    }
}

/// What stands between the signs of a query. Some servers take `;` for one.
fn pieces(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').flat_map(|piece| {
        let parts = piece.contains(';').then(|| piece.split(';'));
        std::iter::once(piece).chain(parts.into_iter().flatten())
    })
}

/// A name as PHP, ASP and servlets fold it: without case, with one sign for `.`, `[` and blanks inside. `name[]` and
/// `name[0]` are lists of one, which some languages compare like it.
fn name_of(text: &str) -> String {
    let text = text_of(&decode(text.replace('+', " ").as_bytes()));
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '?');
    let list = text.strip_suffix(']').and_then(|text| text.split_once('['));
    let name = list.filter(|(_, at)| at.bytes().all(|byte| byte.is_ascii_digit())).map_or(text, |(name, _)| name);
    look(&name.replace(['.', ' ', '['], "_"))
}

fn value_of(text: &str) -> Vec<String> {
    segments(&look(&text_of(&decode(text.replace('+', " ").as_bytes()))))
}
