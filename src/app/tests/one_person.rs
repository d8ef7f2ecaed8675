//! Accounts of one person that are attached together, where something else happens at the same moment.

use std::sync::Arc;
use std::time::Duration;

use super::{Ground, OLD, SECOND, account, address, caller};
use crate::app::Caller;
use crate::app::import_roster::{Extent, Planned};
use crate::app::wizard::link::{self, Confirmed};
use crate::app::wizard::step::Stepped;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{Challenge, ChallengeId, ChallengeTerms};
use crate::domain::identity::{Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use crate::domain::migration::{Flow, FlowId, MigrationPlan, Step};
use crate::domain::policy::AgencyPolicy;
use crate::domain::roster::{Fields, RosterLine};
use crate::domain::secret::{Secret, long_secret};
use crate::store::Purpose;
use crate::telemetry::SystemDice;

on_every_ground! {
    document_004_45_an_account_that_its_agency_closes_while_it_would_be_attached_is_nobodys,
    document_004_45_of_two_runs_of_one_person_at_once_one_gets_the_third_account_and_neither_the_other_ones,
}

fn code() -> AgencyCode {
    AgencyCode::parse("CB", "SB").expect("codes")
}

async fn import(ground: &Ground, lines: &[(&str, &str, &str)]) {
    let agency = ground.app.agency("CB", "SB").expect("the agency");
    let lines: Vec<RosterLine> = lines
        .iter()
        .map(|(login, person, closed)| {
            RosterLine::parse(Fields { login, person, closed, ..Fields::default() }).expect("a line")
        })
        .collect();
    let mut import = Planned::of(&ground.app, &agency, (&lines, Extent::Part)).begin(30).await.expect("an import");
    for line in &lines {
        import.take(line).await.expect("taken");
    }
}

/// A run that ends when this link is confirmed in this browser.
async fn run(ground: &Ground, login: &str, email: &str) -> (Caller, Secret) {
    let (here, link, now) = (caller(), long_secret(&SystemDice), ground.app.now());
    let (id, challenge) = (FlowId::random(&SystemDice), ChallengeId::random(&SystemDice));
    let (old, new) = (ground.app.hasher.hash(Secret::new(OLD)), ground.app.hasher.hash(Secret::new(SECOND)));
    let (old, new) = (old.await.expect("room"), new.await.expect("room"));
    let login = LegacyLogin::parse(login).expect("an identifier");
    let mut tx = ground.app.store.write().await.expect("a turn");
    let holding = tx.on_roster(&code(), &login).await.expect("asked").holding().cloned();
    let account = LegacyAccount { agency: code(), login, name: None, kind: Kind::Unknown };
    let step = Step::Proof { challenge: challenge.clone(), email: address(email), password: Some(new) };
    let plan = MigrationPlan::from(&AgencyPolicy::default());
    let flow = Flow { holding, step, ..Flow::start(id, account, None, plan, now) };
    tx.insert_flow(&flow, here.browser.digest(), None, Some(&old)).await.expect("kept");
    let asked = Challenge::new(challenge.clone(), address(email), ChallengeTerms::from(&AgencyPolicy::default()), now);
    tx.insert_challenge(&asked, Purpose::Migration, flow.id.as_str()).await.expect("kept");
    assert!(tx.mark_sent(&challenge, 1, None, Some(link.digest()), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    (here, link)
}

async fn ends(ground: &Ground, (here, link): (Caller, Secret)) -> bool {
    let confirmed = link::confirm(&ground.app, &here, &link, Secret::new("")).await.expect("an outcome");
    matches!(confirmed, Confirmed::Done { stepped: Stepped::Finished { .. }, .. })
}

/// The address of whoever has an account.
async fn owner(ground: &Ground, login: &str) -> Option<String> {
    let login = LegacyLogin::parse(login).expect("an identifier");
    let mut tx = ground.app.store.read().await.expect("a reader");
    let link = tx.link_of_account(&code(), &login).await.expect("asked")?;
    Some(tx.address_of(&link.identity).await.expect("asked")?.to_string())
}

async fn document_004_45_an_account_that_its_agency_closes_while_it_would_be_attached_is_nobodys(ground: Ground) {
    for round in 0..3 {
        let (first, second) = (format!("first-{round}"), format!("second-{round}"));
        let person = format!("P{round}");
        import(&ground, &[(&first, &person, ""), (&second, &person, "")]).await;
        let run = run(&ground, &first, &format!("louise{round}@courriel.example")).await;
        let closed = [(second.as_str(), person.as_str(), "oui")];
        let (ended, ()) = tokio::join!(ends(&ground, run), import(&ground, &closed));
        assert!(ended, "{round}");
        assert!(owner(&ground, &first).await.is_some(), "{round}");
        assert_eq!(owner(&ground, &second).await, None, "{round}: closed is closed, whoever was faster");
    }
    // The import comes between the attachment and its commit: it waits, and sees it.
    import(&ground, &[("between", "P", "")]).await;
    let ground = Arc::new(ground);
    let mut tx = ground.app.store.write().await.expect("a turn");
    tx.hold_spellings(&code()).await.expect("held");
    let account = LegacyAccount { agency: code(), ..account("between") };
    let link = Link { id: LinkId::stored("between"), identity: ground.anne.clone(), account };
    assert!(tx.attach(&link, ground.app.now()).await.expect("asked"));
    let closes = {
        let ground = Arc::clone(&ground);
        tokio::spawn(async move { import(&ground, &[("between", "P", "oui")]).await })
    };
    tokio::pin!(closes);
    let early = tokio::time::timeout(Duration::from_millis(500), &mut closes).await;
    tx.commit().await.expect("a commit");
    if early.is_err() {
        closes.await.expect("no panic");
    }
    assert_eq!(owner(&ground, "between").await, None, "closed is closed");
}

async fn document_004_45_of_two_runs_of_one_person_at_once_one_gets_the_third_account_and_neither_the_other_ones(
    ground: Ground,
) {
    for round in 0..3 {
        let logins = ["one", "two", "three"].map(|name| format!("{name}-{round}"));
        let person = format!("P{round}");
        let lines: Vec<(&str, &str, &str)> = logins.iter().map(|login| (login.as_str(), person.as_str(), "")).collect();
        import(&ground, &lines).await;
        let emails = ["anne", "bruno"].map(|name| format!("{name}{round}@courriel.example"));
        let runs = [run(&ground, &logins[0], &emails[0]).await, run(&ground, &logins[1], &emails[1]).await];
        let [one, two] = runs;
        let (first, second) = tokio::join!(ends(&ground, one), ends(&ground, two));
        assert!(first && second, "{round}: {first} {second}");
        assert_eq!(owner(&ground, &logins[0]).await.as_ref(), Some(&emails[0]), "{round}");
        assert_eq!(owner(&ground, &logins[1]).await.as_ref(), Some(&emails[1]), "{round}");
        let third = owner(&ground, &logins[2]).await.expect("somebody has it");
        assert!(emails.contains(&third), "{round}: {third}");
    }
}
