//! The order of steps: every route of the portal in every state of a run, a sign-in, a reset and a change of address. Nobody gets further
//! than the state allows, with the right values neither (SEC-034), and nothing empty is taken for a step (SEC-035).

use std::{collections::BTreeSet, fs, path::Path};

use tempfile::TempDir;

use super::{
    flows::forged,
    routes::{self, Route},
};
use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    page,
    person::{Answer, Person, Request},
    site::{Agency, Site},
    stage::Stage,
    town::{CHOSEN, agency},
};

on_every_database! {
    sec_034_no_route_leads_further_than_the_state_allows_and_sec_035_nothing_empty_is_a_step,
}

const OTHER: &str = "Cerisier-31-mur";
/// Somebody who has an account, whom every form names.
const VICTIM: &str = "victim@residents.example";

/// Where a browser stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the sign-in, for the first time.
    Nobody,
    Notice,
    Email,
    /// The new password, before the proof.
    Password,
    /// The proof, after the password.
    Proof,
    /// The proof, before the password.
    ProofFirst,
    /// The new password, after the proof.
    PasswordLast,
    /// An address that somebody has already was proven.
    Join,
    /// The run is over; nobody is signed in.
    Ready,
    /// Another account was attached; nobody is signed in.
    Joined,
    TermsOwed,
    SignedIn,
    /// Signed in, with a run for another account.
    SecondRun,
    ChangePending,
    ResetAsked,
    ResetOpen,
}
use State::{
    ChangePending, Email, Join, Joined, Nobody, Notice, Password, PasswordLast, Proof, ProofFirst, Ready, ResetAsked,
    ResetOpen, SecondRun, SignedIn, TermsOwed,
};

const STATES: [State; 16] = [
    Nobody,
    Notice,
    Email,
    Password,
    Proof,
    ProofFirst,
    PasswordLast,
    Join,
    Ready,
    Joined,
    TermsOwed,
    SignedIn,
    SecondRun,
    ChangePending,
    ResetAsked,
    ResetOpen,
];
/// The browser has a run, open or over: it can be let go of.
const RUNS: &[State] = &[Notice, Email, Password, Proof, ProofFirst, PasswordLast, Join, Ready, Joined, SecondRun];
/// Somebody is signed in.
const INSIDE: &[State] = &[TermsOwed, SignedIn, SecondRun, ChangePending];
/// The letter's code is asked for in a run.
const PROOFS: &[State] = &[Proof, ProofFirst];

/// An address can be chosen anew.
const BACK: &[State] = &[Email, Password, Proof, ProofFirst, PasswordLast, Join];

/// From where a form may change what is kept.
#[derive(Debug, Clone, Copy)]
enum Acts {
    /// With what is typed below, from nowhere.
    Never,
    From(&'static [State]),
    /// Whoever asks, for whomever: a letter goes to an address that is on file.
    Anywhere,
}
use Acts::{Anywhere, From, Never};

/// A path, from where its form may act, what it does without a field, and what is typed.
type Row = (&'static str, Acts, Bare, &'static [(&'static str, &'static str)]);

/// Each path that takes a form: from where it may act, whether it acts without a field, and what is typed: wherever it can be, what is right.
const FORMS: &[Row] = &[
    ("/", Never, Bare::Stays, &[("login", "nobody@residents.example"), ("password", OTHER)]),
    ("/login", Never, Bare::Stays, &[("client", "CA"), ("societe", "SA"), ("login", "nobody-1"), ("password", OTHER)]),
    ("/login/forget", Never, Bare::Acts, &[]),
    ("/migration/notice", From(&[Notice, SecondRun]), Bare::Acts, &[]),
    ("/migration/email", From(&[Email]), Bare::Stays, &[("email", "mallory@elsewhere.example")]),
    ("/migration/email/change", From(BACK), Bare::Acts, &[]),
    (
        "/migration/password",
        From(&[Password, PasswordLast]),
        Bare::Stays,
        &[("password", OTHER), ("confirmation", OTHER), ("noted", "on")],
    ),
    ("/migration/proof", From(PROOFS), Bare::Stays, &[("code", "12345678")]),
    ("/migration/proof/resend", From(PROOFS), Bare::Acts, &[]),
    ("/migration/restart", From(RUNS), Bare::Acts, &[]),
    ("/migration/join", From(&[Email, Join]), Bare::Stays, &[("email", VICTIM), ("password", CHOSEN)]),
    ("/migration/apart", From(&[Join]), Bare::Acts, &[]),
    ("/migration/others", Never, Bare::Stays, &[("account", "bob-34"), ("password", CHOSEN)]),
    ("/confirm", Never, Bare::Stays, &[("secret", JUNK), ("password", CHOSEN)]),
    ("/confirm/disown", Never, Bare::Stays, &[("secret", JUNK)]),
    ("/not-me", Never, Bare::Stays, &[("secret", JUNK)]),
    ("/not-me/undo", Never, Bare::Stays, &[("secret", JUNK), ("password", CHOSEN)]),
    (
        "/terms",
        From(&[TermsOwed]),
        Bare::Stays,
        &[("client", "CB"), ("societe", "SB"), ("accept", "on"), ("return", "/")],
    ),
    ("/forgotten", Anywhere, Bare::Stays, &[("client", "CA"), ("societe", "SA"), ("login", VICTIM)]),
    ("/forgotten/begin", Never, Bare::Stays, &[("client", "CA"), ("societe", "SA"), ("login", VICTIM)]),
    ("/forgotten/code", Never, Bare::Stays, &[("by", "email"), ("login", VICTIM), ("code", "12345678")]),
    ("/forgotten/resend", Anywhere, Bare::Stays, &[("by", "email"), ("login", VICTIM)]),
    ("/reset", Never, Bare::Stays, &[("secret", JUNK), ("password", OTHER), ("confirmation", OTHER)]),
    ("/account/detach", From(INSIDE), Bare::Stays, &[("account", "x"), ("password", CHOSEN)]),
    ("/account/devices/forget", From(INSIDE), Bare::Stays, &[("device", "1")]),
    ("/account/open", From(INSIDE), Bare::Stays, &[("client", "CA"), ("societe", "SA"), ("account", "x")]),
    (
        "/account/password",
        From(INSIDE),
        Bare::Stays,
        &[("current", CHOSEN), ("password", OTHER), ("confirmation", OTHER), ("noted", "on")],
    ),
    (
        "/account/own-password",
        From(INSIDE),
        Bare::Stays,
        &[("current", CHOSEN), ("password", OTHER), ("confirmation", OTHER)],
    ),
    (
        "/account/email",
        From(INSIDE),
        Bare::Stays,
        &[("email", "m@x.example"), ("confirmation", "m@x.example"), ("current", CHOSEN)],
    ),
    ("/account/email/request", From(INSIDE), Bare::Stays, &[("email", "m@x.example"), ("message", "x")]),
    ("/account/forgotten", From(INSIDE), Bare::Acts, &[]),
    ("/account/forgotten/code", From(INSIDE), Bare::Stays, &[("code", "12345678")]),
    ("/account/email/proof", From(&[ChangePending]), Bare::Stays, &[("code", "12345678")]),
    ("/account/email/proof/resend", From(&[ChangePending]), Bare::Acts, &[]),
    ("/account/email/cancel", From(&[ChangePending]), Bare::Acts, &[]),
    ("/account/extranet-password", From(INSIDE), Bare::Stays, &[("password", OTHER)]),
    // Who leaves lets go of a run, too: the browser has another secret afterwards.
    ("/logout", Anywhere, Bare::Acts, &[]),
    ("/language", Never, Bare::Acts, &[("language", "fr"), ("return", "/")]),
    ("/.vestibule/logout", Never, Bare::Acts, &[]),
    ("/.vestibule/not-sent", Never, Bare::Stays, &[("identifiant", "x")]),
];

/// The secret of no letter.
const JUNK: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a form does that carries nothing but its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    Stays,
    /// It is a button, without a field.
    Acts,
}

/// What is seen of a page: words of it, and the states from which it may be come to.
const PAGES: &[(&str, &[State])] = &[
    // Until the proof, the steps before the open one are shown again (residents 5).
    ("Les prochaines étapes", &[Notice, SecondRun, Email, Password, Proof, ProofFirst]),
    ("vérifiez que votre boîte mail", &[Email, Password, Proof, ProofFirst]),
    ("Ce mot de passe sera celui de votre compte", &[Password, PasswordLast, Proof]),
    ("L'adresse n'est pas la bonne ?", &[Proof, ProofFirst, ChangePending]),
    ("Rattacher votre compte d'agence", &[Email, Password, Proof, ProofFirst, Join]),
    ("Compte associé", &[Joined]),
    ("Votre compte est à jour", &[Ready]),
    ("J'ai lu et j'accepte les présentes conditions", &[TermsOwed]),
    ("Connexion et sécurité", INSIDE),
    ("Modification du mot de passe", INSIDE),
    ("Modification de l'adresse email", INSIDE),
    ("Annuler la modification", &[ChangePending]),
    ("Choisissez un nouveau mot de passe", &[ResetOpen]),
    ("Mot de passe réinitialisé", &[]),
    ("Votre mot de passe a été modifié", &[]),
    ("Votre adresse email a été modifiée", &[]),
    ("\"who\":", &[SignedIn, SecondRun, ChangePending, TermsOwed]),
];

/// What nobody may have moved: people, passwords, accounts, runs, proofs, resets, sign-ins, letters.
const KEPT: &str = "SELECT 'person ' || id || ' ' || session_epoch FROM identities \
    UNION ALL SELECT 'credential ' || id || ' ' || identity_id || ' ' || login || ' ' || email || ' ' || password FROM credentials \
    UNION ALL SELECT 'link ' || id || ' ' || identity_id || ' ' || agency || ' ' || login FROM links \
    UNION ALL SELECT 'flow ' || id || ' ' || state || ' ' || version || ' ' || data FROM flows \
    UNION ALL SELECT 'challenge ' || id || ' ' || address || ' ' || issue || ' ' || COALESCE(answered_at, 0) FROM challenges \
    UNION ALL SELECT 'change ' || challenge_id || ' ' || identity_id || ' ' || email FROM email_changes \
    UNION ALL SELECT 'recovery ' || id || ' ' || identity_id || ' ' || superseded || ' ' || COALESCE(used_at, 0) FROM recoveries \
    UNION ALL SELECT 'session ' || id || ' ' || identity_id FROM sessions \
    UNION ALL SELECT 'accepted ' || identity_id || ' ' || agency FROM acceptances \
    UNION ALL SELECT 'letter ' || id FROM letters";

fn sec_034_no_route_leads_further_than_the_state_allows_and_sec_035_nothing_empty_is_a_step(stage: Stage) {
    let place = Place::build(stage);
    let (portal, agency) = (routes::portal(), routes::agency());
    let mut wrong = Vec::new();
    for state in STATES {
        let mut stand = place.stand(state);
        for route in portal.iter().chain(&agency) {
            stand.try_route(route, &mut wrong);
            if !stand.still_stands(&route.path, &mut wrong) {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the matrix:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn sec_034_every_route_that_takes_a_form_has_a_row_in_the_matrix() {
    let routed: BTreeSet<String> = routes::portal()
        .into_iter()
        .chain(routes::agency())
        .filter(|route| route.post)
        .map(|route| route.path)
        .collect();
    let rows: BTreeSet<String> = FORMS.iter().map(|(path, ..)| (*path).to_owned()).collect();
    assert_eq!(rows.len(), FORMS.len(), "one row for each");
    let missing: Vec<_> = routed.difference(&rows).collect();
    assert!(missing.is_empty(), "say from which states these may act, and what is typed there: {missing:?}");
    let gone: Vec<_> = rows.difference(&routed).collect();
    assert!(gone.is_empty(), "rows of routes that are not there: {gone:?}");
}

/// Two agencies: at A the password comes before the proof, at B after it, and B has terms.
struct Place {
    gateway: Gateway,
    /// That of B's terms, which the form that accepts them has.
    digest: String,
    _a: Echo,
    _b: Echo,
    _papers: TempDir,
}

/// A browser in a state, and how the page is opened that shows it.
struct Stand<'a> {
    place: &'a Place,
    state: State,
    person: Person,
    home: String,
    kept: BTreeSet<String>,
}

impl Place {
    fn build(stage: Stage) -> Self {
        let papers = TempDir::new().expect("a folder");
        let terms = papers.path().join("cgu.txt");
        fs::write(&terms, "Conditions\n\nArticle 1 - Objet\n").expect("the terms");
        let (a, b) = (echo("a"), echo("b"));
        let site = Site::new()
            .on(stage)
            .set("server.failure_floor_ms", 0)
            .set("server.trusted_proxies", vec!["127.0.0.1/32"])
            .set("mail.limits.per_client", 1000)
            .set("mail.limits.per_address", 100)
            .agency(agency("agence-a", "CA", "SA", "Agence du Port", &a))
            .agency(agency_b(&b, &terms));
        let gateway = Gateway::start(&site);
        let mut place = Self { gateway, digest: String::new(), _a: a, _b: b, _papers: papers };
        place.ready("a", "victim", VICTIM);
        let reader = place.inside("b", "reader", "reader@residents.example");
        place.digest = page::attribute(&reader.here().text(), "input[name=digest]", "value").expect("B's terms");
        place
    }

    fn kept(&self) -> BTreeSet<String> {
        self.gateway.texts(KEPT).into_iter().collect()
    }

    /// A run of the account with this name, up to a step.
    fn run(&self, agency: &str, name: &str) -> Person {
        let mut person = Person::new(&self.gateway);
        sign_in(&mut person, agency, name, "Old-2019");
        person.see("Étape suivante");
        person
    }

    /// The same, with the address typed.
    fn run_with_address(&self, agency: &str, name: &str, email: &str) -> Person {
        let mut person = self.run(agency, name);
        person.press("Étape suivante").fill("email", email);
        let button = if agency == "b" { "Suivant" } else { "Continuer" };
        person.press(button);
        person
    }

    fn run_to_proof(&self, name: &str, email: &str) -> Person {
        let mut person = self.run_with_address("a", name, email);
        person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
        person
    }

    fn type_code(&self, person: &mut Person, email: &str, button: &str) {
        let code = self.gateway.letter_to(email).code();
        person.fill("code", &code).press(button);
    }

    /// Somebody whose run is over.
    fn ready(&self, agency: &str, name: &str, email: &str) -> Person {
        let mut person =
            if agency == "a" { self.run_to_proof(name, email) } else { self.run_with_address(agency, name, email) };
        self.type_code(&mut person, email, if agency == "a" { "Valider" } else { "Suivant" });
        if agency == "b" {
            person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Terminer");
        }
        person.see("Votre compte est à jour");
        person
    }

    /// Somebody signed in at an agency.
    fn inside(&self, agency: &str, name: &str, email: &str) -> Person {
        let mut person = self.ready(agency, name, email);
        sign_in(&mut person, agency, email, CHOSEN);
        person
    }

    fn stand(&self, state: State) -> Stand<'_> {
        let name = format!("{state:?}").to_lowercase();
        let email = format!("{name}@residents.example");
        let (person, home) = match state {
            Nobody => {
                let mut person = Person::new(&self.gateway);
                person.open("/login?client=CA&societe=SA");
                (person, "/login?client=CA&societe=SA".to_owned())
            }
            Notice => (self.run("a", &name), "/migration".to_owned()),
            Email => {
                let mut person = self.run("a", &name);
                person.press("Étape suivante");
                (person, "/migration".to_owned())
            }
            Password => (self.run_with_address("a", &name, &email), "/migration".to_owned()),
            Proof => (self.run_to_proof(&name, &email), "/migration".to_owned()),
            ProofFirst => (self.run_with_address("b", &name, &email), "/migration".to_owned()),
            PasswordLast => {
                let mut person = self.run_with_address("b", &name, &email);
                self.type_code(&mut person, &email, "Suivant");
                (person, "/migration".to_owned())
            }
            Join => {
                let mut person = self.run_to_proof(&name, VICTIM);
                self.type_code(&mut person, VICTIM, "Valider");
                (person, "/migration".to_owned())
            }
            Ready => {
                let person = self.ready("a", &name, &email);
                let home = person.here().url.to_string();
                (person, home)
            }
            Joined => {
                self.ready("a", &name, &email);
                let mut person = self.run("a", "joined-2");
                person.press("Étape suivante").follow("J'ai déjà un compte");
                person.fill("email", &email).fill("password", CHOSEN).press("Connexion").see("Compte associé");
                (person, "/migration".to_owned())
            }
            TermsOwed => (self.inside("b", &name, &email), "/account".to_owned()),
            SignedIn => (self.inside("a", &name, &email), "/account".to_owned()),
            SecondRun => {
                let mut person = self.inside("a", &name, &email);
                person.open("/account").follow("Associer un autre compte : Agence du Port");
                person.fill("login", "secondrun-2").fill("password", "Old-2019").press("Continuer");
                (person, "/migration".to_owned())
            }
            ChangePending => {
                let mut person = self.inside("a", &name, &email);
                person.open("/account/email").fill("email", "new@residents.example");
                person.fill("confirmation", "new@residents.example").fill("current", CHOSEN).press("Valider");
                (person, "/account".to_owned())
            }
            ResetAsked => {
                let mut person = Person::new(&self.gateway);
                person.open("/forgotten?client=CA&societe=SA").fill("login", VICTIM).press("Recevoir l'e-mail");
                (person, "/login?client=CA&societe=SA".to_owned())
            }
            ResetOpen => {
                self.ready("a", &name, &email);
                let mut person = Person::new(&self.gateway);
                person.open("/forgotten?client=CA&societe=SA").fill("login", &email).press("Recevoir l'e-mail");
                let is_reset =
                    |letter: &crate::support::letters::Letter| letter.subject.contains("nouveau mot de passe");
                let link = self.gateway.letters().wait_for(&email, is_reset).link();
                person.open(&link).see("Choisissez un nouveau mot de passe");
                (person, link)
            }
        };
        Stand { place: self, state, person, home, kept: self.kept() }
    }
}

impl Stand<'_> {
    /// Opens a route and sends its form in this state; what got further than it may is told.
    fn try_route(&mut self, route: &Route, wrong: &mut Vec<String>) {
        let url = self.url(&route.path);
        for method in [reqwest::Method::GET, reqwest::Method::HEAD].into_iter().filter(|_| route.get) {
            let answer = self.person.visit(Request::get(url.clone()).method(method.clone()));
            self.judge(&format!("{method} {}", route.path), &answer, wrong);
        }
        if route.get {
            self.compare(&format!("GET {}", route.path), wrong);
        }
        if !route.post {
            return;
        }
        let Some((path, acts, bare, fields)) = FORMS.iter().find(|(path, ..)| *path == route.path) else {
            wrong.push(format!("POST {} has no row", route.path));
            return;
        };
        let may_act = match acts {
            Never => false,
            From(states) => states.contains(&self.state),
            Anywhere => true,
        };
        self.try_bodies(path, wrong);
        if *bare == Bare::Stays || !may_act {
            self.try_form(path, "without a field", &[], wrong);
        }
        if !may_act {
            self.try_form(path, "as it should be", fields, wrong);
        }
        self.compare(&format!("POST {path}"), wrong);
    }

    /// What is no form of ours is refused, everywhere.
    fn try_bodies(&mut self, path: &str, wrong: &mut Vec<String>) {
        let form = self.form(path, &[]);
        for (kind, body) in
            [("application/x-www-form-urlencoded", ""), ("application/json", "{}"), ("text/plain", "csrf=a&code=b")]
        {
            let request = self.person.request_of(&form).header("content-type", kind).body(body);
            let answer = self.person.ask(request);
            // What a sign-in on an agency's host loses is shown to who sent it, whatever it was (decision 51).
            if !(400..500).contains(&answer.status) && path != "/.vestibule/not-sent" {
                wrong.push(format!("{:?}: POST {path} {kind} {body:?}: {}", self.state, answer.status));
            }
        }
    }

    fn try_form(&mut self, path: &str, how: &str, fields: &[(&str, &str)], wrong: &mut Vec<String>) {
        let form = self.form(path, fields);
        let request = self.person.request_of(&form).header("x-forwarded-for", &self.client());
        let answer = self.person.ask(request);
        // Whoever goes back finds no page that was posted to (decision 103), but one that says to begin anew, or what the
        // extranet's form has lost.
        let is_ours = answer.status != 403 && path != "/.vestibule/not-sent";
        if is_ours && !(300..400).contains(&answer.status) && !answer.text().contains("http-equiv=\"refresh\"") {
            wrong.push(format!("{:?}: POST {path} {how} is a page, {}", self.state, answer.status));
        }
        let answer = answer.redirect().map_or_else(|| answer.clone(), |next| self.person.visit(Request::get(next)));
        self.judge(&format!("POST {path} {how}"), &answer, wrong);
    }

    fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> page::Form {
        self.person.open(&self.home);
        let mut form = forged(&self.person, path, fields);
        if path == "/terms" && !fields.is_empty() {
            form.fields.push(("digest".to_owned(), self.place.digest.clone()));
        }
        form.action = self.url(path);
        form
    }

    fn url(&self, path: &str) -> url::Url {
        let gateway = &self.place.gateway;
        if path.starts_with("/.vestibule") { gateway.agency("agence-a", path) } else { gateway.portal(path) }
    }

    /// Guesses are counted for each state apart.
    fn client(&self) -> String {
        format!("203.0.113.{}", self.state as u8 + 1)
    }

    /// A page that nobody may see from here, and no fault of ours.
    fn judge(&self, what: &str, answer: &Answer, wrong: &mut Vec<String>) {
        let words = page::words(&answer.text());
        for (seen, from) in PAGES.iter().filter(|(seen, _)| words.contains(seen)) {
            if !from.contains(&self.state) {
                wrong.push(format!("{:?}: {what} shows « {seen} »", self.state));
            }
        }
        if answer.status >= 500 {
            wrong.push(format!("{:?}: {what}: {}", self.state, answer.status));
        }
    }

    /// What is kept is what was kept before.
    fn compare(&mut self, what: &str, wrong: &mut Vec<String>) {
        let after = self.place.kept();
        for line in after.symmetric_difference(&self.kept) {
            let how = if self.kept.contains(line) { "took away" } else { "brought" };
            let line: String = line.chars().take(60).collect();
            wrong.push(format!("{:?}: {what} {how} {line}", self.state));
        }
        self.kept = after;
    }

    /// Whether the browser stands where it stood.
    fn still_stands(&mut self, path: &str, wrong: &mut Vec<String>) -> bool {
        let own: Vec<_> = PAGES.iter().filter(|(_, from)| from.contains(&self.state)).collect();
        self.person.open(&self.home);
        let stands = own.is_empty() || own.iter().any(|(seen, _)| self.person.sees(seen));
        if !stands {
            wrong.push(format!("{:?}: {path} loses it", self.state));
        }
        stands
    }
}

fn sign_in(person: &mut Person, agency: &str, login: &str, password: &str) {
    let letter = agency.to_ascii_uppercase();
    person.open(format!("/login?client=C{letter}&societe=S{letter}"));
    person.fill("login", login).fill("password", password).press("Connexion");
}

/// An extranet with an account for each state, and a second one for those that need it.
fn echo(agency: &str) -> Echo {
    let names = STATES.iter().map(|state| format!("{state:?}").to_lowercase());
    let names = names.chain(["victim", "reader", "joined-2", "secondrun-2"].map(str::to_owned));
    Echo::start(
        names
            .map(|name| Account::new(&name, "Old-2019", &format!("{name} {agency}"), &format!("{name}@a.example")))
            .collect(),
    )
}

fn agency_b(echo: &Echo, terms: &Path) -> Agency {
    agency("agence-b", "CB", "SB", "Agence de la Gare", echo)
        .set("policy.order", "proof-first")
        .set("policy.confirmation", "code")
        .with_terms(terms)
}
