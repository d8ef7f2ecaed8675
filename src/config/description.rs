//! How `check` shows every value.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::origins::ValueOrigin;
use super::settings::Settings;
use crate::domain::agency_code::AgencyCode;

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
