//! From a letter of the outbox to its words.

use super::secrets::{self, Secrets};
use super::{Mailer, Unsent};
use crate::domain::mail::{HeldRequest, LetterKind, Mail};
use crate::domain::secret::Secret;
use crate::domain::warning::WarningId;
use crate::pages::letters::{
    AccountAttached, AccountDetached, AccountWithdrawn, AccountsAttached, AddressChosen, AlreadyAccount,
    ConfirmAddress, ConfirmNewEmail, EmailChanged, EmailRestored, OwnPassword, PasswordChanged, RequestHeld,
    ResetPassword,
};
use crate::pages::{Brand, Letter, RenderedLetter, written};

pub(super) async fn letter(mailer: &Mailer, mail: &Mail) -> Result<RenderedLetter, Unsent> {
    let portal = mailer.current.directory().portal().to_string();
    match &mail.kind {
        LetterKind::ConfirmAddress { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            let account = account.clone();
            render(mailer, mail, &ConfirmAddress { account, link, code, code_minutes, link_minutes })
        }
        LetterKind::AlreadyAccount { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            let account = account.clone();
            render(mailer, mail, &AlreadyAccount { account, link, code, code_minutes, link_minutes })
        }
        LetterKind::ConfirmNewEmail { challenge, issue } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            render(mailer, mail, &ConfirmNewEmail { link, code, code_minutes, link_minutes })
        }
        LetterKind::ResetPassword { recovery, opens_at, .. } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_reset(mailer, recovery).await?, &portal, "reset");
            let opens_at = opens_at.map(|at| written(at, mail.language));
            render(
                mailer,
                mail,
                &ResetPassword { link, code, reset_code_minutes: code_minutes, link_minutes, opens_at },
            )
        }
        LetterKind::PasswordChanged { at, warning } => {
            let (at, reset_url) = (written(*at, mail.language), reset_url(&portal, mail));
            let not_me_url = not_me_url(mailer, &portal, warning.as_ref()).await?;
            render(mailer, mail, &PasswordChanged { at, reset_url, not_me_url })
        }
        LetterKind::EmailChanged { new_email, at, warning } => {
            let (new_email, at) = (new_email.clone(), written(*at, mail.language));
            let not_me_url = not_me_url(mailer, &portal, warning.as_ref()).await?;
            render(mailer, mail, &EmailChanged { new_email, at, not_me_url })
        }
        LetterKind::RequestHeld { request, until } => {
            let about = match request {
                HeldRequest::Run { account } => account.clone(),
                HeldRequest::NewEmail { email } | HeldRequest::ChangedEmail { email } => email.clone(),
                HeldRequest::ChangedPassword => String::new(),
            };
            let (until, reset_url) = (written(*until, mail.language), reset_url(&portal, mail));
            render(mailer, mail, &RequestHeld { request: request.name(), about, until, reset_url })
        }
        LetterKind::EmailRestored { email, at } => {
            render(mailer, mail, &EmailRestored { email: email.clone(), at: written(*at, mail.language) })
        }
        LetterKind::AddressChosen { account } => render(mailer, mail, &AddressChosen { account: account.clone() }),
        LetterKind::AccountAttached { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountAttached { account: account.clone(), account_url })
        }
        LetterKind::AccountsAttached { accounts } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountsAttached { accounts: accounts.clone(), account_url })
        }
        LetterKind::OwnPassword { account, own } => {
            let (account_url, reset_url) = (format!("{portal}/account"), reset_url(&portal, mail));
            render(mailer, mail, &OwnPassword { account: account.clone(), own: *own, account_url, reset_url })
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

/// The secrets of a letter, as it shows them.
struct Shown {
    link: Option<String>,
    code: Option<String>,
    code_minutes: u64,
    link_minutes: u64,
}

fn shown(secrets: Secrets, portal: &str, page: &str) -> Shown {
    Shown {
        link: secrets.link.map(|secret| link(portal, page, &secret)),
        code: secrets.code.map(|code| code.expose().to_owned()),
        code_minutes: u64::from(secrets.code_minutes),
        link_minutes: u64::from(secrets.link_minutes),
    }
}

/// Links come from the configured origin only, never from a request (SEC-014).
fn link(portal: &str, page: &str, secret: &Secret) -> String {
    format!("{portal}/{page}?s={}", secret.expose())
}

/// Where a new password is asked for, at the agency in whose name the letter is.
fn reset_url(portal: &str, mail: &Mail) -> String {
    match &mail.agency {
        Some(code) => format!("{portal}/forgotten?client={}&societe={}", code.client(), code.societe()),
        None => format!("{portal}/forgotten"),
    }
}

/// The page of « Ce n'est pas moi » for a change, if that can still be held.
async fn not_me_url(mailer: &Mailer, portal: &str, warning: Option<&WarningId>) -> Result<Option<String>, Unsent> {
    let Some(warning) = warning else { return Ok(None) };
    Ok(secrets::of_warning(mailer, warning).await?.map(|secret| link(portal, "not-me", &secret)))
}
