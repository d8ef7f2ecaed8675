//! Post, redirect, get: what a form is answered is shown at the address of its page, so that « Précédent » and « Actualiser »
//! never ask whether to send it again (decision 103).
//!
//! Meanwhile the page waits in the browser, as what its template is filled with, under the browser's own seal. So no node needs
//! another one for it, and none keeps what somebody typed.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64URL_NOPAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cookies::{self, Kind};
use super::drawn::{Drawn, Shown};
use super::guest::Guest;
use super::problem::{RETRY_AFTER, Reason};
use super::sealed::{open, seal};
use super::{Arrival, Web};
use crate::domain::origin::Scheme;
use crate::domain::secret::Secret;

/// An answer that waits for its page.
const AWAITED: &str = "vestibule answer\n";
/// One that was shown: it can be shown again in another language, and not otherwise.
const SEEN: &str = "vestibule answer seen\n";

/// What fits into a cookie beside its name and attributes (RFC 6265, 6.1).
const MOST: usize = 3800;

/// The largest page that is unpacked, bytes; none that fits into a cookie is larger.
const MOST_UNPACKED: u64 = 256 * 1024;

/// What a form was answered, and where that is shown.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    at: Timestamp,
    address: String,
    shown: Shown,
    drawn: Drawn,
}

/// The same, packed for the browser; an extension of the response that has the page in full.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    address: String,
    sealed: String,
}

impl Answer {
    /// None where a browser would not keep it.
    fn pack(self, browser: &Secret, purpose: &str) -> Option<Packed> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&serde_json::to_vec(&self).ok()?).ok()?;
        let sealed = seal(browser, purpose, &BASE64URL_NOPAD.encode(&packer.finish().ok()?));
        (sealed.len() <= MOST).then_some(Packed { address: self.address, sealed })
    }

    fn unpack(browser: &Secret, purpose: &str, sealed: &str) -> Option<Self> {
        let packed = BASE64URL_NOPAD.decode(open(browser, purpose, sealed)?.as_bytes()).ok()?;
        let mut text = Vec::new();
        DeflateDecoder::new(packed.as_slice()).take(MOST_UNPACKED).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        (0..=self.shown.waits().whole_seconds()).contains(&now.duration_since(self.at).as_secs())
    }
}

impl Guest {
    /// What this page is to a browser that sent a form, if the page has an address.
    pub(super) fn answer(&self, web: &Web, drawn: &Drawn) -> Option<Packed> {
        let (address, shown) = (self.here.clone(), self.stands?);
        Answer { at: web.app.now(), address, shown, drawn: drawn.clone().kept() }.pack(&self.caller.browser, AWAITED)
    }

    /// Lets the answer that this page has shown wait for it again.
    pub fn show_again(&mut self, web: &Web, page: &str) {
        let seen = kept(&self.headers, self.arrival.scheme, SEEN).filter(|answer| answer.address == page);
        let answer = seen.and_then(|seen| Answer { at: web.app.now(), ..seen }.pack(&self.caller.browser, AWAITED));
        if let Some(Packed { sealed, .. }) = answer {
            self.set(Kind::Answer, &sealed, None);
        }
    }
}

/// What a browser keeps for us for this purpose.
fn kept(headers: &HeaderMap, scheme: Scheme, purpose: &str) -> Option<Answer> {
    let browser = Secret::new(cookies::find_secret(headers, Kind::Browser.name(scheme))?);
    Answer::unpack(&browser, purpose, cookies::find(headers, Kind::Answer.name(scheme))?)
}

/// The answer that waits for the page that is asked for.
fn awaited_at(request: &Request, scheme: Scheme) -> Option<Answer> {
    let here = request.uri().path_and_query()?.as_str();
    kept(request.headers(), scheme, AWAITED).filter(|answer| request.method() == Method::GET && answer.address == here)
}

/// Leads a browser that sent a form to the page that shows the answer, and shows it there. Whatever is no browser's own
/// step from page to page gets the answer at once, as does one whose answer is too long for it to keep.
pub async fn answered(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let scheme = request.extensions().get::<Arrival>().map(|arrival| arrival.scheme);
    let Some(scheme) = scheme.filter(|_| navigates(request.headers())) else { return next.run(request).await };
    if request.method() == Method::POST {
        let response = next.run(request).await;
        return match response.extensions().get::<Packed>() {
            Some(packed) => {
                let cookie = cookies::set(Kind::Answer, scheme, &packed.sealed, None);
                led_to(&packed.address, &cookie, &response).unwrap_or(response)
            }
            None => response,
        };
    }
    let Some(answer) = awaited_at(&request, scheme).filter(|answer| answer.is_due(web.app.now())) else {
        return next.run(request).await;
    };
    let (mut parts, _) = request.into_parts();
    let Ok(mut guest) = Guest::from_request_parts(&mut parts, &web).await;
    let drawn = answer.drawn.clone();
    if answer.shown == Shown::Once {
        match answer.pack(&guest.caller.browser, SEEN) {
            Some(seen) => guest.set(Kind::Answer, &seen.sealed, None),
            None => guest.clear(Kind::Answer),
        }
    }
    let mut response = guest.draw(&web, &drawn);
    let status = drawn.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        response.extensions_mut().insert(Reason("what a form was answered, at its page"));
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// Whether somebody goes from page to page, as the browser says it (Fetch Metadata).
fn navigates(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

/// The way to the page, with what the answer has for the browser to keep.
fn led_to(address: &str, cookie: &str, answer: &Response) -> Option<Response> {
    let location = HeaderValue::from_str(address).ok()?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for name in &super::frames::TAKEN_ALONG {
        for value in answer.headers().get_all(name) {
            headers.append(name, value.clone());
        }
    }
    headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie).ok()?);
    if let Some(reason) = answer.extensions().get::<Reason>().filter(|_| answer.status().is_server_error()) {
        response.extensions_mut().insert(*reason);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::portal;

    fn answer(template: &str, page: &serde_json::Value) -> Answer {
        let drawn = Drawn {
            status: 422,
            agency: Some("A/1".to_owned()),
            reached: None,
            signed_in: true,
            leads_to: vec!["https://www.moncompte.example".to_owned(), "https://agence.example".to_owned()],
            reference: None,
            template: template.to_owned(),
            page: page.clone(),
        };
        let address = "/login?client=A&societe=1&return=%2Fcomptes".to_owned();
        Answer { at: Timestamp::UNIX_EPOCH, address, shown: Shown::Once, drawn }
    }

    #[test]
    fn residents_5_whatever_a_form_is_answered_fits_into_a_cookie() {
        let browser = Secret::new("a");
        let too_long: Vec<_> = portal::samples()
            .iter()
            .filter(|sample| !sample.is_awkward())
            .filter(|sample| answer(sample.template, &sample.context).pack(&browser, AWAITED).is_none())
            .map(|sample| format!("{} {}", sample.template, sample.state))
            .collect();
        assert!(too_long.is_empty(), "{too_long:?}");
    }

    #[test]
    fn residents_5_an_answer_opens_in_its_browser_only_and_in_time() {
        let page = serde_json::json!({ "login": "durand" });
        let packed = answer("portal/sign_in", &page).pack(&Secret::new("a"), AWAITED).expect("it is short");
        assert!(Answer::unpack(&Secret::new("b"), AWAITED, &packed.sealed).is_none());
        assert!(Answer::unpack(&Secret::new("a"), SEEN, &packed.sealed).is_none());
        let answer = Answer::unpack(&Secret::new("a"), AWAITED, &packed.sealed).expect("it is ours");
        assert_eq!(answer.drawn.page, page);
        let after = |seconds: i64| Timestamp::from_second(seconds).expect("a time");
        assert!(answer.is_due(after(0)) && answer.is_due(after(60)));
        assert!(!answer.is_due(after(61)) && !answer.is_due(after(-1)));
    }
}
