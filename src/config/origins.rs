//! Where each value comes from.

use std::fmt;
use std::path::PathBuf;

use crate::domain::agency_code::AgencyCode;

/// A value as used, with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueOrigin {
    /// The agency it belongs to; none for the gateway itself.
    pub agency: Option<AgencyCode>,
    /// The key with its tables, `policy.code_minutes`.
    pub key: String,
    /// The value as it would be written; a secret shows as `(secret)`.
    pub value: String,
    /// Where it comes from.
    pub from: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody wrote it.
    Default,
    /// It stands in a file.
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// It follows from another value; the text says how.
    Derived(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Derived(why) => f.write_str(why),
        }
    }
}

/// Lists a value that follows from another one, beside those of the same table.
pub(super) fn derive(origins: &mut Vec<ValueOrigin>, key: &str, value: String, how: &str) {
    let table = key.split('.').next();
    let last = origins.iter().rposition(|origin| origin.key.split('.').next() == table);
    let from = Source::Derived(how.to_owned());
    let at = last.map_or(origins.len(), |last| last + 1);
    origins.insert(at, ValueOrigin { agency: None, key: key.to_owned(), value, from });
}

/// A text as it would be written.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
