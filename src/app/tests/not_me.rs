//! « Ce n'est pas moi », at the very moment when something else is kept.

use jiff::SignedDuration;

use super::{ANNE, FIRST, Ground, SECOND, THIRD, address, caller};
use crate::app::App;
use crate::app::change_password::{self, Changed};
use crate::app::not_me::{self, Opened, Undone};
use crate::app::recover::{self, Reset};
use crate::app::support;
use crate::domain::identity::IdentityId;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::support::Reason;
use crate::domain::warning;
use crate::telemetry::SystemDice;

const NEW: &str = "anne.martin@courriel.example";

on_every_ground! {
    law_006_a_hold_that_comes_while_a_reset_is_hashed_wins,
    law_006_of_many_who_undo_at_once_one_does,
    law_006_an_undone_change_beats_a_change_of_password_that_was_under_way,
    law_006_an_address_that_somebody_else_has_by_now_is_not_given_back,
    e11_whoever_is_disabled_while_the_password_is_compared_undoes_nothing,
}

async fn law_006_a_hold_that_comes_while_a_reset_is_hashed_wins(ground: Ground) {
    let warned = changed_address(&ground).await;
    let early = reset(&ground.app, &ground.reset_link().await).await;
    assert!(matches!(early, Reset::Not(recover::Opened::Waits { .. })), "{early:?}");
    // The address is old enough; whoever has its letter presses at the last moment.
    age(&ground, SignedDuration::from_hours(24)).await;
    let link = ground.reset_link().await;
    let mut hashed = ground.app.hasher.hold();
    let reset = {
        let app = ground.app.clone();
        tokio::spawn(async move { reset(&app, &link).await })
    };
    hashed.reached().await;
    // The clock of this moment stands for a press that was under way.
    age(&ground, SignedDuration::from_hours(-1)).await;
    assert!(not_me::hold(&ground.app, &caller(), &warned).await.expect("asked"));
    hashed.release();
    let reset = reset.await.expect("no panic");
    assert!(matches!(reset, Reset::Not(recover::Opened::Waits { .. })), "{reset:?}");
    let login = ground.app.store.read().await.expect("a reader").credential_of(&ground.anne).await.expect("asked");
    assert_eq!(login.map(|login| login.email), Some(address(NEW)));
}

/// Makes everything that is kept so much older.
async fn age(ground: &Ground, by: SignedDuration) {
    let long_ago = ground.app.now().checked_sub(SignedDuration::from_hours(1000)).expect("a time");
    let mut tx = ground.app.store.write().await.expect("a turn");
    tx.set_back(by, 0, long_ago).await.expect("older");
    tx.commit().await.expect("a commit");
}

async fn law_006_of_many_who_undo_at_once_one_does(ground: Ground) {
    let warned = changed_address(&ground).await;
    let undone = (0..4).map(|_| undo(&ground, &warned, FIRST));
    let undone = futures_util::future::join_all(undone).await;
    let done = undone.iter().filter(|undone| matches!(undone, Undone::Done { .. })).count();
    let over = undone.iter().filter(|undone| matches!(undone, Undone::Not(Opened::Over))).count();
    assert_eq!((done, over), (1, 3), "{undone:?}");
    assert_eq!(ground.credential().await.email, address(ANNE));
}

async fn law_006_an_undone_change_beats_a_change_of_password_that_was_under_way(ground: Ground) {
    let warned = changed_address(&ground).await;
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
    let warned = changed_address(&ground).await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    let other = crate::domain::credential::Credential {
        id: crate::domain::credential::CredentialId::stored("other"),
        identity: IdentityId::stored("other"),
        email: address(ANNE),
        password: crate::domain::password::PasswordHash::phc("$argon2id$none"),
    };
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
    let warned = changed_address(&ground).await;
    let mut compared = ground.app.hasher.hold();
    let undoing = {
        let (app, warned) = (ground.app.clone(), warned.clone());
        tokio::spawn(
            async move { not_me::undo(&app, &caller(), &warned, Secret::new(FIRST)).await.expect("an outcome") },
        )
    };
    compared.reached().await;
    let why = Reason::parse("by order of the agency").expect("a reason");
    assert!(support::disable(&ground.app, &ground.anne, &why).await.expect("asked").is_some());
    compared.release();
    let undone = undoing.await.expect("no panic");
    assert!(matches!(undone, Undone::PasswordRefused), "{undone:?}");
    assert_eq!(ground.credential().await.email, address(NEW));
}

/// Anne's address was changed; gives the link of the letter to the one from before.
async fn changed_address(ground: &Ground) -> Secret {
    let (link, now, before) = (long_secret(&SystemDice), ground.app.now(), ground.credential().await);
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_email(&ground.anne, &address(NEW), now).await.expect("asked"));
    let changed = warning::Changed::Email;
    let id = not_me::warn(&ground.app, &mut tx, changed, before, &address(NEW), now).await.expect("kept");
    assert!(tx.mark_warning_sent(&id.expect("a wait"), link.digest(), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    link
}

async fn undo(ground: &Ground, warned: &Secret, password: &str) -> Undone {
    not_me::undo(&ground.app, &caller(), warned, Secret::new(password)).await.expect("an outcome")
}

async fn reset(app: &App, link: &Secret) -> Reset {
    let confirmation = Secret::new(SECOND);
    recover::reset(app, &caller(), link, Secret::new(SECOND), &confirmation).await.expect("an outcome")
}
