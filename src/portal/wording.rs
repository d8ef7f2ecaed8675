//! From the domain's values to what pages show: criteria, field errors, codes.

use crate::domain::address_request::{AddressRequestError, LONGEST_MESSAGE};
use crate::domain::agency::Agency;
use crate::domain::email::{EmailAddress, EmailError};
use crate::domain::email_change::EmailChangeError;
use crate::domain::identity::AccountLabel;
use crate::domain::migration::MigrationPlan;
use crate::domain::password::{Broken, MAX_LENGTH, PasswordRules};
use crate::domain::path::ReturnPath;
use crate::domain::policy::Order;
use crate::domain::recovery::Unnamed;
use crate::domain::way_back::Stop;
use crate::pages::portal::{Codes, Criterion, FieldError, Progress};

pub(super) use crate::web::back::login_path;

/// The codes that a form carries along.
pub(super) fn codes(agency: Option<&Agency>) -> Codes {
    agency.map_or_else(Codes::default, |agency| Codes {
        client: agency.code.client().to_owned(),
        societe: agency.code.societe().to_owned(),
    })
}

/// The login page, to come back to a page of its extranet, in this account where one is named.
pub(super) fn login_path_back(agency: &Agency, account: Option<&AccountLabel>, return_to: &ReturnPath) -> String {
    let more = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("account", account.map_or("", AccountLabel::as_str))
        .append_pair("return", return_to.as_str())
        .finish();
    format!("{}&{more}", login_path(Some(agency)))
}

/// What stands in for an agency's logo: the first letters of its name's first words, small words left out.
pub(super) fn initials(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 3);
    let mut initials: String =
        words.filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).take(2).collect();
    if initials.is_empty() {
        initials = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).take(2).collect();
    }
    initials
}

/// The page of the forgotten password where an address is enough.
pub(super) const FORGOTTEN_BY_EMAIL: &str = "/forgotten?by=email";

/// The page of the forgotten password, for an agency.
pub(super) fn forgotten_path(agency: &Agency) -> String {
    format!("/forgotten?client={}&societe={}", agency.code.client(), agency.code.societe())
}

/// The same where it may be asked without one.
pub(super) fn forgotten_path_of(agency: Option<&Agency>) -> String {
    agency.map_or_else(|| FORGOTTEN_BY_EMAIL.to_owned(), forgotten_path)
}

/// The login page with a notice of what happened just before.
pub(super) fn login_path_with(agency: Option<&Agency>, notice: &str) -> String {
    let joint = if agency.is_some() { '&' } else { '?' };
    format!("{}{joint}{notice}", login_path(agency))
}

/// The list under a new password; the server judges by the same rules.
#[must_use]
pub fn criteria(rules: &PasswordRules) -> Vec<Criterion> {
    let mut criteria = vec![Criterion { name: "length", number: rules.length }];
    for (required, name) in
        [(rules.upper, "upper"), (rules.lower, "lower"), (rules.digit, "digit"), (rules.special, "special")]
    {
        if required {
            criteria.push(Criterion { name, number: 0 });
        }
    }
    if rules.kinds > 0 {
        criteria.push(Criterion { name: "kinds", number: rules.kinds });
    }
    criteria
}

/// The first thing that is wrong with a password; the two entries differ where the rules are kept.
pub(super) fn password_error(broken: &[Broken]) -> FieldError {
    let (name, number) = match broken.first() {
        Some(Broken::TooShort(length)) => ("password-too-short", *length),
        Some(Broken::TooLong) => ("password-too-long", u32::try_from(MAX_LENGTH).unwrap_or(u32::MAX)),
        Some(Broken::NoUpper | Broken::NoLower | Broken::NoDigit | Broken::NoSpecial | Broken::TooFewKinds(_)) => {
            ("password-criteria", 0)
        }
        Some(Broken::Common) => ("password-common", 0),
        Some(Broken::Personal) => ("password-personal", 0),
        Some(Broken::Old) => ("password-old", 0),
        Some(Broken::Unchanged) => ("password-unchanged", 0),
        None => ("passwords-differ", 0),
    };
    FieldError { name, number }
}

/// What is wrong with an address.
pub(super) const fn email_error(error: EmailError) -> FieldError {
    let name = match error {
        EmailError::Empty => "email-missing",
        EmailError::Malformed => "email-malformed",
        EmailError::TooLong => "email-too-long",
    };
    FieldError { name, number: 0 }
}

/// What is missing where a password is forgotten, at an agency or where an address is enough.
pub(super) const fn unnamed_error(unnamed: Unnamed, agency: Option<&Agency>) -> FieldError {
    match unnamed {
        Unnamed::Login if agency.is_none() => FieldError::named("login-address-missing"),
        Unnamed::Login => FieldError::named("login-missing"),
        Unnamed::Email(error) => email_error(error),
    }
}

/// The address that was probably meant instead, about which one is asked once: what is sent again as it was seen is meant
/// (004.13).
pub(super) fn slip(typed: &str, seen: &str) -> Option<EmailAddress> {
    let typed = EmailAddress::parse(typed).ok()?;
    let is_seen = EmailAddress::parse(seen).is_ok_and(|seen| seen.key() == typed.key());
    typed.suggestion().filter(|_| !is_seen)
}

/// What is wrong with a changed address.
pub(super) const fn email_change_error(error: EmailChangeError) -> FieldError {
    match error {
        EmailChangeError::Email(error) => email_error(error),
        EmailChangeError::Differ => FieldError { name: "emails-differ", number: 0 },
        EmailChangeError::Same => FieldError { name: "email-unchanged", number: 0 },
    }
}

/// What is wrong with a request to the agency.
pub(super) const fn address_request_error(error: AddressRequestError) -> FieldError {
    let (name, number) = match error {
        AddressRequestError::Email(error) => return email_error(error),
        AddressRequestError::Same => ("email-unchanged", 0),
        AddressRequestError::Nothing => ("message-missing", 0),
        AddressRequestError::TooLong => ("message-too-long", LONGEST_MESSAGE),
    };
    FieldError { name, number }
}

/// « Étape 2 sur 4 »; where the address is proven before the password is chosen, three numbered steps follow the information
/// page (004).
pub(super) const fn progress(plan: &MigrationPlan, at: Stop) -> Option<Progress> {
    let (step, of, numbered) = match (plan.order, at) {
        (Order::PasswordFirst, Stop::Notice) => (1, 4, false),
        (Order::PasswordFirst, Stop::Email) => (2, 4, false),
        (Order::PasswordFirst, Stop::Password) => (3, 4, false),
        (Order::PasswordFirst, Stop::Proof) => (4, 4, false),
        (Order::ProofFirst, Stop::Notice) | (_, Stop::Join | Stop::Others) => return None,
        (Order::ProofFirst, Stop::Email) => (1, 3, true),
        (Order::ProofFirst, Stop::Proof) => (2, 3, true),
        (Order::ProofFirst, Stop::Password) => (3, 3, true),
    };
    Some(Progress { step, of, numbered })
}
