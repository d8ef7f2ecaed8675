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
        kind: LetterKind::PasswordChanged { at: at(0) },
        attempts: 0,
    }
}

on_both! {
    two_workers_never_get_the_same_letter_and_every_letter_is_got,
    a_letter_whose_worker_died_is_got_again_after_its_lease_and_its_tries_are_counted,
    a_letter_is_tried_again_at_its_time_and_ends_as_sent_or_abandoned,
    an_empty_outbox_has_nothing_to_give_or_to_wait_for,
    a_letter_and_its_cause_happen_together_or_not_at_all,
    c04_an_acceptance_names_a_text_that_is_kept_and_is_given_once,
}

async fn two_workers_never_get_the_same_letter_and_every_letter_is_got(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for number in 0..40 {
        tx.enqueue(&letter(&format!("letter-{number}")), at(0), at(0)).await.expect("queued");
    }
    tx.commit().await.expect("a commit");
    let claimed =
        fifty(&fresh, |tx| async move { tx.claim_letter(LEASE_MS, at(1)).await.expect("asked") }.boxed()).await;
    let ids: Vec<LetterId> = claimed.into_iter().flatten().map(|mail| mail.id).collect();
    assert_eq!(ids.len(), 40);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 40);
}

async fn a_letter_whose_worker_died_is_got_again_after_its_lease_and_its_tries_are_counted(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.enqueue(&letter("l"), at(10), at(0)).await.expect("queued");
    assert_eq!(tx.next_letter_at().await.expect("asked"), Some(at(10)));
    assert_eq!(tx.claim_letter(LEASE_MS, at(9)).await.expect("asked"), None);
    let first = tx.claim_letter(LEASE_MS, at(10)).await.expect("asked");
    assert_eq!(first, Some(Mail { attempts: 1, ..letter("l") }));
    assert_eq!(tx.next_letter_at().await.expect("asked"), Some(at(70)));
    assert_eq!(tx.claim_letter(LEASE_MS, at(69)).await.expect("asked"), None);
    let second = tx.claim_letter(LEASE_MS, at(70)).await.expect("asked").expect("the letter");
    assert_eq!(second.attempts, 2);
}

async fn a_letter_is_tried_again_at_its_time_and_ends_as_sent_or_abandoned(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for id in ["a", "b", "c"] {
        tx.enqueue(&letter(id), at(0), at(0)).await.expect("queued");
        tx.claim_letter(LEASE_MS, at(0)).await.expect("asked").expect("the letter");
    }
    let id = LetterId::stored;
    tx.letter_sent(&id("a"), "250 ok", at(1)).await.expect("sent");
    tx.letter_failed(&id("b"), "451 later", Some(at(300))).await.expect("put off");
    tx.letter_failed(&id("c"), "550 no", None).await.expect("given up");
    tx.letter_failed(&id("a"), "lease over", Some(at(2))).await.expect("ignored");
    let counts = tx.outbox_counts().await.expect("asked");
    assert_eq!(counts, OutboxCounts { queued: 1, held: 0, sent: 1, abandoned: 1 });
    assert_eq!(tx.next_letter_at().await.expect("asked"), Some(at(300)));
    assert_eq!(tx.claim_letter(LEASE_MS, at(299)).await.expect("asked"), None);
    assert_eq!(tx.claim_letter(LEASE_MS, at(300)).await.expect("asked").map(|mail| mail.id), Some(id("b")));
    assert!(matches!(tx.letter_sent(&id("x"), "", at(1)).await, Err(StoreError::Missing(_))));
}

async fn an_empty_outbox_has_nothing_to_give_or_to_wait_for(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.claim_letter(LEASE_MS, at(0)).await.expect("asked"), None);
    assert_eq!(tx.next_letter_at().await.expect("asked"), None);
    assert_eq!(tx.outbox_counts().await.expect("asked"), OutboxCounts::default());
}

async fn a_letter_and_its_cause_happen_together_or_not_at_all(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.enqueue(&letter("l"), at(0), at(0)).await.expect("queued");
    drop(tx);
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.claim_letter(LEASE_MS, at(1)).await.expect("asked"), None);
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
