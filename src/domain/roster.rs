//! An agency's list of accounts, with provisional credentials where it gives them out (001, 002, b02, b20).

use jiff::Timestamp;

use super::agency::Agency;
use super::basic::Uncarried;
use super::email::EmailAddress;
use super::identifier::identifier;
use super::identity::{Kind, LegacyAccount, LegacyLogin};
use super::identity_headers::tell;
use super::password::PasswordHash;
use super::secret::Secret;
use super::text::tidy;

identifier! {
    /// One holder's time with an account of a roster; another holder, or an account that was closed in between, is
    /// another one.
    Holding
}

identifier! {
    /// One import of a roster.
    ImportId
}

/// What an import would do, before it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Accounts that are known: on the roster, somebody's, or about to be.
    pub known: u64,
    /// Accounts that are not there yet.
    pub new: u64,
    /// Accounts that are there, and stay.
    pub there: u64,
    /// Accounts that a line closes.
    pub closed: Vec<LegacyLogin>,
    /// Accounts that the file, which is the whole roster, does not have.
    pub missing: Vec<LegacyLogin>,
    /// Accounts that are given to somebody else.
    pub given: Vec<LegacyLogin>,
    /// Accounts among these that a person has, who loses them.
    pub persons: u64,
}

impl Preview {
    /// How many accounts are taken away.
    #[must_use]
    pub const fn withdrawn(&self) -> u64 {
        (self.closed.len() + self.missing.len() + self.given.len()) as u64
    }

    /// Whether they are more than an import may take away by itself, which is this share of the known ones: then the file
    /// is likelier to be cut short than right. One is never too many.
    #[must_use]
    pub const fn takes_too_many(&self, percent: u32) -> bool {
        let withdrawn = self.withdrawn();
        withdrawn > 1 && withdrawn * 100 > self.known * percent as u64
    }
}

/// What an agency's roster says of an account, when it is asked whose that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnRoster {
    /// Nothing.
    Absent,
    /// The agency has closed it.
    Closed,
    /// It is there, and somebody has it.
    Held(Holding),
}

impl OnRoster {
    /// The holder's time with it, if it is there.
    #[must_use]
    pub fn holding(&self) -> Option<&Holding> {
        match self {
            Self::Held(holding) => Some(holding),
            Self::Absent | Self::Closed => None,
        }
    }

    /// Whether the account can still be given to who showed its old credentials when it was held so (REL-069). An agency
    /// whose roster judges credentials has no other accounts than those on it.
    #[must_use]
    pub fn may_be_given(&self, begun: Option<&Holding>, roster_judges: bool) -> bool {
        match (self, begun) {
            (Self::Closed, _) | (Self::Absent, Some(_)) => false,
            (Self::Held(now), Some(begun)) => now == begun,
            // A roster that names an account for the first time says more, and nothing else.
            (Self::Held(_), None) => true,
            (Self::Absent, None) => !roster_judges,
        }
    }
}

/// One line of a roster.
#[derive(Debug, Clone)]
pub struct RosterLine {
    /// The identifier that the agency gave out.
    pub login: LegacyLogin,
    /// The name shown.
    pub name: Option<String>,
    /// What the resident is to the agency.
    pub kind: Kind,
    /// The address on file.
    pub email: Option<EmailAddress>,
    /// The provisional password; hashed before it is kept.
    pub password: Option<Secret>,
    /// Since when the account belongs to who has it, in whatever words the agency has for that (a date, the number of a
    /// lease): other words mean another holder (SEC-017).
    pub since: Option<String>,
    /// Whose accounts belong together, in whatever words the agency has for that (a number of its customers): the same words
    /// in its roster mean the same person (004).
    pub person: Option<String>,
    /// Whether the account is still there.
    pub standing: Standing,
}

/// Whether an account of a roster is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It is.
    #[default]
    There,
    /// The agency has closed it: it is nobody's any more.
    Closed,
}

impl Standing {
    fn parse(text: &str) -> Option<Self> {
        match tidy(text).to_lowercase().as_str() {
            "" | "0" | "no" | "non" | "false" => Some(Self::There),
            "1" | "x" | "yes" | "oui" | "true" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// Whether other words for « since when » mean another holder; a roster that says it for the first time only says more.
#[must_use]
pub fn is_another_holder(before: Option<&str>, now: Option<&str>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if before != now)
}

/// Accounts that one person can have at an agency by its roster alone: where more bear the same words, a column is likelier to
/// be wrong than somebody to have so many, and nothing follows from them.
pub const MOST_OF_ONE_PERSON: usize = 20;

/// What is wrong with a line of a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// No identifier.
    #[error("the identifier is missing or too long")]
    Login,
    /// A kind that does not exist.
    #[error("\"{0}\" is not a kind: locataire, propriétaire, copropriétaire, or nothing")]
    Kind(String),
    /// Not an address.
    #[error("\"{0}\" is not an e-mail address")]
    Email(String),
    /// A control character in a field.
    #[error("a field holds a control character")]
    Control,
    /// What the extranet's requests cannot carry.
    #[error(transparent)]
    Uncarried(#[from] Uncarried),
    /// A header that names the account cannot be written for it.
    #[error("the header {0} names the account and cannot be written for it")]
    Unnamed(String),
    /// The form's alphabet lacks a letter of the identifier.
    #[error("the login form cannot send the identifier in the declared charset")]
    Form,
    /// Neither yes nor no.
    #[error("\"{0}\" does not say whether the account is closed: oui, non, or nothing")]
    Closed(String),
    /// The same identifier twice in the file, or one that differs in its spelling only and may be the same.
    #[error(
        "the identifier stands in line {0} already (capitals and accents count with identifier_case = \"exact\" only)"
    )]
    Twice(u64),
}

/// The fields of a line, as they were read; a column that is not there is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'f> {
    /// The identifier.
    pub login: &'f str,
    /// The provisional password.
    pub password: &'f str,
    /// The name.
    pub name: &'f str,
    /// What the resident is to the agency.
    pub kind: &'f str,
    /// The address on file.
    pub email: &'f str,
    /// Since when the holder has it.
    pub since: &'f str,
    /// What the agency calls its person.
    pub person: &'f str,
    /// Whether it is closed.
    pub closed: &'f str,
}

impl RosterLine {
    /// Reads the fields of one line.
    ///
    /// # Errors
    /// Says which field is wrong.
    pub fn parse(fields: Fields<'_>) -> Result<Self, RosterError> {
        let Fields { login, password, name, kind, email, since, person, closed } = fields;
        if [name, password, since, person].into_iter().any(super::text::has_control) {
            return Err(RosterError::Control);
        }
        let email = match tidy(email).as_str() {
            "" => None,
            text => Some(EmailAddress::parse(text).map_err(|_| RosterError::Email(text.to_owned()))?),
        };
        let (name, since, person) = (tidy(name), tidy(since), tidy(person));
        // No letter shows the blanks that stand around a password in a table.
        let password = password.trim();
        Ok(Self {
            login: LegacyLogin::parse(login).ok_or(RosterError::Login)?,
            name: (!name.is_empty()).then_some(name),
            kind: Kind::parse(kind).ok_or_else(|| RosterError::Kind(kind.trim().to_owned()))?,
            email,
            password: (!password.is_empty()).then(|| Secret::new(password)),
            since: Some(since).filter(|since| !since.is_empty()),
            person: Some(person).filter(|person| !person.is_empty()),
            standing: Standing::parse(closed).ok_or_else(|| RosterError::Closed(closed.trim().to_owned()))?,
        })
    }
}

impl RosterLine {
    /// The headers of an agency that cannot be written for this account and do not name it. A line that only closes an
    /// account is told to no extranet.
    ///
    /// # Errors
    /// The account cannot be named to the extranet: its resident would stay outside (decision 43).
    pub fn left_out<'a>(&self, agency: &'a Agency) -> Result<Vec<&'a str>, RosterError> {
        if self.standing == Standing::Closed {
            return Ok(Vec::new());
        }
        agency.adapter.check(&self.login, self.password.as_ref())?;
        // Where the roster has no name, the extranet's profile page may have one.
        let name = Some(self.name.clone().unwrap_or_default());
        let account = LegacyAccount { agency: agency.code.clone(), login: self.login.clone(), name, kind: self.kind };
        let told = tell(&agency.headers, &account).map_err(|unnamed| RosterError::Unnamed(unnamed.0.to_owned()))?;
        Ok(told.left_out.into_iter().map(|header| header.name.as_str()).collect())
    }
}

/// A provisional password that a line of a roster hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOut {
    /// Its hash.
    pub password: PasswordHash,
    /// When it runs out.
    pub expires_at: Option<Timestamp>,
    /// Whether it takes the place of another one, which is worth nothing from then on.
    pub is_another: bool,
}

/// Whether provisional credentials can still be used (b20).
#[must_use]
pub fn provisional_is_open(expires_at: Option<Timestamp>, used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none() && expires_at.is_none_or(|expires_at| now < expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b02_a_line_of_a_roster_is_taken_whole_or_told_what_is_wrong() {
        let fields = Fields {
            login: " D100 ",
            password: "Prov-1234",
            name: "Anne Martin",
            kind: "Locataire",
            email: "anne@free.fr",
            ..Fields::default()
        };
        let line = RosterLine::parse(fields).expect("a line");
        assert_eq!((line.login.as_str(), line.kind, line.standing), ("D100", Kind::Tenant, Standing::There));
        let error = |fields| RosterLine::parse(fields).err();
        assert_eq!(error(Fields::default()), Some(RosterError::Login));
        let fields = Fields { login: "a", ..Fields::default() };
        assert_eq!(error(Fields { kind: "roi", ..fields }), Some(RosterError::Kind("roi".into())));
        assert_eq!(error(Fields { email: "x@", ..fields }), Some(RosterError::Email("x@".into())));
        assert_eq!(error(Fields { closed: "peut-être", ..fields }), Some(RosterError::Closed("peut-être".into())));
    }

    #[test]
    fn b20_provisional_credentials_are_open_once_and_in_their_time() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        for (expires, used, now, is_open) in [
            (None, None, 9, true),
            (Some(10), None, 9, true),
            (Some(10), None, 10, false),
            (None, Some(1), 9, false),
            (Some(10), Some(1), 9, false),
        ] {
            let found = provisional_is_open(expires.map(at), used.map(at), at(now));
            assert_eq!(found, is_open, "{expires:?} {used:?} {now}");
        }
    }

    #[test]
    fn rel_069_an_account_is_given_to_who_began_only_while_it_is_still_held_so() {
        let (mine, anothers) = (Holding::stored("1"), Holding::stored("2"));
        let held = |holding: &Holding| OnRoster::Held(holding.clone());
        for (now, begun, by_form, by_roster) in [
            (held(&mine), Some(&mine), true, true),
            (held(&anothers), Some(&mine), false, false),
            (OnRoster::Absent, Some(&mine), false, false),
            (OnRoster::Closed, Some(&mine), false, false),
            (OnRoster::Closed, None, false, false),
            (held(&mine), None, true, true),
            (OnRoster::Absent, None, true, false),
        ] {
            let given = [false, true].map(|roster_judges| now.may_be_given(begun, roster_judges));
            assert_eq!(given, [by_form, by_roster], "{now:?} after {begun:?}");
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_meant_whatever_a_table_put_around_its_words() {
        let fields = Fields {
            login: "\u{feff}D100\u{a0}",
            password: " Prov-1234\u{a0}",
            name: "\u{200b}Aime\u{301} Martin ",
            kind: "Proprie\u{301}taire\u{200b}",
            email: "\u{200b}",
            since: "2019-03-01\u{a0}",
            person: "\u{feff}P-17 ",
            closed: "Non\u{200e}",
        };
        let line = RosterLine::parse(fields).expect("a line");
        assert_eq!((line.login.as_str(), line.name.as_deref(), line.kind), ("D100", Some("Aimé Martin"), Kind::Owner));
        assert_eq!((line.email, line.since.as_deref(), line.standing), (None, Some("2019-03-01"), Standing::There));
        assert_eq!(line.password.expect("a password").expose(), "Prov-1234");
        assert_eq!(line.person.as_deref(), Some("P-17"));
    }

    #[test]
    fn sec_017_other_words_for_since_when_mean_another_holder() {
        assert!(is_another_holder(Some("2019-03-01"), Some("2026-10-01")));
        assert!(!is_another_holder(Some("2019-03-01"), Some("2019-03-01")));
        assert!(!is_another_holder(None, Some("2026-10-01")));
        assert!(!is_another_holder(Some("2019-03-01"), None));
    }
}
