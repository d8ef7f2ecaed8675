//! Single values: what a text has to be to become a colour, an origin, a path, a network, a selector.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::problems::Wrong;
use crate::domain::colour::Colour;
use crate::domain::email::EmailAddress;
use crate::domain::logout::CookieName;
use crate::domain::origin::{Origin, Scheme, host_of_authority};
use crate::domain::path::{FieldRule, NormalisedPath, PathRule, ReturnPath, RuleError};
use crate::domain::text::has_control;

/// A text that stands on pages and in letters: one line, not empty.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("is empty"));
    }
    if has_control(text) {
        return Err(Wrong::new("has a line break or another control character"));
    }
    Ok(text.trim().to_owned())
}

/// `#rrggbb`, readable as text on white and under white text.
pub(super) fn colour(text: &str) -> Result<String, Wrong> {
    let colour = text.strip_prefix('#').filter(|digits| !digits.starts_with('#')).and_then(Colour::parse);
    let colour = colour.ok_or_else(|| Wrong::new(format!("\"{text}\" is not a colour such as \"#1f4f8b\"")))?;
    let (contrast, least) = (colour.contrast_with_white(), Colour::LEAST_CONTRAST);
    if contrast < least {
        return Err(Wrong::new(format!(
            "the contrast of {text} with white is {contrast:.2}:1, and residents need {least}:1 (WCAG 2.2, 1.4.3)"
        ))
        .hint("take a darker shade"));
    }
    Ok(colour.hex())
}

/// An origin that browsers see: https, or http where nothing leaves this machine.
pub(super) fn public_origin(text: &str) -> Result<Origin, Wrong> {
    let origin = origin(text)?;
    if host_of_authority(origin.host()).as_deref() != Some(origin.host()) {
        return Err(Wrong::new(format!("\"{}\" is not a host name that requests can be told apart by", origin.host())));
    }
    if origin.scheme() == Scheme::Http && !is_this_machine(origin.host()) {
        return Err(Wrong::new(format!(
            "plain http for {}: passwords and cookies would travel in the clear",
            origin.host()
        ))
        .hint("put a TLS terminator in front of the gateway and write the https:// URL that residents see"));
    }
    Ok(origin)
}

/// `http(s)://host[:port]`, and nothing after it.
pub(super) fn origin(text: &str) -> Result<Origin, Wrong> {
    Origin::parse(text).ok_or_else(|| {
        let wrong = Wrong::new(format!("\"{text}\" is not http:// or https://, a host and at most a port"));
        match url::Url::parse(text).ok().as_ref().and_then(Origin::of) {
            Some(origin) => wrong.hint(format!("paths stay as they are, so nothing follows the host: \"{origin}\"")),
            None => wrong,
        }
    })
}

/// The value of a `Host` header.
pub(super) fn host_header(text: &str) -> Result<String, Wrong> {
    match host_of_authority(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Wrong::new(format!("\"{text}\" is not a host with at most a port"))),
    }
}

/// An address with port to listen on.
pub(super) fn listener(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(format!("\"{text}\" is not an IP address with a port"))
            .hint("such as \"127.0.0.1:8080\" or \"[::]:8080\"")
    })
}

/// A network of proxies, or one of them; never everybody (SEC-011), in whichever way everybody is written.
pub(super) fn trusted_network(text: &str) -> Result<IpNet, Wrong> {
    let one = |_| text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse::<IpNet>().or_else(one).map_err(|_| {
        Wrong::new(format!("\"{text}\" is not a network")).hint("such as \"10.0.0.0/8\" or \"192.0.2.7\"")
    })?;
    let too_wide = match network {
        IpNet::V4(network) => network.prefix_len() < 8,
        // Also the IPv4 addresses as IPv6 writes them, ::ffff:0:0/96.
        IpNet::V6(network) => {
            network.prefix_len() < 7
                || network.prefix_len() < 104 && network.contains(&Ipv4Addr::LOCALHOST.to_ipv6_mapped())
        }
    };
    if too_wide {
        return Err(Wrong::new(format!("{network} is (nearly) everybody, who could then say who they are"))
            .hint("list the addresses of your own proxies only"));
    }
    Ok(network)
}

/// An e-mail address for residents to write to.
pub(super) fn email(text: &str) -> Result<String, Wrong> {
    EmailAddress::parse(text)
        .map(|email| email.as_str().to_owned())
        .map_err(|error| Wrong::new(format!("\"{text}\": {error}")))
}

/// A name of the DNS, in small letters.
pub(super) fn domain(text: &str) -> Result<String, Wrong> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 253 && text.split('.').all(label) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Wrong::new(format!("\"{text}\" is not a name such as \"moncompte.example\"")))
}

/// Whether a host is this machine and no other.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The sender of letters: `Name <address>` or an address.
pub(super) fn sender(text: &str) -> Result<String, Wrong> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text.trim()),
    };
    if has_control(name) || name.contains(['<', '>', '"', ',']) {
        return Err(Wrong::new(format!("\"{name}\" cannot be a sender's name")));
    }
    email(address).map(|_| text.trim().to_owned())
}

/// `redis://host[:port][/db]` or `rediss://…`, without a password.
pub(super) fn redis_url(text: &str) -> Result<String, Wrong> {
    let wrong = || Wrong::new("this is not redis:// or rediss://, a host and at most a port and a number");
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "redis" | "rediss"));
    let url = url.filter(url::Url::has_host).ok_or_else(wrong)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("a password in an address is easily shown").hint("username and password_file"));
    }
    let number = url.path().trim_start_matches('/');
    if !(number.is_empty() || number.parse::<u16>().is_ok()) || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

/// Whether such an address leads to this machine.
pub(super) fn is_redis_here(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.host_str().is_some_and(is_this_machine))
}

/// A page about help.
pub(super) fn web_address(text: &str) -> Result<String, Wrong> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(|url| url.to_string()).ok_or_else(|| Wrong::new(format!("\"{text}\" is not an http(s) address")))
}

/// A path of the extranet that the gateway opens itself, perhaps with a query; letters beyond ASCII are escaped as browsers
/// do where they are written as they are read.
pub(super) fn page(text: &str) -> Result<String, Wrong> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let clean = !has_control(query) && !query.contains([' ', '#']);
    match NormalisedPath::read(&beyond_ascii_escaped(path)) {
        Ok(_) if clean => Ok(beyond_ascii_escaped(text)),
        Ok(_) => Err(Wrong::new(format!("the query of \"{text}\" is not percent-encoded"))),
        Err(error) => {
            Err(Wrong::new(format!("\"{text}\": {error}")).hint("a path of the extranet, such as \"/login.php\""))
        }
    }
}

fn beyond_ascii_escaped(text: &str) -> String {
    utf8_percent_encode(text, CONTROLS).to_string()
}

/// A page that a browser is led to.
pub(super) fn return_path(text: &str) -> Result<ReturnPath, Wrong> {
    ReturnPath::parse(&page(text)?).ok_or_else(|| {
        Wrong::new(format!("\"{text}\" is not a page of the extranet"))
            .hint("its path, percent-encoded, with its query if it has one, such as \"/espace/accueil.php\"")
    })
}

/// A rule on paths that opens.
pub(super) fn opening_rule(text: &str) -> Result<PathRule, Wrong> {
    let hint = "\"/static/\" for everything below, \"/logo.png\" for one path, \"=/login/logo.png\" for one below a rule that restricts";
    PathRule::parse_opening(text).map_err(|error| no_rule(text, error).hint(hint))
}

/// A rule on paths that restricts, perhaps with one `name=value` of the query.
pub(super) fn page_rule(text: &str) -> Result<PathRule, Wrong> {
    let hint = "\"/login.php\" in every spelling, with everything below; \"=/login.php\" for this one path; either with one name=value, such as \"/index.php?route=/logout\"";
    PathRule::parse(text).map_err(|error| no_rule(text, error).hint(hint))
}

/// A field of a form, perhaps at one path.
pub(super) fn field_rule(text: &str) -> Result<FieldRule, Wrong> {
    let hint =
        "\"action=logout\" or \"logout\" wherever it is sent, \"/index.php?do=logout\" where it is sent to this path";
    FieldRule::parse(text).map_err(|error| Wrong::new(format!("\"{text}\" is no field of a form: {error}")).hint(hint))
}

/// The name of a cookie, or with a `*` at its end what names begin with.
pub(super) fn cookie_name(text: &str) -> Result<CookieName, Wrong> {
    if text == "*" {
        return Err(Wrong::new("every cookie would be the session's"));
    }
    token(text).map(|name| CookieName::new(&name))
}

fn no_rule(text: &str, error: RuleError) -> Wrong {
    match error {
        RuleError::Everything => Wrong::new(format!("\"{text}\" would cover every path of the extranet")),
        error => Wrong::new(format!("\"{text}\" is not a path rule: {error}")),
    }
}

/// A CSS selector that is looked for while a page streams.
pub(super) fn streamed_selector(text: &str) -> Result<String, Wrong> {
    match text.parse::<lol_html::Selector>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Wrong::new(format!("\"{text}\" cannot be looked for in a page that streams: {error}"))
            .hint("an element with id, class or attribute, such as \"form#login\"")),
    }
}

/// A CSS selector.
pub(super) fn selector(text: &str) -> Result<String, Wrong> {
    match scraper::Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Wrong::new(format!("\"{text}\" is not a CSS selector: {}", why_no_selector(&error)))
            .hint("a tag, #id, .class or [attribute=value], such as \"div.error\" or \"form[action*=login]\"")),
    }
}

/// The library has words for some of them, and asks to be told of the others: its own name of an error says which it is.
fn why_no_selector(error: &scraper::error::SelectorErrorKind) -> &'static str {
    use scraper::error::SelectorErrorKind as Kind;
    let Kind::UnexpectedSelectorParseError(other) = error else {
        return match error {
            Kind::EndOfLine => "it ends too early",
            Kind::ExpectedColonOnPseudoElement | Kind::ExpectedIdentityOnPseudoElement => {
                "a pseudo-element wants two colons and a name"
            }
            Kind::TooManyNestedBlocks => "it is nested too deeply",
            _ => "something stands there that is not expected",
        };
    };
    let name = format!("{other:?}");
    match name.split(['(', ' ', '{']).next().unwrap_or_default() {
        "EmptySelector" => "nothing is selected",
        "DanglingCombinator" => "nothing follows, or precedes, one of its combinators (space, >, +, ~)",
        "ClassNeedsIdent" => "a dot wants the name of a class after it",
        "UnsupportedPseudoClassOrElement" | "UnexpectedIdent" | "NoIdentForPseudo" => {
            "it has a pseudo-class or pseudo-element that is not known here"
        }
        "NoQualifiedNameInAttributeSelector"
        | "UnexpectedTokenInAttributeSelector"
        | "ExpectedBarInAttr"
        | "BadValueInAttr"
        | "InvalidQualNameInAttr" => "what stands in its square brackets is no attribute with a value",
        "ExpectedNamespace" | "ExplicitNamespaceUnexpectedToken" => "namespaces are not known here",
        _ => "it cannot be read",
    }
}

/// An encoding by its WHATWG label.
pub(super) fn charset(text: &str) -> Result<String, Wrong> {
    match encoding_rs::Encoding::for_label(text.as_bytes()) {
        Some(_) => Ok(text.to_owned()),
        None => {
            Err(Wrong::new(format!("there is no encoding \"{text}\"")).hint("such as \"utf-8\" or \"windows-1252\""))
        }
    }
}

/// The name of a cookie or of another thing that is a token (RFC 9110, 5.6.2).
pub(super) fn token(text: &str) -> Result<String, Wrong> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("\"{text}\" cannot be such a name"))) }
}

/// Levels of the log.
pub(super) fn log_level(text: &str) -> Result<String, Wrong> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |level: &str| LEVELS.contains(&level.trim());
    let wrong = text.split(',').find(|part| !is_level(part.split_once('=').map_or(*part, |(_, level)| level)));
    match wrong {
        Some(part) => Err(Wrong::new(format!("\"{part}\" is not a level")).hint(LEVELS.join(", "))),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_never_leaves_this_machine_is_this_machine() {
        for here in ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_this_machine(here), "{here}");
        }
        for away in ["", "127.example.org", "localhost.example.org", "0.0.0.0", "[::]", "128.0.0.1", "alocalhost"] {
            assert!(!is_this_machine(away), "{away}");
        }
    }
}
