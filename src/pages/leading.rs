//! The page that only leads on, where an answer cannot redirect.

use super::helpers::escape_html;

/// A page of ours that leads on at once, also without a script.
#[must_use]
pub fn leading_to(to: &str) -> String {
    let to = escape_html(to);
    format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={to}\">\
         <title>…</title><p><a href=\"{to}\">Continuer / Continue</a></p></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_leads_cannot_end_its_attribute() {
        let page = leading_to("/a?b=1&c=\"><script>x</script>");
        assert!(page.contains("content=\"0; url=/a?b=1&amp;c=&quot;&gt;&lt;script"), "{page}");
    }
}
