//! The extranet's cookies in the session, never in a browser (a13).

use std::{
    fs,
    process::{Child, Stdio},
    time::Duration,
};

use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{
    eventually, free_port,
    gateway::program,
    person::{Person, Request},
    town::{ALICE, BOB, BOB_AT_B, CHOSEN, Town, login_path, try_sign_in},
    wait,
};

/// A town whose agency A keeps its extranet's cookies.
fn town() -> Town {
    Town::build_with_agency(|site| site, |agency| agency.set("cookies", "jar"))
}

/// An answer of agency A's extranet that sets these cookies; their names and values need no escape in a query.
fn set(town: &Town, person: &mut Person, cookies: &[&str]) -> crate::support::person::Answer {
    let mut url = town.gateway.agency("agence-a", "/answer");
    for cookie in cookies {
        url.query_pairs_mut().append_pair("set-cookie", cookie);
    }
    let answer = person.ask(Request::get(url));
    assert!(answer.headers.get("set-cookie").is_none(), "no cookie of the extranet goes to the browser");
    answer
}

/// The cookies that agency A's extranet gets with a request for this path, without its own session's.
fn sent(town: &Town, person: &mut Person, path: &str) -> String {
    person.ask(Request::get(town.gateway.agency("agence-a", path)));
    let seen = town.a.last();
    assert_eq!(seen.target, path, "the extranet was asked");
    let line = seen.values("cookie").join(" | ");
    line.split("; ").filter(|pair| !pair.starts_with("USESSION=")).collect::<Vec<_>>().join("; ")
}

#[test]
fn a13_the_sign_ins_cookies_stay_in_the_session_and_the_browsers_own_stay_outside() {
    let town = town();
    let mut alice = town.alice();
    let here = town.gateway.agency("agence-a", "/membre/x");
    let held = alice.cookies(&here);
    assert!(held.iter().all(|(name, _)| name.contains("vestibule")), "only ours: {held:?}");
    // What a script or a neighbour puts into the browser is not the extranet's.
    alice.plant(&here, "USESSION", "planted");
    alice.plant(&here, "theme", "dark");
    alice.open(here.as_str()).see("\"who\":\"alice-77\"");
    assert_eq!(town.a.last().cookies(), ["USESSION"], "its own session, and nothing else");
    assert!(!town.a.last().values("cookie")[0].contains("planted"));
    let mut nobody = Person::new(&town.gateway);
    nobody.plant(&here, "USESSION", "planted");
    nobody.ask(Request::get(town.gateway.agency("agence-a", "/public/x")));
    assert!(town.a.last().values("cookie").is_empty(), "nobody has a jar");
    let file = fs::read(town.gateway.folder().join("vestibule.db")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&file).contains("USESSION"), "sealed");
}

#[test]
fn a13_paths_deletions_and_several_in_one_answer_are_as_in_a_browser() {
    let town = town();
    let mut alice = town.alice();
    set(
        &town,
        &mut alice,
        &["a=root; Path=/", "a=deep; Path=/membre", "b=2; Path=/membre/liste", "c=3; Domain=ancien-nom.example"],
    );
    assert_eq!(sent(&town, &mut alice, "/membre/liste/1"), "b=2; a=deep; a=root; c=3");
    assert_eq!(sent(&town, &mut alice, "/membre"), "a=deep; a=root; c=3");
    assert_eq!(sent(&town, &mut alice, "/membres"), "a=root; c=3");
    set(
        &town,
        &mut alice,
        &[
            "a=gone; Path=/membre; Max-Age=0",
            "b=x; Path=/membre/liste; Expires=Thu, 1 Jan 1970 00:00:01",
            "c=x; Domain=10.1.2.3; Path=/; Expires=Thursday, 01-Jan-70 00:00:01 GMT",
        ],
    );
    assert_eq!(sent(&town, &mut alice, "/membre/liste/1"), "a=root");
    set(&town, &mut alice, &["a=new; Path=/"]);
    assert_eq!(sent(&town, &mut alice, "/membre/x"), "a=new");
}

#[test]
fn a13_a_value_that_changes_with_every_answer_is_always_the_last_one() {
    let town = town();
    let mut alice = town.alice();
    for turn in 0..12 {
        set(&town, &mut alice, &[&format!("turn=t{turn}; Path=/; HttpOnly")]);
        assert_eq!(
            sent(&town, &mut alice, "/membre/x"),
            format!("turn=t{turn}"),
            "written before the answer was released"
        );
    }
}

#[test]
fn a13_parallel_answers_lose_nothing_of_each_other() {
    let town = town();
    let mut alice = town.alice();
    let cookies = alice.cookies(&town.gateway.agency("agence-a", "/"));
    std::thread::scope(|scope| {
        for number in 0..20 {
            let (town, cookies) = (&town, &cookies);
            scope.spawn(move || {
                let mut part = Person::new(&town.gateway);
                for (name, value) in cookies {
                    part.plant(&town.gateway.agency("agence-a", "/"), name, value);
                }
                set(town, &mut part, &[&format!("p{number:02}=v{number}; Path=/")]);
            });
        }
    });
    let wanted: Vec<String> = (0..20).map(|number| format!("p{number:02}=v{number}")).collect();
    let held = sent(&town, &mut alice, "/membre/x");
    let mut held: Vec<&str> = held.split("; ").collect();
    held.sort_unstable();
    assert_eq!(held, wanted);
}

#[test]
fn a13_a_jar_is_full_one_day_and_the_answer_arrives_all_the_same() {
    let town = town();
    let mut alice = town.alice();
    let long = format!("long={}", "x".repeat(5000));
    let answer = set(&town, &mut alice, &[&long, "short=1; Path=/"]);
    assert_eq!(answer.status, 200);
    assert_eq!(sent(&town, &mut alice, "/membre/x"), "short=1");
    eventually("a line about it", Duration::from_secs(5), || {
        town.gateway.log().contains("a cookie of an extranet was dropped").then_some(())
    });
    set(&town, &mut alice, &[&long]);
    let written = town.gateway.log();
    assert_eq!(written.matches("a cookie of an extranet was dropped").count(), 1, "once an hour");
    assert!(written.contains("CA/SA") && written.contains("longer than 4096"), "{written}");
    assert!(!written.contains("xxxx"), "never the value: {written}");
}

#[test]
fn a13_no_cookie_goes_to_another_agency_another_account_or_another_sign_in() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("cookies", "jar"));
    let mut bob = town.resident(BOB);
    set(&town, &mut bob, &["secret=of-bob-at-a; Path=/"]);
    // His account at the other agency.
    bob.open("/account").press("Se déconnecter");
    try_sign_in(&mut bob, "b", BOB_AT_B.login, BOB_AT_B.password);
    bob.press("Étape suivante");
    if bob.sees("J'ai déjà un compte") {
        bob.follow("J'ai déjà un compte");
    }
    if bob.here().text().contains("name=\"email\"") {
        bob.fill("email", BOB.email);
    }
    bob.fill("password", CHOSEN).press("Connexion").see("Compte associé").press("Continuer");
    town.sign_in(&mut bob, "b", BOB.email, CHOSEN);
    bob.open(town.at_b("/membre/x"));
    assert!(!town.b.last().values("cookie").join("; ").contains("of-bob"), "another agency");
    // A new sign-in begins with an empty jar, and so does somebody else.
    assert_eq!(sent(&town, &mut Person::new(&town.gateway), "/public/x"), "");
    bob.open(town.at_a("/membre/x")).see("\"who\":\"bob-12\"");
    assert_eq!(sent(&town, &mut bob, "/membre/x"), "", "the old jar went with its session");
    let mut alice = Person::new(&town.gateway);
    town.migrate(&mut alice, "a", ALICE, ALICE.email);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert_eq!(sent(&town, &mut alice, "/membre/x"), "");
}

#[test]
fn a13_a_session_that_is_over_upstream_is_renewed_and_a_sign_out_ends_it_there_too() {
    let town = town();
    let mut alice = town.alice();
    set(&town, &mut alice, &["turn=1; Path=/"]);
    town.a.expire_sessions();
    town.gateway.let_pass(1);
    alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    assert_eq!(town.a.live_sessions(), 1);
    alice.open("/account").press("Se déconnecter").see("Vous êtes déconnecté");
    assert_eq!(town.a.live_sessions(), 0, "ended with the cookies of the jar");
    alice.open(login_path("a"));
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert_eq!(sent(&town, &mut alice, "/membre/x"), "", "emptied");
}

#[test]
fn a13_a_websocket_carries_the_jar() {
    let town = town();
    let mut alice = town.alice();
    set(&town, &mut alice, &["turn=1; Path=/"]);
    let url = town.gateway.agency("agence-a", "/membre/socket");
    let mut request = url.as_str().replace("http://", "ws://").into_client_request().expect("a request");
    let cookies = format!("{}; theme=dark", alice.cookie_line(&url));
    request.headers_mut().insert("cookie", HeaderValue::from_str(&cookies).expect("cookies"));
    let origin = town.at_a("").trim_end_matches('/').to_owned();
    request.headers_mut().insert("origin", HeaderValue::from_str(&origin).expect("an origin"));
    wait(async {
        let stream = TcpStream::connect(("127.0.0.1", town.gateway.port())).await.expect("a connection");
        let (mut socket, _) = client_async(request, stream).await.expect("a WebSocket");
        socket.close(None).await.expect("closed");
    });
    let mut names = town.a.last().cookies();
    names.sort();
    assert_eq!(names, ["USESSION", "turn"]);
}

/// A second node on the database of the first; it ends with this value.
struct Second(Child);

impl Second {
    fn beside(town: &Town) -> (Self, u16) {
        let (port, health) = (free_port(), free_port());
        let folder = town.gateway.folder();
        let mut settings: toml::Table =
            fs::read_to_string(folder.join("vestibule.toml")).expect("the settings").parse().expect("TOML");
        let server = settings["server"].as_table_mut().expect("a table");
        server.insert("listen".into(), vec![format!("127.0.0.1:{port}")].into());
        server.insert("health".into(), format!("127.0.0.1:{health}").into());
        let file = folder.join("second.toml");
        fs::write(&file, toml::to_string(&settings).expect("TOML")).expect("the second node's settings");
        let mut command = program();
        command.args(["serve", "--config"]).arg(&file).current_dir(folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a node");
        let second = Self(child);
        eventually("the second node", Duration::from_secs(20), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        (second, port)
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // It may have ended already; both are what we want.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn review_b21_cookies_that_cannot_be_opened_are_told_and_not_taken_for_none() {
    let town = town();
    let mut alice = town.alice();
    assert_eq!(alice.get(town.at_a("/membre/x"), &[]).status, 200);
    for spoiled in ["key_id = 'a key that is gone'", "ciphertext = nonce"] {
        let before = town.gateway.log().matches("the cookies of a session cannot be").count();
        town.gateway.rewrite(&format!("UPDATE upstream_cookies SET {spoiled}"));
        town.forget();
        let answer = alice.get(town.at_a("/membre/x"), &[]);
        assert_eq!(answer.status, 503, "{spoiled}: {}", answer.text());
        town.a.assert_untouched("a request without its cookies");
        eventually("a line for the operator", Duration::from_secs(5), || {
            (town.gateway.log().matches("the cookies of a session cannot be").count() > before).then_some(())
        });
    }
    // A new sign-in puts others in their place, and one can go.
    let mut again = Person::new(&town.gateway);
    try_sign_in(&mut again, "a", ALICE.email, CHOSEN);
    again.see("alice-77");
    alice.open("/account").press("Se déconnecter");
    eventually("that the extranet could not be told", Duration::from_secs(5), || {
        town.gateway.log().contains("the cookies of a session cannot be opened").then_some(())
    });
}

#[test]
fn a13_a_cookie_that_was_set_on_one_node_is_sent_by_the_other() {
    let town = town();
    let mut alice = town.alice();
    let (_second, port) = Second::beside(&town);
    let cookies = alice.cookie_line(&town.gateway.agency("agence-a", "/"));
    let host = format!("agence-a.localhost:{}", town.gateway.port());
    let mut there = Person::new(&town.gateway);
    let mut on_second = |path: &str| {
        let url = format!("http://127.0.0.1:{port}{path}").parse().expect("an address");
        there.ask(Request::get(url).header("host", &host).header("cookie", &cookies))
    };
    for turn in 0..6 {
        set(&town, &mut alice, &[&format!("turn=first{turn}; Path=/")]);
        assert_eq!(on_second("/membre/x").status, 200);
        assert!(town.a.last().values("cookie")[0].contains(&format!("turn=first{turn}")), "{turn}");
        on_second(&format!("/answer?set-cookie=turn%3Dsecond{turn}%3B%20Path%3D%2F"));
        assert_eq!(sent(&town, &mut alice, "/membre/x"), format!("turn=second{turn}"));
    }
}
