//! A request head as its bytes come: where its first line and where it itself ends, and whether it is too long.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::refusal::{MAX_HEAD, Refusal};

/// Longest beginning of a request in which its line has to end; a target that is too long may end before it.
const MAX_LINE: usize = 16 * 1024;
/// How a head ends.
const END: &[u8] = b"\r\n\r\n";
static END_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(END));

/// Where a head is in its first line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum FirstLine {
    #[default]
    Before,
    Within,
    Behind,
}

/// What is watched of a head.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    line: FirstLine,
    blanks: u8,
    /// Whether its first line has a byte that no browser sends, or a CR that ends nothing.
    crooked: bool,
    /// The last byte of the first line.
    before: u8,
    /// Its bytes so far.
    taken: usize,
    /// The last bytes of the pieces before.
    last: [u8; 3],
    /// Whether it has come to its end.
    complete: bool,
}

impl Head {
    /// Reads on; where the head ends, if it ends here.
    pub fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let (whole, mut at) = (bytes.len(), 0);
        for byte in bytes {
            match (self.line, byte) {
                (FirstLine::Behind, _) => break,
                (FirstLine::Before, b'\r' | b'\n') => {}
                (FirstLine::Within, b'\n') => self.line = FirstLine::Behind,
                (_, b' ') => self.blanks = self.blanks.saturating_add(1),
                _ => self.line = FirstLine::Within,
            }
            let is_lone_cr = self.before == b'\r' && *byte != b'\n';
            self.crooked |= is_lone_cr || !matches!(byte, b' '..=b'~' | b'\r' | b'\n');
            if self.line == FirstLine::Within {
                self.before = *byte;
            }
            at += usize::from(self.line == FirstLine::Before);
        }
        // Empty lines before the first one end nothing.
        let bytes = &bytes[at..];
        let mut seam = [0; 6];
        let first = bytes.len().min(3);
        seam[..3].copy_from_slice(&self.last);
        seam[3..3 + first].copy_from_slice(&bytes[..first]);
        if let [.., a, b, c] = *bytes {
            self.last = [a, b, c];
        } else {
            self.last.copy_from_slice(&seam[first..first + 3]);
        }
        let within = || END_FINDER.find(bytes).map(|found| found + END.len());
        // A match in the seam ends with the first, second or third byte here.
        let over = seam.windows(END.len()).position(|four| four == END).map(|found| found + 1);
        let end = over.or_else(within).map(|end| at + end);
        self.taken += end.unwrap_or(whole);
        self.complete = end.is_some();
        end
    }

    /// Whether it has come to its end.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether the first line has ended, has two blanks, and is plain ASCII else.
    #[must_use]
    pub const fn has_plain_line(&self) -> bool {
        matches!(self.line, FirstLine::Behind) && self.blanks == 2 && !self.crooked
    }

    /// Why a head that has not ended with the bytes so far is refused now; one that has is for `asked` to judge.
    #[must_use]
    pub const fn overlong(&self) -> Option<Refusal> {
        match (matches!(self.line, FirstLine::Behind), self.taken) {
            (false, MAX_LINE..) if self.blanks == 0 => Some(Refusal::MethodUnknown),
            (false, MAX_LINE..) => Some(Refusal::TargetTooLong),
            (true, taken) if taken > MAX_HEAD => Some(Refusal::HeadTooLarge),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_025_a_request_line_has_two_blanks() {
        let blanks = |pieces: &[&str]| {
            let mut head = Head::default();
            for piece in pieces {
                let _ = head.read(piece.as_bytes());
            }
            (head.line == FirstLine::Behind).then_some(head.blanks)
        };
        assert_eq!(blanks(&["GET /a HTTP/1.1\r\nHost: a b c\r\n"]), Some(2));
        assert_eq!(blanks(&["\r\n\r\nGE", "T /a HT", "TP/1.1\r", "\nX: y z"]), Some(2));
        assert_eq!(blanks(&["GET /a b HTTP/1.1\r\n"]), Some(3));
        assert_eq!(blanks(&["GET /a HTTP/1.1"]), None);
    }

    #[test]
    fn a_head_ends_at_its_empty_line_whatever_pieces_it_comes_in() {
        let whole = "\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n\r\nbody";
        for piece in 1..=whole.len() {
            let (mut head, mut before) = (Head::default(), 0);
            let end = whole.as_bytes().chunks(piece).find_map(|piece| {
                let end = head.read(piece).map(|end| before + end);
                before += piece.len();
                end
            });
            assert_eq!(end, Some(whole.len() - 6), "in pieces of {piece}");
        }
        assert_eq!(Head::default().read(b"\r\n\r\n\r\n"), None);
        assert_eq!(Head::default().read(b"GET / HTTP/1.1\r\n\r\n"), Some(18));
    }
}
