//! Sessions in Redis: a failover under load, a long outage, and what a session costs.

use std::{
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use vestibule::{
    config::{RedisMode, RedisSettings},
    domain::secret::{Secret, long_secret},
    sessions::Sessions,
    store::{Store, Vault},
    telemetry::SystemDice,
};

use crate::{
    support::{
        eventually,
        person::Person,
        raw::Raw,
        records,
        redis::Redis,
        stage::Stage,
        town::{ALICE, CHOSEN, Town, try_sign_in},
        wait,
    },
    table::{Notes, Row},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[
    Row { id: "REL-014", done: "Redis is gone for 60 s under a resident who reads on", run: gone_for_a_minute },
    Row { id: "REL-017", done: "kill -9 of the master that three Sentinels watch, under load", run: failover },
    Row { id: "G01", done: "5,000 sessions in Redis, each seen once", run: what_a_session_costs },
];

/// Sentinels take a second to call the master down; the gateway has five more.
const BACK: Duration = Duration::from_secs(6);
/// Until the Sentinels have agreed and a replica has been promoted: theirs, not ours.
const ELECTION: Duration = Duration::from_secs(20);

fn failover(notes: &mut Notes) {
    let mut master = Redis::start();
    let replica = replica_of(&master);
    eventually("the replica to follow", Duration::from_secs(20), || {
        replica.cli(&["INFO", "replication"]).contains("master_link_status:up").then_some(())
    });
    let sentinels: Vec<Redis> = (0..3).map(|_| Redis::sentinel_of(&master)).collect();
    for sentinel in &sentinels {
        eventually("the Sentinels to know each other", Duration::from_secs(30), || {
            let said = sentinel.cli(&["SENTINEL", "MASTER", "vestibule"]);
            let said: Vec<&str> = said.lines().collect();
            let value = |name: &str| said.iter().position(|line| *line == name).map(|at| said[at + 1]);
            (value("num-other-sentinels") == Some("2") && value("num-slaves") == Some("1")).then_some(())
        });
    }
    let urls: Vec<String> = sentinels.iter().map(Redis::url).collect();
    let town = Town::build_with(|site| {
        let site = site.set("redis.urls", urls).set("redis.mode", "sentinel").set("redis.master", "vestibule");
        site.set("server.cache_seconds", 0)
    });
    let mut alice = town.alice();
    let inside = town.at_a("/membre/x");
    // Somebody who is signed out before the failover, with the cookie that led in.
    let mut gone = Person::new(&town.gateway);
    town.sign_in(&mut gone, "a", ALICE.email, CHOSEN);
    let old = gone.cookie_line(&town.gateway.agency("agence-a", "/"));
    gone.open("/logout").press("Se déconnecter").see("Vous êtes déconnecté");

    assert_eq!(alice.get(&inside, &[]).status, 200);
    master.kill();
    let killed = Instant::now();
    let promoted = eventually("a replica to be promoted", ELECTION, || {
        alice.get(&inside, &[]);
        replica.cli(&["ROLE"]).starts_with("master").then(|| killed.elapsed())
    });
    let mut refused = 0_u32;
    let back = eventually("the sessions to be asked again", ELECTION, || {
        let status = alice.get(&inside, &[]).status;
        refused += u32::from(status == 503);
        (status != 503).then(|| killed.elapsed())
    });
    notes.add(format!("promoted after {} ms, used again after {} ms", promoted.as_millis(), back.as_millis()));
    notes.add(format!("{refused} answers 503 after the promotion"));
    assert!(back.saturating_sub(promoted) < BACK, "used again {back:?} after the end of the master");
    // A lost session is a new sign-in at most, and what had ended stays so.
    if alice.get(&inside, &[]).status != 200 {
        notes.add("the session was lost: signed in again");
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    }
    let mut thief = Person::new(&town.gateway);
    let answer = thief.get(&inside, &[("cookie", &old)]);
    let let_in = answer.status == 200 || answer.header("location").contains("/.vestibule/renew");
    assert!(!let_in, "who had signed out before is signed out");
    try_sign_in(&mut thief, "a", ALICE.email, CHOSEN);
    assert!(thief.here().status < 500, "signing in works again");
}

fn gone_for_a_minute(notes: &mut Notes) {
    let mut town = Town::on(Stage::Redis);
    let mut alice = town.alice();
    let inside = town.at_a("/membre/x");
    town.gateway.redis().cli(&["SAVE"]);
    assert_eq!(alice.get(&inside, &[]).status, 200);
    let begin = Instant::now();
    town.gateway.redis().kill();
    let (mut went_on, mut waited) = (Duration::ZERO, 0_u32);
    while begin.elapsed() < Duration::from_mins(1) {
        let answer = alice.get(&inside, &[]);
        match answer.status {
            200 => {
                assert_eq!(waited, 0, "nobody is let in after the age of the cache");
                went_on = begin.elapsed();
            }
            503 => {
                waited += 1;
                assert!(!answer.header("retry-after").is_empty());
                assert!(!answer.headers.contains_key("set-cookie"), "no cookie is taken away");
            }
            other => panic!("status {other}"),
        }
        thread::sleep(Duration::from_millis(200));
    }
    notes.add(format!("went on for {:.1} s of the cache's 30, then {waited} answers 503", went_on.as_secs_f64()));
    assert!(went_on <= Duration::from_secs(31));
    town.gateway.redis().start_again();
    let started = Instant::now();
    eventually("the session to go on", Duration::from_secs(5), || {
        (alice.get(&inside, &[]).status == 200).then_some(())
    });
    notes.add(format!("back {} ms after Redis", started.elapsed().as_millis()));
}

const MANY: u32 = 5_000;

fn what_a_session_costs(notes: &mut Notes) {
    let mut town = Town::build_with(|site| site.on(Stage::Redis).set("server.cache_seconds", 60));
    town.alice();
    let (url, port) = (town.gateway.ground().url().to_owned(), town.gateway.port());
    let redis = town.gateway.redis();
    let used = |redis: &Redis| -> u64 {
        let said = redis.cli(&["INFO", "memory"]);
        let line = said.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("a line");
        line.trim().parse().expect("bytes")
    };
    let before = used(redis);
    let settings = RedisSettings { timeout: Duration::from_secs(2), ..records::reached(RedisMode::Single, [&*redis]) };
    let cookies = wait(sign_in_many(&url, settings));
    notes.add(format!(
        "{} bytes a session in Redis, with one agency entered and its jar",
        (used(redis) - before) / u64::from(MANY)
    ));
    let keys = redis.keys();
    for (end, what) in [("}", "session"), (":jars", "jars")] {
        if let Some(key) = keys.iter().find(|key| key.ends_with(end)) {
            notes.add(format!("{what} {} bytes", redis.cli(&["MEMORY", "USAGE", key]).trim()));
        }
    }
    if let Some(key) = keys.iter().find(|key| key.contains(":cookie:")) {
        notes.add(format!("a cookie {} bytes", redis.cli(&["MEMORY", "USAGE", key]).trim()));
    }

    // What one is in the memory of a node: everybody asks once.
    let mut raw = Raw::connect(port);
    let mut ask = |cookie: &str| {
        raw.send(format!("GET /membre/x HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookie}\r\n\r\n"));
        let answer = raw.answer().expect("an answer");
        let let_in = answer.status == 200 || answer.header("location").is_some_and(|to| to.contains("/renew"));
        assert!(let_in, "decided for this session: {}", answer.status);
    };
    for cookie in cookies.iter().take(200) {
        ask(&format!("vestibule={}", cookie.expose()));
    }
    let before = town.gateway.memory_kib();
    for cookie in cookies.iter().skip(200) {
        ask(&format!("vestibule={}", cookie.expose()));
    }
    let grown = town.gateway.memory_kib().saturating_sub(before) * 1024 / u64::from(MANY - 200);
    notes.add(format!("{grown} bytes in memory for each session that is seen"));
    assert!(grown < 4096, "{grown} bytes");
}

/// Signs many people in at agency A, each with an account of their own; gives the cookies of the agency's host.
async fn sign_in_many(url: &str, settings: RedisSettings) -> Vec<Secret> {
    let store = Store::open(url).await.expect("the gateway's database");
    let sessions: Sessions<()> = Sessions::redis(store.clone(), settings, Duration::from_secs(30));
    let vault = Vault::new("k".to_owned(), [7; 32]);
    let mut links = Vec::new();
    let mut tx = store.write().await.expect("a turn");
    for number in 0..MANY {
        links.push(records::add_resident(&mut tx, &format!("resident-{number}"), records::no_password()).await);
    }
    tx.commit().await.expect("a commit");
    let mut cookies = Vec::new();
    for link in links {
        let (session, _) = records::begin_session(&store, &sessions, &link.identity, 0).await;
        let (agency, now) = (long_secret(&SystemDice), Timestamp::now());
        let mut tx = store.write().await.expect("a turn");
        let open = records::open(&mut tx, &session, &link).await;
        assert!(sessions.open_agency(tx, &session.id, &open, &agency, now).await.expect("opened"));
        let jar = vault.seal(&SystemDice, "jar", &Secret::new("x".repeat(200)));
        sessions.put_jar(&session.id, &link.id, &jar, now).await.expect("kept");
        cookies.push(agency);
    }
    cookies
}

/// A replica of another server.
fn replica_of(master: &Redis) -> Redis {
    let of = master.port().to_string();
    Redis::start_with(&["--replicaof", "127.0.0.1", &of, "--repl-diskless-sync-delay", "0"], &[])
}
