//! What ends a session: a form of a page, or a link, with the token that stands somewhere on it.

use percent_encoding::percent_decode_str;
use scraper::{ElementRef, Html, Selector};
use url::Url;
use zeroize::Zeroizing;

use super::super::page::{self, Page};
use super::super::site::Site;
use super::button::{self, Pressed};
use super::controls::Forms;
use super::encode::{self, Enctype};
use super::entries::{entries, set};
use super::{Method, Submission, Target, base_of, encoding_of, owners};
use crate::domain::upstream::{Found, LogoutCall};

/// The form that is sent to `path`, with what it holds already and further fields: those with a value from elsewhere on the
/// page, and constant ones. With one of the first, no form needs to be there. None where something is not as declared.
pub(in super::super) fn fill(
    page: &Page,
    site: &Site,
    path: &str,
    fields: &[(String, Found)],
    extra: &[(String, String)],
) -> Option<Submission> {
    let read = owners::read(&page.text)?;
    let forms = Forms::of(&read);
    let target = Target { page, site, base: base_of(&read.html, page), posts: false };
    let wanted = site.page(path)?;
    let leads_there = |form: ElementRef<'_>, pressed: &Pressed<'_>| {
        let is_asked =
            |url: &Url| wanted.query().is_none_or(|query| url.query().is_some_and(|own| is_same(own, query)));
        target.action(form, pressed).is_some_and(|url| is_same(url.path(), wanted.path()) && is_asked(&url))
    };
    let given: Option<Vec<(&str, String)>> =
        fields.iter().map(|(name, found)| Some((name.as_str(), value(&read.html, name, found)?))).collect();
    let given = given?;
    let add = |list: &mut Vec<_>| {
        let constant = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        given
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(constant)
            .for_each(|(name, value)| set(list, name, value));
    };
    // More forms than any page has; each is a walk through all controls.
    let found = forms.all.iter().take(50).find_map(|form| {
        let controls = forms.controls_of(*form);
        let buttons =
            controls.iter().filter(|control| control.submits() && !control.disabled).take(50).map(button::press);
        let pressed = std::iter::once(button::on_enter(&controls)).chain(buttons);
        let pressed = pressed.into_iter().find(|pressed| leads_there(*form, pressed))?;
        Some((*form, controls, pressed))
    });
    match found {
        Some((form, controls, pressed)) => {
            let encoding = encoding_of(page, form);
            let mut list = entries(&controls, &[], pressed.button, encoding);
            add(&mut list);
            target.submission(form, &pressed, list, encoding).ok()
        }
        None if !given.is_empty() => {
            let mut list = Vec::new();
            add(&mut list);
            let (content_type, fields): (_, Zeroizing<Vec<u8>>) =
                encode::body(list, Enctype::UrlEncoded, page.encoding);
            Some(Submission {
                url: wanted,
                method: Method::Post(content_type),
                fields,
                pressed: "its fields".to_owned(),
            })
        }
        None => None,
    }
}

/// What the element has for a field of this name; none where there is nothing.
fn value(html: &Html, name: &str, found: &Found) -> Option<String> {
    let element = html.select(&Selector::parse(&found.selector).ok()?).next()?;
    let value = match (&found.attribute, element.value().name()) {
        (Some(attribute), _) => element.attr(attribute)?.to_owned(),
        (None, "meta") => element.attr("content")?.to_owned(),
        (None, "a" | "area") => {
            let (_, query) = element.attr("href")?.split_once('?')?;
            let query = query.split('#').next().unwrap_or_default();
            url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?.1.into_owned()
        }
        (None, "input" | "button") => element.attr("value")?.to_owned(),
        (None, _) => element.text().collect::<String>().trim().to_owned(),
    };
    (!value.is_empty()).then_some(value)
}

/// Where the link for a selector leads, if it stays on the extranet.
pub(in super::super) fn link(page: &Page, site: &Site, selector: &str) -> Option<Url> {
    let html = page::parse(&page.text)?;
    let base = base_of(&html, page);
    let selector = Selector::parse(selector).ok()?;
    html.select(&selector).find_map(|element| site.resolve_in(&base, element.attr("href")?, page.encoding))
}

/// The first link to a path as it stands: with everything in its query that is declared, and whatever else it has.
pub(in super::super) fn leading(page: &Page, site: &Site, path: &str) -> Option<Url> {
    let html = page::parse(&page.text)?;
    let base = base_of(&html, page);
    let links = Selector::parse("a[href], area[href]").expect("a constant selector");
    let wanted = site.page(path)?;
    let has = |url: &Url| {
        let pairs: Vec<_> = url.query_pairs().collect();
        is_same(url.path(), wanted.path()) && wanted.query_pairs().all(|pair| pairs.contains(&pair))
    };
    html.select(&links).filter_map(|link| site.resolve_in(&base, link.attr("href")?, page.encoding)).find(has)
}

/// Whether a page that a logout has led to still has the way out on it: then it was refused, for want of a token, say.
pub(in super::super) fn is_offered(page: &Page, site: &Site, logout: &LogoutCall) -> bool {
    match logout {
        LogoutCall::Get { path } | LogoutCall::Leading { path, .. } => leading(page, site, path).is_some(),
        LogoutCall::Form { path, .. } => {
            fill(page, site, path, &[], &[]).is_some() || leading(page, site, path).is_some()
        }
        LogoutCall::Link { link: selector, .. } => link(page, site, selector).is_some(),
    }
}

/// Whether two parts of addresses are the same, whichever signs are written in percent.
fn is_same(one: &str, other: &str) -> bool {
    percent_decode_str(one).eq(percent_decode_str(other))
}
