//! A reset by code (c11): what happens at the same time, and what is counted of whom.

use futures_util::future::join_all;

use super::{ANNE, FIRST, Ground, SECOND, THIRD, caller, named, warned};
use crate::app::acting::Acting;
use crate::app::recover::{self, Opened, Reset};
use crate::app::recover_by_code;
use crate::app::throttle::codes_of_person_key;
use crate::app::{Caller, support};
use crate::domain::policy::ProofMethod;
use crate::domain::recovery::asked_by;
use crate::domain::secret::{Secret, SecretDigest, eight_digits};
use crate::domain::support::Reason;
use crate::telemetry::SystemDice;

const NOBODY: &str = "personne@residents.example";

on_every_ground! {
    c11_of_right_codes_at_once_some_lead_on_and_one_password_is_set,
    c11_codes_that_are_typed_at_once_share_one_budget,
    c11_a_code_of_who_is_disabled_meanwhile_opens_nothing,
    c11_a_link_that_a_code_led_to_dies_with_the_next_letter,
    law_006_a_letter_to_a_fresh_address_has_a_link_which_waits_and_no_code,
    f03_codes_are_counted_alike_for_a_person_and_for_nobody,
}

async fn c11_of_right_codes_at_once_some_lead_on_and_one_password_is_set(ground: Ground) {
    let here = caller();
    let code = asked(&ground, &here).await;
    let links = join_all((0..8).map(|_| typed(&ground, &here, ANNE, code.expose()))).await;
    let links: Vec<Secret> = links.into_iter().flatten().collect();
    assert_eq!(links.len(), 5, "as many as there are tries");
    let mut hashed = ground.app.hasher.hold();
    let slow = {
        let (app, link) = (ground.app.clone(), links[0].clone());
        tokio::spawn(async move {
            recover::reset(&app, &caller(), (&link, None), Secret::new(THIRD), &Secret::new(THIRD))
                .await
                .expect("an outcome")
        })
    };
    hashed.reached().await;
    let quick = reset(&ground, &links[1], SECOND).await;
    assert!(matches!(quick, Reset::Done { .. }), "{quick:?}");
    hashed.release();
    let slow = slow.await.expect("no panic");
    assert!(matches!(slow, Reset::Not(Opened::Used)), "{slow:?}");
    assert!(ground.sign_in(SECOND).await.is_some() && ground.sign_in(THIRD).await.is_none());
    assert!(typed(&ground, &here, ANNE, code.expose()).await.is_none(), "used");
}

async fn c11_codes_that_are_typed_at_once_share_one_budget(ground: Ground) {
    let here = caller();
    let code = asked(&ground, &here).await;
    let wrong = other_than(&code);
    let opened = join_all((0..12).map(|_| typed(&ground, &here, ANNE, &wrong))).await;
    assert!(opened.iter().all(Option::is_none));
    assert!(typed(&ground, &here, ANNE, code.expose()).await.is_none(), "dead");
    let code = asked(&ground, &here).await;
    assert!(typed(&ground, &here, ANNE, code.expose()).await.is_some(), "the next one is not");
}

async fn c11_a_code_of_who_is_disabled_meanwhile_opens_nothing(ground: Ground) {
    let here = caller();
    let code = asked(&ground, &here).await;
    let why = Reason::parse("by order of the agency").expect("a reason");
    support::disable(&ground.app, &Acting::operator("person"), &ground.anne, &why).await.expect("asked");
    assert!(typed(&ground, &here, ANNE, code.expose()).await.is_none());
}

async fn c11_a_link_that_a_code_led_to_dies_with_the_next_letter(ground: Ground) {
    let here = caller();
    let code = asked(&ground, &here).await;
    let link = typed(&ground, &here, ANNE, code.expose()).await.expect("right");
    let next = asked(&ground, &caller()).await;
    let over = reset(&ground, &link, SECOND).await;
    assert!(matches!(over, Reset::Not(Opened::Superseded)), "{over:?}");
    assert!(typed(&ground, &here, ANNE, code.expose()).await.is_none());
    assert!(typed(&ground, &here, ANNE, next.expose()).await.is_none(), "in the browser that did not ask for it");
    assert!(ground.sign_in(FIRST).await.is_some());
}

async fn law_006_a_letter_to_a_fresh_address_has_a_link_which_waits_and_no_code(ground: Ground) {
    warned(&ground).await;
    let (here, email) = (caller(), ground.credential().await.email.to_string());
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    assert_eq!(agency.policy.confirmation, ProofMethod::Both);
    recover::ask(&ground.app, &here, &named(&email), Some(&agency)).await.expect("asked");
    let mut tx = ground.app.store.read().await.expect("a reader");
    let asked = tx.recovery_asked_by(place(&here, &email)).await.expect("asked").expect("a reset");
    let terms = tx.recovery_terms(&asked.id).await.expect("asked").expect("a reset");
    assert_eq!(terms.method, ProofMethod::Link);
}

async fn f03_codes_are_counted_alike_for_a_person_and_for_nobody(ground: Ground) {
    let (anne, nobody) = (caller(), caller());
    let code = asked(&ground, &anne).await;
    let wrong = other_than(&code);
    for code in [wrong.as_str(), "pas un code", &wrong, "", &wrong] {
        assert!(typed(&ground, &anne, ANNE, code).await.is_none());
        assert!(typed(&ground, &nobody, NOBODY, code).await.is_none());
    }
    let keys = [codes_of_person_key(&ground.anne), format!("code:{}", place(&nobody, NOBODY).to_hex())];
    let mut tx = ground.app.store.write().await.expect("a turn");
    for key in &keys {
        let (attempts, version) = tx.attempts(key).await.expect("asked");
        assert_eq!((attempts.streak, attempts.today), (3, 3), "{key}");
        let many = crate::domain::lockout::Attempts { streak: 25, today: 25, ..attempts };
        assert!(tx.save_attempts(key, &many, version).await.expect("asked"));
    }
    tx.commit().await.expect("a commit");
    assert!(typed(&ground, &anne, ANNE, code.expose()).await.is_none(), "locked");
    assert!(typed(&ground, &nobody, NOBODY, code.expose()).await.is_none());
    let mut tx = ground.app.store.read().await.expect("a reader");
    for key in &keys {
        assert_eq!(tx.attempts(key).await.expect("asked").0.today, 25, "{key}: what is refused is not counted");
    }
}

/// Asks for Anne's reset there and gives the code of its letter, as if it had just been sent.
async fn asked(ground: &Ground, here: &Caller) -> Secret {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    recover::ask(&ground.app, here, &named(ANNE), Some(&agency)).await.expect("asked");
    let code = eight_digits(&SystemDice);
    let mut tx = ground.app.store.write().await.expect("a turn");
    let asked = tx.recovery_asked_by(place(here, ANNE)).await.expect("asked").expect("a reset");
    let digest = ground.app.vault.as_ref().expect("a vault").code_digest(&asked.id, &code);
    assert!(tx.mark_recovery_sent(&asked.id, Some(&digest), None, ground.app.now()).await.expect("asked"));
    tx.commit().await.expect("a commit");
    code
}

async fn typed(ground: &Ground, here: &Caller, login: &str, code: &str) -> Option<Secret> {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    recover_by_code::type_code(&ground.app, here, Some(&agency), &named(login), code).await.expect("an outcome")
}

fn place(here: &Caller, login: &str) -> SecretDigest {
    let agency = super::account("anne-1").agency;
    asked_by(&here.browser, Some(&agency), &named(login))
}

async fn reset(ground: &Ground, link: &Secret, password: &str) -> Reset {
    let confirmation = Secret::new(password);
    recover::reset(&ground.app, &caller(), (link, None), Secret::new(password), &confirmation)
        .await
        .expect("an outcome")
}

fn other_than(code: &Secret) -> String {
    let number: u32 = code.expose().parse().expect("eight digits");
    format!("{:08}", (number + 1) % 100_000_000)
}
