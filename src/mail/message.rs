//! A letter as it goes over the wire (RFC 5322): its head, a text and an HTML part.

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use crate::domain::language::Language;
use crate::domain::mail::LetterId;
use crate::pages::RenderedLetter;

/// Who a letter comes from, and where answers go.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    /// The name that people see.
    pub(super) name: String,
    /// The address, which is the envelope's too: what comes back goes there (LAW-046).
    pub(super) address: Address,
    /// Where answers go, if not there.
    pub(super) reply_to: Option<Address>,
}

/// Everything in the head but the sender.
pub(super) struct Head<'l> {
    /// The letter.
    pub(super) id: &'l LetterId,
    /// Our own domain, for the Message-ID.
    pub(super) domain: &'l str,
    /// To whom.
    pub(super) to: Address,
    /// In which language.
    pub(super) language: Language,
}

/// Writes the letter. The Message-ID is made from the letter's own id, so that a repeat is recognised (g04).
pub(super) fn write(sender: &Sender, head: Head<'_>, letter: &RenderedLetter) -> Result<Vec<u8>, lettre::error::Error> {
    let mut message = Message::builder()
        .from(Mailbox::new(Some(sender.name.clone()), sender.address.clone()))
        .to(Mailbox::new(None, head.to))
        .subject(letter.subject.clone())
        .message_id(Some(format!("<{}@{}>", head.id.as_str(), head.domain)))
        .header(ContentLanguage(head.language))
        .header(AutoSubmitted);
    if let Some(reply_to) = &sender.reply_to {
        message = message.reply_to(Mailbox::new(None, reply_to.clone()));
    }
    let parts = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    Ok(message.multipart(parts)?.formatted())
}

/// `Auto-Submitted: auto-generated` (RFC 3834): nobody's absence note answers a letter of ours.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `Content-Language: fr` (RFC 3282): screen readers choose their voice by it.
#[derive(Debug, Clone)]
struct ContentLanguage(Language);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Language::parse(text).map(Self).ok_or_else(|| "not a language of ours".into())
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.code().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(subject: &str, text: &str) -> String {
        let sender = Sender {
            name: "Cabinet Vasseur & Fils — « Étude »".to_owned(),
            address: "ne-pas-repondre@moncompte.example".parse().expect("an address"),
            reply_to: Some("contact@vasseur.example".parse().expect("an address")),
        };
        let head = Head {
            id: &LetterId::stored("abc"),
            domain: "moncompte.example",
            to: "anne@free.fr".parse().expect("an address"),
            language: Language::Fr,
        };
        let html = format!("<p>{text}</p>");
        let letter = RenderedLetter { subject: subject.to_owned(), text: text.to_owned(), html };
        String::from_utf8(write(&sender, head, &letter).expect("a letter")).expect("ASCII")
    }

    #[test]
    fn law_045_lines_are_short_end_in_crlf_and_hold_ascii_only() {
        let long = "Évidemment, une très longue ligne. ".repeat(60);
        let raw = written(&"Votre adresse é-mail à confirmer ".repeat(8), &format!("{long}\n.\n..deux\n\nfin"));
        assert!(raw.is_ascii());
        assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "only whole line ends");
        assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322, 2.1.1");
        let (head, _) = raw.split_once("\r\n\r\n").expect("a head");
        for once in ["From:", "To:", "Reply-To:", "Subject:", "Date:", "Message-ID:", "MIME-Version:"] {
            assert_eq!(head.lines().filter(|line| line.starts_with(once)).count(), 1, "{once} in {head}");
        }
        assert!(head.contains("Message-ID: <abc@moncompte.example>"));
        assert!(head.contains("Auto-Submitted: auto-generated") && head.contains("Content-Language: fr"));
        assert!(head.contains("multipart/alternative") && !head.contains("List-Unsubscribe"));
    }

    #[test]
    fn sec_074_a_line_break_in_a_name_or_a_subject_adds_no_field() {
        let raw = written("Bonjour\r\nBcc: eve@evil.example\r\n\r\nowned", "x");
        let (head, _) = raw.split_once("\r\n\r\n").expect("a head");
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    }
}
