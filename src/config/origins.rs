//! Where each value comes from, and how `check` shows it.

use std::fmt;
use std::path::PathBuf;

use crate::domain::agency::AgencyCode;

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
