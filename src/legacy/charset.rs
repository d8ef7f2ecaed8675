//! What a page's bytes mean, and how a form's fields are written back in the same alphabet.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// How far into a page its own declaration is looked for; browsers stop at 1024, old pages put scripts before it.
const PRESCAN: usize = 4096;

/// A page's text and the encoding that it was read in.
///
/// A byte order mark decides first (encoding standard), then the header, then `<meta>`, then windows-1252.
pub(super) fn decode(content_type: Option<&str>, body: &[u8]) -> (String, &'static Encoding) {
    let declared = content_type.and_then(charset_parameter).or_else(|| meta_charset(body)).unwrap_or(WINDOWS_1252);
    let (text, used, _) = declared.decode(body);
    (text.into_owned(), used)
}

/// The first encoding that is known in a list of labels (`accept-charset`).
pub(super) fn first_known(labels: &str) -> Option<&'static Encoding> {
    labels.split([',', ' ', '\t', '\n', '\r', '\x0c']).find_map(|label| Encoding::for_label(label.as_bytes()))
}

/// Whether an encoding writes a text so that it reads the same: some write one sign for two, or none.
pub(super) fn can_write(text: &str, encoding: &'static Encoding) -> bool {
    let encoding = encoding.output_encoding();
    let (bytes, _, is_torn) = encoding.encode(text);
    !is_torn && encoding.decode_without_bom_handling_and_without_replacement(&bytes).is_some_and(|read| read == text)
}

/// Fields as `application/x-www-form-urlencoded`, in the bytes of `encoding`.
///
/// What the encoding cannot write becomes `&#NNN;`, as browsers do. The buffer may hold a password: it is wiped.
pub(super) fn urlencode(fields: &[(String, Zeroizing<String>)], encoding: &'static Encoding) -> Zeroizing<Vec<u8>> {
    let encoding = encoding.output_encoding();
    let mut body = Zeroizing::new(Vec::new());
    for (name, value) in fields {
        if !body.is_empty() {
            body.push(b'&');
        }
        push_encoded(&mut body, name, encoding);
        body.push(b'=');
        push_encoded(&mut body, value, encoding);
    }
    body
}

fn push_encoded(body: &mut Zeroizing<Vec<u8>>, text: &str, encoding: &'static Encoding) {
    let bytes = Zeroizing::new(encoding.encode(text).0.into_owned());
    // Worst case first: a buffer that grows leaves copies of the password behind.
    body.reserve(bytes.len() * 3);
    for piece in form_urlencoded::byte_serialize(&bytes) {
        body.extend_from_slice(piece.as_bytes());
    }
}

/// The `charset` of a Content-Type value.
fn charset_parameter(content_type: &str) -> Option<&'static Encoding> {
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Encoding::for_label(parameter.as_bytes())
}

/// The first charset that a `<meta>` declares, in either of its forms.
fn meta_charset(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&body[..body.len().min(PRESCAN)]).to_ascii_lowercase();
    let found = head.split("<meta").skip(1).find_map(|rest| {
        let tag = rest.split('>').next()?;
        let (_, value) = tag.split_once("charset")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let label = value.split(|c: char| c.is_whitespace() || "\"';/>".contains(c)).next()?;
        Encoding::for_label(label.as_bytes())
    })?;
    // Bytes in which `<meta` could be read are not UTF-16, whatever they say (encoding standard).
    Some(if found == found.output_encoding() { found } else { UTF_8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWKWARD: &str = "p&s=w+rd 100% \"é'<9>";

    fn encoded(value: &str, label: &str) -> String {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let fields = [("mot de passe".to_owned(), Zeroizing::new(value.to_owned()))];
        String::from_utf8(urlencode(&fields, encoding).to_vec()).unwrap()
    }

    #[test]
    fn an_awkward_password_is_posted_in_the_forms_alphabet() {
        let latin = "mot+de+passe=p%26s%3Dw%2Brd+100%25+%22%E9%27%3C9%3E";
        assert_eq!(encoded(AWKWARD, "iso-8859-1"), latin);
        assert_eq!(encoded(AWKWARD, "windows-1252"), latin);
        assert_eq!(encoded(AWKWARD, "utf-8"), latin.replace("%E9", "%C3%A9"));
    }

    #[test]
    fn what_an_alphabet_cannot_write_is_written_as_browsers_do() {
        assert_eq!(encoded("€ł", "iso-8859-1"), "mot+de+passe=%80%26%23322%3B");
        assert_eq!(encoded("€", "iso-8859-15"), "mot+de+passe=%A4");
    }

    #[test]
    fn the_header_is_believed_before_the_page_and_the_page_before_the_habit() {
        let latin = b"<p>Identit\xe9";
        assert_eq!(decode(None, latin).0, "<p>Identité");
        assert_eq!(decode(Some("text/html; Charset=\"ISO-8859-1\""), latin).0, "<p>Identité");
        let page = "<META http-equiv='Content-Type' content='text/html; charset=utf-8'><p>é";
        assert_eq!(decode(Some("text/html"), page.as_bytes()).0, page);
        assert_eq!(decode(Some("text/html; charset=iso-8859-1"), page.as_bytes()).1, WINDOWS_1252);
        assert_eq!(decode(None, b"<meta charset=utf-16><p>").1, UTF_8);
        assert_eq!(decode(None, b"\xef\xbb\xbf<p>\xc3\xa9").0, "<p>é");
        assert_eq!(first_known("unknown, UTF-8 iso-8859-1"), Some(UTF_8));
    }
}
