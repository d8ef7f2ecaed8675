//! A page that says by what it shows that the extranet's session is over: its login form, in the place of what was asked
//! for (a12); or that its resident has left (F6).
//!
//! The page is held while the form is looked for, and then let go, or replaced by one of ours that leads on: the status
//! is on its way to the browser already.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, TRANSFER_ENCODING};
use lol_html::send::{ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{MemorySettings, Selector};
use pingora::Result;
use pingora::http::ResponseHeader;

use crate::domain::agency_code::AgencyCode;
use crate::domain::form_data::Field;
use crate::domain::leading;
use crate::legacy::coding::{Codings, Decoder};
use crate::telemetry::{Clock, seldom};

/// How much of a page is looked at.
const MOST_HELD: usize = 256 * 1024;

type Sink = fn(&[u8]);

/// What is looked for on pages.
#[derive(Debug, Default)]
pub struct Signs {
    /// The session is over.
    pub over: Option<Selector>,
    /// Its resident has left.
    pub left: Option<Selector>,
}

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The session is over.
    Over,
    /// Its resident has left.
    Left,
}

impl Signs {
    /// Whether anything is looked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.over.is_none() && self.left.is_none()
    }
}

/// A short page's text, through whatever codings it is in.
pub struct Text {
    codings: Codings,
    // In a lock only because pingora shares the context; nobody else asks.
    decoder: Mutex<Decoder>,
    read: Vec<u8>,
}

impl Text {
    /// None where it cannot be read.
    #[must_use]
    pub fn of(response: &ResponseHeader) -> Option<Self> {
        let codings = Codings::of(&response.headers);
        if codings.unknown().is_some() {
            return None;
        }
        let decoder = Mutex::new(codings.decoder(leading::LONGEST + 1).ok()?);
        Some(Self { codings, decoder, read: Vec::new() })
    }

    /// Reads the next piece; false where nothing more can be read.
    pub fn take(&mut self, piece: &[u8]) -> bool {
        let (text, why) = self.decoder.get_mut().unwrap_or_else(PoisonError::into_inner).decode(piece);
        self.read.extend_from_slice(&text);
        why.is_none()
    }

    /// What was read so far.
    #[must_use]
    pub fn read(&self) -> &[u8] {
        &self.read
    }

    /// A page of ours in its place, in the codings that its head has named already.
    #[must_use]
    pub fn coded(&self, page: Bytes) -> Bytes {
        self.codings.encode(&page).map_or(page, Bytes::from)
    }
}

/// A page that is being looked at. What goes on is what came; only the look reads through its codings.
pub struct Held {
    pieces: BytesMut,
    /// The beginning of its text: all of it, where it only leads on.
    text: Vec<u8>,
    codings: Codings,
    over: Arc<AtomicBool>,
    left: Arc<AtomicBool>,
    /// Whether the page may still say that its resident has left, which counts for more.
    may_be_left: bool,
    // In a lock only because pingora shares the context; nobody else asks.
    reader: Mutex<Option<Reader>>,
}

struct Reader {
    decoder: Decoder,
    parser: HtmlRewriter<'static, Sink>,
}

impl Reader {
    /// Whether there may be more to see.
    fn read(&mut self, piece: &[u8], beginning: &mut Vec<u8>) -> bool {
        let (text, why) = self.decoder.decode(piece);
        let room = (leading::LONGEST + 1).saturating_sub(beginning.len());
        beginning.extend_from_slice(&text[..text.len().min(room)]);
        // What cannot be read as a page is none with that element.
        self.parser.write(&text).is_ok() && why.is_none()
    }
}

/// What becomes of what has come so far.
pub enum Seen {
    /// Nothing goes on to the browser yet.
    Wait,
    /// The page is as it should be: this goes on, and everything after it.
    Clean(Bytes),
    /// An element is there.
    Found(Says),
}

impl Held {
    /// Begins to look at an answer, if it is a page that can be looked at; it will be of another length.
    ///
    /// # Errors
    /// A header cannot be written.
    pub fn begin(signs: &Signs, response: &mut ResponseHeader, agency: &AgencyCode) -> Result<Option<Self>> {
        let kind = response.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_page = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
        let whole = matches!(response.status.as_u16(), 200 | 400..=499);
        if !(is_page && whole) {
            return Ok(None);
        }
        let codings = Codings::of(&response.headers);
        if let Some(coding) = codings.unknown() {
            if seldom::is_due(agency, coding, Clock.now()) {
                tracing::warn!(%agency, coding, "a page of an extranet is in a coding that cannot be looked into");
            }
            return Ok(None);
        }
        let Ok(decoder) = codings.decoder(MOST_HELD) else { return Ok(None) };
        response.remove_header(&CONTENT_LENGTH);
        response.remove_header(&ETAG);
        response.insert_header(TRANSFER_ENCODING, "chunked")?;
        // Which of the two pages it is must be asked each time.
        response.insert_header(CACHE_CONTROL, "no-store")?;
        let (over, left) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let memory = MemorySettings::new().with_max_allowed_memory_usage(4 * MOST_HELD);
        let mut settings = Settings::new_send().with_memory_settings(memory).with_strict(false);
        for (selector, found) in [(&signs.over, &over), (&signs.left, &left)] {
            let Some(selector) = selector else { continue };
            let flag = Arc::clone(found);
            let handlers = ElementContentHandlers::default().element(move |_: &mut lol_html::send::Element<'_, '_>| {
                flag.store(true, Ordering::Relaxed);
                Ok(())
            });
            settings = settings.append_element_content_handler((Cow::Owned(selector.clone()), handlers));
        }
        let parser = HtmlRewriter::new(settings, nowhere as Sink);
        let reader = Mutex::new(Some(Reader { decoder, parser }));
        Ok(Some(Self {
            pieces: BytesMut::new(),
            text: Vec::new(),
            codings,
            over,
            left,
            may_be_left: signs.left.is_some(),
            reader,
        }))
    }

    /// Takes the next piece.
    pub fn take(&mut self, piece: Option<&Bytes>, is_last: bool) -> Seen {
        let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = piece {
            self.pieces.extend_from_slice(piece);
            if reader.as_mut().is_some_and(|reader| !reader.read(piece, &mut self.text)) {
                *reader = None;
            }
        }
        if is_last && let Some(reader) = reader.take() {
            let _ = reader.parser.end();
        }
        let is_whole = is_last || reader.is_none() || self.pieces.len() > MOST_HELD;
        let is_over = self.over.load(Ordering::Relaxed);
        if self.left.load(Ordering::Relaxed) {
            Seen::Found(Says::Left)
        } else if is_over && (is_whole || !self.may_be_left) {
            Seen::Found(Says::Over)
        } else if is_whole {
            Seen::Clean(std::mem::take(&mut self.pieces).freeze())
        } else {
            Seen::Wait
        }
    }

    /// What was read of it: all of it, if that is short.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// A page of ours in the place of this one, in the codings that its head has named already.
    pub fn replaced_by(&self, page: Bytes) -> Bytes {
        self.codings.encode(&page).map_or(page, Bytes::from)
    }
}

fn nowhere(_: &[u8]) {}

/// A page of ours that leads on, with what was written in a form: to show it takes a button, since no script of ours may press one.
pub fn sending_to(to: &str, fields: &[Field]) -> Bytes {
    let mut page = format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Session</title><p>Votre session &#233;tait termin&#233;e&nbsp;: rien n&#8217;a &#233;t&#233; envoy&#233;. \
         Ce que vous avez &#233;crit est &#224; la page suivante, &#224; recopier.\
         <p lang=\"en\">Your session was over, and nothing was sent. What you wrote is on the next page, to be copied.\
         <form method=\"post\" action=\"{to}\" accept-charset=\"utf-8\">"
    );
    for Field { name, text } in fields {
        let (name, text) = (plain(name), plain(text));
        page.extend(["<input type=\"hidden\" name=\"", &name, "\" value=\"", &text, "\">"]);
    }
    page.push_str("<p><button>Continuer / Continue</button></p></form></html>\n");
    Bytes::from(page)
}

/// Text for an attribute, whatever charset the head has named.
fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_ascii_alphanumeric() || " .,_-@".contains(sign) {
            written.push(sign);
        } else {
            written.extend(["&#", &u32::from(sign).to_string(), ";"]);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs() -> Signs {
        Signs { over: "form#dw__login".parse().ok(), left: "p.au-revoir".parse().ok() }
    }

    fn held() -> Held {
        held_in("identity")
    }

    fn agency() -> AgencyCode {
        AgencyCode::parse("A1", "01").expect("a code")
    }

    fn held_in(coding: &str) -> Held {
        let mut response = ResponseHeader::build(200, None).expect("a response");
        response.insert_header("Content-Type", "text/html; charset=utf-8").expect("a header");
        response.insert_header("Content-Length", "5").expect("a header");
        response.insert_header("Content-Encoding", coding).expect("a header");
        let held = Held::begin(&signs(), &mut response, &agency()).expect("headers").expect("a page");
        assert!(response.headers.get(CONTENT_LENGTH).is_none());
        held
    }

    fn pieces(held: &mut Held, pieces: &[&str]) -> (Option<Says>, String) {
        let mut sent = String::new();
        for (at, piece) in pieces.iter().enumerate() {
            match held.take(Some(&Bytes::from((*piece).to_owned())), at + 1 == pieces.len()) {
                Seen::Wait => {}
                Seen::Clean(bytes) => sent.push_str(&String::from_utf8_lossy(&bytes)),
                Seen::Found(says) => return (Some(says), sent),
            }
        }
        (None, sent)
    }

    #[test]
    fn a12_a_login_form_is_found_wherever_the_pieces_break_and_nothing_is_sent_before() {
        let page = ["<p>Permission Denied</p><fo", "rm method=post i", "d='dw__login' class=x>", "<input></form>"];
        assert_eq!(pieces(&mut held(), &page), (Some(Says::Over), String::new()));
        let other = ["<!-- <form id=dw__login> --><scr", "ipt>'<form id=dw__login>'</script>", "<p>Bonjour</p>"];
        assert_eq!(pieces(&mut held(), &other), (None, other.concat()));
        // Who left is shown the form, too.
        let left = ["<form id=dw__login></form>", "<p class='au-revoir'>", "Au revoir"];
        assert_eq!(pieces(&mut held(), &left), (Some(Says::Left), String::new()));
    }

    #[test]
    fn a12_a_long_page_is_let_go_and_what_is_no_page_is_not_looked_at() {
        let long = "<p>x</p>".repeat(40_000);
        let mut held = held();
        assert!(matches!(held.take(Some(&Bytes::from(long)), false), Seen::Clean(bytes) if bytes.len() == 320_000));
        let mut image = ResponseHeader::build(200, None).expect("a response");
        image.insert_header("Content-Type", "image/png").expect("a header");
        assert!(Held::begin(&signs(), &mut image, &agency()).expect("headers").is_none());
        image.insert_header("Content-Type", "text/html").expect("a header");
        image.insert_header("Content-Encoding", "aes128gcm").expect("a header");
        assert!(Held::begin(&signs(), &mut image, &agency()).expect("headers").is_none());
    }

    #[test]
    fn review_case_05_a_login_form_is_found_in_every_coding_and_what_goes_on_is_what_came() {
        for coding in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br"] {
            let coded = |page: &str| Bytes::from(held_in(coding).codings.encode(page.as_bytes()).expect("to encode"));
            let form = coded(&format!("{}<form id=dw__login></form>", "<p>Interdit</p>".repeat(500)));
            let mut held = held_in(coding);
            let pieces: Vec<Bytes> = form.chunks(10).map(Bytes::copy_from_slice).collect();
            let found = pieces
                .iter()
                .enumerate()
                .any(|(at, piece)| matches!(held.take(Some(piece), at + 1 == pieces.len()), Seen::Found(Says::Over)));
            assert!(found, "{coding}");
            let ours = held.replaced_by(Bytes::from_static(b"<p>ailleurs"));
            let read = held.codings.decoder(100).expect("a decoder").decode(&ours);
            assert_eq!(read, (b"<p>ailleurs".to_vec(), None), "{coding}");
            let other = coded("<p>Bonjour</p>");
            assert!(
                matches!(held_in(coding).take(Some(&other), true), Seen::Clean(bytes) if bytes == other),
                "{coding}"
            );
        }
        // It says that it is, and is not: nobody's business here.
        let plain = Bytes::from_static(b"<form id=dw__login>");
        assert!(matches!(held_in("gzip").take(Some(&plain), true), Seen::Clean(bytes) if bytes == plain));
    }

    #[test]
    fn sec_080_a_page_that_would_explode_is_let_go() {
        for coding in ["gzip", "br", "zstd", "deflate"] {
            let page = format!("{}<form id=dw__login>", " ".repeat(40_000_000));
            let bomb = Bytes::from(held_in(coding).codings.encode(page.as_bytes()).expect("to encode"));
            let mut held = held_in(coding);
            let seen = held.take(Some(&bomb), false);
            assert!(matches!(seen, Seen::Clean(bytes) if bytes == bomb), "{coding}");
        }
    }
}
