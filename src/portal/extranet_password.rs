//! « Le mot de passe de votre espace client » : asked once, after the extranet has refused the one that was kept (a11).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::onward::Onward;
use super::wording;
use crate::app::Fault;
use crate::app::extranet_password::{self, Missing, Restored};
use crate::domain::agency::Agency;
use crate::domain::identity::Link;
use crate::domain::path::ReturnPath;
use crate::pages::portal::{Alert, ExtranetPasswordPage, KeptPassword, MessageName, MessagePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::hand_over::way_into_account;
use crate::web::person::session_over_at;
use crate::web::problem::{NO_VERDICT, told};
use crate::web::query::Params;

/// Where it is asked, as seen from anywhere.
pub(super) fn path(agency: &Agency, link: &Link, return_to: &ReturnPath) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client", agency.code.client())
        .append_pair("societe", agency.code.societe())
        .append_pair("account", link.label().as_str())
        .append_pair("return", return_to.as_str())
        .finish();
    format!("/account/extranet-password?{query}")
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Onward>,
) -> Result<Response, Fault> {
    let Some(agency) = asked.agency(&web) else { return Ok(guest.go("/account")) };
    let return_to = asked.return_to();
    let Some(session) = guest.session(&web).await? else {
        return Ok(guest.go(&wording::login_path_back(&agency, asked.account().as_ref(), &return_to)));
    };
    Ok(match extranet_password::missing(&web.app, &session, &agency, asked.account().as_ref()).await? {
        Some(missing) => {
            guest.leads_to(&agency);
            let mut page = page(&agency, &missing, &return_to, None);
            page.asks |= asked.asks();
            guest.page(&web, Some(&agency), &page)
        }
        None => guest.go_into(&agency, return_to.as_str()),
    })
}

fn page(agency: &Agency, missing: &Missing, return_to: &ReturnPath, alert: Option<Alert>) -> ExtranetPasswordPage {
    let Missing { link, kept } = missing;
    let in_an_outage = kept.is_some_and(|kept| kept.in_an_outage);
    ExtranetPasswordPage {
        kept: match kept {
            None => KeptPassword::Nothing,
            Some(kept) if kept.has_a_try => KeptPassword::Try,
            Some(_) => KeptPassword::Wait,
        },
        in_an_outage,
        retry_url: way_into_account(agency, &link.label(), return_to.as_str()),
        form_url: format!("{}&asks=1", path(agency, link, return_to)),
        asks: !in_an_outage || alert.is_some(),
        agency: agency.brand.name.clone(),
        account: link.account.login.as_str().to_owned(),
        label: link.label().as_str().to_owned(),
        codes: wording::codes(Some(agency)),
        return_to: return_to.as_str().to_owned(),
        alert,
    }
}

pub(super) async fn submit(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let mut guest = guest;
    let said = Onward::of(&fields);
    let Some(agency) = said.agency(&web) else { return Ok(guest.go("/account")) };
    let return_to = said.return_to();
    let way_in = wording::login_path_back(&agency, said.account().as_ref(), &return_to);
    let Some(session) = guest.session(&web).await? else {
        return Ok(session_over_at(&web, guest, Some(&agency), way_in));
    };
    let missing = extranet_password::missing(&web.app, &session, &agency, said.account().as_ref()).await?;
    let Some(missing) = missing else { return Ok(guest.go_into(&agency, return_to.as_str())) };
    let link = &missing.link;
    guest.stands_at(path(&agency, link, &return_to));
    if fields.is_empty("password") {
        let alert = Some(Alert::field("present-missing"));
        return Ok(guest.page_again(&web, Some(&agency), &page(&agency, &missing, &return_to, alert)));
    }
    let password = fields.secret("password");
    let restored = extranet_password::restore(&web.app, &guest.caller, &agency, &session, link, &password).await?;
    let alert = match restored {
        Restored::Done => return Ok(guest.go_into_account(&agency, &link.label(), return_to.as_str())),
        Restored::SessionOver => return Ok(session_over_at(&web, guest, Some(&agency), way_in)),
        Restored::Silent => {
            let message =
                MessagePage { name: MessageName::ExtranetUnavailable, action_url: path(&agency, link, &return_to) };
            return Ok(told(guest.page_with(StatusCode::BAD_GATEWAY, &web, Some(&agency), &message), NO_VERDICT));
        }
        Restored::Refused => Alert::WrongPassword,
        Restored::MustChange => Alert::MustChange,
    };
    Ok(guest.page_again(&web, Some(&agency), &page(&agency, &missing, &return_to, Some(alert))))
}
