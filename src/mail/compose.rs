//! From a letter of the outbox to its words.

use super::readers::{greeted, readers};
use super::secrets::{self, Secrets};
use super::{Mailer, Unsent};
use crate::domain::mail::{HeldRequest, LetterKind, Mail};
use crate::domain::secret::Secret;
use crate::domain::warning::WarningId;
use crate::pages::letters::{
    AccountAttached, AccountDetached, AccountWithdrawn, AccountsAttached, AddressChosen, AddressRequest,
    AddressRequested, AlreadyAccount, ConfirmAddress, ConfirmNewEmail, EmailChanged, EmailRestored, FirstSignIn,
    OwnPassword, PasswordChanged, RequestHeld, ResetPassword, Whose,
};
use crate::pages::{Brand, Letter, RenderedLetter, written};

pub(super) async fn letter(mailer: &Mailer, mail: &Mail) -> Result<RenderedLetter, Unsent> {
    let portal = mailer.current.directory().portal().to_string();
    match &mail.kind {
        LetterKind::ConfirmAddress { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            let account = account.clone();
            render(mailer, mail, &ConfirmAddress { account, link, code, code_minutes, link_minutes }).await
        }
        LetterKind::AlreadyAccount { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            let account = account.clone();
            render(mailer, mail, &AlreadyAccount { account, link, code, code_minutes, link_minutes }).await
        }
        LetterKind::ConfirmNewEmail { challenge, issue } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm");
            render(mailer, mail, &ConfirmNewEmail { link, code, code_minutes, link_minutes }).await
        }
        LetterKind::ResetPassword { recovery, opens_at, .. } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_reset(mailer, recovery).await?, &portal, "reset");
            let opens_at = opens_at.map(|at| written(at, mail.language));
            let whose = whose(mailer, mail, recovery).await?;
            render(
                mailer,
                mail,
                &ResetPassword {
                    link,
                    code,
                    reset_code_minutes: code_minutes,
                    link_minutes,
                    opens_at,
                    whose,
                    names: None,
                },
            )
            .await
        }
        LetterKind::FirstSignIn => {
            render(mailer, mail, &FirstSignIn { sign_in_url: at_agency(&portal, "login", mail) }).await
        }
        LetterKind::PasswordChanged { at, warning } => {
            let (at, reset_url) = (written(*at, mail.language), reset_url(&portal, mail));
            let not_me_url = not_me_url(mailer, &portal, warning.as_ref()).await?;
            render(mailer, mail, &PasswordChanged { at, reset_url, not_me_url }).await
        }
        LetterKind::EmailChanged { new_email, at, warning } => {
            let (new_email, at) = (new_email.clone(), written(*at, mail.language));
            let not_me_url = not_me_url(mailer, &portal, warning.as_ref()).await?;
            render(mailer, mail, &EmailChanged { new_email, at, not_me_url }).await
        }
        LetterKind::RequestHeld { request, until } => {
            let about = match request {
                HeldRequest::Run { account } => account.clone(),
                HeldRequest::NewEmail { email } | HeldRequest::ChangedEmail { email } => email.clone(),
                HeldRequest::ChangedPassword => String::new(),
            };
            let (until, reset_url) = (written(*until, mail.language), reset_url(&portal, mail));
            render(mailer, mail, &RequestHeld { request: request.name(), about, until, reset_url }).await
        }
        LetterKind::EmailRestored { email, at } => {
            render(mailer, mail, &EmailRestored { email: email.clone(), at: written(*at, mail.language) }).await
        }
        LetterKind::AddressChosen { account } => {
            render(mailer, mail, &AddressChosen { account: account.clone() }).await
        }
        LetterKind::AddressRequest { account, email, new_email, message } => {
            let (account, email) = (account.clone(), email.to_string());
            let (new_email, message) = (new_email.as_ref().map(ToString::to_string), message.clone());
            render(mailer, mail, &AddressRequest { account, email, new_email, message }).await
        }
        LetterKind::AddressRequested { new_email } => {
            let reset_url = reset_url(&portal, mail);
            render(mailer, mail, &AddressRequested { new_email: new_email.clone(), reset_url }).await
        }
        LetterKind::AccountAttached { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountAttached { account: account.clone(), account_url }).await
        }
        LetterKind::AccountsAttached { accounts } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountsAttached { accounts: accounts.clone(), account_url }).await
        }
        LetterKind::OwnPassword { account, own } => {
            let (account_url, reset_url) = (format!("{portal}/account"), reset_url(&portal, mail));
            render(mailer, mail, &OwnPassword { account: account.clone(), own: *own, account_url, reset_url }).await
        }
        LetterKind::AccountDetached { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountDetached { account: account.clone(), account_url }).await
        }
        LetterKind::AccountWithdrawn { account } => {
            let account_url = format!("{portal}/account");
            render(mailer, mail, &AccountWithdrawn { account: account.clone(), account_url }).await
        }
    }
}

async fn render<L: Letter>(mailer: &Mailer, mail: &Mail, letter: &L) -> Result<RenderedLetter, Unsent> {
    let edition = mailer.current.edition();
    let agency = mail.agency.as_ref().and_then(|code| edition.directory.agency(code));
    let brand = agency.map_or_else(|| edition.portal.clone(), |agency| Brand::from(&agency.brand));
    let portal = edition.directory.portal().to_string();
    let names = greeted(&readers(mailer, mail).await?);
    Ok(edition.pages.letter_to((mail.language, names), &brand, &portal, letter)?)
}

/// Whose password a reset may be for, where it was asked for by an address that several people read (b18).
async fn whose(mailer: &Mailer, mail: &Mail, recovery: &str) -> Result<Vec<Whose>, Unsent> {
    let is_by_address = mailer.store.read().await?.is_by_address(recovery).await?;
    let readers = readers(mailer, mail).await?;
    if !is_by_address || readers.len() < 2 {
        return Ok(Vec::new());
    }
    let edition = mailer.current.edition();
    let links = readers.into_iter().flat_map(|reader| reader.links);
    let whose = links.filter_map(|link| {
        let agency = edition.directory.agency(&link.account.agency)?.brand.name.clone();
        Some(Whose { agency, account: link.account.login.masked() })
    });
    Ok(whose.collect())
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
    at_agency(portal, "forgotten", mail)
}

/// A page of the portal, at the agency in whose name the letter is.
fn at_agency(portal: &str, page: &str, mail: &Mail) -> String {
    match &mail.agency {
        Some(code) => format!("{portal}/{page}?client={}&societe={}", code.client(), code.societe()),
        None => format!("{portal}/{page}"),
    }
}

/// The page of « Ce n'est pas moi » for a change, if that can still be held.
async fn not_me_url(mailer: &Mailer, portal: &str, warning: Option<&WarningId>) -> Result<Option<String>, Unsent> {
    let Some(warning) = warning else { return Ok(None) };
    Ok(secrets::of_warning(mailer, warning).await?.map(|secret| link(portal, "not-me", &secret)))
}
