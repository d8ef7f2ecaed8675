//! The trace as a chain (d08): each line is bound to all before it, so that none is changed, taken out or put in unseen.
//!
//! What names people is bound as a digest under a salt of the line's own. Taken away with its salt, nobody finds it again by
//! trying, and the chain still holds.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::agency_code::AgencyCode;

/// A digest in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// The salt of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

/// What stays of a line for as long as the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stays {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The event's stable name.
    pub event: String,
    /// By which kind of actor.
    pub actor: String,
    /// At which agency.
    pub agency: Option<AgencyCode>,
}

/// What of a line may name people, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Who did it.
    pub actor: Option<String>,
    /// To whom.
    pub identity: Option<String>,
    /// To which old account.
    pub login: Option<String>,
    /// From where.
    pub client: String,
    /// In which request.
    pub request_id: String,
    /// What else is told, as JSON.
    pub detail: String,
}

impl Digest {
    /// What the first line is bound to.
    pub const BEGIN: Self = Self([0; 32]);

    /// Reads what [`fmt::Display`] writes: 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// The digest of the next line.
    #[must_use]
    pub fn then(&self, stays: &Stays, names: &Self) -> Self {
        let agency = stays.agency.as_ref().map(ToString::to_string);
        let mut hash = Fields::new("vestibule trace");
        hash.add(&self.0);
        hash.add(&stays.seq.to_be_bytes());
        hash.add(&stays.at.as_millisecond().to_be_bytes());
        hash.add(stays.event.as_bytes());
        hash.add(stays.actor.as_bytes());
        hash.add_maybe(agency.as_deref());
        hash.add(&names.0);
        hash.end()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Salt {
    /// Of 128 bits of chance.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads what [`fmt::Display`] writes: 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Names {
    /// What is bound instead of the names.
    #[must_use]
    pub fn under(&self, salt: &Salt) -> Digest {
        let mut hash = Fields::new("vestibule names");
        hash.add(&salt.0);
        for field in [&self.actor, &self.identity, &self.login] {
            hash.add_maybe(field.as_deref());
        }
        for field in [&self.client, &self.request_id, &self.detail] {
            hash.add(field.as_bytes());
        }
        hash.end()
    }
}

/// Fields of any content, so that no two lists of them read the same.
struct Fields(Sha256);

impl Fields {
    fn new(purpose: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.add(purpose.as_bytes());
        fields
    }

    fn add(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    fn add_maybe(&mut self, field: Option<&str>) {
        self.add(&[u8::from(field.is_some())]);
        self.add(field.unwrap_or_default().as_bytes());
    }

    fn end(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A line as it is found when the chain is gone along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What stays.
    pub stays: Stays,
    /// The digest of the names.
    pub bound: Digest,
    /// The line's own digest.
    pub chain: Digest,
    /// The names and their salt; None where they were taken away.
    pub names: Option<(Salt, Names)>,
}

/// What is found out going along the chain, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The first line's number: what was before it has gone in its time.
    pub first: Option<i64>,
    /// The last line.
    pub head: Option<(i64, Digest)>,
    /// Lines in all.
    pub lines: u64,
    /// Lines whose names were taken away, in their time or with the person they were about.
    pub without_names: u64,
    /// Lines that are not bound to the one before them: it, or they, were changed, taken out or put in; the first ones.
    pub broken: Vec<i64>,
    /// Lines whose names are others than were written; the first ones.
    pub changed: Vec<i64>,
}

/// How many of a kind are told.
const TOLD: usize = 20;

impl Walk {
    /// Goes on to the next line, in the order of their numbers.
    pub fn to(&mut self, found: &Found) {
        let seq = found.stays.seq;
        let before = match self.head {
            Some((_, before)) => Some(before),
            None if seq == 1 => Some(Digest::BEGIN),
            None => None,
        };
        if before.is_some_and(|before| before.then(&found.stays, &found.bound) != found.chain) {
            tell(&mut self.broken, seq);
        }
        match &found.names {
            Some((salt, names)) if names.under(salt) != found.bound => tell(&mut self.changed, seq),
            Some(_) => {}
            None => self.without_names += 1,
        }
        self.first.get_or_insert(seq);
        self.head = Some((seq, found.chain));
        self.lines += 1;
    }

    /// Whether nothing was changed, taken out or put in.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken.is_empty() && self.changed.is_empty()
    }
}

fn tell(told: &mut Vec<i64>, seq: i64) {
    if told.len() < TOLD {
        told.push(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(login: &str) -> Names {
        Names {
            actor: None,
            identity: Some("anne".to_owned()),
            login: Some(login.to_owned()),
            client: "192.0.2.1".to_owned(),
            request_id: "r".to_owned(),
            detail: "{\"event\":\"signed-in\"}".to_owned(),
        }
    }

    /// What is done to five lines, at which numbers the chain breaks, and which name others.
    type Change = (&'static str, fn(&mut Vec<Found>), &'static [i64], &'static [i64]);

    /// Five lines as they are written.
    fn chain() -> Vec<Found> {
        let mut before = Digest::BEGIN;
        (1..=5)
            .map(|seq| {
                let at = Timestamp::from_second(seq).expect("a time");
                let agency = (seq % 2 == 0).then(|| AgencyCode::stored("A/1").expect("a code"));
                let stays = Stays { seq, at, event: "signed-in".into(), actor: "resident".into(), agency };
                let (salt, names) = (Salt::new([seq.to_be_bytes()[7]; 16]), names("durand"));
                let bound = names.under(&salt);
                before = before.then(&stays, &bound);
                Found { stays, bound, chain: before, names: Some((salt, names)) }
            })
            .collect()
    }

    fn walked(lines: &[Found]) -> Walk {
        let mut walk = Walk::default();
        for line in lines {
            walk.to(line);
        }
        walk
    }

    #[test]
    fn d08_a_chain_as_it_was_written_holds_also_without_names_and_without_its_beginning() {
        let mut lines = chain();
        let whole = walked(&lines);
        assert!(whole.holds());
        assert_eq!((whole.first, whole.lines, whole.without_names), (Some(1), 5, 0));
        lines[1].names = None;
        lines[4].names = None;
        assert_eq!(walked(&lines), Walk { without_names: 2, ..whole.clone() });
        let later = walked(&lines[2..]);
        assert!(later.holds() && later.first == Some(3) && later.head == whole.head);
    }

    #[test]
    fn d08_whatever_is_changed_taken_out_or_put_in_is_seen() {
        let another = AgencyCode::stored("B/1").expect("a code");
        let changes: [Change; 9] = [
            ("another event", |lines| lines[2].stays.event = "signed-out".into(), &[3], &[]),
            ("another time", |lines| lines[2].stays.at = Timestamp::UNIX_EPOCH, &[3], &[]),
            ("another actor", |lines| lines[2].stays.actor = "operator".into(), &[3], &[]),
            ("no agency", |lines| lines[1].stays.agency = None, &[2], &[]),
            ("another name", |lines| lines[2].names.as_mut().expect("names").1.login = None, &[], &[3]),
            ("another address", |lines| lines[2].names.as_mut().expect("names").1.client.clear(), &[], &[3]),
            ("a line gone", |lines| drop(lines.remove(2)), &[4], &[]),
            ("two exchanged", |lines| lines.swap(1, 2), &[3, 2, 4], &[]),
            (
                "the digests follow the change",
                |lines| {
                    let other = Names { login: None, ..names("x") };
                    let salt = Salt::new([9; 16]);
                    lines[2].bound = other.under(&salt);
                    lines[2].names = Some((salt, other));
                },
                &[3],
                &[],
            ),
        ];
        for (what, change, broken, changed) in changes {
            let mut lines = chain();
            change(&mut lines);
            let walk = walked(&lines);
            assert_eq!((walk.broken.as_slice(), walk.changed.as_slice()), (broken, changed), "{what}");
            assert!(!walk.holds(), "{what}");
        }
        let mut forged = chain();
        forged[1].stays.agency = Some(another);
        forged[1].chain = forged[0].chain.then(&forged[1].stays, &forged[1].bound);
        assert_eq!(walked(&forged).broken, [3], "what follows gives it away");
    }

    #[test]
    fn d08_no_two_lists_of_fields_read_the_same() {
        let salt = Salt::new([0; 16]);
        let [a, b, c] = [("ab", ""), ("a", "b"), ("", "ab")].map(|(client, request_id)| {
            Names { client: client.into(), request_id: request_id.into(), ..names("x") }.under(&salt)
        });
        assert!(a != b && b != c && a != c);
        let none = Names { login: None, ..names("") };
        assert_ne!(none.under(&salt), names("").under(&salt));
        assert_eq!(Digest::parse(&a.to_string()), Some(a));
        assert_eq!(Salt::parse(&salt.to_string()), Some(salt));
        assert!(Digest::parse("00").is_none() && Salt::parse("zz").is_none());
    }
}
