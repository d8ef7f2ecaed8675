//! An address that the agency alone changes (003), at the very moment when it becomes so; and requests that come at once.

use std::sync::Arc;

use futures_util::future::join_all;

use super::not_me::{NEW, asked};
use super::{ANNE, FIRST, Ground, address, caller, support};
use crate::app::address_request::{self, Requested};
use crate::app::change_email::{self, Answered, Request};
use crate::app::own_reset::{self, OwnReset};
use crate::domain::address_request::REQUESTS_A_DAY;
use crate::domain::policy::EmailChange;
use crate::domain::routing::Directory;
use crate::domain::secret::Secret;
use crate::edition::Edition;

const CONTACT: &str = "contact@port.example";

on_every_ground! {
    c06_whoever_confirms_or_asks_while_the_agency_takes_the_address_over_changes_nothing,
    c06_of_many_requests_at_once_three_are_sent,
    c10_of_many_who_ask_at_once_for_their_own_reset_one_letter_comes,
}

impl Ground {
    /// The agency changes addresses itself from now on, and says where it is written to.
    fn keeps_addresses(&self) {
        let settings = support::settings();
        let kept = settings.agencies.into_iter().map(|mut agency| {
            agency.policy.email_change = EmailChange::Agency;
            agency.brand.support_email = Some(CONTACT.to_owned());
            agency
        });
        let directory = Arc::new(Directory::new(settings.portal.origin, kept));
        self.app.current.replace(Edition { directory, ..(*self.app.current.edition()).clone() });
    }
}

async fn c06_whoever_confirms_or_asks_while_the_agency_takes_the_address_over_changes_nothing(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let (code, link) = asked(&ground, &here).await;
    let mut compared = ground.app.hasher.hold();
    let confirmed = {
        let (app, link) = (ground.app.clone(), link.clone());
        tokio::spawn(async move { change_email::confirm(&app, &caller(), &link, None, Secret::new(FIRST)).await })
    };
    compared.reached().await;
    ground.keeps_addresses();
    compared.release();
    assert_eq!(confirmed.await.expect("no panic").expect("asked"), Answered::Agencys);
    let typed = change_email::type_code(&ground.app, &caller(), &here, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Agencys);
    let again = change_email::ask(&ground.app, &caller(), &here, NEW, NEW, Secret::new(FIRST)).await.expect("asked");
    assert_eq!(again, Request::Agencys);
    assert_eq!(ground.credential().await.email, address(ANNE));
}

async fn c06_of_many_requests_at_once_three_are_sent(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let early = address_request::ask(&ground.app, &caller(), &here, NEW, "").await.expect("asked");
    assert_eq!(early, Requested::Nothing, "the person changes it alone");
    ground.keeps_addresses();
    let here = &here;
    let requests = (0..6).map(|_| {
        let app = ground.app.clone();
        async move { address_request::ask(&app, &caller(), here, NEW, "Bonjour").await.expect("asked") }
    });
    let requests = join_all(requests).await;
    let of = |outcome: Requested| requests.iter().filter(|request| **request == outcome).count();
    let most = REQUESTS_A_DAY as usize;
    assert_eq!((of(Requested::Sent), of(Requested::Enough)), (most, 6 - most), "{requests:?}");
    assert_eq!((ground.letters_to(CONTACT).await, ground.letters_to(ANNE).await), (most, most));
}

async fn c10_of_many_who_ask_at_once_for_their_own_reset_one_letter_comes(ground: Ground) {
    let here = &ground.sign_in(FIRST).await.expect("in").session;
    let browser = caller();
    let asked = (0..4).map(|_| own_reset::ask(&ground.app, &browser, here, None));
    for asked in join_all(asked).await {
        let asked = asked.expect("asked");
        assert!(matches!(&asked, OwnReset::Sent { email, .. } if *email == address(ANNE)), "{asked:?}");
    }
    assert_eq!(ground.letters_to(ANNE).await, 1);
}
