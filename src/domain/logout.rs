//! How an extranet says that its resident left, where the path alone does not say it (F6, decision 61).

use jiff::Timestamp;

use super::cookie::SetCookie;
use super::form_data::Field;
use super::path::{FieldRule, NormalisedPath};
use super::secret::Secret;

/// What an agency's file declares besides `paths.logout`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logout {
    /// A form with one of these fields is the logout's.
    pub fields: Vec<FieldRule>,
    /// A page with an element for this CSS selector says that the resident left.
    pub element: Option<String>,
    /// An answer that deletes one of these cookies may say so.
    pub cookies: Vec<CookieName>,
}

/// The name of a cookie, or what names begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieName(String);

impl CookieName {
    /// A name as an operator writes it; one that ends with `*` stands for all that begin so.
    #[must_use]
    pub fn new(written: &str) -> Self {
        Self(written.to_owned())
    }

    fn is(&self, name: &[u8]) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning.as_bytes()),
            None => name == self.0.as_bytes(),
        }
    }
}

impl Logout {
    /// Whether a form that is sent to this path may be the logout's.
    #[must_use]
    pub fn may_be_sent_to(&self, path: &NormalisedPath) -> bool {
        self.fields.iter().any(|rule| rule.is_at(path))
    }

    /// Whether these fields, sent to this path, are the logout's.
    #[must_use]
    pub fn is_sent(&self, path: &NormalisedPath, fields: &[Field]) -> bool {
        let sent = |rule: &FieldRule| fields.iter().any(|field| rule.is_field(&field.name, &field.text));
        self.fields.iter().any(|rule| rule.is_at(path) && sent(rule))
    }

    /// Whether one of these `Set-Cookie` lines takes a cookie away that is declared.
    #[must_use]
    pub fn takes_away<'l>(&self, lines: impl Iterator<Item = &'l [u8]>, now: Timestamp) -> bool {
        takes_away(lines, now, |gone| self.cookies.iter().any(|name| name.is(gone)))
    }
}

/// Whether one of these `Set-Cookie` lines takes a cookie away that is meant.
pub fn takes_away<'l>(lines: impl Iterator<Item = &'l [u8]>, now: Timestamp, is_meant: impl Fn(&[u8]) -> bool) -> bool {
    let read = lines.filter_map(|line| SetCookie::read(line, now).ok());
    let (gone, kept): (Vec<_>, Vec<_>) =
        read.partition(|set| set.is_deleted(now) || set.value.iter().all(|byte| *byte == b'"'));
    gone.iter().any(|gone| {
        // One that is set anew in the same answer only gets another value.
        let is_replaced = kept.iter().any(|kept| kept.name == gone.name);
        !is_replaced && is_meant(gone.name)
    })
}

/// What an answer shows of a session upstream, where nothing was declared of a logout.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// It leads to the login, or says in another way that nobody is signed in.
    pub is_over: bool,
    /// It takes away a cookie that the request had.
    pub takes_away: bool,
}

/// How a request was made that such an answer is to.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// It says itself that it is for leaving, by its address or by a field of its form.
    pub speaks: bool,
    /// Its person followed a link or sent a form, as the browser says.
    pub by_hand: bool,
    /// It came so soon after a page that was surely shown to who was signed in that no session ends by itself.
    pub in_time: bool,
}

/// Whether that was a logout of which the file says nothing: its resident asked for it, and the session is cleared.
#[must_use]
pub const fn is_meant(made: Made, shown: Shown) -> bool {
    let by_words = made.speaks && (shown.is_over || shown.takes_away);
    let by_deed = made.by_hand && made.in_time && shown.is_over && shown.takes_away;
    by_words || by_deed
}

/// What proves to our own page that the extranet said it to this very browser: only who holds the session's cookie, or made
/// it, can know it.
#[must_use]
pub fn proof(cookie: &Secret) -> String {
    Secret::new(format!("left {}", cookie.expose())).digest().to_hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logout(fields: &[&str], cookies: &[&str]) -> Logout {
        Logout {
            fields: fields.iter().map(|text| FieldRule::parse(text).expect("a rule")).collect(),
            element: None,
            cookies: cookies.iter().map(|name| CookieName::new(name)).collect(),
        }
    }

    #[test]
    fn f6_a_form_with_the_declared_field_is_the_logouts() {
        let read = |path: &str| NormalisedPath::read(path).expect("a path");
        let sent = |rule: &str, path: &str, body: &str| {
            let fields = super::super::form_data::fields("application/x-www-form-urlencoded", body.as_bytes());
            logout(&[rule], &[]).is_sent(&read(path), &fields)
        };
        for (rule, path, body) in [
            ("action=logout", "/any.php", "x=1&action=logout"),
            ("action=logout", "/", "ACTION=Logout"),
            ("logout", "/compte", "logout=Quitter"),
            ("btn[logout]", "/compte", "btn%5Blogout%5D=1"),
            ("/index.php?do=logout", "/index.php", "sectok=x&do=logout"),
            ("/index.php?do=logout", "/", "do=logout"),
            ("/doku.php?do=logout", "/DOKU.php/start", "do=logout"),
            ("action=d%C3%A9connexion", "/x", "action=d%C3%A9connexion"),
        ] {
            assert!(sent(rule, path, body), "{rule} {path} {body}");
        }
        for (rule, path, body) in [
            ("action=logout", "/x", "action=save"),
            ("action=logout", "/x", "other=logout"),
            ("/doku.php?do=logout", "/autre.php", "do=logout"),
            ("action=logout", "/x", ""),
        ] {
            assert!(!sent(rule, path, body), "{rule} {path} {body}");
        }
        for wrong in ["", "=x", "a=b&c=d", "/x", "logout#", "a%"] {
            assert!(FieldRule::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn f6_a_declared_cookie_is_taken_away_by_its_end_or_by_emptiness() {
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let taken = |line: &str| logout(&[], &["sid", "wp_in_*"]).takes_away([line.as_bytes()].into_iter(), now);
        for line in [
            "sid=; Path=/",
            "sid=\"\"; Path=/; HttpOnly",
            "sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/",
            "sid=x; Max-Age=-1",
            "wp_in_8d7f=%20; expires=Sat, 01 Jan 2000 00:00:00 GMT",
        ] {
            assert!(taken(line), "{line}");
        }
        for line in ["sid=y", "SID=; Max-Age=0", "other=; Max-Age=0", "wp_=; Max-Age=0"] {
            assert!(!taken(line), "{line}");
        }
        let lines: [&[u8]; 2] = [b"sid=deleted; Max-Age=0", b"sid=new"];
        assert!(!logout(&[], &["sid"]).takes_away(lines.into_iter(), now), "another value");
    }
}
