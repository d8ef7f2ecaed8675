//! Why the mail server takes nothing, sorted by what can be done about it (A10, decision 80).

use std::error::Error;
use std::io::{self, ErrorKind};

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its name leads nowhere.
    Name,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    NoWay,
    /// It does not answer, or not in time.
    Silent,
    /// It has ended the connection.
    HungUp,
    /// Its certificate is nobody's whom we believe, is over, or is for another name.
    Certificate,
    /// What answers there does not speak TLS as it should.
    Tls,
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It does not offer to sign in, or in no way that we know.
    NoSignIn,
    /// It refuses the name or the password.
    SignIn,
    /// What it says itself says why.
    Said,
}

impl Cause {
    /// Sorts what the conversation failed with. A refusal says itself why.
    pub(super) fn of(error: &lettre::transport::smtp::Error) -> Self {
        if error.status().is_some() {
            return Self::Said;
        }
        let mut under: Option<&(dyn Error + 'static)> = error.source();
        while let Some(deeper) = under {
            if let Some(io) = deeper.downcast_ref::<io::Error>() {
                return Self::of_io(io);
            }
            under = deeper.source();
        }
        match error.to_string() {
            words if words.contains("STARTTLS") || chain(error).contains("STARTTLS") => Self::NoStartTls,
            _ if error.is_client() => Self::NoSignIn,
            _ if error.is_timeout() => Self::Silent,
            _ if error.is_tls() => Self::Tls,
            // It says what is no answer, or nothing more.
            _ => Self::HungUp,
        }
    }

    pub(super) fn of_io(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|under| under.downcast_ref::<rustls::Error>()) {
            return if matches!(tls, rustls::Error::InvalidCertificate(_)) { Self::Certificate } else { Self::Tls };
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::Silent,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => Self::NoWay,
            _ => Self::HungUp,
        }
    }

    /// Whether it answers, and what is between us is not as safe as was asked for.
    #[must_use]
    pub const fn is_about_protection(self) -> bool {
        matches!(self, Self::Certificate | Self::Tls | Self::NoStartTls)
    }

    /// In words, for the row of a letter and the log.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Name => "its name cannot be resolved",
            Self::Refused => "nobody listens there",
            Self::NoWay => "there is no way there",
            Self::Silent => "it does not answer",
            Self::HungUp => "it has ended the connection",
            Self::Certificate => "its certificate is not good",
            Self::Tls => "it does not speak TLS as it should",
            Self::NoStartTls => "it does not offer STARTTLS",
            Self::NoSignIn => "it does not offer to sign in",
            Self::SignIn => "it refuses the name or the password",
            Self::Said => "it refuses",
        }
    }

    /// What to look at.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Name => "DNS, or mail.smtp.host",
            Self::Refused => "is it running, and are mail.smtp.host and port right?",
            Self::NoWay => "the network, or mail.smtp.host",
            Self::Silent => {
                "a firewall that drops; or, as on port 465, it waits for TLS from the first byte: mail.smtp.tls = \"tls\""
            }
            Self::HungUp => "its log says why; mail.smtp.port and tls",
            Self::Certificate => "mail.smtp.host as on the certificate, and ca_file for an authority of one's own",
            Self::Tls => "mail.smtp.tls = \"starttls\" for port 587 or 25, \"tls\" for 465",
            Self::NoStartTls => "mail.smtp.tls = \"tls\" for port 465; nothing is said to it in the clear",
            Self::NoSignIn => "without [mail.smtp] username nobody signs in; is the port right?",
            Self::SignIn => "mail.smtp.username and the password",
            Self::Said => "its log says more",
        }
    }
}

/// An error with everything that lies under it, each thing once.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut under = error.source();
    while let Some(error) = under {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        under = error.source();
    }
    text
}
