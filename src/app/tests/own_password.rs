//! An account's own password, where something else happens while a password is hashed or compared.

use super::{ANNE, FIRST, Ground, SECOND, THIRD, attempt_with, caller};
use crate::app::attempt::Outcome;
use crate::app::own_password::{self, Changed};
use crate::app::recover::{self, Opened, Reset};
use crate::domain::identity::{IdentityId, Link, LinkId};
use crate::domain::policy::ProofMethod;
use crate::domain::recovery::RecoveryTerms;
use crate::domain::secret::{Secret, long_secret, random_id};
use crate::domain::session::Session;
use crate::telemetry::SystemDice;

on_every_ground! {
    b19_an_account_that_goes_while_its_own_password_is_hashed_gets_none,
    b19_an_own_password_that_is_reset_while_one_goes_back_to_the_one_for_all_is_over,
}

async fn link(ground: &Ground, id: &str) -> Option<Link> {
    let mut tx = ground.app.store.read().await.expect("a reader");
    tx.link(&LinkId::stored(id)).await.expect("asked")
}

async fn set(ground: &Ground, session: &Session) -> Changed {
    let label = link(ground, "second").await.expect("hers").label();
    let (here, confirmation) = (caller(), Secret::new(SECOND));
    let chosen = (Secret::new(SECOND), &confirmation);
    own_password::set(&ground.app, &here, session, &label, Secret::new(FIRST), chosen).await.expect("an outcome")
}

async fn b19_an_account_that_goes_while_its_own_password_is_hashed_gets_none(ground: Ground) {
    ground.attach("second", "anne-2").await;
    let session = ground.sign_in(FIRST).await.expect("signed in").session;
    let mut hashed = ground.app.hasher.hold();
    let (changed, ()) = tokio::join!(set(&ground, &session), async {
        hashed.reached().await;
        let mut tx = ground.app.store.write().await.expect("a turn");
        assert!(tx.detach(&LinkId::stored("second")).await.expect("asked"));
        tx.commit().await.expect("a commit");
        hashed.release();
    });
    assert_eq!(changed, Changed::Nothing);
    assert_eq!(ground.accounts().await, ["anne-1"]);
    let mut tx = ground.app.store.read().await.expect("a reader");
    assert_eq!(tx.parts_of(&ground.anne).await.expect("asked"), Vec::<IdentityId>::new());
}

async fn b19_an_own_password_that_is_reset_while_one_goes_back_to_the_one_for_all_is_over(ground: Ground) {
    ground.attach("second", "anne-2").await;
    let session = ground.sign_in(FIRST).await.expect("signed in").session;
    assert_eq!(set(&ground, &session).await, Changed::Done);
    let second = link(&ground, "second").await.expect("it is there");
    assert_ne!(second.identity, ground.anne);
    let (id, secret, now) = (random_id(&SystemDice), long_secret(&SystemDice), ground.app.now());
    let mut tx = ground.app.store.write().await.expect("a turn");
    let terms = RecoveryTerms { method: ProofMethod::Link, code_minutes: 10, link_minutes: 60 };
    tx.insert_recovery(&id, &second.identity, terms, None, now).await.expect("kept");
    assert!(tx.mark_recovery_sent(&id, None, Some(secret.digest()), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    let mut hashed = ground.app.hasher.hold();
    let (here, confirmation) = (caller(), Secret::new(THIRD));
    let resets = recover::reset(&ground.app, &here, (&secret, None), Secret::new(THIRD), &confirmation);
    let (reset, ()) = tokio::join!(resets, async {
        hashed.reached().await;
        let mut tx = ground.app.store.write().await.expect("a turn");
        assert!(tx.hand_link(&second, &ground.anne).await.expect("asked"));
        tx.remove_part(&second.identity).await.expect("removed");
        tx.commit().await.expect("a commit");
        hashed.release();
    });
    let is_over = matches!(reset, Ok(Reset::Not(Opened::Invalid | Opened::Superseded)) | Err(_));
    assert!(is_over, "{reset:?}");
    assert_eq!(ground.accounts().await, ["anne-1", "anne-2"]);
    for (login, password) in [("anne-2", SECOND), ("anne-2", THIRD), (ANNE, THIRD)] {
        let tried = attempt_with(&ground.app, login, password).await;
        assert!(!matches!(tried, Outcome::SignedIn(_)), "{login}");
    }
    assert!(ground.sign_in(FIRST).await.is_some());
}
