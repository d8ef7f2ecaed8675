//! How text is set in pages and letters: where lines break, and where they do not. What is shown is what is copied and found:
//! breaks are allowed by `<wbr>`, not by signs, and forbidden by style.

use std::borrow::Cow;

use super::translations::french_spaces;

/// What stands around a word that does not break.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whole {
    /// On pages, by the style sheet.
    ByClass,
    /// In letters, which have none.
    ByStyle,
}

/// Elements whose content is no text of the page, or takes no elements.
const LEFT_ALONE: [&str; 5] = ["title", "textarea", "script", "style", "pre"];
const HEADINGS: [&str; 3] = ["h1", "h2", "h3"];

/// How long an address may be that stands on a line of a small phone as it is.
const FITS: usize = 23;
/// What a letter says of a word that does not break.
const NOWRAP: &str = "white-space:nowrap";

/// Sets the text of a finished page or letter.
pub(super) fn set(html: &str, whole: Whole) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let (mut rest, mut heading) = (html, false);
    while let Some(start) = rest.find('<') {
        let (text, from_tag) = rest.split_at(start);
        set_text(text, whole, heading, &mut out);
        let end = end_of_tag(from_tag);
        let (tag, after) = from_tag.split_at(end);
        out.push_str(tag);
        rest = after;
        let (is_end, name) = match tag[1..].strip_prefix('/') {
            Some(name) => (true, name_of(name)),
            None => (false, name_of(&tag[1..])),
        };
        if HEADINGS.contains(&name) {
            heading = !is_end;
        }
        if !is_end && LEFT_ALONE.contains(&name) {
            let close = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            let (kept, after) = rest.split_at(close);
            out.push_str(kept);
            rest = after;
        }
    }
    set_text(rest, whole, heading, &mut out);
    out
}

fn name_of(tag: &str) -> &str {
    tag.split(|sign: char| !sign.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// Behind the `>` that ends it: one in a value does not.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (at, sign) in tag.bytes().enumerate() {
        match (quote, sign) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(sign),
            (Some(open), sign) if open == sign => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn set_text(text: &str, whole: Whole, heading: bool, out: &mut String) {
    if text.trim().is_empty() {
        out.push_str(text);
        return;
    }
    let text = french_spaces(text);
    for word in text.split_inclusive(|sign: char| sign.is_ascii_whitespace()) {
        let letters = word.trim_end_matches(|sign: char| sign.is_ascii_whitespace());
        let (word, blank) = word.split_at(letters.len());
        if is_long_address(word) {
            break_parts(word, whole, out);
        } else if heading && is_host(word) {
            keep_whole(word, whole, "whole", "display:inline-block", out);
        } else {
            set_word(word, whole, out);
        }
        out.push_str(blank);
    }
}

/// One that a line of a small phone has no room for.
fn is_long_address(word: &str) -> bool {
    word.len() > FITS && word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

/// A name with dots in it, or with a port.
fn is_host(word: &str) -> bool {
    let inner = |sign: char| word.trim_end_matches(sign).contains(sign);
    word.len() > 3 && (inner('.') || inner(':')) && word.bytes().all(|sign| sign.is_ascii_graphic())
}

/// An address breaks behind its `@` and its dots, and elsewhere only in a part that is too long itself.
fn break_parts(word: &str, whole: Whole, out: &mut String) {
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(['@', '.']).map_or(rest.len(), |at| at + 1);
        let (part, after) = rest.split_at(end);
        if part.contains('-') && part.len() <= FITS {
            keep_whole(part, whole, "nowrap", NOWRAP, out);
        } else {
            out.push_str(part);
        }
        if after.starts_with(char::is_alphanumeric) {
            out.push_str("<wbr>");
        }
        rest = after;
    }
}

/// « e-mail » does not break behind its hyphen.
fn set_word(word: &str, whole: Whole, out: &mut String) {
    let found = word.find("-mail").filter(|at| *at > 0 && matches!(word.as_bytes()[at - 1], b'e' | b'E'));
    let Some(at) = found else {
        out.push_str(word);
        return;
    };
    let mut end = at + "-mail".len();
    if word[end..].starts_with('s') {
        end += 1;
    }
    out.push_str(&word[..at - 1]);
    keep_whole(&word[at - 1..end], whole, "nowrap", NOWRAP, out);
    out.push_str(&word[end..]);
}

fn keep_whole(word: &str, whole: Whole, class: &str, style: &str, out: &mut String) {
    let opened = match whole {
        Whole::ByClass => format!("<span class=\"{class}\">"),
        Whole::ByStyle => format!("<span style=\"{style}\">"),
    };
    let parts: [Cow<'_, str>; 3] = [opened.into(), word.into(), "</span>".into()];
    out.extend(parts);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_breaks_behind_its_at_and_dots_and_nothing_is_put_into_what_is_copied() {
        for (html, expected) in [
            ("<p>à amelie.dufour@courriel.example.</p>", "<p>à amelie.<wbr>dufour@<wbr>courriel.<wbr>example.</p>"),
            ("<b>x@extranets.agence.example</b> :", "<b>x@<wbr>extranets.<wbr>agence.<wbr>example</b>\u{a0}:"),
            ("<b>alice@residents.example</b>", "<b>alice@residents.example</b>"),
            (
                "<p>gestion-locative@agence-du-port.example</p>",
                "<p><span class=\"nowrap\">gestion-locative@</span><wbr><span class=\"nowrap\">agence-du-port.</span><wbr>example</p>",
            ),
            // In values, titles and fields there is nothing to break.
            ("<a href=\"mailto:amelie@courriel.example\">", "<a href=\"mailto:amelie@courriel.example\">"),
            ("<input value=\"amelie@courriel.example > z\">", "<input value=\"amelie@courriel.example > z\">"),
            ("<title>e-mail amelie@courriel.example</title>", "<title>e-mail amelie@courriel.example</title>"),
            (
                "<textarea rows=\"2\">amelie@courriel.example : e-mail</textarea>",
                "<textarea rows=\"2\">amelie@courriel.example : e-mail</textarea>",
            ),
            // No address.
            ("<p>a @ b. c@d</p>", "<p>a @ b. c@d</p>"),
            ("<p>www.agence.example</p>", "<p>www.agence.example</p>"),
        ] {
            assert_eq!(set(html, Whole::ByClass), expected);
        }
    }

    #[test]
    fn some_words_stay_whole_and_no_sign_stands_alone() {
        for (html, whole, expected) in [
            (
                "<p>nos E-mails, l'e-mail</p>",
                Whole::ByClass,
                "<p>nos <span class=\"nowrap\">E-mails</span>, l'<span class=\"nowrap\">e-mail</span></p>",
            ),
            ("e-mail", Whole::ByStyle, "<span style=\"white-space:nowrap\">e-mail</span>"),
            (
                "<h1>Le portail agence-du-port.example évolue !</h1>",
                Whole::ByClass,
                "<h1>Le portail <span class=\"whole\">agence-du-port.example</span> évolue\u{202f}!</h1>",
            ),
            (
                "<h2>Au localhost:20300.</h2>",
                Whole::ByClass,
                "<h2>Au <span class=\"whole\">localhost:20300.</span></h2>",
            ),
            ("<h2>Prêt. Étape 2 :</h2><p>a.b</p>", Whole::ByClass, "<h2>Prêt. Étape 2\u{a0}:</h2><p>a.b</p>"),
            ("<p>les charges ; le bail</p>", Whole::ByClass, "<p>les charges\u{202f}; le bail</p>"),
            ("ce-mailing", Whole::ByClass, "c<span class=\"nowrap\">e-mail</span>ing"),
        ] {
            assert_eq!(set(html, whole), expected);
        }
    }
}
