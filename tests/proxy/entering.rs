//! From the codes in the address into the extranet, signed in there by the gateway.

use crate::support::{
    gateway::Gateway,
    person::{Person, Request},
    samples::Samples,
    site::{Agency, Site},
    town::{ALICE, BOB, BOB_AT_B, CAROL, CHOSEN, Town, login_path, try_sign_in},
};

#[test]
fn a01_a02_the_codes_lead_to_the_extranet_of_their_agency_through_this_process() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    let seen = town.a.last();
    assert_eq!(seen.values("Host"), [format!("127.0.0.1:{}", town.a.port())], "the Host that the extranet expects");
    town.b.assert_untouched("a request of agency A");
}

#[test]
fn a03_an_address_without_codes_asks_for_them_and_unknown_ones_look_alike() {
    let town = Town::build();
    let mut person = Person::new(&town.gateway);
    for path in ["/login", "/login?client=CA", "/login?societe=SA"] {
        person.open(path).see("Trouver votre agence");
    }
    person.open("/").see("Première connexion").see("Code client");
    let mut shown = Vec::new();
    for (client, societe) in [("CA", "XX"), ("XX", "SA"), ("CA", "SB"), ("é", "/")] {
        person.open("/login").fill("client", client).fill("societe", societe).press("Continuer");
        shown.push((person.here().status, person.words()));
        person.see("Ces codes ne correspondent à aucune agence");
    }
    assert!(shown.iter().all(|page| *page == shown[0]), "{shown:?}");
    person.fill("client", "ca").fill("societe", " sa ").press("Continuer").see("Agence du Port");
}

#[test]
fn a04_the_headers_say_who_it_is_by_the_attached_account() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open(town.at_a("/membre/x"));
    let seen = town.a.last();
    assert_eq!(seen.values("X-Extranet-User"), [BOB.login]);
    assert_eq!(seen.values("X-Extranet-Agency"), ["CA-SA"]);
    assert_eq!(seen.values("X-Extranet-Name"), ["Bob N'Guessan"]);
}

#[test]
fn a04_a_person_with_accounts_at_two_agencies_is_each_of_them_in_its_place() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open("/account").press("Se déconnecter");
    try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.press("Étape suivante");
    if bob.sees("J'ai déjà un compte") {
        bob.follow("J'ai déjà un compte");
    }
    if bob.here().text().contains("name=\"email\"") {
        bob.fill("email", BOB.email);
    }
    bob.fill("password", CHOSEN).press("Connexion").see("Compte associé").see("Agence de la Gare");
    bob.press("Continuer");
    town.sign_in(&mut bob, "b", BOB.email, CHOSEN);
    town.forget();
    bob.open(town.at_b("/membre/x")).open(town.at_a("/membre/x"));
    assert_eq!(town.b.last().values("X-Extranet-User"), [BOB_AT_B.login]);
    assert_eq!(town.a.last().values("X-Extranet-User"), [BOB.login]);
}

#[test]
fn a07_a09_the_form_is_replayed_with_its_hidden_fields_and_cookies_and_awkward_passwords() {
    let town = Town::build();
    let mut bob = town.resident(BOB);
    bob.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"");
    let page = bob.here().text();
    assert!(!page.contains(BOB.password), "the browser never sees the secret");
}

#[test]
fn a07_the_form_of_an_extranet_in_iso_8859_1_is_replayed() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_a().without("terms")));
    let mut noel = Person::new(&gateway);
    let login = "/login?client=SPI31&societe=01";
    noel.open(login).fill("login", "C10023").fill("password", "p&s=w+rd 100% \"é'<9>").press("Connexion");
    noel.see("évolue").press("Étape suivante").fill("email", "noel@x.example").press("Continuer");
    noel.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let code = gateway.letter_to("noel@x.example").code();
    noel.fill("code", &code).press("Valider");
    noel.open(login).fill("login", "noel@x.example").fill("password", CHOSEN).press("Connexion");
    noel.see("Bonjour Noël Lefèvre");
    assert_eq!(samples.form.attempts("C10023"), 2, "once to know the credentials, once to sign in");
}

#[test]
fn review_case_22_a_sign_in_and_a_forwarded_request_say_the_same_of_browser_and_gateway() {
    const SAID: [&str; 7] = [
        "host",
        "user-agent",
        "accept-language",
        "accept-encoding",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
    ];
    for (forwarded, tells) in [("public", true), ("upstream", true), ("none", false)] {
        let set = |agency: Agency| agency.set("upstream.forwarded", forwarded).set("upstream.host", "extranet.example");
        let town = Town::build_with_agency(|site| site, set);
        let mut alice = Person::new(&town.gateway);
        town.migrate(&mut alice, "a", ALICE, ALICE.email);
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        alice.open(town.at_a("/membre/x"));
        let seen = town.a.seen();
        let last = seen.last().expect("a request");
        assert_eq!(last.target, "/membre/x");
        let public = town.gateway.agency("agence-a", "/");
        let host = match forwarded {
            "public" => vec![format!("{}:{}", public.host_str().expect("a host"), public.port().expect("a port"))],
            "upstream" => vec!["extranet.example".to_owned()],
            _ => Vec::new(),
        };
        assert_eq!(last.folded("x-forwarded-host"), host, "{forwarded}");
        assert_eq!(last.folded("x-forwarded-for").len(), usize::from(tells), "{forwarded}");
        let of_the_sign_in: Vec<_> = seen.iter().filter(|request| request.target == "/identification").collect();
        assert!(of_the_sign_in.len() >= 4, "asked and sent, to know the credentials and to sign in");
        for request in of_the_sign_in {
            for name in SAID {
                assert_eq!(request.folded(name), last.folded(name), "{forwarded}: {name} of {}", request.method);
            }
            let origin = if request.method == "POST" { vec!["http://extranet.example"] } else { Vec::new() };
            assert_eq!(request.values("origin"), origin, "{forwarded}");
        }
    }
}

#[test]
fn a10_an_answer_that_fits_no_declared_rule_is_never_taken_for_a_sign_in() {
    let town = Town::build_with_agency(
        |site| site,
        |agency| {
            let rule: toml::Table = "redirect = '/somewhere-else/'".parse().expect("TOML");
            agency.set("sign_in.form.success", vec![rule])
        },
    );
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.see("ne répond pas").miss("évolue").miss("inconnu");
}

#[test]
fn twenty_parts_of_a_page_open_one_session_in_the_extranet() {
    let town = Town::build();
    let mut alice = town.alice();
    let before = town.a.sign_ins();
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    let request = Request::get(town.gateway.agency("agence-a", "/membre/x"));
    let cookies = alice.cookies(&request.url);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let mut part = Person::new(&town.gateway);
                for (name, value) in &cookies {
                    part.plant(&request.url, name, value);
                }
                part.visit(request.clone())
            });
        }
    });
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    let opened = town.a.sign_ins() - before;
    assert!(opened <= 2, "{opened} sign-ins for one person");
}

#[test]
fn a24_the_hand_over_works_once_and_in_its_own_browser() {
    let town = Town::build();
    town.alice();
    let mut alice = Person::new(&town.gateway);
    alice.open(login_path("a")).fill("login", ALICE.email).fill("password", CHOSEN);
    let form = alice.form("Connexion");
    let request = alice.request_of(&form);
    let mut answer = alice.ask(request);
    let enter = loop {
        let next = answer.redirect().expect("a way to the agency's host");
        if next.path() == "/.vestibule/enter" {
            break next;
        }
        answer = alice.ask(Request::get(next));
    };
    let mut thief = Person::new(&town.gateway);
    thief.visit(Request::get(enter.clone()));
    thief.open(town.at_a("/membre/x")).miss("alice-77");
    let mut alice_again = Person::new(&town.gateway);
    town.sign_in(&mut alice_again, "a", ALICE.email, CHOSEN);
    let set = alice.ask(Request::get(enter.clone()));
    let line =
        set.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join("\n");
    if line.contains("vestibule=") {
        assert!(line.contains("HttpOnly") && line.contains("Path=/") && !line.contains("Domain"), "{line}");
    }
    // Used or stolen, it opens nothing a second time.
    let mut second = Person::new(&town.gateway);
    second.visit(Request::get(enter));
    second.open(town.at_a("/membre/x")).miss("alice-77");
}
