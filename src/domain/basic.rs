//! HTTP Basic (RFC 7617): identifier and password in a header of each request (a06).

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::identity::LegacyLogin;
use super::secret::Secret;
use super::upstream::{LogoutCall, Rule};

/// How an extranet takes HTTP Basic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicLogin {
    /// A path that answers 401 to nobody, and otherwise to right credentials.
    pub page: String,
    /// How letters beyond ASCII are written.
    pub charset: BasicCharset,
    /// Where one request with the credentials opens a session: what its answer says.
    pub opens: Option<BasicSession>,
    /// Longest wait for an answer about credentials, milliseconds.
    pub timeout_ms: u64,
}

/// A session that one request with HTTP Basic opens (F10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicSession {
    /// The sign-in worked if one of these holds; without any, if the answer is no error and a cookie was set.
    pub success: Vec<Rule>,
    /// The credentials are wrong if one of these holds, besides 401.
    pub failure: Vec<Rule>,
    /// How the session is ended (a17).
    pub logout: Option<LogoutCall>,
}

/// What HTTP Basic cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncarried {
    /// An identifier with a colon.
    #[error("an identifier with a colon cannot be sent by HTTP Basic")]
    Colon,
    /// An identifier in other letters than the declared charset's.
    #[error("the identifier has a letter that HTTP Basic cannot send in the declared charset")]
    Identifier,
    /// A password in other letters than the declared charset's.
    #[error("the password has a letter that HTTP Basic cannot send in the declared charset")]
    Password,
}

/// How letters beyond ASCII are written; servers differ, and cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BasicCharset {
    /// As newer servers read them.
    #[serde(rename = "utf-8")]
    Utf8,
    /// As old ones do.
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

impl BasicLogin {
    /// The value of `Authorization`, wiped when dropped; none where these credentials cannot be sent this way, and so
    /// cannot be anybody's.
    #[must_use]
    pub fn authorization(&self, login: &LegacyLogin, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
        if !can_be_sent(login) || super::text::has_control(secret.expose()) {
            return None;
        }
        let (login, secret) = (self.written(login.as_str())?, Zeroizing::new(self.written(secret.expose())?));
        // Large enough from the start: a vector that grows leaves copies behind.
        let mut pair = Zeroizing::new(Vec::with_capacity(login.len() + 1 + secret.len()));
        pair.extend_from_slice(&login);
        pair.push(b':');
        pair.extend_from_slice(&secret);
        let mut value = Zeroizing::new(vec![0; SCHEME.len() + BASE64.encode_len(pair.len())]);
        value[..SCHEME.len()].copy_from_slice(SCHEME);
        BASE64.encode_mut(&pair, &mut value[SCHEME.len()..]);
        Some(value)
    }

    /// Whether an identifier, and a password where there is one, can be sent.
    ///
    /// # Errors
    /// What cannot.
    pub fn check(&self, login: &LegacyLogin, secret: Option<&Secret>) -> Result<(), Uncarried> {
        if !can_be_sent(login) {
            return Err(Uncarried::Colon);
        }
        if !self.can_write(login.as_str()) {
            return Err(Uncarried::Identifier);
        }
        match secret {
            Some(secret) if !self.can_write(secret.expose()) => Err(Uncarried::Password),
            Some(_) | None => Ok(()),
        }
    }

    fn can_write(&self, text: &str) -> bool {
        match self.charset {
            BasicCharset::Utf8 => true,
            BasicCharset::Latin1 => text.chars().all(|letter| u8::try_from(u32::from(letter)).is_ok()),
        }
    }

    fn written(&self, text: &str) -> Option<Vec<u8>> {
        match self.charset {
            BasicCharset::Utf8 => Some(text.as_bytes().to_vec()),
            BasicCharset::Latin1 => text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect(),
        }
    }
}

/// A colon in an identifier would end it (RFC 7617, 2).
fn can_be_sent(login: &LegacyLogin) -> bool {
    !login.as_str().contains(':')
}

const SCHEME: &[u8] = b"Basic ";

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(charset: BasicCharset, login: &str, password: &str) -> Option<String> {
        let basic = BasicLogin { page: "/".into(), charset, opens: None, timeout_ms: 1000 };
        let value = basic.authorization(&LegacyLogin::parse(login).unwrap(), &Secret::new(password))?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn a06_the_charset_is_the_declared_one() {
        // The example of RFC 7617, 2.1: test, and 123£.
        assert_eq!(sent(BasicCharset::Utf8, "test", "123£").as_deref(), Some("Basic dGVzdDoxMjPCow=="));
        assert_eq!(sent(BasicCharset::Latin1, "test", "123£").as_deref(), Some("Basic dGVzdDoxMjOj"));
        assert_eq!(sent(BasicCharset::Utf8, "test", "a:b").as_deref(), Some("Basic dGVzdDphOmI="));
    }

    #[test]
    fn a06_what_cannot_be_sent_is_nobodys() {
        assert_eq!(sent(BasicCharset::Utf8, "a:b", "c"), None);
        assert_eq!(sent(BasicCharset::Utf8, "a", "b\u{7}"), None);
        assert_eq!(sent(BasicCharset::Latin1, "a", "10 €"), None);
    }
}
