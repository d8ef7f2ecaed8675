//! The forgotten password, by link (000 II.C, 001 IV, c10).

use jiff::{SignedDuration, Timestamp};

use super::identity::IdentityId;

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
