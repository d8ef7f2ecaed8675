//! Residents who go on reading their pages while something else is the matter.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::support::{person::Person, town::Town};

/// The pause of one reader between an answer and the next request.
const READS: Duration = Duration::from_millis(10);
/// An answer that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Some readers, each on a connection of its own that is kept alive.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    readers: Vec<JoinHandle<Times>>,
}

/// What the readers saw.
#[derive(Debug, Default, Clone)]
pub struct Times {
    /// How long each right answer took, in order once times are put together.
    pub answered: Vec<Duration>,
    /// What else came, in words.
    pub failed: Vec<String>,
}

impl Traffic {
    /// Lets `readers` ask for a signed-in page of agency A with this person's cookies, until it is stopped.
    pub fn start(town: &Town, person: &Person, readers: usize) -> Self {
        let (port, stop) = (town.gateway.port(), Arc::new(AtomicBool::new(false)));
        let cookies = person.cookie_line(&town.gateway.agency("agence-a", "/"));
        let request = format!("GET /membre/x HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nCookie: {cookies}\r\n\r\n");
        let readers = (0..readers)
            .map(|_| {
                let (stop, request) = (Arc::clone(&stop), request.clone());
                thread::spawn(move || read(port, &request, &stop))
            })
            .collect();
        Self { stop, readers }
    }

    /// The same for a fixed time.
    pub fn during(town: &Town, person: &Person, readers: usize, time: Duration) -> Times {
        let traffic = Self::start(town, person, readers);
        thread::sleep(time);
        traffic.stop()
    }

    /// Ends it; what the readers saw together.
    pub fn stop(self) -> Times {
        self.stop.store(true, Ordering::SeqCst);
        self.readers.into_iter().fold(Times::default(), |all, reader| all.and(reader.join().expect("a reader")))
    }
}

impl Times {
    /// Both together.
    pub fn and(mut self, others: Self) -> Self {
        self.answered.extend(others.answered);
        self.answered.sort_unstable();
        self.failed.extend(others.failed);
        self
    }

    /// The time within which this share of the answers came, such as 0.95.
    pub fn within(&self, share: f64) -> Duration {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few")]
        let at = (self.answered.len() as f64 * share) as usize;
        self.answered.get(at.min(self.answered.len().saturating_sub(1))).copied().unwrap_or(Duration::MAX)
    }

    /// In words, for the notes.
    pub fn told(&self) -> String {
        let (median, most) = (milliseconds(self.within(0.5)), milliseconds(self.within(0.95)));
        format!("{} answers, {} failed, p50 {median} ms, p95 {most} ms", self.answered.len(), self.failed.len())
    }

    /// Fails if there was anything but right answers.
    pub fn assert_all_right(&self) {
        assert!(self.failed.is_empty() && !self.answered.is_empty(), "{}: {:?}", self.told(), self.failed.first());
    }
}

/// With one digit behind the point.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn read(port: u16, request: &str, stop: &AtomicBool) -> Times {
    let (mut times, mut connection) = (Times::default(), None);
    while !stop.load(Ordering::SeqCst) {
        let begin = Instant::now();
        match ask(&mut connection, port, request) {
            Ok(200) => times.answered.push(begin.elapsed()),
            Ok(status) => times.failed.push(format!("status {status}")),
            Err(error) => {
                connection = None;
                times.failed.push(error.to_string());
            }
        }
        thread::sleep(READS);
    }
    times
}

/// One request on this connection, which is made if there is none; the status, once the answer is whole.
pub fn ask(connection: &mut Option<TcpStream>, port: u16, request: &str) -> std::io::Result<u16> {
    let stream = match connection {
        Some(stream) => stream,
        None => connection.insert(connect(port)?),
    };
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut piece) = (Vec::new(), [0; 8 * 1024]);
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&piece[..length]);
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if answer.len() >= end + 4 + length.unwrap_or(0) {
            if head.contains("\r\nconnection: close") {
                *connection = None;
            }
            return Ok(head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0));
        }
    }
}

/// A connection that waits for an answer as long as a reader does.
fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
