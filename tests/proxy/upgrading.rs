//! Ending and replacing the process without anybody noticing (g02).

use std::{thread, time::Duration};

use crate::support::{
    eventually,
    load::Load,
    raw::{Raw, RawAnswer},
    redis::Redis,
    stage::Stage,
    town::Town,
};

on_every_database! {
    review_a12_nobody_signs_in_again_when_redis_is_added,
}

/// A round of replacing a process, with everything that is asked meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn rel_001_no_request_is_refused_or_cut_while_new_processes_take_over() {
    let mut town = Town::build();
    let mut alice = town.alice();
    let port = town.gateway.port();
    let fine = |answer: &RawAnswer| if answer.status == 200 { Ok(()) } else { Err(answer.status.to_string()) };
    let load = Load::start(8, port, "agence-a.localhost", "/public/x", fine);
    for _ in 0..3 {
        load.wait_for(50);
        town.gateway.upgrade();
        load.wait_for(50);
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
    let (answers, wrong) = load.end();
    assert_eq!((answers > 300, wrong), (true, Vec::new()));
    assert!(town.gateway.earlier_end(), "an old process ends well");
}

#[test]
fn g02_a_download_under_way_is_ended_by_the_process_that_began_it() {
    let mut town = Town::build();
    let alice = town.alice();
    let url = town.gateway.agency("agence-a", "/drip?n=40&ms=50");
    let cookies = alice.cookie_line(&url);
    let port = town.gateway.port();
    let download = thread::spawn(move || {
        let mut socket = Raw::connect(port);
        socket.send(format!(
            "GET /drip?n=40&ms=50 HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n"
        ));
        socket.answer().map(|answer| (answer.status, answer.body.len()))
    });
    eventually("the download to begin", PATIENCE, || {
        town.a.seen().iter().any(|seen| seen.target.starts_with("/drip")).then_some(())
    });
    town.gateway.upgrade();
    let (status, length) = download.join().expect("a client").expect("an answer");
    assert_eq!((status, length > 0), (200, true));
    assert!(town.gateway.earlier_end());
}

#[test]
fn rel_005_a_stop_lets_what_is_under_way_end_and_takes_nothing_new() {
    let mut town = Town::build();
    let alice = town.alice();
    let url = town.gateway.agency("agence-a", "/slow?ms=1500");
    let cookies = alice.cookie_line(&url);
    let port = town.gateway.port();
    let mut idle = Raw::connect(port);
    idle.send(request(port, "/public/x"));
    assert_eq!(idle.answer().map(|answer| answer.status), Some(200));
    let mut slow = Raw::connect(port);
    slow.send(format!("GET /slow?ms=1500 HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n"));
    eventually("the request to be under way", PATIENCE, || {
        town.a.seen().iter().any(|seen| seen.target.starts_with("/slow")).then_some(())
    });
    town.gateway.signal(rustix::process::Signal::TERM);
    eventually("readiness to go down", PATIENCE, || {
        town.gateway.health("/readyz").filter(|(status, _)| *status == 503).map(drop)
    });
    eventually("new connections to be refused", PATIENCE, || Raw::try_connect(port).is_err().then_some(()));
    let answer = slow.answer().expect("what was under way is answered");
    assert_eq!((answer.status, answer.text().as_str()), (200, "at last"));
    assert!(idle.is_closed(), "an idle connection is closed");
    assert!(town.gateway.ends().success());
}

fn request(port: u16, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\n\r\n")
}

fn review_a12_nobody_signs_in_again_when_redis_is_added(stage: Stage) {
    let redis = Redis::start();
    let mut town = Town::on(stage);
    let mut alice = town.alice();
    town.gateway.configure("redis.urls", vec![redis.url()]);
    town.gateway.upgrade();
    assert!(town.gateway.earlier_end(), "nothing more of alice's goes to the old process");
    alice.open(town.at_a("/membre/x")).see("alice-77");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM sessions"), 0);
    assert!(!redis.keys().is_empty());
}
