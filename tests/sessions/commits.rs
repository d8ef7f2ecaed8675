//! Transactions that end something: whose answer is lost, and what they hold while Redis is waited for.

use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use vestibule::{
    domain::{access::Visitor, agency_code::AgencyCode},
    sessions::{Seen, SessionsError},
};

use super::*;
use crate::support::{line::Line, postgres};

/// Fails unless nothing of the cookie is believed although the change was not told to have happened.
async fn loses_its_answer<E>(
    line: &Line,
    sessions: &Sessions<()>,
    session: &Session,
    ending: impl Future<Output = Result<(), E>>,
) {
    let agency = AgencyCode::parse("CA", "SA").expect("codes");
    let seen = || Seen {
        agency: agency.clone(),
        session: session.id.clone(),
        identity: session.identity.clone(),
        visitor: Visitor::Resident(()),
    };
    let is_known = || sessions.visitor("cookie", &agency).is_some();
    // Another request has looked it up before anything ended, and comes to remember it last.
    let before = sessions.generation();
    sessions.remember("cookie", seen(), before);
    assert!(is_known());
    line.lose_the_answer_to_the_next_commit();
    assert!(ending.await.is_err() && line.has_lost_it());
    assert!(!is_known(), "it may have ended");
    sessions.remember("cookie", seen(), before);
    assert!(!is_known(), "it was looked up before");
    sessions.remember("cookie", seen(), sessions.generation());
    assert!(!is_known(), "the database may let it end only now");
}

#[test]
fn review_b16_what_ended_by_a_commit_whose_answer_was_lost_is_believed_no_longer() {
    let line = Line::to(postgres::shared().port);
    let database = postgres::shared().database();
    wait(async {
        let store = Store::open(&database.url_at(line.port())).await.expect("a database");
        let mut tx = store.write().await.expect("a turn");
        let anne = &records::add_resident(&mut tx, "anne", records::no_password()).await.identity;
        tx.commit().await.expect("a commit");
        let sessions: Sessions<()> = Sessions::sql(store.clone(), Duration::from_secs(30));
        let (session, _) = records::begin_session(&store, &sessions, anne, 0).await;
        let renewed = long_secret(&SystemDice);
        let rotated = async { sessions.rotate(&session, &renewed, Timestamp::now()).await.map(|_| ()) };
        loses_its_answer(&line, &sessions, &session, rotated).await;
        let (session, cookie) = records::begin_session(&store, &sessions, anne, 0).await;
        loses_its_answer(&line, &sessions, &session, sessions.end(&session)).await;
        assert!(sessions.of_portal(&cookie, Timestamp::now()).await.expect("asked").is_none(), "it has ended");
        let (session, _) = records::begin_session(&store, &sessions, anne, 0).await;
        let all = async {
            let mut tx = store.write().await.expect("a turn");
            sessions.end_all_of(&mut tx, anne, None).await?;
            sessions.commit(tx, &Change::Identity(anne.clone())).await
        };
        loses_its_answer(&line, &sessions, &session, all).await;
    });
}

/// Longer than any write takes on a busy machine.
const HANGS: Duration = Duration::from_secs(4);

#[test]
fn review_b16_nobody_who_writes_waits_for_somebody_who_waits_for_redis() {
    let redis = Redis::start();
    let ground = Ground::redis(RedisSettings { timeout: HANGS, ..one(&redis) });
    let (now, new) = (Timestamp::now(), || long_secret(&SystemDice));
    wait(async {
        let (session, _) = ground.sign_in().await;
        let link = &ground.link.id;
        ground.sessions.put_jar(&session.id, link, &ground.sealed("a=1"), now).await.expect("kept");
        let mut tx = ground.store.write().await.expect("a turn");
        let open = records::open(&mut tx, &session, &ground.link).await;
        tx.commit().await.expect("a commit");
        let later = now + jiff::SignedDuration::from_mins(2);
        let (sessions, session, ground) = (&ground.sessions, &session, &ground);
        let waits = |kept: Result<bool, SessionsError>| assert!(kept.is_err(), "Redis hangs");
        let acts: Vec<BoxFuture<'_, ()>> = vec![
            async move { waits(sessions.begin(session, &new()).await.map(|_| true)) }.boxed(),
            async move { waits(sessions.touch(session, later).await.map(|()| true)) }.boxed(),
            async move { waits(sessions.rotate(session, &new(), now).await) }.boxed(),
            async move {
                let tx = ground.store.write().await.expect("a turn");
                waits(sessions.open_agency(tx, &session.id, &open, &new(), now).await);
            }
            .boxed(),
            async move { waits(sessions.put_jar(&session.id, link, &ground.sealed("a=2"), now).await.map(|_| true)) }
                .boxed(),
            async move { waits(sessions.keep_jar(&session.id, link, 1, &ground.sealed("a=3")).await) }.boxed(),
            async move { waits(sessions.drop_jar(&session.id, link).await.map(|()| true)) }.boxed(),
            // That it has ended is known without Redis.
            async move { sessions.end(session).await.expect("ended") }.boxed(),
        ];
        redis.hang();
        let others_write = async {
            let mut longest = Duration::ZERO;
            for _ in 0..50 {
                let begin = Instant::now();
                ground.switch(session).await;
                longest = longest.max(begin.elapsed());
                tokio::task::yield_now().await;
            }
            longest
        };
        let (_, longest) = tokio::join!(join_all(acts), others_write);
        redis.go_on();
        assert!(longest < HANGS / 2, "{longest:?}");
    });
}

#[test]
fn review_b16_of_two_who_renew_a_cookie_at_once_one_has_it_and_the_session_goes_on() {
    let redis = Redis::start();
    let ground = Ground::redis(one(&redis));
    wait(async {
        let (session, first) = ground.sign_in().await;
        let cookies: Vec<Secret> = (0..8).map(|_| long_secret(&SystemDice)).collect();
        let renewed = cookies.iter().map(|cookie| ground.sessions.rotate(&session, cookie, Timestamp::now()));
        for renewed in join_all(renewed).await {
            renewed.expect("renewed");
        }
        let mut living = 0;
        for cookie in &cookies {
            living += u32::from(ground.on_portal(cookie).await);
        }
        assert_eq!((living, ground.on_portal(&first).await), (1, false));
    });
}
