//! Sessions, cookies, hand-overs.

use super::*;
use crate::domain::path::ReturnPath;
use crate::domain::secret::tests::CountingDice;

on_both! {
    a_session_is_found_by_its_cookie_and_only_by_its_newest,
    all_sessions_of_a_person_end_but_the_one_that_is_spared,
    what_ended_elsewhere_is_known_for_as_long_as_it_could_have_lasted,
    review_b15_a_cookie_that_is_written_while_its_account_is_closed_leads_nowhere_ever,
    with_a_session_end_its_agency_cookies_and_its_extranet_cookies,
    review_a12_a_session_is_taken_out_only_as_it_was_read,
    a13_of_two_who_write_the_next_state_of_a_jar_one_is_told_to_read_it_again,
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
    let before = signed_in(&mut tx, &anne, "s1").await;
    signed_in(&mut tx, &anne, "s2").await;
    let others = signed_in(&mut tx, &pierre, "s3").await;
    let epoch = tx.raise_session_epoch(&anne, Some(&before.id)).await.expect("raised");
    let spared = Session { epoch, ..before.clone() };
    assert_eq!(tx.sessions_of(&anne).await.expect("asked"), std::slice::from_ref(&spared));
    assert_eq!(tx.session_by_cookie(digest("cookie-s2")).await.expect("asked"), None);
    // A password that was looked up before this moment opens nothing, one of now does.
    let now = tx.session_epoch(&anne).await.expect("asked");
    let late = Session { id: SessionId::stored("late"), ..before };
    tx.insert_session(&late, digest("cookie-late")).await.expect("kept");
    assert_eq!(tx.session(&late.id).await.expect("asked"), None);
    let fresh = Session { id: SessionId::stored("fresh"), epoch: now, ..spared.clone() };
    tx.insert_session(&fresh, digest("cookie-fresh")).await.expect("kept");
    assert_eq!(tx.session(&fresh.id).await.expect("asked"), Some(fresh));
    let again = tx.raise_session_epoch(&anne, Some(&spared.id)).await.expect("raised");
    let spared = Session { epoch: again, ..spared };
    assert_eq!(tx.sessions_of(&anne).await.expect("asked"), std::slice::from_ref(&spared), "twice in one session");

    tx.raise_session_epoch(&anne, None).await.expect("raised");
    assert_eq!(tx.sessions_of(&anne).await.expect("asked"), []);
    tx.raise_session_epoch(&anne, Some(&spared.id)).await.expect("raised");
    assert_eq!(tx.sessions_of(&anne).await.expect("asked"), [], "what has ended does not come back by being spared");
    tx.remove_sessions_of(&anne, None).await.expect("removed");
    assert_eq!(tx.sessions_of(&pierre).await.expect("asked"), [others]);
    let nobody = tx.raise_session_epoch(&IdentityId::stored("nobody"), None).await;
    assert!(matches!(nobody, Err(StoreError::Missing(_))));
}

async fn what_ended_elsewhere_is_known_for_as_long_as_it_could_have_lasted(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let (here, there) = (SessionId::stored("here"), SessionId::stored("there"));
    assert_eq!(tx.standing(&here, &anne).await.expect("asked"), Some(Standing::default()));
    assert_eq!(tx.generation(&here).await.expect("asked"), 0);
    assert!(tx.raise_generation(&here, 0, at(60)).await.expect("raised"));
    assert!(!tx.raise_generation(&here, 0, at(60)).await.expect("asked"), "somebody else was faster");
    assert!(tx.raise_generation(&here, 1, at(60)).await.expect("raised"));
    assert_eq!(tx.generation(&here).await.expect("asked"), 2);
    tx.mark_ended(&here, at(60)).await.expect("marked");
    tx.mark_ended(&there, at(90)).await.expect("marked");
    let renewed_and_ended = Standing { generation: 2, ended: true, ..Standing::default() };
    assert_eq!(tx.standing(&here, &anne).await.expect("asked"), Some(renewed_and_ended));
    tx.commit().await.expect("a commit");
    assert_eq!(fresh.purge(at(60), &year()).await.expect("purged").session_marks, 1);
    let mut tx = fresh.read().await.expect("a reader");
    assert!(tx.standing(&there, &anne).await.expect("asked").is_some_and(|standing| standing.ended));
    assert_eq!(tx.standing(&there, &IdentityId::stored("nobody")).await.expect("asked"), None);
}

/// Opens an account in place of whatever is open.
async fn opened(tx: &mut Tx, session: &Session, link: &Link) -> OpenAccount {
    tx.switch_account(&session.id, "agence.example", &link.id, at(60)).await.expect("opened");
    let open = tx.open_accounts(&session.id).await.expect("asked");
    open.into_iter().find(|open| open.link == *link).expect("it is open")
}

/// Where two may write at once, the account is closed between the look at what is open and the cookie.
async fn review_b15_a_cookie_that_is_written_while_its_account_is_closed_leads_nowhere_ever(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let (one, other) = (attached(&mut tx, &anne, "A", "1").await, attached(&mut tx, &anne, "A", "2").await);
    let session = signed_in(&mut tx, &anne, "s").await;
    let open = opened(&mut tx, &session, &one).await;
    tx.commit().await.expect("a commit");
    let open_instead = async |link: &Link| {
        let mut tx = fresh.write().await.expect("a turn");
        let open = opened(&mut tx, &session, link).await;
        tx.commit().await.expect("a commit");
        open
    };
    let leads_to = async |cookie: &str| {
        let found = fresh.read().await.expect("a reader").agency_cookie(digest(cookie)).await.expect("asked");
        found.map(|(_, link)| link)
    };
    let mut enters = fresh.write().await.expect("a turn");
    assert_eq!(enters.open_accounts(&session.id).await.expect("asked"), std::slice::from_ref(&open));
    let at_once = fresh.dialect == Dialect::Postgres;
    if at_once {
        open_instead(&other).await;
    }
    enters.insert_agency_cookie(digest("late"), &session.id, &open, at(1)).await.expect("kept");
    enters.commit().await.expect("a commit");
    if !at_once {
        assert_eq!(leads_to("late").await, Some(one.clone()));
        open_instead(&other).await;
    }
    assert_eq!(leads_to("late").await, None, "the account was closed");
    let again = open_instead(&one).await;
    assert_eq!(leads_to("late").await, None, "it is open again, and that is another opening");
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_agency_cookie(digest("now"), &session.id, &again, at(2)).await.expect("kept");
    assert_eq!(opened(&mut tx, &session, &one).await, again, "what is open is not closed by being opened");
    tx.commit().await.expect("a commit");
    assert_eq!(leads_to("now").await, Some(one.clone()));
    // What a node finds whose sessions live elsewhere.
    let mut tx = fresh.read().await.expect("a reader");
    assert_eq!(tx.open_link(&session.id, &one.id, open.opening).await.expect("asked"), None);
    assert_eq!(tx.open_link(&session.id, &other.id, again.opening).await.expect("asked"), None);
    assert_eq!(tx.open_link(&session.id, &one.id, again.opening).await.expect("asked"), Some(one));
}

async fn with_a_session_end_its_agency_cookies_and_its_extranet_cookies(fresh: Fresh) {
    let vault = Vault::new("k".into(), [3; 32]);
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    let open = opened(&mut tx, &session, &link).await;
    tx.insert_agency_cookie(digest("agency"), &session.id, &open, at(1)).await.expect("kept");
    for (jar, when) in [("a=1", 1), ("a=2", 2)] {
        let sealed = vault.seal(&CountingDice::default(), "jar:s", &Secret::new(jar));
        tx.put_jar(&session.id, &link.id, &sealed, at(when)).await.expect("kept");
    }

    let found = tx.agency_cookie(digest("agency")).await.expect("asked");
    assert_eq!(found, Some((session.clone(), link.clone())));
    let jars = tx.jars(&session.id).await.expect("asked");
    assert_eq!(jars.len(), 1);
    assert_eq!(jars[0].0, link);
    assert_eq!(vault.open("jar:s", &jars[0].1.sealed).expect("opens").expose(), "a=2");
    assert_eq!(jars[0].1.signed_in_at, at(2));
    assert_eq!(tx.jar(&session.id, &link.id).await.expect("asked").as_ref(), Some(&jars[0].1));

    tx.end_session(&session.id).await.expect("ended");
    assert_eq!(tx.agency_cookie(digest("agency")).await.expect("asked"), None);
    assert!(tx.jars(&session.id).await.expect("asked").is_empty());
    let orphan = tx.insert_agency_cookie(digest("late"), &session.id, &open, at(3)).await;
    assert!(matches!(orphan, Err(StoreError::Missing(_))));
}

async fn review_a12_a_session_is_taken_out_only_as_it_was_read(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    let open = opened(&mut tx, &session, &link).await;
    tx.insert_agency_cookie(digest("agency"), &session.id, &open, at(1)).await.expect("kept");
    assert_eq!(tx.portal_cookie(&session.id).await.expect("asked"), Some(digest("cookie-s")));
    let cookies = tx.agency_cookies(&session.id).await.expect("asked");
    assert_eq!(cookies, [(digest("agency"), link.id.clone(), open.opening)]);

    assert!(!tx.take_session(&session, digest("another")).await.expect("asked"), "its cookie was renewed");
    let epoch = tx.raise_session_epoch(&anne, Some(&session.id)).await.expect("raised");
    assert!(!tx.take_session(&session, digest("cookie-s")).await.expect("asked"), "it was spared");
    let spared = Session { epoch, ..session };
    assert!(tx.take_session(&spared, digest("cookie-s")).await.expect("asked"));
    assert!(!tx.take_session(&spared, digest("cookie-s")).await.expect("asked"), "somebody else was faster");
    assert!(!tx.end_session(&spared.id).await.expect("asked"));
    assert_eq!(tx.agency_cookie(digest("agency")).await.expect("asked"), None);
}

async fn a13_of_two_who_write_the_next_state_of_a_jar_one_is_told_to_read_it_again(fresh: Fresh) {
    let vault = Vault::new("k".into(), [3; 32]);
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    let sealed = |jar: &str| vault.seal(&CountingDice::default(), "jar:s", &Secret::new(jar));
    let version = tx.put_jar(&session.id, &link.id, &sealed("a=1"), at(1)).await.expect("kept");
    assert!(tx.keep_jar(&session.id, &link.id, version, &sealed("a=2")).await.expect("asked"));
    assert!(!tx.keep_jar(&session.id, &link.id, version, &sealed("a=3")).await.expect("asked"));
    let jar = tx.jar(&session.id, &link.id).await.expect("asked").expect("a jar");
    assert_eq!(vault.open("jar:s", &jar.sealed).expect("opens").expose(), "a=2");
    assert_eq!((jar.version, jar.signed_in_at), (version + 1, at(1)));

    // A jar of a later sign-in is never at a version that an earlier one was at.
    tx.drop_jar(&session.id, &link.id).await.expect("dropped");
    tx.put_jar(&session.id, &link.id, &sealed("b=1"), at(2)).await.expect("kept");
    assert!(!tx.keep_jar(&session.id, &link.id, version + 1, &sealed("a=3")).await.expect("asked"));
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
