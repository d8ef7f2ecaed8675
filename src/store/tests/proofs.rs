//! Challenges, changes of address, resets, throttles.

use super::*;
use crate::domain::challenge::{CodeAnswer, CodeDigest, LinkAnswer, SentCode, TRIES_PER_CODE};
use crate::domain::lockout::LockoutPolicy;
use crate::domain::recovery::{Asked, ResetLink};

fn challenge(id: &str) -> Challenge {
    let terms = ChallengeTerms::from(&AgencyPolicy::default());
    Challenge::new(ChallengeId::stored(id), email("Anne@free.fr"), terms, at(0))
}

fn kept(code: &str) -> CodeDigest {
    CodeDigest { digest: digest(code), key_id: "k".to_owned() }
}

fn typed(code: &str) -> impl Fn(&CodeDigest) -> bool {
    let typed = kept(code);
    move |code| *code == typed
}

async fn with_challenge(fresh: &Fresh) -> Challenge {
    let challenge = challenge("c");
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_challenge(&challenge, Purpose::Migration, "flow-1").await.expect("kept");
    tx.commit().await.expect("a commit");
    challenge
}

on_both! {
    rel_032_what_stood_in_the_first_copy_of_a_repeated_letter_still_opens_in_its_own_time,
    rel_032_both_copies_of_a_reset_open_and_one_of_them_once,
    a_proof_comes_back_as_it_was_kept_and_knows_what_it_is_for,
    fifty_parallel_codes_share_one_budget,
    of_fifty_answers_at_once_one_is_the_answer,
    of_fifty_resends_at_once_one_is_sent_and_wrong_codes_in_all_stay_counted,
    rel_068_an_older_letter_does_not_go_and_its_link_is_known_as_superseded,
    f14_codes_are_counted_by_key_as_long_as_they_can_be_answered_with,
    the_newest_change_of_address_counts_until_it_is_answered_or_cancelled,
    c10_only_the_newest_reset_is_sent_and_of_fifty_uses_at_once_one_counts,
    c11_a_code_for_a_reset_is_known_where_it_was_asked_for_and_its_tries_are_counted_one_by_one,
    f14_codes_for_resets_are_counted_by_key_as_long_as_they_can_be_answered_with,
    f04_letters_are_counted_for_an_hour_each,
    parallel_guesses_share_one_budget,
    rel_055_what_is_kept_goes_back_with_a_clock_that_is_set_back,
    who_counted_on_what_has_changed_since_is_told,
}

async fn a_proof_comes_back_as_it_was_kept_and_knows_what_it_is_for(fresh: Fresh) {
    let challenge = with_challenge(&fresh).await;
    let mut tx = fresh.read().await.expect("a reader");
    assert_eq!(tx.challenge(&challenge.id).await.expect("asked"), Some(challenge.clone()));
    let owner = tx.owner_of(&challenge.id).await.expect("asked");
    assert_eq!(owner, Some((Purpose::Migration, "flow-1".to_owned())));
    let unknown = ChallengeId::stored("unknown");
    assert_eq!(tx.challenge(&unknown).await.expect("asked"), None);
    assert_eq!(tx.owner_of(&unknown).await.expect("asked"), None);
    assert_eq!(tx.challenge_by_link(digest("unknown")).await.expect("asked"), None);
}

async fn fifty_parallel_codes_share_one_budget(fresh: Fresh) {
    with_challenge(&fresh).await;
    let counted = fifty(&fresh, |tx| {
        let id = ChallengeId::stored("c");
        async move { tx.count_code_try(&id).await.expect("asked").expect("the proof").wrong_now }.boxed()
    })
    .await;
    let mut sorted = counted.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=50).collect::<Vec<u32>>());
    assert_eq!(counted.iter().filter(|tries| **tries <= TRIES_PER_CODE).count(), 5);
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.count_code_try(&ChallengeId::stored("unknown")).await.expect("asked"), None);
}

async fn of_fifty_answers_at_once_one_is_the_answer(fresh: Fresh) {
    let challenge = with_challenge(&fresh).await;
    let id = challenge.id.clone();
    let answers = fifty(&fresh, move |tx| {
        let id = id.clone();
        async move { tx.mark_answered(&id, at(40)).await.expect("asked") }.boxed()
    })
    .await;
    assert_eq!(answers.iter().filter(|first| **first).count(), 1);
    let mut tx = fresh.write().await.expect("a turn");
    let late = tx.mark_sent(&challenge.id, 1, Some(&kept("1")), Some(digest("l")), at(41)).await;
    assert!(!late.expect("asked"));
}

async fn of_fifty_resends_at_once_one_is_sent_and_wrong_codes_in_all_stay_counted(fresh: Fresh) {
    let mut challenge = with_challenge(&fresh).await;
    let mut tx = fresh.write().await.expect("a turn");
    tx.count_code_try(&challenge.id).await.expect("asked");
    tx.commit().await.expect("a commit");
    challenge.resend(at(60)).expect("another letter");
    let resent = challenge.clone();
    let saved = fifty(&fresh, move |tx| {
        let resent = resent.clone();
        async move { tx.save_resend(&resent).await.expect("asked") }.boxed()
    })
    .await;
    assert_eq!(saved.iter().filter(|saved| **saved).count(), 1);
    let mut tx = fresh.read().await.expect("a reader");
    let found = tx.challenge(&challenge.id).await.expect("asked").expect("the proof");
    assert_eq!(found, Challenge { wrong_in_all: 1, ..challenge });
}

async fn rel_068_an_older_letter_does_not_go_and_its_link_is_known_as_superseded(fresh: Fresh) {
    let mut challenge = with_challenge(&fresh).await;
    let id = challenge.id.clone();
    let mut tx = fresh.write().await.expect("a turn");
    assert!(tx.mark_sent(&id, 1, Some(&kept("1")), Some(digest("old")), at(5)).await.expect("asked"));
    challenge.resend(at(60)).expect("another letter");
    assert!(tx.save_resend(&challenge).await.expect("asked"));
    assert!(!tx.mark_sent(&id, 1, Some(&kept("2")), Some(digest("late")), at(61)).await.expect("asked"));
    assert!(tx.mark_sent(&id, 2, Some(&kept("3")), Some(digest("new")), at(62)).await.expect("asked"));
    let (found, link) = tx.challenge_by_link(digest("old")).await.expect("asked").expect("known");
    assert_eq!(found.answer_link(link, at(63)), LinkAnswer::Superseded);
    let (found, link) = tx.challenge_by_link(digest("new")).await.expect("asked").expect("known");
    assert!(matches!(found.answer_link(link, at(63)), LinkAnswer::Right(_)));
    assert_eq!(found.sent_at, Some(at(62)));
    assert_eq!(found.codes, [SentCode { kept: kept("3"), sent_at: at(62) }]);
    assert_eq!(tx.challenge_by_link(digest("late")).await.expect("asked"), None);
}

async fn rel_032_what_stood_in_the_first_copy_of_a_repeated_letter_still_opens_in_its_own_time(fresh: Fresh) {
    let challenge = with_challenge(&fresh).await;
    let id = challenge.id.clone();
    let mut tx = fresh.write().await.expect("a turn");
    assert!(tx.mark_sent(&id, 1, Some(&kept("1")), Some(digest("first")), at(5)).await.expect("asked"));
    assert!(tx.mark_sent(&id, 1, Some(&kept("2")), Some(digest("again")), at(300)).await.expect("asked"));
    let found = tx.challenge(&id).await.expect("asked").expect("the proof");
    for code in ["1", "2"] {
        assert!(matches!(found.answer_code(typed(code), at(301)), CodeAnswer::Right(_)), "{code}");
    }
    assert_eq!(found.answer_code(typed("1"), at(606)), CodeAnswer::Expired);
    for (link, over) in [("first", 3606), ("again", 3901)] {
        let (found, link) = tx.challenge_by_link(digest(link)).await.expect("asked").expect("known");
        assert!(matches!(found.answer_link(link, at(301)), LinkAnswer::Right(_)));
        assert_eq!(found.answer_link(link, at(over)), LinkAnswer::Expired);
    }
}

async fn rel_032_both_copies_of_a_reset_open_and_one_of_them_once(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    tx.insert_recovery("r", &anne, by_link(), None, at(0)).await.expect("kept");
    assert!(tx.mark_recovery_sent("r", None, Some(digest("first")), at(1)).await.expect("asked"));
    assert!(tx.mark_recovery_sent("r", None, Some(digest("again")), at(400)).await.expect("asked"));
    for (link, over) in [("first", 3602), ("again", 4001)] {
        let (_, reset) = tx.recovery_by_link(digest(link)).await.expect("asked").expect("known");
        assert_eq!((reset.judge(None, at(500)), reset.judge(None, at(over))), (ResetLink::Open, ResetLink::Expired));
    }
    assert!(tx.use_recovery("r", at(501)).await.expect("asked"));
    let (_, other) = tx.recovery_by_link(digest("first")).await.expect("asked").expect("known");
    assert_eq!(other.judge(None, at(502)), ResetLink::Used);
}

async fn the_newest_change_of_address_counts_until_it_is_answered_or_cancelled(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    for (id, address, when) in [("c1", "a@sfr.fr", 1), ("c2", "b@sfr.fr", 2)] {
        let asked = Challenge { requested_at: at(when), address: email(address), ..challenge(id) };
        tx.insert_challenge(&asked, Purpose::EmailChange, anne.as_str()).await.expect("kept");
        tx.insert_email_change(&asked.id, &anne, &asked.address).await.expect("kept");
    }
    let second = ChallengeId::stored("c2");
    let pending = tx.pending_email_change(&anne).await.expect("asked");
    assert_eq!(pending, Some((second.clone(), email("b@sfr.fr"))));
    assert!(tx.mark_answered(&second, at(3)).await.expect("asked"));
    let pending = tx.pending_email_change(&anne).await.expect("asked").expect("the first");
    assert_eq!(pending.0, ChallengeId::stored("c1"));
    tx.cancel_email_changes(&anne).await.expect("cancelled");
    assert_eq!(tx.pending_email_change(&anne).await.expect("asked"), None);
    assert_eq!(tx.challenge(&pending.0).await.expect("asked"), None);
    assert!(tx.challenge(&second).await.expect("asked").is_some());
}

async fn c10_only_the_newest_reset_is_sent_and_of_fifty_uses_at_once_one_counts(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    tx.insert_recovery("r1", &anne, by_link(), None, at(0)).await.expect("kept");
    assert!(tx.mark_recovery_sent("r1", None, Some(digest("l1")), at(1)).await.expect("asked"));
    tx.insert_recovery("r2", &anne, by_link(), None, at(2)).await.expect("kept");
    assert!(!tx.mark_recovery_sent("r1", None, Some(digest("late")), at(3)).await.expect("asked"));
    assert!(tx.mark_recovery_sent("r2", None, Some(digest("l2")), at(3)).await.expect("asked"));
    let (id, first) = tx.recovery_by_link(digest("l1")).await.expect("asked").expect("known");
    assert_eq!((id.as_str(), first.judge(None, at(4))), ("r1", ResetLink::Superseded));
    assert!(!tx.use_recovery("r1", at(4)).await.expect("asked"));
    assert!(tx.recovery_by_link(digest("late")).await.expect("asked").is_none());
    tx.commit().await.expect("a commit");
    let uses = fifty(&fresh, |tx| async move { tx.use_recovery("r2", at(5)).await.expect("asked") }.boxed()).await;
    assert_eq!(uses.iter().filter(|used| **used).count(), 1);
    let mut tx = fresh.read().await.expect("a reader");
    let (_, second) = tx.recovery_by_link(digest("l2")).await.expect("asked").expect("known");
    assert_eq!((second.identity.clone(), second.judge(None, at(6))), (anne, ResetLink::Used));
}

async fn c11_a_code_for_a_reset_is_known_where_it_was_asked_for_and_its_tries_are_counted_one_by_one(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let (terms, here) = (RecoveryTerms { method: ProofMethod::Both, ..by_link() }, digest("here"));
    tx.insert_recovery("r1", &anne, terms, Some(here), at(0)).await.expect("kept");
    tx.insert_recovery("r2", &anne, terms, Some(here), at(0)).await.expect("kept");
    tx.insert_recovery("r3", &anne, by_link(), None, at(1)).await.expect("kept");
    assert_eq!(tx.open_recovery_asked_by(&anne).await.expect("asked"), None, "a newer one stands, and has no code");
    tx.insert_recovery("r4", &anne, terms, Some(here), at(2)).await.expect("kept");
    assert_eq!(tx.recovery_terms("r4").await.expect("asked"), Some(terms));
    assert_eq!(tx.recovery_terms("r3").await.expect("asked"), Some(by_link()));
    assert_eq!(tx.open_recovery_asked_by(&anne).await.expect("asked"), Some(here));
    let asked = Asked { id: "r4".to_owned(), identity: anne, asked_at: at(2), is_open: true };
    assert_eq!(tx.recovery_asked_by(here).await.expect("asked"), Some(asked));
    assert_eq!(tx.recovery_asked_by(digest("elsewhere")).await.expect("asked"), None);
    assert!(tx.mark_recovery_sent("r4", Some(&kept("1")), Some(digest("l1")), at(3)).await.expect("asked"));
    assert!(tx.mark_recovery_sent("r4", Some(&kept("2")), Some(digest("l2")), at(400)).await.expect("asked"));
    tx.commit().await.expect("a commit");
    let tries = fifty(&fresh, |tx| {
        async move { tx.count_recovery_try("r4").await.expect("asked").expect("the reset").tries }.boxed()
    })
    .await;
    let mut tries: Vec<u32> = tries;
    tries.sort_unstable();
    assert_eq!(tries, (1..=50).collect::<Vec<_>>());
    let mut tx = fresh.write().await.expect("a turn");
    let typed_for = tx.count_recovery_try("r4").await.expect("asked").expect("the reset");
    let mut codes = typed_for.codes.clone();
    codes.sort_by_key(|code| code.sent_at);
    assert_eq!(codes, [("1", 3), ("2", 400)].map(|(code, sent)| SentCode { kept: kept(code), sent_at: at(sent) }));
    assert_eq!((typed_for.superseded, typed_for.used_at), (false, None));
    assert_eq!(tx.count_recovery_try("nothing").await.expect("asked"), None);
}

async fn f14_codes_for_resets_are_counted_by_key_as_long_as_they_can_be_answered_with(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let terms = RecoveryTerms { method: ProofMethod::Code, ..by_link() };
    tx.insert_recovery("r", &anne, terms, Some(digest("here")), at(0)).await.expect("kept");
    assert!(tx.mark_recovery_sent("r", Some(&kept("1")), None, at(5)).await.expect("asked"));
    assert_eq!(tx.living_codes(at(605)).await.expect("asked"), [("k".to_owned(), 1)].into());
    assert_eq!(tx.living_codes(at(606)).await.expect("asked"), [].into());
    tx.supersede_recoveries(&anne).await.expect("asked");
    assert_eq!(tx.living_codes(at(605)).await.expect("asked"), [].into());
}

async fn f04_letters_are_counted_for_an_hour_each(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for when in [0, 1800, 3599] {
        tx.count_letter("person:anne", at(when)).await.expect("counted");
    }
    assert_eq!(tx.letters_in_last_hour("person:anne", at(3599)).await.expect("asked"), 3);
    assert_eq!(tx.letters_in_last_hour("person:anne", at(3600)).await.expect("asked"), 2);
    assert_eq!(tx.letters_in_last_hour("person:pierre", at(3600)).await.expect("asked"), 0);
}

async fn parallel_guesses_share_one_budget(fresh: Fresh) {
    let guesses = fifty(&fresh, |tx| {
        async move {
            let (attempts, version) = tx.attempts("person:anne").await.expect("asked");
            match attempts.reserve(&LockoutPolicy::PERSON, at(0)) {
                Ok(next) => tx.save_attempts("person:anne", &next, version).await.expect("asked"),
                Err(_) => false,
            }
        }
        .boxed()
    })
    .await;
    assert!((1..=5).contains(&guesses.iter().filter(|guess| **guess).count()));
    let mut tx = fresh.write().await.expect("a turn");
    let (attempts, version) = tx.attempts("person:anne").await.expect("asked");
    assert_eq!(i64::from(attempts.streak), version);
    assert_eq!((attempts.day_start, attempts.last), (Some(at(0)), Some(at(0))));
}

async fn who_counted_on_what_has_changed_since_is_told(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let one = Attempts { streak: 1, today: 1, ..Attempts::default() };
    assert_eq!(tx.attempts("ip").await.expect("asked"), (Attempts::default(), 0));
    assert!(tx.save_attempts("ip", &one, 0).await.expect("asked"));
    assert!(!tx.save_attempts("ip", &one, 0).await.expect("asked"));
    assert!(tx.save_attempts("ip", &one.cleared(), 1).await.expect("asked"));
    assert!(!tx.save_attempts("ip", &one, 1).await.expect("asked"));
    assert_eq!(tx.attempts("ip").await.expect("asked"), (one.cleared(), 2));
}

async fn rel_055_what_is_kept_goes_back_with_a_clock_that_is_set_back(fresh: Fresh) {
    let challenge = with_challenge(&fresh).await;
    let id = challenge.id.clone();
    let mut tx = fresh.write().await.expect("a turn");
    let locked = Attempts { streak: 5, today: 5, day_start: Some(at(-7200)), last: Some(at(60)) };
    assert!(tx.save_attempts("person:anne", &locked, 0).await.expect("asked"));
    assert!(tx.mark_sent(&id, 1, Some(&kept("1")), Some(digest("link")), at(5)).await.expect("asked"));
    tx.count_letter("person:anne", at(5)).await.expect("counted");
    // An hour back, at 100; a second node that does it again changes nothing more.
    let (by, now) = (SignedDuration::from_hours(1), |seconds: i64| at(seconds - 3600));
    for seconds in [100, 101] {
        tx.set_back(by, 60_000, now(seconds)).await.expect("set back");
    }
    let (attempts, _) = tx.attempts("person:anne").await.expect("asked");
    assert_eq!(attempts.last, Some(now(60)));
    assert_eq!(attempts.day_start, Some(at(-7200)), "what was long ago stays where it is");
    assert_eq!(attempts.locked_until(&LockoutPolicy::PERSON, now(101)), Some(now(150)), "not a second longer");
    let proof = tx.challenge(&id).await.expect("asked").expect("the proof");
    assert_eq!((proof.requested_at, proof.sent_at), (now(0), Some(now(5))));
    assert_eq!(proof.resend_in(now(101)), 0);
    assert_eq!(proof.answer_code(typed("1"), now(606)), CodeAnswer::Expired, "a code lives no longer");
    let (_, link) = tx.challenge_by_link(digest("link")).await.expect("asked").expect("known");
    assert_eq!(link.sent_at, now(5));
    assert_eq!(tx.letters_in_last_hour("person:anne", now(3604)).await.expect("asked"), 1);
    assert_eq!(tx.letters_in_last_hour("person:anne", now(3606)).await.expect("asked"), 0);
}

async fn f14_codes_are_counted_by_key_as_long_as_they_can_be_answered_with(fresh: Fresh) {
    let challenge = with_challenge(&fresh).await;
    let mut tx = fresh.write().await.expect("a turn");
    assert!(tx.mark_sent(&challenge.id, 1, Some(&kept("1")), None, at(5)).await.expect("asked"));
    let later = CodeDigest { key_id: "next".to_owned(), ..kept("2") };
    assert!(tx.mark_sent(&challenge.id, 1, Some(&later), None, at(65)).await.expect("asked"));
    let count = |key: &str| (key.to_owned(), 1);
    assert_eq!(tx.living_codes(at(605)).await.expect("asked"), [count("k"), count("next")].into());
    assert_eq!(tx.living_codes(at(606)).await.expect("asked"), [count("next")].into());
    tx.mark_answered(&challenge.id, at(600)).await.expect("asked");
    assert_eq!(tx.living_codes(at(605)).await.expect("asked"), [].into());
}
