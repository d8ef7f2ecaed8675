//! The outbox and the terms.

use std::collections::HashSet;

use super::*;
use crate::domain::mail::{LetterId, LetterKind, Mail};
use crate::domain::terms::{Acceptance, TermsText, is_owed};

const LEASE_MS: i64 = 60_000;

fn letter(id: &str) -> Mail {
    Mail {
        id: LetterId::stored(id),
        agency: Some(agency("SPI31")),
        to: email("Anne@free.fr"),
        language: Language::En,
        kind: LetterKind::PasswordChanged { at: at(0), warning: None },
        attempts: 0,
    }
}

on_both! {
    g04_two_workers_never_get_the_same_letter_and_every_letter_is_got,
    g04_a_letter_whose_worker_died_is_got_again_after_its_lease_and_its_tries_are_counted,
    g04_a_worker_that_lives_keeps_its_letter_and_one_that_lost_it_is_not_heard,
    a_letter_is_tried_again_at_its_time_and_ends_as_sent_or_abandoned,
    rel_030_a_letter_that_was_put_back_is_due_at_once_and_has_lost_no_try,
    rel_031_a_domain_that_is_slow_can_be_passed_over,
    a_letter_that_cannot_be_read_does_not_keep_the_others_back,
    rel_033_an_address_is_marked_until_a_letter_arrives,
    rel_035_a_full_outbox_is_told,
    rel_055_no_letter_waits_until_a_clock_that_was_set_back_has_caught_up,
    an_empty_outbox_has_nothing_to_give_or_to_wait_for,
    a_letter_and_its_cause_happen_together_or_not_at_all,
    c04_an_acceptance_names_a_text_that_is_kept_and_is_given_once,
}

async fn enqueue(fresh: &Fresh, ids: &[&str]) {
    let mut tx = fresh.write().await.expect("a turn");
    for id in ids {
        tx.enqueue(&letter(id), at(0), at(0)).await.expect("queued");
    }
    tx.commit().await.expect("a commit");
}

async fn take(tx: &mut Tx, now: i64) -> Option<Claimed> {
    tx.claim_letter(LEASE_MS, &[], at(now)).await.expect("asked")
}

async fn g04_two_workers_never_get_the_same_letter_and_every_letter_is_got(fresh: Fresh) {
    let ids: Vec<String> = (0..40).map(|number| format!("letter-{number}")).collect();
    enqueue(&fresh, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let claimed = fifty(&fresh, |tx| take(tx, 1).boxed()).await;
    let ids: Vec<LetterId> = claimed.into_iter().flatten().map(|claimed| claimed.claim.id).collect();
    assert_eq!(ids.len(), 40);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 40);
}

async fn g04_a_letter_whose_worker_died_is_got_again_after_its_lease_and_its_tries_are_counted(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.enqueue(&letter("l"), at(10), at(0)).await.expect("queued");
    assert!(!tx.is_letter_due(&[], at(9)).await.expect("asked"));
    assert_eq!(take(&mut tx, 9).await, None);
    assert!(tx.is_letter_due(&[], at(10)).await.expect("asked"));
    let first = take(&mut tx, 10).await.expect("the letter");
    assert_eq!(first.mail, Ok(Mail { attempts: 1, ..letter("l") }));
    assert_eq!((first.attempts, first.created_at), (1, at(0)));
    assert_eq!(take(&mut tx, 69).await, None);
    let second = take(&mut tx, 70).await.expect("the letter");
    assert_eq!(second.attempts, 2);
}

async fn g04_a_worker_that_lives_keeps_its_letter_and_one_that_lost_it_is_not_heard(fresh: Fresh) {
    enqueue(&fresh, &["l"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    let first = take(&mut tx, 0).await.expect("the letter").claim;
    assert!(tx.renew_lease(&first, LEASE_MS, at(50)).await.expect("asked"));
    assert_eq!(take(&mut tx, 109).await, None);
    let second = take(&mut tx, 110).await.expect("the letter").claim;
    assert!(!tx.renew_lease(&first, LEASE_MS, at(111)).await.expect("asked"));
    tx.letter_put_off(&first, "451 later", at(112)).await.expect("not heard");
    tx.letter_put_back(&first, None).await.expect("not heard");
    assert!(!tx.letter_abandoned(&first, "550 no", at(112)).await.expect("asked"));
    assert_eq!(take(&mut tx, 112).await, None, "the second worker has it");
    assert!(tx.letter_abandoned(&second, "550 no", at(113)).await.expect("asked"));
}

async fn a_letter_is_tried_again_at_its_time_and_ends_as_sent_or_abandoned(fresh: Fresh) {
    enqueue(&fresh, &["a", "b", "c"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    let mut claims = Vec::new();
    for _ in 0..3 {
        claims.push(take(&mut tx, 0).await.expect("the letter").claim);
    }
    tx.letter_sent(&claims[0].id, "250 ok", at(1)).await.expect("sent");
    tx.letter_put_off(&claims[1], "451 later", at(300)).await.expect("put off");
    assert!(tx.letter_abandoned(&claims[2], "550 no", at(1)).await.expect("given up"));
    assert!(!tx.letter_abandoned(&claims[0], "lease over", at(2)).await.expect("ignored"));
    let counts = tx.outbox_counts().await.expect("asked");
    assert_eq!(counts, OutboxCounts { queued: 1, held: 0, sent: 1, abandoned: 1 });
    assert_eq!(take(&mut tx, 299).await, None);
    assert_eq!(take(&mut tx, 300).await.map(|claimed| claimed.claim.id), Some(LetterId::stored("b")));
    assert!(matches!(tx.letter_sent(&LetterId::stored("x"), "", at(1)).await, Err(StoreError::Missing(_))));
}

async fn rel_030_a_letter_that_was_put_back_is_due_at_once_and_has_lost_no_try(fresh: Fresh) {
    enqueue(&fresh, &["l"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    for now in 0..50 {
        let claimed = take(&mut tx, now).await.expect("the letter");
        assert_eq!(claimed.attempts, 1);
        tx.letter_put_back(&claimed.claim, Some("connection refused")).await.expect("put back");
    }
}

async fn rel_031_a_domain_that_is_slow_can_be_passed_over(fresh: Fresh) {
    enqueue(&fresh, &["a", "b"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    tx.enqueue(&Mail { to: email("eve@SFR.fr"), ..letter("c") }, at(5), at(0)).await.expect("queued");
    let other = tx.claim_letter(LEASE_MS, &["laposte.net", "free.fr"], at(9)).await.expect("asked").expect("a letter");
    assert_eq!(other.claim.id, LetterId::stored("c"));
    assert_eq!(tx.claim_letter(LEASE_MS, &["laposte.net", "free.fr"], at(9)).await.expect("asked"), None);
    assert!(!tx.is_letter_due(&["laposte.net", "free.fr"], at(9)).await.expect("asked"));
    assert!(take(&mut tx, 9).await.is_some());
}

async fn a_letter_that_cannot_be_read_does_not_keep_the_others_back(fresh: Fresh) {
    enqueue(&fresh, &["a", "b"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    sqlx::query("UPDATE letters SET kind = '{\"letter\":\"of-a-newer-version\"}' WHERE id = 'a'")
        .execute(tx.conn())
        .await
        .expect("changed");
    let broken = take(&mut tx, 1).await.expect("a letter");
    assert_eq!(broken.mail, Err("a row cannot be read: column kind".to_owned()));
    assert!(take(&mut tx, 1).await.expect("the other").mail.is_ok());
    assert!(tx.letter_abandoned(&broken.claim, "unreadable", at(2)).await.expect("given up"));
}

async fn rel_033_an_address_is_marked_until_a_letter_arrives(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = email("Anne@free.fr");
    for (answer, when) in [("452 later", 1), ("550 unknown", 2)] {
        tx.mark_address(&anne, &LetterId::stored("l"), answer, at(when)).await.expect("marked");
    }
    let refusal = tx.refusal_of(&email("ANNE@free.fr")).await.expect("asked").expect("marked");
    assert_eq!((refusal.answer.as_str(), refusal.at), ("550 unknown", at(2)));
    tx.clear_address(&email("anne@FREE.fr")).await.expect("cleared");
    assert_eq!(tx.refusal_of(&anne).await.expect("asked"), None);
}

async fn rel_035_a_full_outbox_is_told(fresh: Fresh) {
    enqueue(&fresh, &["a", "b", "c"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    assert!(tx.is_outbox_full(3).await.expect("asked"));
    assert!(!tx.is_outbox_full(4).await.expect("asked"));
}

async fn an_empty_outbox_has_nothing_to_give_or_to_wait_for(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(take(&mut tx, 0).await, None);
    assert!(!tx.is_letter_due(&[], at(0)).await.expect("asked"));
    assert_eq!(tx.outbox_counts().await.expect("asked"), OutboxCounts::default());
}

async fn a_letter_and_its_cause_happen_together_or_not_at_all(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.enqueue(&letter("l"), at(0), at(0)).await.expect("queued");
    drop(tx);
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(take(&mut tx, 1).await, None);
}

async fn c04_an_acceptance_names_a_text_that_is_kept_and_is_given_once(fresh: Fresh) {
    let terms = TermsText { version: "2026-10".into(), text: "Conditions…".into() };
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    for when in [0, 1] {
        tx.keep_terms_text(&agency("SPI31"), &terms, at(when)).await.expect("kept");
    }
    let acceptance = Acceptance {
        identity: anne.clone(),
        agency: agency("SPI31"),
        version: terms.version.clone(),
        digest: terms.digest(),
        at: at(2),
        client: "192.0.2.1".into(),
    };
    assert!(tx.accept_terms(&acceptance).await.expect("asked"));
    assert!(!tx.accept_terms(&Acceptance { at: at(3), ..acceptance.clone() }).await.expect("asked"));
    let accepted = tx.accepted_terms(&anne, &agency("SPI31")).await.expect("asked");
    assert!(!is_owed(&terms, &accepted));
    assert!(tx.accepted_terms(&anne, &agency("B")).await.expect("asked").is_empty());
    let unkept = Acceptance { version: "2027-01".into(), ..acceptance };
    assert!(matches!(tx.accept_terms(&unkept).await, Err(StoreError::Missing(_))));
}

async fn rel_055_no_letter_waits_until_a_clock_that_was_set_back_has_caught_up(fresh: Fresh) {
    enqueue(&fresh, &["l1", "l2"]).await;
    let mut tx = fresh.write().await.expect("a turn");
    take(&mut tx, 100).await.expect("a letter, whose sender dies");
    let hour = 3600;
    tx.set_back(SignedDuration::from_secs(hour), LEASE_MS, at(100 - hour)).await.expect("set back");
    take(&mut tx, 100 - hour).await.expect("the other letter is due as before");
    assert_eq!(take(&mut tx, 159 - hour).await, None, "both are taken");
    take(&mut tx, 160 - hour).await.expect("the dead sender's lease is over");
}
