//! The headers that tell an extranet who is there.

use super::document::Section;
use super::problems::Wrong;
use super::values;
use crate::domain::identity_headers::{IdentityHeader, PLACEHOLDERS, Template};
use crate::domain::text::has_control;

/// Headers that belong to the connection or to the gateway: whoever sets them changes more than a name.
const NOT_OURS: [&str; 22] = [
    "accept-encoding",
    "authorization",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
];

/// Reads `[[headers]]` of an agency's file.
pub(super) fn read(agency: &Section<'_>) -> Vec<IdentityHeader> {
    let mut folded_names: Vec<String> = Vec::new();
    let mut headers = Vec::new();
    for section in agency.sections("headers") {
        let name = section.parsed("name", |text| header_name(text, &folded_names));
        folded_names.extend(name.as_deref().map(folded));
        let template = section.parsed("value", template);
        if let (Some(name), Some(template), Some(encoding)) = (name, template, section.choice("encoding")) {
            headers.push(IdentityHeader { name, template, encoding });
        }
    }
    headers
}

/// An extranet that only believes headers has to be told the account by one of them.
pub(super) fn check_account_is_named(agency: &Section<'_>) {
    let names = |header: &Section<'_>| header.text("value").is_some_and(|value| value.contains("{login}"));
    if !agency.sections("headers").iter().any(names) {
        let wrong = Wrong::new("missing; with trusted-headers one header has to carry {login}");
        agency.error("headers", wrong.hint("[[headers]] with name = \"X-Extranet-User\" and value = \"{login}\""));
    }
}

/// As CGI, WSGI and PHP fold names: without case, `_` as `-`.
pub(super) fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

pub(super) fn header_name(text: &str, earlier: &[String]) -> Result<String, Wrong> {
    let name = values::token(text)?;
    let folded = folded(&name);
    if NOT_OURS.contains(&folded.as_str()) || folded.starts_with("content-") || folded.starts_with("x-forwarded-") {
        return Err(Wrong::new(format!("{name} belongs to the connection or to the gateway itself"))
            .hint("take a name of its own, such as \"X-Extranet-User\""));
    }
    if earlier.contains(&folded) {
        return Err(Wrong::new(format!("{name} is there twice")).hint("case does not count, and `_` counts as `-`"));
    }
    Ok(name)
}

fn template(text: &str) -> Result<Template, Wrong> {
    if text.is_empty() || has_control(text) {
        return Err(Wrong::new("is empty, or has a line break or another control character"));
    }
    Template::parse(text).map_err(|message| {
        let known: Vec<String> = PLACEHOLDERS.iter().map(|name| format!("{{{name}}}")).collect();
        Wrong::new(message).hint(format!("there are {}", known.join(", ")))
    })
}
