//! Provisional credentials that the agency replaces (002, b20), also while they are compared.

use super::{Ground, attempt_at, caller};
use crate::app::attempt::Outcome;
use crate::app::import_roster::{Extent, Planned};
use crate::app::wizard::run;
use crate::domain::credential::Meant;
use crate::domain::identity::{IdentityId, LegacyLogin, Link, LinkId};
use crate::domain::roster::{Fields, RosterLine};

const GIVEN: &str = "Pont-9028";
const ANEW: &str = "Gare-4471";

on_every_ground! {
    b20_credentials_that_are_replaced_while_they_are_compared_begin_nothing,
    b20_credentials_that_are_used_while_they_are_compared_begin_nothing,
    b20_another_password_switches_the_one_before_off_with_the_run_that_it_began,
    b20_an_account_that_somebody_has_is_opened_by_what_the_agency_gives_out_anew_and_by_nothing_before,
}

async fn b20_credentials_that_are_replaced_while_they_are_compared_begin_nothing(ground: Ground) {
    import(&ground, GIVEN).await;
    let outcome = while_compared(&ground, async || import(&ground, ANEW).await).await;
    assert!(matches!(outcome, Outcome::ProvisionalReplaced), "{outcome:?}");
    assert_eq!(runs(&ground).await, 0);
    assert!(matches!(typed(&ground, "L2002", ANEW).await, Outcome::Wizard { .. }));
}

async fn b20_credentials_that_are_used_while_they_are_compared_begin_nothing(ground: Ground) {
    import(&ground, GIVEN).await;
    let outcome = while_compared(&ground, async || use_up(&ground).await).await;
    assert!(matches!(outcome, Outcome::ProvisionalOver), "{outcome:?}");
    assert_eq!(runs(&ground).await, 0, "nobody takes the account from who has just got it");
}

async fn b20_another_password_switches_the_one_before_off_with_the_run_that_it_began(ground: Ground) {
    import(&ground, GIVEN).await;
    let Outcome::Wizard { browser } = typed(&ground, "L2002", GIVEN).await else { panic!("no wizard") };
    let mut here = caller();
    here.browser = browser;
    // The roster as it was, sent once more: nothing was given out.
    import(&ground, GIVEN).await;
    assert!(run::open(&ground.app, &here).await.expect("asked").is_some(), "the run goes on");
    import(&ground, ANEW).await;
    assert!(run::open(&ground.app, &here).await.expect("asked").is_none(), "what was begun with the old ones is over");
    for login in ["L2002", "l2002"] {
        let outcome = typed(&ground, login, GIVEN).await;
        assert!(matches!(outcome, Outcome::ProvisionalReplaced), "{login}: {outcome:?}");
        let outcome = typed(&ground, login, "pas-celui-ci").await;
        assert!(matches!(outcome, Outcome::Refused), "only who knows them is told: {outcome:?}");
        let outcome = typed(&ground, login, ANEW).await;
        assert!(matches!(outcome, Outcome::Wizard { .. }), "{login}: {outcome:?}");
    }
}

async fn b20_an_account_that_somebody_has_is_opened_by_what_the_agency_gives_out_anew_and_by_nothing_before(
    ground: Ground,
) {
    import(&ground, GIVEN).await;
    give_to_anne(&ground).await;
    for again in 0..2 {
        let outcome = typed(&ground, "L2002", GIVEN).await;
        assert!(matches!(outcome, Outcome::Refused), "{again}: {outcome:?}");
        // The roster as it was hands nothing out.
        import(&ground, GIVEN).await;
    }
    import(&ground, ANEW).await;
    for meant in [Meant::Either, Meant::AgencysNew] {
        let agency = ground.app.agency("CB", "SB").expect("the agency");
        let outcome = attempt_at(&ground.app, agency, ("L2002", ANEW), meant).await;
        assert!(matches!(outcome, Outcome::Wizard { .. }), "{meant:?}: {outcome:?}");
    }
    let outcome = typed(&ground, "L2002", GIVEN).await;
    assert!(matches!(outcome, Outcome::Refused), "{outcome:?}");
}

/// Types what was given first; what happens while the roster's hash is compared.
async fn while_compared(ground: &Ground, happens: impl AsyncFnOnce()) -> Outcome {
    let (mut ours, mut rosters) = (ground.app.hasher.hold(), ground.app.hasher.hold());
    let typing = {
        let app = ground.app.clone();
        tokio::spawn(async move {
            let agency = app.agency("CB", "SB").expect("the agency");
            attempt_at(&app, agency, ("L2002", GIVEN), Meant::Either).await
        })
    };
    ours.reached().await;
    ours.release();
    rosters.reached().await;
    happens().await;
    rosters.release();
    typing.await.expect("no panic")
}

async fn typed(ground: &Ground, login: &str, password: &str) -> Outcome {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    attempt_at(&ground.app, agency, (login, password), Meant::Either).await
}

async fn import(ground: &Ground, password: &str) {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    let line = RosterLine::parse(Fields { login: "L2002", password, ..Fields::default() }).expect("a line");
    let lines = [line];
    let planned = Planned::of(&ground.app, &agency, (&lines, Extent::Part));
    let mut import = planned.begin(30).await.expect("begun");
    import.take(&lines[0]).await.expect("taken");
    import.finish(0).await.expect("finished");
}

async fn use_up(ground: &Ground) {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.mark_provisional_used(&agency.code, &login(), ground.app.now()).await.expect("asked"));
    tx.commit().await.expect("a commit");
}

async fn give_to_anne(ground: &Ground) {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    let mut account = super::account("L2002");
    account.agency = agency.code.clone();
    let link = Link { id: LinkId::stored("at-b"), identity: IdentityId::stored("anne"), account };
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.attach(&link, ground.app.now()).await.expect("asked"));
    tx.commit().await.expect("a commit");
    use_up(ground).await;
}

async fn runs(ground: &Ground) -> usize {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    let mut tx = ground.app.store.read().await.expect("a reader");
    let spelled = crate::app::spelling::spelled_at(&mut tx, &agency, &login()).await.expect("asked");
    crate::app::spelling::runs_of(&mut tx, &agency.code, &spelled, ground.app.now()).await.expect("asked").len()
}

fn login() -> LegacyLogin {
    LegacyLogin::parse("L2002").expect("an identifier")
}
