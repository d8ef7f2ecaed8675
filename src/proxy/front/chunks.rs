//! A chunked body as its bytes come, read by the letter (RFC 9112, 7.1): where it ends, and whether every line in it is
//! one that everybody reads the same.
//!
//! pingora's parser takes an empty size for the last one, and whatever stands behind a `;` up to a CR LF; whoever is in
//! front of us may end that line at the LF in it, and hold for a body what we would answer as a request (SEC-113, SEC-115).

/// Longest line of a size with what is behind it; a signature in it has a hundred bytes.
const MAX_LINE: u32 = 1024;
/// Most bytes of a body that are neither a size nor data: many small extensions are a long one (CVE-2023-39326).
const MAX_EXTENSIONS: u32 = 16 * 1024;
/// Longest trailers; they go nowhere.
const MAX_TRAILERS: u32 = 8 * 1024;
/// Most digits of a size.
const MAX_DIGITS: u32 = 16;

/// Where in the body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a size.
    Begin,
    /// Within one.
    Size,
    /// In blanks behind a size or a value: only another extension can follow.
    Blank,
    /// Behind a `;`, before a name.
    BeforeName,
    Name,
    /// In blanks behind a name.
    AfterName,
    /// Behind a `=`, before a value.
    BeforeValue,
    Value,
    Quoted,
    /// Behind a `\` in a quoted value.
    Escaped,
    /// Behind the second `"` of one.
    Unquoted,
    /// Behind the CR of the line.
    LineEnd,
    /// Within the bytes of a chunk.
    Data,
    /// Behind them, before their CR and before their LF.
    DataCr,
    DataLf,
    /// At the beginning of a trailer, or of the last line.
    Trailer,
    TrailerName,
    TrailerValue,
    /// Behind the CR of a trailer.
    TrailerLf,
    /// Behind the CR of the last line.
    LastLf,
    /// Behind the body.
    Over,
    /// Behind a byte that cannot be there.
    Broken,
}

/// What has been read of one body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks {
    at: At,
    /// The size of the chunk, or what is left of it.
    size: u64,
    /// Bytes of this line.
    line: u32,
    /// Bytes of extensions so far, and of trailers.
    extensions: u32,
    trailers: u32,
}

/// What a piece of a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// All of it belongs to the body.
    Within,
    /// The body ends after so many bytes.
    End(usize),
    /// No body of anybody.
    Malformed,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { at: At::Begin, size: 0, line: 0, extensions: 0, trailers: 0 }
    }
}

impl Chunks {
    /// Reads on.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Piece {
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            let mut passed = 1;
            if self.at == At::Data {
                let here = self.size.min(rest.len() as u64);
                // No more than there are bytes here.
                passed = usize::try_from(here).unwrap_or(rest.len());
                self.size -= here;
                self.at = if self.size == 0 { At::DataCr } else { At::Data };
            } else {
                self.at = self.next(*byte);
            }
            rest = &rest[passed..];
            match self.at {
                At::Over => return Piece::End(bytes.len() - rest.len()),
                At::Broken => return Piece::Malformed,
                _ => {}
            }
        }
        Piece::Within
    }

    fn next(&mut self, byte: u8) -> At {
        match (self.at, byte) {
            (At::Begin | At::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte),
            (At::Size | At::Name | At::Value | At::Unquoted, b'\r') => At::LineEnd,
            (At::LineEnd, b'\n') => self.line_ended(),
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => self.begin(),
            (
                At::Trailer | At::TrailerName | At::TrailerValue | At::TrailerLf | At::LastLf | At::Over | At::Broken,
                _,
            ) => self.next_in_trailers(byte),
            _ => self.next_in_extension(byte),
        }
    }

    fn digit(&mut self, byte: u8) -> At {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        self.line += 1;
        if self.line > MAX_DIGITS {
            return At::Broken;
        }
        self.size = self.size << 4 | digit;
        At::Size
    }

    fn begin(&mut self) -> At {
        (self.size, self.line) = (0, 0);
        At::Begin
    }

    fn line_ended(&self) -> At {
        if self.size == 0 { At::Trailer } else { At::Data }
    }

    fn next_in_extension(&mut self, byte: u8) -> At {
        self.line += 1;
        self.extensions += 1;
        if self.line > MAX_LINE || self.extensions > MAX_EXTENSIONS {
            return At::Broken;
        }
        match (self.at, byte) {
            (At::Size | At::Blank | At::Name | At::AfterName | At::Value | At::Unquoted, b';')
            | (At::BeforeName, b' ' | b'\t') => At::BeforeName,
            (At::Size | At::Blank | At::Value | At::Unquoted, b' ' | b'\t') => At::Blank,
            (At::Name | At::AfterName, b' ' | b'\t') => At::AfterName,
            (At::Name | At::AfterName, b'=') | (At::BeforeValue, b' ' | b'\t') => At::BeforeValue,
            (At::BeforeValue, b'"') => At::Quoted,
            (At::BeforeName | At::Name, _) if is_token(byte) => At::Name,
            (At::BeforeValue | At::Value, _) if is_token(byte) => At::Value,
            (At::Quoted, b'"') => At::Unquoted,
            (At::Quoted, b'\\') => At::Escaped,
            (At::Quoted | At::Escaped, _) if is_text(byte) => At::Quoted,
            _ => At::Broken,
        }
    }

    fn next_in_trailers(&mut self, byte: u8) -> At {
        self.trailers += 1;
        match (self.at, byte) {
            (At::Over, _) => At::Over,
            _ if self.trailers > MAX_TRAILERS => At::Broken,
            (At::Trailer, b'\r') => At::LastLf,
            (At::LastLf, b'\n') => At::Over,
            (At::Trailer | At::TrailerName, _) if is_token(byte) => At::TrailerName,
            (At::TrailerName, b':') => At::TrailerValue,
            (At::TrailerValue, b'\r') => At::TrailerLf,
            (At::TrailerValue, _) if is_text(byte) => At::TrailerValue,
            (At::TrailerLf, b'\n') => At::Trailer,
            _ => At::Broken,
        }
    }
}

/// `tchar` (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// What can stand in a field or behind a `\`: no sign that steers anything but the tabulator.
const fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: [usize; 5] = [1, 2, 3, 7, 100_000];

    /// What becomes of a body that comes in pieces: where it ends, if it does; an error if it is malformed.
    fn read(body: &[u8], piece: usize) -> Result<Option<usize>, ()> {
        let (mut chunks, mut before) = (Chunks::default(), 0);
        for piece in body.chunks(piece) {
            match chunks.read(piece) {
                Piece::Within => before += piece.len(),
                Piece::End(end) => return Ok(Some(before + end)),
                Piece::Malformed => return Err(()),
            }
        }
        Ok(None)
    }

    #[test]
    fn sec_115_what_is_right_ends_where_everybody_ends_it() {
        let data = format!("FFF;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n", "\r\n\r".repeat(0xfff / 3));
        let signed = format!("3;chunk-signature={}\r\nabc\r\n0\r\n\r\n", "0123456789abcdef".repeat(4));
        let bodies = [
            "0\r\n\r\n",
            "5\r\n\r\n\r\n\n\r\n0\r\n\r\n",
            "a ;x=\"y\"\r\n0123456789\r\n00\r\n\r\n",
            "000000000000000A\r\n0123456789\r\n0\r\n\r\n",
            "2;a\r\nxx\r\n0;b=c;d\r\n\r\n",
            "2 ; a = \"b;\\\"\\\\\té\" ; c\r\nxx\r\n0\r\n\r\n",
            "2;a=\"\"\r\nxx\r\n0\r\nX:\r\nY: a b\t\r\n\r\n",
            &data,
            &signed,
        ];
        for body in bodies {
            for piece in PIECES {
                let sent = [body.as_bytes(), b"GET / HTTP/1.1\r\n"].concat();
                assert_eq!(read(&sent, piece), Ok(Some(body.len())), "{body:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn sec_113_and_115_what_two_could_read_differently_is_malformed() {
        let sizes = ["", " 2", "\t2", "+2", "-2", "0x2", "2_", "0_2", "2h", "2,", "2 ", "2\t", "2\0", "\u{feff}2", "²"];
        let huge = ["11111111111111111", "00000000000000002", "FFFFFFFFFFFFFFFF0"];
        let long = [
            format!("2;a={}", "b".repeat(2000)),
            format!("2;{}", "a;".repeat(2000)),
            format!("2{};a", " ".repeat(2000)),
        ];
        let extensions = [
            "2;",
            "2; ",
            "2;;a",
            "2;a;",
            "2;=b",
            "2;a=",
            "2;a= ",
            "2;a b",
            "2;a=b c",
            "2;a=b ",
            "2;a ",
            "2;a=\"b\" ",
            "2;a=\"b\"c",
            "2;a=\"b",
            "2;a=b\"",
            "2;\"a\"",
            "2;a=\"\\",
            "2;[",
            "2;a=@",
            "2;a=(b)",
            "2;é",
            "2;a=é",
            "2;\0",
            "2;a=\0",
            "2;a=\"\0\"",
            "2;a=\"\x7f\"",
            "2;a=\"\\\0\"",
            "2;\n",
            "2;a\n",
            "2;a=\n",
            "2;a=b\n",
            "2;a=\"\n\"",
            "2;a=\"\\\n\"",
            "2;\r",
            "2;a\r",
            "2;a=\r",
            "2;a=b\rc",
            "2;a=\"\r\"",
            "2;a=\"\\\r\"",
            "2;a=\"\r\n\"",
            "2\n",
            "2\r",
            "2 \n",
            "2;a=b;\n;c",
        ];
        let lines = sizes.into_iter().chain(huge).chain(extensions).chain(long.iter().map(String::as_str));
        for line in lines {
            let body = format!("{line}\r\nxx\r\n0\r\n\r\n");
            for piece in PIECES {
                assert_eq!(read(body.as_bytes(), piece), Err(()), "{line:?} in pieces of {piece}");
            }
        }
        let ends = [
            "2\nxx\r\n0\r\n\r\n",
            "2\rxx\r\n0\r\n\r\n",
            "2\r\nxx\n0\r\n\r\n",
            "2\r\nxx\r0\r\n\r\n",
            "2\r\nxx0\r\n\r\n",
            "2\r\nxxx\r\n0\r\n\r\n",
            "2\r\nxx\r\n\r\n",
            "\r\nxx\r\n0\r\n\r\n",
            "2\r\nxx\r\n0\n\r\n",
            "2\r\nxx\r\n0\r\n\n",
            "0\r\n\rX",
            "0;\r\n\r\n",
            "0 \r\n\r\n",
            "0;x\n\r\n\r\n",
            "0\r\nX: y\n\r\n",
            "0\r\nX : y\r\n\r\n",
            "0\r\n: y\r\n\r\n",
            "0\r\nX\r\n\r\n",
            "0\r\n X: y\r\n\r\n",
            "0\r\nX: y\r\n z\r\n\r\n",
            "0\r\nX: \0\r\n\r\n",
            "0\r\nX: a\rb\r\n\r\n",
            "0\r\nX\0: y\r\n\r\n",
        ];
        let trailers = format!("0\r\nX: {}\r\n\r\n", "y".repeat(9000));
        for body in ends.into_iter().chain([trailers.as_str()]) {
            for piece in PIECES {
                assert_eq!(read(body.as_bytes(), piece), Err(()), "{body:?} in pieces of {piece}");
            }
        }
        let many = format!("{}0\r\n\r\n", "1;abcdefghijklmnopqrstuvwxyz\r\nx\r\n".repeat(1000));
        assert_eq!(read(many.as_bytes(), 4096), Err(()), "many small extensions are a long one");
    }

    #[test]
    fn a_body_that_has_not_ended_goes_on() {
        for body in ["", "5", "5\r", "5\r\n", "5\r\nhell", "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nX: y\r\n"] {
            assert_eq!(read(body.as_bytes(), 1), Ok(None), "{body:?}");
        }
    }
}
