//! An answer of the extranet, as far as it is looked at, and reading its HTML.

use std::sync::LazyLock;
use std::time::Duration;

use encoding_rs::Encoding;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink as _;
use html5ever::tree_builder::TreeSink;
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::domain::cookie::Octets;

/// One answer. Its text may hold a resident's data: no `Debug`.
pub(super) struct Page {
    /// Where it was asked, with the extranet's face.
    pub url: Url,
    /// Its status.
    pub status: u16,
    /// Whether it asks for a sign-in, and not by HTTP Basic.
    pub wants_other_than_basic: bool,
    /// Where it leads by itself.
    pub redirect: Option<Redirect>,
    /// The names of the cookies that it set and neither deleted nor emptied.
    pub cookies: Vec<Octets>,
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
    /// There as well, by what the page says and not by its status.
    Refreshed(Url),
    /// To another server: never followed.
    Elsewhere,
}

/// Pages that are read at a time: half of the processors, so that the requests of others have the rest.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Semaphore::new((processors / 2).max(2))
});

/// Does what reads a page on a thread where no request waits: one that was made to be slow holds it for a second.
pub(super) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // The places are never closed.
    let place = PLACES.acquire().await;
    let work = tokio::task::spawn_blocking(move || {
        // Kept to its end, even where nobody waits for it any more.
        let _place = place;
        work()
    });
    match work.await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// Reads HTML; none if it is made to explode (SEC-080).
pub(super) fn parse(text: &str) -> Option<Html> {
    parse_within(text, Duration::from_secs(1))
}

fn parse_within(text: &str, patience: Duration) -> Option<Html> {
    read_in_pieces(text, HtmlTreeSink::new(Html::new_document()), |sink| sink, patience)
}

/// A small page can become a very large tree (formatting elements that are left open are opened again in every block),
/// and one nested deeply enough takes minutes. So it is read in small pieces, with a look at size and time after each.
pub(super) fn read_in_pieces<S: TreeSink>(
    text: &str,
    sink: S,
    tree: impl Fn(&S) -> &HtmlTreeSink,
    patience: Duration,
) -> Option<S::Output> {
    const PIECE: usize = 64;
    const MOST_NODES: usize = 200_000;
    let deadline = Instant::now() + patience;
    let mut parser = driver::parse_document(sink, ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(piece.into());
        rest = after;
        let nodes = tree(&parser.tokenizer.sink.sink).0.borrow().tree.values().len();
        if nodes > MOST_NODES || Instant::now() > deadline {
            return None;
        }
    }
    Some(parser.finish())
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
    single_spaced(&text)
}

/// Every run of blanks, unbreakable ones too, as one.
pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first element for a CSS selector: its value if it is a field, else its text; none if that is empty.
pub(super) fn read(html: &Html, selector: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    let element = html.select(&selector).next()?;
    let text = match element.value().name() {
        "input" => single_spaced(element.attr("value").unwrap_or_default()),
        _ => visible_text(element),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_080_a_page_that_would_explode_is_given_up() {
        // However busy the machine is.
        let patience = Duration::from_mins(1);
        // Elements that a paragraph leaves open are opened again in every one that follows.
        let bold = (0..5000).map(|number| ["<b id=", &number.to_string(), ">"].concat()).collect::<String>();
        let exploding = ["<p>", &bold, &"</p><p>x".repeat(5000)].concat();
        assert!(parse_within(&exploding, patience).is_none(), "a tree of 25 million elements");
        assert!(parse_within(&"<div>".repeat(50_000), Duration::from_millis(20)).is_none(), "minutes");
        assert!(parse_within(&"<tr><td><b>é</b><a href=y>z</a>".repeat(5000), patience).is_some());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn review_b18_a_page_that_takes_its_time_holds_up_no_request() {
        let (hostile, ended) = (std::sync::mpsc::channel::<()>(), std::sync::Arc::new(tokio::sync::Notify::new()));
        let (release, gate) = hostile;
        let read = tokio::spawn(apart({
            let ended = std::sync::Arc::clone(&ended);
            move || {
                // A page that takes as long as the test likes.
                gate.recv().expect("to be released");
                ended.notify_one();
            }
        }));
        // The only thread of this runtime goes on.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!read.is_finished());
        release.send(()).expect("to release");
        ended.notified().await;
        read.await.expect("no panic");
    }

    #[tokio::test]
    async fn review_b18_pages_are_read_a_few_at_a_time_only() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let reads: Vec<_> = (0..100)
            .map(|_| {
                let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(apart(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _ = parse(&"<div>".repeat(200));
                    now.fetch_sub(1, Ordering::SeqCst);
                }))
            })
            .collect();
        for read in reads {
            read.await.expect("no panic");
        }
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        assert!(most.load(Ordering::SeqCst) <= (processors / 2).max(2));
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
