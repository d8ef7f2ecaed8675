//! What stands on several pages.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::pages::Ago;
use crate::pages::sample::{AWKWARD, awkward};

/// The codes of the agency that a form carries along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Codes {
    /// The client code.
    pub client: String,
    /// The société code.
    pub societe: String,
}

impl Codes {
    pub(in crate::pages) fn sample() -> Self {
        Self { client: "SPI31".to_owned(), societe: "01".to_owned() }
    }

    pub(super) fn awkward() -> Self {
        Self { client: awkward(), societe: awkward() }
    }
}

/// « Oui, créer mon mot de passe »: the way out for who cannot sign in (003, c15, §17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WayOut {
    /// Whether it stands before the form and asks for the address itself, as it does after several refusals.
    pub is_first: bool,
    /// Seconds for which a further try would not be looked at; 0 where one would be.
    pub wait_s: u64,
}

impl WayOut {
    /// After refusals; the time is told only where so many of them came before.
    #[must_use]
    pub const fn after(are_many: bool, wait_s: u64) -> Self {
        Self { is_first: are_many, wait_s: if are_many { wait_s } else { 0 } }
    }
}

/// Where the resident is in the wizard: "Étape 2 sur 4".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The step that is shown, counted from 1.
    pub step: u32,
    /// How many steps this agency's plan has.
    pub of: u32,
    /// Whether the pages' titles bear the numbers (004).
    pub numbered: bool,
}

impl Progress {
    pub(super) const fn sample(step: u32) -> Self {
        Self { step, of: 4, numbered: false }
    }

    pub(super) const fn sample_numbered(step: u32) -> Self {
        Self { step, of: 3, numbered: true }
    }
}

/// What the criteria list under a new password shows, in order; `pages/locales` has `criterion-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// The translation key's end and the script's rule: `length`, `upper`, `lower`, `digit`, `special`, `kinds`.
    pub name: &'static str,
    /// The number that the rule needs (characters or kinds), 0 where it has none.
    pub number: u32,
}

impl Criterion {
    /// Those of an agency that has set nothing.
    pub(in crate::pages) fn samples() -> Vec<Self> {
        [("length", 8), ("kinds", 3)].map(|(name, number)| Self { name, number }).to_vec()
    }

    /// Every one.
    pub(super) fn all() -> Vec<Self> {
        [("length", 12), ("upper", 0), ("lower", 0), ("digit", 0), ("special", 0), ("kinds", 4)]
            .map(|(name, number)| Self { name, number })
            .to_vec()
    }
}

/// What is wrong with one field; `pages/locales` has `error-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The translation key's end, such as `email-malformed`, `password-too-short`, `passwords-differ`.
    pub name: &'static str,
    /// A number for the sentence (a length), 0 where it has none.
    pub number: u32,
}

impl<'de> Deserialize<'de> for FieldError {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            name: String,
            number: u32,
        }
        let Written { name, number } = Written::deserialize(from)?;
        let known = Self::NAMES.into_iter().find(|known| *known == name);
        let name = known.ok_or_else(|| D::Error::custom(format!("no field can have the mistake `{name}`")))?;
        Ok(Self { name, number })
    }
}

impl FieldError {
    /// The names that `pages/locales` has a sentence for; another name is a [`crate::pages::RenderError`].
    pub const NAMES: [&'static str; 35] = [
        "email-missing",
        "email-or-identifier-missing",
        "email-malformed",
        "email-too-long",
        "email-again-missing",
        "emails-differ",
        "email-unchanged",
        "login-missing",
        "login-address-missing",
        "login-identifier-missing",
        "present-missing",
        "current-missing",
        "current-wrong",
        "password-missing",
        "password-again-missing",
        "password-too-short",
        "password-too-long",
        "password-criteria",
        "password-common",
        "password-personal",
        "password-old",
        "password-unchanged",
        "passwords-differ",
        "password-not-noted",
        "code-missing",
        "client-missing",
        "societe-missing",
        "given-login-missing",
        "given-password-missing",
        "agency-login-missing",
        "agency-password-missing",
        "others-missing",
        "others-refused",
        "message-missing",
        "message-too-long",
    ];

    /// A mistake whose sentence has no number.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self { name, number: 0 }
    }

    /// The id of the field that it stands beside.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self.name {
            "passwords-differ" | "emails-differ" | "password-again-missing" | "email-again-missing" => "confirmation",
            "password-not-noted" => "noted",
            "given-login-missing" => "given-login",
            "given-password-missing" => "given-password",
            "agency-login-missing" => "agency-login",
            "agency-password-missing" => "agency-password",
            name => {
                let named = ["email", "login", "current", "code", "client", "societe", "others", "message"];
                named.into_iter().find(|field| name.starts_with(field)).unwrap_or("password")
            }
        }
    }

    /// The errors that a page can have: those about one of its fields.
    pub(super) fn about(fields: &[&str]) -> impl Iterator<Item = Self> {
        let about = |name: &&str| fields.iter().any(|field| name.starts_with(field));
        let number = |name| match name {
            "password-too-long" => 256,
            "message-too-long" => 1000,
            _ => 8,
        };
        Self::NAMES.into_iter().filter(about).map(move |name| Self { name, number: number(name) })
    }
}

/// What a new password that is typed twice can have, all but the box of [`super::ChangePasswordPage::noted`].
pub(super) const PASSWORDS: &[&str] = &[
    "password-missing",
    "password-again",
    "password-too",
    "password-c",
    "password-personal",
    "password-old",
    "password-unchanged",
    "passwords-differ",
];

/// One attached account, on the account page and where one of several is chosen (c17).
#[derive(Debug, Clone, Serialize)]
pub struct AttachedAccount {
    /// The agency's name.
    pub agency: String,
    /// Two letters that stand in for its logo.
    pub initials: String,
    /// The colour behind them, `rrggbb`.
    pub colour: String,
    /// The old identifier, whole: who has two contracts at one agency tells them apart by it.
    pub account: String,
    /// The name that the agency has for it.
    pub holder: Option<String>,
    /// The kind of resident: `owner`, `co-owner`, `tenant` or `unknown` (key `kind-<name>`).
    pub kind: &'static str,
    /// What the account is called in forms.
    pub label: String,
    /// Whether it is open in this session.
    pub is_open: bool,
    /// What the button does: `opens`, `returns` or `replaces` (key `account-open-<name>`).
    pub opening: &'static str,
    /// When it was last opened, where that is known and it is not open.
    pub visited: Option<Ago>,
    /// The agency's telephone, to be asked about it.
    pub phone: Option<String>,
    /// Whether it can get a password of its own (b19).
    pub may_be_apart: bool,
}

impl AttachedAccount {
    pub(super) fn samples() -> Vec<Self> {
        let visited = |account: Self, name, number| Self { visited: Some(Ago { name, number }), ..account };
        vec![
            visited(Self::of("Agence des Tilleuls", "C10023", "owner", "aaaaaaaaaaaa"), "today", 0),
            visited(Self::of("Cabinet Riquet", "000081", "co-owner", "bbbbbbbbbbbb"), "yesterday", 1),
            visited(Self::of("Cabinet Riquet", "riquet-02", "tenant", "cccccccccccc"), "days", 4),
            Self::of("Syndic du Canal", "k-7", "unknown", "dddddddddddd"),
            visited(Self::of("Régie Saint-Aubin", "R-118", "owner", "eeeeeeeeeeee"), "weeks", 3),
            visited(Self::of("Syndic de la Gare", "G-52", "co-owner", "ffffffffffff"), "months", 7),
            Self {
                holder: None,
                ..visited(Self::of("Syndic de la Halle", "H-9", "co-owner", "gggggggggggg"), "years", 2)
            },
        ]
    }

    /// The first one is open.
    pub(super) fn open(mut accounts: Vec<Self>, others: &'static str) -> Vec<Self> {
        for (number, account) in accounts.iter_mut().enumerate() {
            account.is_open = number == 0;
            account.opening = if number == 0 { "returns" } else { others };
            account.visited = account.visited.filter(|_| number > 0);
        }
        accounts
    }

    /// Of somebody with two contracts at one agency.
    pub(super) fn of_one_agency() -> Vec<Self> {
        vec![
            Self::of("Agence des Tilleuls", "C10023", "owner", "aaaaaaaaaaaa"),
            Self::of("Agence des Tilleuls", "L2001", "tenant", "bbbbbbbbbbbb"),
        ]
    }

    pub(super) fn awkward() -> Self {
        let (initials, colour, holder) = (awkward(), awkward(), Some(awkward()));
        Self { initials, colour, holder, phone: Some(awkward()), ..Self::of(AWKWARD, AWKWARD, "unknown", AWKWARD) }
    }

    fn of(agency: &str, account: &str, kind: &'static str, label: &str) -> Self {
        Self {
            agency: agency.to_owned(),
            initials: agency.split(' ').filter(|word| word.len() > 3).filter_map(|word| word.chars().next()).collect(),
            colour: "1f4f8b".to_owned(),
            account: account.to_owned(),
            holder: (kind != "unknown").then(|| "Amélie Dufour".to_owned()),
            kind,
            label: label.to_owned(),
            is_open: false,
            opening: "opens",
            visited: None,
            phone: (kind != "unknown").then(|| "05 00 00 00 31".to_owned()),
            may_be_apart: kind == "tenant",
        }
    }
}
