//! An account that its agency takes back, or gives to somebody else, while its old holder is in the wizard (REL-069): the run
//! ends with it, whichever way it could still have been finished.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crate::support::{
    eventually,
    gateway::Gateway,
    person::Person,
    site::Agency,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, Who, login_path, migrate_up_to_proof, try_given_anew, try_sign_in},
};

const REFUSED: &str = "Ce couple identifiant et mot de passe est inconnu";
/// What the resident reads whose run has ended: to ask the agency, and how.
const ASK: &str = "Adressez-vous à votre agence";
const PHONE: &str = "05 61 00 00 69";
/// The password that the new holder is given.
const ANEW: &str = "Neuf-1234-x";

on_every_database! {
    rel_069_whoever_began_at_an_agency_with_headers_is_not_given_what_it_took_back,
    rel_069_whoever_began_at_an_agency_with_a_form_is_not_given_what_it_took_back,
    rel_069_an_account_that_no_roster_held_is_taken_back_too,
    rel_069_the_new_holder_does_not_go_on_where_the_old_one_stood,
    rel_069_an_account_that_is_there_again_opens_the_wizard_again,
    rel_069_a_roster_that_only_says_more_ends_nothing,
    rel_069_support_takes_an_account_from_who_is_about_to_get_it,
    rel_069_support_ends_the_run_of_an_account_that_nobody_has_yet,
    rel_069_what_happens_while_the_extranet_thinks_is_asked_once_it_has_answered,
}

/// How the run could be finished.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Finishes {
    ByCode,
    ByLinkElsewhere,
    ByJoining,
    AfterComingBack,
}

/// How the agency took the account.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Taken {
    Closed,
    NotInTheWholeRoster,
    AnotherHolder,
}

use Finishes::{AfterComingBack, ByCode, ByJoining, ByLinkElsewhere};
use Taken::{AnotherHolder, Closed, NotInTheWholeRoster};

/// An account at agency B, which trusts headers.
const AT_B: Who = Who { login: "B-10", password: "Prov-10234", email: "loic@residents.example" };

fn town(stage: Stage) -> Town {
    let b = |agency: Agency| agency.set("sign_in.adapter", "trusted-headers").set("brand.support_phone", PHONE);
    Town::build_with_agencies(|site| site.on(stage), |agency| agency.set("brand.support_phone", PHONE), b)
}

fn rel_069_whoever_began_at_an_agency_with_headers_is_not_given_what_it_took_back(stage: Stage) {
    for taken in [Closed, NotInTheWholeRoster, AnotherHolder] {
        let town = town(stage);
        town.alice();
        for finishes in [ByCode, ByLinkElsewhere, ByJoining, AfterComingBack] {
            import(&town.gateway, "CB/SB", "login,password,since\nB-10,Prov-10234,2019-03-01\nB-11,Prov-1,2019\n", &[]);
            let mut loic = Person::new(&town.gateway);
            let begun = begin(&town, &mut loic, "b", AT_B, finishes);
            match taken {
                Closed => import(&town.gateway, "CB/SB", "login,closed\nB-10,oui\n", &[]),
                NotInTheWholeRoster => import(&town.gateway, "CB/SB", "login\nB-11\n", &["--replace"]),
                AnotherHolder => {
                    let line = format!("login,password,since\nB-10,{ANEW},2026-11-01\n");
                    import(&town.gateway, "CB/SB", &line, &[]);
                }
            }
            is_not_given(&town, &mut loic, "b", AT_B, finishes, &begun);
            if taken == AnotherHolder {
                let mut nadia = Person::new(&town.gateway);
                try_sign_in(&mut nadia, "b", AT_B.login, ANEW);
                nadia.see("évolue").miss(AT_B.email);
                import(&town.gateway, "CB/SB", "login,closed\nB-10,oui\n", &[]);
            }
        }
    }
}

fn rel_069_whoever_began_at_an_agency_with_a_form_is_not_given_what_it_took_back(stage: Stage) {
    for taken in [Closed, NotInTheWholeRoster, AnotherHolder] {
        let town = town(stage);
        town.alice();
        for finishes in [ByCode, ByLinkElsewhere, ByJoining, AfterComingBack] {
            import(&town.gateway, "CA/SA", "login,since\nalice-77,2018\ncarol-3,2019-03-01\n", &[]);
            let mut carol = Person::new(&town.gateway);
            let begun = begin(&town, &mut carol, "a", CAROL, finishes);
            match taken {
                Closed => import(&town.gateway, "CA/SA", "login,closed\ncarol-3,oui\n", &[]),
                NotInTheWholeRoster => import(&town.gateway, "CA/SA", "login\nalice-77\n", &["--replace"]),
                AnotherHolder => {
                    town.a.make_anew(CAROL.login, ANEW);
                    import(&town.gateway, "CA/SA", "login,since\ncarol-3,2026-11-01\n", &[]);
                }
            }
            is_not_given(&town, &mut carol, "a", CAROL, finishes, &begun);
            if taken == AnotherHolder {
                let mut nadia = Person::new(&town.gateway);
                try_sign_in(&mut nadia, "a", CAROL.login, ANEW);
                nadia.see("évolue").miss(CAROL.email);
                town.a.make_anew(CAROL.login, CAROL.password);
                import(&town.gateway, "CA/SA", "login,closed\ncarol-3,oui\n", &[]);
            }
        }
    }
}

fn rel_069_an_account_that_no_roster_held_is_taken_back_too(stage: Stage) {
    for (roster, more) in [("login,closed\ncarol-3,oui\n", &[][..]), ("login\nalice-77\n", &["--replace"])] {
        let town = town(stage);
        let mut carol = Person::new(&town.gateway);
        let begun = begin(&town, &mut carol, "a", CAROL, AfterComingBack);
        import(&town.gateway, "CA/SA", roster, more);
        is_not_given(&town, &mut carol, "a", CAROL, AfterComingBack, &begun);
    }
}

fn rel_069_the_new_holder_does_not_go_on_where_the_old_one_stood(stage: Stage) {
    let town = town(stage);
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let link = town.gateway.letter_to(CAROL.email).link();
    // No roster says so: the agency has set another password in its extranet, and given it to Nadia.
    town.a.make_anew(CAROL.login, ANEW);
    let mut nadia = Person::new(&town.gateway);
    try_sign_in(&mut nadia, "a", CAROL.login, ANEW);
    nadia.see("évolue").miss(CAROL.email);
    let mut elsewhere = Person::new(&town.gateway);
    elsewhere.open(&link).miss("Confirmer mon adresse");
    assert_eq!(owners(&town, CAROL.login), 0);
}

fn rel_069_an_account_that_is_there_again_opens_the_wizard_again(stage: Stage) {
    let town = town(stage);
    import(&town.gateway, "CA/SA", "login,closed\ncarol-3,oui\n", &[]);
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see(REFUSED);
    assert_eq!(town.a.attempts(CAROL.login), 0, "what is closed is not asked of the extranet");
    import(&town.gateway, "CA/SA", "login\ncarol-3\n", &[]);
    town.migrate(&mut carol, "a", CAROL, CAROL.email);
}

fn rel_069_a_roster_that_only_says_more_ends_nothing(stage: Stage) {
    let town = town(stage);
    for (who, before, during) in [
        (CAROL, None, "login,since,email\ncarol-3,2019,carol@residents.example\n"),
        (ALICE, Some("login\nalice-77\n"), "login,since,password\nalice-77,2019,Autre-1-x\n"),
    ] {
        if let Some(before) = before {
            import(&town.gateway, "CA/SA", before, &[]);
        }
        let mut person = Person::new(&town.gateway);
        migrate_up_to_proof(&mut person, "a", who, who.email);
        import(&town.gateway, "CA/SA", during, &[]);
        let code = town.gateway.letter_to(who.email).code();
        person.fill("code", &code).press("Valider").see("Votre compte est à jour");
    }
}

fn rel_069_support_takes_an_account_from_who_is_about_to_get_it(stage: Stage) {
    // Carol's account is attached; whoever shows a new password of the extranet's is about to take it over.
    for (act, arguments) in [("unlink", &["CA/SA", CAROL.login][..]), ("disable", &[CAROL.email])] {
        let town = town(stage);
        town.resident(CAROL);
        town.a.make_anew(CAROL.login, ANEW);
        let mut nadia = Person::new(&town.gateway);
        try_given_anew(&mut nadia, "a", CAROL.login, ANEW);
        nadia.see("évolue").press("Étape suivante").fill("email", "nadia@residents.example").press("Continuer");
        nadia.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
        let code = town.gateway.letter_to("nadia@residents.example").code();
        let arguments = [&[act][..], arguments, &["--yes", "--reason", "by order of the agency"]].concat();
        let done = town.gateway.run("person", &arguments);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        nadia.fill("code", &code).press("Valider").see(ASK).see(PHONE);
        assert_eq!(owners(&town, CAROL.login), i64::from(act == "disable"), "{act}");
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM credentials"), 1, "{act}: nobody was made");
    }
}

fn rel_069_support_ends_the_run_of_an_account_that_nobody_has_yet(stage: Stage) {
    let why = ["--yes", "--reason", "by order of the agency"];
    let person = |town: &Town, arguments: &[&str]| {
        let done = town.gateway.run("person", &[arguments, &why].concat());
        (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    for (finishes, spelled) in [(ByCode, CAROL.login), (ByLinkElsewhere, "CAROL-3"), (ByJoining, " carol-3 ")] {
        let town = town(stage);
        town.alice();
        let mut carol = Person::new(&town.gateway);
        let begun = begin(&town, &mut carol, "a", CAROL, finishes);
        // Nobody has it: there is no access to withdraw, but there is a run to end.
        let (done, said) = person(&town, &["disable", "carol-3@CA/SA"]);
        assert!(!done && said.contains("vestibule person unlink CA/SA carol-3"), "{said}");
        let (done, said) = person(&town, &["unlink", "CA/SA", spelled]);
        assert!(done && said.contains("who was about to get it"), "{said}");
        is_not_given(&town, &mut carol, "a", CAROL, finishes, &begun);
        assert_eq!(town.gateway.traced("account-unlinked"), 1);
        let (done, said) = person(&town, &["unlink", "CA/SA", spelled]);
        assert!(!done && said.contains("nobody has the account"), "{said}");
        // It was not closed: who has the old credentials begins anew.
        try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
        carol.see("évolue");
    }
}

/// Goes through the wizard until it can be finished; gives what the letter has for that.
fn begin(town: &Town, person: &mut Person, agency: &str, who: Who, finishes: Finishes) -> (String, String) {
    if finishes == ByJoining {
        try_sign_in(person, agency, who.login, who.password);
        person.see("évolue").press("Étape suivante").follow("J'ai déjà un compte");
        return (String::new(), String::new());
    }
    migrate_up_to_proof(person, agency, who, who.email);
    let letter = town.gateway.letters().wait_for(who.email, |letter| letter.subject.contains("confirmez"));
    (letter.code(), letter.link())
}

/// The run cannot be finished, and says to ask the agency; nobody has the account.
fn is_not_given(
    town: &Town,
    person: &mut Person,
    agency: &str,
    who: Who,
    finishes: Finishes,
    (code, link): &(String, String),
) {
    match finishes {
        ByCode => {
            person.fill("code", code).press("Valider");
        }
        ByLinkElsewhere => {
            let mut elsewhere = Person::new(&town.gateway);
            elsewhere.open(link).see(ASK).see(PHONE).miss("Confirmer mon adresse");
            person.open("/migration");
        }
        ByJoining => {
            person.fill("email", ALICE.email).fill("password", CHOSEN).press("Connexion").miss("Compte associé");
        }
        AfterComingBack => {
            let mut again = Person::new(&town.gateway);
            try_sign_in(&mut again, agency, who.login, who.password);
            again.see(REFUSED).miss("Vérifiez votre boîte mail");
            person.open("/migration/proof");
        }
    }
    person.see(ASK).see(PHONE).miss(who.login).miss(who.email);
    assert_eq!(owners(town, who.login), 0, "{finishes:?}");
}

/// How many people have this account.
fn owners(town: &Town, login: &str) -> i64 {
    town.gateway.number(&format!("SELECT COUNT(*) FROM links WHERE LOWER(login_key) = '{}'", login.to_lowercase()))
}

fn import(gateway: &Gateway, agency: &str, roster: &str, more: &[&str]) {
    imported(gateway, agency, roster, more);
}

/// Imports, and gives what was said.
pub(super) fn imported(gateway: &Gateway, agency: &str, roster: &str, more: &[&str]) -> String {
    let file = gateway.folder().join("roster.csv");
    fs::write(&file, roster).expect("a roster");
    let mut arguments = vec!["--agency", agency, "--yes"];
    arguments.extend(more);
    arguments.push(file.to_str().expect("a path in UTF-8"));
    let done = gateway.run("import", &arguments);
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(matches!(done.status.code(), Some(0 | 3)), "{said}");
    said
}

/// The town, with a doorkeeper before agency A's extranet.
pub(super) fn gated(stage: Stage) -> (Town, Gate) {
    let mut gate = None;
    let town = Town::build_with_agency(|site| site.on(stage), |agency| guarded(agency, &mut gate));
    (town, gate.expect("a gate"))
}

/// The agency, with a doorkeeper before its extranet.
pub(super) fn guarded(agency: Agency, gate: &mut Option<Gate>) -> Agency {
    let extranet = agency.get("upstream.url").expect("an extranet").to_owned();
    let before = Gate::before(&extranet);
    let agency = agency.set("upstream.url", &*before.origin);
    *gate = Some(before);
    agency.set("upstream.host", extranet.trim_start_matches("http://"))
}

/// An extranet's doorkeeper: lets everything through, but a posted form only once the test says so.
pub(super) struct Gate {
    origin: String,
    waiting: Arc<AtomicUsize>,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    fn before(extranet: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (waiting, open) = (Arc::new(AtomicUsize::new(0)), Arc::new((Mutex::new(true), Condvar::new())));
        let behind = extranet.trim_start_matches("http://").to_owned();
        let (counted, opened) = (Arc::clone(&waiting), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let extranet = TcpStream::connect(&behind).expect("the extranet");
                let (counted, opened) = (Arc::clone(&counted), Arc::clone(&opened));
                let (mut from, mut to) = (extranet.try_clone(), client.try_clone());
                thread::spawn(move || {
                    if let (Ok(from), Ok(to)) = (&mut from, &mut to) {
                        let _ = std::io::copy(from, to);
                        let _ = to.shutdown(Shutdown::Both);
                    }
                });
                thread::spawn(move || pass(client, extranet, &counted, &opened));
            }
        });
        Self { origin, waiting, open }
    }

    pub(super) fn close(&self) {
        *self.open.0.lock().expect("a lock") = false;
    }

    /// Waits until a form is held, runs this, and lets the form through.
    pub(super) fn meanwhile(&self, act: impl FnOnce()) {
        self.wait_for(1);
        act();
        self.open();
    }

    /// Waits until so many forms are held, and lets them through.
    pub(super) fn open_once_held(&self, forms: usize) {
        self.wait_for(forms);
        self.open();
    }

    fn wait_for(&self, forms: usize) {
        eventually("forms to be held", Duration::from_secs(20), || {
            (self.waiting.load(Ordering::SeqCst) >= forms).then_some(())
        });
    }

    fn open(&self) {
        *self.open.0.lock().expect("a lock") = true;
        self.open.1.notify_all();
    }
}

fn pass(mut client: TcpStream, mut extranet: TcpStream, waiting: &AtomicUsize, open: &(Mutex<bool>, Condvar)) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        if bytes.starts_with(b"POST") {
            waiting.fetch_add(1, Ordering::SeqCst);
            drop(open.1.wait_while(open.0.lock().expect("a lock"), |open| !*open).expect("a lock"));
            waiting.fetch_sub(1, Ordering::SeqCst);
        }
        if extranet.write_all(&bytes[..read]).is_err() {
            return;
        }
    }
    let _ = extranet.shutdown(Shutdown::Write);
}

fn rel_069_what_happens_while_the_extranet_thinks_is_asked_once_it_has_answered(stage: Stage) {
    for act in ["closed", "disabled"] {
        let (town, gate) = gated(stage);
        town.resident(ALICE);
        town.a.make_anew(ALICE.login, ANEW);
        let mut person = Person::new(&town.gateway);
        let form = if act == "closed" {
            person.open(login_path("a")).fill("login", CAROL.login).fill("password", CAROL.password);
            person.form("Connexion")
        } else {
            try_sign_in(&mut person, "a", ALICE.login, ANEW);
            person.fill("login", ALICE.login).fill("password", ANEW);
            person.form("Vérifier auprès de mon agence")
        };
        gate.close();
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| person.send(&form));
            gate.meanwhile(|| {
                if act == "closed" {
                    import(&town.gateway, "CA/SA", "login,closed\ncarol-3,oui\n", &[]);
                } else {
                    let why = ["disable", ALICE.email, "--yes", "--reason", "by order of the agency"];
                    assert!(town.gateway.run("person", &why).status.success());
                }
            });
            asked.join().expect("an answer")
        });
        assert!(crate::support::page::words(&answer.text()).contains(REFUSED), "{act}: {}", answer.text());
        assert_eq!(town.gateway.number("SELECT COUNT(*) FROM flows WHERE state = 'open'"), 0, "{act}");
    }
}
