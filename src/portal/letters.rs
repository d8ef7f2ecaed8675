//! What letters lead to, whatever they are about: their links, and the page that waits for their code.

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::wording;
use crate::app::links::Closed;
use crate::app::{Fault, waiting};
use crate::domain::agency::Agency;
use crate::domain::challenge::Challenge;
use crate::domain::email::EmailAddress;
use crate::domain::secret::Secret;
use crate::domain::waiting::Standing;
use crate::pages::portal::{Alert, MainThing, MessageName, MessagePage, ProofPage};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::known::codes_query;

/// Where the letter of a changed address is waited for.
pub(super) const NEW_EMAIL: &str = "/account/email/proof";

/// The secret of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    s: String,
}

impl Link {
    pub(super) fn secret(self) -> Secret {
        Secret::new(self.s)
    }

    /// Where a link's page is shown by GET.
    pub(super) fn path(page: &str, secret: &Secret) -> String {
        format!(
            "{page}?{}",
            url::form_urlencoded::Serializer::new(String::new()).append_pair("s", secret.expose()).finish()
        )
    }
}

/// « J'ai ouvert le lien : continuer », on the page that waits.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pressed {
    opened: String,
}

impl Pressed {
    pub(super) const fn says_opened(&self) -> bool {
        !self.opened.is_empty()
    }
}

/// A link that is not open any more, and the way on: in the wizard, or on the account page.
pub(super) async fn closed(web: &Web, mut guest: Guest, why: &Closed, secret: &Secret) -> Result<Response, Fault> {
    let belongs = guest.learn_of_link(web, secret).await?;
    let is_persons = belongs.is_some_and(|belongs| belongs.is_persons);
    let at = |page: &str| format!("{page}{}", codes_query(guest.known().map(AsRef::as_ref)));
    let waits = || at(if is_persons { "/account/email/proof" } else { "/migration" });
    let (name, action_url) = match why {
        Closed::Withdrawn(agency) => {
            let agency = web.app.directory().agency(agency).cloned();
            return Ok(ask_agency(web, guest, agency.as_deref()));
        }
        Closed::Superseded => (MessageName::LinkSuperseded, waits()),
        Closed::Expired => (MessageName::LinkExpired, waits()),
        Closed::Used if is_persons => (MessageName::LinkUsed, at("/account")),
        Closed::Used => (MessageName::LinkUsed, guest.way_in(web)),
        Closed::Held => (MessageName::LinkHeld, waits()),
        Closed::Agencys => return Ok(address_is_agencys(web, guest)),
        Closed::Invalid => (MessageName::LinkInvalid, guest.way_in(web)),
    };
    Ok(guest.page_with(StatusCode::GONE, web, None, &MessagePage { name, action_url }))
}

/// The agency alone changes the address: calm, and with the way to ask it (003).
pub(super) fn address_is_agencys(web: &Web, guest: Guest) -> Response {
    let page = MessagePage { name: MessageName::AddressIsAgencys, action_url: "/account/email/request".to_owned() };
    guest.page_with(StatusCode::FORBIDDEN, web, None, &page)
}

/// The agency took the account back while the run was under way: it knows why, and this page says how to reach it.
pub(super) fn ask_agency(web: &Web, guest: Guest, agency: Option<&Agency>) -> Response {
    let page = MessagePage { name: MessageName::AskAgency, action_url: wording::login_path(agency) };
    guest.page_with(StatusCode::GONE, web, agency, &page)
}

/// The page that waits for a letter to be answered, in the wizard and on the account page, with the one thing on top that
/// helps now.
pub(super) async fn proof_page(
    web: &Web,
    challenge: &Challenge,
    email: &EmailAddress,
    action: &'static str,
    alert: Option<Alert>,
) -> Result<ProofPage, Fault> {
    let now = web.app.now();
    let waiting = waiting::of(&web.app, challenge).await?;
    let main = match waiting.standing {
        Standing::Refused => MainThing::Address,
        // A code that was tried too often may be one of a person whose other codes were.
        _ if !waiting.is_over() && alert != Some(Alert::CodeDead) => MainThing::Answer,
        _ if waiting.more => MainThing::Resend,
        _ => MainThing::Restart,
    };
    let stands = match (main, waiting.standing) {
        (MainThing::Answer, _) => challenge.held_until(now).map(|_| Alert::Held),
        (MainThing::Address, _) => Some(Alert::LetterRefused),
        (MainThing::Restart, _) => Some(Alert::LettersOver),
        (MainThing::Resend, Standing::Expired) if waiting.link => Some(Alert::CodeExpired),
        (MainThing::Resend, Standing::Expired) => Some(Alert::Expired),
        (MainThing::Resend, _) => Some(Alert::CodeDead),
    };
    // What was answered to a form that tells nothing more than how it stands.
    let alert = alert.filter(|alert| !matches!(alert, Alert::CodeDead | Alert::Expired | Alert::WrongCode { left: 0 }));
    Ok(ProofPage {
        action,
        email: email.to_string(),
        code: challenge.terms.method.has_code(),
        link: challenge.terms.method.has_link(),
        main,
        wizard: action != NEW_EMAIL,
        queued: waiting.standing == Standing::Queued,
        minutes: waiting.minutes,
        link_open: waiting.link,
        typed: String::new(),
        code_minutes: u64::from(challenge.terms.code_minutes),
        link_minutes: u64::from(challenge.terms.link_minutes),
        resend_in: challenge.resend_in(now),
        back: None,
        alert: alert.or(stands),
        progress: None,
    })
}
