//! An extranet that writes down every byte it gets and answers what it saw, with a login form of its own.
//!
//! What an answer looks like stands in the asked path, so that a test reads alone; see `answers`.

mod answers;
mod manners;
mod wire;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{net::TcpListener, task::AbortHandle};

pub use answers::byte_at;

use super::{RUNTIME, wait};

/// A running extranet; it ends with this value.
pub struct Echo {
    house: Arc<House>,
    port: u16,
    task: AbortHandle,
}

/// A resident's account in it.
#[derive(Debug, Clone)]
pub struct Account {
    pub login: String,
    pub password: String,
    /// Shown on `/profil`, where there is one.
    pub name: Option<String>,
    /// Shown on `/profil`, where there is one.
    pub email: Option<String>,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The head's bytes, with the empty line.
    pub raw: Vec<u8>,
    pub method: String,
    pub target: String,
    /// In order, duplicates included, values as bytes read as ISO-8859-1.
    pub headers: Vec<(String, String)>,
    /// How long the body was.
    pub body_length: u64,
    /// Its beginning.
    pub body: Vec<u8>,
}

/// What all connections share.
struct House {
    origin: String,
    accounts: Vec<Account>,
    sessions: Mutex<Sessions>,
    seen: Mutex<Vec<Seen>>,
    sign_ins: AtomicU64,
    /// Answers to logins come to a halt while this is set.
    broken: std::sync::atomic::AtomicBool,
    /// Passwords that are others by now, by login.
    replaced: Mutex<HashMap<String, String>>,
    /// Whether it takes identifiers for one that its database folds.
    folds: std::sync::atomic::AtomicBool,
    /// Identifiers that it is out of order for.
    silent: Mutex<Vec<String>>,
    /// How it asks for a sign-in where it takes HTTP Basic.
    offer: Mutex<String>,
    /// Whether it takes its cookies away at the end of a session, before it leads to the login.
    takes_back: std::sync::atomic::AtomicBool,
    /// Whether browsers are to send its cookie only where they come from its own pages.
    is_strict: std::sync::atomic::AtomicBool,
    /// Cookies that a sign-in sets besides its own.
    gifts: Mutex<Vec<String>>,
    manners: Mutex<Manners>,
    number: AtomicU64,
}

/// What is odd about it, as about extranets of real agencies.
#[derive(Clone, Default)]
struct Manners {
    /// The page that leads on after a sign-in, in the place of a redirect.
    leads_on_by: Option<String>,
    /// Where a sign-in leads, byte by byte.
    leads_to: Option<Vec<u8>>,
    /// What stands in the login page before its form, and the cookie without which nobody is signed in.
    wants_cookie: Option<(String, String)>,
    /// The content coding of every page, whatever was asked for.
    coding: Option<&'static str>,
}

#[derive(Default)]
struct Sessions {
    /// One-time tokens of login forms, with the session cookie that each was given to.
    tokens: HashMap<String, String>,
    signed_in: HashMap<String, String>,
    attempts: HashMap<String, u32>,
}

impl Echo {
    /// An extranet with these residents on a free port.
    pub fn start(accounts: Vec<Account>) -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let house = Arc::new(House {
            origin: format!("http://127.0.0.1:{port}"),
            accounts,
            sessions: Mutex::default(),
            seen: Mutex::default(),
            sign_ins: AtomicU64::new(0),
            broken: false.into(),
            replaced: Mutex::default(),
            folds: false.into(),
            silent: Mutex::default(),
            offer: Mutex::new("Basic realm=\"Espace\"".to_owned()),
            takes_back: false.into(),
            is_strict: false.into(),
            gifts: Mutex::default(),
            manners: Mutex::default(),
            number: AtomicU64::new(0),
        });
        let task = RUNTIME.spawn(wire::serve(listener, Arc::clone(&house))).abort_handle();
        Self { house, port, task }
    }

    /// Where it is, for the gateway only: `http://127.0.0.1:port`.
    pub fn origin(&self) -> &str {
        &self.house.origin
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Every request so far, or since it was last told to forget.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.house.seen).clone()
    }

    /// The newest request.
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("something reached the extranet")
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        lock(&self.house.seen).clear();
    }

    /// Fails if a request has reached it since it was told to forget.
    pub fn assert_untouched(&self, after: &str) {
        let seen: Vec<_> = self.seen().into_iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect();
        assert!(seen.is_empty(), "after {after} the extranet got {seen:?}");
    }

    /// Forgets every session, as such an extranet does overnight.
    pub fn expire_sessions(&self) {
        lock(&self.house.sessions).signed_in.clear();
    }

    /// How many sessions are signed in.
    pub fn live_sessions(&self) -> usize {
        lock(&self.house.sessions).signed_in.len()
    }

    /// How many sign-ins succeeded so far.
    pub fn sign_ins(&self) -> u64 {
        self.house.sign_ins.load(Ordering::SeqCst)
    }

    /// How often this login was tried with a valid form.
    pub fn attempts(&self, login: &str) -> u32 {
        lock(&self.house.sessions).attempts.get(login).copied().unwrap_or(0)
    }

    /// Takes spellings for one from now on, as a database with `utf8mb4_unicode_ci` does.
    pub fn fold_identifiers(&self) {
        self.house.folds.store(true, Ordering::SeqCst);
    }

    /// Is out of order from now on, for this spelling only.
    pub fn be_silent_to(&self, login: &str) {
        lock(&self.house.silent).push(login.to_owned());
    }

    /// Is in order again, for every spelling.
    pub fn be_silent_to_nobody(&self) {
        lock(&self.house.silent).clear();
    }

    /// Gives an account another password and ends its sessions, as if it were deleted and made anew.
    pub fn make_anew(&self, login: &str, password: &str) {
        lock(&self.house.replaced).insert(login.to_owned(), password.to_owned());
        lock(&self.house.sessions).signed_in.retain(|_, who| who != login);
    }

    /// From now on it asks for a sign-in like this where it took HTTP Basic.
    pub fn offer(&self, offer: &str) {
        offer.clone_into(&mut lock(&self.house.offer));
    }

    /// From now on it takes its cookies away at the end of a session, before it leads to the login.
    pub fn take_cookies_back(&self) {
        self.house.takes_back.store(true, Ordering::SeqCst);
    }

    /// From now on browsers send its cookie only where they come from its own pages.
    pub fn be_strict(&self) {
        self.house.is_strict.store(true, Ordering::SeqCst);
    }

    /// From now on a sign-in sets this cookie too.
    pub fn also_set(&self, cookie: &str) {
        lock(&self.house.gifts).push(cookie.to_owned());
    }

    /// From now on a page leads on after a sign-in, not a redirect.
    pub fn lead_on_by(&self, page: &str) {
        lock(&self.house.manners).leads_on_by = Some(page.to_owned());
    }

    /// From now on a sign-in leads there, byte by byte.
    pub fn lead_to(&self, location: &[u8]) {
        lock(&self.house.manners).leads_to = Some(location.to_vec());
    }

    /// From now on nobody is signed in without this cookie, which this piece of the login page sets by a script.
    pub fn want_cookie(&self, piece: &str, cookie: &str) {
        lock(&self.house.manners).wants_cookie = Some((piece.to_owned(), cookie.to_owned()));
    }

    /// From now on every page is in this coding, whatever is asked for.
    pub fn code_pages(&self, coding: &'static str) {
        lock(&self.house.manners).coding = Some(coding);
    }

    /// From now on its login page fails with 500, or works again.
    pub fn break_login(&self, broken: bool) {
        self.house.broken.store(broken, Ordering::SeqCst);
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Account {
    /// An account with a name and an address.
    pub fn new(login: &str, password: &str, name: &str, email: &str) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { login: login.to_owned(), password: password.to_owned(), name: some(name), email: some(email) }
    }
}

impl Seen {
    /// Each value of a header, by its name in any case.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// Each value of a header as CGI, WSGI and PHP would find it: `_` and `-` are the same there.
    pub fn folded(&self, name: &str) -> Vec<&str> {
        let fold = |name: &str| name.to_ascii_lowercase().replace('_', "-");
        self.headers.iter().filter(|(n, _)| fold(n) == fold(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// The names of the cookies that came.
    pub fn cookies(&self) -> Vec<String> {
        let pairs = self.values("cookie").into_iter().flat_map(|line| line.split(';'));
        pairs.filter_map(|pair| Some(pair.trim().split_once('=')?.0.to_owned())).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
