//! A forgotten password where several people read letters at one address (b18).

use super::{ANNE, FIRST, Ground, SECOND, THIRD, account, address, attempt_with, caller};
use crate::app::attempt::Outcome;
use crate::app::recover::{self, Opened, Reset};
use crate::domain::credential::{Credential, CredentialId, Login};
use crate::domain::identity::{AccountLabel, IdentityId, Link, LinkId};
use crate::domain::language::Language;
use crate::domain::secret::Secret;

on_every_ground! {
    b18_a_reset_by_address_is_for_whoever_of_its_readers_is_meant_and_for_nobody_else,
    b18_who_is_disabled_meanwhile_is_not_offered_and_not_reset,
}

async fn b18_a_reset_by_address_is_for_whoever_of_its_readers_is_meant_and_for_nobody_else(ground: Ground) {
    let bruno = second_reader(&ground, "bruno", ANNE).await;
    let elsewhere = second_reader(&ground, "clara", "clara@elsewhere.example").await;
    // One that was asked for by an identifier is that person's, whoever is named.
    let link = ground.reset_link().await;
    for who in [None, Some(&bruno), Some(&elsewhere)] {
        assert_eq!(opens(&ground, &link, who).await, ["anne-1"], "{who:?}");
    }
    let link = by_address(&ground).await;
    for who in [None, Some(&elsewhere)] {
        let Opened::Which(readers) = recover::open_link(&ground.app, &link, who).await.expect("asked") else {
            panic!("whose?")
        };
        assert_eq!(readers.len(), 2);
    }
    assert_eq!(opens(&ground, &link, Some(&bruno)).await, ["bruno"]);
    assert!(matches!(reset(&ground, &link, Some(&elsewhere), THIRD).await, Reset::Not(Opened::Which(_))));
    assert!(matches!(reset(&ground, &link, None, THIRD).await, Reset::Not(Opened::Which(_))));
    assert!(matches!(reset(&ground, &link, Some(&bruno), THIRD).await, Reset::Done { .. }));
    assert!(matches!(reset(&ground, &link, Some(&bruno), SECOND).await, Reset::Not(Opened::Used)), "once");
    assert!(ground.sign_in(FIRST).await.is_some(), "the other's password stays");
    assert!(matches!(attempt_with(&ground.app, "bruno", THIRD).await, Outcome::SignedIn(_)));
}

async fn b18_who_is_disabled_meanwhile_is_not_offered_and_not_reset(ground: Ground) {
    let bruno = second_reader(&ground, "bruno", ANNE).await;
    let link = by_address(&ground).await;
    let mut hashed = ground.app.hasher.hold();
    let resetting = {
        let (app, link, bruno) = (ground.app.clone(), link.clone(), bruno.clone());
        tokio::spawn(async move {
            let confirmation = Secret::new(THIRD);
            recover::reset(&app, &caller(), (&link, Some(&bruno)), Secret::new(THIRD), &confirmation).await
        })
    };
    hashed.reached().await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_disabled(&IdentityId::stored("bruno"), Some(ground.app.now())).await.expect("asked"));
    tx.commit().await.expect("a commit");
    hashed.release();
    let reset = resetting.await.expect("no panic").expect("an outcome");
    assert!(matches!(reset, Reset::Not(_)), "{reset:?}");
    assert!(!matches!(attempt_with(&ground.app, "bruno", THIRD).await, Outcome::SignedIn(_)));
    assert!(ground.sign_in(FIRST).await.is_some(), "nor is anybody else's");
    assert_eq!(opens(&ground, &link, None).await, ["anne-1"], "there is one reader left");
}

/// Somebody who types an identifier and reads at this address.
async fn second_reader(ground: &Ground, name: &str, email: &str) -> AccountLabel {
    let (identity, now) = (IdentityId::stored(name), ground.app.now());
    let password = ground.app.hasher.hash(Secret::new(SECOND)).await.expect("room");
    let by_address = Credential::of_address(CredentialId::stored(name), identity.clone(), address(email), password);
    let credential = Credential { login: Login::Identifier, ..by_address };
    let link = Link { id: LinkId::stored(name), identity: identity.clone(), account: account(name) };
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.create_person(&identity, &credential, Language::Fr, now).await.expect("asked"));
    assert!(tx.attach(&link, now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    link.label()
}

/// A link of Anne's that was asked for by her address.
async fn by_address(ground: &Ground) -> Secret {
    let link = ground.reset_link().await;
    let mut tx = ground.app.store.write().await.expect("a turn");
    let (id, _) = tx.recovery_by_link(link.digest()).await.expect("asked").expect("a reset");
    tx.ask_whose_recovery(&id).await.expect("kept");
    tx.commit().await.expect("a commit");
    link
}

/// The identifiers of the accounts that the link's password would open.
async fn opens(ground: &Ground, link: &Secret, who: Option<&AccountLabel>) -> Vec<String> {
    match recover::open_link(&ground.app, link, who).await.expect("asked") {
        Opened::Form(form) => form.links.iter().map(|link| link.account.login.as_str().to_owned()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn reset(ground: &Ground, link: &Secret, who: Option<&AccountLabel>, password: &str) -> Reset {
    let confirmation = Secret::new(password);
    recover::reset(&ground.app, &caller(), (link, who), Secret::new(password), &confirmation).await.expect("an outcome")
}
