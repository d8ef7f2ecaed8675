//! A page that says by what it shows that the extranet's session is over: its login form, in the place of what was asked
//! for (a12).
//!
//! The page is held while the form is looked for, and then let go, or replaced by one of ours that leads on: the status
//! is on its way to the browser already.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, TRANSFER_ENCODING};
use lol_html::send::{ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{MemorySettings, Selector};
use pingora::Result;
use pingora::http::ResponseHeader;

/// How much of a page is looked at.
const MOST_HELD: usize = 256 * 1024;

type Sink = fn(&[u8]);

/// A page that is being looked at.
pub struct Held {
    pieces: BytesMut,
    found: Arc<AtomicBool>,
    // In a lock only because pingora shares the context; nobody else asks.
    parser: Mutex<Option<HtmlRewriter<'static, Sink>>>,
}

/// What becomes of what has come so far.
pub enum Seen {
    /// Nothing goes on to the browser yet.
    Wait,
    /// The page is as it should be: this goes on, and everything after it.
    Clean(Bytes),
    /// The element is there.
    Found,
}

impl Held {
    /// Begins to look at an answer, if it is a page that can be looked at; it will be of another length.
    ///
    /// # Errors
    /// A header cannot be written.
    pub fn begin(selector: &Selector, response: &mut ResponseHeader) -> Result<Option<Self>> {
        let kind = response.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_page = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
        let plain = response.headers.get(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
        let whole = matches!(response.status.as_u16(), 200 | 400..=499);
        if !(is_page && plain && whole) {
            return Ok(None);
        }
        response.remove_header(&CONTENT_LENGTH);
        response.remove_header(&ETAG);
        response.insert_header(TRANSFER_ENCODING, "chunked")?;
        // Which of the two pages it is must be asked each time.
        response.insert_header(CACHE_CONTROL, "no-store")?;
        let found = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&found);
        let handlers = ElementContentHandlers::default().element(move |_: &mut lol_html::send::Element<'_, '_>| {
            flag.store(true, Ordering::Relaxed);
            Ok(())
        });
        let memory = MemorySettings::new().with_max_allowed_memory_usage(4 * MOST_HELD);
        let settings = Settings::new_send()
            .append_element_content_handler((Cow::Owned(selector.clone()), handlers))
            .with_memory_settings(memory)
            .with_strict(false);
        let parser = HtmlRewriter::new(settings, nowhere as Sink);
        Ok(Some(Self { pieces: BytesMut::new(), found, parser: Mutex::new(Some(parser)) }))
    }

    /// Takes the next piece.
    pub fn take(&mut self, piece: Option<&Bytes>, is_last: bool) -> Seen {
        let parser = self.parser.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = piece {
            self.pieces.extend_from_slice(piece);
            // What cannot be read as a page is none with that element.
            if parser.as_mut().is_some_and(|parser| parser.write(piece).is_err()) {
                *parser = None;
            }
        }
        if is_last && let Some(parser) = parser.take() {
            let _ = parser.end();
        }
        if self.found.load(Ordering::Relaxed) {
            Seen::Found
        } else if is_last || parser.is_none() || self.pieces.len() > MOST_HELD {
            Seen::Clean(std::mem::take(&mut self.pieces).freeze())
        } else {
            Seen::Wait
        }
    }
}

fn nowhere(_: &[u8]) {}

/// A page of ours that leads on at once, also without a script; `to` is percent-encoded.
pub fn leading_to(to: &str) -> Bytes {
    Bytes::from(format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={to}\">\
         <title>…</title><p><a href=\"{to}\">Continuer / Continue</a></p></html>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Held {
        let mut response = ResponseHeader::build(200, None).expect("a response");
        response.insert_header("Content-Type", "text/html; charset=utf-8").expect("a header");
        response.insert_header("Content-Length", "5").expect("a header");
        let selector = "form#dw__login".parse().expect("a selector");
        let held = Held::begin(&selector, &mut response).expect("headers").expect("a page");
        assert!(response.headers.get(CONTENT_LENGTH).is_none());
        held
    }

    fn pieces(held: &mut Held, pieces: &[&str]) -> (bool, String) {
        let mut sent = String::new();
        for (at, piece) in pieces.iter().enumerate() {
            match held.take(Some(&Bytes::from((*piece).to_owned())), at + 1 == pieces.len()) {
                Seen::Wait => {}
                Seen::Clean(bytes) => sent.push_str(&String::from_utf8_lossy(&bytes)),
                Seen::Found => return (true, sent),
            }
        }
        (false, sent)
    }

    #[test]
    fn a12_a_login_form_is_found_wherever_the_pieces_break_and_nothing_is_sent_before() {
        let page = ["<p>Permission Denied</p><fo", "rm method=post i", "d='dw__login' class=x>", "<input></form>"];
        assert_eq!(pieces(&mut held(), &page), (true, String::new()));
        let other = ["<!-- <form id=dw__login> --><scr", "ipt>'<form id=dw__login>'</script>", "<p>Bonjour</p>"];
        assert_eq!(pieces(&mut held(), &other), (false, other.concat()));
    }

    #[test]
    fn a12_a_long_page_is_let_go_and_what_is_no_page_is_not_looked_at() {
        let long = "<p>x</p>".repeat(40_000);
        let mut held = held();
        assert!(matches!(held.take(Some(&Bytes::from(long)), false), Seen::Clean(bytes) if bytes.len() == 320_000));
        let mut image = ResponseHeader::build(200, None).expect("a response");
        image.insert_header("Content-Type", "image/png").expect("a header");
        assert!(Held::begin(&"form".parse().expect("a selector"), &mut image).expect("headers").is_none());
    }
}
