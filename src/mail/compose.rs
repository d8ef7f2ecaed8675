//! From a letter of the outbox to its words.

use jiff::Timestamp;

use super::readers::{greeted, readers};
use super::secrets::{self, Secrets};
use super::{Mailer, Unsent};
use crate::domain::mail::{HeldRequest, LetterKind, Mail};
use crate::domain::secret::Secret;
use crate::domain::warning::WarningId;
use crate::pages::letters::{
    AccountAttached, AccountDetached, AccountWithdrawn, AccountsAttached, AddressChosen, AddressRequest,
    AddressRequested, AlreadyAccount, AlsoAt, ConfirmAddress, ConfirmNewEmail, EmailChanged, EmailRestored,
    FirstSignIn, OwnPassword, PasswordChanged, RequestHeld, ResetPassword, Whose,
};
use crate::pages::{Brand, Letter, RenderedLetter, written};

/// Agencies beside the letter's own that are named in it: more would hide what it says.
const MOST_NAMED: usize = 4;

pub(super) async fn letter(mailer: &Mailer, mail: &Mail) -> Result<RenderedLetter, Unsent> {
    let portal = mailer.current.directory().portal().to_string();
    match &mail.kind {
        LetterKind::ConfirmAddress { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm", mail);
            let account = account.clone();
            render(mailer, mail, &ConfirmAddress { account, link, code, code_minutes, link_minutes }).await
        }
        LetterKind::AlreadyAccount { challenge, issue, account } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm", mail);
            let account = account.clone();
            render(mailer, mail, &AlreadyAccount { account, link, code, code_minutes, link_minutes }).await
        }
        LetterKind::ConfirmNewEmail { challenge, issue } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_proof(mailer, challenge, *issue).await?, &portal, "confirm", mail);
            render(mailer, mail, &ConfirmNewEmail { link, code, code_minutes, link_minutes }).await
        }
        LetterKind::ResetPassword { recovery, opens_at, .. } => {
            let Shown { link, code, code_minutes, link_minutes } =
                shown(secrets::of_reset(mailer, recovery).await?, &portal, "reset", mail);
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
            let not_me_url = not_me_url(mailer, &portal, mail, warning.as_ref()).await?;
            let agencies = also_at(mailer, mail, warning.as_ref()).await?;
            render(mailer, mail, &PasswordChanged { at, reset_url, not_me_url, agencies }).await
        }
        LetterKind::EmailChanged { new_email, at, warning } => {
            let (new_email, at) = (new_email.clone(), written(*at, mail.language));
            let not_me_url = not_me_url(mailer, &portal, mail, warning.as_ref()).await?;
            let agencies = also_at(mailer, mail, warning.as_ref()).await?;
            render(mailer, mail, &EmailChanged { new_email, at, not_me_url, agencies }).await
        }
        LetterKind::RequestHeld { request, until } => request_held(mailer, mail, (request, *until), &portal).await,
        LetterKind::EmailRestored { email, at } => {
            let (email, at, reset_url) = (email.clone(), written(*at, mail.language), reset_url(&portal, mail));
            let agencies = also_at(mailer, mail, None).await?;
            render(mailer, mail, &EmailRestored { email, at, reset_url, agencies }).await
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
            let account_url = at_agency(&portal, "account", mail);
            render(mailer, mail, &AccountAttached { account: account.clone(), account_url }).await
        }
        LetterKind::AccountsAttached { accounts } => {
            let account_url = at_agency(&portal, "account", mail);
            render(mailer, mail, &AccountsAttached { accounts: accounts.clone(), account_url }).await
        }
        LetterKind::OwnPassword { account, own } => {
            let (account_url, reset_url) = (at_agency(&portal, "account", mail), reset_url(&portal, mail));
            render(mailer, mail, &OwnPassword { account: account.clone(), own: *own, account_url, reset_url }).await
        }
        LetterKind::AccountDetached { account } => {
            let account_url = at_agency(&portal, "account", mail);
            render(mailer, mail, &AccountDetached { account: account.clone(), account_url }).await
        }
        LetterKind::AccountWithdrawn { account } => {
            let account_url = at_agency(&portal, "account", mail);
            render(mailer, mail, &AccountWithdrawn { account: account.clone(), account_url }).await
        }
    }
}

async fn request_held(
    mailer: &Mailer,
    mail: &Mail,
    (request, until): (&HeldRequest, Timestamp),
    portal: &str,
) -> Result<RenderedLetter, Unsent> {
    let about = match request {
        HeldRequest::Run { account } => account.clone(),
        HeldRequest::NewEmail { email } | HeldRequest::ChangedEmail { email } => email.clone(),
        HeldRequest::ChangedPassword => String::new(),
    };
    let (until, reset_url) = (written(until, mail.language), reset_url(portal, mail));
    let agencies = match request {
        HeldRequest::Run { .. } => Vec::new(),
        _ => also_at(mailer, mail, None).await?,
    };
    render(mailer, mail, &RequestHeld { request: request.name(), about, until, reset_url, agencies }).await
}

async fn render<L: Letter>(mailer: &Mailer, mail: &Mail, letter: &L) -> Result<RenderedLetter, Unsent> {
    let edition = mailer.current.edition();
    let agency = mail.agency.as_ref().and_then(|code| edition.directory.agency(code));
    let brand = Brand::of(agency.map(|agency| &agency.brand), &edition.portal);
    let portal = edition.directory.portal().to_string();
    let names = greeted(&readers(mailer, mail).await?);
    let help_url = at_agency(&portal, "trouble", mail);
    Ok(edition.pages.letter_to((mail.language, names), help_url, &brand, &portal, letter)?)
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

/// The person's agencies beside the one in whose name the letter is. Who that is, is known by what is warned of, else by the
/// address, where one person reads there.
async fn also_at(mailer: &Mailer, mail: &Mail, warning: Option<&WarningId>) -> Result<Vec<AlsoAt>, Unsent> {
    let of_warning = match warning {
        Some(warning) => mailer.store.read().await?.person_warned(warning).await?,
        None => None,
    };
    let links = match of_warning {
        Some(person) => mailer.store.read().await?.links_of(&person).await?,
        None => match readers(mailer, mail).await?.as_mut_slice() {
            [reader] => std::mem::take(&mut reader.links),
            _ => Vec::new(),
        },
    };
    let edition = mailer.current.edition();
    let mut also: Vec<AlsoAt> = Vec::new();
    let others = links.iter().filter(|link| Some(&link.account.agency) != mail.agency.as_ref());
    for agency in others.filter_map(|link| edition.directory.agency(&link.account.agency)) {
        let one = AlsoAt { name: agency.brand.name.clone(), phone: agency.brand.support_phone.clone() };
        if also.len() < MOST_NAMED && !also.contains(&one) {
            also.push(one);
        }
    }
    Ok(also)
}

/// The secrets of a letter, as it shows them.
struct Shown {
    link: Option<String>,
    code: Option<String>,
    code_minutes: u64,
    link_minutes: u64,
}

fn shown(secrets: Secrets, portal: &str, page: &str, mail: &Mail) -> Shown {
    Shown {
        link: secrets.link.map(|secret| link(portal, page, mail, &secret)),
        code: secrets.code.map(|code| code.expose().to_owned()),
        code_minutes: u64::from(secrets.code_minutes),
        link_minutes: u64::from(secrets.link_minutes),
    }
}

/// Links come from the configured origin only, never from a request (SEC-014). The agency's codes come first: a link that is
/// cut off still leads to a page of its agency's (decision 96).
fn link(portal: &str, page: &str, mail: &Mail, secret: &Secret) -> String {
    let page = at_agency(portal, page, mail);
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}s={}", secret.expose())
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
async fn not_me_url(
    mailer: &Mailer,
    portal: &str,
    mail: &Mail,
    warning: Option<&WarningId>,
) -> Result<Option<String>, Unsent> {
    let Some(warning) = warning else { return Ok(None) };
    Ok(secrets::of_warning(mailer, warning).await?.map(|secret| link(portal, "not-me", mail, &secret)))
}
