//! Sessions, cookies, hand-overs.

use super::*;
use crate::domain::path::ReturnPath;
use crate::domain::secret::tests::CountingDice;

on_both! {
    a_session_is_found_by_its_cookie_and_only_by_its_newest,
    all_sessions_of_a_person_end_but_the_one_that_is_spared,
    with_a_session_end_its_agency_cookies_its_extranet_cookies_and_its_hand_overs,
    of_fifty_who_take_a_hand_over_at_once_one_gets_it,
}

async fn a_session_is_found_by_its_cookie_and_only_by_its_newest(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    assert_eq!(tx.session_by_cookie(digest("cookie-s")).await.expect("asked"), Some(session.clone()));
    tx.replace_cookie(&session.id, digest("rotated")).await.expect("replaced");
    assert_eq!(tx.session_by_cookie(digest("cookie-s")).await.expect("asked"), None);
    tx.touch_session(&session.id, at(60)).await.expect("touched");
    tx.touch_session(&session.id, at(30)).await.expect("touched");
    let found = tx.session_by_cookie(digest("rotated")).await.expect("asked").expect("the session");
    assert_eq!(found, Session { seen_at: at(60), ..session.clone() });
    tx.end_session(&session.id).await.expect("ended");
    assert_eq!(tx.session_by_cookie(digest("rotated")).await.expect("asked"), None);
    assert_eq!(tx.session(&session.id).await.expect("asked"), None);
    let ended = tx.replace_cookie(&session.id, digest("again")).await;
    assert!(matches!(ended, Err(StoreError::Missing(_))));
}

async fn all_sessions_of_a_person_end_but_the_one_that_is_spared(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let (anne, pierre) = (person(&mut tx, "anne").await, person(&mut tx, "pierre").await);
    let spared = signed_in(&mut tx, &anne, "s1").await;
    signed_in(&mut tx, &anne, "s2").await;
    let others = signed_in(&mut tx, &pierre, "s3").await;
    let ended = tx.end_sessions_of(&anne, Some(&spared.id)).await.expect("ended");
    assert_eq!(ended, [SessionId::stored("s2")]);
    assert_eq!(tx.sessions_of(&anne).await.expect("asked"), std::slice::from_ref(&spared));
    assert_eq!(tx.end_sessions_of(&anne, None).await.expect("ended"), [spared.id]);
    assert_eq!(tx.sessions_of(&pierre).await.expect("asked"), [others]);
}

async fn with_a_session_end_its_agency_cookies_its_extranet_cookies_and_its_hand_overs(fresh: Fresh) {
    let vault = Vault::new("k".into(), [3; 32]);
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    tx.insert_agency_cookie(digest("agency"), &session.id, &link.id, at(1)).await.expect("kept");
    for (jar, when) in [("a=1", 1), ("a=2", 2)] {
        let sealed = vault.seal(&CountingDice::default(), "jar:s", &Secret::new(jar));
        tx.keep_upstream_cookies(&session.id, &link.id, &sealed, at(when)).await.expect("kept");
    }
    let home = ReturnPath::home();
    tx.insert_handover(digest("code"), &session.id, &link.id, digest("b"), &home, at(30)).await.expect("kept");

    let found = tx.agency_cookie(digest("agency")).await.expect("asked");
    assert_eq!(found, Some((session.clone(), link.clone())));
    let jars = tx.upstream_cookies(&session.id).await.expect("asked");
    assert_eq!(jars.len(), 1);
    assert_eq!(jars[0].0, link);
    assert_eq!(vault.open("jar:s", &jars[0].1).expect("opens").expose(), "a=2");
    assert_eq!(tx.last_upstream_sign_in(&session.id, &link.id).await.expect("asked"), Some(at(2)));

    tx.end_session(&session.id).await.expect("ended");
    assert_eq!(tx.agency_cookie(digest("agency")).await.expect("asked"), None);
    assert!(tx.upstream_cookies(&session.id).await.expect("asked").is_empty());
    assert_eq!(tx.last_upstream_sign_in(&session.id, &link.id).await.expect("asked"), None);
    assert_eq!(tx.take_handover(digest("code"), at(2)).await.expect("asked"), None);
    let orphan = tx.insert_agency_cookie(digest("late"), &session.id, &link.id, at(3)).await;
    assert!(matches!(orphan, Err(StoreError::Missing(_))));
}

async fn of_fifty_who_take_a_hand_over_at_once_one_gets_it(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    let there = ReturnPath::parse_or_home("/factures?mois=10");
    for code in ["code", "slow"] {
        tx.insert_handover(digest(code), &session.id, &link.id, digest("b"), &there, at(30)).await.expect("kept");
    }
    tx.commit().await.expect("a commit");
    let taken =
        fifty(&fresh, |tx| async move { tx.take_handover(digest("code"), at(29)).await.expect("asked") }.boxed()).await;
    let taken: Vec<Handover> = taken.into_iter().flatten().collect();
    let expected = Handover { session: session.id, link: link.id, browser: digest("b"), return_to: there };
    assert_eq!(taken, [expected]);
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.take_handover(digest("slow"), at(30)).await.expect("asked"), None);
    assert_eq!(tx.take_handover(digest("unknown"), at(0)).await.expect("asked"), None);
}
