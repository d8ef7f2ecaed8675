//! What support reads and changes.

use super::*;
use crate::domain::mail::{LetterId, LetterKind, Mail};

on_both! {
    e11_access_is_withdrawn_once_and_given_back_once,
    e11_letters_that_wait_die_and_those_that_went_stay_as_they_are,
    e11_an_account_goes_with_everything_that_hangs_on_it_and_only_once,
    e11_counters_of_a_persons_devices_are_found_and_forgotten,
}

fn letter(id: &str, to: &str, kind: LetterKind) -> Mail {
    let id = LetterId::stored(id);
    Mail { id, agency: None, to: email(to), language: Language::En, kind, attempts: 0 }
}

async fn e11_access_is_withdrawn_once_and_given_back_once(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let nobody = IdentityId::stored("nobody");
    assert!(!tx.is_disabled(&anne).await.expect("asked") && !tx.is_disabled(&nobody).await.expect("asked"));
    assert!(!tx.set_disabled(&nobody, Some(at(1))).await.expect("asked"));
    assert!(tx.set_disabled(&anne, Some(at(1))).await.expect("asked"));
    assert!(!tx.set_disabled(&anne, Some(at(2))).await.expect("asked"), "it is withdrawn already");
    assert_eq!(tx.person(&anne).await.expect("asked").and_then(|anne| anne.disabled_at), Some(at(1)));
    assert!(tx.set_disabled(&anne, None).await.expect("asked"));
    assert!(!tx.set_disabled(&anne, None).await.expect("asked"), "it stands already");
}

async fn e11_letters_that_wait_die_and_those_that_went_stay_as_they_are(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for (id, to) in [("1", "anne@free.fr"), ("2", "Anne@Free.fr"), ("3", "pierre@free.fr")] {
        tx.enqueue(&letter(id, to, LetterKind::PasswordChanged { at: at(0), warning: None }), at(0), at(0))
            .await
            .expect("kept");
    }
    tx.letter_sent(&LetterId::stored("1"), "250 ok", at(3)).await.expect("kept");
    assert_eq!(tx.abandon_letters_to(&email("Anne@Free.fr"), "disabled", at(4)).await.expect("asked"), 1);
    let left = tx.letters_to(&email("anne@free.fr"), 10).await.expect("asked");
    assert_eq!(left.iter().map(|letter| letter.state.as_str()).collect::<Vec<_>>(), ["sent"]);
    let died = tx.letters_to(&email("Anne@Free.fr"), 10).await.expect("asked");
    assert_eq!((died.len(), died[1].state.as_str(), died[1].kind.as_str()), (2, "abandoned", "password-changed"));
    assert_eq!(tx.letters_to(&email("pierre@free.fr"), 10).await.expect("asked")[0].next_at, Some(at(0)));
    assert_eq!(tx.language_to(&email("anne@free.fr")).await.expect("asked"), Some(Language::En));
}

async fn e11_an_account_goes_with_everything_that_hangs_on_it_and_only_once(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "A", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    tx.switch_account(&session.id, "agence.example", &link.id, at(60)).await.expect("opened");
    let open = tx.open_accounts(&session.id).await.expect("asked");
    tx.insert_agency_cookie(digest("cookie"), &session.id, &open[0], at(1)).await.expect("kept");
    assert_eq!(tx.attached_at(&link.id).await.expect("asked"), at(0));
    assert!(tx.unlink(&link.id).await.expect("asked"));
    assert!(!tx.unlink(&link.id).await.expect("asked"));
    assert!(tx.agency_cookie(digest("cookie")).await.expect("asked").is_none());
    assert_eq!(tx.person(&anne).await.expect("asked").map(|anne| anne.email), Some("anne@free.fr".into()));
}

async fn e11_counters_of_a_persons_devices_are_found_and_forgotten(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let failed = Attempts { streak: 5, today: 5, day_start: Some(at(0)), last: Some(at(1)) };
    for key in ["device:01:anne", "device:02:marianne", "person:anne"] {
        assert!(tx.save_attempts(key, &failed, 0).await.expect("asked"));
    }
    assert_eq!(tx.device_attempts(&anne).await.expect("asked"), [("device:01:anne".to_owned(), failed)]);
    assert!(tx.forget_attempts("device:01:anne").await.expect("asked"));
    assert!(!tx.forget_attempts("device:01:anne").await.expect("asked"));
}
