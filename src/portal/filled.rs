//! What is empty or wrong in a form that was sent, field by field, before anything is tried with it: what was not typed is
//! no attempt, and goes nowhere.

use super::wording;
use crate::app::{Fault, present_password};
use crate::domain::agency::Agency;
use crate::domain::credential::Meant;
use crate::domain::password::{Known, PasswordRules, is_same};
use crate::domain::policy::Identifier;
use crate::domain::session::Session;
use crate::pages::portal::FieldError;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;

/// The fields that are empty, each with its mistake, in the order of the form.
pub(super) fn missing(fields: &Fields, wanted: &[(&str, &'static str)]) -> Vec<FieldError> {
    let is_empty = |(field, _): &&(&str, &'static str)| fields.is_empty(field);
    wanted.iter().filter(is_empty).map(|(_, mistake)| FieldError::named(mistake)).collect()
}

/// What is wrong with a new password that was typed twice, as far as its rules alone can say.
pub(super) fn new_password(fields: &Fields, rules: &PasswordRules, noted: bool) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if noted && !fields.ticked("noted") {
        wrong.push(FieldError::named("password-not-noted"));
    }
    let wanted = [("password", "password-missing"), ("confirmation", "password-again-missing")];
    let empty = missing(fields, &wanted);
    if !fields.is_empty("password") {
        let password = fields.secret("password");
        let broken = rules.broken_by(&password, &Known::default());
        if !broken.is_empty() {
            wrong.push(wording::password_error(&broken));
        } else if empty.is_empty() && !is_same(&password, &fields.secret("confirmation")) {
            wrong.push(FieldError::named("passwords-differ"));
        }
    }
    wrong.extend(empty);
    wrong
}

/// What is wrong with the present password in the field `current`. Where the form has other mistakes it is looked at with
/// them, so that all of them are told at once; else by whoever does what the form asks for.
pub(super) async fn current(
    web: &Web,
    guest: &Guest,
    session: &Session,
    fields: &Fields,
    others: &[FieldError],
) -> Result<Option<FieldError>, Fault> {
    if fields.is_empty("current") {
        return Ok(Some(FieldError::named("current-missing")));
    }
    if others.is_empty() {
        return Ok(None);
    }
    let is_right = present_password::is_right(&web.app, &guest.caller, session, fields.secret("current")).await?;
    Ok((!is_right).then(|| FieldError::named("current-wrong")))
}

/// What was not typed: it is no attempt, and no extranet is asked.
pub(super) fn credentials(agency: &Agency, fields: &Fields, meant: Meant) -> Vec<FieldError> {
    let (login, password) = match (meant, agency.policy.identifier) {
        (Meant::AgencysNew, _) => ("given-login-missing", "given-password-missing"),
        (Meant::ToAttach, _) => ("agency-login-missing", "agency-password-missing"),
        (Meant::Either, Identifier::Legacy) => ("login-identifier-missing", "present-missing"),
        (Meant::Either, Identifier::Email) => ("login-missing", "present-missing"),
    };
    missing(fields, &[("login", login), ("password", password)])
}
