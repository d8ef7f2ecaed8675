//! A `Cookie` line on its way to an extranet (a14, SEC-063).

use http::header::HeaderValue;

use crate::domain::cookie::is_ours;

/// A `Cookie` line without our cookies; the others stay as they are, in order. None where nothing is left.
#[must_use]
pub fn without_ours(line: &HeaderValue) -> Option<HeaderValue> {
    let pairs = line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    let mut kept = Vec::with_capacity(line.len());
    let mut all = true;
    for pair in pairs {
        if is_ours(pair) {
            all = false;
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    if all {
        // To the letter, with its blanks and empty pairs.
        return Some(line.clone());
    }
    if kept.is_empty() { None } else { HeaderValue::from_maybe_shared(bytes::Bytes::from(kept)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a14_our_cookies_are_taken_out_and_the_others_stay_in_order() {
        let kept = |line: &str| without_ours(&HeaderValue::from_str(line).expect("a value"));
        assert_eq!(kept("a=1; __Host-vestibule=x; b=2").expect("a line"), "a=1; b=2");
        assert_eq!(kept("VESTIBULE-csrf=x;PHPSESSID=7").expect("a line"), "PHPSESSID=7");
        assert_eq!(kept("vestibule=x; __Secure-vestibule-known=y"), None);
        assert_eq!(kept("a=\"b c\"; d").expect("a line"), "a=\"b c\"; d");
        assert_eq!(kept("=vestibule=x; a=1").expect("a line"), "a=1");
        assert_eq!(
            kept("vestibulaire=1; my-vestibule=2; a=vestibule").expect("a line"),
            "vestibulaire=1; my-vestibule=2; a=vestibule"
        );
    }

    #[test]
    fn sec_062_strange_cookie_lines_do_no_harm() {
        let many = "a=b; ".repeat(10_000);
        for line in ["", ";", ";;;=", "=;;;", many.as_str()] {
            let value = HeaderValue::from_str(line).expect("a value");
            assert_eq!(without_ours(&value).as_ref(), Some(&value));
        }
    }
}
