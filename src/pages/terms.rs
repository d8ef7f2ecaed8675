//! An agency's terms, from the text file that its people write to the HTML that residents read and print.

/// Turns plain text into HTML: `# title`, `## heading`, `- item`, and paragraphs with blank lines between them.
///
/// Everything else stands as it is written: there is no other markup, and characters of HTML are escaped.
#[must_use]
pub fn terms_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 4);
    let mut open = Open::Nothing;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty() {
            open = open.close(&mut html);
        } else if let Some(heading) = line.strip_prefix("## ") {
            open = open.close(&mut html);
            block(&mut html, "h3", heading);
        } else if let Some(title) = line.strip_prefix("# ") {
            open = open.close(&mut html);
            block(&mut html, "h2", title);
        } else if let Some(item) = line.strip_prefix("- ") {
            if !matches!(open, Open::List) {
                open.close(&mut html);
                html.push_str("<ul>\n");
                open = Open::List;
            }
            block(&mut html, "li", item);
        } else {
            if matches!(open, Open::Paragraph) {
                html.push('\n');
            } else {
                open.close(&mut html);
                html.push_str("<p>");
                open = Open::Paragraph;
            }
            html.push_str(&escape(line.trim()));
        }
    }
    open.close(&mut html);
    html
}

/// Escapes what HTML reads as its own, in texts and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[derive(Clone, Copy)]
enum Open {
    Nothing,
    Paragraph,
    List,
}

impl Open {
    fn close(self, html: &mut String) -> Self {
        html.push_str(match self {
            Self::Nothing => "",
            Self::Paragraph => "</p>\n",
            Self::List => "</ul>\n",
        });
        Self::Nothing
    }
}

fn block(html: &mut String, tag: &str, text: &str) {
    html.push_str(&format_args!("<{tag}>{}</{tag}>\n", escape(text.trim())).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_paragraphs_and_lists_are_told_apart() {
        let html =
            terms_html("# Titre\r\n\r\n## Article 1\r\nDeux lignes\r\nd'un paragraphe.\r\n\r\n- un\r\n- deux\r\nFin.");
        assert_eq!(
            html,
            "<h2>Titre</h2>\n<h3>Article 1</h3>\n<p>Deux lignes\nd&#39;un paragraphe.</p>\n\
             <ul>\n<li>un</li>\n<li>deux</li>\n</ul>\n<p>Fin.</p>\n"
        );
    }

    #[test]
    fn markup_and_templates_in_the_text_are_only_text() {
        let html = terms_html("# <script>\n\"><svg onload=alert(1)> & {{7*7}}");
        assert_eq!(html, "<h2>&lt;script&gt;</h2>\n<p>&quot;&gt;&lt;svg onload=alert(1)&gt; &amp; {{7*7}}</p>\n");
    }
}
