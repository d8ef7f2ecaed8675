//! One budget of guesses for a person and one for an old account, by whatever way they are made (review B12, SEC-050).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::{ANNE, FIRST, Ground, OLD, THIRD, address, caller, warned};
use crate::app::attempt::{self, Credentials, Outcome};
use crate::app::change_email::{self, Answered, Request};
use crate::app::change_password::{self, Changed};
use crate::app::detach::{self, Detached};
use crate::app::not_me::{self, Undone};
use crate::app::throttle::{self, Subject};
use crate::app::wizard::join;
use crate::app::wizard::link::{self, Confirmed};
use crate::app::wizard::step::Stepped;
use crate::app::{Caller, Fault, sign_in};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{Challenge, ChallengeId, ChallengeTerms};
use crate::domain::credential::{Credential, CredentialId, Meant, TypedLogin};
use crate::domain::identity::{AccountLabel, IdentityId, LegacyLogin, Link, LinkId};
use crate::domain::language::Language;
use crate::domain::lockout::Attempts;
use crate::domain::migration::Step;
use crate::domain::password::PasswordHash;
use crate::domain::policy::AgencyPolicy;
use crate::domain::secret::{Secret, long_secret};
use crate::domain::session::Session;
use crate::store::Purpose;
use crate::telemetry::SystemDice;

on_every_ground! {
    f01_a_wrong_password_counts_for_the_person_by_whatever_way_it_is_tried,
    f01_after_twenty_five_failures_no_way_takes_even_the_right_password,
    review_b12_a_guess_at_an_identifier_that_is_an_address_counts_for_the_old_account_too,
    f01_the_old_password_under_an_address_is_a_failure_at_the_new_one,
    review_b5_whose_access_is_withdrawn_is_out_under_an_identifier_that_is_somebody_elses_address,
    f02_a_right_password_on_a_known_device_clears_what_is_its_own_and_not_what_others_share,
    att_24_sixteen_wait_for_others_of_the_same_person_and_no_more,
    rel_027_what_fails_on_our_side_is_no_guess,
    sec_050_every_spelling_of_an_old_identifier_has_one_counter_of_passwords_and_one_of_codes,
    att_25_however_many_spellings_there_are_two_neighbours_are_compared_at_most,
}

/// Where a person's password is asked for.
#[derive(Debug, Clone, Copy)]
enum Way {
    SignIn,
    ChangeOfPassword,
    ChangeOfAddress,
    Detachment,
    NewAddressByLink,
    Undoing,
    Joining,
    ProofElsewhere,
}

const WAYS: [Way; 8] = [
    Way::SignIn,
    Way::ChangeOfPassword,
    Way::ChangeOfAddress,
    Way::Detachment,
    Way::NewAddressByLink,
    Way::Undoing,
    Way::Joining,
    Way::ProofElsewhere,
];

async fn f01_a_wrong_password_counts_for_the_person_by_whatever_way_it_is_tried(ground: Ground) {
    let session = ground.sign_in(FIRST).await.expect("in").session;
    let mut failures = 0;
    for way in WAYS {
        assert!(!takes(&ground, &session, way, THIRD).await, "{way:?}");
        failures += 1;
        assert_eq!(ground.failures().await, failures, "{way:?}");
        // Whoever is slowed waits; what was counted of the day stays.
        ground.age(SignedDuration::from_hours(1)).await;
        ground.as_at_first().await;
    }
}

async fn f01_after_twenty_five_failures_no_way_takes_even_the_right_password(ground: Ground) {
    for way in WAYS {
        for (today, is_taken) in [(25, false), (24, true)] {
            let session = ground.sign_in(FIRST).await.expect("in").session;
            let prepared = prepare(&ground, &session, way).await;
            let now = ground.app.now();
            let long_ago = now.checked_sub(SignedDuration::from_hours(5)).expect("a time");
            let spent = Attempts { streak: 1, today, day_start: Some(long_ago), last: Some(long_ago) };
            ground.counted(&spent).await;
            assert_eq!(tried(&ground, &session, way, &prepared, FIRST).await, is_taken, "{way:?} after {today}");
            ground.counted(&Attempts::default()).await;
            ground.as_at_first().await;
        }
    }
}

/// Whether the password is taken.
async fn takes(ground: &Ground, session: &Session, way: Way, password: &str) -> bool {
    let prepared = prepare(ground, session, way).await;
    tried(ground, session, way, &prepared, password).await
}

/// What has to be there before somebody can try: a link, or a run in a browser.
async fn prepare(ground: &Ground, session: &Session, way: Way) -> Secret {
    let (secret, now) = (long_secret(&SystemDice), ground.app.now());
    match way {
        Way::SignIn | Way::ChangeOfPassword | Way::ChangeOfAddress | Way::Detachment => {}
        Way::NewAddressByLink => {
            let asked = asks(ground, session, FIRST).await;
            assert_eq!(asked, Request::LetterSent);
            let mut tx = ground.app.store.write().await.expect("a turn");
            let (id, _) = tx.pending_email_change(&ground.anne).await.expect("asked").expect("a change");
            assert!(tx.mark_sent(&id, 1, None, Some(secret.digest()), now).await.expect("asked"));
            tx.commit().await.expect("a commit");
        }
        Way::Undoing => return warned(ground).await,
        Way::Joining => {
            let here = Caller { browser: secret.clone(), ..caller() };
            ground.run(&here, "bruno-1", Step::Join { identity: None, email: None }).await;
        }
        Way::ProofElsewhere => {
            let id = ChallengeId::random(&SystemDice);
            let step = Step::Proof { challenge: id.clone(), email: address(ANNE), password: None };
            let flow = ground.run(&caller(), "bruno-2", step).await;
            let terms = ChallengeTerms::from(&AgencyPolicy::default());
            let mut tx = ground.app.store.write().await.expect("a turn");
            let challenge = Challenge::new(id.clone(), address(ANNE), terms, now);
            tx.insert_challenge(&challenge, Purpose::Migration, flow.as_str()).await.expect("kept");
            assert!(tx.mark_sent(&id, 1, None, Some(secret.digest()), now).await.expect("asked"));
            tx.commit().await.expect("a commit");
        }
    }
    secret
}

async fn tried(ground: &Ground, session: &Session, way: Way, prepared: &Secret, password: &str) -> bool {
    let (app, typed) = (&ground.app, Secret::new(password));
    match way {
        Way::SignIn => ground.sign_in(password).await.is_some(),
        Way::ChangeOfPassword => {
            let (new, again) = (Secret::new(THIRD), Secret::new(THIRD));
            let changed = change_password::change(app, &caller(), session, typed, new, &again).await;
            changed.expect("an outcome") != Changed::CurrentRefused
        }
        Way::ChangeOfAddress => asks(ground, session, password).await != Request::CurrentRefused,
        Way::Detachment => {
            let label = AccountLabel::of(&LinkId::stored("l"));
            let detached = detach::detach(app, &caller(), session, &label, typed).await.expect("an outcome");
            assert_ne!(detached, Detached::SessionOver);
            detached != Detached::PasswordRefused
        }
        Way::NewAddressByLink => {
            let answered = change_email::confirm(app, &caller(), prepared, None, typed).await.expect("an outcome");
            assert!(matches!(answered, Answered::Changed | Answered::PasswordRefused), "{answered:?}");
            answered == Answered::Changed
        }
        Way::Undoing => {
            let undone = not_me::undo(app, &caller(), prepared, typed).await.expect("an outcome");
            assert!(matches!(undone, Undone::Done { .. } | Undone::PasswordRefused), "{undone:?}");
            matches!(undone, Undone::Done { .. })
        }
        Way::Joining => {
            let here = Caller { browser: prepared.clone(), ..caller() };
            let joined = join::join(app, &here, ANNE, typed, None).await.expect("an outcome");
            assert!(matches!(joined, Stepped::Finished { joined: true } | Stepped::Wrong(_)), "{joined:?}");
            matches!(joined, Stepped::Finished { .. })
        }
        Way::ProofElsewhere => {
            let confirmed = link::confirm(app, &caller(), prepared, typed).await.expect("an outcome");
            assert!(!matches!(confirmed, Confirmed::Not(_)), "{confirmed:?}");
            matches!(confirmed, Confirmed::Done { .. })
        }
    }
}

async fn asks(ground: &Ground, session: &Session, password: &str) -> Request {
    let new = "anne.martin@courriel.example";
    change_email::ask(&ground.app, &caller(), session, new, new, Secret::new(password)).await.expect("asked")
}

async fn review_b12_a_guess_at_an_identifier_that_is_an_address_counts_for_the_old_account_too(ground: Ground) {
    ground.attach("l-2", ANNE).await;
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let login = LegacyLogin::parse(ANNE).expect("an identifier");
    let key = throttle::account_key(&agency.code, &login);
    let agency = Arc::new(Agency { may_be_email: true, ..(*agency).clone() });
    for (number, meant) in [Meant::Either, Meant::AgencysNew].into_iter().enumerate() {
        let (password, agency) = (Secret::new(THIRD), Arc::clone(&agency));
        let credentials = Credentials { login: ANNE, password, meant, keep: false, agency };
        sign_in::sign_in(&ground.app, &caller(), credentials).await.expect("an outcome");
        let (_, version) = ground.app.store.read().await.expect("a reader").attempts(&key).await.expect("asked");
        assert!(version > i64::try_from(number).expect("few"), "{meant:?}");
    }
    // Nobody's yet, and said to be the agency's: the address of a person is not what is guessed at alone.
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.detach(&LinkId::stored("l-2")).await.expect("asked"));
    tx.commit().await.expect("a commit");
    let (_, before) = ground.app.store.read().await.expect("a reader").attempts(&key).await.expect("asked");
    let (password, meant) = (Secret::new(THIRD), Meant::AgencysNew);
    let credentials = Credentials { login: ANNE, password, meant, keep: false, agency };
    sign_in::sign_in(&ground.app, &caller(), credentials).await.expect("an outcome");
    let (_, after) = ground.app.store.read().await.expect("a reader").attempts(&key).await.expect("asked");
    assert!(after > before);
}

async fn f01_the_old_password_under_an_address_is_a_failure_at_the_new_one(ground: Ground) {
    ground.attach("l-2", ANNE).await;
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let old = ground.app.hasher.hash(Secret::new(OLD)).await.expect("room");
    let mut tx = ground.app.store.write().await.expect("a turn");
    tx.set_old_digest(&agency.code, &LegacyLogin::parse(ANNE).expect("an identifier"), &old).await.expect("kept");
    tx.commit().await.expect("a commit");
    for failures in 1..=5 {
        let outcome = super::attempt(&ground.app, OLD).await;
        assert!(matches!(outcome, Outcome::OldCredentials(_)), "{outcome:?}");
        assert_eq!(ground.failures().await, failures);
    }
    let outcome = super::attempt(&ground.app, OLD).await;
    assert!(matches!(outcome, Outcome::Refused), "the sixth is not looked at: {outcome:?}");
}

async fn review_b5_whose_access_is_withdrawn_is_out_under_an_identifier_that_is_somebody_elses_address(ground: Ground) {
    let bruno = IdentityId::stored("bruno");
    let (id, email) = (CredentialId::stored("b"), address("bruno@residents.example"));
    let credential = Credential::of_address(id, bruno.clone(), email, PasswordHash::phc("$argon2id$none"));
    let account = super::account(ANNE);
    let link = Link { id: LinkId::stored("l-b"), identity: bruno.clone(), account };
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let mut tx = ground.app.store.write().await.expect("a turn");
    let now = ground.app.now();
    assert!(tx.create_person(&bruno, &credential, Language::Fr, now).await.expect("asked"));
    assert!(tx.attach(&link, now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    for is_disabled in [false, true] {
        let mut tx = ground.app.store.write().await.expect("a turn");
        if is_disabled {
            assert!(tx.set_disabled(&bruno, Some(now)).await.expect("asked"));
        }
        let typed = TypedLogin::parse(ANNE).expect("something typed");
        let known = attempt::look_up(&ground.app, &caller(), &mut tx, typed, &agency).await.expect("asked");
        assert_eq!(known.is_disabled(), is_disabled);
        assert!(!known.owner_is_disabled, "she is another person");
        tx.commit().await.expect("a commit");
    }
    assert!(ground.sign_in(FIRST).await.is_some(), "and signs in with her own password");
}

async fn f02_a_right_password_on_a_known_device_clears_what_is_its_own_and_not_what_others_share(ground: Ground) {
    let device = ground.sign_in(FIRST).await.expect("in").device;
    let here = Caller { device: Some(device.clone()), ..caller() };
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let all = throttle::device_key(&device.digest().to_hex());
    let own = format!("{all}:{}", ground.anne.as_str());
    for (password, own_row, all_row) in [(THIRD, 1, 1), (THIRD, 2, 2), (FIRST, 0, 2), (THIRD, 1, 3)] {
        let (password, agency) = (Secret::new(password), Arc::clone(&agency));
        let credentials = Credentials { login: ANNE, password, meant: Meant::Either, keep: false, agency };
        sign_in::sign_in(&ground.app, &here, credentials).await.expect("an outcome");
        let mut tx = ground.app.store.read().await.expect("a reader");
        for (key, row) in [(&own, own_row), (&all, all_row)] {
            assert_eq!(tx.attempts(key).await.expect("asked").0.streak, row, "{key}");
        }
    }
    assert_eq!(ground.failures().await, 0, "strangers have a counter of their own");
}

async fn att_24_sixteen_wait_for_others_of_the_same_person_and_no_more(ground: Ground) {
    let tries = &ground.app.tries;
    let mut waiting: Vec<_> = (0..16).map(|_| tries.wait("person:anne").expect("a place")).collect();
    assert!(tries.wait("person:anne").is_none());
    assert!(tries.wait("person:bruno").is_some(), "others have places of their own");
    drop(waiting.pop());
    assert!(tries.wait("person:anne").is_some());
}

async fn rel_027_what_fails_on_our_side_is_no_guess(ground: Ground) {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    for is_right in [true, false] {
        let subjects = Subject::person(&caller(), &ground.anne, false, agency.policy.lockout);
        let reserved = throttle::reserve(&ground.app, &caller(), &subjects).await.expect("asked").expect("not locked");
        assert_eq!(ground.failures().await, 1, "counted before it is judged");
        let value = if is_right { Ok(()) } else { Err(Fault::NoVault) };
        match reserved.unless(&ground.app, value).await {
            Ok((reserved, ())) => reserved.succeeded(&ground.app).await.expect("settled"),
            Err(fault) => assert!(!is_right && matches!(fault, Fault::NoVault), "{fault}"),
        }
        assert_eq!(ground.failures().await, 0, "{is_right}");
    }
}

async fn sec_050_every_spelling_of_an_old_identifier_has_one_counter_of_passwords_and_one_of_codes(ground: Ground) {
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    let spellings =
        ["dora-9", "DORA-9", "dóra-9", "ｄora-9", "dora\u{2011}9", "do\u{ad}ra-9", "dora-9\u{200b}", " dora-9 "];
    let keys = |key: fn(&AgencyCode, &LegacyLogin) -> String| -> BTreeSet<String> {
        let login = |text: &str| LegacyLogin::parse(text).expect("an identifier");
        spellings.iter().map(|text| key(&agency.code, &login(text))).collect()
    };
    let (passwords, codes) = (keys(throttle::account_key), keys(throttle::codes_of_account_key));
    assert_eq!((passwords.len(), codes.len()), (1, 1), "{passwords:?} {codes:?}");
    assert!(passwords.is_disjoint(&codes));
}

async fn att_25_however_many_spellings_there_are_two_neighbours_are_compared_at_most(ground: Ground) {
    for (number, login) in ["Anne-1", "ANNE-1", "ànne-1", "ânne-1"].into_iter().enumerate() {
        ground.attach(&format!("l-{number}"), login).await;
    }
    let agency = ground.app.agency("CA", "SA").expect("the agency");
    for (typed, neighbours) in [("ANNe-1", 2), ("anne-1", 2), ("anne-2", 0)] {
        let mut tx = ground.app.store.read().await.expect("a reader");
        let typed = TypedLogin::parse(typed).expect("something typed");
        let known = attempt::look_up(&ground.app, &caller(), &mut tx, typed, &agency).await.expect("asked");
        assert_eq!(known.neighbours.len(), neighbours, "{:?}", known.typed);
    }
}
