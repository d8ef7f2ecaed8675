//! Reads a `multipart/form-data` body piece by piece (RFC 7578), so that an upload of any size needs little memory.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt;

/// Headers of one part beyond this are nobody's browser.
const LONGEST_HEAD: usize = 8 * 1024;

/// A form on its way in: `next_part`, then `next_piece` until the part ends, and so on.
#[derive(Debug)]
pub(super) struct Multipart {
    body: Body,
    /// What was received and not yet handed out. Begins as a line end, so that the first delimiter looks like the
    /// others.
    buffer: Vec<u8>,
    delimiter: Vec<u8>,
    place: Place,
}

/// What a part says of itself, in the form's own charset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The field's name.
    pub(super) name: Vec<u8>,
    /// The file's name on the resident's device, where the field is one for files.
    pub(super) file_name: Option<Vec<u8>>,
}

/// The form broke off, or is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    InContent,
    BetweenParts,
    AtTheEnd,
}

impl Multipart {
    /// Begins to read; nothing where the headers do not announce such a form.
    pub(super) fn new(headers: &HeaderMap, body: Body) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let (_, boundary) = kind.strip_prefix("multipart/form-data")?.split_once("boundary=")?;
        let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // What stands before the first delimiter is read as the content of a part that nobody asked for.
        Some(Self { body, buffer: b"\r\n".to_vec(), delimiter, place: Place::InContent })
    }

    /// The next part, past whatever is left of the one before; nothing at the end of the form.
    pub(super) async fn next_part(&mut self) -> Result<Option<Part>, Broken> {
        while self.next_piece().await?.is_some() {}
        if self.place == Place::AtTheEnd {
            return Ok(None);
        }
        while self.buffer.len() < 2 {
            self.receive().await?;
        }
        if self.buffer.starts_with(b"--") {
            self.place = Place::AtTheEnd;
            return Ok(None);
        }
        let end = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end,
                None if self.buffer.len() > LONGEST_HEAD => return Err(Broken),
                None => self.receive().await?,
            }
        };
        let part = Part::read(&self.buffer[..end])?;
        self.buffer.drain(..end + 4);
        self.place = Place::InContent;
        Ok(Some(part))
    }

    /// The next bytes of the current part; nothing at its end.
    pub(super) async fn next_piece(&mut self) -> Result<Option<Bytes>, Broken> {
        while self.place == Place::InContent {
            let ready = match find(&self.buffer, &self.delimiter) {
                Some(0) => {
                    self.buffer.drain(..self.delimiter.len());
                    self.place = Place::BetweenParts;
                    break;
                }
                Some(end) => end,
                // The last bytes may be the beginning of a delimiter.
                None => (self.buffer.len() + 1).saturating_sub(self.delimiter.len()),
            };
            if ready > 0 {
                let rest = self.buffer.split_off(ready);
                return Ok(Some(Bytes::from(std::mem::replace(&mut self.buffer, rest))));
            }
            self.receive().await?;
        }
        Ok(None)
    }

    /// The rest of the current part, if it is at most so long.
    pub(super) async fn text(&mut self, longest: usize) -> Result<Vec<u8>, Broken> {
        let mut text = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            text.extend_from_slice(&piece);
            if text.len() > longest {
                return Err(Broken);
            }
        }
        Ok(text)
    }

    async fn receive(&mut self) -> Result<(), Broken> {
        let frame = self.body.frame().await.ok_or(Broken)?.map_err(|_| Broken)?;
        if let Ok(bytes) = frame.into_data() {
            self.buffer.extend_from_slice(&bytes);
        }
        Ok(())
    }
}

impl Part {
    fn read(head: &[u8]) -> Result<Self, Broken> {
        let disposition = head
            .split(|&byte| byte == b'\n')
            .find(|line| line.trim_ascii_start().to_ascii_lowercase().starts_with(b"content-disposition:"))
            .ok_or(Broken)?;
        let name = parameter(disposition, b"; name=\"").ok_or(Broken)?;
        Ok(Self { name, file_name: parameter(disposition, b"; filename=\"") })
    }
}

/// Browsers write `%22` for a quote inside, so the next quote is the end.
fn parameter(header: &[u8], opening: &[u8]) -> Option<Vec<u8>> {
    let value = &header[find(header, opening)? + opening.len()..];
    value.iter().position(|&byte| byte == b'"').map(|end| value[..end].to_vec())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(candidate) = bytes[from..].iter().position(|&byte| byte == wanted[0]) {
        from += candidate;
        if bytes[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const FORM: &[u8] =
        b"ignored\r\n--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nOn\r\n--y\xe9\r\n--x\r\n\
        content-disposition: form-data; name=\"fichier\"; filename=\"a;b.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        \r\n--\r\n\r\n--x--\r\n";

    fn form(bytes: &'static [u8], size: usize) -> Multipart {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, "multipart/form-data; boundary=\"x\"".parse().unwrap())]);
        let pieces = bytes.chunks(size).map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        Multipart::new(&headers, Body::from_stream(stream::iter(pieces))).unwrap()
    }

    #[tokio::test]
    async fn a_form_reads_the_same_however_it_was_cut_on_its_way() {
        for size in 1..=FORM.len() {
            let mut form = form(FORM, size);
            let message = form.next_part().await.unwrap().unwrap();
            assert_eq!(message, Part { name: b"message".to_vec(), file_name: None });
            assert_eq!(form.text(100).await.unwrap(), b"On\r\n--y\xe9");
            let file = form.next_part().await.unwrap().unwrap();
            assert_eq!(file, Part { name: b"fichier".to_vec(), file_name: Some(b"a;b.txt".to_vec()) });
            assert_eq!(form.text(100).await.unwrap(), b"\r\n--\r\n");
            assert_eq!(form.next_part().await, Ok(None));
            assert_eq!(form.next_part().await, Ok(None));
        }
    }

    #[tokio::test]
    async fn a_part_that_nobody_wanted_is_skipped() {
        let mut form = form(FORM, 7);
        form.next_part().await.unwrap();
        assert_eq!(form.next_part().await.unwrap().unwrap().name, b"fichier");
    }

    #[tokio::test]
    async fn a_form_that_breaks_off_is_told_from_one_that_ends() {
        let mut form = form(&FORM[..FORM.len() - 6], 16);
        form.next_part().await.unwrap();
        form.next_part().await.unwrap();
        assert_eq!(form.text(100).await, Err(Broken));
    }

    #[tokio::test]
    async fn a_text_that_is_too_long_is_refused() {
        let mut form = form(FORM, 16);
        form.next_part().await.unwrap();
        assert_eq!(form.text(3).await, Err(Broken));
    }
}
