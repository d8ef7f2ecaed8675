//! A form that came too late: which of its fields are shown to be copied, and never a password (a19, decision 51).

use super::adapter::LoginFields;
use super::form_data::{self, Field, bare};
use super::text::folded;

/// The largest form that is read, bytes.
pub const LARGEST: usize = 64 * 1024;

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

/// What is shown of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The fields, in their order.
    pub fields: Vec<Field>,
    /// Whether something that somebody wrote is left out.
    pub left_out: bool,
}

/// Reads a form. Nothing of a login is shown, wherever it was sent to; nothing that looks like a password by its name, or
/// that repeats one under another name; and no files.
#[must_use]
pub fn shown(content_type: &str, body: &[u8], login: Option<LoginFields<'_>>) -> Shown {
    let fields = if body.len() > LARGEST { Vec::new() } else { form_data::fields(content_type, body) };
    let has = |name: &str| fields.iter().any(|field| folded(&field.name) == folded(name));
    if login.is_some_and(|login| has(login.login) && has(login.password)) {
        return Shown { fields: Vec::new(), left_out: true };
    }
    let is_secret = |field: &Field| {
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

#[cfg(test)]
mod tests {
    use super::form_data::has_fields;
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
