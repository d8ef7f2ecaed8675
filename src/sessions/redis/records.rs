//! What stands in the keys: one line of text each, numbers first, so that a script can read them too.

use std::fmt;

use jiff::Timestamp;

use crate::domain::identity::{IdentityId, LinkId};
use crate::domain::lockout::Attempts;
use crate::domain::session::{Session, SessionId, SessionLifetime};
use crate::store::{Sealed, StoredJar};

/// Where a cookie leads to. One on an agency's host is none on the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// The portal's.
    Portal {
        /// Which of the session's cookies it is.
        generation: i64,
        /// The sign-in.
        session: SessionId,
    },
    /// One on an agency's host.
    Agency {
        /// Which of the session's cookies it is.
        generation: i64,
        /// The sign-in.
        session: SessionId,
        /// The account.
        link: LinkId,
        /// Which of its openings it is for ([`crate::store::OpenAccount`]).
        opening: i64,
    },
}

impl Pointer {
    /// Reads what [`Pointer`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(' ');
        let (kind, generation) = (fields.next()?, fields.next()?.parse().ok()?);
        let session = SessionId::stored(fields.next()?);
        match kind {
            "portal" => Some(Self::Portal { generation, session }),
            "agency" => {
                let (link, opening) = (LinkId::stored(fields.next()?), fields.next()?.parse().ok()?);
                Some(Self::Agency { generation, session, link, opening })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portal { generation, session } => write!(f, "portal {generation} {}", session.as_str()),
            Self::Agency { generation, session, link, opening } => {
                write!(f, "agency {generation} {} {} {opening}", session.as_str(), link.as_str())
            }
        }
    }
}

/// A session's line; its latest end comes first, for the scripts.
pub(super) fn session(session: &Session) -> String {
    let SessionLifetime { idle_minutes, hours, keep } = session.lifetime;
    // A program from before this sign reads the same number.
    let keep = if keep { "+" } else { "" };
    let time = |time: Timestamp| time.as_millisecond();
    let (latest, started, seen) = (time(session.ends_at_latest()), time(session.started_at), time(session.seen_at));
    format!("{latest} {started} {seen} {idle_minutes} {keep}{hours} {} {}", session.epoch, session.identity.as_str())
}

/// Reads a session's line.
pub(super) fn read_session(id: &SessionId, text: &str) -> Option<Session> {
    let mut fields = text.splitn(7, ' ').skip(1);
    let (started_at, seen_at) = (time(fields.next()?)?, time(fields.next()?)?);
    let (idle_minutes, hours) = (fields.next()?.parse().ok()?, fields.next()?);
    Some(Session {
        id: id.clone(),
        started_at,
        seen_at,
        lifetime: SessionLifetime { idle_minutes, hours: hours.parse().ok()?, keep: hours.starts_with('+') },
        epoch: fields.next()?.parse().ok()?,
        identity: IdentityId::stored(fields.next()?),
    })
}

/// Reads a jar's line, which a script began.
pub(super) fn read_jar(text: &str) -> Option<StoredJar> {
    let mut fields = text.splitn(3, ' ');
    let (version, signed_in_at) = (fields.next()?.parse().ok()?, time(fields.next()?)?);
    Some(StoredJar { version, signed_in_at, sealed: Sealed::from_line(fields.next()?)? })
}

/// The line of what was counted.
pub(super) fn attempts(attempts: &Attempts, version: i64) -> String {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.as_millisecond().to_string());
    let Attempts { streak, today, day_start, last } = attempts;
    format!("{version} {streak} {today} {} {}", time(*day_start), time(*last))
}

/// Reads the line of what was counted.
pub(super) fn read_attempts(text: &str) -> Option<(Attempts, i64)> {
    let mut fields = text.split(' ');
    let version = fields.next()?.parse().ok()?;
    let (streak, today) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let (day_start, last) = (time(fields.next()?), time(fields.next()?));
    Some((Attempts { streak, today, day_start, last }, version))
}

fn time(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use crate::domain::secret::tests::CountingDice;
    use crate::store::Vault;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    #[test]
    fn what_is_kept_comes_back_as_it_was() {
        let kept = Session {
            id: SessionId::stored("s"),
            identity: IdentityId::stored("anne"),
            started_at: at(0),
            seen_at: at(61),
            lifetime: SessionLifetime { idle_minutes: 60, hours: 12, keep: false },
            epoch: 3,
        };
        for keep in [false, true] {
            let kept = Session { lifetime: SessionLifetime { keep, ..kept.lifetime }, ..kept.clone() };
            assert_eq!(read_session(&kept.id, &session(&kept)), Some(kept));
        }
        let counted = Attempts { streak: 2, today: 7, day_start: Some(at(0)), last: None };
        assert_eq!(read_attempts(&attempts(&counted, 9)), Some((counted, 9)));
        let portal = Pointer::Portal { generation: 2, session: kept.id.clone() };
        let agency = Pointer::Agency { generation: 0, session: kept.id, link: LinkId::stored("l"), opening: 1 };
        for pointer in [portal, agency] {
            assert_eq!(Pointer::parse(&pointer.to_string()), Some(pointer));
        }
        let vault = Vault::new("a key".into(), [3; 32]);
        let sealed = vault.seal(&CountingDice::default(), "here", &Secret::new("a=1"));
        let jar = read_jar(&format!("8 {} {}", at(5).as_millisecond(), sealed.to_line()));
        assert_eq!(jar, Some(StoredJar { version: 8, signed_in_at: at(5), sealed }));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "portal", "portal x s", "somewhere 1 s", "agency 1 s l", "agency 1 s l x"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
        assert_eq!(read_session(&SessionId::stored("s"), "1 2 3 4"), None);
        assert_eq!(read_jar("1 2"), None);
        assert_eq!(read_attempts("1 2"), None);
    }
}
