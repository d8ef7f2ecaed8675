//! An extranet that is away, slow, or breaks every rule: one calm page, bounded, and no harm to the next request.

use std::{
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use crate::support::{
    free_port,
    gateway::Gateway,
    person::{Person, Request},
    raw::{Raw, RawAnswer},
    rogue::{self, Rogue},
    site::Site,
    town::{CAROL, Town, try_sign_in},
};

/// A gateway in front of an extranet that misbehaves.
fn rogue() -> (Rogue, Gateway) {
    let rogue = Rogue::start();
    let gateway = Gateway::start(&Site::new().agency(rogue.agency("rogue")));
    (rogue, gateway)
}

/// Asks for what stands in the path; none where the gateway hangs up.
fn ask(gateway: &Gateway, what: &str) -> Option<RawAnswer> {
    let mut raw = Raw::connect(gateway.port());
    raw.send(get(gateway, what));
    raw.answer()
}

fn get(gateway: &Gateway, what: &str) -> String {
    format!(
        "GET /public/{what} HTTP/1.1\r\nHost: rogue.localhost:{}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\
         Sec-Fetch-Dest: document\r\n\r\n",
        gateway.port()
    )
}

/// Fails unless the answer is the calm page.
fn assert_calm(answer: Option<RawAnswer>, statuses: &[u16], what: &str) {
    let answer = answer.unwrap_or_else(|| panic!("{what}: hung up without an answer"));
    assert!(statuses.contains(&answer.status), "{what}: {}", answer.status);
    let page = answer.text();
    assert!(page.contains("Service indisponible") && page.contains("<code>"), "{what}: {page}");
    assert!(answer.headers.len() < 30, "{what}: {} header fields", answer.headers.len());
}

/// Fails unless the extranet's next page is right.
fn assert_fine(gateway: &Gateway, after: &str) {
    for _ in 0..3 {
        let answer = ask(gateway, "fine").unwrap_or_else(|| panic!("after {after}: hung up"));
        assert_eq!((answer.status, answer.text().as_str()), (200, "fine"), "after {after}");
    }
}

#[test]
fn rel_037_an_extranet_that_is_down_blackholed_or_without_a_name_is_a_page_in_time() {
    // Nobody accepts, and the queue is full: as good as a black hole.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let hole = listener.local_addr().expect("an address");
    let knock = |_: usize| TcpStream::connect_timeout(&hole, Duration::from_millis(100)).ok();
    let _queue: Vec<_> = (0..6000).map_while(knock).collect();
    let site = Site::new()
        .agency(rogue::agency("refused", &format!("http://127.0.0.1:{}", free_port())))
        .agency(rogue::agency("blackhole", &format!("http://{hole}")))
        .agency(rogue::agency("nameless", "http://no-such-host.invalid:8000"));
    let gateway = Gateway::start(&site);
    for (label, statuses) in [("refused", &[502][..]), ("blackhole", &[504]), ("nameless", &[502, 504])] {
        for method in ["GET", "POST"] {
            let begin = Instant::now();
            let mut raw = Raw::connect(gateway.port());
            let origin = format!("http://{label}.localhost:{}", gateway.port());
            raw.send(format!(
                "{method} /public/x HTTP/1.1\r\nHost: {label}.localhost:{}\r\nAccept: text/html\r\nOrigin: {origin}\r\n\
                 Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nContent-Length: 0\r\n\r\n",
                gateway.port()
            ));
            assert_calm(raw.answer(), statuses, &format!("{method} {label}"));
            assert!(begin.elapsed() < Duration::from_secs(2), "{method} {label}: {:?}", begin.elapsed());
        }
    }
    Person::new(&gateway).open("/login?client=ROGUE&societe=REFUSED").see("Agence refused").see("Connexion");
}

#[test]
fn rel_038_silence_is_cut_off_in_its_time_and_a_slow_answer_that_goes_on_is_not() {
    let (_rogue, gateway) = rogue();
    let begin = Instant::now();
    assert_calm(ask(&gateway, "silence"), &[504], "silence");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    // Three seconds in all, where only one of silence is allowed.
    let dripped = ask(&gateway, "drip").expect("an answer");
    assert_eq!((dripped.status, dripped.body.len()), (200, 20));
}

#[test]
fn case_09_nothing_is_lost_on_a_connection_that_the_extranet_closes_at_that_moment() {
    let (_rogue, gateway) = rogue();
    for round in 0..5 {
        for (method, body) in [("GET", ""), ("POST", "1"), ("POST", ""), ("PUT", "1"), ("DELETE", ""), ("PATCH", "1")] {
            assert_fine(&gateway, "something");
            let mut raw = Raw::connect(gateway.port());
            raw.send(format!(
                "{method} /public/once HTTP/1.1\r\nHost: rogue.localhost:{port}\r\n\
                 Origin: http://rogue.localhost:{port}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len(),
                port = gateway.port()
            ));
            let answer = raw.answer().expect("an answer");
            assert_eq!((answer.status, answer.text().as_str()), (200, "fine"), "{method} {body} in round {round}");
        }
    }
}

#[test]
fn rel_039_an_answer_that_breaks_off_is_never_a_whole_one_and_spoils_no_connection() {
    let (rogue, gateway) = rogue();
    for what in ["half", "cut", "reset"] {
        let mut raw = Raw::connect(gateway.port());
        raw.send(get(&gateway, what));
        if let Some(answer) = raw.answer() {
            let short = answer.header("content-length") == Some("1000") && answer.body.len() < 1000;
            assert!(short || answer.status >= 502, "{what}: {} with {} bytes", answer.status, answer.body.len());
        }
        assert!(raw.is_closed(), "{what}: the connection goes on as if nothing had happened");
        assert_fine(&gateway, what);
    }
    let before = rogue.asked();
    let mut raw = Raw::connect(gateway.port());
    let origin = format!("Origin: http://rogue.localhost:{}\r\nContent-Length: 1\r\n\r\n1", gateway.port());
    raw.send(get(&gateway, "cut").replacen("GET", "POST", 1).trim_end().to_owned() + "\r\n" + &origin);
    raw.rest();
    assert_eq!(rogue.asked(), before + 1, "what was sent once is not sent again");
    let mut raw = Raw::connect(gateway.port());
    raw.send(get(&gateway, "cut-chunks"));
    let rest = raw.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "chunks that broke off have no end: {}", String::from_utf8_lossy(&rest));
    assert_fine(&gateway, "cut-chunks");
    for _ in 0..3 {
        let answer = ask(&gateway, "longer").expect("an answer");
        assert_eq!((answer.status, answer.text().as_str()), (200, "fine"), "no more than was declared");
        assert_fine(&gateway, "longer");
    }
}

#[test]
fn rel_040_garbage_and_heads_without_measure_are_refused_with_flat_memory() {
    let (_rogue, gateway) = rogue();
    assert_fine(&gateway, "nothing");
    let before = gateway.memory_kib();
    for what in ["garbage", "headers", "endless-header", "cookies"] {
        for _ in 0..5 {
            assert_calm(ask(&gateway, what), &[502], what);
        }
        assert_fine(&gateway, what);
    }
    for _ in 0..50 {
        let bomb = ask(&gateway, "bomb").expect("an answer");
        assert_eq!((bomb.status, bomb.body.len(), bomb.header("content-encoding")), (200, 10 * 1024, Some("gzip")));
    }
    let grown = gateway.memory_kib().saturating_sub(before);
    assert!(grown < 24 * 1024, "{grown} KiB more than before");
}

#[test]
fn sec_133_interim_answers_are_bounded_and_an_answer_without_a_body_has_none() {
    let (_rogue, gateway) = rogue();
    let hinted = ask(&gateway, "hints");
    assert!(hinted.is_none_or(|answer| matches!(answer.status, 200 | 502)), "a hundred are little");
    assert_fine(&gateway, "hints");
    let before = gateway.memory_kib();
    let begin = Instant::now();
    let mut raw = Raw::connect(gateway.port());
    raw.send(get(&gateway, "endless-hints"));
    let rest = raw.rest();
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert!(rest.len() < 1024 * 1024, "{} bytes of interim answers", rest.len());
    assert!(gateway.memory_kib().saturating_sub(before) < 8 * 1024);
    for _ in 0..3 {
        let mut raw = Raw::connect(gateway.port());
        raw.send(get(&gateway, "empty-with-body"));
        let empty = raw.answer().expect("an answer");
        assert!(matches!(empty.status, 204 | 502), "{}", empty.status);
        if empty.status == 204 && empty.header("connection") != Some("close") {
            raw.send(get(&gateway, "fine"));
            if let Some(next) = raw.answer() {
                assert_eq!((next.status, next.text().as_str()), (200, "fine"), "framing right for the client");
            }
        }
        assert_fine(&gateway, "empty-with-body");
    }
}

#[test]
fn rel_043_old_credentials_that_nobody_can_check_are_not_counted_and_nothing_is_begun() {
    let town = Town::build();
    let mut carol = Person::new(&town.gateway);
    town.a.break_login(true);
    for _ in 0..7 {
        try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
        carol.see("ne répond pas").miss("inconnu");
    }
    assert_eq!(town.gateway.traced("migration-started"), 0);
    town.a.break_login(false);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("évolue");
}

#[test]
fn rel_048_what_is_too_long_is_refused_at_once_and_the_connection_closed() {
    let town = Town::build();
    let port = town.gateway.port();
    let kib = |many: usize| "x".repeat(many * 1024);
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\n");
    let line = |many: usize| format!("{}X-Long: {}\r\n\r\n", get("/membre/x"), kib(many));
    for (what, request, status) in [
        ("a header of 64 kB", line(65), 431),
        ("a header of a megabyte", line(1024), 431),
        ("a header without an end", format!("{}X-Long: {}", get("/membre/x"), kib(200)), 431),
        ("200 cookie lines", format!("{}{}\r\n", get("/membre/x"), "Cookie: c=v\r\n".repeat(200)), 431),
        ("a URL of 9 kB", format!("{}\r\n", get(&format!("/{}", kib(9)))), 414),
        ("a URL of 60 kB", format!("{}\r\n", get(&format!("/{}", kib(60)))), 414),
        ("a URL of 100 kB", format!("{}\r\n", get(&format!("/{}", kib(100)))), 414),
        ("a URL of two megabytes", format!("{}\r\n", get(&format!("/{}", kib(2048)))), 414),
        ("a URL without an end", format!("GET /{}", kib(20)), 414),
        ("a method without an end", kib(20), 501),
    ] {
        let begin = Instant::now();
        let mut raw = Raw::connect(port);
        raw.send(request);
        let answer = raw.answer().unwrap_or_else(|| panic!("{what}: hung up"));
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{what}");
        assert!(raw.is_closed() && begin.elapsed() < Duration::from_secs(4), "{what}: {:?}", begin.elapsed());
    }
    // The rest of a form that is too long is sent as browsers do, or never comes.
    for (length, sent) in [(65, 65), (10 * 1024, 10 * 1024), (10 * 1024, 0), (100 * 1024, 0)] {
        let begin = Instant::now();
        let mut raw = Raw::connect(port);
        raw.send(format!(
            "POST /login HTTP/1.1\r\nHost: www.localhost:{port}\r\nOrigin: http://www.localhost:{port}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
            length * 1024,
            kib(sent)
        ));
        let answer = raw.answer().unwrap_or_else(|| panic!("{length} kB: hung up"));
        assert_eq!(answer.status, 413, "{length} kB");
        assert!(raw.is_closed() && begin.elapsed() < Duration::from_secs(4), "{length} kB: {:?}", begin.elapsed());
    }
    town.a.assert_untouched("what is too long");
}

#[test]
fn rel_048_what_is_long_but_not_too_long_passes() {
    let town = Town::build();
    let port = town.gateway.port();
    let (path, cookies) = ("y".repeat(7 * 1024), "c=v; ".repeat(200));
    let mut raw = Raw::connect(port);
    for line in ["X-Long: ".to_owned() + &"x".repeat(50 * 1024), "Cookie: ".to_owned() + &cookies] {
        // With a body that is longer than any head may be.
        let body = "b".repeat(200 * 1024);
        raw.send(format!(
            "PUT /public/{path} HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\n\
             Origin: http://agence-a.localhost:{port}\r\n{line}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(raw.answer().map(|answer| answer.status), Some(200));
        assert_eq!(town.a.last().body_length, body.len() as u64);
    }
}

#[test]
fn rel_057_ten_times_the_same_step_at_once_is_one_person_and_one_letter() {
    let town = Town::build();
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.press("Étape suivante").fill("email", CAROL.email).press("Continuer");
    carol.fill("password", crate::support::town::CHOSEN).fill("confirmation", crate::support::town::CHOSEN);
    ten_times(&town, &mut carol, "Créer mon compte");
    let code = town.gateway.letter_to(CAROL.email).code();
    carol.open("/migration").see("Vérifiez votre boîte mail").fill("code", &code);
    ten_times(&town, &mut carol, "Valider");
    assert!(town.gateway.letters().look(CAROL.email).is_none(), "one letter");
    assert_eq!((town.gateway.traced("proof-asked"), town.gateway.traced("migrated")), (1, 1));
    town.sign_in(&mut Person::new(&town.gateway), "a", CAROL.email, crate::support::town::CHOSEN);
}

/// Sends the form ten times at the same moment from the same browser; nobody is told of a fault.
fn ten_times(town: &Town, person: &mut Person, button: &str) {
    let form = person.form(button);
    let request: Request = person.request_of(&form);
    let cookies = person.cookies(&request.url);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let mut same = Person::new(&town.gateway);
                    for (name, value) in &cookies {
                        same.plant(&request.url, name, value);
                    }
                    same.visit(request.clone()).status
                })
            })
            .collect();
        sending.into_iter().map(|sent| sent.join().expect("an answer")).collect()
    });
    assert!(statuses.iter().all(|status| *status < 500), "{button}: {statuses:?}");
}
