//! Sign-ins that began before Redis was there.

use super::*;

/// The same ground, once Redis stands in the configuration.
fn with_redis(ground: &Ground, redis: &Redis) -> Sessions<()> {
    Sessions::redis(ground.store.clone(), one(redis), Duration::from_secs(30))
}

#[test]
fn review_a12_who_was_signed_in_goes_on_when_redis_is_added() {
    let (redis, mut ground) = (Redis::start(), Ground::sql());
    wait(async {
        let (session, portal) = ground.sign_in().await;
        let agency = ground.enter(&session).await;
        let sealed = ground.sealed("a=1");
        let at = Timestamp::from_millisecond(Timestamp::now().as_millisecond() - 90_000).expect("a time");
        ground.sessions.put_jar(&session.id, &ground.link.id, &sealed, at).await.expect("kept");
        let (other, elsewhere) = ground.sign_in().await;
        ground.sessions = with_redis(&ground, &redis);

        assert!(ground.at_agency(&agency).await, "the extranet's page that was open");
        assert!(ground.on_portal(&portal).await);
        let jar = ground.sessions.jar(&session.id, &ground.link.id).await.expect("asked").expect("a jar");
        assert_eq!((ground.opened(&jar.sealed).as_str(), jar.signed_in_at), ("a=1", at), "its cookies, and their age");
        let sessions = ground.sessions.sessions_of(&ground.person, Timestamp::now()).await.expect("asked");
        assert_eq!(sessions.len(), 2, "the other browser, which has not come back yet, is told too");

        // Ended on one browser, and on all.
        ground.sessions.end(&other).await.expect("ended");
        assert!(!ground.on_portal(&elsewhere).await && ground.on_portal(&portal).await);
        let renewed = long_secret(&SystemDice);
        assert!(ground.sessions.rotate(&session, &renewed, Timestamp::now()).await.expect("renewed"));
        assert!(
            !ground.on_portal(&portal).await && ground.on_portal(&renewed).await && !ground.at_agency(&agency).await
        );
        ground.end_all_but(None).await;
        assert!(!ground.on_portal(&renewed).await);
    });
}

#[test]
fn review_a12_what_has_ended_before_is_not_carried() {
    let (redis, mut ground) = (Redis::start(), Ground::sql());
    wait(async {
        let (ended, cookie) = ground.sign_in().await;
        let agency = ground.enter(&ended).await;
        ground.sessions.end(&ended).await.expect("ended");
        let (_, old) = ground.sign_in().await;
        let (spared, spared_cookie) = ground.sign_in().await;
        ground.end_all_but(Some(&spared.id)).await;
        let in_redis = with_redis(&ground, &redis);
        let in_sql = std::mem::replace(&mut ground.sessions, in_redis);
        assert!(!ground.on_portal(&cookie).await && !ground.at_agency(&agency).await && !ground.on_portal(&old).await);
        assert!(ground.on_portal(&spared_cookie).await);

        // By the process that goes over to this one, after it was carried.
        in_sql.end(&spared).await.expect("ended");
        assert!(!ground.on_portal(&spared_cookie).await);
    });
}

#[test]
fn review_a12_a_sign_in_that_ends_while_it_is_carried_has_ended() {
    let (redis, mut ground) = (Redis::start(), Ground::sql());
    wait(async {
        for _ in 0..60 {
            let (session, cookie) = ground.sign_in().await;
            let in_redis = with_redis(&ground, &redis);
            let (ended, first, second) = tokio::join!(
                ground.sessions.end(&session),
                in_redis.of_portal(&cookie, session.started_at),
                in_redis.of_portal(&cookie, session.started_at),
            );
            ended.expect("ended");
            first.and(second).expect("asked");
            let in_sql = std::mem::replace(&mut ground.sessions, in_redis);
            assert!(!ground.on_portal(&cookie).await);
            ground.sessions = in_sql;
        }
    });
}
