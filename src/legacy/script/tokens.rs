//! A script as the words that it is made of.

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Number(u32),
    Text(String),
    Sign(char),
    /// A line's end: it may end a statement.
    Line,
    /// What cannot be known: a pattern, a template with something in it.
    Other,
}

impl Token {
    pub(super) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The words, numbers, texts and signs of a script, so many at most; what hides one or says something about it left out.
pub(super) fn tokens(text: &str, most: usize) -> Vec<Token> {
    let signs: Vec<char> = text.chars().collect();
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < signs.len() && found.len() < most {
        let (sign, next) = (signs[at], signs.get(at + 1).copied());
        let until = |from: usize, end: &str| {
            let end: Vec<char> = end.chars().collect();
            (from..signs.len()).find(|at| signs[*at..].starts_with(&end)).unwrap_or(signs.len())
        };
        match sign {
            '/' if next == Some('*') => at = (until(at + 2, "*/") + 2).min(signs.len()),
            '/' if next == Some('/') => at = until(at, "\n"),
            // What hides a script from browsers before 1997.
            '<' if signs[at..].starts_with(&['<', '!', '-', '-']) => at = until(at, "\n"),
            '-' if signs[at..].starts_with(&['-', '-', '>']) && matches!(found.last(), None | Some(Token::Line)) => {
                at = until(at, "\n");
            }
            '/' if begins_pattern(found.last()) => {
                at = end_of_pattern(&signs, at);
                found.push(Token::Other);
            }
            '"' | '\'' | '`' => {
                let (token, end) = text_at(&signs, at);
                found.push(token);
                at = end;
            }
            '\n' | '\r' => {
                found.push(Token::Line);
                at += 1;
            }
            _ if sign.is_whitespace() => at += 1,
            _ if sign.is_alphanumeric() || sign == '_' || sign == '$' => {
                let end = (at..signs.len())
                    .find(|at| !(signs[*at].is_alphanumeric() || matches!(signs[*at], '_' | '$')))
                    .unwrap_or(signs.len());
                let word: String = signs[at..end].iter().collect();
                found.push(if sign.is_ascii_digit() {
                    word.parse().map_or(Token::Other, Token::Number)
                } else {
                    Token::Word(word)
                });
                at = end;
            }
            _ => {
                found.push(Token::Sign(sign));
                at += 1;
            }
        }
    }
    found
}

/// Whether a slash begins a pattern and divides nothing.
fn begins_pattern(before: Option<&Token>) -> bool {
    match before {
        None | Some(Token::Line) => true,
        Some(Token::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(Token::Word(word)) => matches!(word.as_str(), "return" | "typeof" | "case" | "in" | "of"),
        Some(_) => false,
    }
}

fn end_of_pattern(signs: &[char], from: usize) -> usize {
    let (mut at, mut in_class) = (from + 1, false);
    while let Some(sign) = signs.get(at) {
        match sign {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return at + 1,
            '\n' => return at,
            _ => {}
        }
        at += 1;
    }
    signs.len()
}

/// A text, and where it ends.
fn text_at(signs: &[char], from: usize) -> (Token, usize) {
    let quote = signs[from];
    let (mut text, mut at, mut is_constant) = (String::new(), from + 1, true);
    while let Some(sign) = signs.get(at).copied() {
        at += 1;
        match sign {
            _ if sign == quote => return (if is_constant { Token::Text(text) } else { Token::Other }, at),
            '\n' if quote != '`' => return (Token::Other, at - 1),
            '$' if quote == '`' && signs.get(at) == Some(&'{') => is_constant = false,
            '\\' => {
                let Some(escaped) = signs.get(at).copied() else { break };
                at += 1;
                match escaped {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    '\n' => {}
                    'x' => at = push_code(signs, at, 2, &mut text),
                    'u' => at = push_code(signs, at, 4, &mut text),
                    _ => text.push(escaped),
                }
            }
            _ => text.push(sign),
        }
    }
    (Token::Other, signs.len())
}

/// A sign by its number in so many digits, or in braces.
fn push_code(signs: &[char], at: usize, digits: usize, text: &mut String) -> usize {
    let braced = signs.get(at) == Some(&'{');
    let from = at + usize::from(braced);
    let is_end = |at: &usize| if braced { signs[*at] == '}' } else { *at == from + digits };
    let end = (from..signs.len()).find(is_end).unwrap_or(signs.len());
    let code: String = signs[from..end].iter().collect();
    text.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
    (end + usize::from(braced)).min(signs.len())
}
