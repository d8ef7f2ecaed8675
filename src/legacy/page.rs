//! An answer of the extranet, as far as it is looked at, and reading its HTML.

use encoding_rs::Encoding;
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// One answer. Its text may hold a resident's data: no `Debug`.
pub(super) struct Page {
    /// Where it was asked, with the extranet's face.
    pub url: Url,
    /// Its status.
    pub status: u16,
    /// Where it leads, if it is a redirect.
    pub redirect: Option<Redirect>,
    /// The names of the cookies that it set and did not empty.
    pub cookies: Vec<String>,
    /// Its body.
    pub text: String,
    /// The encoding that its body was read in.
    pub encoding: &'static Encoding,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirect {
    /// To the extranet itself; the URL has its face.
    Own(Url),
    /// To another server: never followed.
    Elsewhere,
}

/// Reads HTML; none if it is made to explode.
///
/// A parser opens the formatting elements that are still open again in every block, so a small page can become a very
/// large tree (SEC-080). The limits are far above any page that a person is shown.
pub(super) fn parse(text: &str) -> Option<Html> {
    const ELEMENTS: usize = 100_000;
    const REOPENED: usize = 400_000;
    let (mut elements, mut open, mut most_open) = (0_usize, 0_usize, 1_usize);
    for piece in text.split('<').skip(1) {
        elements += 1;
        match piece.strip_prefix('/') {
            Some(closed) if is_formatting(closed) => open = open.saturating_sub(1),
            None if is_formatting(piece) => open += 1,
            _ => {}
        }
        most_open = most_open.max(open);
    }
    (elements <= ELEMENTS && most_open.saturating_mul(elements) <= REOPENED).then(|| Html::parse_document(text))
}

/// The text between the tags, scripts and styles left out, blanks folded.
pub(super) fn visible_text(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        let Some(piece) = node.value().as_text() else { continue };
        let hidden = node
            .parent()
            .and_then(ElementRef::wrap)
            .is_some_and(|parent| matches!(parent.value().name(), "script" | "style" | "template" | "noscript"));
        if !hidden {
            text.push_str(piece);
        }
    }
    folded(&text)
}

/// Every run of blanks, unbreakable ones too, as one.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first element for a CSS selector: its value if it is a field, else its text; none if that is empty.
pub(super) fn read(html: &Html, selector: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    let element = html.select(&selector).next()?;
    let text = match element.value().name() {
        "input" => folded(element.attr("value").unwrap_or_default()),
        _ => visible_text(element),
    };
    (!text.is_empty()).then_some(text)
}

/// Elements that HTML opens again where they were left open.
fn is_formatting(tag: &str) -> bool {
    const NAMES: [&str; 14] =
        ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_would_explode_is_not_parsed() {
        let bold: String = (0..2000).map(|number| format!("<b id={number}>")).collect();
        assert!(parse(&format!("{bold}{}", "<p>x</p>".repeat(2000))).is_none());
        assert!(parse(&"<i>".repeat(200_000)).is_none());
        assert!(parse(&"<tr><td><b>x</b><a href=y>z</a>".repeat(10_000)).is_some());
    }

    #[test]
    fn names_and_addresses_are_read_from_text_and_fields() {
        let html = parse(
            "<b id=nom> Mme&nbsp;Anne\n<script>var x</script><i>Durand</i></b><input name=mail value=' a@b.fr '><p id=vide> ",
        )
        .unwrap();
        assert_eq!(read(&html, "#nom").as_deref(), Some("Mme Anne Durand"));
        assert_eq!(read(&html, "input[name=mail]").as_deref(), Some("a@b.fr"));
        assert_eq!(read(&html, "#vide"), None);
        assert_eq!(read(&html, "#absent"), None);
        assert_eq!(read(&html, "###"), None);
    }
}
