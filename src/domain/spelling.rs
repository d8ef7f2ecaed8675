//! Whether spellings of an identifier that fold the same are one account: as the extranet has it, which is learnt, or as
//! the agency's file says (decision 41).

use serde::Deserialize;

use super::identity::LegacyLogin;

/// `identifier_case` of an agency: what is known of its extranet beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierCase {
    /// Nothing: it is learnt where two spellings meet.
    #[default]
    Learn,
    /// It tells spellings apart.
    Exact,
    /// It does not.
    Ignore,
}

/// What is known of an extranet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spellings {
    /// Nothing yet.
    Unlearnt,
    /// Every spelling is an account of its own.
    Apart,
    /// Spellings that fold the same are one account.
    Alike,
}

impl Spellings {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlearnt => "unlearnt",
            Self::Apart => "apart",
            Self::Alike => "alike",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unlearnt, Self::Apart, Self::Alike].into_iter().find(|known| known.name() == text)
    }
}

impl IdentifierCase {
    /// What the file says goes before what was learnt.
    #[must_use]
    pub const fn with(self, learnt: Spellings) -> Spellings {
        match self {
            Self::Learn => learnt,
            Self::Exact => Spellings::Apart,
            Self::Ignore => Spellings::Alike,
        }
    }
}

/// Where a spelling is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAs {
    /// Somebody has the account.
    Link,
    /// Somebody is about to get it.
    Run,
    /// It stands on the roster.
    Roster,
    /// The agency has closed it.
    Closed,
    /// The same, in whatever spelling.
    ClosedInAnySpelling,
}

/// A spelling that is known of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSpelling {
    /// As spelled.
    pub login: LegacyLogin,
    /// Where it is known from.
    pub known_as: KnownAs,
}

/// What an identifier means here, among the spellings that fold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled {
    /// The spelling under which somebody has the account or is about to get it; as typed, if nobody.
    pub account: LegacyLogin,
    /// The spelling under which the roster names or closes it; as typed, if under none.
    pub on_roster: LegacyLogin,
    /// Other spellings that somebody has, or is about to get, and that may be this very account; those that somebody has
    /// come first.
    pub others: Vec<LegacyLogin>,
    /// What is known of the extranet, as far as this identifier goes.
    pub spellings: Spellings,
}

impl Spelled {
    /// Finds out what an identifier means, given what folds the same. Where the roster alone says who has an account, it
    /// also says which spellings are one: those of its one line that folds so.
    #[must_use]
    pub fn among(typed: &LegacyLogin, known: &[KnownSpelling], spellings: Spellings, roster_judges: bool) -> Self {
        let of =
            |known_as: KnownAs| known.iter().filter(move |known| known.known_as == known_as).map(|known| &known.login);
        let lines: Vec<&LegacyLogin> = of(KnownAs::Roster).collect();
        let spellings = match (spellings, roster_judges) {
            (Spellings::Unlearnt, true) if lines.len() > 1 => Spellings::Apart,
            (Spellings::Unlearnt, true) => Spellings::Alike,
            (spellings, _) => spellings,
        };
        let may_fold = spellings != Spellings::Apart;
        let mut held: Vec<LegacyLogin> = Vec::new();
        for login in of(KnownAs::Link).chain(of(KnownAs::Run)) {
            if !held.contains(login) {
                held.push(login.clone());
            }
        }
        let line = lines.iter().find(|line| **line == typed).or(lines.first().filter(|_| may_fold && lines.len() == 1));
        let closed = of(KnownAs::Closed).find(|closed| *closed == typed);
        let closed_otherwise = of(KnownAs::Closed).find(|_| may_fold).or(of(KnownAs::ClosedInAnySpelling).next());
        let exact = lines.contains(&typed);
        let on_roster = match (line, closed) {
            (Some(line), None) => line,
            (Some(line), Some(_)) if exact || spellings == Spellings::Alike => line,
            (_, Some(closed)) => closed,
            (None, None) => closed_otherwise.unwrap_or(typed),
        };
        let account = match (held.contains(typed), spellings) {
            (false, Spellings::Alike) => held.first().unwrap_or(typed),
            _ => typed,
        };
        let (account, on_roster) = (account.clone(), on_roster.clone());
        held.retain(|other| may_fold && *other != account);
        Self { account, on_roster, others: held, spellings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str) -> LegacyLogin {
        LegacyLogin::parse(text).expect("an identifier")
    }

    fn among(typed: &str, known: &[(&str, KnownAs)], spellings: Spellings, roster_judges: bool) -> Spelled {
        let known: Vec<KnownSpelling> =
            known.iter().map(|(text, known_as)| KnownSpelling { login: login(text), known_as: *known_as }).collect();
        Spelled::among(&login(typed), &known, spellings, roster_judges)
    }

    #[test]
    fn decision_1_who_it_is_goes_by_the_spelling_until_it_is_known_that_spellings_are_one() {
        let known = [("Martin", KnownAs::Link), ("MARTIN", KnownAs::Run)];
        for (spellings, account, others) in [
            (Spellings::Unlearnt, "martin", vec!["Martin", "MARTIN"]),
            (Spellings::Apart, "martin", vec![]),
            (Spellings::Alike, "Martin", vec!["MARTIN"]),
        ] {
            let spelled = among("martin", &known, spellings, false);
            let others: Vec<LegacyLogin> = others.into_iter().map(login).collect();
            assert_eq!((spelled.account, spelled.others), (login(account), others), "{spellings:?}");
            // As spelled comes first, always.
            assert_eq!(among("MARTIN", &known, spellings, false).account, login("MARTIN"), "{spellings:?}");
        }
    }

    #[test]
    fn decision_1_a_roster_is_asked_for_the_spelling_first_and_for_the_only_one_that_folds_so_then() {
        use KnownAs::{Closed, ClosedInAnySpelling, Roster};
        use Spellings::{Alike, Apart, Unlearnt};
        for (typed, known, spellings, found) in [
            ("durand", vec![("DURAND", Roster)], Unlearnt, "DURAND"),
            ("durand", vec![("DURAND", Roster)], Alike, "DURAND"),
            ("durand", vec![("DURAND", Roster)], Apart, "durand"),
            ("durand", vec![("DURAND", Roster), ("durand", Roster)], Unlearnt, "durand"),
            ("Durand", vec![("DURAND", Roster), ("durand", Roster)], Unlearnt, "Durand"),
            ("durand", vec![("DURAND", Closed)], Unlearnt, "DURAND"),
            ("durand", vec![("DURAND", Closed)], Apart, "durand"),
            ("durand", vec![("DURAND", ClosedInAnySpelling)], Apart, "DURAND"),
            ("durand", vec![("durand", Closed), ("DURAND", Roster)], Unlearnt, "durand"),
            ("durand", vec![("durand", Closed), ("DURAND", Roster)], Alike, "DURAND"),
            ("durand", vec![("DURAND", Closed), ("durand", Roster)], Apart, "durand"),
        ] {
            assert_eq!(
                among(typed, &known, spellings, false).on_roster,
                login(found),
                "{typed} {known:?} {spellings:?}"
            );
        }
    }

    #[test]
    fn decision_1_where_the_roster_judges_it_says_which_spellings_are_one() {
        let one = [("DURAND", KnownAs::Roster), ("DURAND", KnownAs::Link)];
        assert_eq!(among("durand", &one, Spellings::Unlearnt, true).account, login("DURAND"));
        let two = [("DURAND", KnownAs::Roster), ("durand", KnownAs::Roster), ("DURAND", KnownAs::Link)];
        let spelled = among("durand", &two, Spellings::Unlearnt, true);
        assert_eq!((spelled.account, spelled.others, spelled.spellings), (login("durand"), vec![], Spellings::Apart));
    }

    #[test]
    fn what_the_file_says_goes_before_what_was_learnt() {
        for learnt in [Spellings::Unlearnt, Spellings::Apart, Spellings::Alike] {
            assert_eq!(Spellings::parse(learnt.name()), Some(learnt));
            assert_eq!(IdentifierCase::Learn.with(learnt), learnt);
            assert_eq!(IdentifierCase::Exact.with(learnt), Spellings::Apart);
            assert_eq!(IdentifierCase::Ignore.with(learnt), Spellings::Alike);
        }
    }
}
