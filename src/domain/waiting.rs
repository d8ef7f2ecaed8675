//! What somebody who waits for a letter can do with it, so that their page shows the one thing that helps (residents 14).

use jiff::Timestamp;

use super::challenge::{Challenge, SENDS_IN_ALL, TRIES_IN_ALL, is_over};

/// Minutes after which a letter that has not left is not said to be just sent.
const SOON: u64 = 2;

/// How a letter stands that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its code can be typed, or its link opened.
    Open,
    /// It has not left yet.
    Queued,
    /// The mail server has refused it for good.
    Refused,
    /// Its code was tried too often.
    Dead,
    /// Its code is past its time; its link, where it has no code.
    Expired,
}

/// What can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How it stands.
    pub standing: Standing,
    /// Full minutes since it left, or since it was asked for.
    pub minutes: u64,
    /// Whether its link opens still.
    pub link: bool,
    /// Whether another letter would help.
    pub more: bool,
}

impl Waiting {
    /// Whether nothing can be typed any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Dead | Standing::Expired)
    }
}

impl Challenge {
    /// How the newest letter stands; `refused_at` is when its address was refused last, if nothing has arrived there since.
    #[must_use]
    pub fn waiting(&self, refused_at: Option<Timestamp>, now: Timestamp) -> Waiting {
        let since = now.duration_since(self.sent_at.unwrap_or(self.requested_at)).as_secs();
        let minutes = u64::try_from(since / 60).unwrap_or(0);
        let (has_code, has_link) = (self.terms.method.has_code(), self.terms.method.has_link());
        let link = has_link && self.sent_at.is_some_and(|sent_at| !is_over(sent_at, self.terms.link_minutes, now));
        let is_spent = has_code && self.wrong_in_all >= TRIES_IN_ALL;
        let more = self.issue < SENDS_IN_ALL && self.answered_at.is_none() && (has_link || !is_spent);
        let standing = if refused_at.is_some_and(|refused_at| refused_at >= self.requested_at) {
            Standing::Refused
        } else if has_code && self.tries_left() == 0 {
            Standing::Dead
        } else if self.sent_at.is_none() {
            if minutes < SOON { Standing::Open } else { Standing::Queued }
        } else if has_code && self.codes.iter().any(|code| self.is_alive(code, now)) || !has_code && link {
            Standing::Open
        } else {
            Standing::Expired
        };
        Waiting { standing, minutes, link, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::challenge::{ChallengeId, ChallengeTerms, CodeDigest, SentCode};
    use crate::domain::email::EmailAddress;
    use crate::domain::policy::ProofMethod;
    use crate::domain::secret::Secret;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
    }

    /// Asked for at minute 0; the code lives for 10 minutes, the link for 60.
    fn asked(method: ProofMethod) -> Challenge {
        let address = EmailAddress::parse("anne@example.org").expect("an address");
        let terms = ChallengeTerms { method, code_minutes: 10, link_minutes: 60, hold_hours: 24 };
        Challenge::new(ChallengeId::stored("c"), address, terms, at(0))
    }

    fn sent(method: ProofMethod) -> Challenge {
        let kept = CodeDigest { digest: Secret::new("86991277").digest(), key_id: String::new() };
        let codes = if method.has_code() { vec![SentCode { kept, sent_at: at(1) }] } else { Vec::new() };
        Challenge { sent_at: Some(at(1)), codes, ..asked(method) }
    }

    #[test]
    fn residents_14_who_waits_is_shown_the_one_thing_that_helps_now() {
        use ProofMethod::{Both, Code, Link};
        use Standing::{Dead, Expired, Open, Queued, Refused};
        let tried = |wrong_now, wrong_in_all, method| Challenge { wrong_now, wrong_in_all, ..sent(method) };
        let last = |method| Challenge { issue: SENDS_IN_ALL, ..sent(method) };
        let again = |method| Challenge { requested_at: at(5), issue: 2, sent_at: None, ..asked(method) };
        // The letter, when it was refused, now; then how it stands, for how long, whether its link opens, whether another
        // one helps.
        for (row, (challenge, refused, now, expected)) in [
            (asked(Both), None, 0, (Open, 0, false, true)),
            (asked(Both), None, 1, (Open, 1, false, true)),
            (asked(Both), None, 2, (Queued, 2, false, true)),
            (asked(Both), Some(0), 1, (Refused, 1, false, true)),
            // Refused before it was asked for again: nobody knows yet.
            (again(Both), Some(3), 5, (Open, 0, false, true)),
            (again(Both), Some(3), 9, (Queued, 4, false, true)),
            (sent(Both), None, 1, (Open, 0, true, true)),
            (sent(Both), None, 11, (Open, 10, true, true)),
            (sent(Both), None, 12, (Expired, 11, true, true)),
            (sent(Both), None, 62, (Expired, 61, false, true)),
            (sent(Code), None, 11, (Open, 10, false, true)),
            (sent(Code), None, 12, (Expired, 11, false, true)),
            (sent(Link), None, 61, (Open, 60, true, true)),
            (sent(Link), None, 62, (Expired, 61, false, true)),
            (tried(4, 4, Both), None, 2, (Open, 1, true, true)),
            (tried(5, 5, Both), None, 2, (Dead, 1, true, true)),
            (tried(5, 5, Code), None, 2, (Dead, 1, false, true)),
            // No code counts any more, but a link would.
            (tried(0, 10, Both), None, 2, (Dead, 1, true, true)),
            (tried(0, 10, Code), None, 2, (Dead, 1, false, false)),
            (last(Both), None, 2, (Open, 1, true, false)),
            (last(Code), None, 12, (Expired, 11, false, false)),
            // A clock that was set back.
            (sent(Both), None, -5, (Open, 0, true, true)),
        ]
        .into_iter()
        .enumerate()
        {
            let waiting = challenge.waiting(refused.map(at), at(now));
            let found = (waiting.standing, waiting.minutes, waiting.link, waiting.more);
            assert_eq!(found, expected, "row {row} at minute {now}");
            assert_eq!(waiting.is_over(), matches!(waiting.standing, Dead | Expired));
        }
    }
}
