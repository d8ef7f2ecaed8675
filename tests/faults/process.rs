//! The process: replaced under load, stopped while something is under way.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use tokio::task::JoinHandle;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    support::{
        RUNTIME, eventually,
        load::Load,
        person::Person,
        raw::{Raw, RawAnswer},
        town::Town,
        wait,
    },
    table::{Notes, Row},
};

/// The rows of this file.
pub const ROWS: &[Row] = &[
    Row {
        id: "REL-001",
        done: "10 upgrades under 200 connections without a pause, 50 slow downloads and 10 WebSockets",
        run: upgrades,
    },
    Row { id: "REL-005", done: "SIGTERM during an upload and a long poll of 20 s each, with 30 s of grace", run: stop },
];

const CONNECTIONS: usize = 200;
const DOWNLOADS: usize = 50;
const SOCKETS: usize = 10;
const UPGRADES: usize = 10;
/// Pieces of a download, four bytes and a tenth of a second each.
const PIECES: usize = 60;

/// What is done over and over beside the load, and what went wrong with it.
#[derive(Default)]
struct Beside {
    stop: AtomicBool,
    done: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Beside {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn note(&self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.done.fetch_add(1, Ordering::SeqCst);
            }
            Err(what) => self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what),
        }
    }

    /// How often it was done; fails if anything went wrong.
    fn assert_all_right(&self, what: &str) -> u64 {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(wrong.is_empty(), "{} {what} went wrong: {}", wrong.len(), wrong[0]);
        self.done.load(Ordering::SeqCst)
    }
}

fn upgrades(notes: &mut Notes) {
    let mut town = Town::build();
    let mut alice = town.alice();
    let port = town.gateway.port();
    let fine = |answer: &RawAnswer| if answer.status == 200 { Ok(()) } else { Err(answer.status.to_string()) };
    let load = Load::start(CONNECTIONS, port, "agence-a.localhost", "/public/x", fine);
    let (downloads, sockets) = (Arc::new(Beside::default()), Arc::new(Beside::default()));
    let readers: Vec<_> = (0..DOWNLOADS).map(|_| start_download(&town, &alice, &downloads)).collect();
    let speakers: Vec<_> = (0..SOCKETS).map(|_| start_socket(&town, &alice, &sockets)).collect();
    eventually("all downloads and WebSockets to be under way", Duration::from_secs(30), || {
        let seen = town.a.seen();
        let count = |path: &str| seen.iter().filter(|seen| seen.target.starts_with(path)).count();
        (count("/drip") >= DOWNLOADS && count("/membre/socket") >= SOCKETS).then_some(())
    });
    let begin = Instant::now();
    for _ in 0..UPGRADES {
        // Or the extranet keeps what a million requests looked like.
        town.forget();
        load.wait_for(2000);
        town.gateway.upgrade();
        load.wait_for(2000);
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
    let took = begin.elapsed();
    for beside in [&downloads, &sockets] {
        beside.stop.store(true, Ordering::SeqCst);
    }
    let (answers, wrong) = load.end();
    for reader in readers {
        reader.join().expect("a reader");
    }
    for speaker in speakers {
        wait(speaker).expect("a speaker");
    }
    notes.add(format!("{UPGRADES} upgrades in {} s; {answers} answers, {} wrong", took.as_secs(), wrong.len()));
    assert!(wrong.is_empty(), "{wrong:?}");
    let (read, said) = (downloads.assert_all_right("downloads"), sockets.assert_all_right("WebSockets"));
    notes.add(format!("{read} downloads to their end; {said} messages on {SOCKETS} WebSockets, none broken off"));
    assert!(read >= DOWNLOADS as u64, "{read} downloads");
    assert!(town.gateway.earlier_end(), "the old processes end well");
    alice.open(town.at_a("/membre/x")).see("alice-77");
}

/// Downloads again and again, slowly, until it is over; each to its end.
fn start_download(town: &Town, person: &Person, beside: &Arc<Beside>) -> thread::JoinHandle<()> {
    let (port, beside) = (town.gateway.port(), Arc::clone(beside));
    let cookies = person.cookie_line(&town.gateway.agency("agence-a", "/drip"));
    thread::spawn(move || {
        while !beside.is_over() {
            let outcome = (|| {
                let mut socket = Raw::try_connect(port).map_err(|error| format!("refused: {error}"))?;
                socket.send(format!(
                    "GET /drip?n={PIECES}&ms=100 HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n"
                ));
                let answer = socket.answer().ok_or("hung up")?;
                let whole = answer.status == 200 && answer.body.len() == 4 * PIECES;
                if whole { Ok(()) } else { Err(format!("{} with {} bytes", answer.status, answer.body.len())) }
            })();
            beside.note(outcome);
        }
    })
}

/// Says something on a WebSocket ten times a second until it is over, and hears it again.
fn start_socket(town: &Town, person: &Person, beside: &Arc<Beside>) -> JoinHandle<()> {
    let (port, beside) = (town.gateway.port(), Arc::clone(beside));
    let url = town.gateway.agency("agence-a", "/membre/socket");
    let mut request = url.as_str().replace("http://", "ws://").into_client_request().expect("a request");
    let value = |text: &str| HeaderValue::from_str(text).expect("a header's value");
    request.headers_mut().insert("cookie", value(&person.cookie_line(&url)));
    request.headers_mut().insert("origin", value(town.at_a("").trim_end_matches('/')));
    RUNTIME.spawn(async move {
        let speak = async {
            let stream =
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
            let (mut socket, _) = client_async(request, stream).await.map_err(|error| error.to_string())?;
            while !beside.is_over() {
                let message = Message::text("Bonjour à tous");
                socket.send(message.clone()).await.map_err(|error| error.to_string())?;
                match socket.next().await {
                    Some(Ok(heard)) if heard == message => beside.note(Ok(())),
                    other => return Err(format!("{other:?}")),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            socket.close(None).await.map_err(|error| error.to_string())
        };
        if let Err(what) = speak.await {
            beside.note(Err(what));
        }
    })
}

/// How long what is under way takes.
const UNDER_WAY: Duration = Duration::from_secs(20);

fn stop(notes: &mut Notes) {
    let mut town = Town::build_with(|site| site.set("server.grace_seconds", 30));
    let alice = town.alice();
    let port = town.gateway.port();
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let origin = town.at_a("").trim_end_matches('/').to_owned();
    let host = format!("Host: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n");
    let mut poll = Raw::connect(port);
    poll.send(format!("GET /slow?ms={} HTTP/1.1\r\n{host}\r\n", UNDER_WAY.as_millis()));
    let pieces = UNDER_WAY.as_secs() * 10;
    let mut upload = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let begun = format!("POST /membre/upload HTTP/1.1\r\n{host}Origin: {origin}\r\nContent-Length: {pieces}\r\n\r\n");
    upload.write_all(begun.as_bytes()).expect("a beginning");
    let uploading = thread::spawn(move || {
        for _ in 0..pieces {
            upload.write_all(b"x").expect("it goes on");
            thread::sleep(Duration::from_millis(100));
        }
        let mut answer = [0; 12];
        upload.read_exact(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    });
    eventually("both to be under way", Duration::from_secs(5), || {
        town.a.seen().iter().any(|seen| seen.target.starts_with("/slow")).then_some(())
    });
    town.gateway.signal(Signal::TERM);
    let told = Instant::now();
    eventually("new connections to be refused", Duration::from_secs(5), || {
        Raw::try_connect(port).is_err().then_some(())
    });
    notes.add(format!("new connections refused after {} ms", told.elapsed().as_millis()));
    assert_eq!(town.gateway.health("/readyz").map(|(status, _)| status), Some(503));
    assert_eq!(poll.answer().expect("an answer").text(), "at last");
    assert_eq!(uploading.join().expect("an upload"), "HTTP/1.1 200");
    notes.add(format!("both ended well {} s after the signal", told.elapsed().as_secs()));
    assert!(town.gateway.ends().success());
    notes.add("exit 0");
    assert_eq!(town.a.last().body_length, pieces);
}
