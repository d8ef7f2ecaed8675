//! What the scripts of a page do for certain: where they lead, and which cookies they set. No script is run.
//!
//! Only statements that run whatever happens are looked at, with texts that stand in them: not what an `if`, a loop or a
//! button decides, and nothing that is put together from what only a browser knows (decision 60).

mod tokens;

use std::collections::HashMap;

use self::tokens::{Token, tokens};

/// Longest wait of a timer, milliseconds: what takes longer is no way on, but the end of somebody's patience.
pub(super) const LONGEST_WAIT: u32 = 10_000;
/// How deep blocks, functions and timers are followed.
const DEEPEST: u8 = 20;
/// Most tokens of all scripts of a page.
const MOST_TOKENS: usize = 20_000;
/// Most functions that are remembered, and how long each may be.
const MOST_FUNCTIONS: usize = 200;
const LONGEST_FUNCTION: usize = 2000;
/// Most steps in all.
const MOST_STEPS: usize = 5000;
/// What `location` may be asked of.
const WINDOWS: [&str; 7] = ["window", "self", "top", "parent", "document", "globalThis", "this"];

/// What is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Where they lead, as it is written; the last one counts.
    pub location: Option<String>,
    /// What is assigned to `document.cookie`, in order.
    pub cookies: Vec<String>,
}

/// What these scripts do, in order; handlers come last.
pub(super) fn run<'a>(scripts: impl IntoIterator<Item = &'a str>) -> Done {
    let mut run = Run { functions: HashMap::new(), texts: HashMap::new(), done: Done::default(), steps: 0 };
    let mut room = MOST_TOKENS;
    let read: Vec<Vec<Token>> = scripts
        .into_iter()
        .map(|text| {
            let tokens = tokens(text, room);
            room -= tokens.len();
            tokens
        })
        .collect();
    for tokens in &read {
        run.learn(tokens);
    }
    for tokens in &read {
        run.block(tokens, 0);
    }
    run.done
}

struct Run {
    /// The bodies of functions that have a name.
    functions: HashMap<String, Vec<Token>>,
    /// Names that stand for a constant text.
    texts: HashMap<String, String>,
    done: Done,
    steps: usize,
}

impl Run {
    /// Remembers the functions of a script: they may be called before they are written.
    fn learn(&mut self, tokens: &[Token]) {
        for at in 0..tokens.len() {
            let name = match &tokens[at..] {
                [Token::Word(word), Token::Word(name), open, ..] if word == "function" && open.is('(') => name,
                [Token::Word(name), is, Token::Word(word), ..] if is.is('=') && word == "function" => name,
                _ => continue,
            };
            if self.functions.len() >= MOST_FUNCTIONS {
                return;
            }
            if let Some(body) = function_body(&tokens[at..]).filter(|body| body.len() <= LONGEST_FUNCTION) {
                self.functions.insert(name.clone(), body.to_vec());
            }
        }
    }

    /// Goes through statements that run for certain.
    fn block(&mut self, tokens: &[Token], depth: u8) {
        let mut at = 0;
        while at < tokens.len() && depth <= DEEPEST && self.steps < MOST_STEPS {
            self.steps += 1;
            at += if tokens[at] == Token::Line { 1 } else { self.statement(&tokens[at..], depth).max(1) };
        }
    }

    /// Does what stands first, and gives how many tokens that is.
    fn statement(&mut self, rest: &[Token], depth: u8) -> usize {
        match &rest[0] {
            // A block on its own runs, and so does what is tried.
            open if open.is('{') => {
                let end = closing(rest, 0);
                self.block(&rest[1..end.min(rest.len())], depth + 1);
                end + 1
            }
            Token::Word(word) => match word.as_str() {
                "if" | "while" | "for" | "switch" | "with" | "catch" => after_condition(rest),
                "else" | "do" => 1 + length_of_statement(&rest[1..]),
                "function" => function_end(rest).map_or(rest.len(), |end| end + 1),
                // Nothing behind it runs.
                "return" | "throw" => {
                    let end = length_of_statement(rest);
                    self.statement_of_words(&rest[1..end.min(rest.len())], depth);
                    rest.len()
                }
                "try" | "finally" | "var" | "let" | "const" | "void" | "async" => 1,
                _ => {
                    let end = length_of_statement(rest).min(rest.len());
                    self.statement_of_words(&rest[..end], depth);
                    end
                }
            },
            _ => {
                let end = length_of_statement(rest).min(rest.len());
                self.statement_of_words(&rest[..end], depth);
                end
            }
        }
    }

    /// An assignment or a call.
    fn statement_of_words(&mut self, statement: &[Token], depth: u8) {
        let rest: Vec<Token> = statement.iter().filter(|token| **token != Token::Line).cloned().collect();
        let rest = match rest.split_last() {
            Some((Token::Sign(';' | ','), rest)) => rest,
            _ => &rest,
        };
        if is_decided(rest) {
            return;
        }
        let (chain, after) = chain(rest);
        let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
        match rest.get(after..) {
            Some([is, value @ ..]) if is.is('=') && value.first().is_none_or(|next| !next.is('=')) => {
                self.assign(&chain, value, depth);
            }
            Some([open, ..]) if open.is('(') && !chain.is_empty() => {
                let end = closing(rest, after).min(rest.len());
                let arguments = arguments(&rest[after + 1..end]);
                self.call(&chain, &arguments, depth);
            }
            _ => self.call_at_once(rest, depth),
        }
    }

    fn assign(&mut self, chain: &[&str], value: &[Token], depth: u8) {
        let text = self.text(value);
        match (without_windows(chain), text) {
            (["location"] | ["location", "href"], Some(text)) => self.done.location = Some(text),
            (["cookie"], Some(text)) if chain.first() == Some(&"document") || chain.contains(&"document") => {
                self.done.cookies.push(text);
            }
            (["onload"] | ["body", "onload"], None) => self.call_value(value, depth),
            ([name], Some(text)) if chain.len() == 1 => drop(self.texts.insert((*name).to_owned(), text)),
            ([name], None) if chain.len() == 1 => drop(self.texts.remove(*name)),
            _ => {}
        }
    }

    fn call(&mut self, chain: &[&str], arguments: &[&[Token]], depth: u8) {
        let first = arguments.first().copied().unwrap_or_default();
        match without_windows(chain) {
            ["location", "replace" | "assign"] | ["navigate"] => {
                if let Some(text) = self.text(first) {
                    self.done.location = Some(text);
                }
            }
            ["setTimeout"] => {
                let wait = match arguments.get(1) {
                    None => Some(0),
                    Some([Token::Number(wait)]) => Some(*wait),
                    Some(_) => None,
                };
                if wait.is_some_and(|wait| wait <= LONGEST_WAIT) {
                    self.call_value(first, depth);
                }
            }
            ["addEventListener" | "attachEvent"] if matches!(first, [Token::Text(event)] if matches!(event.as_str(), "load" | "onload" | "DOMContentLoaded")) =>
            {
                self.call_value(arguments.get(1).copied().unwrap_or_default(), depth);
            }
            ["$" | "jQuery"] => self.call_value(first, depth),
            [name] if self.functions.contains_key(*name) => self.call_named(name, depth),
            _ => {}
        }
    }

    fn call_named(&mut self, name: &str, depth: u8) {
        if let Some(body) = self.functions.get(name).cloned() {
            self.block(&body, depth + 1);
        }
    }

    /// What is called later: a text to run, a function, or the name of one.
    fn call_value(&mut self, value: &[Token], depth: u8) {
        match value {
            [Token::Text(script)] => {
                let tokens = tokens(script, 1000);
                self.block(&tokens, depth + 1);
            }
            [Token::Word(name)] => self.call_named(name, depth),
            _ => match (function_body(value), arrow(value)) {
                (Some(body), _) => {
                    let body = body.to_vec();
                    self.block(&body, depth + 1);
                }
                (None, Some(expression)) => self.statement_of_words(expression, depth + 1),
                (None, None) => {}
            },
        }
    }

    /// `(function () { … })();` and `$(document).ready(function () { … })`.
    fn call_at_once(&mut self, rest: &[Token], depth: u8) {
        let open = rest.iter().position(|token| token.is('('));
        let Some(open) = open.filter(|open| *open <= 1) else { return };
        let inner = &rest[open + 1..closing(rest, open).min(rest.len())];
        let is_function = matches!(inner.first(), Some(Token::Word(word)) if word == "function")
            || inner.first().is_some_and(|first| first.is('('));
        if is_function {
            self.call_value(inner, depth);
        }
    }

    /// A constant text: one, or several put together.
    fn text(&self, value: &[Token]) -> Option<String> {
        let mut text = String::new();
        for (at, token) in value.iter().filter(|token| **token != Token::Line).enumerate() {
            match token {
                Token::Sign('+') if at % 2 == 1 => {}
                Token::Text(piece) if at % 2 == 0 => text.push_str(piece),
                Token::Word(name) if at % 2 == 0 => text.push_str(self.texts.get(name)?),
                _ => return None,
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Whether something in a statement decides whether the rest of it runs: `a && b`, `a || b`, `a ? b : c`.
fn is_decided(rest: &[Token]) -> bool {
    let mut depth = 0_u32;
    rest.windows(2).any(|pair| {
        match &pair[0] {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let twice = |sign| pair[0].is(sign) && pair[1].is(sign);
        depth == 0 && (twice('&') || twice('|') || pair[0].is('?'))
    })
}

/// `window.location.href`: its words, and how many tokens they are. A jQuery call counts as its name.
fn chain(rest: &[Token]) -> (Vec<String>, usize) {
    let (mut words, mut at) = (Vec::new(), 0);
    while let Some(Token::Word(word)) = rest.get(at) {
        words.push(word.clone());
        at += 1;
        if rest.get(at).is_none_or(|token| !token.is('.')) {
            break;
        }
        at += 1;
    }
    // `$(document).ready(…)` and `$(window).on('load', …)` run what they are given.
    if let [Token::Word(name), open, Token::Word(of), close, dot, Token::Word(ready), ..] = rest
        && matches!(name.as_str(), "$" | "jQuery")
        && open.is('(')
        && matches!(of.as_str(), "document" | "window")
        && close.is(')')
        && dot.is('.')
        && matches!(ready.as_str(), "ready" | "load")
    {
        return (vec![name.clone()], 6);
    }
    (words, at)
}

/// What is asked of the window, whatever way it is named.
fn without_windows<'a, 'b>(chain: &'b [&'a str]) -> &'b [&'a str] {
    let skipped = chain.iter().take_while(|word| WINDOWS.contains(word)).count();
    &chain[skipped.min(chain.len())..]
}

/// Where the bracket at `open` is closed; the end if it is not.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// What a call is given.
fn arguments(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut found, mut from, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        if tokens[at].is(',') {
            found.push(&tokens[from..at]);
            from = at + 1;
        }
        at = if matches!(tokens[at], Token::Sign('(' | '[' | '{')) { closing(tokens, at) + 1 } else { at + 1 };
    }
    if from < tokens.len() {
        found.push(&tokens[from..]);
    }
    found
}

/// How long the statement at the beginning is, with its end.
fn length_of_statement(tokens: &[Token]) -> usize {
    let blank = tokens.iter().take_while(|token| **token == Token::Line).count();
    blank + length_without_blanks(&tokens[blank..])
}

fn length_without_blanks(tokens: &[Token]) -> usize {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Line if goes_on(&tokens[..at], &tokens[at + 1..]) => at += 1,
            // Between commas, each statement is looked at on its own.
            Token::Line | Token::Sign(';' | ',') => return at + 1,
            Token::Sign('}') => return at.max(1),
            Token::Sign('{') if at == 0 => return closing(tokens, at) + 1,
            Token::Sign('(' | '[' | '{') => at = closing(tokens, at) + 1,
            word if at == 0 && is_condition(word) => return after_condition(tokens),
            _ => at += 1,
        }
    }
    tokens.len()
}

/// Whether a statement goes on behind a line's end.
fn goes_on(before: &[Token], after: &[Token]) -> bool {
    let open = |token: &Token| matches!(token, Token::Sign('=' | '+' | '.' | '(' | '?' | ':' | '&' | '|'));
    let next = after.iter().find(|token| **token != Token::Line);
    before.last().is_some_and(open) || next.is_some_and(|next| open(next) && !next.is('('))
}

/// The length of `if (…) …` with all that hangs on it.
fn after_condition(tokens: &[Token]) -> usize {
    let mut at = 0;
    loop {
        // `catch {` has nothing to look at.
        let is_open = |token: &Token| matches!(token, Token::Sign('(' | '{'));
        let Some(open) = tokens.iter().skip(at).position(is_open) else { return tokens.len() };
        let closed = closing(tokens, at + open) + 1;
        if tokens[at + open].is('{') {
            return closed;
        }
        at = closed + tokens.iter().skip(closed).take_while(|token| **token == Token::Line).count();
        if !tokens.get(at).is_some_and(is_condition) {
            return at + tokens.get(at..).map_or(0, length_without_blanks);
        }
    }
}

fn is_condition(token: &Token) -> bool {
    matches!(token, Token::Word(word) if matches!(word.as_str(), "if" | "while" | "for" | "switch" | "with"))
}

/// The body of the function that begins here, with or without a name, or as an arrow.
fn function_body(tokens: &[Token]) -> Option<&[Token]> {
    let end = function_end(tokens)?;
    let open = opening(tokens)?;
    Some(&tokens[open + 1..end])
}

/// What an arrow without braces leads to.
fn arrow(tokens: &[Token]) -> Option<&[Token]> {
    let at = tokens.windows(2).position(|pair| pair[0].is('=') && pair[1].is('>'))?;
    Some(&tokens[at + 2..])
}

fn function_end(tokens: &[Token]) -> Option<usize> {
    Some(closing(tokens, opening(tokens)?).min(tokens.len()))
}

/// The brace that opens the body: the first one behind the parameters.
fn opening(tokens: &[Token]) -> Option<usize> {
    let parameters = tokens.iter().position(|token| token.is('('))?;
    let after = closing(tokens, parameters) + 1;
    let body = tokens.iter().skip(after).position(|token| !matches!(token, Token::Sign('=' | '>') | Token::Line))?;
    tokens.get(after + body).filter(|token| token.is('{')).map(|_| after + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(script: &str) -> Option<String> {
        run([script]).location
    }

    #[test]
    fn review_case_03_what_leads_on_for_certain_is_found_in_every_spelling() {
        for script in [
            "location='/menu'",
            "location = \"/menu\";",
            "window.location.href = '/menu'",
            "top.location='/menu';",
            "parent.location.href=\"/menu\"",
            "self.location.replace('/menu')",
            "document.location.assign(`/menu`)",
            "window.top.location\n  = '/menu'",
            "<!--\nlocation.href='/menu';\n//-->",
            "/* location='/autre' */ location='/menu' // location='/autre'",
            "var u = '/me' + 'nu';\nlocation = u;",
            "const la='/menu'\nwindow.location = la",
            "location='\\/menu'",
            "location='\\x2fm\\u0065n\\u{75}'",
            "setTimeout(\"location.href='/menu'\", 2000)",
            "window.setTimeout(function () { top.location.href = '/menu'; }, 500);",
            "setTimeout(() => { location = '/menu' }, 100)",
            "setTimeout(() => location.replace('/menu'), 100)",
            "setTimeout(aller, 0); function aller() { location='/menu' }",
            "function aller() {\n location='/menu'\n}\naller()",
            "var aller = function () { location='/menu' }; window.onload = aller;",
            "onload=function(){location='/menu'}",
            "window.addEventListener('load', function (e) { location='/menu' }, false)",
            "document.addEventListener(\"DOMContentLoaded\", () => { location='/menu' })",
            "$(function () { location='/menu' })",
            "$(document).ready(function(){ window.location.href='/menu'; });",
            "(function () { 'use strict'; location='/menu' })();",
            "(() => { location='/menu' })()",
            "try { location='/menu' } catch (e) { location='/autre' }",
            "if (a) { location='/autre' }\nlocation='/menu'",
            "if (a)\n location='/autre'\nelse\n location='/autre'\nlocation='/menu'",
            "var r = /location='autre'/; location='/menu'",
            "location='/autre'; location='/menu'",
            "{ location='/menu' }",
            "window.navigate('/menu')",
        ] {
            assert_eq!(location(script).as_deref(), Some("/menu"), "{script}");
        }
    }

    #[test]
    fn review_case_03_what_only_a_browser_knows_leads_nowhere() {
        for script in [
            "",
            "if (top != self) top.location = '/autre';",
            "if (x) { location='/autre' } else { location='/autre' }",
            "while (x) location='/autre'",
            "for (;;) { location='/autre' }",
            "function sortir() { location='/deconnexion' }",
            "var sortir = function () { location='/deconnexion' }",
            "setTimeout(\"location='/deconnexion'\", 900000)",
            "setTimeout(function () { location='/deconnexion' }, duree)",
            "setInterval(\"location='/autre'\", 10)",
            "location = '/x?' + Math.random()",
            "location = suite;",
            "location.href = location.href",
            "x && (location = '/autre')",
            "x ? location='/a' : location='/b'",
            "location == '/autre'",
            "ma.location = '/autre'",
            "frames.menu.location = '/autre'",
            "element.onclick = function () { location='/autre' }",
            "$('#quitter').click(function () { location='/autre' })",
            "document.addEventListener('click', function () { location='/autre' })",
            "throw 1; location='/autre'",
            "// location='/autre'",
            "\"location='/autre'\"",
            "location = `/x/${y}`",
            "switch (x) { case 1: location='/autre' }",
            "function f() { f() } f()",
            "((((((((",
            "}}}} )))",
        ] {
            assert_eq!(location(script), None, "{script}");
        }
    }

    #[test]
    fn review_case_04_constant_cookies_are_found() {
        let cookies = |script: &str| run([script]).cookies;
        for script in [
            "document.cookie = \"essai=1\"",
            "document.cookie='essai='+'1';",
            "window.document.cookie = 'essai=1'",
            "var c = 'essai=1'; document.cookie = c",
            "function poser() { document.cookie='essai=1' }\nreturn poser();",
            "document.cookie='essai=1'; if (document.cookie.indexOf('essai=') < 0) location='/sans-cookies'",
        ] {
            assert_eq!(cookies(script), ["essai=1"], "{script}");
        }
        for script in [
            "document.cookie = 'vu=' + new Date()",
            "if (x) document.cookie = 'a=1'",
            "function langue() { document.cookie='lang=en' }",
            "cookie = 'a=1'",
            "jeu.cookie = 'a=1'",
        ] {
            assert_eq!(cookies(script), [""; 0], "{script}");
        }
        let done = run(["function poser() { document.cookie='a=1; path=/' }", "document.cookie='b=2'", "poser()"]);
        assert_eq!(done.cookies, ["b=2", "a=1; path=/"]);
    }

    #[test]
    fn sec_080_scripts_that_are_made_to_be_slow_are_given_up() {
        let deep = "function f(){f();f();f();f();f();f();f();f()} f();".to_owned();
        let wide = "{".repeat(50_000);
        let nested = format!("{}{}", "setTimeout(function(){".repeat(5000), "location='/x'");
        for script in [deep, wide, nested, "a=b+".repeat(30_000), "'".repeat(50_000)] {
            assert_eq!(run([script.as_str()]), Done::default());
        }
    }
}
