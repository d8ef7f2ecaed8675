//! What a change of the files takes away, and whether it may do so by itself (decision 70).
//!
//! Files vanish: a copy that broke off, a folder that is not mounted, a deployment that is half done. Who takes an agency
//! out for good says so.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::agency_code::AgencyCode;

/// The agencies that the gateway has had since an operator last said which they are.
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
    /// Nobody was.
    None,
    /// To the loss of this name.
    To(&'c str),
    /// To whatever it is.
    ToAny,
}

impl Roll {
    /// An operator has said that these are they.
    pub fn new<'a>(agencies: impl IntoIterator<Item = &'a AgencyCode>) -> Self {
        Self(agencies.into_iter().cloned().collect())
    }

    /// Adds agencies that came by themselves. What goes by itself stays on the roll: else one after the other could go.
    pub fn add<'a>(&mut self, agencies: impl IntoIterator<Item = &'a AgencyCode>) {
        self.0.extend(agencies.into_iter().cloned());
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

    /// Whether it may be put in force: nothing is lost, somebody agreed, or the roll bears it. Hosts that are served keep
    /// their certificates unless somebody agreed.
    #[must_use]
    pub fn is_allowed(&self, consent: Consent<'_>, roll: &Roll, missing: usize, most: usize) -> bool {
        let is_agreed = match consent {
            Consent::None => false,
            Consent::To(name) => name == self.name(),
            Consent::ToAny => true,
        };
        let is_small = self.agencies.is_empty() || roll.bears(missing, most);
        self.is_nothing() || is_agreed || (is_small && self.certificates.is_empty())
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
        loss.is_allowed(Consent::None, &roll, missing, most)
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
        let mut roll = Roll::new(&all);
        let mut gone = 0;
        for left in (0..10).rev() {
            let loss = Loss { agencies: vec![all[left].clone()], ..Loss::default() };
            let missing = roll.missing(|code| all[..left].contains(code));
            if !loss.is_allowed(Consent::None, &roll, missing, 3) {
                break;
            }
            roll.add(&all[..left]);
            gone += 1;
        }
        assert_eq!(gone, 3);
        roll = Roll::new(&all[..7]);
        assert!(roll.bears(roll.missing(|code| all[..6].contains(code)), 3), "an operator's word begins a new count");
    }

    #[test]
    fn review_a1_who_agrees_agrees_to_what_was_told_and_to_nothing_else() {
        let roll = Roll::new(&codes(4));
        let told = Loss { agencies: codes(3), ..Loss::default() };
        let more = Loss { agencies: codes(4), ..Loss::default() };
        let name = told.name();
        assert!(told.is_allowed(Consent::To(&name), &roll, 3, 0));
        assert!(!more.is_allowed(Consent::To(&name), &roll, 4, 0));
        assert!(more.is_allowed(Consent::ToAny, &roll, 4, 0));
        let certificate = Loss { certificates: vec!["www.example".to_owned()], ..Loss::default() };
        assert!(!certificate.is_allowed(Consent::None, &roll, 0, 3), "a host that is served keeps its certificate");
        assert!(certificate.is_allowed(Consent::To(&certificate.name()), &roll, 0, 3));
    }
}
