//! What belongs to one browser: a code on its way to an agency's host, and the secret of a device; and whose access is
//! withdrawn while something else is under way.

use std::sync::Arc;

use super::{ANNE, FIRST, Ground, OLD, SECOND, account, attempt_with, caller, named};
use crate::app::Caller;
use crate::app::attempt::{Credentials, Outcome};
use crate::app::hand_over::{self, Handed};
use crate::app::recover::{self, Reset};
use crate::app::sign_in;
use crate::app::wizard::join;
use crate::app::wizard::step::Stepped;
use crate::domain::credential::Meant;
use crate::domain::lockout::Attempts;
use crate::domain::migration::Step;
use crate::domain::path::ReturnPath;
use crate::domain::routing::{Host, House};
use crate::domain::secret::{Secret, long_secret};
use crate::telemetry::SystemDice;

on_every_ground! {
    a24_a_code_is_worth_nothing_in_a_browser_with_another_secret_and_burnt_there,
    f02_a_device_that_nobody_was_known_on_gets_a_secret_of_its_own,
    e11_whose_access_is_withdrawn_while_the_password_is_compared_gets_no_account,
    e11_whose_access_is_withdrawn_gets_no_letter_for_a_reset,
    att_25_an_old_password_explains_itself_under_every_spelling_but_not_of_whose_access_is_withdrawn,
    f01_a_reset_takes_the_lock_away,
}

async fn a24_a_code_is_worth_nothing_in_a_browser_with_another_secret_and_burnt_there(ground: Ground) {
    let session = ground.sign_in(FIRST).await.expect("in").session;
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let host = Host::House(House { agency: Arc::clone(&agency), account: None });
    for is_own in [true, false] {
        let (own, another) = (long_secret(&SystemDice), long_secret(&SystemDice));
        let return_to = ReturnPath::parse_or_home("/membre/x");
        let request =
            hand_over::Request { agency: &agency, account: None, browser: own.digest(), return_to: &return_to };
        let handed = hand_over::hand_over(&ground.app, &caller(), &session, request).await.expect("asked");
        let Handed::Code(code) = handed else { panic!("{handed:?}") };
        let first = if is_own { &own } else { &another };
        let entered = hand_over::enter(&ground.app, &host, &code, first).await.expect("asked");
        assert_eq!(entered.is_some(), is_own);
        let again = hand_over::enter(&ground.app, &host, &code, &own).await.expect("asked");
        assert!(again.is_none(), "once, wherever");
    }
}

async fn f02_a_device_that_nobody_was_known_on_gets_a_secret_of_its_own(ground: Ground) {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let sign_in_with = |device: Secret| {
        let (app, agency) = (Arc::clone(&ground.app), Arc::clone(&agency));
        async move {
            let here = Caller { device: Some(device), ..caller() };
            let password = Secret::new(FIRST);
            let credentials = Credentials { login: ANNE, password, meant: Meant::Either, keep: false, agency };
            match sign_in::sign_in(&app, &here, credentials).await.expect("an outcome") {
                Outcome::SignedIn(signed_in) => signed_in.device,
                other => panic!("{other:?}"),
            }
        }
    };
    // Somebody may have planted it, to be known there too.
    let planted = long_secret(&SystemDice);
    let given = sign_in_with(planted.clone()).await;
    assert_ne!(given.digest(), planted.digest());
    let again = sign_in_with(given.clone()).await;
    assert_eq!(again.digest(), given.digest(), "what is known stays");
    let mut tx = ground.app.store.read().await.expect("a reader");
    assert!(!tx.is_known_device(planted.digest(), ground.app.now()).await.expect("asked"));
}

async fn e11_whose_access_is_withdrawn_while_the_password_is_compared_gets_no_account(ground: Ground) {
    let there = caller();
    ground.run(&there, "bruno-1", Step::Join { identity: None, email: None }).await;
    let mut compared = ground.app.hasher.hold();
    let joined = {
        let app = ground.app.clone();
        tokio::spawn(async move { join::join(&app, &there, ANNE, Secret::new(FIRST), None).await })
    };
    compared.reached().await;
    disable(&ground).await;
    compared.release();
    let joined = joined.await.expect("no panic").expect("an outcome");
    assert!(matches!(joined, Stepped::Wrong(_)), "{joined:?}");
    assert_eq!(ground.accounts().await, ["anne-1"]);
}

async fn e11_whose_access_is_withdrawn_gets_no_letter_for_a_reset(ground: Ground) {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    for login in [ANNE, "anne-1"] {
        let before = ground.letters_to(ANNE).await;
        recover::ask(&ground.app, &caller(), &named(login), Some(&agency)).await.expect("asked");
        assert_eq!(ground.letters_to(ANNE).await, before + 1, "{login}");
    }
    disable(&ground).await;
    for login in [ANNE, "anne-1"] {
        recover::ask(&ground.app, &caller(), &named(login), Some(&agency)).await.expect("asked");
        assert_eq!(ground.letters_to(ANNE).await, 2, "{login}");
    }
}

async fn att_25_an_old_password_explains_itself_under_every_spelling_but_not_of_whose_access_is_withdrawn(
    ground: Ground,
) {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let old = ground.app.hasher.hash(Secret::new(OLD)).await.expect("room");
    let mut tx = ground.app.store.write().await.expect("a turn");
    tx.set_old_digest(&agency.code, &account("anne-1").login, &old).await.expect("kept");
    tx.commit().await.expect("a commit");
    // No password is kept for the extranet: only who says that it is the agency's new one has the extranet asked.
    for is_disabled in [false, true] {
        if is_disabled {
            disable(&ground).await;
        }
        for login in ["anne-1", "ANNE-1", "ànne-1"] {
            let outcome = attempt_with(&ground.app, login, OLD).await;
            let is_told = matches!(outcome, Outcome::OldCredentials(_));
            assert!(is_told != is_disabled && (is_told || matches!(outcome, Outcome::Refused)), "{login}: {outcome:?}");
        }
    }
}

async fn f01_a_reset_takes_the_lock_away(ground: Ground) {
    let now = ground.app.now();
    ground.counted(&Attempts { streak: 25, today: 25, day_start: Some(now), last: Some(now) }).await;
    assert!(ground.sign_in(FIRST).await.is_none());
    let (link, confirmation) = (ground.reset_link().await, Secret::new(SECOND));
    let reset = recover::reset(&ground.app, &caller(), (&link, None), Secret::new(SECOND), &confirmation).await;
    assert!(matches!(reset, Ok(Reset::Done { .. })), "{reset:?}");
    assert!(ground.sign_in(SECOND).await.is_some());
}

async fn disable(ground: &Ground) {
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_disabled(&ground.anne, Some(ground.app.now())).await.expect("asked"));
    tx.commit().await.expect("a commit");
}
