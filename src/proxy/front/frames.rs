//! The frames of a connection of HTTP/2, only as far as to see who takes back what they have just asked for.
//!
//! h2 bounds the streams that are reset before they are accepted. Those that are reset afterwards are requests: each may be
//! on its way to an extranet already, and frees its place for the next one (CVE-2023-44487).

use std::time::Duration;

use tokio::time::Instant;

/// The client's first words (RFC 9113, 3.4).
const PREFACE: usize = 24;
/// Length, kind, flags, stream (RFC 9113, 4.1).
const HEAD: usize = 9;
const RESET: u8 = 3;

/// Streams that a client may take back at once: who leaves a page takes back all that it was made of.
const AT_ONCE: u32 = 200;
/// One more may be taken back after this time.
const ONE_MORE_AFTER: Duration = Duration::from_millis(50);

/// Counts the resets of one connection.
#[derive(Debug)]
pub(super) struct Resets {
    /// Bytes until the next head of a frame begins.
    skip: usize,
    head: [u8; HEAD],
    held: usize,
    /// Resets that count, as of `since`.
    counted: u32,
    since: Instant,
}

impl Resets {
    /// Before the first byte.
    pub(super) fn new() -> Self {
        Self { skip: PREFACE, head: [0; HEAD], held: 0, counted: 0, since: Instant::now() }
    }

    /// Reads on; false if too many streams were taken back.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD - self.held).min(bytes.len());
            self.head[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
            self.held += taken;
            bytes = &bytes[taken..];
            if self.held < HEAD {
                return true;
            }
            self.held = 0;
            let [a, b, c, kind, ..] = self.head;
            self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            if kind == RESET && !self.count(Instant::now()) {
                return false;
            }
        }
        true
    }

    fn count(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.since).as_millis() / ONE_MORE_AFTER.as_millis();
        if passed > 0 {
            self.counted = self.counted.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
            self.since = now;
        }
        self.counted += 1;
        self.counted <= AT_ONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        frame.extend(vec![RESET; usize::from(length)]);
        frame
    }

    #[tokio::test(start_paused = true)]
    async fn e13_resets_are_counted_whatever_pieces_the_frames_come_in() {
        let connection = [vec![b'x'; PREFACE], frame(0, 77), frame(RESET, 4), frame(8, 4), frame(RESET, 4)].concat();
        for piece in [1, 2, 7, 9, 10, 1000] {
            let mut resets = Resets::new();
            assert!(connection.chunks(piece).all(|piece| resets.read(piece)));
            assert_eq!(resets.counted, 2, "in pieces of {piece}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn e13_who_leaves_a_page_goes_on_and_who_never_stops_is_seen() {
        let mut resets = Resets::new();
        assert!(resets.read(&[b'x'; PREFACE]));
        let reset = frame(RESET, 4);
        for _ in 0..10 {
            assert!((0..AT_ONCE).all(|_| resets.read(&reset)));
            tokio::time::advance(ONE_MORE_AFTER * AT_ONCE).await;
        }
        assert!((0..AT_ONCE).all(|_| resets.read(&reset)));
        assert!(!resets.read(&reset));
    }
}
