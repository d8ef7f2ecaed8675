//! « Vous ne parvenez pas à vous connecter ? » (002, 003, c14).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::codes::{self, Instead};
use super::{shared_host, wording};
use crate::domain::agency::Agency;
use crate::domain::policy::Identifier;
use crate::pages::portal::{Codes, Contact, TroublePage};
use crate::web::Web;
use crate::web::guest::Guest;
use crate::web::query::Params;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    client: String,
    societe: String,
    /// `agency`: it is asked which one is meant, although none has to be named.
    find: String,
}

/// The agency is the one that is named, or that this browser knows; without any, what holds everywhere is said.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(asked): Params<Said>,
) -> Result<Response, Instead> {
    guest.sees_who_is_here(&web).await;
    let codes = Codes { client: asked.client, societe: asked.societe };
    let is_named = codes != Codes::default() || asked.find == "agency" || codes::were_sent(&guest);
    let (guest, agency) = if is_named {
        let (guest, agency) = codes::look_up(&web, guest, codes, PATH).await?;
        (guest, Some(agency))
    } else {
        if guest.known().is_none() {
            guest.learn_of_run(&web).await;
        }
        let known = guest.known().cloned();
        (guest, known)
    };
    let page = page(&web, agency.as_deref());
    Ok(guest.page(&web, agency.as_deref(), &page))
}

const PATH: &str = "/trouble";

fn page(web: &Web, agency: Option<&Agency>) -> TroublePage {
    TroublePage {
        forgotten_url: agency.map_or_else(|| wording::FORGOTTEN_BY_EMAIL.to_owned(), wording::forgotten_path),
        sign_in_url: wording::login_path(agency),
        keeps_identifier: agency.is_some_and(|agency| agency.policy.identifier == Identifier::Legacy),
        contact: match agency {
            None => Contact::Unknown,
            Some(agency) if agency.brand.is_reachable() || web.app.current.edition().portal.is_reachable() => {
                Contact::Here
            }
            Some(_) => Contact::InLetters,
        },
        other_agency: agency.and_then(|agency| shared_host::way_to_others(web, agency)),
    }
}
