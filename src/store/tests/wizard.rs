//! Runs of the wizard.

use super::*;
use crate::domain::challenge::{Challenge, ChallengeId};
use crate::domain::migration::{Flow, FlowId, MigrationPlan, Step};
use crate::domain::roster::{Fields, Holding, OnRoster, RosterLine};
use crate::domain::secret::tests::CountingDice;

pub(super) fn flow(id: &str, identifier: &str, started_at: Timestamp) -> Flow {
    let plan = MigrationPlan::from(&AgencyPolicy::default());
    Flow::start(FlowId::stored(id), account("SPI31", identifier), Some(email("a@free.fr")), plan, started_at)
}

fn sealed() -> Sealed {
    Vault::new("k".into(), [1; 32]).seal(&CountingDice::default(), "flow:f", &Secret::new("old"))
}

on_both! {
    a_run_comes_back_as_it_was_kept_with_its_sealed_secret,
    of_fifty_who_go_on_from_the_same_step_one_does,
    a_run_that_is_done_keeps_no_old_password_and_shows_its_end_until_another_begins,
    a_run_goes_on_in_another_browser_and_leaves_the_one_before,
    a_closed_run_is_not_found_by_anything_and_cannot_go_on,
    an_account_has_one_run_under_way,
    rel_069_a_run_whose_account_is_taken_back_ends_with_its_proof_and_its_browser_is_told,
    rel_069_of_a_run_at_its_end_and_an_agency_that_takes_the_account_back_the_later_one_sees_the_other,
    rel_069_a_line_keeps_its_holder_until_the_account_is_closed_or_has_another,
}

async fn a_run_comes_back_as_it_was_kept_with_its_sealed_secret(fresh: Fresh) {
    let (run, sealed, old) = (flow("f", "durand", at(0)), sealed(), PasswordHash::phc("$old"));
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&run, digest("browser"), Some(&sealed), Some(&old)).await.expect("kept");
    let stored = tx.flow_of_browser(digest("browser")).await.expect("asked").expect("a run");
    assert_eq!((&stored.flow, stored.version, stored.browser), (&run, 1, digest("browser")));
    assert_eq!((stored.secret, stored.old_digest), (Some(sealed), Some(old)));
    assert!(tx.flow_of_browser(digest("other")).await.expect("asked").is_none());
    assert!(tx.flow(&FlowId::stored("other")).await.expect("asked").is_none());
    tx.insert_flow(&flow("g", "martin", at(0)), digest("b2"), None, None).await.expect("kept");
    let bare = tx.flow(&FlowId::stored("g")).await.expect("asked").expect("a run");
    assert_eq!((bare.secret, bare.old_digest), (None, None));
}

async fn of_fifty_who_go_on_from_the_same_step_one_does(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&flow("f", "durand", at(0)), digest("b"), None, None).await.expect("kept");
    tx.commit().await.expect("a commit");
    let mut next = flow("f", "durand", at(0));
    next.leave_notice(at(60)).expect("the notice is over");
    let moved = next.clone();
    let saved = fifty(&fresh, move |tx| {
        let next = moved.clone();
        async move { tx.save_flow(&next, 1).await.expect("asked") }.boxed()
    })
    .await;
    assert_eq!(saved.iter().filter(|saved| **saved).count(), 1);
    let mut tx = fresh.read().await.expect("a reader");
    let stored = tx.flow(&next.id).await.expect("asked").expect("a run");
    assert_eq!((stored.flow, stored.version), (next, 2));
}

async fn a_run_that_is_done_keeps_no_old_password_and_shows_its_end_until_another_begins(fresh: Fresh) {
    let mut done = flow("f", "durand", at(0));
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&done, digest("b"), Some(&sealed()), Some(&PasswordHash::phc("$old"))).await.expect("kept");
    done.step = Step::Done { joined: false, whose: None };
    assert!(!tx.save_flow(&done, 2).await.expect("asked"));
    assert!(tx.save_flow(&done, 1).await.expect("asked"));
    assert!(!tx.save_flow(&flow("f", "durand", at(0)), 2).await.expect("asked"));
    let stored = tx.flow_of_browser(digest("b")).await.expect("asked").expect("the end");
    assert_eq!((stored.flow, stored.secret, stored.old_digest), (done, None, None));
    assert!(tx.open_flow_of_account(&agency("SPI31"), &login("durand"), at(1)).await.expect("asked").is_none());
    tx.insert_flow(&flow("g", "martin", at(0)), digest("b"), None, None).await.expect("kept");
    let open = tx.flow_of_browser(digest("b")).await.expect("asked").expect("a run");
    assert_eq!(open.flow.id, FlowId::stored("g"));
}

async fn a_run_goes_on_in_another_browser_and_leaves_the_one_before(fresh: Fresh) {
    let run = flow("f", "Durand", at(0));
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&run, digest("pc"), None, None).await.expect("kept");
    let found = tx.open_flow_of_account(&agency("SPI31"), &login("Durand"), at(1)).await.expect("asked");
    assert_eq!(found.map(|stored| stored.flow.id), Some(run.id.clone()));
    let too_late = tx.open_flow_of_account(&agency("SPI31"), &login("Durand"), run.expires_at()).await;
    assert!(too_late.expect("asked").is_none());
    tx.rebind_flow(&run.id, digest("phone"), None, &PasswordHash::phc("$old$")).await.expect("bound");
    assert!(tx.flow_of_browser(digest("pc")).await.expect("asked").is_none());
    assert!(tx.flow_of_browser(digest("phone")).await.expect("asked").is_some());
}

async fn a_closed_run_is_not_found_by_anything_and_cannot_go_on(fresh: Fresh) {
    let run = flow("f", "durand", at(0));
    let terms = ChallengeTerms::from(&AgencyPolicy::default());
    let challenge = Challenge::new(ChallengeId::stored("c"), email("a@free.fr"), terms, at(0));
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&run, digest("b"), Some(&sealed()), None).await.expect("kept");
    tx.insert_challenge(&challenge, Purpose::Migration, "f").await.expect("kept");
    let asked = tx.flow_of_challenge(&challenge.id).await.expect("asked").expect("a run");
    assert_eq!((asked.flow, asked.secret), (run.clone(), Some(sealed())));
    tx.close_flow(&run.id).await.expect("closed");
    assert!(tx.flow_of_challenge(&challenge.id).await.expect("asked").is_none());
    assert!(tx.flow_of_browser(digest("b")).await.expect("asked").is_none());
    assert!(tx.flow(&run.id).await.expect("asked").is_none());
    assert!(!tx.save_flow(&run, 1).await.expect("asked"));
    assert!(!tx.save_flow(&run, 2).await.expect("asked"));
    assert!(matches!(
        tx.rebind_flow(&run.id, digest("b"), None, &PasswordHash::phc("$old$")).await,
        Err(StoreError::Missing(_))
    ));
}

async fn an_account_has_one_run_under_way(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&flow("old", "durand", at(0)), digest("b1"), None, None).await.expect("kept");
    tx.insert_flow(&flow("new", "durand", at(9)), digest("b2"), None, None).await.expect("kept");
    assert!(tx.flow_of_browser(digest("b1")).await.expect("asked").is_none());
    let open = tx.open_flow_of_account(&agency("SPI31"), &login("durand"), at(10)).await.expect("asked");
    assert_eq!(open.map(|stored| stored.flow.id), Some(FlowId::stored("new")));
}

async fn rel_069_a_run_whose_account_is_taken_back_ends_with_its_proof_and_its_browser_is_told(fresh: Fresh) {
    let (spi, durand) = (agency("SPI31"), login("durand"));
    let mut tx = fresh.write().await.expect("a turn");
    let run = flow("f", "durand", at(0));
    tx.insert_flow(&run, digest("b"), Some(&sealed()), Some(&PasswordHash::phc("$old"))).await.expect("kept");
    tx.insert_flow(&flow("g", "martin", at(0)), digest("c"), None, None).await.expect("kept");
    let terms = run.plan.proof;
    for (proof, owner) in [("proof", "f"), ("other", "g")] {
        let challenge = Challenge::new(ChallengeId::stored(proof), email("a@free.fr"), terms, at(0));
        tx.insert_challenge(&challenge, Purpose::Migration, owner).await.expect("kept");
    }
    assert_eq!(tx.logins_of(&spi).await.expect("asked").len(), 2, "a whole roster closes them, too");
    assert_eq!(tx.withdraw_flows(&spi, &durand, at(5)).await.expect("asked"), 1);
    assert_eq!(tx.withdraw_flows(&spi, &durand, at(6)).await.expect("asked"), 0);
    assert!(tx.flow(&run.id).await.expect("asked").is_none());
    assert!(tx.flow_of_browser(digest("b")).await.expect("asked").is_none());
    assert!(tx.flow_of_challenge(&ChallengeId::stored("proof")).await.expect("asked").is_none());
    assert!(!tx.save_flow(&run, 2).await.expect("asked"));
    assert!(!tx.mark_answered(&ChallengeId::stored("proof"), at(7)).await.expect("asked"), "it is worth nothing");
    assert!(tx.mark_answered(&ChallengeId::stored("other"), at(7)).await.expect("asked"), "another one is");
    assert!(tx.is_withdrawn(&run.id).await.expect("asked"));
    assert_eq!(tx.withdrawn_in_browser(digest("b")).await.expect("asked"), Some(spi.clone()));
    assert_eq!(tx.withdrawn_in_browser(digest("c")).await.expect("asked"), None);
    assert_eq!(tx.withdrawn_with_proof(&ChallengeId::stored("proof")).await.expect("asked"), Some(spi));
    assert_eq!(tx.withdrawn_with_proof(&ChallengeId::stored("other")).await.expect("asked"), None);
}

async fn rel_069_of_a_run_at_its_end_and_an_agency_that_takes_the_account_back_the_later_one_sees_the_other(
    fresh: Fresh,
) {
    let (spi, durand) = (agency("SPI31"), login("durand"));
    let mut done = flow("f", "durand", at(0));
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&done, digest("b"), None, None).await.expect("kept");
    let anne = person(&mut tx, "anne").await;
    tx.commit().await.expect("a commit");
    done.step = Step::Done { joined: false, whose: None };

    // The run is a moment faster: who takes the account back finds it attached.
    let mut finishing = fresh.write().await.expect("a turn");
    assert!(finishing.save_flow(&done, 1).await.expect("asked"));
    attached(&mut finishing, &anne, "SPI31", "durand").await;
    let taking_back = async {
        let mut tx = fresh.write().await.expect("a turn");
        let ended = tx.withdraw_flows(&spi, &durand, at(5)).await.expect("asked");
        let link = tx.link_of_account(&spi, &durand).await.expect("asked").expect("it was given");
        tx.detach(&link.id).await.expect("taken back");
        tx.commit().await.expect("a commit");
        ended
    };
    let finished = async {
        tokio::task::yield_now().await;
        finishing.commit().await.expect("a commit");
    };
    let (ended, ()) = tokio::join!(taking_back, finished);
    assert_eq!(ended, 0);

    // The agency is a moment faster: the run gives nothing.
    let mut tx = fresh.write().await.expect("a turn");
    tx.insert_flow(&flow("g", "durand", at(0)), digest("b"), None, None).await.expect("kept");
    tx.commit().await.expect("a commit");
    let last = Flow { id: FlowId::stored("g"), ..done };
    let mut taking_back = fresh.write().await.expect("a turn");
    assert_eq!(taking_back.withdraw_flows(&spi, &durand, at(5)).await.expect("asked"), 1);
    let finishing = async {
        let mut tx = fresh.write().await.expect("a turn");
        let saved = tx.save_flow(&last, 1).await.expect("asked");
        (saved, tx.is_withdrawn(&last.id).await.expect("asked"))
    };
    let taken_back = async {
        tokio::task::yield_now().await;
        taking_back.commit().await.expect("a commit");
    };
    let (finished, ()) = tokio::join!(finishing, taken_back);
    assert_eq!(finished, (false, true));
}

async fn rel_069_a_line_keeps_its_holder_until_the_account_is_closed_or_has_another(fresh: Fresh) {
    let (spi, d100) = (agency("SPI31"), login("D100"));
    let line = RosterLine::parse(Fields { login: "D100", ..Fields::default() }).expect("a line");
    let [first, second, third] = ["1", "2", "3"].map(Holding::stored);
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.on_roster(&spi, &d100).await.expect("asked"), OnRoster::Absent);
    tx.upsert_roster_line(&spi, &line, None, &first, at(0)).await.expect("taken");
    tx.upsert_roster_line(&spi, &line, None, &second, at(1)).await.expect("taken");
    assert_eq!(tx.on_roster(&spi, &d100).await.expect("asked"), OnRoster::Held(first));
    tx.delete_roster_line(&spi, &d100).await.expect("gone");
    for _ in 0..2 {
        tx.close_account(&spi, &d100, at(2)).await.expect("closed");
        assert_eq!(tx.on_roster(&spi, &d100).await.expect("asked"), OnRoster::Closed);
    }
    assert_eq!(tx.on_roster(&agency("SPI32"), &d100).await.expect("asked"), OnRoster::Absent);
    tx.upsert_roster_line(&spi, &line, None, &third, at(3)).await.expect("taken");
    assert_eq!(tx.on_roster(&spi, &d100).await.expect("asked"), OnRoster::Held(third));
}
