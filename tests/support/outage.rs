//! What residents are promised while something that the gateway stands on is out of order, and afterwards.

use std::time::{Duration, Instant};

use super::{
    eventually, page,
    person::{Answer, Person},
    town::{ALICE, CAROL, CHOSEN, Town, login_path, migrate_up_to_proof},
};

/// The longest that anybody waits for the page that says « come again » (REL-022).
pub const GIVES_UP: Duration = Duration::from_secs(5);
/// The longest that it may take until readiness tells (REL-071).
pub const TELLS: Duration = Duration::from_secs(5);
/// The longest that it may take until all is well again.
pub const RECOVERS: Duration = Duration::from_secs(30);
/// More sign-ins than wrong passwords could be tried.
const TRIES: usize = 12;

/// Two residents in an outage: Alice is signed in, Carol has the code of the wizard's last step.
pub struct Outage<'t> {
    town: &'t Town,
    alice: Person,
    carol: Person,
    code: String,
    /// Lines of the log before it.
    lines: usize,
}

/// What becomes of who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// They read on.
    GoOn,
    /// They are told to come again.
    Wait,
}

impl<'t> Outage<'t> {
    /// Before it. What is decided has to be forgotten soon: `server.cache_seconds` is 1.
    pub fn before(town: &'t Town) -> Self {
        let alice = town.alice();
        let mut carol = Person::new(&town.gateway);
        migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
        let code = town.gateway.letter_to(CAROL.email).code();
        // So long ago that it is due to be written down that they are seen.
        town.gateway.rewrite("UPDATE sessions SET seen_at = seen_at - 600000");
        let lines = complaints(town).len();
        Self { town, alice, carol, code, lines }
    }

    /// Meanwhile: readiness names what is out of order, who cannot be served is told when to come again, and the log is
    /// not filled.
    pub fn is_told(&mut self, named: &str, readers: Readers) {
        let gateway = &self.town.gateway;
        let said = eventually(&format!("readiness to say {named}"), TELLS, || {
            gateway.health("/readyz").filter(|(status, said)| *status == 503 && said.contains(named))
        });
        assert_eq!(gateway.health("/healthz").map(|(status, _)| status), Some(200), "alive all the same: {said:?}");
        let town = self.town;
        let tries = || {
            for _ in 0..TRIES / 4 {
                let (_, answer, begin) = right_password(town);
                assert_come_again(&answer, begin);
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(tries))));
        let mut pages = TRIES;
        self.carol.fill("code", &self.code);
        let (begin, form) = (Instant::now(), self.carol.form("Valider"));
        let answer = self.carol.send(&form);
        assert_come_again(&answer, begin);
        // What was typed stays (REL-015).
        assert_eq!(page::attribute(&answer.text(), "#code", "value").as_deref(), Some(self.code.as_str()));
        // The age of the cache.
        std::thread::sleep(Duration::from_millis(1200));
        for again in 0..20 {
            let (begin, page) = (Instant::now(), self.town.at_a("/membre/x"));
            let path = if again % 2 == 0 { page } else { "/account".to_owned() };
            let answer = self.alice.get(&path, &[]);
            match readers {
                Readers::GoOn => assert_eq!(answer.status, 200, "{path} {again}: {}", answer.text()),
                Readers::Wait => assert_come_again(&answer, begin),
            }
            pages += 1;
        }
        let complaints = complaints(self.town);
        let new = &complaints[self.lines..];
        assert!(new.len() <= pages + 15, "{} lines: {}", new.len(), new.join("\n"));
    }

    /// Afterwards: everything works by itself, nobody was signed out, and nothing stays counted.
    pub fn ends(mut self) {
        let gateway = &self.town.gateway;
        let ready = || gateway.health("/readyz").filter(|(status, _)| *status == 200).map(drop);
        eventually("the gateway to be ready again", RECOVERS, ready);
        for again in 0..TRIES {
            let (person, answer, _) = right_password(self.town);
            assert!(answer.status < 400, "{again}: {} {}", answer.status, person.words());
        }
        self.alice.open(self.town.at_a("/membre/x")).see("\"who\":\"alice-77\"").open("/account").see(ALICE.email);
        self.carol.open("/migration/proof").fill("code", &self.code).press("Valider").see("Votre compte est à jour");
        let counted = gateway.texts("SELECT subject || ' ' || streak || '/' || today FROM throttles WHERE streak > 0");
        assert!(counted.is_empty(), "nothing stays counted: {counted:?}");
        assert!(!gateway.log().contains("panicked"));
    }
}

/// Warnings and errors so far.
fn complaints(town: &Town) -> Vec<String> {
    let is_one = |line: &&str| line.contains("\"level\":\"WARN\"") || line.contains("\"level\":\"ERROR\"");
    town.gateway.log().lines().filter(is_one).map(str::to_owned).collect()
}

/// What a fresh browser gets for the right password.
pub fn right_password(town: &Town) -> (Person, Answer, Instant) {
    let mut person = Person::new(&town.gateway);
    person.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
    let (begin, form) = (Instant::now(), person.form("Connexion"));
    let answer = person.send(&form);
    (person, answer, begin)
}

/// Fails unless this is the calm page that says when to come again, in time, and clears no cookie.
pub fn assert_come_again(answer: &Answer, begin: Instant) {
    assert_eq!(answer.status, 503, "{}", answer.url);
    assert!(begin.elapsed() < GIVES_UP, "{} s for {}", begin.elapsed().as_secs(), answer.url);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "when to come again");
    let cleared = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    for line in cleared {
        assert!(!line.contains("Max-Age=0") && !line.contains("1970"), "a cookie is cleared: {line}");
    }
    assert_eq!(answer.header("clear-site-data"), "");
}
