//! The forgotten password, by link (000 II.C, 001 IV, c10) and by code (004, c11).

use jiff::{SignedDuration, Timestamp};

use super::agency_code::AgencyCode;
use super::challenge::{CodeDigest, RESEND_AFTER_S, SentCode, TRIES_PER_CODE, is_over};
use super::credential::TypedLogin;
use super::email::{EmailAddress, EmailError};
use super::identity::{IdentityId, LegacyLogin};
use super::policy::{AgencyPolicy, Identifier, ProofMethod};
use super::secret::{Secret, SecretDigest};
use super::text::folded;

/// How a reset goes, frozen when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryTerms {
    /// Link, code or both.
    pub method: ProofMethod,
    /// Minutes that the code lives, from sending.
    pub code_minutes: u32,
    /// Minutes that the link lives, from sending.
    pub link_minutes: u32,
}

impl RecoveryTerms {
    /// Of somebody who asks at no agency: what all of theirs say, and either way where they do not say the same. Who has
    /// none any more gets a link.
    #[must_use]
    pub fn of_all<'a>(agencies: impl IntoIterator<Item = &'a AgencyPolicy>) -> Self {
        let of_one = |policy: &AgencyPolicy| Self {
            method: policy.confirmation,
            code_minutes: policy.reset_code_minutes,
            link_minutes: policy.link_minutes,
        };
        let both = |one: Self, other: Self| Self {
            method: if one.method == other.method { one.method } else { ProofMethod::Both },
            code_minutes: one.code_minutes.min(other.code_minutes),
            link_minutes: one.link_minutes.min(other.link_minutes),
        };
        let none = || Self { method: ProofMethod::Link, ..of_one(&AgencyPolicy::default()) };
        agencies.into_iter().map(of_one).reduce(both).unwrap_or_else(none)
    }

    /// The same with a letter that can be answered in any browser and at any time from now on.
    #[must_use]
    pub const fn by_link(self) -> Self {
        Self { method: ProofMethod::Link, ..self }
    }
}

/// Whose password is forgotten, as somebody says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By an address or an identifier, whichever it is.
    Either(TypedLogin),
    /// By the address alone that letters go to: the identifier is forgotten, too (004).
    Linked(EmailAddress),
    /// By an identifier and the address that is linked with it (004).
    Both {
        /// The identifier.
        login: TypedLogin,
        /// The address.
        email: EmailAddress,
    },
}

/// What is missing where nobody can be meant; it says nothing of who is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// An address or an identifier.
    Login,
    /// The address.
    Email(EmailError),
}

impl Named {
    /// Reads what was typed at an agency whose residents sign in in this way. Where they keep their identifiers the
    /// address has to be there, since an identifier stands on papers that others see; the identifier may be left out.
    ///
    /// # Errors
    /// What is missing, or no address.
    pub fn parse(asks: Identifier, login: &str, email: &str) -> Result<Self, Unnamed> {
        let typed = TypedLogin::parse(login);
        if asks == Identifier::Email {
            return typed.map(Self::Either).ok_or(Unnamed::Login);
        }
        let email = EmailAddress::parse(email).map_err(Unnamed::Email)?;
        Ok(match typed {
            // The address was typed into both fields.
            Some(login) if login.email.as_ref().is_some_and(|typed| typed.key() == email.key()) => Self::Linked(email),
            Some(login) => Self::Both { login, email },
            None => Self::Linked(email),
        })
    }

    /// What was typed, for the trace.
    #[must_use]
    pub fn login(&self) -> Option<LegacyLogin> {
        match self {
            Self::Either(login) | Self::Both { login, .. } => Some(login.legacy.clone()),
            Self::Linked(email) => LegacyLogin::parse(email.as_str()),
        }
    }
}

/// Where a reset was asked for, and with what: who types a code shows by it which reset is meant, also where there is
/// none (f03). Nobody knows it without the browser's secret, so that a code is worth nothing in another one.
#[must_use]
pub fn asked_by(browser: &Secret, agency: Option<&AgencyCode>, named: &Named) -> SecretDigest {
    let agency = agency.map(ToString::to_string).unwrap_or_default();
    // A folded text has no end of line in it.
    let named = match named {
        Named::Either(login) => folded(login.legacy.as_str()),
        Named::Linked(email) => format!("\n{}", email.key()),
        Named::Both { login, email } => format!("{}\n{}", folded(login.legacy.as_str()), email.key()),
    };
    Secret::new(format!("reset\n{}\n{agency}\n{named}", browser.expose())).digest()
}

/// The newest reset that was asked for somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Itself.
    pub id: String,
    /// Whose password.
    pub identity: IdentityId,
    /// When.
    pub asked_at: Timestamp,
    /// Whether it is neither superseded nor used.
    pub is_open: bool,
}

impl Asked {
    /// Whether its letter is so young that « Recevoir un nouveau code » sends no other one: it is still on its way, and
    /// its code stays good.
    #[must_use]
    pub fn is_on_its_way(&self, now: Timestamp) -> bool {
        self.is_open && now.duration_since(self.asked_at).as_secs() < RESEND_AFTER_S
    }
}

/// A reset for which a code was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedFor {
    /// Minutes that a code lives, from sending.
    pub code_minutes: u32,
    /// The codes of its letter: one for each time that it may have gone out.
    pub codes: Vec<SentCode>,
    /// Codes that were typed, this one included.
    pub tries: u32,
    /// Whether a newer one was asked for.
    pub superseded: bool,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// What a typed code comes to; who typed it is told only whether it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetCode {
    /// A new password may be chosen.
    Right,
    /// It is another one.
    Wrong,
    /// It would have been right: it is past its time, was tried too often, or the reset is over or not open yet.
    Over,
}

impl TypedFor {
    /// Judges a typed code; the caller has counted it before (it is in `tries`), so that parallel ones share one budget
    /// (SEC-048). `is_typed` tells whether it is the one that this was kept of; `opens_at` is when resets at the person's
    /// address take effect.
    #[must_use]
    pub fn answer(
        &self,
        is_typed: impl Fn(&CodeDigest) -> bool,
        opens_at: Option<Timestamp>,
        now: Timestamp,
    ) -> ResetCode {
        let copy = self.codes.iter().filter(|code| is_typed(&code.kept)).map(|code| code.sent_at).max();
        let Some(sent_at) = copy else { return ResetCode::Wrong };
        let is_closed = self.used_at.is_some() || self.superseded || opens_at.is_some_and(|opens_at| now < opens_at);
        if is_closed || self.tries > TRIES_PER_CODE || is_over(sent_at, self.code_minutes, now) {
            ResetCode::Over
        } else {
            ResetCode::Right
        }
    }
}

/// A reset that was asked for; the newest one of a person is the only one that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Whose password.
    pub identity: IdentityId,
    /// When the copy of the letter that is judged was sent; None while it waits in the outbox.
    pub sent_at: Option<Timestamp>,
    /// Minutes that the link lives, from sending.
    pub link_minutes: u32,
    /// Whether a newer one was asked for.
    pub superseded: bool,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Minutes after a reset in which it is still known whom it was for.
const JUST_USED_MINUTES: u32 = 30;

impl Recovery {
    /// Whether the new password was set just now.
    #[must_use]
    pub fn is_just_used(&self, now: Timestamp) -> bool {
        self.used_at.is_some_and(|used_at| !is_over(used_at, JUST_USED_MINUTES, now))
    }
}

/// What an opened reset link comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetLink {
    /// A new password may be set.
    Open,
    /// A newer letter was sent.
    Superseded,
    /// Past its time.
    Expired,
    /// Used before.
    Used,
    /// The address that it was sent to is fresh: it opens later (LAW-006).
    Waits(Timestamp),
}

impl Recovery {
    /// Judges an opened link whose secret the store has recognised; `opens_at` is when resets at this address take effect,
    /// and its time counts from there if that is later.
    #[must_use]
    pub fn judge(&self, opens_at: Option<Timestamp>, now: Timestamp) -> ResetLink {
        let lifetime = SignedDuration::from_mins(i64::from(self.link_minutes));
        if self.used_at.is_some() {
            ResetLink::Used
        } else if self.superseded {
            ResetLink::Superseded
        } else if let Some(sent) = self.sent_at {
            let opens_at = opens_at.map_or(sent, |opens_at| opens_at.max(sent));
            if now < opens_at && opens_at > sent {
                ResetLink::Waits(opens_at)
            } else if now.duration_since(opens_at) <= lifetime {
                ResetLink::Open
            } else {
                ResetLink::Expired
            }
        } else {
            ResetLink::Expired
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn kept(code: &str) -> CodeDigest {
        CodeDigest { digest: Secret::new(code).digest(), key_id: String::new() }
    }

    #[test]
    fn c11_a_code_resets_in_its_time_within_its_tries_and_only_the_newest() {
        let sent = |code, after| SentCode { kept: kept(code), sent_at: at(after) };
        let codes = vec![sent("86991277", 0), sent("11112222", 300)];
        let open = TypedFor { code_minutes: 10, codes, tries: 1, superseded: false, used_at: None };
        let answer = |asked: &TypedFor, code: &str, after| asked.answer(|one| *one == kept(code), None, at(after));
        assert_eq!(answer(&open, "86991277", 600), ResetCode::Right);
        assert_eq!(answer(&open, "86991277", 601), ResetCode::Over);
        assert_eq!(answer(&open, "11112222", 900), ResetCode::Right, "each copy in its own time");
        assert_eq!(answer(&open, "86991278", 1), ResetCode::Wrong);
        let tried = |tries| TypedFor { tries, ..open.clone() };
        assert_eq!(answer(&tried(5), "86991277", 1), ResetCode::Right, "after four wrong ones");
        assert_eq!(answer(&tried(6), "86991277", 1), ResetCode::Over, "after five");
        let superseded = TypedFor { superseded: true, ..open.clone() };
        let used = TypedFor { used_at: Some(at(1)), ..open.clone() };
        for closed in [&superseded, &used] {
            assert_eq!(answer(closed, "86991277", 2), ResetCode::Over);
        }
        let is_right = |one: &CodeDigest| *one == kept("86991277");
        assert_eq!(open.answer(is_right, Some(at(60)), at(59)), ResetCode::Over, "a fresh address waits");
        assert_eq!(open.answer(is_right, Some(at(60)), at(60)), ResetCode::Right);
    }

    #[test]
    fn c11_where_a_reset_was_asked_for_is_known_to_its_browser_alone() {
        let typed = |text| Named::parse(Identifier::Email, text, "").expect("something typed");
        let (one, other) = (Secret::new("a"), Secret::new("b"));
        let (port, gare) = (AgencyCode::parse("CA", "SA"), AgencyCode::parse("CB", "SB"));
        let here = asked_by(&one, port.as_ref(), &typed("Anne-1"));
        assert_eq!(here, asked_by(&one, port.as_ref(), &typed(" anne-1 ")));
        for elsewhere in [
            asked_by(&other, port.as_ref(), &typed("Anne-1")),
            asked_by(&one, gare.as_ref(), &typed("Anne-1")),
            asked_by(&one, None, &typed("Anne-1")),
            asked_by(&one, port.as_ref(), &typed("Anne-2")),
            asked_by(&one, port.as_ref(), &linked("Anne-1", "anne@x.fr")),
        ] {
            assert_ne!(here, elsewhere);
        }
        let both = asked_by(&one, port.as_ref(), &linked("Anne-1", "anne@x.fr"));
        assert_eq!(both, asked_by(&one, port.as_ref(), &linked("anne\u{a0}-1", " Anne@X.fr")));
        for other in [linked("Anne-1", "anna@x.fr"), linked("Anne-2", "anne@x.fr"), linked("", "anne@x.fr")] {
            assert_ne!(both, asked_by(&one, port.as_ref(), &other));
        }
    }

    fn linked(login: &str, email: &str) -> Named {
        Named::parse(Identifier::Legacy, login, email).expect("an address")
    }

    #[test]
    fn c11_where_identifiers_are_kept_the_linked_address_is_asked_for_and_the_identifier_may_be_forgotten() {
        let email = |text| EmailAddress::parse(text).expect("an address");
        let login = |text| TypedLogin::parse(text).expect("something typed");
        let both = |text, address| Named::Both { login: login(text), email: email(address) };
        for (typed, address, named) in [
            ("C10042", "anne@x.fr", Ok(both("C10042", "anne@x.fr"))),
            (" \u{200b}C10042\u{a0}", "\u{200b}anne@x.fr ", Ok(both("C10042", "anne@x.fr"))),
            ("", "anne@x.fr", Ok(Named::Linked(email("anne@x.fr")))),
            (" \u{a0}", "anne@x.fr", Ok(Named::Linked(email("anne@x.fr")))),
            ("Anne@x.fr", "anne@x.fr", Ok(Named::Linked(email("anne@x.fr")))),
            ("anna@x.fr", "anne@x.fr", Ok(both("anna@x.fr", "anne@x.fr"))),
            ("C10042", "", Err(Unnamed::Email(EmailError::Empty))),
            ("C10042", "anne", Err(Unnamed::Email(EmailError::Malformed))),
            ("anne@x.fr", "", Err(Unnamed::Email(EmailError::Empty))),
            ("", "", Err(Unnamed::Email(EmailError::Empty))),
        ] {
            assert_eq!(Named::parse(Identifier::Legacy, typed, address), named, "{typed:?} {address:?}");
        }
        // Elsewhere one field is enough, whatever a form has beside it.
        assert_eq!(Named::parse(Identifier::Email, "C10042", "anne@x.fr"), Ok(Named::Either(login("C10042"))));
        assert_eq!(Named::parse(Identifier::Email, " ", "anne@x.fr"), Err(Unnamed::Login));
    }

    #[test]
    fn c11_who_asks_at_no_agency_gets_what_all_of_theirs_say_or_either_way() {
        let of = |method, minutes| AgencyPolicy {
            confirmation: method,
            reset_code_minutes: minutes,
            ..AgencyPolicy::default()
        };
        let terms = |agencies: &[AgencyPolicy]| {
            let terms = RecoveryTerms::of_all(agencies);
            (terms.method, terms.code_minutes)
        };
        assert_eq!(terms(&[of(ProofMethod::Code, 20), of(ProofMethod::Code, 15)]), (ProofMethod::Code, 15));
        assert_eq!(terms(&[of(ProofMethod::Code, 20), of(ProofMethod::Link, 30)]), (ProofMethod::Both, 20));
        assert_eq!(terms(&[]).0, ProofMethod::Link, "which needs no key");
    }

    #[test]
    fn c11_another_letter_is_asked_for_after_a_minute() {
        let identity = IdentityId::stored("i");
        let asked = Asked { id: "r".to_owned(), identity, asked_at: at(0), is_open: true };
        assert_eq!([0, 59, 60, 61].map(|after| asked.is_on_its_way(at(after))), [true, true, false, false]);
        assert!(!Asked { is_open: false, ..asked }.is_on_its_way(at(1)));
    }

    #[test]
    fn c10_a_reset_link_works_once_in_its_time_and_only_the_newest() {
        let sent = Timestamp::from_second(1_800_000_000).expect("a time");
        let later = |seconds| sent.checked_add(SignedDuration::from_secs(seconds)).expect("a time");
        let identity = IdentityId::stored("i");
        let open = Recovery { identity, sent_at: Some(sent), link_minutes: 60, superseded: false, used_at: None };
        assert_eq!(open.judge(None, later(3600)), ResetLink::Open);
        assert_eq!(open.judge(None, later(3601)), ResetLink::Expired);
        assert_eq!(Recovery { superseded: true, ..open.clone() }.judge(None, later(1)), ResetLink::Superseded);
        assert_eq!(Recovery { used_at: Some(sent), ..open.clone() }.judge(None, later(1)), ResetLink::Used);
        assert_eq!(Recovery { sent_at: None, ..open.clone() }.judge(None, later(1)), ResetLink::Expired);
        // At a fresh address.
        let opens_at = Some(later(7200));
        assert_eq!(open.judge(opens_at, later(7199)), ResetLink::Waits(later(7200)));
        assert_eq!(open.judge(opens_at, later(7200 + 3600)), ResetLink::Open);
        assert_eq!(open.judge(opens_at, later(7200 + 3601)), ResetLink::Expired);
        let earlier = sent.checked_sub(SignedDuration::from_secs(60)).expect("a time");
        assert_eq!(open.judge(Some(earlier), later(3601)), ResetLink::Expired);
        assert_eq!(open.judge(Some(earlier), later(3600)), ResetLink::Open, "its time counts from when it was sent");
    }
}
