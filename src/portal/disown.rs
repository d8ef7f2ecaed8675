//! « Ce n'est pas moi », in a letter that asks for a proof (ATT-18, decision 38).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::letters::{Link, closed};
use super::not_me;
use crate::app::Fault;
use crate::app::disown::{self, Doubts};
use crate::pages::portal::NotMePage;
use crate::web::Web;
use crate::web::fields::Fields;
use crate::web::guest::Guest;
use crate::web::query::Params;

/// « Ce n'est pas moi »: a question first, because scanners open links and press what they find.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    mut guest: Guest,
    Params(link): Params<Link>,
) -> Result<Response, Fault> {
    guest.sees_who_is_here(&web).await;
    let secret = link.secret();
    Ok(match disown::doubted(&web.app, &secret).await? {
        Doubts::Of(doubted) => {
            let page = not_me::question(&secret, &doubted.request, "/confirm/disown", doubted.agency.as_deref());
            let page = NotMePage { held: doubted.is_held, ..page };
            guest.page(&web, doubted.agency.as_deref(), &page)
        }
        Doubts::Not(why) => return closed(&web, guest, &why, &secret).await,
    })
}

pub(super) async fn submit(State(web): State<Arc<Web>>, mut guest: Guest, fields: Fields) -> Result<Response, Fault> {
    let secret = fields.secret("secret");
    guest.stands_at(Link::path("/confirm/disown", &secret));
    Ok(match disown::disown(&web.app, &guest.caller, &secret).await? {
        Doubts::Of(doubted) => not_me::heard(&web, guest, doubted.agency.as_deref()),
        Doubts::Not(why) => return closed(&web, guest, &why, &secret).await,
    })
}
