//! Where an extranet's own login leads a browser: the page to begin with (F2).

use url::Url;

use super::UpstreamCookie;
use super::client::Failure;
use super::page::{Page, Redirect};

/// A value of a cookie that is this long is not in an address by chance.
const TELLING: usize = 8;

/// The answer that accepts a sign-in, before it is followed.
pub(super) struct Way {
    from: Url,
    redirect: Option<Url>,
}

impl Way {
    /// As the answer says it.
    pub(super) fn of(answer: &Page) -> Self {
        let redirect = match &answer.redirect {
            Some(Redirect::Own(url) | Redirect::Refreshed(url)) => Some(url.clone()),
            Some(Redirect::Elsewhere) | None => None,
        };
        Self { from: answer.url.clone(), redirect }
    }

    /// Where it has led; None where it leads nowhere, to another server, or to what is no page. Where following it took too
    /// long, the browser will see for itself.
    pub(super) fn led_to(self, arrived: Option<Result<Page, Failure>>, form_page: &str) -> Option<Url> {
        match arrived {
            Some(Ok(page)) if page.status >= 400 => None,
            // What was posted to shows itself: only the form's own page is surely one to open, too.
            Some(Ok(page)) if page.url == self.from => Some(page.url).filter(|url| path_of(url) == form_page),
            Some(Ok(page)) => Some(page.url),
            Some(Err(Failure::Astray)) => None,
            Some(Err(Failure::Broken | Failure::TooLarge)) | None => self.redirect,
        }
    }
}

/// The page as a browser may be led to it: without what names a session there, which is a cookie's to say. None where that
/// is somewhere in its midst.
pub(super) fn of(url: &Url, cookies: &[UpstreamCookie]) -> Option<String> {
    let is_session = |value: &str| {
        let of = |cookie: &UpstreamCookie| cookie.value.as_bytes() == value.as_bytes();
        value.len() >= TELLING && cookies.iter().any(of)
    };
    let value_of = |pair: &str| pair.split_once('=').is_some_and(|(_, value)| is_session(value));
    let named = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("jsessionid") || value_of(parameter)
    };
    let segment = |segment: &str| {
        let mut parts = segment.split(';');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.filter(|part| !named(part)).fold(first, |path, part| format!("{path};{part}"))
    };
    let path = url.path().split('/').map(segment).collect::<Vec<_>>().join("/");
    let kept = url.query().map(|query| query.split('&').filter(|pair| !value_of(pair)).collect::<Vec<_>>().join("&"));
    let page = match kept.filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let hides_one = |cookie: &UpstreamCookie| {
        let value = String::from_utf8_lossy(cookie.value.as_bytes());
        value.len() >= TELLING && page.contains(&*value)
    };
    (!cookies.iter().any(hides_one)).then_some(page)
}

fn path_of(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f2_a_session_that_is_named_in_the_address_of_the_start_page_does_not_go_to_the_browser() {
        let mut jar = super::super::Jar::default();
        let line: &[u8] = b"JSESSIONID=AB12CD34EF; path=/";
        jar.take([line], b"/", jiff::Timestamp::from_second(1_900_000_000).unwrap());
        let cookies = jar.into_cookies();
        let landing = |text: &str| of(&Url::parse(&format!("http://x.example{text}")).unwrap(), &cookies);
        for (led_to, start) in [
            ("/espace/accueil.php", Some("/espace/accueil.php")),
            ("/app/home;jsessionid=AB12CD34EF", Some("/app/home")),
            ("/app/home;JSESSIONID=else?a=1", Some("/app/home?a=1")),
            ("/app/list;page=2;jsessionid=AB12CD34EF/a", Some("/app/list;page=2/a")),
            ("/index.php?PHPSESSID=AB12CD34EF&module=home", Some("/index.php?module=home")),
            ("/index.php?sid=AB12CD34EF", Some("/index.php")),
            ("/s/AB12CD34EF/home", None),
            ("/home?a=x-AB12CD34EF", None),
        ] {
            assert_eq!(landing(led_to).as_deref(), start, "{led_to}");
        }
    }
}
