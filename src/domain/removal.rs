//! What a change of the files takes away, and whether it may do so by itself (decision 70).
//!
//! Files vanish: a copy that broke off, a folder that is not mounted, a deployment that is half done. Who takes an agency
//! out for good says so.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::agency_code::AgencyCode;

/// The agencies that the gateway has had since an operator last said which they are: those in force, and those missed.
#[derive(Debug, Clone)]
pub struct Roll(BTreeSet<AgencyCode>);

/// What is in force and would be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// Agencies, sorted.
    pub agencies: Vec<AgencyCode>,
    /// Hosts that are still served, and for which there would be no certificate any more; sorted.
    pub certificates: Vec<String>,
}

/// Whether somebody was asked about a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent<'c> {
    /// Nobody was, and nobody is there to be.
    None,
    /// Nobody was yet, and somebody is there to be.
    Wanted,
    /// To the loss of this name.
    To(&'c str),
    /// To whatever it is.
    ToAny,
}

impl Roll {
    /// These are they.
    pub fn new<'a>(agencies: impl IntoIterator<Item = &'a AgencyCode>) -> Self {
        Self(agencies.into_iter().cloned().collect())
    }

    /// How many of them are not among these.
    #[must_use]
    pub fn missing(&self, has: impl Fn(&AgencyCode) -> bool) -> usize {
        self.0.iter().filter(|code| !has(code)).count()
    }

    /// Whether so many may be missing without anybody having been asked: `most` at most, and never more than half.
    #[must_use]
    pub fn bears(&self, missing: usize, most: usize) -> bool {
        missing <= most && missing <= self.0.len() / 2
    }
}

impl Loss {
    /// Whether nothing is lost.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.agencies.is_empty() && self.certificates.is_empty()
    }

    /// A name by which an operator agrees to this loss and to no other.
    #[must_use]
    pub fn name(&self) -> String {
        let mut hasher = Sha256::new();
        let agencies = self.agencies.iter().map(ToString::to_string);
        for what in agencies.chain(self.certificates.iter().cloned()) {
            hasher.update(what.as_bytes());
            hasher.update(b"\n");
        }
        data_encoding::HEXLOWER.encode(&hasher.finalize()[..8])
    }

    /// Whether somebody has said that this is to go.
    #[must_use]
    pub fn is_agreed(&self, consent: Consent<'_>) -> bool {
        match consent {
            Consent::None | Consent::Wanted => false,
            Consent::To(name) => name == self.name(),
            Consent::ToAny => true,
        }
    }

    /// Whether it may be put in force without anybody's word: nothing is lost, or the roll bears it and nobody is there to
    /// be asked. Hosts that are served keep their certificates.
    #[must_use]
    pub fn may_be(&self, consent: Consent<'_>, roll: &Roll, missing: usize, most: usize) -> bool {
        let is_small = consent == Consent::None && roll.bears(missing, most);
        self.certificates.is_empty() && (self.agencies.is_empty() || is_small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(count: usize) -> Vec<AgencyCode> {
        (0..count).map(|at| AgencyCode::parse("C", &at.to_string()).expect("codes")).collect()
    }

    /// Whether the files may go by themselves from so many agencies to so many, at most `most` less.
    fn goes(from: usize, to: usize, most: usize) -> bool {
        let (all, roll) = (codes(from), Roll::new(&codes(from)));
        let loss = Loss { agencies: all[to..].to_vec(), ..Loss::default() };
        let missing = roll.missing(|code| all[..to].contains(code));
        loss.may_be(Consent::None, &roll, missing, most)
    }

    #[test]
    fn review_a1_by_itself_go_a_few_agencies_at_most_and_never_more_than_half() {
        for (from, to, most, may) in [
            (0, 0, 3, true),
            (1, 1, 3, true),
            (1, 0, 3, false),
            (2, 1, 3, true),
            (2, 0, 3, false),
            (3, 2, 3, true),
            (3, 1, 3, false),
            (40, 37, 3, true),
            (40, 36, 3, false),
            (40, 0, 3, false),
            (40, 0, 10_000, false),
            (40, 20, 10_000, true),
            (40, 19, 10_000, false),
            (40, 39, 0, false),
        ] {
            assert_eq!(goes(from, to, most), may, "{from} to {to}, {most} at most");
        }
    }

    #[test]
    fn review_a1_agencies_that_go_one_after_the_other_are_counted_together() {
        let all = codes(10);
        // Those that have gone stay on the roll.
        let roll = Roll::new(&all);
        let goes = |left: usize| {
            let loss = Loss { agencies: vec![all[left].clone()], ..Loss::default() };
            loss.may_be(Consent::None, &roll, roll.missing(|code| all[..left].contains(code)), 3)
        };
        assert_eq!((0..10).rev().take_while(|left| goes(*left)).count(), 3);
        let roll = Roll::new(&all[..7]);
        assert!(roll.bears(roll.missing(|code| all[..6].contains(code)), 3), "an operator's word begins a new count");
    }

    #[test]
    fn review_a1_who_agrees_agrees_to_what_was_told_and_to_nothing_else() {
        let told = Loss { agencies: codes(3), ..Loss::default() };
        let more = Loss { agencies: codes(4), ..Loss::default() };
        let name = told.name();
        assert!(told.is_agreed(Consent::To(&name)));
        assert!(!more.is_agreed(Consent::To(&name)));
        assert!(more.is_agreed(Consent::ToAny));
        let roll = Roll::new(&codes(40));
        let certificate = Loss { certificates: vec!["www.example".to_owned()], ..Loss::default() };
        assert!(!certificate.may_be(Consent::None, &roll, 0, 3), "a host that is served keeps its certificate");
        assert!(certificate.is_agreed(Consent::To(&certificate.name())));
    }

    #[test]
    fn walk_3_who_is_there_is_asked_however_few_they_are() {
        let roll = Roll::new(&codes(40));
        for (count, nobody_is_there) in [(0, true), (1, true), (3, true), (4, false)] {
            let loss = Loss { agencies: codes(count), ..Loss::default() };
            assert_eq!(loss.may_be(Consent::None, &roll, count, 3), nobody_is_there, "{count}");
            assert_eq!(loss.may_be(Consent::Wanted, &roll, count, 3), count == 0, "{count}");
            assert!(!loss.is_agreed(Consent::None) && !loss.is_agreed(Consent::Wanted), "nobody has said anything");
        }
    }
}
