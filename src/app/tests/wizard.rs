//! The wizard where two things happen at once: letters that are asked for twice, and « Ce n'est pas moi » while a password
//! is compared.

use jiff::SignedDuration;

use super::{ANNE, FIRST, Ground, OLD, SECOND, address, caller};
use crate::app::Caller;
use crate::app::disown::{self, Doubts};
use crate::app::links::Closed;
use crate::app::recover::{self, Reset};
use crate::app::wizard::link::{self, Confirmed};
use crate::app::wizard::step::{Mistake, Stepped};
use crate::app::wizard::{join, proof, run};
use crate::domain::challenge::{Challenge, ChallengeId, ChallengeTerms};
use crate::domain::email::EmailAddress;
use crate::domain::migration::Step;
use crate::domain::policy::AgencyPolicy;
use crate::domain::secret::{Secret, long_secret};
use crate::store::Purpose;
use crate::telemetry::SystemDice;

const NEW: &str = "bruno@courriel.example";

on_every_ground! {
    att_18_a_hold_that_comes_while_the_password_is_compared_wins,
    review_b2_a_password_that_is_replaced_while_it_is_compared_attaches_nothing,
    review_b20_of_two_letters_of_the_wizard_that_are_asked_for_at_once_one_is_sent_and_told,
}

async fn att_18_a_hold_that_comes_while_the_password_is_compared_wins(ground: Ground) {
    // With the password that was chosen in the wizard, with the one of who has the address already, and with the old one.
    let waiting = [(NEW, Some(SECOND), SECOND), (ANNE, None, FIRST), ("b@elsewhere.example", None, OLD)];
    for (number, (email, chosen, password)) in waiting.into_iter().enumerate() {
        let login = format!("bruno-{number}");
        let (here, link) = waits_for_proof(&ground, &login, email, chosen).await;
        let mut compared = ground.app.hasher.hold();
        let confirmed = {
            let (app, link) = (ground.app.clone(), link.clone());
            tokio::spawn(async move { link::confirm(&app, &caller(), &link, Secret::new(password)).await })
        };
        compared.reached().await;
        let held = disown::disown(&ground.app, &caller(), &link).await.expect("asked");
        assert!(matches!(held, Doubts::Of(_)), "{held:?}");
        compared.release();
        let confirmed = confirmed.await.expect("no panic").expect("an outcome");
        assert!(matches!(confirmed, Confirmed::Not(Closed::Held)), "{login}: {confirmed:?}");
        let open = run::open(&ground.app, &here).await.expect("asked").expect("the run");
        assert!(matches!(open.flow.step, Step::Proof { .. }), "{login} stands where it stood");
        // In the browser that began it goes on all the same.
        let confirmed = link::confirm(&ground.app, &here, &link, Secret::new("")).await.expect("an outcome");
        assert!(matches!(confirmed, Confirmed::Done { same_browser: true, .. }), "{login}: {confirmed:?}");
    }
}

async fn review_b2_a_password_that_is_replaced_while_it_is_compared_attaches_nothing(ground: Ground) {
    for by_link in [false, true] {
        let (password, next) = if by_link { (SECOND, FIRST) } else { (FIRST, SECOND) };
        let login = format!("bruno-{by_link}");
        let (_, link) = waits_for_proof(&ground, &login, ANNE, None).await;
        let there = caller();
        ground.run(&there, "bruno-there", Step::Join { identity: None, email: None }).await;
        let mut compared = ground.app.hasher.hold();
        let attached = {
            let (app, link) = (ground.app.clone(), link.clone());
            tokio::spawn(async move {
                let typed = Secret::new(password);
                if by_link {
                    let confirmed = link::confirm(&app, &caller(), &link, typed).await.expect("an outcome");
                    matches!(confirmed, Confirmed::Done { stepped: Stepped::Finished { .. }, .. })
                } else {
                    let joined = join::join(&app, &there, ANNE, typed, None).await.expect("an outcome");
                    matches!(joined, Stepped::Finished { .. })
                }
            })
        };
        compared.reached().await;
        let (link, confirmation) = (ground.reset_link().await, Secret::new(next));
        let reset = recover::reset(&ground.app, &caller(), (&link, None), Secret::new(next), &confirmation).await;
        assert!(matches!(reset, Ok(Reset::Done { .. })), "{reset:?}");
        compared.release();
        assert!(!attached.await.expect("no panic"), "{by_link}");
        assert_eq!(ground.accounts().await, ["anne-1"], "{by_link}");
    }
}

async fn review_b20_of_two_letters_of_the_wizard_that_are_asked_for_at_once_one_is_sent_and_told(ground: Ground) {
    let (here, _) = waits_for_proof(&ground, "bruno-1", NEW, Some(SECOND)).await;
    let soon = proof::resend(&ground.app, &here).await.expect("asked");
    assert!(matches!(soon, Stepped::Wrong(Mistake::ResendLater(1..=60))), "{soon:?}");
    for letter in 2..=5 {
        ground.age(SignedDuration::from_secs(120)).await;
        let presses = (0..8).map(|_| async { proof::resend(&ground.app, &here).await.expect("asked") });
        let said = futures_util::future::join_all(presses).await;
        let sent = said.iter().filter(|said| **said == Stepped::On).count();
        let refused = |said: &&Stepped| match said {
            Stepped::Wrong(Mistake::ResendLater(seconds)) => (1..=60).contains(seconds),
            // Where the last of all letters was the faster one's.
            Stepped::Wrong(Mistake::LettersOver) => letter == 5,
            _ => false,
        };
        assert_eq!((sent, said.iter().filter(refused).count()), (1, 7), "{said:?}");
        let open = run::open(&ground.app, &here).await.expect("asked").expect("the run");
        let proof = proof::asked(&ground.app, &open).await.expect("asked").expect("a proof");
        assert_eq!(proof.issue, letter);
        let queued = ground.letters_to(NEW).await;
        assert_eq!(queued, letter as usize - 1, "whoever is told that it was sent gets it");
    }
    ground.age(SignedDuration::from_secs(120)).await;
    let over = proof::resend(&ground.app, &here).await.expect("asked");
    assert_eq!(over, Stepped::Wrong(Mistake::LettersOver));
}

/// A run that waits for the answer to a letter: the caller whose browser it is in, and the letter's link.
async fn waits_for_proof(ground: &Ground, login: &str, email: &str, chosen: Option<&str>) -> (Caller, Secret) {
    let (here, link, now) = (caller(), long_secret(&SystemDice), ground.app.now());
    let id = ChallengeId::random(&SystemDice);
    let password = match chosen {
        Some(password) => Some(ground.app.hasher.hash(Secret::new(password)).await.expect("room")),
        None => None,
    };
    let email: EmailAddress = address(email);
    let step = Step::Proof { challenge: id.clone(), email: email.clone(), password };
    let flow = ground.run(&here, login, step).await;
    let terms = ChallengeTerms::from(&AgencyPolicy::default());
    let mut tx = ground.app.store.write().await.expect("a turn");
    let challenge = Challenge::new(id.clone(), email, terms, now);
    tx.insert_challenge(&challenge, Purpose::Migration, flow.as_str()).await.expect("kept");
    assert!(tx.mark_sent(&id, 1, None, Some(link.digest()), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    (here, link)
}
