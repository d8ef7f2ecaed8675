//! Runs of the wizard.

use super::*;
use crate::domain::migration::{Flow, FlowId, MigrationPlan, Step};
use crate::domain::secret::tests::CountingDice;

fn flow(id: &str, identifier: &str, started_at: Timestamp) -> Flow {
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
    done.step = Step::Done { joined: false };
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
    let found = tx.open_flow_of_account(&agency("SPI31"), &login("DURAND"), at(1)).await.expect("asked");
    assert_eq!(found.map(|stored| stored.flow.id), Some(run.id.clone()));
    let too_late = tx.open_flow_of_account(&agency("SPI31"), &login("durand"), run.expires_at()).await;
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
    tx.insert_flow(&flow("new", "DURAND", at(9)), digest("b2"), None, None).await.expect("kept");
    assert!(tx.flow_of_browser(digest("b1")).await.expect("asked").is_none());
    let open = tx.open_flow_of_account(&agency("SPI31"), &login("durand"), at(10)).await.expect("asked");
    assert_eq!(open.map(|stored| stored.flow.id), Some(FlowId::stored("new")));
}
