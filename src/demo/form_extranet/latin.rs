//! ISO-8859-1 as browsers understand it, which is windows-1252 (WHATWG Encoding Standard §4.2).

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
    response::{IntoResponse, Response},
};
use encoding_rs::WINDOWS_1252;
use percent_encoding::percent_decode;

/// A page that leaves in ISO-8859-1; a character that does not fit leaves as `&#…;`.
#[derive(Debug)]
pub(super) struct LatinPage(pub(super) String);

impl IntoResponse for LatinPage {
    fn into_response(self) -> Response {
        let headers =
            [(header::CONTENT_TYPE, "text/html; charset=ISO-8859-1"), (header::CACHE_CONTROL, "private, no-store")];
        (headers, WINDOWS_1252.encode(&self.0).0.into_owned()).into_response()
    }
}

/// The fields of a form or query whose bytes are ISO-8859-1.
#[derive(Debug)]
pub(super) struct LatinFields(Vec<(String, String)>);

impl LatinFields {
    /// Reads `a=1&b=2`; never fails, as every byte is some character.
    pub(super) fn read(encoded: &[u8]) -> Self {
        let pairs = encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let mut halves = pair.splitn(2, |&byte| byte == b'=').map(decode_field);
                    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
                })
                .collect(),
        )
    }

    /// The first value of that name, or an empty text.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl<S: Send + Sync> FromRequest<S> for LatinFields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self::read(&body))
    }
}

/// Reads text that a browser sent from one of our pages.
pub(super) fn decode(bytes: &[u8]) -> String {
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

fn decode_field(field: &[u8]) -> String {
    let spaced: Vec<u8> = field.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    decode(&percent_decode(&spaced).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_old_charset() {
        let fields = LatinFields::read(b"motdepasse=p%26s%3Dw%2Brd+100%25+%22%E9%27%3C9%3E&euro=%80&vide=&seul");
        assert_eq!(fields.get("motdepasse"), "p&s=w+rd 100% \"é'<9>");
        assert_eq!(fields.get("euro"), "€");
        assert_eq!(fields.get("vide"), "");
        assert_eq!(fields.get("absent"), "");
    }
}
