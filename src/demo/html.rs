//! The few pieces of HTML that the samples share.

use axum::http::HeaderMap;

/// Text that is safe between tags and inside quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A table of names and values, both escaped here.
pub(super) fn table<N: AsRef<str>, V: AsRef<str>>(rows: impl IntoIterator<Item = (N, V)>) -> String {
    let mut table = String::from("<table class=\"fiche\" border=\"1\" cellspacing=\"0\" cellpadding=\"4\">\n");
    for (name, value) in rows {
        let row =
            format!("<tr><th align=\"left\">{}</th><td>{}</td></tr>\n", escape(name.as_ref()), escape(value.as_ref()));
        table.push_str(&row);
    }
    table.push_str("</table>\n");
    table
}

/// The headers of a request as it arrived, one row each, repeated ones too: shows what a proxy in front has done.
pub(super) fn headers_table(headers: &HeaderMap) -> String {
    table(headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_typed_becomes_markup() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
