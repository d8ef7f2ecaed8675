//! One-time proofs by mail: a code to type or a link to open, with tries, times and resends (001, 004, b08 to b11).
//!
//! The secrets are made when the letter is sent and their lifetime counts from there; only digests are kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::email::EmailAddress;
use super::identifier::identifier;
use super::policy::{AgencyPolicy, FRESH_ADDRESS_HOURS, ProofMethod};
use super::secret::{Secret, SecretDigest};

identifier! {
    /// One proof that is asked for.
    ChallengeId
}

/// An address that somebody proved to read. Only answering a challenge makes one; an identity needs one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProvenEmail(EmailAddress);

impl ProvenEmail {
    /// The address.
    #[must_use]
    pub const fn address(&self) -> &EmailAddress {
        &self.0
    }
}

/// Wrong codes after which a code is dead.
pub const TRIES_PER_CODE: u32 = 5;
/// Wrong codes after which no further code of this challenge is taken, however often it is sent again (SEC-048).
pub const TRIES_IN_ALL: u32 = 10;
/// Letters of one challenge.
pub const SENDS_IN_ALL: u32 = 5;
/// Seconds between two letters.
pub const RESEND_AFTER_S: i64 = 60;

/// How a challenge is asked, frozen when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeTerms {
    /// Link, code or both.
    pub method: ProofMethod,
    /// Minutes that the code lives, from sending.
    pub code_minutes: u32,
    /// Minutes that the link lives, from sending.
    pub link_minutes: u32,
    /// Hours for which « Ce n'est pas moi » holds it.
    #[serde(default = "hold_hours")]
    pub hold_hours: u32,
}

/// Of a challenge from the version before.
const fn hold_hours() -> u32 {
    FRESH_ADDRESS_HOURS
}

impl From<&AgencyPolicy> for ChallengeTerms {
    fn from(policy: &AgencyPolicy) -> Self {
        Self {
            method: policy.confirmation,
            code_minutes: policy.code_minutes,
            link_minutes: policy.link_minutes,
            hold_hours: policy.fresh_address_hours,
        }
    }
}

/// A proof that is asked for, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Itself.
    pub id: ChallengeId,
    /// The address to prove.
    pub address: EmailAddress,
    /// How it is asked.
    pub terms: ChallengeTerms,
    /// Letters asked for so far; the newest one's secrets are the only ones that count.
    pub issue: u32,
    /// When the newest letter was asked for.
    pub requested_at: Timestamp,
    /// When the newest letter was sent; None while it waits in the outbox.
    pub sent_at: Option<Timestamp>,
    /// The codes of the newest letter: one for each time that it may have gone out.
    pub codes: Vec<SentCode>,
    /// Wrong codes since the newest letter.
    pub wrong_now: u32,
    /// Wrong codes in all.
    pub wrong_in_all: u32,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When somebody who got one of its letters said « Ce n'est pas moi ».
    pub held_at: Option<Timestamp>,
}

/// What is kept of a code: a digest under a key that is not kept with it, because eight digits are found by trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeDigest {
    /// The digest.
    pub digest: SecretDigest,
    /// The name of the key; empty for a code from the version before, which needed none.
    pub key_id: String,
}

/// A code as it went out. A letter that had to be repeated, because the server's answer was lost, has several: whoever
/// reads either copy is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCode {
    /// What is kept of it.
    pub kept: CodeDigest,
    /// When this copy went out; its own time counts from here.
    pub sent_at: Timestamp,
}

/// The copy of a letter that a link stood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentLink {
    /// The letter's number within the proof.
    pub issue: u32,
    /// When this copy went out.
    pub sent_at: Timestamp,
}

/// The code in what was typed or pasted: its eight digits, however they are grouped (LAW-036: « 8699 1277 »), with words
/// around them (« Code : 86991277 ») or signs that nobody sees.
#[must_use]
pub fn typed_code(text: &str) -> Option<Secret> {
    const LENGTH: usize = 8;
    let text: String = text.nfkc().collect();
    let all: String = text.chars().filter(char::is_ascii_digit).collect();
    if all.len() == LENGTH {
        return Some(Secret::new(all));
    }
    // Beside other numbers (« 86991277, valable 10 minutes »), the only one of eight digits.
    let mut whole = text.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() == LENGTH);
    let code = whole.next()?;
    whole.next().is_none().then(|| Secret::new(code))
}

/// What a typed code comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Right, and in time.
    Right(ProvenEmail),
    /// Wrong; so many tries are left.
    Wrong {
        /// Tries left for this code.
        left: u32,
    },
    /// Tried too often, now or before.
    Dead,
    /// Past its time.
    Expired,
    /// Answered before.
    Used,
}

/// What an opened link comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAnswer {
    /// Right, and in time.
    Right(ProvenEmail),
    /// A newer letter was sent (REL-068).
    Superseded,
    /// Past its time.
    Expired,
    /// Answered before.
    Used,
}

/// Why no further letter is sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendRefusal {
    /// In so many seconds.
    Later(u64),
    /// Not for this challenge any more.
    Over,
}

impl Challenge {
    /// Asks for a proof of an address; its first letter is to be sent.
    #[must_use]
    pub const fn new(id: ChallengeId, address: EmailAddress, terms: ChallengeTerms, now: Timestamp) -> Self {
        Self {
            id,
            address,
            terms,
            issue: 1,
            requested_at: now,
            sent_at: None,
            codes: Vec::new(),
            wrong_now: 0,
            wrong_in_all: 0,
            answered_at: None,
            held_at: None,
        }
    }

    /// Judges a typed code; `is_typed` tells whether it is the one that this was kept of. The caller has counted the try
    /// before (it is in `wrong_now` and `wrong_in_all`), so that parallel tries share one budget (SEC-048); a right answer
    /// makes the count meaningless.
    #[must_use]
    pub fn answer_code(&self, is_typed: impl Fn(&CodeDigest) -> bool, now: Timestamp) -> CodeAnswer {
        if self.answered_at.is_some() {
            return CodeAnswer::Used;
        }
        if self.wrong_now > TRIES_PER_CODE || self.wrong_in_all > TRIES_IN_ALL {
            return CodeAnswer::Dead;
        }
        // The youngest copy with this code, should chance have given two the same one.
        let copy = self.codes.iter().filter(|code| is_typed(&code.kept)).map(|code| code.sent_at).max();
        match copy {
            Some(sent_at) if is_over(sent_at, self.terms.code_minutes, now) => CodeAnswer::Expired,
            Some(_) => CodeAnswer::Right(ProvenEmail(self.address.clone())),
            None if self.codes.is_empty() || self.tries_left() > 0 => CodeAnswer::Wrong { left: self.tries_left() },
            None => CodeAnswer::Dead,
        }
    }

    /// Judges an opened link; its secret has been recognised by the store, which says what copy it stood in.
    #[must_use]
    pub fn answer_link(&self, link: SentLink, now: Timestamp) -> LinkAnswer {
        if self.answered_at.is_some() {
            return LinkAnswer::Used;
        }
        if link.issue != self.issue {
            return LinkAnswer::Superseded;
        }
        if is_over(link.sent_at, self.terms.link_minutes, now) {
            return LinkAnswer::Expired;
        }
        LinkAnswer::Right(ProvenEmail(self.address.clone()))
    }

    /// Until when it is held, if it is: meanwhile its link opens only in the browser that began. A hold is a question and
    /// no answer: whoever pressed it has shown nothing but the letter (decision 38).
    #[must_use]
    pub fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = after_hours(self.held_at?, self.terms.hold_hours);
        (now < until).then_some(until)
    }

    /// Asks for another letter; the secrets of the ones before are worth nothing from now on.
    ///
    /// # Errors
    /// Says when, or that none will be sent any more.
    pub fn resend(&mut self, now: Timestamp) -> Result<(), ResendRefusal> {
        if self.issue >= SENDS_IN_ALL || self.answered_at.is_some() {
            return Err(ResendRefusal::Over);
        }
        let wait = self.resend_in(now);
        if wait > 0 {
            return Err(ResendRefusal::Later(wait));
        }
        self.send_anew(now);
        Ok(())
    }

    /// Another letter because support wants it: at once, and beyond the number that a person can ask for. Tries are not
    /// given back.
    ///
    /// # Errors
    /// The proof was answered.
    pub fn resend_for_support(&mut self, now: Timestamp) -> Result<(), ResendRefusal> {
        if self.answered_at.is_some() {
            return Err(ResendRefusal::Over);
        }
        self.send_anew(now);
        Ok(())
    }

    fn send_anew(&mut self, now: Timestamp) {
        self.issue += 1;
        self.requested_at = now;
        self.sent_at = None;
        self.codes.clear();
        self.wrong_now = 0;
    }

    /// Seconds until another letter may be asked for.
    #[must_use]
    pub fn resend_in(&self, now: Timestamp) -> u64 {
        let left = RESEND_AFTER_S - now.duration_since(self.requested_at).as_secs();
        u64::try_from(left.min(RESEND_AFTER_S)).unwrap_or(0)
    }

    /// Whether a code of the newest letter can still be the answer at this time.
    #[must_use]
    pub fn is_alive(&self, code: &SentCode, now: Timestamp) -> bool {
        self.answered_at.is_none() && !is_over(code.sent_at, self.terms.code_minutes, now)
    }

    /// Codes that can still be tried in vain.
    #[must_use]
    pub const fn tries_left(&self) -> u32 {
        let now = TRIES_PER_CODE.saturating_sub(self.wrong_now);
        let all = TRIES_IN_ALL.saturating_sub(self.wrong_in_all);
        if now < all { now } else { all }
    }
}

/// So many hours later.
pub(super) fn after_hours(start: Timestamp, hours: u32) -> Timestamp {
    start.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX)
}

/// Whether what was sent then has lived for longer than so many minutes.
pub(super) fn is_over(sent_at: Timestamp, minutes: u32, now: Timestamp) -> bool {
    now.duration_since(sent_at) > SignedDuration::from_mins(i64::from(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn sent() -> Challenge {
        let address = EmailAddress::parse("anne@example.org").expect("an address");
        let terms = ChallengeTerms { method: ProofMethod::Both, code_minutes: 10, link_minutes: 60, hold_hours: 24 };
        let challenge = Challenge::new(ChallengeId::stored("c"), address, terms, at(0));
        Challenge { sent_at: Some(at(30)), codes: vec![code("86991277", 30)], ..challenge }
    }

    fn code(text: &str, sent_at: i64) -> SentCode {
        SentCode { kept: kept(text), sent_at: at(sent_at) }
    }

    fn kept(text: &str) -> CodeDigest {
        CodeDigest { digest: Secret::new(text).digest(), key_id: String::new() }
    }

    fn link(issue: u32) -> SentLink {
        SentLink { issue, sent_at: at(30) }
    }

    fn typed(text: &str) -> impl Fn(&CodeDigest) -> bool {
        let typed = kept(text);
        move |code| *code == typed
    }

    #[test]
    fn law_036_a_code_is_taken_however_it_was_pasted() {
        let code = |text: &str| typed_code(text).map(|code| code.expose().to_owned());
        for pasted in [
            "86991277",
            " 8699 1277\r\n",
            "8699-1277",
            "86.99.12.77",
            "8699\u{202f}1277\u{200b}",
            "Code : 86991277",
            "Votre code : 8699 1277.",
            "« 86991277 »",
            "\u{feff}8\u{ad}6991277",
            "８６９９１２７７",
            "86991277 (valable 10 minutes)",
        ] {
            assert_eq!(code(pasted).as_deref(), Some("86991277"), "{pasted:?}");
        }
        for other in ["", "8699127", "869912777", "8699127a", "86991277 11112222", "code", "٨٦٩٩١٢٧٧"] {
            assert_eq!(code(other), None, "{other:?}");
        }
    }

    #[test]
    fn b09_a_code_dies_with_its_time_and_the_time_counts_from_sending() {
        let in_time = sent().answer_code(typed("86991277"), at(30 + 600));
        assert!(matches!(in_time, CodeAnswer::Right(ref proven) if proven.address().as_str() == "anne@example.org"));
        assert_eq!(sent().answer_code(typed("86991277"), at(30 + 601)), CodeAnswer::Expired);
    }

    #[test]
    fn b09_a_code_that_was_tried_too_often_is_dead_even_if_then_right() {
        let challenge = Challenge { wrong_now: 6, wrong_in_all: 6, ..sent() };
        assert_eq!(challenge.answer_code(typed("86991277"), at(31)), CodeAnswer::Dead);
        let fifth = Challenge { wrong_now: 5, wrong_in_all: 5, ..sent() };
        assert_eq!(fifth.answer_code(typed("00000000"), at(31)), CodeAnswer::Dead);
        let first = Challenge { wrong_now: 1, wrong_in_all: 1, ..sent() };
        assert_eq!(first.answer_code(typed("00000000"), at(31)), CodeAnswer::Wrong { left: 4 });
    }

    #[test]
    fn b11_sending_again_kills_the_older_secrets_but_gives_no_endless_tries() {
        let mut challenge = Challenge { wrong_now: 5, wrong_in_all: 5, ..sent() };
        assert_eq!(challenge.resend(at(10)), Err(ResendRefusal::Later(50)));
        assert_eq!(challenge.resend(at(61)), Ok(()));
        assert_eq!(challenge.answer_link(link(1), at(62)), LinkAnswer::Superseded);
        assert_eq!(challenge.answer_code(typed("86991277"), at(62)), CodeAnswer::Wrong { left: 5 });
        challenge.wrong_in_all = 11;
        assert_eq!(challenge.answer_code(typed("86991277"), at(62)), CodeAnswer::Dead);
        for minute in 2..5 {
            assert_eq!(challenge.resend(at(61 * minute)), Ok(()));
        }
        assert_eq!(challenge.resend(at(600)), Err(ResendRefusal::Over));
    }

    #[test]
    fn rel_032_of_a_letter_that_went_out_twice_either_copy_opens_each_in_its_own_time() {
        let twice = Challenge { codes: vec![code("86991277", 30), code("11112222", 330)], ..sent() };
        assert!(matches!(twice.answer_code(typed("86991277"), at(400)), CodeAnswer::Right(_)));
        assert!(matches!(twice.answer_code(typed("11112222"), at(400)), CodeAnswer::Right(_)));
        assert_eq!(twice.answer_code(typed("86991277"), at(30 + 601)), CodeAnswer::Expired);
        assert!(matches!(twice.answer_code(typed("11112222"), at(330 + 600)), CodeAnswer::Right(_)));
    }

    #[test]
    fn att_18_a_hold_lapses_and_the_code_wins_over_it() {
        let held = Challenge { held_at: Some(at(60)), ..sent() };
        assert_eq!(held.held_until(at(60 + 24 * 3600 - 1)), Some(at(60 + 24 * 3600)));
        assert_eq!(held.held_until(at(60 + 24 * 3600)), None);
        assert!(matches!(held.answer_code(typed("86991277"), at(70)), CodeAnswer::Right(_)));
        assert_eq!(sent().held_until(at(60)), None);
    }

    #[test]
    fn b08_a_link_works_once_and_in_its_time() {
        assert!(matches!(sent().answer_link(link(1), at(30 + 3600)), LinkAnswer::Right(_)));
        assert_eq!(sent().answer_link(link(1), at(30 + 3601)), LinkAnswer::Expired);
        let used = Challenge { answered_at: Some(at(40)), ..sent() };
        assert_eq!(used.answer_link(link(1), at(50)), LinkAnswer::Used);
        assert_eq!(used.answer_code(typed("86991277"), at(50)), CodeAnswer::Used);
    }
}
