//! A form that came too late: which of its fields are shown to be copied, and never a password (a19, decision 51).

use super::adapter::LoginFields;
use super::text::folded;

/// The largest form that is read, bytes.
pub const LARGEST: usize = 64 * 1024;
/// Fields beyond these are of no honest form.
const MOST_FIELDS: usize = 200;

/// Parts of names, folded and without signs, that no field has whose text may be shown.
const SECRET: [&str; 12] = [
    "pass",
    "pwd",
    "mdp",
    "secret",
    "kennwort",
    "pswd",
    "cvv",
    "cvc",
    "codepin",
    "pincode",
    "codesecret",
    "credential",
];
/// Whole names of the same kind.
const SECRET_WHOLE: [&str; 15] = [
    "pin",
    "otp",
    "nip",
    "pw",
    "psw",
    "ancien",
    "nouveau",
    "old",
    "new",
    "confirm",
    "confirmation",
    "current",
    "actuel",
    "repeat",
    "verify",
];
/// Parts of the names of what an extranet tells itself; nobody wrote it.
const ITS_OWN: [&str; 7] = ["csrf", "token", "jeton", "viewstate", "nonce", "sessid", "captcha"];

/// A field that somebody filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentField {
    /// Its name, as the form has it.
    pub name: String,
    /// What was written.
    pub text: String,
}

/// What is shown of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The fields, in their order.
    pub fields: Vec<SentField>,
    /// Whether something that somebody wrote is left out.
    pub left_out: bool,
}

/// Whether a browser's form of this type has fields that can be shown.
#[must_use]
pub fn has_fields(content_type: &str) -> bool {
    is_urlencoded(content_type) || boundary(content_type).is_some()
}

/// Reads a form. Nothing of a login is shown, wherever it was sent to; nothing that looks like a password by its name, or
/// that repeats one under another name; and no files.
#[must_use]
pub fn shown(content_type: &str, body: &[u8], login: Option<LoginFields<'_>>) -> Shown {
    let fields = match boundary(content_type) {
        _ if body.len() > LARGEST => Vec::new(),
        Some(boundary) => multipart(body, &boundary),
        None if is_urlencoded(content_type) => urlencoded(body),
        None => Vec::new(),
    };
    let has = |name: &str| fields.iter().any(|field| folded(&field.name) == folded(name));
    if login.is_some_and(|login| has(login.login) && has(login.password)) {
        return Shown { fields: Vec::new(), left_out: true };
    }
    let is_secret = |field: &SentField| {
        is_secret(&field.name) || login.is_some_and(|login| folded(&field.name) == folded(login.password))
    };
    let secrets: Vec<String> = fields.iter().filter(|field| is_secret(field)).map(|field| field.text.clone()).collect();
    let mut shown = Shown::default();
    for field in fields {
        if field.text.trim().is_empty() || is_its_own(&field.name) {
            continue;
        }
        if is_secret(&field) || secrets.contains(&field.text) {
            shown.left_out = true;
        } else {
            shown.fields.push(field);
        }
    }
    shown
}

fn bare(name: &str) -> String {
    folded(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn is_secret(name: &str) -> bool {
    let last = name.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()).map(bare);
    let bare = bare(name);
    SECRET.iter().any(|part| bare.contains(part))
        || SECRET_WHOLE.iter().any(|whole| bare == *whole || last.as_deref() == Some(*whole))
}

fn is_its_own(name: &str) -> bool {
    let bare = bare(name);
    name.starts_with("__") || ITS_OWN.iter().any(|part| bare.contains(part))
}

fn is_urlencoded(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn boundary(content_type: &str) -> Option<String> {
    if !essence(content_type).eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(content_type, "boundary")?;
    (!boundary.is_empty() && boundary.len() <= 200).then(|| boundary.to_owned())
}

/// A parameter of a header's value, as browsers write them.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|part| {
        let (found, value) = part.trim().split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

fn urlencoded(body: &[u8]) -> Vec<SentField> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(MOST_FIELDS);
    pairs
        .map(|pair| {
            let middle = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let decoded = |bytes: &[u8]| {
                let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
                text(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
            };
            SentField { name: decoded(&pair[..middle]), text: decoded(pair.get(middle + 1..).unwrap_or_default()) }
        })
        .collect()
}

/// The text fields of a form with files (RFC 7578): what is not whole is not there.
fn multipart(body: &[u8], boundary: &str) -> Vec<SentField> {
    let line = format!("\r\n--{boundary}").into_bytes();
    let mut fields = Vec::new();
    // The first line stands at the very beginning.
    let mut rest = match body.strip_prefix(&line[2..]) {
        Some(rest) => rest,
        None => match find(body, &line) {
            Some(at) => &body[at + line.len()..],
            None => return fields,
        },
    };
    while let Some(part) = rest.strip_prefix(b"\r\n")
        && let Some(end) = find(part, &line)
        && fields.len() < MOST_FIELDS
    {
        fields.extend(field(&part[..end]));
        rest = &part[end + line.len()..];
    }
    fields
}

fn field(part: &[u8]) -> Option<SentField> {
    let head_ends = find(part, b"\r\n\r\n")?;
    let head = text(&part[..head_ends]);
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let is_file = disposition.to_ascii_lowercase().contains("filename");
    let name = quoted(disposition, "name=\"").or_else(|| parameter(disposition, "name"))?;
    let name = name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    (!is_file).then(|| SentField { name: printable(&name), text: text(&part[head_ends + 4..]) })
}

/// What stands in quotes after a mark: a name may hold a semicolon.
fn quoted<'a>(value: &'a str, mark: &str) -> Option<&'a str> {
    let from = value.find(mark)? + mark.len();
    value.get(from..)?.split('"').next()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// What old pages send is often ISO-8859-1, as browsers read it: windows-1252.
fn text(bytes: &[u8]) -> String {
    printable(&std::str::from_utf8(bytes).map_or_else(|_| latin(bytes), str::to_owned))
}

fn printable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The signs between 0x80 and 0x9f, where windows-1252 is not ISO-8859-1.
const BETWEEN: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn latin(bytes: &[u8]) -> String {
    let sign = |byte: &u8| BETWEEN.get(usize::from(byte.wrapping_sub(0x80))).copied().unwrap_or(char::from(*byte));
    bytes.iter().map(|byte| if (0x80..0xa0).contains(byte) { sign(byte) } else { char::from(*byte) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";
    const LOGIN: LoginFields<'static> = LoginFields { login: "identifiant", password: "motcle" };

    fn pairs(shown: &Shown) -> Vec<(&str, &str)> {
        shown.fields.iter().map(|field| (field.name.as_str(), field.text.as_str())).collect()
    }

    fn sent(content_type: &str, body: &str) -> Shown {
        shown(content_type, body.as_bytes(), Some(LOGIN))
    }

    #[test]
    fn a19_what_was_written_is_shown_in_its_order_and_its_signs() {
        let shown = sent(FORM, "objet=Fuite+d%27eau&texte=Bonjour%2C%0D%0A%3Cb%3E&vide=&__VIEWSTATE=abc&csrf_token=x");
        assert_eq!(pairs(&shown), [("objet", "Fuite d'eau"), ("texte", "Bonjour,\n<b>")]);
        assert!(!shown.left_out);
        // A page in ISO-8859-1, and one in UTF-8.
        for body in ["texte=%C9t%E9+%80", "texte=%C3%89t%C3%A9+%E2%82%AC"] {
            assert_eq!(pairs(&sent("Application/X-WWW-form-urlencoded; charset=x", body)), [("texte", "Été €")]);
        }
    }

    #[test]
    fn a19_no_password_is_shown_by_whatever_name_it_goes() {
        for name in [
            "password",
            "Passwd",
            "motdepasse",
            "mot_de_passe",
            "MotDePasse[0]",
            "ctl00$Main$txtPwd",
            "mdp",
            "MDP2",
            "new-pass",
            "p%C3%A4ss",
            "PIN",
            "user[pin]",
            "ancien",
            "nouveau",
            "confirmation",
            "code_secret",
            "motcle",
            "MotCl%C3%A9",
            "passphrase",
        ] {
            let shown = sent(FORM, &format!("{name}=Alice-2019&texte=Bonjour&repete=Alice-2019"));
            assert_eq!(pairs(&shown), [("texte", "Bonjour")], "{name}");
            assert!(shown.left_out, "{name}");
        }
        for name in ["opinion", "code_postal", "renouvellement", "objet", "commentaire", "old_address"] {
            assert_eq!(pairs(&sent(FORM, &format!("{name}=x"))), [(name, "x")]);
        }
    }

    #[test]
    fn a19_nothing_of_a_login_is_shown_wherever_it_was_sent() {
        for body in ["identifiant=alice&motcle=x&reste=y", "IDENTIFIANT=alice&MotCl%C3%A9=x"] {
            assert_eq!(sent(FORM, body), Shown { fields: Vec::new(), left_out: true }, "{body}");
        }
        assert_eq!(pairs(&sent(FORM, "identifiant=alice")), [("identifiant", "alice")]);
    }

    #[test]
    fn a19_of_a_form_with_files_the_texts_are_shown() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"objet\"\r\n\r\nFuite\r\n\
                    --x\r\ncontent-disposition: form-data; name=\"a;b%22\"\r\nContent-Type: text/plain\r\n\r\ndeux\r\n\r\nlignes\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"p.jpg\"\r\n\r\nJFIF\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"mdp\"\r\n\r\nsecret\r\n\
                    --x--\r\n";
        for kind in ["multipart/form-data; boundary=x", "Multipart/Form-Data; Boundary=\"x\""] {
            let shown = sent(kind, body);
            assert_eq!(pairs(&shown), [("objet", "Fuite"), ("a;b\"", "deux\n\nlignes")]);
            assert!(shown.left_out);
        }
        for broken in ["", "--x", "--x\r\n", "--x\r\nname=\"a\"\r\n\r\nb", "--y\r\n\r\n\r\n--y--", "--x--\r\n"] {
            assert_eq!(sent("multipart/form-data; boundary=x", broken), Shown::default(), "{broken}");
        }
    }

    #[test]
    fn a19_what_is_no_form_or_too_large_shows_nothing() {
        for kind in ["", "text/plain", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"] {
            assert!(!has_fields(kind), "{kind}");
            assert_eq!(sent(kind, "a=1"), Shown::default(), "{kind}");
        }
        assert!(has_fields("multipart/form-data; boundary=x") && has_fields(FORM));
        assert_eq!(sent(FORM, &format!("a={}", "x".repeat(LARGEST))), Shown::default());
    }
}
