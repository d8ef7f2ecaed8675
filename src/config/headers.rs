//! The headers that tell an extranet who is there.

use super::document::Section;
use super::keys::{self, AGENCY, HEADER};
use super::problems::Wrong;
use crate::domain::identity_headers::{Ambiguity, IdentityHeader, PLACEHOLDERS, Template, common_name};
use crate::domain::text::has_control;

/// Headers that belong to the connection or to the gateway: whoever sets them changes more than a name.
const NOT_OURS: [&str; 25] = [
    "accept-encoding",
    "authorization",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
];

/// Reads `[[headers]]` of an agency's file.
pub(super) fn read(agency: &Section<'_, keys::Agency>) -> Vec<IdentityHeader> {
    let mut common_names: Vec<String> = Vec::new();
    let mut headers = Vec::new();
    for section in agency.sections(AGENCY.headers) {
        let name = section.parsed(HEADER.name, |text| header_name(text, &common_names));
        common_names.extend(name.as_deref().map(|name| common_name(name).into_owned()));
        let template = section.parsed(HEADER.value, template);
        if let (Some(name), Some(template), Some(encoding)) = (name, template, section.choice(HEADER.encoding)) {
            let header = IdentityHeader { name, template, encoding };
            check_encoding(&section, &header);
            warn_of_anothers(&section, &header);
            headers.push(header);
        }
    }
    headers
}

/// What can never be written is an error, what some residents may lack is told (decision 43).
fn check_encoding(section: &Section<'_, keys::Header>, header: &IdentityHeader) {
    let hint = "encoding = \"percent\", \"utf8\" or \"base64\", as far as the extranet reads it";
    if !header.can_be_written() {
        section.error(HEADER.value, Wrong::new("latin1 cannot write it, whoever the resident is").hint(hint));
    } else if header.may_be_unwritable() {
        let what = if header.names_account() {
            "a resident whose identifier has letters beyond ISO-8859-1 is not forwarded"
        } else {
            "a name with letters beyond ISO-8859-1 (œ, €, ł) is left out"
        };
        section.warning(HEADER.encoding, Wrong::new(what).hint(hint));
    }
}

/// Two residents never arrive as one: a value that could be another account's is told.
fn warn_of_anothers(section: &Section<'_, keys::Header>, header: &IdentityHeader) {
    let name = &header.name;
    let (what, hint) = match header.can_be_anothers() {
        None => return,
        Some(Ambiguity::Name) => (
            format!("{name} can be the same for two accounts: a name and an identifier run into each other"),
            "value = \"{login}\", and the name in a header of its own",
        ),
        Some(Ambiguity::Kind) => (
            format!("{name} can be the same for two accounts: \"durandco-\" + \"owner\" is \"durand\" + \"co-owner\""),
            "{login} once, and between it and {kind} a sign that is no small letter and no -",
        ),
    };
    section.warning(HEADER.value, Wrong::new(what).hint(hint));
}

/// An extranet that only believes headers has to be told the account by one of them.
pub(super) fn check_account_is_named(agency: &Section<'_, keys::Agency>) {
    let names =
        |header: &Section<'_, keys::Header>| header.text(HEADER.value).is_some_and(|value| value.contains("{login}"));
    if !agency.sections(AGENCY.headers).iter().any(names) {
        let wrong = Wrong::new("missing; with trusted-headers one header has to carry {login}");
        agency.error(AGENCY.headers, wrong.hint("[[headers]] with name = \"X-Extranet-User\" and value = \"{login}\""));
    }
}

/// A name that reads the same for everybody: servers make one of `X.User`, `X_User` and `X--User`, each in its own way.
pub(super) fn header_name(text: &str, earlier: &[String]) -> Result<String, Wrong> {
    let fits = text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !fits {
        return Err(Wrong::new(format!("\"{text}\" is not read alike by all servers"))
            .hint("letters and digits with a single - between them, such as \"X-Extranet-User\""));
    }
    let common = common_name(text);
    let begins = ["content-", "x-forwarded-", "x-vestibule-"].iter().any(|begin| common.starts_with(begin));
    if NOT_OURS.contains(&&*common) || begins {
        return Err(Wrong::new(format!("{text} belongs to the connection or to the gateway itself"))
            .hint("take a name of its own, such as \"X-Extranet-User\""));
    }
    if earlier.iter().any(|earlier| *earlier == common) {
        return Err(Wrong::new(format!("{text} is there twice")).hint("case does not count"));
    }
    Ok(text.to_owned())
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
