//! « Le mot de passe de votre espace client » : asked once, after the extranet has refused the one that was kept (a11).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::{account, wording};
use crate::app::Fault;
use crate::app::extranet_password::{self, Restored};
use crate::domain::agency::Agency;
use crate::domain::identity::Link;
use crate::domain::path::ReturnPath;
use crate::pages::portal::{Alert, ExtranetPasswordPage, MessageName, MessagePage};
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Asked;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    #[serde(rename = "return")]
    return_to: String,
}

/// Where it is asked, as seen from anywhere.
pub(super) fn path(agency: &Agency, return_to: &ReturnPath) -> String {
    let (client, societe) = (agency.code.client(), agency.code.societe());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client", client), ("societe", societe), ("return", return_to.as_str())])
        .finish();
    format!("/account/extranet-password?{query}")
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Asked(asked): Asked<Said>,
) -> Result<Response, Fault> {
    let Some(agency) = web.app.agency(&asked.client, &asked.societe) else { return Ok(guest.go("/account")) };
    let return_to = ReturnPath::parse_or_home(&asked.return_to);
    let Some(session) = guest.session(&web).await? else {
        return Ok(guest.go(&wording::login_path(Some(&agency))));
    };
    Ok(match extranet_password::missing(&web.app, &session, &agency).await? {
        Some(link) => guest.page(&web, Some(&agency), &page(&agency, &link, &return_to, None)),
        None => guest.go_into(&agency, return_to.as_str()),
    })
}

fn page(agency: &Agency, link: &Link, return_to: &ReturnPath, alert: Option<Alert>) -> ExtranetPasswordPage {
    ExtranetPasswordPage {
        agency: agency.brand.name.clone(),
        account: link.account.login.as_str().to_owned(),
        codes: wording::codes(Some(agency)),
        return_to: return_to.as_str().to_owned(),
        alert,
    }
}

pub(super) async fn submit(State(web): State<Arc<Web>>, guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let (mut guest, session) = match account::signed_in(&web, guest).await? {
        Ok(signed_in) => signed_in,
        Err(response) => return Ok(response),
    };
    let Some(agency) = web.app.agency(fields.text("client"), fields.text("societe")) else {
        return Ok(guest.go("/account"));
    };
    let return_to = ReturnPath::parse_or_home(fields.text("return"));
    let Some(link) = extranet_password::missing(&web.app, &session, &agency).await? else {
        return Ok(guest.go_into(&agency, return_to.as_str()));
    };
    let password = fields.secret("password");
    let restored = extranet_password::restore(&web.app, &guest.caller, &agency, &session, &link, &password).await?;
    let alert = match restored {
        Restored::Done => return Ok(guest.go_into(&agency, return_to.as_str())),
        Restored::Silent => {
            let message = MessagePage {
                name: MessageName::ExtranetUnavailable,
                action_url: path(&agency, &return_to),
                request_id: None,
            };
            return Ok(guest.page_with(StatusCode::BAD_GATEWAY, &web, Some(&agency), &message));
        }
        Restored::Refused => Alert::WrongPassword,
        Restored::MustChange => Alert::MustChange,
    };
    guest.stands_at(path(&agency, &return_to));
    Ok(guest.page_again(&web, Some(&agency), &page(&agency, &link, &return_to, Some(alert))))
}
