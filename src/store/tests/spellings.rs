//! Spellings that fold the same, and what is learnt of them.

use std::time::Duration;

use super::wizard::flow;
use super::*;
use crate::domain::roster::{Fields, Holding, RosterLine};
use crate::domain::spelling::{KnownAs, Spellings};

on_both! {
    decision_1_every_spelling_that_folds_the_same_is_known_with_where_it_is_from,
    decision_1_of_fifty_at_once_one_finds_out_and_what_is_learnt_stays,
    decision_1_who_does_not_come_back_keeps_nobody_else_from_finding_out,
    decision_1_of_two_spellings_at_once_the_second_sees_the_first,
    decision_1_rows_from_before_there_were_folds_are_filled_in_when_the_store_is_opened,
}

const MINUTE: Duration = Duration::from_mins(1);

/// What is known of `martin` in whatever spelling, by its spelling.
async fn known(tx: &mut Tx) -> Vec<(String, KnownAs)> {
    let known = tx.known_spellings(&agency("SPI31"), &login("martin")).await.expect("asked");
    let mut known: Vec<_> = known.into_iter().map(|known| (known.login.key(), known.known_as)).collect();
    known.sort_by(|(one, _), (other, _)| one.cmp(other));
    known
}

fn expected<const N: usize>(known: [(&str, KnownAs); N]) -> Vec<(String, KnownAs)> {
    known.map(|(text, known_as)| (text.to_owned(), known_as)).into()
}

async fn decision_1_every_spelling_that_folds_the_same_is_known_with_where_it_is_from(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    attached(&mut tx, &anne, "SPI31", "Martin").await;
    attached(&mut tx, &anne, "B", "martin").await;
    tx.insert_flow(&flow("f", "MARTIN", at(0)), digest("b"), None, None).await.expect("kept");
    let line = RosterLine::parse(Fields { login: "märtin", ..Fields::default() }).expect("a line");
    tx.upsert_roster_line(&agency("SPI31"), &line, None, &Holding::stored("h"), at(0)).await.expect("taken");
    tx.close_account(&agency("SPI31"), &login("mar-tin"), at(0)).await.expect("closed");
    tx.close_account(&agency("SPI31"), &login("marTin"), at(0)).await.expect("closed");
    let all =
        [("MARTIN", KnownAs::Run), ("Martin", KnownAs::Link), ("marTin", KnownAs::Closed), ("märtin", KnownAs::Roster)];
    assert_eq!(known(&mut tx).await, expected(all));
}

async fn decision_1_of_fifty_at_once_one_finds_out_and_what_is_learnt_stays(fresh: Fresh) {
    let begun = fifty(&fresh, |tx| {
        async move { tx.begin_learning(&agency("SPI31"), at(0), MINUTE).await.expect("asked") }.boxed()
    });
    assert_eq!(begun.await.into_iter().filter(|begun| *begun).count(), 1);
    let learnt = fifty(&fresh, |tx| {
        async move { tx.learn_spellings(&agency("SPI31"), Spellings::Apart, at(1)).await.expect("asked") }.boxed()
    });
    assert_eq!(learnt.await.into_iter().filter(|learnt| *learnt).count(), 1);
    let mut tx = fresh.write().await.expect("a turn");
    assert!(!tx.learn_spellings(&agency("SPI31"), Spellings::Alike, at(2)).await.expect("asked"));
    assert!(!tx.begin_learning(&agency("SPI31"), at(999), MINUTE).await.expect("asked"));
    assert_eq!(tx.spellings_of(&agency("SPI31")).await.expect("asked"), Spellings::Apart);
    assert_eq!(tx.spellings_of(&agency("B")).await.expect("asked"), Spellings::Unlearnt);
    let learnt = tx.learnt_spellings().await.expect("asked");
    assert_eq!(learnt, [(agency("SPI31"), Spellings::Apart, Some(at(1)))]);
}

async fn decision_1_who_does_not_come_back_keeps_nobody_else_from_finding_out(fresh: Fresh) {
    let spi = agency("SPI31");
    let mut tx = fresh.write().await.expect("a turn");
    for (seconds, begins) in [(0, true), (1, false), (60, false), (61, true)] {
        assert_eq!(tx.begin_learning(&spi, at(seconds), MINUTE).await.expect("asked"), begins, "{seconds}");
    }
    tx.give_up_learning(&spi).await.expect("given up");
    assert!(tx.begin_learning(&spi, at(62), MINUTE).await.expect("asked"));
}

async fn decision_1_of_two_spellings_at_once_the_second_sees_the_first(fresh: Fresh) {
    let mut first = fresh.write().await.expect("a turn");
    first.hold_spellings(&agency("SPI31")).await.expect("held");
    let anne = person(&mut first, "anne").await;
    attached(&mut first, &anne, "SPI31", "Martin").await;
    let store = fresh.store.clone();
    let second = tokio::spawn(async move {
        let mut tx = store.write().await.expect("a turn");
        tx.hold_spellings(&agency("SPI31")).await.expect("held");
        known(&mut tx).await
    });
    first.commit().await.expect("a commit");
    assert_eq!(second.await.expect("no panic"), expected([("Martin", KnownAs::Link)]));
}

async fn decision_1_rows_from_before_there_were_folds_are_filled_in_when_the_store_is_opened(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    attached(&mut tx, &anne, "SPI31", "Martin").await;
    tx.insert_flow(&flow("f", "MARTIN", at(0)), digest("b"), None, None).await.expect("kept");
    tx.close_account(&agency("SPI31"), &login("martin"), at(0)).await.expect("closed");
    for statement in [
        "UPDATE links SET login_fold = ''",
        "UPDATE flows SET login_fold = '', login_key = 'martin'",
        "UPDATE closed_accounts SET login_fold = '', spelled = 0",
    ] {
        sqlx::query(statement).execute(tx.conn()).await.expect("done");
    }
    tx.commit().await.expect("a commit");
    let (one, other) = tokio::join!(Store::open(&fresh.url), Store::open(&fresh.url));
    let (again, _other) = (one.expect("a store"), other.expect("a store"));
    let mut tx = again.read().await.expect("a reader");
    let all = [("MARTIN", KnownAs::Run), ("Martin", KnownAs::Link), ("martin", KnownAs::ClosedInAnySpelling)];
    assert_eq!(known(&mut tx).await, expected(all));
    let run = tx.open_flow_of_account(&agency("SPI31"), &login("MARTIN"), at(1)).await.expect("asked");
    assert!(run.is_some());
}
