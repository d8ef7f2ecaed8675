//! Several accounts of one person: which one is entered, and which may be open beside it (000 I.B, 001 II, b17, c17).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::agency_code::AgencyCode;
use super::identity::{AccountLabel, Link};

/// How a person's accounts at one agency share its hosts (a24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accounts {
    /// One account is open on the agency's host; opening another one closes it.
    #[default]
    OneAtATime,
    /// Each account has a host of its own below the agency's, so that two of them in two tabs cannot mix.
    Labels,
    /// Several agencies are served on one host, and one account of one of them is open there in a browser: for
    /// installations that cannot have more names.
    SharedHost,
}

/// Whose account a browser has open on a host, or had open last: what it holds there is that account's (b17).
///
/// On a host of one agency the account is enough; on a shared one it takes the agency too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The account.
    pub account: AccountLabel,
    /// Its agency, on a shared host.
    pub agency: Option<AgencyCode>,
}

impl Remembered {
    /// Reads back what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (account, agency) = match text.split_once('.') {
            Some((account, codes)) => {
                let (client, societe) = codes.split_once('.')?;
                (account, Some(AgencyCode::parse(client, societe)?))
            }
            None => (text, None),
        };
        Some(Self { account: AccountLabel::parse(account)?, agency })
    }
}

/// As a cookie's value: nothing in it needs an escape.
impl fmt::Display for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.account.as_str())?;
        match &self.agency {
            Some(agency) => write!(f, ".{}.{}", agency.client(), agency.societe()),
            None => Ok(()),
        }
    }
}

/// What is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'l> {
    /// This account.
    Enter(&'l Link),
    /// The person has to say which: nothing was chosen, or another account would have to be closed, which is an explicit
    /// act.
    Ask,
    /// The person has no account there.
    Nothing,
}

/// Which of a person's accounts at an agency is entered. `open` is the account that is open on the same host in this
/// session, whichever agency's it is; `wanted` is what a link names.
#[must_use]
pub fn choose<'l>(theirs: &'l [Link], open: Option<&Link>, wanted: Option<&AccountLabel>) -> Choice<'l> {
    let is_open = |link: &&Link| open.is_some_and(|open| open.id == link.id);
    let candidate = wanted
        .and_then(|label| theirs.iter().find(|link| link.label() == *label))
        .or_else(|| theirs.iter().find(is_open))
        .or(if let [only] = theirs { Some(only) } else { None });
    match candidate {
        Some(link) if open.is_none_or(|open| open.id == link.id) => Choice::Enter(link),
        None if theirs.is_empty() => Choice::Nothing,
        Some(_) | None => Choice::Ask,
    }
}

/// What becomes of an account that is chosen from the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is opened, and nothing else changes.
    Opens,
    /// It is open: one comes back to it.
    Returns,
    /// It is opened, and the one that is open on its host is closed.
    Replaces,
}

impl Opening {
    /// Of an account, by the host that it is entered on and what is open on which host.
    pub fn of<'o>(link: &Link, host: &str, open: impl IntoIterator<Item = (&'o str, &'o Link)>) -> Self {
        let mut opening = Self::Opens;
        for (at, other) in open {
            if other.id == link.id {
                return Self::Returns;
            }
            if at == host {
                opening = Self::Replaces;
            }
        }
        opening
    }

    /// The end of a translation key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opens => "opens",
            Self::Returns => "returns",
            Self::Replaces => "replaces",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency_code::AgencyCode;
    use crate::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, LinkId};

    fn link(id: &str) -> Link {
        let account = LegacyAccount {
            agency: AgencyCode::parse("SPI31", "01").expect("codes"),
            login: LegacyLogin::parse(id).expect("a login"),
            name: None,
            kind: Kind::Unknown,
        };
        Link { id: LinkId::stored(id), identity: IdentityId::stored("anne"), account }
    }

    #[test]
    fn b17_who_has_one_account_enters_it_and_who_has_several_is_asked() {
        let (one, two) = (link("one"), link("two"));
        let both = [one.clone(), two.clone()];
        let (second, anothers) = (two.label(), link("another's").label());
        let choose = |theirs, wanted| choose(theirs, None, wanted);
        assert_eq!(choose(&[], None), Choice::Nothing);
        assert_eq!(choose(&both[..1], None), Choice::Enter(&one));
        assert_eq!(choose(&both, None), Choice::Ask);
        assert_eq!(choose(&both, Some(&second)), Choice::Enter(&two));
        assert_eq!(choose(&both, Some(&anothers)), Choice::Ask);
        assert_eq!(choose(&both[..1], Some(&anothers)), Choice::Enter(&one));
    }

    #[test]
    fn b17_what_is_chosen_closes_what_is_open_on_its_own_host_and_nothing_else() {
        let (one, two) = (link("one"), link("two"));
        let open = [("a.example", &one)];
        assert_eq!(Opening::of(&one, "a.example", open), Opening::Returns);
        assert_eq!(Opening::of(&two, "a.example", open), Opening::Replaces);
        assert_eq!(Opening::of(&two, "b.example", open), Opening::Opens, "another agency, or a host of its own");
        assert_eq!(Opening::of(&two, "a.example", []), Opening::Opens);
    }

    #[test]
    fn a24_what_a_browser_remembers_is_read_back_and_nothing_else_is() {
        let (account, agency) = (link("one").label(), AgencyCode::parse("SPI-31", "0_1"));
        for remembered in [Remembered { account: account.clone(), agency }, Remembered { account, agency: None }] {
            assert_eq!(Remembered::parse(&remembered.to_string()), Some(remembered));
        }
        for other in ["", ".", "abcdefghijkl.", "abcdefghijkl.A", "abcdefghijkl.A.", "a.A.B", "abcdefghijkl.A.B.C"] {
            assert_eq!(Remembered::parse(other), None, "{other}");
        }
    }

    #[test]
    fn c17_a_link_never_closes_the_account_that_is_open() {
        let (one, two) = (link("one"), link("two"));
        let both = [one.clone(), two.clone()];
        assert_eq!(choose(&both, Some(&one), None), Choice::Enter(&one));
        assert_eq!(choose(&both, Some(&one), Some(&two.label())), Choice::Ask);
        // On a shared host the account of another agency is open.
        assert_eq!(choose(&both[1..], Some(&one), None), Choice::Ask);
    }
}
