//! The same sentences on every ground.

use vestibule::domain::lockout::Attempts;
use vestibule::store::{SealedKind, SealedPlace, StoredJar};

use super::*;
use crate::support::redis::Papers;

#[test]
fn g01_sessions_in_sql_keep_what_they_promise() {
    keeps_what_it_promises(&Ground::sql());
}

#[test]
fn g01_sessions_in_one_redis_keep_what_they_promise() {
    let redis = Redis::start();
    keeps_what_it_promises(&Ground::redis(one(&redis)));
    let lasting: Vec<_> = redis.keys().into_iter().filter(|key| redis.cli(&["PTTL", key]).trim() == "-1").collect();
    assert!(lasting.is_empty(), "every key has an end: {lasting:?}");
}

#[test]
fn g01_sessions_in_a_cluster_keep_what_they_promise() {
    let nodes = Redis::cluster();
    keeps_what_it_promises(&Ground::redis(reached(RedisMode::Cluster, &nodes[..1])));
    let held: Vec<_> = nodes.iter().filter(|node| !node.keys().is_empty()).collect();
    assert!(held.len() > 1, "the keys are spread over the nodes");
}

#[test]
fn g01_sessions_behind_sentinels_keep_what_they_promise() {
    let master = Redis::start();
    let sentinels = [Redis::sentinel_of(&master), Redis::sentinel_of(&master)];
    let mode = RedisMode::Sentinel { master: "vestibule".to_owned() };
    keeps_what_it_promises(&Ground::redis(reached(mode, &sentinels)));
    assert!(!master.keys().is_empty());
}

#[test]
fn g01_sessions_over_tls_with_a_password_keep_what_they_promise_and_strangers_are_told_apart() {
    let folder = TempDir::new().expect("a folder");
    let (papers, strangers) = (Papers::write(folder.path()), TempDir::new().expect("a folder"));
    let redis = Redis::start_closed(&papers, "gateway", "Redis-58-vert");
    let settings = RedisSettings {
        urls: vec![format!("rediss://localhost:{}", redis.port())],
        username: Some("gateway".to_owned()),
        password: Some(Secret::new("Redis-58-vert")),
        ca: Some(fs::read(&papers.ca).expect("a file")),
        ..one(&redis)
    };
    keeps_what_it_promises(&Ground::redis(settings.clone()));

    let why = |settings: RedisSettings| {
        let ground = Ground::redis(settings);
        wait(ground.sessions.ping()).expect("Redis is asked").expect_err("Redis is closed").to_string()
    };
    let wrong = why(RedisSettings { password: Some(Secret::new("wrong")), ..settings.clone() });
    assert!(wrong.contains("are redis.username and the password right?"), "{wrong}");
    assert!(!wrong.contains("Redis-58"), "{wrong}");
    let other = Papers::write(strangers.path());
    let unknown = why(RedisSettings { ca: Some(fs::read(other.ca).expect("a file")), ..settings });
    assert!(unknown.contains("certificate"), "{unknown}");
}

/// Everything that the rest of the gateway builds on.
fn keeps_what_it_promises(ground: &Ground) {
    wait(async {
        cookies_lead_where_they_should(ground).await;
        what_was_ended_stays_ended(ground).await;
        jars_have_versions(ground).await;
        jars_are_sealed_anew(ground).await;
        guesses_are_counted_by_client(ground).await;
    });
}

async fn cookies_lead_where_they_should(ground: &Ground) {
    let (session, portal) = ground.sign_in().await;
    let agency = ground.enter(&session).await;
    assert!(ground.on_portal(&portal).await && ground.at_agency(&agency).await);
    assert!(!ground.on_portal(&agency).await, "an agency's cookie is none of the portal's");
    assert!(!ground.at_agency(&portal).await, "the portal's cookie is none of an agency's");
    assert!(!ground.on_portal(&Secret::new("stranger")).await);

    // Hours later: it lasts as long as somebody comes, and twelve hours at most.
    let later = |minutes| Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    let of = async |minutes| ground.sessions.of_portal(&portal, later(minutes)).await.expect("asked");
    assert_eq!(of(59).await.map(|session| session.id), Some(session.id.clone()));
    assert_eq!(of(59 + 59).await.map(|session| session.id), Some(session.id.clone()), "it was seen after 59 minutes");
    assert_eq!(of(59 + 59 + 61).await, None);

    // Closed, opened again.
    ground.switch(&session).await;
    assert!(!ground.at_agency(&agency).await && ground.on_portal(&portal).await);
    let again = ground.enter(&session).await;
    assert!(ground.at_agency(&again).await && !ground.at_agency(&agency).await);

    // SEC-058: a new cookie, and the old ones are worth nothing.
    let renewed = long_secret(&SystemDice);
    ground.sessions.rotate(&session, &renewed, Timestamp::now()).await.expect("renewed");
    assert!(ground.on_portal(&renewed).await);
    assert!(!ground.on_portal(&portal).await && !ground.at_agency(&again).await);
    let here = ground.enter(&session).await;
    assert!(ground.at_agency(&here).await);
    ground.sessions.end(&session).await.expect("ended");
}

async fn what_was_ended_stays_ended(ground: &Ground) {
    let (one, cookie) = ground.sign_in().await;
    let agency = ground.enter(&one).await;
    ground.sessions.put_jar(&one.id, &ground.link.id, &ground.sealed("a=1"), Timestamp::now()).await.expect("kept");
    let (other, elsewhere) = ground.sign_in().await;
    let sessions = ground.sessions.sessions_of(&ground.person, Timestamp::now()).await.expect("asked");
    assert_eq!(sessions.len(), 2);
    ground.sessions.end(&one).await.expect("ended");
    assert!(!ground.on_portal(&cookie).await && !ground.at_agency(&agency).await);
    assert!(!ground.try_to_enter(&one, &long_secret(&SystemDice)).await, "a sign-in that has ended opens nothing");
    assert!(ground.sessions.jars(&one.id).await.expect("asked").is_empty());
    assert!(ground.on_portal(&elsewhere).await, "the other one goes on");

    // A changed password: all but one.
    let (here, spared) = ground.sign_in().await;
    let epoch = ground.store.read().await.expect("a reader").session_epoch(&ground.person).await.expect("asked");
    ground.end_all_but(Some(&here.id)).await;
    assert!(ground.on_portal(&spared).await && !ground.on_portal(&elsewhere).await);
    let (_, late) = ground.sign_in_at(epoch).await;
    assert!(!ground.on_portal(&late).await, "the password was changed while it was looked at");
    let sessions = ground.sessions.sessions_of(&ground.person, Timestamp::now()).await.expect("asked");
    assert_eq!(sessions.iter().map(|session| &session.id).collect::<Vec<_>>(), [&here.id]);
    let (_, fresh) = ground.sign_in().await;
    ground.end_all_but(None).await;
    assert!(!ground.on_portal(&spared).await && !ground.on_portal(&fresh).await);
    drop(other);
}

async fn jars_have_versions(ground: &Ground) {
    let ((session, _), link) = (ground.sign_in().await, &ground.link.id);
    let (sessions, now) = (&ground.sessions, Timestamp::now());
    assert_eq!(sessions.jar(&session.id, link).await.expect("asked"), None);
    assert!(!sessions.keep_jar(&session.id, link, 1, &ground.sealed("a=0")).await.expect("asked"));
    let first = sessions.put_jar(&session.id, link, &ground.sealed("a=1"), now).await.expect("kept");
    assert!(sessions.keep_jar(&session.id, link, first, &ground.sealed("a=2")).await.expect("asked"));
    assert!(!sessions.keep_jar(&session.id, link, first, &ground.sealed("a=3")).await.expect("asked"), "a13");
    let jar = sessions.jar(&session.id, link).await.expect("asked").expect("a jar");
    assert_eq!((jar.version, ground.opened(&jar.sealed).as_str()), (first + 1, "a=2"));
    assert_eq!(jar.signed_in_at.as_millisecond(), now.as_millisecond(), "a new state is no new sign-in");
    let jars = sessions.jars(&session.id).await.expect("asked");
    assert_eq!(jars, [(ground.link.clone(), jar)]);
    sessions.drop_jar(&session.id, link).await.expect("dropped");
    assert!(!sessions.keep_jar(&session.id, link, first + 1, &ground.sealed("a=4")).await.expect("asked"));
    assert_eq!(sessions.jar(&session.id, link).await.expect("asked"), None);

    // Twenty answers at once, each on top of what it read: none is lost.
    sessions.put_jar(&session.id, link, &ground.sealed("0"), now).await.expect("kept");
    let count = async || loop {
        let jar = sessions.jar(&session.id, link).await.expect("asked").expect("a jar");
        let next: u32 = ground.opened(&jar.sealed).parse::<u32>().expect("a number") + 1;
        let kept = sessions.keep_jar(&session.id, link, jar.version, &ground.sealed(&next.to_string())).await;
        if kept.expect("asked") {
            return;
        }
    };
    futures_util::future::join_all((0..20).map(|_| count())).await;
    let jar = sessions.jar(&session.id, link).await.expect("asked").expect("a jar");
    assert_eq!(ground.opened(&jar.sealed), "20");
    sessions.end(&session).await.expect("ended");
    let late = sessions.put_jar(&session.id, link, &ground.sealed("late"), now).await;
    assert!(late.is_err(), "a sign-in that has ended takes no cookies");
}

async fn jars_are_sealed_anew(ground: &Ground) {
    let ((session, _), link) = (ground.sign_in().await, &ground.link.id);
    let sessions = &ground.sessions;
    sessions.put_jar(&session.id, link, &ground.sealed("a=1"), Timestamp::now()).await.expect("kept");
    let before = sessions.jar(&session.id, link).await.expect("asked").expect("a jar");
    let place = SealedPlace::Cookies(session.id.clone(), link.clone());
    let anew = ground.sealed("a=1");
    // Where they live beside everything else, the store finds them there.
    if let Some(found) = sessions.jars_elsewhere(None, 10).await.expect("asked") {
        assert_eq!(found.last, ground.person);
        assert!(found.jars.contains(&(place.clone(), before.sealed.clone())), "{:?}", found.jars);
        assert!(sessions.jars_elsewhere(Some(&found.last), 10).await.expect("asked").is_none());
        assert!(sessions.reseal_elsewhere(&place, &before.sealed, &anew).await.expect("asked"));
        let now = sessions.jar(&session.id, link).await.expect("asked").expect("a jar");
        assert_eq!(now, StoredJar { sealed: anew.clone(), ..before.clone() }, "the same state of the same jar");
        assert!(
            !sessions.reseal_elsewhere(&place, &before.sealed, &anew).await.expect("asked"),
            "it is another one now"
        );
        assert!(sessions.keep_jar(&session.id, link, before.version, &ground.sealed("a=2")).await.expect("asked"));
        assert!(
            !sessions.reseal_elsewhere(&place, &anew, &before.sealed).await.expect("asked"),
            "a resident was faster"
        );
    } else {
        let mut tx = ground.store.write().await.expect("a turn");
        let found = tx.sealed_otherwise(SealedKind::Cookies, "next", None, 10).await.expect("asked");
        assert!(found.contains(&(place, before.sealed)), "{found:?}");
    }
    sessions.end(&session).await.expect("ended");
}

async fn guesses_are_counted_by_client(ground: &Ground) {
    const CLIENT: &str = "client:192.0.2.1";
    let more = |attempts: &Attempts| Attempts { streak: attempts.streak + 1, ..*attempts };
    if ground.sessions.counts_clients_at_once() {
        let at_once = || ground.sessions.count_at_once(CLIENT, |attempts| Some(more(attempts)));
        let counted = futures_util::future::join_all((0..8).map(|_| at_once())).await;
        assert!(counted.into_iter().all(|counted| counted.expect("counted")));
        assert!(!ground.sessions.count_at_once(CLIENT, |_| None).await.expect("asked"), "nothing is to be counted");
    } else {
        for _ in 0..8 {
            let mut tx = ground.store.write().await.expect("a turn");
            let (attempts, version) = tx.attempts(CLIENT).await.expect("asked");
            assert!(tx.save_attempts(CLIENT, &more(&attempts), version).await.expect("asked"));
            assert!(!tx.save_attempts(CLIENT, &attempts, version).await.expect("asked"), "somebody counted meanwhile");
            tx.commit().await.expect("a commit");
        }
    }
    let mut tx = ground.store.read().await.expect("a turn");
    assert_eq!(ground.sessions.attempts_at(&mut tx, CLIENT).await.expect("asked").0.streak, 8);
}

#[test]
fn what_is_kept_in_redis_opens_nothing_to_who_reads_it() {
    let redis = Redis::start();
    let ground = Ground::redis(one(&redis));
    let (portal, agency) = wait(async {
        let (session, portal) = ground.sign_in().await;
        let agency = ground.enter(&session).await;
        let jar = ground.sealed("PHPSESSID=planted-4711");
        ground.sessions.put_jar(&session.id, &ground.link.id, &jar, Timestamp::now()).await.expect("kept");
        (portal, agency)
    });
    redis.cli(&["SAVE"]);
    let kept = fs::read(redis.folder().join("dump.rdb")).expect("what is kept");
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("vestibule:cookie:"));
    for secret in [portal.expose(), agency.expose(), "planted-4711", "residents.example", "alice-77"] {
        assert!(!holds(secret), "f14: {secret}");
    }
}

#[test]
fn rel_017_a_redis_that_forgot_what_ended_brings_nothing_back() {
    let mut redis = Redis::start();
    let ground = Ground::redis(one(&redis));
    let before = wait(async {
        let (signed_out, first) = ground.sign_in().await;
        let at_agency = ground.enter(&signed_out).await;
        let (renewed, second) = ground.sign_in().await;
        let (switched, third) = ground.sign_in().await;
        let closed = ground.enter(&switched).await;
        (signed_out, first, at_agency, renewed, second, switched, third, closed)
    });
    let (signed_out, first, at_agency, renewed, second, switched, third, closed) = before;
    redis.cli(&["SAVE"]);
    let old = fs::read(redis.folder().join("dump.rdb")).expect("what is kept");
    let newest = long_secret(&SystemDice);
    wait(async {
        ground.sessions.end(&signed_out).await.expect("ended");
        ground.switch(&switched).await;
        ground.sessions.rotate(&renewed, &newest, Timestamp::now()).await.expect("renewed");
        assert!(ground.on_portal(&newest).await && ground.on_portal(&third).await);
    });
    // A failover to a replica that had not heard any of it.
    redis.kill();
    fs::write(redis.folder().join("dump.rdb"), old).expect("the past");
    redis.start_again();
    wait(async {
        let within = Duration::from_secs(10);
        let alive = async || ground.sessions.ping().await?.ok();
        crate::support::eventually_async("Redis to be asked again", within, alive).await;
        assert!(!ground.on_portal(&first).await, "signed out");
        assert!(!ground.at_agency(&at_agency).await, "signed out");
        assert!(!ground.at_agency(&closed).await, "another account was opened");
        let again = ground.enter(&switched).await;
        assert!(ground.at_agency(&again).await && !ground.at_agency(&closed).await, "open again, not the same opening");
        assert!(!ground.on_portal(&second).await, "a cookie that was replaced");
        assert!(!ground.on_portal(&newest).await, "lost: the price is a new sign-in");
        assert!(ground.on_portal(&third).await);
        ground.end_all_but(None).await;
    });
    redis.kill();
    wait(async {
        let asked = ground.sessions.of_portal(&third, Timestamp::now()).await;
        assert!(asked.is_err(), "without Redis nobody is told apart from a stranger");
    });
}
