//! A browser at one of our pages, whoever sits at it: its form token, language and cookies, and what the answer takes
//! along.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse as _, Response};
use cookie::time::Duration;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::cookies::{self, Kind};
use super::drawn::{Drawn, Shown};
use super::endings::{ending, endings};
use super::fields::form_token;
use super::known::{Known, codes_query};
use super::problem::Problem;
use super::{Arrival, Web};
use crate::app::Caller;
use crate::domain::access::{AskedFrom, asked_from, is_in_a_frame, may_come_from_another_site};
use crate::domain::accounts::Accounts;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::language::Language;
use crate::domain::secret::{Secret, long_secret};
use crate::legacy::Browser;
use crate::pages::{Brand, Frame, Page, Pages, RenderError, leading_to};

/// What the answer is for, as the browser says.
pub const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A request to a page of ours, and the cookies that its answer sets.
pub struct Guest {
    /// Who asks.
    pub caller: Caller,
    /// What the proxy knows.
    pub arrival: Arrival,
    /// The path with query, for the language picker.
    pub here: String,
    /// Whether a frame of the extranet's asks, which is on the same host.
    pub in_a_frame: bool,
    pub(super) posts: bool,
    /// How an answer to a form is shown at `here`, if it can be.
    pub(super) stands: Option<Shown>,
    pub(super) headers: HeaderMap,
    /// Whether a page says that somebody is signed in.
    pub(super) is_signed_in: bool,
    /// Whose pages these are, as far as it is known.
    pub(super) known: Known,
    cookies: Vec<HeaderValue>,
    leads_to: Vec<String>,
}

impl FromRequestParts<Arc<Web>> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Infallible> {
        let arrival = parts.extensions.get::<Arrival>().cloned();
        let arrival = arrival.expect("the data plane says where a request arrived");
        let headers = &parts.headers;
        let secret = |kind: Kind| cookies::find_secret(headers, kind.name(arrival.scheme)).map(Secret::new);
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let mut set_cookies = Vec::new();
        let browser = secret(Kind::Browser).unwrap_or_else(|| {
            let fresh = long_secret(&*web.app.dice);
            set_cookies.extend(HeaderValue::try_from(cookies::set(
                Kind::Browser,
                arrival.scheme,
                fresh.expose(),
                None,
            )));
            fresh
        });
        let chosen = cookies::find(headers, Kind::Language.name(arrival.scheme)).and_then(Language::parse);
        let language = chosen
            .or_else(|| text(header::ACCEPT_LANGUAGE).and_then(Language::from_accept_language))
            .unwrap_or_default();
        let caller = Caller {
            client: arrival.client,
            request_id: arrival.request_id.clone(),
            said: Browser::of(headers),
            language,
            browser,
            device: secret(Kind::Device),
        };
        let mut guest = Self {
            caller,
            here: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            in_a_frame: arrival.place.host().is_some() && is_in_a_frame(text(FETCH_DEST)),
            posts: parts.method == Method::POST,
            stands: None,
            headers: headers.clone(),
            is_signed_in: false,
            known: Known::default(),
            cookies: set_cookies,
            leads_to: Vec::new(),
            arrival,
        };
        if guest.posts
            && guest.arrival.place.host().is_none()
            && let Some(before) = guest.page_before(web)
        {
            guest.stands_at(before.as_str().to_owned());
        }
        guest.learn(web).await;
        Ok(guest)
    }
}

impl Guest {
    /// Whether a page of the portal itself sent this.
    #[must_use]
    pub fn sent_from_here(&self, web: &Web) -> bool {
        let text = |name: HeaderName| self.headers.get(name).and_then(|value| value.to_str().ok());
        let site = text(HeaderName::from_static("sec-fetch-site"));
        self.posts && asked_from(text(header::ORIGIN), site, web.app.directory().portal()) == AskedFrom::Here
    }

    /// Where this page is shown by GET, when it answers a form. Unless it is said, that is the page that held the form.
    pub fn stands_at(&mut self, path: String) {
        self.here = path;
        self.stands = self.posts.then_some(Shown::Once);
    }

    /// This answers no form that could be sent again.
    pub const fn stands_nowhere(&mut self) {
        self.stands = None;
    }

    /// This page says what was done, which its address alone would not say again.
    pub fn stays(&mut self) {
        self.stands = self.stands.map(|_| Shown::Lasting);
    }

    /// The same at an address of its own.
    pub fn stays_at(&mut self, path: String) {
        self.stands_at(path);
        self.stays();
    }

    /// A form of this page may lead on to this agency's hosts, beside the portal and the page's own agency.
    pub fn leads_to(&mut self, agency: &Agency) {
        for source in sources(agency) {
            if !self.leads_to.contains(&source) {
                self.leads_to.push(source);
            }
        }
    }

    /// The value of a cookie of ours that is a secret, if it has the form of one.
    #[must_use]
    pub fn secret_cookie(&self, kind: Kind) -> Option<Secret> {
        cookies::find_secret(&self.headers, kind.name(self.arrival.scheme)).map(Secret::new)
    }

    /// What takes the extranet's cookies away that came with this request.
    #[must_use]
    pub fn endings(&self) -> Vec<HeaderValue> {
        let sent = self.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        endings(sent, self.here.as_bytes(), self.arrival.scheme)
    }

    /// Takes one cookie of the extranet's away with the answer.
    pub fn end(&mut self, name: &[u8], path: &[u8]) {
        self.cookies.extend(ending(name, path, self.arrival.scheme));
    }

    /// The value of another cookie of ours.
    #[must_use]
    pub fn cookie(&self, kind: Kind) -> Option<&str> {
        cookies::find(&self.headers, kind.name(self.arrival.scheme))
    }

    /// Sets a cookie with the answer.
    pub fn set(&mut self, kind: Kind, value: &str, max_age: Option<Duration>) {
        self.cookies.extend(HeaderValue::try_from(cookies::set(kind, self.arrival.scheme, value, max_age)));
    }

    /// Takes a cookie away with the answer.
    pub fn clear(&mut self, kind: Kind) {
        self.cookies.extend(HeaderValue::try_from(cookies::clear(kind, self.arrival.scheme)));
    }

    /// Sets a cookie that is written already: one of the extranet's, on its agency's host.
    pub fn set_written(&mut self, set_cookie: HeaderValue) {
        self.cookies.push(set_cookie);
    }

    /// Gives this browser a new secret: what was begun under the old one is not open here any more.
    pub fn renew_browser(&mut self, secret: Secret) {
        self.set(Kind::Browser, secret.expose(), None);
        self.caller.browser = secret;
    }

    /// The language changes with the agency only where nothing was chosen.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.caller.language
    }

    /// A page.
    pub fn page<P: Page>(self, web: &Web, agency: Option<&Agency>, page: &P) -> Response {
        self.page_with(StatusCode::OK, web, agency, page)
    }

    /// A page that says what is wrong with what was posted (SEC-035).
    pub fn page_again<P: Page>(self, web: &Web, agency: Option<&Agency>, page: &P) -> Response {
        self.page_with(StatusCode::UNPROCESSABLE_ENTITY, web, agency, page)
    }

    /// A page with a status. Without an agency it is that of the one that is [known](Self::known), unless it stands between
    /// several.
    pub fn page_with<P: Page>(self, status: StatusCode, web: &Web, agency: Option<&Agency>, page: &P) -> Response {
        let page = match Pages::context(page) {
            Ok(page) => page,
            Err(error) => return self.cannot_be_drawn(&error),
        };
        let known = self.known().filter(|_| !P::BETWEEN_AGENCIES);
        let agency = agency.or(known.map(AsRef::as_ref));
        let mut leads_to = vec![web.portal_url()];
        leads_to.extend(agency.into_iter().flat_map(sources));
        leads_to.extend(self.leads_to.iter().cloned());
        let drawn = Drawn {
            status: status.as_u16(),
            agency: agency.map(|agency| agency.code.to_string()),
            reached: self.reached().map(|agency| agency.code.to_string()),
            signed_in: self.is_signed_in,
            leads_to,
            reference: status.is_server_error().then(|| self.arrival.request_id.to_string()),
            template: P::TEMPLATE.to_owned(),
            page,
        };
        let packed = self.answer(web, &drawn);
        let mut response = self.draw(web, &drawn);
        if let Some(packed) = packed {
            response.extensions_mut().insert(packed);
        }
        response
    }

    pub(super) fn draw(self, web: &Web, drawn: &Drawn) -> Response {
        let edition = web.app.current.edition();
        let of = |code: Option<&str>| edition.directory.agency(&AgencyCode::stored(code?)?);
        let (agency, reached) = (of(drawn.agency.as_deref()), of(drawn.reached.as_deref()));
        let brand = Brand::of(agency.map(|agency| &agency.brand), &edition.portal);
        let brand = brand.or_reached_at(reached.map(|agency| &agency.brand));
        let whose = codes_query(agency.map(AsRef::as_ref));
        let portal = edition.directory.portal().to_string();
        let csrf = form_token(&self.caller.browser);
        let frame = Frame {
            language: self.language(),
            brand: &brand,
            csrf: &csrf,
            assets: if self.arrival.place.host().is_none() { "/assets" } else { "/.vestibule/assets" },
            portal: &portal,
            whose: &whose,
            here: &self.here,
            in_a_frame: self.in_a_frame,
            signed_in: drawn.signed_in,
            reference: drawn.reference.as_deref(),
        };
        match edition.pages.page(&frame, &drawn.template, &drawn.context(agency.map(AsRef::as_ref))) {
            Ok(html) => {
                let response = (drawn.status(), Html(html)).into_response();
                let response = protected(response, &drawn.leads_to, self.in_a_frame);
                self.finish(response)
            }
            Err(error) => self.cannot_be_drawn(&error),
        }
    }

    fn cannot_be_drawn(&self, error: &RenderError) -> Response {
        tracing::error!(request_id = %self.arrival.request_id, fault = %error, "a page cannot be rendered");
        Problem::ours().into_response()
    }

    /// The way to another page, always by GET.
    #[must_use]
    pub fn go(self, to: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(to) else { return Problem::ours().into_response() };
        let response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
        self.finish(response)
    }

    /// The way on within this host, with cookies that a browser keeps from whoever comes from another site
    /// (`SameSite=Strict`): a redirect goes on coming from there, a page of this host's own does not (decision 66).
    #[must_use]
    pub fn go_with_strict_cookies(self, to: &str) -> Response {
        let site = self.headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        if self.in_a_frame || !may_come_from_another_site(site) {
            return self.go(to);
        }
        self.lead_on(to)
    }

    /// The way to a host that the page whose form was sent could not name: no redirect of a form may lead there.
    #[must_use]
    pub fn lead_on(self, to: &str) -> Response {
        let response = protected(Html(leading_to(to)).into_response(), &[], false);
        self.finish(response)
    }

    fn finish(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// An agency's hosts, as the pages' policy writes them.
fn sources(agency: &Agency) -> Vec<String> {
    let own = agency.public.to_string();
    match agency.accounts {
        Accounts::OneAtATime | Accounts::SharedHost => vec![own],
        Accounts::Labels => vec![own, agency.public.below("*").to_string()],
    }
}

/// The headers of every page of ours (SEC-237 to SEC-239). A form may lead on, through redirects, to the portal and to
/// the agencies that it enters, and nowhere else.
///
/// No other page frames one of ours, except that on an agency's host the extranet's own frames show what there is to say
/// to them: nothing is signed in to there, and what they could do with our page they could do without (decision 64).
fn protected(mut response: Response, leads_to: &[String], in_a_frame: bool) -> Response {
    let (ancestors, frame_options) = if in_a_frame { ("'self'", "SAMEORIGIN") } else { ("'none'", "DENY") };
    let mut policy = format!(
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors {ancestors}; form-action 'self'"
    );
    for source in leads_to {
        policy.push(' ');
        policy.push_str(source);
    }
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, frame_options),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
