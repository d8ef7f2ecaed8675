//! Which ways to sign in an answer offers (`WWW-Authenticate`).

use http::HeaderMap;
use http::header::{HeaderValue, WWW_AUTHENTICATE};

/// Whether an answer offers ways to sign in and HTTP Basic is none of them (RFC 9110, 11.6.1). One that offers nothing
/// is an old server's, and means Basic.
pub(super) fn wants_another(headers: &HeaderMap) -> bool {
    let mut offers = headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes).peekable();
    offers.peek().is_some() && !offers.any(|offer| offers_basic(&String::from_utf8_lossy(offer)))
}

/// One line may offer several ways, and quote anything.
fn offers_basic(line: &str) -> bool {
    let unquoted: String = line.replace("\\\"", "").split('"').step_by(2).collect();
    unquoted.split(',').filter_map(|part| part.split_whitespace().next()).any(|word| word.eq_ignore_ascii_case("basic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_an_offer_of_another_kind_of_sign_in_is_told_from_basic() {
        let wants = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(WWW_AUTHENTICATE, line.parse().expect("a value"));
            }
            wants_another(&headers)
        };
        for basic in [
            &["Basic realm=\"x\""][..],
            &["bAsIc"],
            &[],
            &["Digest realm=\"x\", nonce=\"y\"", "Basic realm=\"x\""],
            &["Negotiate, Basic realm=\"x, y\""],
        ] {
            assert!(!wants(basic), "{basic:?}");
        }
        for other in [
            &["Digest realm=\"Basic\", nonce=\"x\""][..],
            &["Digest realm=\"a, Basic b\""],
            &["Digest realm=\"a\\\", Basic b\""],
            &["Negotiate", "NTLM"],
            &["Bearer"],
            &[""],
        ] {
            assert!(wants(other), "{other:?}");
        }
    }
}
