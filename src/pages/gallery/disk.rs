//! From a page as browsers get it to a file that opens from disk: nothing is asked of a server, and no form is sent.

use std::cell::RefCell;
use std::collections::BTreeMap;

use lol_html::html_content::{ContentType, Element};
use lol_html::{RewriteStrSettings, element, rewrite_str, text};

use crate::pages::Pages;

/// Where links of pages and letters lead, by their path: to the page as it opens.
const WAYS: &[(&str, &str)] = &[
    ("/", "sign_in-calm"),
    ("/account", "account-calm"),
    ("/account/detach", "detach-calm"),
    ("/account/email", "change_email-calm"),
    ("/account/email/proof", "proof-new-email"),
    ("/account/password", "change_password-calm"),
    ("/confirm", "confirm-calm"),
    ("/forgotten", "forgotten-calm"),
    ("/login", "sign_in-calm"),
    ("/migration", "notice-calm"),
    ("/migration/email", "email-calm"),
    ("/migration/join", "join-already"),
    ("/migration/proof", "proof-both"),
    ("/not-me", "not_me-changed-email"),
    ("/privacy", "privacy-calm"),
    ("/reset", "reset-calm"),
];

/// The script that tells the index how tall a page is.
const HEIGHT: &str = "page.js";

/// The files beside the pages.
pub(super) struct Disk<'o> {
    origin: &'o str,
    /// What stands below `assets/`; pictures and style sheets that are made for an address, by that address.
    assets: RefCell<BTreeMap<String, Vec<u8>>>,
    made: RefCell<BTreeMap<String, String>>,
}

impl<'o> Disk<'o> {
    pub(super) fn new(pages: &Pages, origin: &'o str) -> Self {
        let own: [(&str, &[u8]); 3] = [
            ("gallery.css", include_bytes!("../../../pages/gallery/gallery.css")),
            ("gallery.js", include_bytes!("../../../pages/gallery/gallery.js")),
            (HEIGHT, include_bytes!("../../../pages/gallery/page.js")),
        ];
        let mut assets: BTreeMap<String, Vec<u8>> =
            pages.assets().map(|(name, body)| (name.to_owned(), body.to_vec())).collect();
        assets.extend(own.map(|(name, body)| (format!("gallery/{name}"), body.to_vec())));
        Self { origin, assets: RefCell::new(assets), made: RefCell::default() }
    }

    /// The page for the disk, and the words that it shows.
    pub(super) fn page(&mut self, html: &str) -> Result<(String, String), String> {
        let mut words = String::new();
        let handlers = vec![
            element!("[href]", |element| self.lead(element, "href")),
            element!("[src]", |element| self.lead(element, "src")),
            // Such a form may be filled in and is never sent.
            element!("form", |form| {
                form.remove_attribute("action");
                Ok(form.set_attribute("method", "dialog")?)
            }),
            element!("button[formaction]", |button| {
                button.remove_attribute("formaction");
                Ok(())
            }),
            element!("meta[http-equiv=refresh], base", |element| {
                element.remove();
                Ok(())
            }),
            element!("[autofocus]", |element| {
                element.remove_attribute("autofocus");
                Ok(())
            }),
            element!("a[target]", |element| {
                element.remove_attribute("target");
                Ok(())
            }),
            element!("head", |head| {
                let script = format!("<script src=\"../assets/gallery/{HEIGHT}\"></script>");
                head.append(&script, ContentType::Html);
                Ok(())
            }),
            text!("body", |text| {
                words.push_str(text.as_str());
                Ok(())
            }),
        ];
        let settings =
            handlers.into_iter().fold(RewriteStrSettings::new(), RewriteStrSettings::append_element_content_handler);
        let page = rewrite_str(html, settings).map_err(|error| error.to_string())?;
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok((page, plain(&words)))
    }

    /// All files besides the pages.
    pub(super) fn into_files(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.assets.into_inner().into_iter().map(|(name, body)| (format!("assets/{name}"), body))
    }

    /// Leads an address to the file that stands for it.
    fn lead(&self, element: &mut Element<'_, '_>, name: &str) -> lol_html::HandlerResult {
        let Some(address) = element.get_attribute(name) else { return Ok(()) };
        // An address as it is written, in which every reference but one is of no use.
        let address = address.replace("&amp;", "&");
        let own = address.strip_prefix(self.origin).unwrap_or(&address);
        let asset = own.strip_prefix("/assets/").or_else(|| own.strip_prefix("/.vestibule/assets/"));
        let to = match asset {
            Some(asset) => format!("../assets/{}", self.asset(asset)),
            None if own.starts_with('/') => way(own).map_or_else(|| "#".to_owned(), |page| format!("{page}.html")),
            None => return Ok(()),
        };
        Ok(element.set_attribute(name, &to)?)
    }

    /// The file for an asset; one that is made for its query gets a name of its own.
    fn asset(&self, address: &str) -> String {
        let (name, query) = address.split_once('?').unwrap_or((address, ""));
        let value = |wanted: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let body = match name {
            "brand.css" => Pages::brand_css(&value("c")),
            "mark.svg" => Pages::brand_mark(&value("c"), &value("t")),
            _ => return name.to_owned(),
        };
        let mut made = self.made.borrow_mut();
        let number = made.len() + 1;
        let file = made.entry(address.to_owned()).or_insert_with(|| match name.split_once('.') {
            Some((stem, ending)) => format!("{stem}-{number}.{ending}"),
            None => name.to_owned(),
        });
        self.assets.borrow_mut().insert(file.clone(), body.into_bytes());
        file.clone()
    }
}

/// The page at a path of the portal.
fn way(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let exact = WAYS.iter().find(|(way, _)| *way == path);
    // A letter's link has its secret in the path.
    let below = || WAYS.iter().find(|(way, _)| *way == "/confirm" && path.starts_with("/confirm/"));
    exact.or_else(below).map(|(_, page)| *page)
}

/// Text as somebody reads it.
fn plain(html: &str) -> String {
    const REFERENCES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    REFERENCES.iter().fold(html.to_owned(), |text, (reference, sign)| text.replace(reference, sign))
}
