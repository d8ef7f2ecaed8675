//! From a letter of the outbox to its words.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::secrets::{self, Secrets};
use super::{Mailer, Unsent};
use crate::domain::language::Language;
use crate::domain::mail::{LetterKind, Mail};
use crate::domain::secret::Secret;
use crate::pages::letters::{
    AccountAttached, AccountDetached, AccountWithdrawn, AddressChosen, AlreadyAccount, ConfirmAddress, ConfirmNewEmail,
    EmailChanged, PasswordChanged, ResetPassword,
};
use crate::pages::{Brand, Letter, RenderedLetter};

pub(super) async fn letter(mailer: &Mailer, mail: &Mail) -> Result<RenderedLetter, Unsent> {
    let portal = mailer.current.directory().portal().to_string();
    match &mail.kind {
        LetterKind::ConfirmAddress { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal);
            let account = account.clone();
            render(mailer, mail, &ConfirmAddress { account, link, code, code_minutes, link_minutes })
        }
        LetterKind::AlreadyAccount { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal);
            let account = account.clone();
            render(mailer, mail, &AlreadyAccount { account, link, code, code_minutes, link_minutes })
        }
        LetterKind::ConfirmNewEmail { challenge, issue } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal);
            render(mailer, mail, &ConfirmNewEmail { link, code, code_minutes, link_minutes })
        }
        LetterKind::ResetPassword { recovery, link_minutes } => {
            let link = link(&portal, "reset", &secrets::of_reset(mailer, recovery).await?);
            render(mailer, mail, &ResetPassword { link, link_minutes: u64::from(*link_minutes) })
        }
        LetterKind::PasswordChanged { at } => {
            let reset_url = format!("{portal}/forgotten");
            render(mailer, mail, &PasswordChanged { at: written(*at, mail.language), reset_url })
        }
        LetterKind::EmailChanged { new_email, at } => {
            let new_email = new_email.clone();
            render(mailer, mail, &EmailChanged { new_email, at: written(*at, mail.language) })
        }
        LetterKind::AddressChosen { account } => render(mailer, mail, &AddressChosen { account: account.clone() }),
        LetterKind::AccountAttached { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountAttached { account: account.clone(), account_url })
        }
        LetterKind::AccountDetached { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountDetached { account: account.clone(), account_url })
        }
        LetterKind::AccountWithdrawn { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountWithdrawn { account: account.clone(), account_url })
        }
    }
}

fn render<L: Letter>(mailer: &Mailer, mail: &Mail, letter: &L) -> Result<RenderedLetter, Unsent> {
    let edition = mailer.current.edition();
    let agency = mail.agency.as_ref().and_then(|code| edition.directory.agency(code));
    let brand = agency.map_or_else(|| edition.portal.clone(), |agency| Brand::from(&agency.brand));
    let portal = edition.directory.portal().to_string();
    Ok(edition.pages.letter(mail.language, &brand, &portal, letter)?)
}

/// The secrets of a proof, as its letter shows them.
struct Shown {
    link: Option<String>,
    code: Option<String>,
    code_minutes: u64,
    link_minutes: u64,
}

fn shown(secrets: Secrets, portal: &str) -> Shown {
    Shown {
        link: secrets.link.map(|secret| link(portal, "confirm", &secret)),
        code: secrets.code.map(|code| code.expose().to_owned()),
        code_minutes: u64::from(secrets.code_minutes),
        link_minutes: u64::from(secrets.link_minutes),
    }
}

/// Links come from the configured origin only, never from a request (SEC-014).
fn link(portal: &str, page: &str, secret: &Secret) -> String {
    format!("{portal}/{page}?s={}", secret.expose())
}

/// A time as residents read it, on the clocks of Paris.
fn written(at: Timestamp, language: Language) -> String {
    let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
    let format = match language {
        Language::Fr => "%d/%m/%Y, %H:%M",
        Language::En => "%Y-%m-%d, %H:%M",
    };
    at.to_zoned(zone).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_on_the_clocks_of_paris() {
        let at: Timestamp = "2026-07-14T22:30:00Z".parse().expect("a time");
        assert_eq!(written(at, Language::Fr), "15/07/2026, 00:30");
    }
}
