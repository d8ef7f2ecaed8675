//! Where each value comes from, and how `check` shows it.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use super::settings::Settings;
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

/// Every value with its origin, as `check` prints it: first the gateway's, then each agency's.
#[must_use]
pub fn describe(settings: &Settings) -> String {
    // Sorted out once: there may be ten thousand agencies.
    let mut sorted: HashMap<Option<&AgencyCode>, Vec<&ValueOrigin>> = HashMap::new();
    for origin in &settings.origins {
        sorted.entry(origin.agency.as_ref()).or_default().push(origin);
    }
    let of = |agency| sorted.get(&agency).map(Vec::as_slice).unwrap_or_default();
    let mut text = format!("Gateway, {}\n", settings.portal.origin);
    table(&mut text, of(None));
    for agency in &settings.agencies {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{} {}, {}\n", agency.code, agency.brand.name, agency.public);
        table(&mut text, of(Some(&agency.code)));
    }
    text
}

fn table(text: &mut String, origins: &[&ValueOrigin]) {
    let width = |column: fn(&ValueOrigin) -> &str| origins.iter().map(|origin| column(origin).chars().count()).max();
    let key_width = width(|origin| &origin.key).unwrap_or(0);
    // A long value, such as a list of rules, does not push the others' origins out of sight.
    let value_width = width(|origin| &origin.value).unwrap_or(0).min(40);
    for ValueOrigin { key, value, from, .. } in origins {
        let _ = writeln!(text, "  {key:key_width$}  {value:value_width$}  {from}");
    }
}
