//! Where a page leads by itself, and what its scripts leave in the browser: read, never run (decision 60).

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::form;
use super::page::{self, Page};
use super::script::{self, Done};
use super::site::Site;
use crate::domain::leading::{LONGEST_WAIT, refresh};

/// What a page does without anybody's doing.
#[derive(Debug, Default)]
pub(super) struct Leads {
    /// Where it leads, if it stays on the extranet.
    pub to: Option<Url>,
    /// The cookies that its scripts set.
    pub cookies: Vec<String>,
}

/// Reads it from a page.
pub(super) fn of(page: &Page, site: &Site) -> Leads {
    let text = page.text.to_ascii_lowercase();
    if !["refresh", "location", "navigate", "cookie"].iter().any(|word| text.contains(word)) {
        return Leads::default();
    }
    let Some(html) = page::parse(&page.text) else { return Leads::default() };
    let Done { location, cookies } = script::run(scripts(&html).iter().map(String::as_str));
    let base = form::base_of(&html, page);
    let resolve = |reference: &str| site.resolve_in(&base, reference, page.encoding);
    let metas = metas(&html);
    let by_meta = metas.iter().find_map(|content| refresh(content)).and_then(|(wait, reference)| {
        let stays = wait > LONGEST_WAIT || (wait > 0 && has(&html, "input[type=password]"));
        if stays { None } else { resolve(reference) }
    });
    // Where there is something to fill in, a script that leads on waits for somebody.
    let by_script = || location.filter(|_| !has(&html, "form")).and_then(|reference| resolve(&reference));
    let to = by_meta.or_else(by_script).filter(|to| *to != page.url || !has(&html, "form"));
    Leads { to, cookies }
}

fn metas(html: &Html) -> Vec<String> {
    let metas = Selector::parse("meta[http-equiv][content]").expect("a constant selector");
    html.select(&metas)
        .filter(|meta| meta.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")))
        .filter(|meta| !is_inert(*meta))
        .filter_map(|meta| meta.attr("content").map(str::to_owned))
        .collect()
}

/// The scripts of a page in their order, and at the end what it does once it is there, or when its form is sent.
fn scripts(html: &Html) -> Vec<String> {
    const KINDS: [&str; 6] =
        ["", "text/javascript", "application/javascript", "text/ecmascript", "application/x-javascript", "module"];
    let scripts = Selector::parse("script:not([src])").expect("a constant selector");
    let is_run = |script: &ElementRef<'_>| {
        let kind = script.attr("type").unwrap_or_default().trim().to_ascii_lowercase();
        let language = script.attr("language").unwrap_or_default().to_ascii_lowercase();
        KINDS.contains(&kind.as_str()) && !language.starts_with("vb") && !is_inert(*script)
    };
    let texts = html.select(&scripts).filter(is_run).map(|script| script.text().collect::<String>());
    let mut all: Vec<String> = texts.collect();
    for (selector, event) in [
        ("body[onload], frameset[onload]", "onload"),
        ("form[onsubmit]", "onsubmit"),
        ("[type=submit][onclick], [type=image][onclick], button[onclick]:not([type])", "onclick"),
    ] {
        let selector = Selector::parse(selector).expect("a constant selector");
        all.extend(html.select(&selector).filter_map(|element| {
            let handler = element.attr(event)?.trim();
            Some(handler.strip_prefix("javascript:").unwrap_or(handler).to_owned())
        }));
    }
    all
}

/// Whether an element is only kept for later.
fn is_inert(element: ElementRef<'_>) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|around| around.value().name() == "template")
}

fn has(html: &Html, selector: &str) -> bool {
    html.select(&Selector::parse(selector).expect("a constant selector")).next().is_some()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, WINDOWS_1252};

    use super::super::site::tests::site;
    use super::*;

    fn page(text: &str) -> Page {
        Page {
            url: site().page("/cgi/entrer?x=1").unwrap(),
            status: 200,
            wants_other_than_basic: false,
            redirect: None,
            cookies: Vec::new(),
            text: text.into(),
            encoding: WINDOWS_1252,
        }
    }

    fn leads(text: &str) -> Option<String> {
        of(&page(text), &site()).to.map(|url| url.to_string())
    }

    #[test]
    fn review_case_03_a_page_leads_where_a_browser_would_go() {
        const FACE: &str = "http://extranet.example";
        for (text, to) in [
            ("<META HTTP-EQUIV=Refresh CONTENT=\"0; URL=/cgi/menu\">", Some("/cgi/menu")),
            ("<p>Un instant<meta http-equiv='REFRESH' content=\"2;url='menu?b=é'\">", Some("/cgi/menu?b=%E9")),
            ("<base href=/app/><meta http-equiv=refresh content='0;url=menu#haut'>", Some("/app/menu")),
            ("<meta http-equiv=refresh content='0;url=https://agence.example/menu'>", Some("/menu")),
            ("<meta http-equiv=refresh content='0;url=//extranet.example/é'>", Some("/%C3%A9")),
            ("<meta http-equiv=refresh content='0;url=/a'><meta http-equiv=refresh content='0;url=/b'>", Some("/a")),
            ("<form></form><meta http-equiv=refresh content='0;url=/menu'>", Some("/menu")),
            ("<script>location.href='/menu'</script>", Some("/menu")),
            ("<script language=JavaScript type='text/javascript'>top.location='/menu'</script>", Some("/menu")),
            ("<script>function aller(){location='/menu'}</script><body onload='aller()'>", Some("/menu")),
            ("<body onLoad=\"javascript:window.location='/menu'\">", Some("/menu")),
            ("<script>location='/cgi/entrer?x=1'</script>", Some("/cgi/entrer?x=1")),
            ("<script>location='/menu'</script><form action=/x></form>", None),
            ("<meta http-equiv=refresh content='0;url=/cgi/entrer?x=1'><form></form>", None),
            ("<meta http-equiv=refresh content='5;url=/menu'><form><input type=password></form>", None),
            ("<meta http-equiv=refresh content='600;url=/deconnexion'>", None),
            ("<meta http-equiv=refresh content='0;url=https://ailleurs.example/'>", None),
            ("<meta http-equiv=refresh content='0;url=javascript:x()'>", None),
            ("<noscript><meta http-equiv=refresh content='0;url=/sans-script'></noscript>", None),
            ("<template><meta http-equiv=refresh content='0;url=/x'></template>", None),
            ("<!-- <meta http-equiv=refresh content='0;url=/x'> -->", None),
            ("<meta name=refresh content='0;url=/x'>", None),
            ("<script src=/x.js>location='/x'</script>", None),
            ("<script type=text/template>location='/x'</script>", None),
            ("<script type=application/json>{\"location\": \"/x\"}</script>", None),
            ("<script language=vbscript>location='/x'</script>", None),
            ("<a onclick=\"location='/deconnexion'\">Quitter</a>", None),
            ("<script>location='//ailleurs.example/'</script>", None),
            ("<p>location='/x'", None),
        ] {
            assert_eq!(leads(text), to.map(|to| format!("{FACE}{to}")), "{text}");
        }
        let utf8 = Page { encoding: UTF_8, ..page("<meta http-equiv=refresh content='0;url=/menu?b=é'>") };
        assert_eq!(of(&utf8, &site()).to.unwrap().as_str(), "http://extranet.example/menu?b=%C3%A9");
    }

    #[test]
    fn review_case_04_cookies_of_scripts_and_of_a_form_that_is_sent_are_found() {
        let text = "<script>document.cookie='a=1; path=/'</script><body onload=\"document.cookie='b=2'\">\
                    <form onsubmit=\"document.cookie='c=3'; return true\"><input type=password>\
                    <input type=submit onclick=\"javascript:document.cookie='d=4'\"></form>\
                    <a onclick=\"document.cookie='lang=en'\">English</a>";
        assert_eq!(of(&page(text), &site()).cookies, ["a=1; path=/", "b=2", "c=3", "d=4"]);
    }
}
