//! Disabled wins (e11), also over what was under way when the access was withdrawn.

use std::time::Duration;

use super::{ANNE, FIRST, Ground, SECOND, caller, named};
use crate::app::acting::Acting;
use crate::app::recover::{self, Opened, Reset};
use crate::app::support::{self, Found, Resent};
use crate::domain::secret::Secret;
use crate::domain::support::Reason;

/// As long as something that should wait is let go on.
const A_WHILE: Duration = Duration::from_millis(300);

on_every_ground! {
    e11_a_reset_of_somebody_disabled_resets_nothing_whenever_it_was_asked_for,
    e11_somebody_who_is_disabled_while_the_new_password_is_hashed_keeps_the_old_one,
    e11_no_reset_is_sent_to_somebody_whose_access_is_being_withdrawn,
    e11_no_letter_is_sent_again_to_somebody_whose_access_is_being_withdrawn,
}

async fn e11_a_reset_of_somebody_disabled_resets_nothing_whenever_it_was_asked_for(ground: Ground) {
    let before = ground.reset_link().await;
    disable(&ground).await;
    // As it was written by who had looked before.
    let after = ground.reset_link().await;
    for link in [&before, &after] {
        let shown = recover::open_link(&ground.app, link, None).await.expect("asked");
        assert!(matches!(shown, Opened::Superseded), "{shown:?}");
        let reset = reset(&ground, link).await;
        assert!(matches!(reset, Reset::Not(Opened::Superseded)), "{reset:?}");
    }
    assert!(support::enable(&ground.app, &Acting::operator("person"), &ground.anne, &why()).await.expect("asked"));
    assert!(ground.sign_in(SECOND).await.is_none() && ground.sign_in(FIRST).await.is_some());
}

async fn e11_somebody_who_is_disabled_while_the_new_password_is_hashed_keeps_the_old_one(ground: Ground) {
    let link = ground.reset_link().await;
    let mut compared = ground.app.hasher.hold();
    let resetting = {
        let (app, link) = (ground.app.clone(), link.clone());
        tokio::spawn(async move {
            recover::reset(&app, &caller(), (&link, None), Secret::new(SECOND), &Secret::new(SECOND))
                .await
                .expect("an outcome")
        })
    };
    compared.reached().await;
    disable(&ground).await;
    compared.release();
    let reset = resetting.await.expect("no panic");
    assert!(matches!(reset, Reset::Not(Opened::Superseded)), "{reset:?}");
    assert!(support::enable(&ground.app, &Acting::operator("person"), &ground.anne, &why()).await.expect("asked"));
    assert!(ground.sign_in(FIRST).await.is_some());
}

async fn e11_no_reset_is_sent_to_somebody_whose_access_is_being_withdrawn(ground: Ground) {
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_disabled(&ground.anne, Some(ground.app.now())).await.expect("asked"));
    let app = ground.app.clone();
    let mut asked = tokio::spawn(async move {
        let agency = app.agency("CA", "SA").expect("the agency");
        recover::ask(&app, &caller(), &named(ANNE), Some(&agency)).await.expect("asked");
    });
    // Either it waits until it is known whether the access stands, or it is over by then.
    let is_over = tokio::time::timeout(A_WHILE, &mut asked).await.is_ok();
    tx.commit().await.expect("a commit");
    if !is_over {
        asked.await.expect("no panic");
    }
    let mut tx = ground.app.store.read().await.expect("a reader");
    assert_eq!(tx.open_recovery(&ground.anne).await.expect("asked"), None);
}

async fn e11_no_letter_is_sent_again_to_somebody_whose_access_is_being_withdrawn(ground: Ground) {
    ground.reset_link().await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_disabled(&ground.anne, Some(ground.app.now())).await.expect("asked"));
    let (app, found) = (ground.app.clone(), Found::Person(ground.anne.clone()));
    let mut again = tokio::spawn(async move {
        support::resend(&app, &Acting::operator("person"), &found, &why()).await.expect("asked")
    });
    let early = tokio::time::timeout(A_WHILE, &mut again).await;
    tx.commit().await.expect("a commit");
    let resent = match early {
        Ok(resent) => resent,
        Err(_) => again.await,
    };
    assert_eq!(resent.expect("no panic"), Resent::Disabled);
}

async fn disable(ground: &Ground) {
    assert!(
        support::disable(&ground.app, &Acting::operator("person"), &ground.anne, &why())
            .await
            .expect("asked")
            .is_some()
    );
}

async fn reset(ground: &Ground, link: &Secret) -> Reset {
    let confirmation = Secret::new(SECOND);
    recover::reset(&ground.app, &caller(), (link, None), Secret::new(SECOND), &confirmation).await.expect("an outcome")
}

fn why() -> Reason {
    Reason::parse("by order of the agency").expect("a reason")
}
