//! A reset is final: nothing is written over it that was read before (review B0, B2).

use super::{ANNE, FIRST, Ground, SECOND, THIRD, address, caller};
use crate::app::change_email::{self, Answered, Request};
use crate::app::change_password::{self, Changed};
use crate::app::detach::{self, Detached};
use crate::app::links::Closed;
use crate::app::recover::{self, Opened, Reset};
use crate::app::switch_account::{self, Switched};
use crate::app::{accept_terms, hand_over};
use crate::domain::identity::{AccountLabel, LinkId};
use crate::domain::path::ReturnPath;
use crate::domain::secret::{Secret, eight_digits, long_secret};
use crate::domain::session::Session;
use crate::telemetry::SystemDice;

const NEW: &str = "anne.martin@courriel.example";

on_every_ground! {
    review_b0_a_reset_beats_a_change_of_password_that_was_under_way,
    review_b0_a_change_of_password_leaves_the_reset_that_was_asked_for,
    review_b0_a_session_that_a_reset_ended_does_not_come_back,
    review_b0_who_changes_the_password_twice_stays_signed_in,
    review_b0_of_two_changes_at_once_one_is_told_that_the_password_is_another,
    review_b0_an_act_of_a_page_whose_session_has_ended_writes_nothing,
    review_b2_a_sign_in_that_raises_the_cost_does_not_bring_the_old_password_back,
    review_b2_a_sign_in_that_raises_the_cost_leaves_a_reset_alone,
    review_b2_a_password_that_is_raised_meanwhile_can_be_changed,
    sec_042_a_reset_ends_a_change_of_address_with_its_code_and_its_link,
    sec_042_a_change_of_password_ends_a_change_of_address_too,
    sec_042_a_change_of_address_that_was_under_way_dies_with_the_reset,
    sec_042_the_link_asks_for_the_password_that_is_valid_when_it_is_kept,
    sec_042_another_change_of_address_ends_the_one_before_for_good,
    sec_046_a_reset_link_of_the_address_from_before_dies_with_the_change,
    review_b7_a_new_password_is_new_to_every_device,
    review_b20_of_two_letters_that_are_asked_for_at_once_one_is_sent_and_told,
    review_b24_a_code_past_its_time_is_not_counted_against_the_person,
}

async fn review_b0_a_reset_beats_a_change_of_password_that_was_under_way(ground: Ground) {
    let thief = ground.sign_in(FIRST).await.expect("in");
    let link = ground.reset_link().await;
    let (app, session) = (ground.app.clone(), thief.session.clone());
    let mut compared = ground.app.hasher.hold();
    let change = tokio::spawn(async move { change(&app, &session, FIRST, THIRD).await });
    compared.reached().await;
    let mut hashed = ground.app.hasher.hold();
    compared.release();
    hashed.reached().await;
    reset(&ground, &link, SECOND).await;
    hashed.release();
    assert_eq!(change.await.expect("no panic"), Changed::SessionOver);
    assert!(!ground.stands(&thief.cookie).await, "the thief is out");
    assert!(ground.sign_in(THIRD).await.is_none() && ground.sign_in(FIRST).await.is_none());
    assert!(ground.sign_in(SECOND).await.is_some(), "the owner is in");
}

async fn review_b0_a_change_of_password_leaves_the_reset_that_was_asked_for(ground: Ground) {
    let thief = ground.sign_in(FIRST).await.expect("in");
    let link = ground.reset_link().await;
    assert_eq!(change(&ground.app, &thief.session, FIRST, THIRD).await, Changed::Done);
    reset(&ground, &link, SECOND).await;
    assert!(!ground.stands(&thief.cookie).await);
    assert!(ground.sign_in(THIRD).await.is_none() && ground.sign_in(SECOND).await.is_some());
    let again = recover::open_link(&ground.app, &link, None).await.expect("asked");
    assert!(matches!(again, Opened::Used), "{again:?}");
}

async fn review_b0_a_session_that_a_reset_ended_does_not_come_back(ground: Ground) {
    let thief = ground.sign_in(FIRST).await.expect("in");
    reset(&ground, &ground.reset_link().await, SECOND).await;
    // As an act that looked before the reset would, and did not look again.
    let mut tx = ground.app.store.write().await.expect("a turn");
    let spared = Some(&thief.session.id);
    ground.app.sessions.end_all_of(&mut tx, &ground.anne, spared).await.expect("ended");
    tx.commit().await.expect("a commit");
    assert!(!ground.stands(&thief.cookie).await);
}

async fn review_b0_who_changes_the_password_twice_stays_signed_in(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in");
    let elsewhere = ground.sign_in(FIRST).await.expect("in");
    for (before, after) in [(FIRST, SECOND), (SECOND, THIRD), (THIRD, FIRST)] {
        let session = ground.app.sessions.of_portal(&here.cookie, ground.app.now()).await.expect("asked");
        let session = session.expect("signed in here");
        assert_eq!(change(&ground.app, &session, before, after).await, Changed::Done);
        assert!(ground.stands(&here.cookie).await && !ground.stands(&elsewhere.cookie).await);
    }
}

async fn review_b0_of_two_changes_at_once_one_is_told_that_the_password_is_another(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in");
    let (app, session) = (ground.app.clone(), here.session.clone());
    let mut compared = ground.app.hasher.hold();
    let slow = tokio::spawn(async move { change(&app, &session, FIRST, THIRD).await });
    compared.reached().await;
    assert_eq!(change(&ground.app, &here.session, FIRST, SECOND).await, Changed::Done);
    compared.release();
    assert_eq!(slow.await.expect("no panic"), Changed::CurrentRefused);
    assert!(ground.sign_in(SECOND).await.is_some() && ground.sign_in(THIRD).await.is_none());
}

async fn review_b0_an_act_of_a_page_whose_session_has_ended_writes_nothing(ground: Ground) {
    let app = &ground.app;
    let thief = ground.sign_in(FIRST).await.expect("in").session;
    // What was looked up before is what the page goes on with.
    assert_eq!(ask(&ground, &thief, FIRST).await, Request::LetterSent);
    reset(&ground, &ground.reset_link().await, SECOND).await;
    let label = AccountLabel::of(&LinkId::stored("l"));
    let agency = app.agency("CA", "SA").expect("the agency");
    assert_eq!(change(app, &thief, SECOND, THIRD).await, Changed::SessionOver);
    assert_eq!(ask(&ground, &thief, SECOND).await, Request::SessionOver);
    assert_eq!(change_email::resend(app, &caller(), &thief).await.expect("asked"), change_email::Resent::SessionOver);
    assert!(!change_email::cancel(app, &thief).await.expect("asked"));
    let detached = detach::detach(app, &caller(), &thief, &label, Secret::new(SECOND)).await.expect("asked");
    assert_eq!(detached, Detached::SessionOver);
    let switched = switch_account::switch(app, &caller(), &thief, &label).await.expect("asked");
    assert!(matches!(switched, Switched::SessionOver), "{switched:?}");
    let request = hand_over::Request {
        agency: &agency,
        account: None,
        browser: long_secret(&SystemDice).digest(),
        return_to: &ReturnPath::parse_or_home("/"),
    };
    let handed = hand_over::hand_over(app, &caller(), &thief, request).await.expect("asked");
    assert!(matches!(handed, hand_over::Handed::SessionOver), "{handed:?}");
    let with_terms = crate::domain::agency::Agency {
        terms: Some(crate::domain::terms::TermsText { version: "1".to_owned(), text: "x".into() }),
        ..(*agency).clone()
    };
    assert!(!accept_terms::accept(app, &caller(), &thief, &with_terms).await.expect("asked"));
    assert!(!app.sessions.rotate(&thief, &long_secret(&SystemDice), app.now()).await.expect("asked"));
    let mut tx = app.store.read().await.expect("a reader");
    assert_eq!(tx.links_of(&ground.anne).await.expect("asked").len(), 1);
    assert_eq!(tx.pending_email_change(&ground.anne).await.expect("asked"), None);
}

async fn review_b2_a_sign_in_that_raises_the_cost_does_not_bring_the_old_password_back(ground: Ground) {
    let ground = ground.raised();
    let link = ground.reset_link().await;
    let app = ground.app.clone();
    let mut compared = ground.app.hasher.hold();
    let sign_in = tokio::spawn(async move { super::attempt(&app, FIRST).await });
    compared.reached().await;
    reset(&ground, &link, SECOND).await;
    compared.release();
    let outcome = sign_in.await.expect("no panic");
    assert!(matches!(outcome, super::Outcome::Refused), "{outcome:?}");
    assert!(ground.sign_in(FIRST).await.is_none() && ground.sign_in(SECOND).await.is_some());
}

async fn review_b2_a_sign_in_that_raises_the_cost_leaves_a_reset_alone(ground: Ground) {
    let ground = ground.raised();
    let link = ground.reset_link().await;
    assert!(ground.sign_in(FIRST).await.is_some());
    assert!(ground.credential().await.password.as_str().contains("m=128"), "raised");
    reset(&ground, &link, SECOND).await;
}

async fn review_b2_a_password_that_is_raised_meanwhile_can_be_changed(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in");
    let ground = ground.raised();
    let (app, session) = (ground.app.clone(), here.session);
    let mut compared = ground.app.hasher.hold();
    let change = tokio::spawn(async move { change(&app, &session, FIRST, SECOND).await });
    compared.reached().await;
    assert!(ground.sign_in(FIRST).await.is_some(), "which raises it");
    compared.release();
    assert_eq!(change.await.expect("no panic"), Changed::Done);
    assert!(ground.sign_in(SECOND).await.is_some());
}

async fn sec_042_a_reset_ends_a_change_of_address_with_its_code_and_its_link(ground: Ground) {
    let mallory = ground.sign_in(FIRST).await.expect("in");
    assert_eq!(ask(&ground, &mallory.session, FIRST).await, Request::LetterSent);
    let (code, link) = letter(&ground).await;
    reset(&ground, &ground.reset_link().await, SECOND).await;
    nothing_comes_of_it(&ground, &code, &link, SECOND).await;
}

async fn sec_042_a_change_of_password_ends_a_change_of_address_too(ground: Ground) {
    let mallory = ground.sign_in(FIRST).await.expect("in");
    assert_eq!(ask(&ground, &mallory.session, FIRST).await, Request::LetterSent);
    let (code, link) = letter(&ground).await;
    let owner = ground.sign_in(FIRST).await.expect("in");
    assert_eq!(change(&ground.app, &owner.session, FIRST, SECOND).await, Changed::Done);
    nothing_comes_of_it(&ground, &code, &link, SECOND).await;
}

async fn sec_042_a_change_of_address_that_was_under_way_dies_with_the_reset(ground: Ground) {
    let mallory = ground.sign_in(FIRST).await.expect("in");
    let link = ground.reset_link().await;
    let mut compared = ground.app.hasher.hold();
    let asked = {
        let (app, session) = (ground.app.clone(), mallory.session.clone());
        tokio::spawn(async move {
            change_email::ask(&app, &caller(), &session, NEW, NEW, Secret::new(FIRST)).await.expect("asked")
        })
    };
    compared.reached().await;
    reset(&ground, &link, SECOND).await;
    compared.release();
    assert_eq!(asked.await.expect("no panic"), Request::SessionOver);
    let mut tx = ground.app.store.read().await.expect("a reader");
    assert_eq!(tx.pending_email_change(&ground.anne).await.expect("asked"), None);
}

async fn sec_042_the_link_asks_for_the_password_that_is_valid_when_it_is_kept(ground: Ground) {
    let mallory = ground.sign_in(FIRST).await.expect("in");
    assert_eq!(ask(&ground, &mallory.session, FIRST).await, Request::LetterSent);
    let (_, link) = letter(&ground).await;
    let wrong = change_email::confirm(&ground.app, &caller(), &link, None, Secret::new("")).await.expect("asked");
    assert_eq!(wrong, Answered::PasswordRefused, "in whatever browser");
    let mut compared = ground.app.hasher.hold();
    let confirmed = {
        let (app, link) = (ground.app.clone(), link.clone());
        tokio::spawn(async move { change_email::confirm(&app, &caller(), &link, None, Secret::new(FIRST)).await })
    };
    compared.reached().await;
    reset(&ground, &ground.reset_link().await, SECOND).await;
    compared.release();
    let confirmed = confirmed.await.expect("no panic").expect("asked");
    assert_eq!(confirmed, Answered::PasswordRefused);
    assert_eq!(ground.credential().await.email, address(ANNE));
}

async fn sec_042_another_change_of_address_ends_the_one_before_for_good(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    assert_eq!(ask(&ground, &here, FIRST).await, Request::LetterSent);
    let (_, first) = letter(&ground).await;
    assert_eq!(ask(&ground, &here, FIRST).await, Request::LetterSent);
    let (code, _) = letter(&ground).await;
    let press = || async {
        let password = Secret::new(FIRST);
        change_email::confirm(&ground.app, &caller(), &first, None, password).await.expect("asked")
    };
    assert_eq!(press().await, Answered::Nothing);
    let typed = change_email::type_code(&ground.app, &caller(), &here, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Changed);
    // Nor does it come back once the other one is over.
    assert_eq!(press().await, Answered::Nothing);
    let mut tx = ground.app.store.read().await.expect("a reader");
    assert_eq!(tx.pending_email_change(&ground.anne).await.expect("asked"), None);
}

async fn sec_046_a_reset_link_of_the_address_from_before_dies_with_the_change(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let old = ground.reset_link().await;
    assert_eq!(ask(&ground, &here, FIRST).await, Request::LetterSent);
    let (code, _) = letter(&ground).await;
    let open = recover::open_link(&ground.app, &old, None).await.expect("asked");
    assert!(matches!(open, Opened::Form { .. }), "{open:?}");
    let typed = change_email::type_code(&ground.app, &caller(), &here, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Changed);
    ground.age(jiff::SignedDuration::from_hours(25)).await;
    let over = recover::open_link(&ground.app, &old, None).await.expect("asked");
    assert!(matches!(over, Opened::Superseded), "{over:?}");
    let confirmation = Secret::new(SECOND);
    let set = recover::reset(&ground.app, &caller(), (&old, None), Secret::new(SECOND), &confirmation).await;
    assert!(matches!(set, Ok(Reset::Not(Opened::Superseded))), "{set:?}");
}

async fn review_b7_a_new_password_is_new_to_every_device(ground: Ground) {
    for by_reset in [false, true] {
        let elsewhere = ground.sign_in(FIRST).await.expect("in");
        let here = ground.sign_in(FIRST).await.expect("in");
        let knows = || async {
            let mut tx = ground.app.store.read().await.expect("a reader");
            let device = elsewhere.device.digest();
            tx.knows_on_device(device, &ground.anne, ground.app.now()).await.expect("asked")
        };
        assert!(knows().await);
        if by_reset {
            reset(&ground, &ground.reset_link().await, SECOND).await;
        } else {
            assert_eq!(change(&ground.app, &here.session, FIRST, SECOND).await, Changed::Done);
        }
        assert!(!knows().await, "{by_reset}");
        ground.as_at_first().await;
    }
}

async fn review_b20_of_two_letters_that_are_asked_for_at_once_one_is_sent_and_told(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    assert_eq!(ask(&ground, &here, FIRST).await, Request::LetterSent);
    let mut tx = ground.app.store.write().await.expect("a turn");
    let long_ago = ground.app.now().checked_sub(jiff::SignedDuration::from_hours(1)).expect("a time");
    tx.set_back(jiff::SignedDuration::from_secs(120), 0, long_ago).await.expect("everything is two minutes older");
    tx.commit().await.expect("a commit");
    let presses = (0..8).map(|_| async { change_email::resend(&ground.app, &caller(), &here).await.expect("asked") });
    let said = futures_util::future::join_all(presses).await;
    let sent = said.iter().filter(|said| **said == change_email::Resent::Sent).count();
    let later = said.iter().filter(|said| matches!(said, change_email::Resent::Later(1..=60))).count();
    assert_eq!((sent, later), (1, 7), "{said:?}");
}

async fn review_b24_a_code_past_its_time_is_not_counted_against_the_person(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    assert_eq!(ask(&ground, &here, FIRST).await, Request::LetterSent);
    let (code, _) = letter_sent(&ground, jiff::SignedDuration::from_mins(11)).await;
    let said = change_email::type_code(&ground.app, &caller(), &here, code.expose()).await.expect("asked");
    assert_eq!(said, Answered::Expired);
    let mut tx = ground.app.store.read().await.expect("a reader");
    let (attempts, _) = tx.attempts("code:anne").await.expect("asked");
    assert_eq!((attempts.streak, attempts.today), (0, 0));
}

async fn change(app: &crate::app::App, session: &Session, current: &str, password: &str) -> Changed {
    let (current, confirmation) = (Secret::new(current), Secret::new(password));
    change_password::change(app, &caller(), session, current, Secret::new(password), &confirmation)
        .await
        .expect("an outcome")
}

async fn reset(ground: &Ground, link: &Secret, password: &str) {
    let confirmation = Secret::new(password);
    let done = recover::reset(&ground.app, &caller(), (link, None), Secret::new(password), &confirmation).await;
    assert!(matches!(done, Ok(Reset::Done { .. })), "{done:?}");
}

async fn ask(ground: &Ground, session: &Session, current: &str) -> Request {
    change_email::ask(&ground.app, &caller(), session, NEW, NEW, Secret::new(current)).await.expect("asked")
}

/// The code and the link of the letter to the new address, as if it had just been sent.
async fn letter(ground: &Ground) -> (Secret, Secret) {
    letter_sent(ground, jiff::SignedDuration::ZERO).await
}

async fn letter_sent(ground: &Ground, ago: jiff::SignedDuration) -> (Secret, Secret) {
    let (code, link) = (eight_digits(&SystemDice), long_secret(&SystemDice));
    let sent = ground.app.now().checked_sub(ago).expect("a time");
    let mut tx = ground.app.store.write().await.expect("a turn");
    let (id, _) = tx.pending_email_change(&ground.anne).await.expect("asked").expect("a change");
    let digest = ground.app.vault.as_ref().expect("a vault").code_digest(id.as_str(), &code);
    assert!(tx.mark_sent(&id, 1, Some(&digest), Some(link.digest()), sent).await.expect("asked"));
    tx.commit().await.expect("a commit");
    (code, link)
}

/// In the owner's own browser: neither the code nor the link of that letter changes the address.
async fn nothing_comes_of_it(ground: &Ground, code: &Secret, link: &Secret, password: &str) {
    let owner = ground.sign_in(password).await.expect("in").session;
    let typed = change_email::type_code(&ground.app, &caller(), &owner, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Nothing);
    let opened = change_email::open_link(&ground.app, link, None).await.expect("asked");
    assert!(matches!(opened, change_email::Opened::Not(Closed::Invalid)), "the link is none: {opened:?}");
    let pressed =
        change_email::confirm(&ground.app, &caller(), link, None, Secret::new(password)).await.expect("asked");
    assert_eq!(pressed, Answered::Nothing);
    assert_eq!(ground.credential().await.email, address(ANNE));
}
