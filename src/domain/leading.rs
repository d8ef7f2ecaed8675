//! A page that shows nothing and only leads on: by a meta refresh, or by a script that sets a constant address. No script is
//! run.

use std::borrow::Cow;

use super::form_data::text;

/// A longer page shows something.
pub const LONGEST: usize = 4 * 1024;
/// Longest wait, seconds, that is a way on: a page that leads on later is there to be read, and signs out who does nothing.
pub const LONGEST_WAIT: u32 = 10;
/// So much may be said while one is led on.
const WORDS: usize = 300;

/// Where a page leads; nowhere if there is something on it to read or to fill in.
#[must_use]
pub fn addresses(page: &[u8]) -> Vec<String> {
    if page.len() > LONGEST {
        return Vec::new();
    }
    let page = text(page);
    Reader { rest: &page, found: Vec::new(), words: 0 }.read().unwrap_or_default()
}

/// What a `Refresh` says, in the header or in a page: after how many seconds, and where to (HTML, "shared declarative
/// refresh steps"). None where it only loads the page again.
#[must_use]
pub fn refresh(content: &str) -> Option<(u32, &str)> {
    let blank = |sign: char| sign.is_ascii_whitespace();
    let text = content.trim_start_matches(blank);
    let after_digits = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let digits = &text[..text.len() - after_digits.len()];
    if digits.is_empty() && !after_digits.starts_with('.') {
        return None;
    }
    let wait = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    let rest = after_digits.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
    if !rest.starts_with(|sign: char| blank(sign) || matches!(sign, ';' | ',')) {
        return None;
    }
    let rest = rest.trim_start_matches(blank);
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(blank);
    let named = rest
        .get(..3)
        .filter(|name| name.eq_ignore_ascii_case("url"))
        .and_then(|_| Some(rest[3..].trim_start_matches(blank).strip_prefix('=')?.trim_start_matches(blank)));
    let reference = named.unwrap_or(rest);
    let reference = match reference.chars().next() {
        Some(quote @ ('"' | '\'')) => reference[1..].split(quote).next().unwrap_or_default(),
        _ => reference,
    };
    (!reference.trim().is_empty()).then_some((wait, reference))
}

/// Where it leads, if that is soon.
#[must_use]
pub fn refreshed(content: &str) -> Option<&str> {
    refresh(content).filter(|(wait, _)| *wait <= LONGEST_WAIT).map(|(_, reference)| reference.trim_end())
}

struct Reader<'p> {
    rest: &'p str,
    found: Vec<String>,
    words: usize,
}

impl<'p> Reader<'p> {
    /// None where the page has something to show.
    fn read(mut self) -> Option<Vec<String>> {
        while !self.rest.is_empty() {
            let until = self.rest.find('<').unwrap_or(self.rest.len());
            self.words += self.rest[..until].split_whitespace().map(str::len).sum::<usize>();
            self.rest = &self.rest[until..];
            if self.words > WORDS {
                return None;
            }
            if self.rest.starts_with("<!--") {
                self.skip_to("-->");
            } else if !self.rest.is_empty() {
                self.element()?;
            }
        }
        Some(self.found)
    }

    fn element(&mut self) -> Option<()> {
        let inside = &self.rest[1..];
        let name: String =
            inside.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let (attributes, length) = attributes(&inside[name.len()..]);
        self.rest = &inside[name.len() + length..];
        let of = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        match name.as_str() {
            "form" | "input" | "select" | "textarea" | "table" | "frameset" | "iframe" | "img" | "ul" => return None,
            "meta" if of("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh")) => {
                self.found.extend(of("content").and_then(refreshed).map(str::to_owned));
            }
            "body" => self.found.extend(of("onload").map(set_by).unwrap_or_default()),
            "script" => {
                let script = self.skip_to("</script");
                self.found.extend(set_by(script));
            }
            "style" => drop(self.skip_to("</style")),
            "title" => drop(self.skip_to("</title")),
            // Only for who runs no scripts.
            "noscript" => drop(self.skip_to("</noscript")),
            "template" => drop(self.skip_to("</template")),
            _ => {}
        }
        Some(())
    }

    /// What stands before a mark; the mark's own element is passed over with what follows.
    fn skip_to(&mut self, mark: &str) -> &'p str {
        let whole = self.rest;
        let at = whole.to_ascii_lowercase().find(mark).unwrap_or(whole.len());
        let behind = &whole[at..];
        self.rest = behind.find('>').map_or("", |end| &behind[end + 1..]);
        &whole[..at]
    }
}

/// The attributes of an element, and how long they are with the sign that ends it.
fn attributes(text: &str) -> (Vec<(String, String)>, usize) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == '/');
        if rest.is_empty() {
            return (found, text.len());
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (found, text.len() - after.len());
        }
        let ends = |sign: char| sign.is_whitespace() || matches!(sign, '=' | '>' | '/');
        // Whatever comes first is a name, or the same place would be read for ever.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let name_ends = rest[first..].find(ends).map_or(rest.len(), |at| first + at);
        let name = rest[..name_ends].to_ascii_lowercase();
        rest = rest[name_ends..].trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else {
            found.push((name, String::new()));
            continue;
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(|sign: char| sign.is_whitespace() || sign == '>').unwrap_or(value.len())),
        };
        found.push((name, unescaped(value).into_owned()));
        rest = after;
    }
}

fn unescaped(value: &str) -> Cow<'_, str> {
    const SIGNS: [(&str, &str); 8] = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&#47;", "/"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    if !value.contains('&') {
        return value.into();
    }
    SIGNS.iter().fold(value.to_owned(), |text, (written, sign)| text.replace(written, sign)).into()
}

/// The constant addresses that a script sets.
fn set_by(script: &str) -> Vec<String> {
    const OWNERS: [&str; 8] = ["window", "document", "top", "parent", "self", "this", "opener", "frames"];
    let mut found = Vec::new();
    let mut rest = script;
    let mut before = String::new();
    while let Some(sign) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if matches!(sign, '"' | '\'' | '`') {
            rest = constant(rest).map_or("", |(_, after)| after);
            before.clear();
        } else if sign.is_alphanumeric() || matches!(sign, '_' | '$') {
            let ends = rest.find(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '_' | '$')));
            let (word, after) = rest.split_at(ends.unwrap_or(rest.len()));
            rest = after;
            let owner = before.strip_suffix('.');
            let is_whole = owner.map_or(!before.ends_with('.'), |owner| OWNERS.contains(&owner));
            if word == "location" && is_whole {
                found.extend(assigned(rest));
            }
            word.clone_into(&mut before);
        } else {
            if sign == '.' {
                before.push('.');
            } else if !sign.is_whitespace() {
                before.clear();
            }
            rest = &rest[sign.len_utf8()..];
        }
    }
    found
}

/// The constant behind `location`.
fn assigned(behind: &str) -> Option<String> {
    let behind = behind.trim_start();
    let (behind, is_call) = match behind.strip_prefix('.').map(str::trim_start) {
        None => (behind, false),
        Some(rest) => match (rest.strip_prefix("href"), rest.strip_prefix("replace"), rest.strip_prefix("assign")) {
            (Some(rest), _, _) => (rest, false),
            (_, Some(rest), _) | (_, _, Some(rest)) => (rest, true),
            _ => return None,
        },
    };
    let behind = behind.trim_start().strip_prefix(if is_call { '(' } else { '=' })?.trim_start();
    let (address, after) = constant(behind)?;
    // What is put behind it may only be in the query.
    let goes_on = after.trim_start().starts_with('+');
    (!address.is_empty() && (!goes_on || address.contains('?'))).then_some(address)
}

/// A text in quotes, and what follows.
fn constant(text: &str) -> Option<(String, &str)> {
    let mut signs = text.char_indices();
    let quote = signs.next().map(|(_, sign)| sign).filter(|sign| matches!(sign, '"' | '\'' | '`'))?;
    let mut read = String::new();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => match signs.next()?.1 {
                'x' => read.push(escape(&mut signs, 2)?),
                'u' => read.push(escape(&mut signs, 4)?),
                plain => read.push(plain),
            },
            _ if sign == quote => return Some((read, &text[at + 1..])),
            '\n' if quote != '`' => return None,
            _ => read.push(sign),
        }
    }
    None
}

fn escape(signs: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let written: String = signs.by_ref().take(digits).map(|(_, sign)| sign).collect();
    char::from_u32(u32::from_str_radix(&written, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f6_a_page_that_only_leads_on_is_read_without_running_it() {
        for page in [
            "<meta http-equiv=refresh content='0;url=/login'>",
            "<html><head><META CONTENT=\"0; URL='/login'\" HTTP-EQUIV=\"Refresh\"></head></html>",
            "<meta http-equiv=\"refresh\" content=\"3,/login\">Votre session a expiré.",
            "<script>location='/login'</script>",
            "<script type=\"text/javascript\"><!--\ntop.location.href = \"/login\";\n//--></script>",
            "<SCRIPT>window.parent.location.replace('\\/login');</SCRIPT>",
            "<script>document.location.assign(\"\\x2flogin\")</script>",
            "<script>if (self != top) { top.location = `/login`; }</script>",
            "<body onload=\"window.location=&quot;/login&quot;\">",
            "<script>/* location='/x' */ var a='location=1'; self.location.href='/login'</script>",
        ] {
            assert_eq!(addresses(page.as_bytes()), ["/login"], "{page}");
        }
        let back = "<script>location.href = '/login?back=' + encodeURIComponent(location.pathname)</script>";
        assert_eq!(addresses(back.as_bytes()), ["/login?back="]);
    }

    #[test]
    fn f6_a_page_with_something_on_it_leads_nowhere() {
        let long = format!("<script>location='/login'</script>{}", "Bonjour. ".repeat(60));
        for page in [
            "<script>location='/login'</script><form action=/x></form>",
            "<meta http-equiv=refresh content='1800;url=/login'>",
            "<noscript><meta http-equiv=refresh content='0;url=/login'></noscript>",
            "<!-- <script>location='/login'</script> -->",
            "<script>mylocation='/login'; allocation.location='/login'; if (location=='/login') x()</script>",
            "<script>location = base + '/login'; location = '/log' + 'in'; location.hash = '/login'</script>",
            "<script>// location='/login'</script>",
            "<script>location='/login",
            "<a title='<script>location=\"/login\"</script>'>x</a>",
            &long,
        ] {
            assert_eq!(addresses(page.as_bytes()), [""; 0], "{page}");
        }
        for odd in ["<", "<=", "<a =", "<a b", "<script", "<meta http-equiv=refresh content=", "<a \u{a0}='é", "<é>"]
        {
            assert_eq!(addresses(odd.as_bytes()), [""; 0], "{odd}");
        }
        assert_eq!(addresses(&vec![b'<'; LONGEST + 1]), [""; 0]);
    }

    #[test]
    fn f6_a_refresh_is_read_in_every_spelling() {
        for value in
            ["0;url=/login", "0; URL=\"/login\"", "5,url = '/login' ", ".5;/login", "0 /login", " 0.0; url=/login"]
        {
            assert_eq!(refreshed(value), Some("/login"), "{value}");
        }
        for value in ["", "0", "0;", "300;url=/login", "x;url=/login"] {
            assert_eq!(refreshed(value), None, "{value}");
        }
    }

    #[test]
    fn review_case_03_a_refresh_is_read_as_browsers_read_it() {
        for (content, read) in [
            ("0; URL=/menu", Some((0, "/menu"))),
            ("0;URL='/menu'", Some((0, "/menu"))),
            ("0;url=\"/menu\" x", Some((0, "/menu"))),
            (" 3 , uRl = /menu", Some((3, "/menu"))),
            ("5 /menu", Some((5, "/menu"))),
            ("0;/menu", Some((0, "/menu"))),
            ("0;url/menu", Some((0, "url/menu"))),
            ("1.9;url=/menu", Some((1, "/menu"))),
            (".5;url=/menu", Some((0, "/menu"))),
            ("0;url='/menu", Some((0, "/menu"))),
            ("0;\turl=/menu?a='b'", Some((0, "/menu?a='b'"))),
            ("0", None),
            ("30;", None),
            ("0;url=", None),
            ("0;url=''", None),
            ("url=/menu", None),
            ("-1;url=/menu", None),
            ("0x;url=/menu", None),
            ("", None),
            ("99999999999;url=/menu", Some((u32::MAX, "/menu"))),
        ] {
            assert_eq!(refresh(content), read, "{content}");
        }
    }
}
