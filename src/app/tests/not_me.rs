//! « Ce n'est pas moi », at the very moment when something else is kept.

use jiff::SignedDuration;

use super::{ANNE, FIRST, Ground, SECOND, THIRD, address, caller, warned};
use crate::app::App;
use crate::app::acting::Acting;
use crate::app::change_email::{self, Answered, Request};
use crate::app::change_password::{self, Changed};
use crate::app::disown::{self, Doubts};
use crate::app::not_me::{self, Opened, Undone};
use crate::app::recover::{self, Reset};
use crate::app::support;
use crate::domain::identity::IdentityId;
use crate::domain::secret::{Secret, eight_digits, long_secret};
use crate::domain::session::Session;
use crate::domain::support::Reason;
use crate::telemetry::SystemDice;

pub(super) const NEW: &str = "anne.martin@courriel.example";

on_every_ground! {
    att_18_a_hold_that_comes_while_the_password_of_a_change_of_address_is_compared_wins,
    att_18_a_letter_of_another_change_of_address_holds_nothing,
    law_006_while_the_owner_holds_no_address_is_changed_by_whatever_was_asked_before,
    law_006_an_undone_change_ends_what_was_begun_since,
    law_006_a_hold_counts_from_its_first_press,
    c09_a_reset_ends_what_was_held_because_of_the_password,
    law_006_a_hold_that_comes_while_a_reset_is_hashed_wins,
    law_006_of_many_who_undo_at_once_one_does,
    law_006_an_undone_change_beats_a_change_of_password_that_was_under_way,
    law_006_an_address_that_somebody_else_has_by_now_is_not_given_back,
    e11_whoever_is_disabled_while_the_password_is_compared_undoes_nothing,
}

async fn law_006_a_hold_that_comes_while_a_reset_is_hashed_wins(ground: Ground) {
    let warned = warned(&ground).await;
    let early = reset(&ground.app, &ground.reset_link().await).await;
    assert!(matches!(early, Reset::Not(recover::Opened::Waits { .. })), "{early:?}");
    // The address is old enough; whoever has its letter presses at the last moment.
    ground.age(SignedDuration::from_hours(24)).await;
    let link = ground.reset_link().await;
    let mut hashed = ground.app.hasher.hold();
    let reset = {
        let app = ground.app.clone();
        tokio::spawn(async move { reset(&app, &link).await })
    };
    hashed.reached().await;
    // The clock of this moment stands for a press that was under way.
    ground.age(SignedDuration::from_hours(-1)).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    hashed.release();
    let reset = reset.await.expect("no panic");
    assert!(matches!(reset, Reset::Not(recover::Opened::Waits { .. })), "{reset:?}");
    let login = ground.app.store.read().await.expect("a reader").credential_of(&ground.anne).await.expect("asked");
    assert_eq!(login.map(|login| login.email), Some(address(NEW)));
}

async fn law_006_of_many_who_undo_at_once_one_does(ground: Ground) {
    let warned = warned(&ground).await;
    let undone = (0..4).map(|_| undo(&ground, &warned, FIRST));
    let undone = futures_util::future::join_all(undone).await;
    let done = undone.iter().filter(|undone| matches!(undone, Undone::Done { .. })).count();
    let over = undone.iter().filter(|undone| matches!(undone, Undone::Not(Opened::Over))).count();
    assert_eq!((done, over), (1, 3), "{undone:?}");
    assert_eq!(ground.credential().await.email, address(ANNE));
}

async fn law_006_an_undone_change_beats_a_change_of_password_that_was_under_way(ground: Ground) {
    let warned = warned(&ground).await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_email(&ground.anne, &address(ANNE), ground.app.now()).await.expect("asked"));
    tx.commit().await.expect("a commit");
    let thief = ground.sign_in(FIRST).await.expect("in").session;
    let mut compared = ground.app.hasher.hold();
    let change = {
        let app = ground.app.clone();
        tokio::spawn(async move {
            let (current, confirmation) = (Secret::new(FIRST), Secret::new(THIRD));
            change_password::change(&app, &caller(), &thief, current, Secret::new(THIRD), &confirmation).await
        })
    };
    compared.reached().await;
    let undone = undo(&ground, &warned, FIRST).await;
    assert!(matches!(undone, Undone::Done { .. }), "{undone:?}");
    compared.release();
    assert_eq!(change.await.expect("no panic").expect("an outcome"), Changed::SessionOver);
    assert!(ground.sign_in(FIRST).await.is_some() && ground.sign_in(THIRD).await.is_none());
}

async fn law_006_an_address_that_somebody_else_has_by_now_is_not_given_back(ground: Ground) {
    let warned = warned(&ground).await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    let other = crate::domain::credential::Credential::of_address(
        crate::domain::credential::CredentialId::stored("other"),
        IdentityId::stored("other"),
        address(ANNE),
        crate::domain::password::PasswordHash::phc("$argon2id$none"),
    );
    let language = crate::domain::language::Language::Fr;
    assert!(tx.create_person(&other.identity, &other, language, ground.app.now()).await.expect("asked"));
    tx.commit().await.expect("a commit");
    let undone = undo(&ground, &warned, FIRST).await;
    assert!(matches!(undone, Undone::Taken), "{undone:?}");
    let wrong = undo(&ground, &warned, SECOND).await;
    assert!(matches!(wrong, Undone::PasswordRefused), "{wrong:?}");
    assert_eq!(ground.credential().await.email, address(NEW));
}

async fn e11_whoever_is_disabled_while_the_password_is_compared_undoes_nothing(ground: Ground) {
    let warned = warned(&ground).await;
    let mut compared = ground.app.hasher.hold();
    let undoing = {
        let (app, warned) = (ground.app.clone(), warned.clone());
        tokio::spawn(
            async move { not_me::undo(&app, &caller(), &warned, Secret::new(FIRST)).await.expect("an outcome") },
        )
    };
    compared.reached().await;
    let why = Reason::parse("by order of the agency").expect("a reason");
    assert!(
        support::disable(&ground.app, &Acting::operator("person"), &ground.anne, &why).await.expect("asked").is_some()
    );
    compared.release();
    let undone = undoing.await.expect("no panic");
    assert!(matches!(undone, Undone::PasswordRefused), "{undone:?}");
    assert_eq!(ground.credential().await.email, address(NEW));
}

async fn att_18_a_hold_that_comes_while_the_password_of_a_change_of_address_is_compared_wins(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let (_, link) = asked(&ground, &here).await;
    let confirm = |signed_in: Option<IdentityId>| {
        let (app, link) = (ground.app.clone(), link.clone());
        async move {
            let password = Secret::new(FIRST);
            change_email::confirm(&app, &caller(), &link, signed_in.as_ref(), password).await.expect("asked")
        }
    };
    let mut compared = ground.app.hasher.hold();
    let confirmed = tokio::spawn(confirm(None));
    compared.reached().await;
    let held = disown::disown(&ground.app, &caller(), &link).await.expect("asked");
    assert!(matches!(held, Doubts::Of(_)), "{held:?}");
    compared.release();
    assert_eq!(confirmed.await.expect("no panic"), Answered::Held);
    assert_eq!(ground.credential().await.email, address(ANNE));
    // Where the owner is signed in it goes on all the same, as the code does.
    assert_eq!(confirm(Some(IdentityId::stored("somebody else"))).await, Answered::Held);
    assert_eq!(confirm(Some(ground.anne.clone())).await, Answered::Changed);
}

async fn att_18_a_letter_of_another_change_of_address_holds_nothing(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let (_, first) = asked(&ground, &here).await;
    let (code, second) = asked(&ground, &here).await;
    let held = disown::disown(&ground.app, &caller(), &first).await.expect("asked");
    assert!(matches!(held, Doubts::Not(_)), "{held:?}");
    let typed = change_email::type_code(&ground.app, &caller(), &here, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Changed);
    let held = disown::disown(&ground.app, &caller(), &second).await.expect("asked");
    assert!(matches!(held, Doubts::Not(_)), "{held:?}");
}

async fn law_006_while_the_owner_holds_no_address_is_changed_by_whatever_was_asked_before(ground: Ground) {
    let warned = warned(&ground).await;
    let thief = signed_in(&ground, NEW).await;
    let other = "m@elsewhere.example";
    let ask = || async {
        let password = Secret::new(FIRST);
        change_email::ask(&ground.app, &caller(), &thief, other, other, password).await.expect("asked")
    };
    assert_eq!(ask().await, Request::LetterSent);
    let (code, link) = sent(&ground).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    assert_eq!(ask().await, Request::Held);
    let typed = change_email::type_code(&ground.app, &caller(), &thief, code.expose()).await.expect("asked");
    assert_eq!(typed, Answered::Held);
    let password = Secret::new(FIRST);
    let pressed = change_email::confirm(&ground.app, &caller(), &link, Some(&ground.anne), password).await;
    assert_eq!(pressed.expect("asked"), Answered::Held);
    assert_eq!(ground.credential().await.email, address(NEW));
}

async fn law_006_an_undone_change_ends_what_was_begun_since(ground: Ground) {
    let warned = warned(&ground).await;
    let device = ground.sign_in_at(NEW, FIRST).await.expect("in");
    let thief = device.session.clone();
    let password = (Secret::new(FIRST), Secret::new(THIRD));
    let changed =
        change_password::change(&ground.app, &caller(), &thief, password.0, password.1, &Secret::new(THIRD)).await;
    assert_eq!(changed.expect("an outcome"), Changed::Done);
    let device = ground.sign_in_at(NEW, THIRD).await.expect("in");
    let other = "m@elsewhere.example";
    let asked = change_email::ask(&ground.app, &caller(), &device.session, other, other, Secret::new(THIRD)).await;
    assert_eq!(asked.expect("asked"), Request::LetterSent);
    let (_, link) = sent(&ground).await;
    let undone = undo(&ground, &warned, FIRST).await;
    assert!(matches!(undone, Undone::Done { .. }), "{undone:?}");
    assert!(!ground.stands(&device.cookie).await, "the thief is out");
    let mut tx = ground.app.store.read().await.expect("a reader");
    let now = ground.app.now();
    assert!(!tx.knows_on_device(device.device.digest(), &ground.anne, now).await.expect("asked"), "on every device");
    assert_eq!(tx.pending_email_change(&ground.anne).await.expect("asked"), None);
    assert_eq!(tx.warnings_of(&ground.anne).await.expect("asked"), [], "nothing is left that could be held or undone");
    drop(tx);
    let pressed = change_email::confirm(&ground.app, &caller(), &link, None, Secret::new(FIRST)).await;
    assert_eq!(pressed.expect("asked"), Answered::Nothing);
    assert!(ground.sign_in(FIRST).await.is_some() && ground.sign_in(THIRD).await.is_none());
    // The way to a reset is as short as before.
    let reset = reset(&ground.app, &ground.reset_link().await).await;
    assert!(matches!(reset, Reset::Done { .. }), "{reset:?}");
}

async fn law_006_a_hold_counts_from_its_first_press(ground: Ground) {
    let warned = warned(&ground).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    let told = ground.letters_to(ANNE).await;
    ground.age(SignedDuration::from_hours(23)).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    assert_eq!(ground.letters_to(ANNE).await, told, "told once");
    ground.age(SignedDuration::from_hours(2)).await;
    assert!(!not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"), "over");
}

async fn c09_a_reset_ends_what_was_held_because_of_the_password(ground: Ground) {
    let here = ground.sign_in(FIRST).await.expect("in").session;
    let (current, new) = (Secret::new(FIRST), Secret::new(THIRD));
    let changed = change_password::change(&ground.app, &caller(), &here, current, new, &Secret::new(THIRD)).await;
    assert_eq!(changed.expect("an outcome"), Changed::Done);
    let warned = link_of_the_warning(&ground).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    let reset = reset(&ground.app, &ground.reset_link().await).await;
    assert!(matches!(reset, Reset::Done { .. }), "{reset:?}");
    // Who has reset it is the owner: nothing is held any more.
    let owner = ground.sign_in(SECOND).await.expect("in").session;
    let asked = change_email::ask(&ground.app, &caller(), &owner, NEW, NEW, Secret::new(SECOND)).await;
    assert_eq!(asked.expect("asked"), Request::LetterSent);
}

/// The link of the letter about the only change that there is.
async fn link_of_the_warning(ground: &Ground) -> Secret {
    let (link, now) = (long_secret(&SystemDice), ground.app.now());
    let mut tx = ground.app.store.write().await.expect("a turn");
    let warnings = tx.warnings_of(&ground.anne).await.expect("asked");
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(tx.mark_warning_sent(&warning.id, link.digest(), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    link
}

/// Asks for a change of address; gives what its letter has.
pub(super) async fn asked(ground: &Ground, session: &Session) -> (Secret, Secret) {
    let asked = change_email::ask(&ground.app, &caller(), session, NEW, NEW, Secret::new(FIRST)).await;
    assert_eq!(asked.expect("asked"), Request::LetterSent);
    sent(ground).await
}

/// The code and the link of the letter that waits.
async fn sent(ground: &Ground) -> (Secret, Secret) {
    let (code, link, now) = (eight_digits(&SystemDice), long_secret(&SystemDice), ground.app.now());
    let mut tx = ground.app.store.write().await.expect("a turn");
    let (id, _) = tx.pending_email_change(&ground.anne).await.expect("asked").expect("a change");
    let digest = ground.app.vault.as_ref().expect("a vault").code_digest(id.as_str(), &code);
    assert!(tx.mark_sent(&id, 1, Some(&digest), Some(link.digest()), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    (code, link)
}

async fn signed_in(ground: &Ground, login: &str) -> Session {
    ground.sign_in_at(login, FIRST).await.expect("in").session
}

async fn undo(ground: &Ground, warned: &Secret, password: &str) -> Undone {
    not_me::undo(&ground.app, &caller(), warned, Secret::new(password)).await.expect("an outcome")
}

async fn reset(app: &App, link: &Secret) -> Reset {
    let confirmation = Secret::new(SECOND);
    recover::reset(app, &caller(), (link, None), Secret::new(SECOND), &confirmation).await.expect("an outcome")
}
