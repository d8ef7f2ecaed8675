//! Clients that are too many, too slow, or do not mean well.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use vestibule::{domain::email::EmailAddress, store::Store};

use crate::{
    quiet::{self, Apart, Compared},
    support::{
        page::Form,
        person::Person,
        raw::Raw,
        records,
        town::{ALICE, CHOSEN, Town, login_path},
        wait,
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
        done: "200 sign-ins a second, right and wrong, for 60 s, beside residents who read",
        run: storm_of_sign_ins,
    },
];

const MANY: usize = 10_000;
/// What an idle connection may cost (docs/performance.md), KiB.
const KIB_EACH: u64 = 45;
/// How long an answer beside them may take.
const AT_MOST: Duration = Duration::from_millis(50);

fn idle_connections(notes: &mut Notes) {
    quiet::compare(notes, |notes| {
        let town = Town::build();
        let alice = town.alice();
        let _apart = Apart::of(&town.gateway, notes);
        Traffic::during(&town, &alice, READERS, Duration::from_secs(2)).assert_all_right();
        let before = town.gateway.memory_kib();
        let open: Vec<TcpStream> = (0..MANY).map(|_| idle(&town)).collect();
        let grown = town.gateway.memory_kib().saturating_sub(before);
        notes.add(format!("{} KiB a connection (at most {KIB_EACH})", grown / MANY as u64));
        let times = Traffic::during(&town, &alice, READERS, QUIET);
        notes.add(times.told());
        times.assert_all_right();
        assert!(grown / MANY as u64 <= KIB_EACH, "{grown} KiB for {MANY} connections");
        let begin = Instant::now();
        let left = || Duration::from_secs(90).saturating_sub(begin.elapsed());
        let closed = open.iter().filter(|stream| closes_within(stream, left())).count();
        notes.add(format!("{closed} closed by the gateway after {} s", begin.elapsed().as_secs()));
        assert_eq!(closed, MANY, "idle connections are closed in the end");
        let p95 = times.within(0.95);
        if p95 < AT_MOST { Ok(()) } else { Err(format!("p95 {} ms beside them (below 50)", milliseconds(p95))) }
    });
}

/// Residents who read, and how long they are watched without a fault.
const READERS: usize = 4;
const QUIET: Duration = Duration::from_secs(5);

/// Slow clients of all kinds.
const SLOW: usize = 1000;
/// Until their beginnings are read and the readers' buffers are full.
const SETTLE: Duration = Duration::from_secs(8);
/// How long the slow ones go on.
const PATIENCE: Duration = Duration::from_secs(100);

fn slow_clients(notes: &mut Notes) {
    quiet::compare(notes, |notes| {
        let town = Town::build();
        let alice = town.alice();
        let _apart = Apart::of(&town.gateway, notes);
        let before = Traffic::during(&town, &alice, READERS, QUIET);
        let memory = town.gateway.memory_kib();
        let mut slow = begin_slowly(&town, &alice);
        thread::sleep(SETTLE);
        let beside = Traffic::during(&town, &alice, READERS, QUIET);
        notes.add(format!("{} KiB for each", town.gateway.memory_kib().saturating_sub(memory) / SLOW as u64));
        let begin = Instant::now();
        while !slow.is_empty() && begin.elapsed() < PATIENCE {
            thread::sleep(Duration::from_secs(2));
            // Heads and forms get a byte now and then; readers read nothing.
            slow.retain_mut(
                |(kind, stream)| if *kind == 2 { !is_over(stream) } else { stream.write_all(b"x").is_ok() },
            );
        }
        notes.add(format!("all but {} closed after {} s", slow.len(), begin.elapsed().as_secs()));
        assert!(slow.is_empty(), "{} slow clients are still served", slow.len());
        let after = Traffic::during(&town, &alice, READERS, QUIET);
        Compared { before, beside, after }.holds(notes)
    });
}

/// The beginnings of requests that will not come to their end, and readers that do not read.
fn begin_slowly(town: &Town, alice: &Person) -> Vec<(usize, TcpStream)> {
    let port = town.gateway.port();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let portal = format!("Host: www.localhost:{port}\r\nOrigin: http://www.localhost:{port}\r\n");
    let begin = |number: usize| {
        // Few readers: what waits for them fills the memory of the system, and not the gateway's.
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
    };
    (0..SLOW).map(begin).collect()
}

/// Whether the gateway has given a connection up that nobody reads from: what it sends goes nowhere any more.
fn is_over(stream: &TcpStream) -> bool {
    let (mut probe, mut piece) = (stream, [0; 1]);
    // A reset is told at the next write; a byte behind a whole request is harmless.
    probe.write_all(b"\r").is_err() || stream.peek(&mut piece).is_err()
}

/// Sign-ins that are begun in a second.
const RATE: u64 = 200;
const STORM: Duration = Duration::from_mins(1);
/// Clients that share them: so many that one is free when the next sign-in is due, however long the others wait.
const CLIENTS: u64 = 800;
/// Residents who sign in rightly, in turn: one who does so many times at once would be taken for a guesser.
const RESIDENTS: u64 = 500;
/// What a hash takes, KiB, and how many are made at once (`argon2.memory_kib`, `argon2.threads`).
const HASHES_KIB: u64 = 2 * 19_456;
/// What pages, the database's cache and the allocator may take besides, and besides the clients' connections.
const BESIDE_HASHES_KIB: u64 = 64 * 1024;

fn storm_of_sign_ins(notes: &mut Notes) {
    quiet::compare(notes, |notes| {
        let town = Town::build_with(|site| site.set("server.trusted_proxies", vec!["127.0.0.1/32"]));
        let alice = town.alice();
        wait(add_residents(&town));
        let _apart = Apart::of(&town.gateway, notes);
        let before = Traffic::during(&town, &alice, READERS, QUIET);
        let memory = town.gateway.memory_kib();
        let traffic = Traffic::start(&town, &alice, READERS);
        let begin = Instant::now();
        let (answers, recovered) = storm(&town);
        let stormed = begin.elapsed();
        let beside = traffic.stop();
        let grown = town.gateway.memory_kib().saturating_sub(memory);
        let compared = Compared { before, beside, after: Traffic::during(&town, &alice, READERS, QUIET) };
        let held = compared.holds(notes);
        let in_all: u32 = answers.values().sum();
        let each_second = f64::from(in_all) / stormed.as_secs_f64();
        notes.add(format!("{each_second:.0} sign-ins answered a second; by status {answers:?}"));
        notes.add(format!("{} MiB more; a sign-in succeeds {} ms after it", grown / 1024, milliseconds(recovered)));
        assert!(answers.keys().all(|status| matches!(status, 303 | 422 | 429 | 503)), "{answers:?}");
        assert!(recovered <= Duration::from_secs(5), "recovery took {} ms", milliseconds(recovered));
        assert!(grown < HASHES_KIB + BESIDE_HASHES_KIB + CLIENTS * KIB_EACH, "{grown} KiB more");
        held
    });
}

/// Writes residents who have Alice's password.
async fn add_residents(town: &Town) {
    let store = Store::open(town.gateway.ground().url()).await.expect("the gateway's database");
    let mut tx = store.write().await.expect("a turn");
    let alice =
        tx.credential_typed(Some(&EmailAddress::parse(ALICE.email).expect("an address")), None).await.expect("asked");
    let password = alice.expect("Alice").password;
    for number in 0..RESIDENTS {
        records::add_resident(&mut tx, &format!("resident-{number}"), password.clone()).await;
    }
    tx.commit().await.expect("a commit");
}

/// Signs in, rightly and wrongly, as often as that; the answers by status, and how long after the last one was begun
/// somebody could sign in again.
fn storm(town: &Town) -> (BTreeMap<u16, u32>, Duration) {
    let (begin, next) = (Instant::now(), AtomicU64::new(0));
    let answers = Mutex::new(BTreeMap::<u16, u32>::new());
    let mut somebody = Person::new(&town.gateway);
    let form = somebody.open(login_path("a")).form("Connexion");
    let browser = somebody.cookie_line(&town.gateway.portal("/"));
    let recovered = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut connection: Option<Raw> = None;
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let due = begin + Duration::from_millis(number * 1000 / RATE);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    if begin.elapsed() >= STORM {
                        return;
                    }
                    let mut socket = connection.take().unwrap_or_else(|| Raw::connect(town.gateway.port()));
                    let answer = socket.send(attempt(town, &form, &browser, number)).answer().expect("an answer");
                    let is_told = !matches!(answer.status, 429 | 503) || answer.header("retry-after").is_some();
                    assert!(is_told, "{} says when to come again", answer.status);
                    *answers.lock().expect("a count").entry(answer.status).or_default() += 1;
                    connection = (answer.header("connection") != Some("close")).then_some(socket);
                }
            });
        }
        thread::sleep((begin + STORM).saturating_duration_since(Instant::now()));
        loop {
            let status = Raw::connect(town.gateway.port()).send(attempt(town, &form, &browser, 0)).answer();
            if status.is_some_and(|answer| answer.status == 303) {
                return begin.elapsed().saturating_sub(STORM);
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    (answers.into_inner().expect("a count"), recovered)
}

/// One sign-in as it goes over the wire: every second one is right.
fn attempt(town: &Town, form: &Form, browser: &str, number: u64) -> String {
    let (login, password) = match number % 2 {
        0 => (records::address_of(&format!("resident-{}", number / 2 % RESIDENTS)), CHOSEN),
        _ => (format!("nobody{number}@residents.example"), "Not-the-one-1"),
    };
    let mut form = form.clone();
    form.set("login", &login);
    form.set("password", password);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
    // Each from an address of its own, or the first failures would shut out all others.
    let from = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    let (port, path, length) = (town.gateway.port(), form.action.path(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: www.localhost:{port}\r\nOrigin: http://www.localhost:{port}\r\n\
         Cookie: {browser}\r\nX-Forwarded-For: {from}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
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
