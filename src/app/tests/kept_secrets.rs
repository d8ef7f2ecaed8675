//! What an extranet says of a kept password, while somebody else gives another one or tries the same.

use jiff::Timestamp;

use super::{Ground, account, caller};
use crate::app::kept_secret::{self, Begun, Left, Try};
use crate::domain::identity::{Link, LinkId};
use crate::domain::kept_secret::{Occasion, Record};
use crate::domain::secret::Secret;
use crate::telemetry::SystemDice;

on_every_ground! {
    a11_what_is_said_of_a_password_says_nothing_of_the_one_that_came_after_it,
    a11_of_many_who_begin_to_try_a_refused_password_one_may,
    a11_a_try_without_an_answer_is_given_back,
}

async fn a11_what_is_said_of_a_password_says_nothing_of_the_one_that_came_after_it(ground: Ground) {
    let long_ago = Timestamp::from_second(ground.app.now().as_second() - 3600).expect("a time");
    let refused = Record { worked: true, refused_at: Some(long_ago), tried_at: None };
    for (version, before, after) in
        [(1, Record::WORKED, Record::WORKED), (3, refused, Record::WORKED), (5, Record::UNTRIED, refused)]
    {
        keep(&ground, version, before).await;
        for is_refused in [true, false] {
            let tried = begin(&ground, Occasion::Arrival).await.expect("a try");
            keep(&ground, version + 1, after).await;
            if is_refused {
                let left = kept_secret::refused(&ground.app, &caller(), &ground.anne, &link(&ground), &tried).await;
                assert_eq!(left.expect("asked"), Left::Kept, "{before:?}");
            } else {
                kept_secret::worked(&ground.app, &ground.anne, &link(&ground), &tried).await.expect("asked");
            }
            assert_eq!(record(&ground).await, Some(after), "{before:?}");
            keep(&ground, version, before).await;
        }
    }
}

async fn a11_of_many_who_begin_to_try_a_refused_password_one_may(ground: Ground) {
    let now = ground.app.now();
    keep(&ground, 1, Record { worked: true, refused_at: Some(now), tried_at: None }).await;
    let begun = futures_util::future::join_all((0..8).map(|_| begin(&ground, Occasion::Arrival))).await;
    assert_eq!(begun.iter().filter(|begun| begun.is_some()).count(), 1);
}

async fn a11_a_try_without_an_answer_is_given_back(ground: Ground) {
    let now = ground.app.now();
    let before = Record { worked: true, refused_at: Some(now), tried_at: None };
    keep(&ground, 1, before).await;
    for _ in 0..3 {
        let tried = begin(&ground, Occasion::Arrival).await.expect("a try");
        assert!(begin(&ground, Occasion::Arrival).await.is_none(), "one at a time");
        kept_secret::unanswered(&ground.app, &link(&ground).id, &tried).await.expect("asked");
        assert_eq!(record(&ground).await.map(|record| record.tried_at), Some(None));
    }
}

async fn keep(ground: &Ground, version: i64, record: Record) {
    let sealed = ground.app.vault.as_ref().expect("a vault").seal(&SystemDice, "l", &Secret::new("Alice-2019"));
    let mut tx = ground.app.store.write().await.expect("a turn");
    let now = ground.app.now();
    tx.keep_legacy_secret(&link(ground).id, &sealed, (version, record), now).await.expect("kept");
    tx.commit().await.expect("a commit");
}

async fn begin(ground: &Ground, occasion: Occasion) -> Option<Try> {
    match kept_secret::begin(&ground.app, &link(ground).id, occasion).await.expect("asked") {
        Begun::Try(tried) => Some(tried),
        Begun::Wait | Begun::Gone => None,
    }
}

/// What is known of the password that is kept now.
async fn record(ground: &Ground) -> Option<Record> {
    let mut tx = ground.app.store.read().await.expect("a reader");
    tx.legacy_secret(&link(ground).id).await.expect("asked").map(|stored| stored.record)
}

fn link(ground: &Ground) -> Link {
    Link { id: LinkId::stored("l"), identity: ground.anne.clone(), account: account("anne-1") }
}
