//! Clients that are too many, too slow, or do not mean well.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    support::{
        person::Person,
        town::{ALICE, CHOSEN, Town, login_path},
    },
    table::{Notes, Row},
    traffic::{self, Traffic, milliseconds},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[
    Row {
        id: "REL-047",
        done: "1000 slow clients at once: heads, forms and readers that never come to their end",
        run: slow_clients,
    },
    Row {
        id: "REL-049",
        done: "10,000 idle keep-alive connections without TLS, each after one request, until they are closed",
        run: idle_connections,
    },
    Row {
        id: "REL-050",
        done: "sign-ins as fast as 64 clients can, right and wrong, for 30 s, beside residents who read",
        run: storm_of_sign_ins,
    },
];

const MANY: usize = 10_000;
/// What an idle connection may cost (docs/performance.md), KiB.
const KIB_EACH: u64 = 45;

fn idle_connections(notes: &mut Notes) {
    let town = Town::build();
    let alice = town.alice();
    Traffic::during(&town, &alice, 4, Duration::from_secs(2)).assert_all_right();
    let before = town.gateway.memory_kib();
    let open: Vec<TcpStream> = (0..MANY).map(|_| idle(&town)).collect();
    let grown = town.gateway.memory_kib().saturating_sub(before);
    notes.add(format!("{} KiB a connection (at most {KIB_EACH})", grown / MANY as u64));
    let times = Traffic::during(&town, &alice, 4, Duration::from_secs(5));
    notes.add(times.told());
    times.assert_all_right();
    let p95 = times.within(0.95);
    assert!(p95 < Duration::from_millis(50), "p95 {} ms beside them (below 50)", milliseconds(p95));
    assert!(grown / MANY as u64 <= KIB_EACH, "{grown} KiB for {MANY} connections");
    let begin = Instant::now();
    let left = || Duration::from_secs(90).saturating_sub(begin.elapsed());
    let closed = open.iter().filter(|stream| closes_within(stream, left())).count();
    notes.add(format!("{closed} closed by the gateway after {} s", begin.elapsed().as_secs()));
    assert_eq!(closed, MANY, "idle connections are closed in the end");
}

/// Slow clients of each kind.
const SLOW: usize = 1000;
/// Until their beginnings are read and the readers' buffers are full.
const SETTLE: Duration = Duration::from_secs(8);
/// How long the slow ones go on.
const PATIENCE: Duration = Duration::from_secs(100);

fn slow_clients(notes: &mut Notes) {
    let town = Town::build();
    let alice = town.alice();
    let quiet = Traffic::during(&town, &alice, 4, Duration::from_secs(5));
    notes.add(format!("quiet: {}", quiet.told()));
    let (port, before) = (town.gateway.port(), town.gateway.memory_kib());
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let portal = format!("Host: www.localhost:{port}\r\nOrigin: http://www.localhost:{port}\r\n");
    let mut slow: Vec<(usize, TcpStream)> = (0..SLOW)
        .map(|number| {
            // Few readers: what they ask for is made by this very process.
            let kind = if number % 33 == 32 { 2 } else { number % 2 };
            let begin = match kind {
                0 => format!("GET /login HTTP/1.1\r\n{portal}X-Slow: "),
                1 => format!("POST /login HTTP/1.1\r\n{portal}Content-Length: 10000\r\n\r\n"),
                _ => format!(
                    "GET /bytes?n=50000000 HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n"
                ),
            };
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            stream.write_all(begin.as_bytes()).expect("a beginning");
            (kind, stream)
        })
        .collect();
    thread::sleep(SETTLE);
    let beside = Traffic::during(&town, &alice, 4, Duration::from_secs(5));
    notes.add(format!("beside them: {}", beside.told()));
    notes.add(format!("{} KiB for each", town.gateway.memory_kib().saturating_sub(before) / SLOW as u64));
    beside.assert_all_right();
    let most = quiet.within(0.95) * 2 + Duration::from_millis(5);
    assert!(beside.within(0.95) <= most, "p95 {} ms beside them", milliseconds(beside.within(0.95)));
    let begin = Instant::now();
    while !slow.is_empty() && begin.elapsed() < PATIENCE {
        thread::sleep(Duration::from_secs(2));
        // Heads and forms get a byte now and then; readers read nothing.
        slow.retain_mut(|(kind, stream)| if *kind == 2 { !is_over(stream) } else { stream.write_all(b"x").is_ok() });
    }
    notes.add(format!("all but {} closed after {} s", slow.len(), begin.elapsed().as_secs()));
    assert!(slow.is_empty(), "{} slow clients are still served", slow.len());
}

/// Whether the gateway has given a connection up that nobody reads from: what it sends goes nowhere any more.
fn is_over(stream: &TcpStream) -> bool {
    let (mut probe, mut piece) = (stream, [0; 1]);
    // A reset is told at the next write; a byte behind a whole request is harmless.
    probe.write_all(b"\r").is_err() || stream.peek(&mut piece).is_err()
}

/// Clients that sign in without pause.
const CLIENTS: usize = 64;

fn storm_of_sign_ins(notes: &mut Notes) {
    let town = Town::build_with(|site| site.set("server.trusted_proxies", vec!["127.0.0.1/32"]));
    let alice = town.alice();
    let quiet = Traffic::during(&town, &alice, 4, Duration::from_secs(5));
    notes.add(format!("quiet: {}", quiet.told()));
    let before = town.gateway.memory_kib();
    let traffic = Traffic::start(&town, &alice, 4);
    let (stop, answers) = (AtomicBool::new(false), Mutex::new(HashMap::<u16, u32>::new()));
    let begin = Instant::now();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (town, stop, answers) = (&town, &stop, &answers);
            scope.spawn(move || {
                let mut turn = 0;
                while !stop.load(Ordering::SeqCst) {
                    turn += 1;
                    let mut somebody = Person::new(&town.gateway);
                    let (login, password) = if number % 2 == 0 {
                        (ALICE.email.to_owned(), CHOSEN)
                    } else {
                        (format!("nobody{number}-{turn}@residents.example"), "Not-the-one-1")
                    };
                    somebody.open(login_path("a")).fill("login", &login).fill("password", password);
                    let form = somebody.form("Connexion");
                    // Each from an address of its own, or the first failures would shut out all others.
                    let from = format!("10.{number}.{}.{}", turn / 250, turn % 250);
                    let request = somebody.request_of(&form).header("x-forwarded-for", &from);
                    let status = somebody.ask(request).status;
                    *answers.lock().expect("a count").entry(status).or_default() += 1;
                }
            });
        }
        thread::sleep(Duration::from_secs(30));
        stop.store(true, Ordering::SeqCst);
    });
    let stormed = begin.elapsed();
    let beside = traffic.stop();
    let grown = town.gateway.memory_kib().saturating_sub(before);
    let recovery = Instant::now();
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    let recovered = recovery.elapsed();
    notes.add(format!("beside it: {}", beside.told()));
    notes.add(format!("answers by status in {} s: {:?}", stormed.as_secs(), answers.lock().expect("a count")));
    notes.add(format!("{} MiB more; a sign-in after it took {} ms", grown / 1024, milliseconds(recovered)));
    beside.assert_all_right();
    let statuses = answers.lock().expect("a count").clone();
    assert!(statuses.keys().all(|status| matches!(status, 200 | 302 | 303 | 422 | 429 | 503)), "{statuses:?}");
    assert!(recovered <= Duration::from_secs(5), "recovery took {} ms", milliseconds(recovered));
    assert!(grown < 256 * 1024, "{grown} KiB more");
    let most = quiet.within(0.95) * 2 + Duration::from_millis(5);
    assert!(beside.within(0.95) <= most, "p95 {} ms beside it", milliseconds(beside.within(0.95)));
}

/// A connection that has had its answer and is left open.
fn idle(town: &Town) -> TcpStream {
    let (port, mut connection) = (town.gateway.port(), None);
    let request = format!("GET /login?client=CA&societe=SA HTTP/1.1\r\nHost: www.localhost:{port}\r\n\r\n");
    assert_eq!(traffic::ask(&mut connection, port, &request).expect("an answer"), 200);
    connection.expect("it is kept alive")
}

/// Whether the gateway hangs up within this time.
fn closes_within(mut stream: &TcpStream, patience: Duration) -> bool {
    stream.set_read_timeout(Some(patience.max(Duration::from_millis(1)))).expect("a time to wait");
    match stream.read(&mut [0; 16]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}
