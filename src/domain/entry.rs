//! One sign-in upstream, told from those before and after it: what a request was sent with says whether that is over.

use std::fmt;

use jiff::Timestamp;

use super::path::ReturnPath;
use super::secret::Secret;

/// A sign-in of one account at its extranet, by when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(i64);

impl Entry {
    /// The sign-in of this moment, as exactly as it is kept.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(time.as_millisecond())
    }

    /// Whether it was before this moment.
    #[must_use]
    pub fn is_before(self, time: Timestamp) -> bool {
        self.0 <= time.as_millisecond()
    }

    /// Reads back what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a browser on an agency's host knows of the sign-ins upstream just now: how many there were in a row for one page
/// (REL-042), and which is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewals {
    /// How many; none at the arrival.
    pub count: u32,
    /// The page's name.
    pub place: String,
    /// Whose cookies the browser was given.
    pub entry: Option<Entry>,
}

impl Renewals {
    /// A page's name.
    #[must_use]
    pub fn place(page: &ReturnPath) -> String {
        Secret::new(page.as_str()).digest().to_hex().chars().take(8).collect()
    }

    /// The sign-in upstream that was made for this page, if the last one was.
    #[must_use]
    pub fn entered_for(&self, page: &ReturnPath) -> Option<Entry> {
        self.entry.filter(|_| self.count > 0 && self.place == Self::place(page))
    }

    /// Reads the cookie.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (count, place) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        Some(Self { count, place, entry: parts.next().and_then(Entry::parse) })
    }
}

impl fmt::Display for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.count, self.place)?;
        self.entry.map_or(Ok(()), |entry| write!(f, ".{entry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f9_a_browser_tells_back_which_sign_in_it_was_given() {
        let entry = Some(Entry::at(Timestamp::from_millisecond(1_234).expect("a time")));
        for renewals in [
            Renewals { count: 2, place: "ab12".to_owned(), entry },
            Renewals { count: 0, place: String::new(), entry: None },
        ] {
            assert_eq!(Renewals::parse(&renewals.to_string()), Some(renewals));
        }
        assert_eq!(Renewals::parse("3.ab.x").and_then(|read| read.entry), None);
        assert_eq!(Renewals::parse("x.ab"), None);
    }
}
