//! The sizes of a chunked body, only as far as to see one that is empty: pingora's parser takes it for the last one, and
//! whoever is in front of us may not (SEC-113).

/// Where in the body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a size.
    Begin,
    /// Within one.
    Size(u64),
    /// Behind one, before its line ends.
    Extension(u64),
    /// So many bytes before the next size.
    Data(u64),
    /// Behind the last chunk, or where pingora refuses by itself.
    Over,
}

/// Watches the sizes of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks(At);

impl Default for Chunks {
    fn default() -> Self {
        Self(At::Begin)
    }
}

impl Chunks {
    /// Reads on. An empty size is made one that the parser refuses, too.
    pub(super) fn read(&mut self, mut bytes: &mut [u8]) {
        while let Some(byte) = bytes.first_mut() {
            let mut passed = 1;
            self.0 = match (self.0, *byte) {
                (At::Over, _) => return,
                (At::Data(left), _) => {
                    let here = left.min(bytes.len() as u64);
                    // No more than there are bytes here.
                    passed = usize::try_from(here).unwrap_or(bytes.len());
                    if left == here { At::Begin } else { At::Data(left - here) }
                }
                (At::Begin, b'\r' | b'\n') => {
                    *byte = b'!';
                    At::Over
                }
                (At::Begin, digit) => digit_of(digit).map_or(At::Over, At::Size),
                (At::Size(0) | At::Extension(0), b'\n') => At::Over,
                (At::Size(size) | At::Extension(size), b'\n') => At::Data(size.saturating_add(2)),
                (At::Extension(size), _) => At::Extension(size),
                (At::Size(size), byte) => match digit_of(byte) {
                    Some(digit) => size.checked_mul(16).map_or(At::Over, |size| At::Size(size | digit)),
                    None => At::Extension(size),
                },
            };
            bytes = &mut bytes[passed..];
        }
    }
}

fn digit_of(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, piece: usize) -> String {
        let (mut chunks, mut bytes) = (Chunks::default(), body.as_bytes().to_vec());
        bytes.chunks_mut(piece).for_each(|piece| chunks.read(piece));
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn sec_113_an_empty_size_is_made_one_that_nobody_takes_for_nought() {
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(read("\r\nhello\r\n0\r\n\r\n", piece), "!\nhello\r\n0\r\n\r\n");
            assert_eq!(read("5\r\nhello\r\n\r\n0\r\n\r\n", piece), "5\r\nhello\r\n!\n0\r\n\r\n");
        }
    }

    #[test]
    fn what_is_right_or_refused_anyway_is_left_as_it_is() {
        let long = format!("FFF;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n", "\r\n\r".repeat(0xfff / 3));
        for body in [
            "5\r\n\r\n\r\n\n\r\n0\r\n\r\n",
            "a ;x=\"y\"\r\n0123456789\r\n00\r\n\r\n",
            "0\r\nX: y\r\n\r\n",
            "-1\r\n\r\n\r\n",
            "11111111111111111\r\n\r\n",
            &long,
        ] {
            for piece in [1, 2, 3, 7, 1000] {
                assert_eq!(read(body, piece), body);
            }
        }
    }
}
