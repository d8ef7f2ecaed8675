//! The extranet behind every contender: answers from memory, and checks whose header each request brings.
//!
//! A request for `/resident-17/1k` is the session of resident 17; the header must say so. Not HTTP in general: it reads
//! what the contenders send.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Failed, IDENTITY_HEADER, Size};

/// Asked by the bench itself: what was seen since the last time.
pub const COUNTS: &str = "/counts";
/// No contender sends a longer head.
const HEAD: usize = 16 * 1024;

/// Whose header the requests brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The resident's whose session it is.
    pub right: u64,
    /// Somebody else's, or more than one.
    pub wrong: u64,
    /// None.
    pub absent: u64,
}

impl Counts {
    /// Reads what [`Counts::write`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { right: next()?, wrong: next()?, absent: next()? })
    }

    fn write(self) -> String {
        format!("{} {} {}", self.right, self.wrong, self.absent)
    }
}

/// Whole answers, head and body, by size.
struct Answers(Vec<(&'static str, Vec<u8>)>);

/// Runs until it is killed.
pub fn run(listen: SocketAddr) -> Result<(), Failed> {
    let answers = Size::ALL.map(|size| (size.name(), answer(&vec![b'x'; size.bytes()])));
    let answers = Rc::new(Answers(answers.into()));
    let counts = Rc::new(RefCell::new(Counts::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(listen).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(serve(stream, Rc::clone(&answers), Rc::clone(&counts)));
        }
    })
}

async fn serve(mut stream: TcpStream, answers: Rc<Answers>, counts: Rc<RefCell<Counts>>) {
    let mut buffer = Vec::with_capacity(HEAD);
    loop {
        buffer.clear();
        while !buffer.ends_with(b"\r\n\r\n") {
            if buffer.len() >= HEAD || !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        let path = path(&buffer);
        let sent = if path == COUNTS {
            let told = counts.take().write();
            stream.write_all(&answer(told.as_bytes())).await
        } else {
            let mut words = path.trim_start_matches('/').split('/');
            let (resident, size) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            count(&mut counts.borrow_mut(), &buffer, resident);
            let Some((_, answer)) = answers.0.iter().find(|(name, _)| *name == size) else { return };
            stream.write_all(answer).await
        };
        if sent.is_err() {
            return;
        }
    }
}

fn count(counts: &mut Counts, head: &[u8], resident: &str) {
    let mut said = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, value) = line.split_at_checked(IDENTITY_HEADER.len())?;
        name.eq_ignore_ascii_case(IDENTITY_HEADER.as_bytes()).then(|| value.strip_prefix(b":"))?
    });
    match (said.next(), said.next()) {
        (None, _) => counts.absent += 1,
        (Some(value), None) if value.trim_ascii() == resident.as_bytes() => counts.right += 1,
        (Some(_), _) => counts.wrong += 1,
    }
}

fn path(head: &[u8]) -> &str {
    let mut words = head.split(|byte| *byte == b' ');
    words.nth(1).and_then(|path| std::str::from_utf8(path).ok()).unwrap_or("/")
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: private\r\n\
         Date: Sun, 22 Nov 2026 08:00:00 GMT\r\nServer: Apache\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
