//! A resident at a browser without JavaScript: opens, fills in, presses, reads. Fast enough for every test.

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

use cookie_store::{CookieStore, RawCookie};
use reqwest::{
    Client, Method,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::Url;

use super::{
    gateway::Gateway,
    page::{self, Form},
    wait,
};

/// Hops after which a redirect goes in circles.
const HOPS: usize = 12;

/// One person at one browser.
pub struct Person {
    client: Client,
    cookies: CookieStore,
    portal: Url,
    here: Option<Answer>,
    filled: Vec<Filled>,
}

/// An answer, with where it came from.
#[derive(Debug, Clone)]
pub struct Answer {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Something to send that no browser would send by itself.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    /// Whether the person's cookies and a browser's own headers are added.
    pub as_browser: bool,
}

enum Filled {
    Text(String, String),
    Tick(String),
}

impl Person {
    /// Somebody who has never been here.
    pub fn new(gateway: &Gateway) -> Self {
        Self::at(gateway.portal("/"), gateway.nodes())
    }

    /// The same at a portal of so many nodes.
    pub fn at(portal: Url, nodes: usize) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            // Behind a balancer each request may come to another node.
            .pool_max_idle_per_host(if nodes > 1 { 0 } else { usize::MAX })
            .dns_resolver(Arc::new(Loopback))
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        Self { client, cookies: CookieStore::default(), portal, here: None, filled: Vec::new() }
    }

    /// Opens an address, or a path of the portal, as from the address bar; follows redirects.
    pub fn open(&mut self, target: impl AsRef<str>) -> &mut Self {
        let url = self.portal.join(target.as_ref()).expect("an address");
        let answer = self.visit(Request::get(url));
        self.arrive(answer)
    }

    /// Writes into a field of the page, by its label or name.
    pub fn fill(&mut self, field: &str, value: &str) -> &mut Self {
        self.filled.push(Filled::Text(field.to_owned(), value.to_owned()));
        self
    }

    /// Ticks a box of the page, by its label or name.
    pub fn tick(&mut self, field: &str) -> &mut Self {
        self.filled.push(Filled::Tick(field.to_owned()));
        self
    }

    /// Presses a button of the page, which sends its form with everything that was filled in.
    pub fn press(&mut self, button: &str) -> &mut Self {
        let form = self.form(button);
        let answer = self.send(&form);
        self.arrive(answer)
    }

    /// Opens an account of the list, whatever its button says that this does.
    pub fn enter(&mut self, account: &str) -> &mut Self {
        let form = self.form_into(account);
        let answer = self.send(&form);
        self.arrive(answer)
    }

    /// The form that opens an account of the list.
    pub fn form_into(&mut self, account: &str) -> Form {
        let here = self.here();
        let (html, url) = (here.text(), here.url.clone());
        let buttons = ["Ouvrir", "Y retourner", "Ouvrir à la place"].map(|opens| format!("{opens} {account}"));
        let button = buttons.iter().find(|button| page::form_with_button(&html, &url, button).is_some());
        let button = button.unwrap_or_else(|| panic!("no way into {account} on {url}:\n{}", self.words())).clone();
        self.form(&button)
    }

    /// Follows a link of the page, by the words that it begins with.
    pub fn follow(&mut self, link: &str) -> &mut Self {
        let here = self.here();
        let url = page::link(&here.text(), &here.url, link)
            .unwrap_or_else(|| panic!("no link \"{link}\" on {}:\n{}", here.url, self.words()));
        let answer = self.visit(Request::get(url));
        self.arrive(answer)
    }

    /// Fails if these words are not on the page.
    pub fn see(&mut self, words: &str) -> &mut Self {
        assert!(self.sees(words), "\"{words}\" is not on {}:\n{}", self.describe(), self.words());
        self
    }

    /// Fails if these words are on the page.
    pub fn miss(&mut self, words: &str) -> &mut Self {
        assert!(!self.sees(words), "\"{words}\" is on {}:\n{}", self.describe(), self.words());
        self
    }

    /// Whether these words are on the page.
    pub fn sees(&self, words: &str) -> bool {
        self.words().contains(&page::plain(words))
    }

    /// The words of the page.
    pub fn words(&self) -> String {
        page::words(&self.here().text())
    }

    /// The page.
    pub fn here(&self) -> &Answer {
        self.here.as_ref().expect("a page was opened before")
    }

    /// The form of the page with this button, with everything that was filled in.
    pub fn form(&mut self, button: &str) -> Form {
        let here = self.here();
        let mut form = page::form_with_button(&here.text(), &here.url, button)
            .unwrap_or_else(|| panic!("no button \"{button}\" on {}:\n{}", self.describe(), self.words()));
        for filled in self.filled.drain(..) {
            match filled {
                Filled::Text(field, value) => form.set(&field, &value),
                Filled::Tick(field) => form.tick(&field),
            }
        }
        form
    }

    /// Sends a form as a browser does and follows redirects; the page stays the same.
    pub fn send(&mut self, form: &Form) -> Answer {
        let request = self.request_of(form);
        self.visit(request)
    }

    /// The request that a browser makes of a form.
    pub fn request_of(&self, form: &Form) -> Request {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        if form.method == "GET" {
            let mut url = form.action.clone();
            url.set_query(Some(&encoded));
            return Request::get(url);
        }
        let mut headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        if let Some(here) = &self.here {
            // A page that wants no Referer gets no Origin either: browsers send "null" with its forms.
            if here.header("referrer-policy") == "no-referrer" {
                headers.push(("origin".to_owned(), "null".to_owned()));
            } else {
                headers.push(("origin".to_owned(), here.url.origin().ascii_serialization()));
                headers.push(("referer".to_owned(), here.url.to_string()));
            }
            headers.push(("sec-fetch-site".to_owned(), site(&here.url, &form.action)));
        }
        let body = Some(encoded.into_bytes());
        Request { method: Method::POST, url: form.action.clone(), headers, body, as_browser: true }
    }

    /// Asks once, follows nothing; cookies are kept.
    pub fn ask(&mut self, request: Request) -> Answer {
        let mut headers = HeaderMap::new();
        if request.as_browser {
            for (name, value) in BROWSER {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let pairs: Vec<String> =
                self.cookies.get_request_values(&request.url).map(|(name, value)| format!("{name}={value}")).collect();
            if !pairs.is_empty() {
                headers.insert("cookie", pairs.join("; ").parse().expect("cookies"));
            }
        }
        let mut own = HashSet::new();
        for (name, value) in &request.headers {
            let name: HeaderName = name.parse().expect("a header's name");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
            if own.insert(name.clone()) {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        let mut builder = self.client.request(request.method, request.url.clone()).headers(headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let (status, headers, body) = wait(async {
            let response =
                builder.send().await.unwrap_or_else(|error| panic!("no answer of {}: {error:?}", request.url));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            (status, headers, response.bytes().await.map(|body| body.to_vec()).unwrap_or_default())
        });
        let cookies = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookies: Vec<_> = cookies.filter_map(|line| RawCookie::parse(line.to_owned()).ok()).collect();
        self.cookies.store_response_cookies(cookies.into_iter(), &request.url);
        Answer { url: request.url, status, headers, body }
    }

    /// Asks and follows redirects as a browser does.
    pub fn visit(&mut self, request: Request) -> Answer {
        let mut answer = self.ask(request.clone());
        let mut before = request;
        for _ in 0..HOPS {
            let Some(next) = answer.redirect() else { return answer };
            let keep = matches!(answer.status, 307 | 308);
            let mut request = if keep { before } else { Request::get(next.clone()) };
            request.url = next;
            let stays = ["content-type", "accept", "accept-language", "referer", "sec-fetch-dest"];
            request.headers.retain(|(name, _)| stays.contains(&name.as_str()));
            request.headers.push(("sec-fetch-site".to_owned(), site(&answer.url, &request.url)));
            before = request.clone();
            answer = self.ask(request);
        }
        panic!("the redirects go in circles at {}", answer.url)
    }

    /// Asks by GET with further headers, follows nothing.
    pub fn get(&mut self, url: impl AsRef<str>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(self.portal.join(url.as_ref()).expect("an address"));
        request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.ask(request)
    }

    /// The cookies of a host as they would be sent: names and values.
    pub fn cookies(&self, url: &Url) -> Vec<(String, String)> {
        self.cookies.get_request_values(url).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The line that a browser would send.
    pub fn cookie_line(&self, url: &Url) -> String {
        let pairs: Vec<_> = self.cookies(url).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// Puts a cookie into the browser, as a neighbour or a thief would.
    pub fn plant(&mut self, url: &Url, name: &str, value: &str) {
        let cookie = RawCookie::build((name.to_owned(), value.to_owned())).path("/").build();
        self.cookies.insert_raw(&cookie, url).expect("a cookie that fits");
    }

    /// Empties the browser.
    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    fn arrive(&mut self, answer: Answer) -> &mut Self {
        self.here = Some(answer);
        self.filled.clear();
        self
    }

    fn describe(&self) -> String {
        let here = self.here();
        format!("{} ({})", here.url, here.status)
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        let latin = self.header("content-type").to_ascii_lowercase().contains("iso-8859-1");
        if latin {
            encoding_rs::WINDOWS_1252.decode(&self.body).0.into_owned()
        } else {
            String::from_utf8_lossy(&self.body).into_owned()
        }
    }

    /// A header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON from {}: {}", self.url, self.text()))
    }

    /// Where it redirects to.
    pub fn redirect(&self) -> Option<Url> {
        let redirects = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        redirects.then(|| self.url.join(self.header("location")).expect("a redirect leads somewhere"))
    }
}

impl Request {
    /// A page that is opened.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: None, as_browser: true }
    }

    /// With another header; the first of a name replaces the browser's own.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With another method.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }
}

/// What a browser says when a page is opened from the address bar.
const BROWSER: [(&str, &str); 7] = [
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("accept-language", "fr-FR,fr;q=0.9"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("upgrade-insecure-requests", "1"),
];

fn site(from: &Url, to: &Url) -> String {
    if from.origin() == to.origin() { "same-origin" } else { "same-site" }.to_owned()
}

/// Every name is this machine.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _: Name) -> Resolving {
        let here: Addrs = Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0))));
        Box::pin(std::future::ready(Ok(here)))
    }
}
