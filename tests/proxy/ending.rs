//! Sessions of an extranet that end, by themselves or because their resident left.

use std::time::Duration;

use reqwest::Method;
use url::Url;

use crate::support::{
    eventually, page,
    person::{Person, Request},
    site::{Agency, Site},
    stage::Stage,
    town::{ALICE, CHOSEN, Town},
};

on_every_stage! {
    f9_a_session_that_ends_at_once_and_takes_its_cookies_back_is_renewed_once,
    f9_twenty_requests_at_the_end_of_a_session_open_one_new_one,
}

/// A town whose agency A keeps its extranet's cookies in this way, and whose extranet takes them back at the end.
fn town(stage: Stage, cookies: &str) -> Town {
    let town = Town::build_with_agency(|site| site.on(stage), |agency| agency.set("cookies", cookies));
    town.a.take_cookies_back();
    town
}

fn f9_a_session_that_ends_at_once_and_takes_its_cookies_back_is_renewed_once(stage: Stage) {
    for cookies in ["relay", "jar"] {
        let town = town(stage, cookies);
        let mut alice = town.alice();
        // Within the seconds in which one sign-in serves whoever waited for it, three times.
        for turn in 1..=3 {
            let before = town.a.sign_ins();
            town.a.expire_sessions();
            alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
            assert_eq!(town.a.sign_ins() - before, 1, "{cookies}, {turn}");
        }
    }
}

fn f9_twenty_requests_at_the_end_of_a_session_open_one_new_one(stage: Stage) {
    for cookies in ["relay", "jar"] {
        let town = town(stage, cookies);
        let mut alice = town.alice();
        let before = town.a.sign_ins();
        town.a.expire_sessions();
        let request = Request::get(town.gateway.agency("agence-a", "/membre/x"));
        let held = alice.cookies(&request.url);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let mut part = Person::new(&town.gateway);
                    for (name, value) in &held {
                        part.plant(&request.url, name, value);
                    }
                    let answer = part.visit(request.clone());
                    assert!(answer.text().contains("alice-77"), "{}", answer.text());
                });
            }
        });
        let opened = town.a.sign_ins() - before;
        assert!((1..=town.gateway.nodes() as u64).contains(&opened), "{cookies}: {opened}, one on each node at most");
        alice.open(town.at_a("/membre/x")).see("\"who\":\"alice-77\"");
    }
}

/// What the extranet declares in the tables below.
fn declared(agency: Agency) -> Agency {
    agency
        .set("paths.logout", vec!["/deconnexion", "/index.php?route=/logout"])
        .set("session_over.element", "form#connexion")
        .set("logout.fields", vec!["action=logout", "/compte?do=quitter"])
        .set("logout.element", "p.au-revoir")
        .set("logout.cookies", vec!["USESSION", "DW*"])
}

/// An answer of the extranet's, below a path at which it gives any.
fn told(town: &Town, path: &str, answer: &[(&str, &str)]) -> Url {
    let mut url = town.gateway.agency("agence-a", path);
    url.query_pairs_mut().extend_pairs(answer);
    url
}

/// Follows what a browser follows, a meta refresh of ours too.
fn go(person: &mut Person, request: Request) -> String {
    let mut answer = person.visit(request);
    while let Some(to) = page::attribute(&answer.text(), "meta[http-equiv=refresh]", "content") {
        let to = to.split_once("url=").expect("where it leads").1.to_owned();
        let next = answer.url.join(&to).expect("an address");
        answer = person.visit(Request::get(next).header("sec-fetch-site", "same-origin"));
    }
    format!("{} {}", answer.status, page::words(&answer.text()))
}

fn sent(url: Url, kind: &str, body: &str) -> Request {
    let origin = url.origin().ascii_serialization();
    let request = Request::get(url).method(Method::POST).header("origin", &origin);
    request.header("sec-fetch-site", "same-origin").header("content-type", kind).body(body)
}

const FORM: &str = "application/x-www-form-urlencoded";
const GONE: &str = "USESSION=deleted; Path=/; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0";

/// Each way out: how it is asked for, and how long after the page before.
fn ways_out(town: &Town) -> Vec<(&'static str, Request, i64)> {
    let at = |path: &str| town.gateway.agency("agence-a", path);
    let leave = |answer: &[(&str, &str)]| told(town, "/leave/x", answer);
    let html = ("content-type", "text/html; charset=utf-8");
    let bye = "<form id=connexion></form><p class='x au-revoir'>Au revoir</p>";
    let parts = "--b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nlogout\r\n--b--\r\n";
    vec![
        ("a path", sent(at("/deconnexion"), FORM, "x=1"), 0),
        ("a query", sent(at("/?route=%2Flogout&token=x"), FORM, "x=1"), 0),
        ("a field", sent(at("/membre/x"), FORM, "jeton=1&action=logout"), 0),
        ("a field at its path", sent(at("/compte"), FORM, "do=quitter"), 0),
        ("a field among files", sent(at("/membre/x"), "multipart/form-data; boundary=b", parts), 0),
        ("an element", Request::get(leave(&[html, ("body", bye)])), 300),
        ("an element after a form", sent(leave(&[html, ("body", bye)]), FORM, "x=1"), 300),
        (
            "a cookie, and the login (Django)",
            sent(leave(&[("status", "302"), ("location", "/identification"), ("set-cookie", GONE)]), FORM, "x=1"),
            0,
        ),
        (
            "a cookie, and the page without it (DokuWiki)",
            Request::get(leave(&[html, ("set-cookie", "DW1a2b=deleted; Max-Age=0"), ("body", "<p>Wiki</p>")])),
            0,
        ),
        (
            "a cookie, after a pause, at an address that says so",
            Request::get(told(
                town,
                "/leave/Log-Out",
                &[("status", "302"), ("location", "/"), ("set-cookie", GONE), ("_token", "once")],
            )),
            300,
        ),
    ]
}

#[test]
fn f6_each_way_out_of_the_extranet_ends_the_session_here_too() {
    for cookies in ["relay", "jar"] {
        let site = |site: Site| site.with_settable_clock();
        let town = Town::build_with_agency(site, |agency| declared(agency).set("cookies", cookies));
        let mut alice = town.alice();
        let mut passed = 0;
        for (what, request, after) in ways_out(&town) {
            let what = format!("{what}, {cookies}");
            alice.open(town.at_a("/membre/x")).see("alice-77");
            if after > 0 {
                passed += after;
                town.gateway.set_clock(passed);
            }
            let before = town.a.sign_ins();
            let seen = go(&mut alice, request);
            assert!(seen.contains("Vous êtes déconnecté"), "{what}: {seen}");
            assert_eq!((town.a.live_sessions(), town.a.sign_ins() - before), (0, 0), "{what}");
            let held = alice.cookies(&town.gateway.agency("agence-a", "/leave/x"));
            assert!(held.iter().all(|(name, _)| name != "USESSION"), "{what}: {held:?}");
            alice.open(town.at_a("/membre/x")).see("Email ou identifiant");
            town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        }
    }
}

#[test]
fn f6_a_link_to_the_logout_leads_to_ours_and_ends_nothing_by_itself() {
    let town = Town::build_with_agency(|site| site, declared);
    let mut alice = town.alice();
    for path in ["/deconnexion", "/index.php?route=/logout"] {
        alice.open(town.at_a(path)).see("Se déconnecter");
        assert_eq!(town.a.live_sessions(), 1, "{path}");
    }
    // Nor does a page of ours for which somebody made up the proof.
    for by in ["", "?by=", "?by=abc"] {
        alice.open(town.at_a(&format!("/.vestibule/left{by}"))).see("Se déconnecter");
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
    alice.open(town.at_a("/deconnexion")).press("Se déconnecter").see("Vous êtes déconnecté");
    assert_eq!(town.a.live_sessions(), 0);
}

#[test]
fn f6_who_has_left_by_a_script_is_nobody_here_either() {
    let town = Town::build_with_agency(|site| site, declared);
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    let url = told(&town, "/leave/api", &[("set-cookie", GONE), ("body", "{}")]);
    let answer = alice.ask(sent(url, "application/json", "{}").header("sec-fetch-mode", "cors"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "the script is answered");
    alice.open(town.at_a("/membre/x")).see("Email ou identifiant");
}

/// Ways of a script of the extranet's to leave by what is declared, and the status that it is answered with.
fn ways_of_scripts(town: &Town) -> Vec<(&'static str, Request, u16)> {
    let leave = |status: &str| told(town, "/leave/api", &[("status", status), ("body", "{}"), ("set-cookie", GONE)]);
    let refused = told(town, "/answer", &[("status", "403"), ("body", "{}"), ("quitter", "1")]);
    let (to_field, json) = (town.gateway.agency("agence-a", "/leave/x?body=%7B%7D"), "application/json");
    vec![
        ("a path", sent(leave("200"), json, "{}"), 200),
        ("a path, with nothing to say", sent(leave("204"), json, "{}"), 204),
        (
            "a path, without a method of its own",
            Request::get(leave("200")).header("sec-fetch-site", "same-origin"),
            200,
        ),
        ("a path, with DELETE", sent(leave("200"), json, "").method(Method::DELETE), 200),
        ("a field", sent(to_field.clone(), FORM, "action=logout&format=json"), 200),
        ("a field among others", sent(to_field, FORM, "token=a%2B%5C&action=logout"), 200),
        ("a path that refuses its token", sent(refused, json, "{}"), 403),
        (
            "a path that does not answer",
            sent(town.gateway.agency("agence-a", "/slow?ms=4000&quitter"), json, "{}"),
            504,
        ),
    ]
}

#[test]
fn f6_a_script_that_leaves_by_what_is_declared_is_answered_by_the_extranet_and_its_resident_has_left() {
    for cookies in ["relay", "jar"] {
        let town = Town::build_with_agency(
            |site| site,
            |agency| {
                let agency = declared(agency).set("upstream.read_timeout_ms", 2000).set("cookies", cookies);
                agency.set("paths.logout", vec!["/leave/api", "/?quitter"])
            },
        );
        let mut alice = town.alice();
        for (what, request, status) in ways_of_scripts(&town) {
            let what = format!("{what}, {cookies}");
            alice.open(town.at_a("/membre/x")).see("alice-77");
            let request = request.header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty");
            let answer = alice.ask(request);
            assert_eq!(answer.status, status, "{what}");
            assert!(matches!(answer.text().as_str(), "{}" | "") || status == 504, "{what}: {}", answer.text());
            assert_eq!(town.a.live_sessions(), 0, "{what}");
            let before = town.a.sign_ins();
            alice.open(town.at_a("/membre/x")).see("Email ou identifiant");
            assert_eq!(town.a.sign_ins(), before, "{what}");
            town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        }
    }
}

#[test]
fn f6_what_is_no_script_of_the_extranets_ends_nothing_by_asking_for_its_logout() {
    let town = Town::build_with_agency(|site| site, |agency| declared(agency).set("paths.logout", vec!["/leave/api"]));
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    for (site, mode, dest) in
        [("same-origin", "no-cors", "image"), ("same-origin", "no-cors", "style"), ("cross-site", "cors", "empty")]
    {
        let request = Request::get(told(&town, "/leave/api", &[("body", "{}")]));
        let said = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        alice.ask(said.iter().fold(request, |request, (name, value)| request.header(name, value)));
        assert_eq!(town.a.live_sessions(), 1, "{site} {dest}");
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
}

#[test]
fn f6_a_page_that_another_site_opens_signs_nobody_out() {
    let town = Town::build_with_agency(|site| site, declared);
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    let url = told(&town, "/leave/logout", &[("status", "302"), ("location", "/membre/x"), ("set-cookie", GONE)]);
    let seen = go(&mut alice, Request::get(url).header("sec-fetch-site", "cross-site"));
    assert!(seen.contains("alice-77"), "the extranet's session is renewed: {seen}");
}

#[test]
fn f6_a_logout_that_comes_too_late_is_a_logout_all_the_same() {
    let town = Town::build_with_agency(|site| site, declared);
    let mut alice = town.alice();
    alice.open("/account").press("Se déconnecter");
    let late = sent(town.gateway.agency("agence-a", "/membre/x"), FORM, "action=logout");
    let seen = go(&mut alice, late);
    assert!(seen.contains("Vous êtes déconnecté") && !seen.contains("n'a pas été envoyé"), "{seen}");
}

/// Each way in which a session of the extranet ends by itself, or seems to.
fn ends(town: &Town) -> Vec<(&'static str, Url)> {
    let over = |answer: &[(&str, &str)]| told(town, "/over/x", answer);
    let to = |location: &str| over(&[("status", "302"), ("location", location)]);
    let html = ("content-type", "text/html; charset=utf-8");
    let shows = |body: &str| over(&[html, ("body", body)]);
    let port = town.a.port();
    vec![
        ("a path", to("/identification?retour=1")),
        ("a relative one", to("../identification")),
        ("a session in the path", to("/identification;jsessionid=0A1B?x=1")),
        ("capitals", to("/IDENTIFICATION")),
        ("an absolute one", to(&format!("http://127.0.0.1:{port}/identification"))),
        ("one with the scheme left out", to(&format!("//127.0.0.1:{port}/identification;jsessionid=1"))),
        ("two slashes", to("//identification;jsessionid=0A1B")),
        ("two slashes inside", to(&format!("http://127.0.0.1:{port}//identification"))),
        ("a session in the path of ASP.NET", to("/(S(0a1b))/identification")),
        ("a status", over(&[("status", "401")])),
        ("a header", over(&[("refresh", "0; URL=/identification")])),
        ("a meta element", shows("<meta http-equiv=Refresh content=\"1; url='/identification'\"><p>Session expirée")),
        ("a script", shows("<html><script>top.location.href='/identification?x';</script></html>")),
        ("a script of another spelling", shows("<body onload=\"window.location.replace('\\/identification')\">")),
        ("the form in its place", shows("<form id=connexion></form>")),
        (
            "a cookie, and the login (Django)",
            over(&[("status", "302"), ("location", "/identification"), ("set-cookie", GONE)]),
        ),
        (
            "a cookie, and the form (DokuWiki)",
            over(&[html, ("set-cookie", "DW1a2b=deleted; Max-Age=0"), ("body", "<form id=connexion></form>")]),
        ),
    ]
}

#[test]
fn f6_each_way_in_which_a_session_ends_by_itself_is_renewed() {
    for cookies in ["relay", "jar"] {
        let site = |site: Site| site.with_settable_clock();
        let town = Town::build_with_agency(site, |agency| declared(agency).set("cookies", cookies));
        let mut alice = town.alice();
        for (turn, (what, url)) in (1_i64..).zip(ends(&town)) {
            town.a.expire_sessions();
            town.gateway.set_clock(turn * 120);
            let before = town.a.sign_ins();
            let mut seen = String::new();
            // In a frame it is the same.
            let request = Request::get(url).header("sec-fetch-dest", "iframe").header("sec-fetch-site", "same-origin");
            for _ in 0..2 {
                seen = go(&mut alice, request.clone());
            }
            assert!(seen.contains("alice-77"), "{what}, {cookies}: {seen}");
            assert_eq!(town.a.sign_ins() - before, 1, "{what}, {cookies}");
        }
    }
}

#[test]
fn f6_pages_that_only_look_as_if_they_led_to_the_login_are_left_alone() {
    let town = Town::build_with_agency(|site| site, |agency| agency);
    let mut alice = town.alice();
    let long = format!("<script>location='/identification'</script>{}", "<p>Bonjour</p>".repeat(60));
    for (kind, body) in [
        ("text/html", "<meta http-equiv=refresh content='900;url=/identification'><p>Bonjour</p>"),
        ("text/html", "<script>function quitter() { location = '/identification' }</script><form action=/x></form>"),
        ("text/html", "<p>Bonjour</p>"),
        ("text/html", "<script>location='/membre/x'</script>"),
        ("text/plain", "<script>location='/identification'</script>"),
        ("text/html", &long),
    ] {
        let answer = alice.ask(Request::get(told(&town, "/answer", &[("content-type", kind), ("body", body)])));
        assert_eq!((answer.status, answer.text().as_str()), (200, body));
    }
    // A part of a page is never replaced.
    let script = "<script>location='/identification'</script>";
    let url = told(&town, "/answer", &[("content-type", "text/html"), ("body", script)]);
    let part = alice.ask(Request::get(url).header("sec-fetch-mode", "cors"));
    assert_eq!(part.text(), script);
}

#[test]
fn f6_a_sign_out_that_the_extranet_refuses_is_told_once() {
    let town = Town::build_with_agency(|site| site, |agency| agency.set("sign_in.form.logout.get", "/cut"));
    let mut alice = town.alice();
    for _ in 0..2 {
        alice.open("/account").press("Se déconnecter");
        town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    }
    eventually("a line for the operator", Duration::from_secs(5), || {
        town.gateway.log().contains("could not be ended at a sign-out").then_some(())
    });
    let log = town.gateway.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("could not be ended at a sign-out")).collect();
    assert!(lines.len() == 1 && lines[0].contains("WARN") && lines[0].contains("CA/SA"), "{lines:?}");
}

/// Ways out of which the file says nothing: how each is asked for, and how long after the page before.
fn undeclared_ways_out(town: &Town) -> Vec<(&'static str, Request, i64)> {
    let to_login = [("status", "302"), ("location", "/identification")];
    let gone_to = |location| [("status", "302"), ("location", location), ("set-cookie", GONE)];
    let shows = |body| [("content-type", "text/html; charset=utf-8"), ("body", body)];
    let leave = |path: &str, answer: &[(&str, &str)]| told(town, &format!("/leave/{path}"), answer);
    let parts = "--b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nlogout\r\n--b--\r\n";
    let by_hand = |url| Request::get(url).header("sec-fetch-site", "same-origin").header("sec-fetch-user", "?1");
    vec![
        ("a link that says so", Request::get(leave("logout.php", &to_login)), 300),
        ("a link from within", by_hand(leave("D%C3%A9connexion", &to_login)), 300),
        ("a query, with a token that is spent", Request::get(leave("x?_task=logout&_token=x", &to_login)), 300),
        ("a form's address", sent(leave("Account/LogOff", &to_login), FORM, "x=1"), 300),
        ("a form's field", sent(leave("index.php", &to_login), FORM, "jeton=1&action=logout"), 300),
        ("a form's button", sent(leave("index.php", &to_login), FORM, "ctl00%24btn=Se+d%E9connecter"), 300),
        ("an event", sent(leave("x.aspx", &to_login), FORM, "__EVENTTARGET=ctl00%24lnkLogout"), 300),
        ("a field among files", sent(leave("x", &to_login), "multipart/form-data; boundary=b", parts), 300),
        ("the form in its place", Request::get(leave("logout", &shows("<form id=connexion></form>"))), 300),
        ("a page that leads on", by_hand(leave("logout", &shows("<script>location='/identification'</script>"))), 300),
        ("a status", sent(leave("logout", &[("status", "401")]), FORM, "x=1"), 300),
        ("a cookie, and the start page", Request::get(leave("logout", &gone_to("/membre/x"))), 300),
        ("a form that says nothing, and a cookie", sent(leave("x", &gone_to("/identification")), FORM, "a=5"), 0),
        ("a link that says nothing, and a cookie", by_hand(leave("x?a=5", &gone_to("/identification"))), 0),
    ]
}

#[test]
fn f6_a_logout_that_nobody_declared_ends_the_session_here_too() {
    for cookies in ["relay", "jar"] {
        let site = |site: Site| site.with_settable_clock();
        let town = Town::build_with_agency(site, |agency| {
            agency.set("session_over.element", "form#connexion").set("cookies", cookies)
        });
        let mut alice = town.alice();
        let mut passed = 0;
        for (what, request, after) in undeclared_ways_out(&town) {
            let what = format!("{what}, {cookies}");
            alice.open(town.at_a("/membre/x")).see("alice-77");
            alice.visit(Request::get(told(&town, "/answer", &[("body", "<p>Bonjour")])));
            if after > 0 {
                passed += after;
                town.gateway.set_clock(passed);
            }
            let before = town.a.sign_ins();
            let seen = go(&mut alice, request);
            assert!(seen.contains("Vous êtes déconnecté"), "{what}: {seen}");
            assert_eq!((town.a.live_sessions(), town.a.sign_ins() - before), (0, 0), "{what}");
            alice.open(town.at_a("/membre/x")).see("Email ou identifiant");
            town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
        }
    }
}

#[test]
fn f6_what_something_else_explains_is_no_logout() {
    let site = |site: Site| site.with_settable_clock();
    let town = Town::build_with_agency(site, |agency| agency.set("session_over.element", "form#connexion"));
    let mut alice = town.alice();
    let to_login = [("status", "302"), ("location", "/identification")];
    let gone = [("status", "302"), ("location", "/identification"), ("set-cookie", GONE)];
    let mut passed = 0;
    let cases: Vec<(&str, Request, i64, &str)> = vec![
        ("a form that came too late", sent(told(&town, "/over/x", &to_login), FORM, "a=5"), 0, "n'a pas été envoyé"),
        (
            "the same, and a cookie (Django)",
            sent(told(&town, "/over/x", &gone), FORM, "a=5"),
            300,
            "n'a pas été envoyé",
        ),
        (
            "another site's link",
            Request::get(told(&town, "/over/logout", &to_login)).header("sec-fetch-site", "cross-site"),
            0,
            "alice-77",
        ),
        ("a page that leads on by itself, and a cookie", Request::get(told(&town, "/over/x", &gone)), 0, "alice-77"),
        (
            "a script that asks how long there is",
            Request::get(told(&town, "/over/autologout", &gone)).header("sec-fetch-mode", "cors"),
            0,
            "",
        ),
        (
            "a long text that speaks of it",
            sent(
                told(&town, "/over/x", &to_login),
                FORM,
                "message=Bonjour%2C+je+ne+trouve+pas+comment+me+d%C3%A9connecter.+Merci+de+votre+aide+et+bonne+journ%C3%A9e",
            ),
            0,
            "n'a pas été envoyé",
        ),
    ];
    for (what, request, after, seen) in cases {
        alice.open(town.at_a("/membre/x")).see("alice-77");
        alice.visit(Request::get(told(&town, "/answer", &[("body", "<p>Bonjour")])));
        if after > 0 {
            passed += after;
            town.gateway.set_clock(passed);
        }
        town.a.expire_sessions();
        let said = go(&mut alice, request);
        assert!(said.contains(seen), "{what}: {said}");
        assert!(!said.contains("Vous êtes déconnecté"), "{what}: {said}");
        alice.open(town.at_a("/membre/x")).see("alice-77");
    }
}

#[test]
fn f6_who_leaves_by_a_script_that_nobody_declared_is_nobody_here_either() {
    let town = Town::build();
    let mut alice = town.alice();
    alice.open(town.at_a("/membre/x")).see("alice-77");
    let url = told(&town, "/leave/logout", &[("set-cookie", GONE), ("body", "{}")]);
    let answer = alice.ask(sent(url, "application/json", "{}").header("sec-fetch-mode", "cors"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "the script is answered");
    alice.open(town.at_a("/membre/x")).see("Email ou identifiant");
}

#[test]
fn f6_the_path_that_ends_a_session_is_a_logout_by_itself() {
    for (logout, path, form) in [
        (toml::toml! { get = "/deconnexion" }, "/deconnexion", ""),
        (toml::toml! { get = "/quitter.php" }, "/quitter.php", ""),
        (toml::toml! { get = "/index.php?route=account/logout&x=1" }, "/index.php?x=2&route=account%2Flogout", ""),
        (
            toml::toml! { page = "/membre/x"
            form = "/Account/LogOff" },
            "/account/logoff/",
            "",
        ),
        (
            toml::toml! { page = "/membre/x"
            form = "/session/fin" },
            "/session/fin",
            "jeton=1",
        ),
    ] {
        let town = Town::build_with_agency(
            |site| site,
            |agency| agency.set("sign_in.form.logout", logout.clone()).set("paths.logout", Vec::<String>::new()),
        );
        let mut alice = town.alice();
        alice.open(town.at_a(path)).see("Se déconnecter");
        let seen = go(&mut alice, sent(town.gateway.agency("agence-a", path), FORM, form));
        assert!(seen.contains("Vous êtes déconnecté"), "{logout:?}: {seen}");
        let reached = town.a.seen().into_iter().filter(|seen| seen.method == "POST" && seen.target.starts_with(path));
        assert_eq!(reached.count(), 0, "{logout:?}");
    }
}

/// What an extranet says to who is signed in, too: that a page is not for them.
fn refusal(town: &Town) -> Request {
    let html = ("content-type", "text/html; charset=utf-8");
    Request::get(told(town, "/answer", &[("status", "403"), html, ("body", "<p>Réservé au conseil syndical</p>")]))
}

#[test]
fn a_page_that_its_resident_may_not_see_is_shown_after_one_sign_in_though_its_status_may_say_that_a_session_is_over() {
    for cookies in ["relay", "jar"] {
        let set = |agency: Agency| agency.set("session_over.statuses", vec![401, 403]).set("cookies", cookies);
        let town = Town::build_with_agency(|site| site, set);
        let mut alice = town.alice();
        let over = told(&town, "/over/x", &[("status", "403")]);
        for turn in 1..=3 {
            // It is not for her, asked for as a page and by a script.
            for mode in ["navigate", "cors"] {
                let before = town.a.sign_ins();
                let answer = alice.visit(refusal(&town).header("sec-fetch-mode", mode));
                assert_eq!((answer.status, town.a.sign_ins() - before <= 1), (403, true), "{turn} {mode} {cookies}");
                assert!(answer.text().contains("Réservé"), "{turn} {mode} {cookies}: {}", answer.text());
            }
            // Her session has ended: in the midst of it, and at once at the same page again.
            for page in [over.clone(), over.clone(), town.gateway.agency("agence-a", "/membre/x")] {
                let before = town.a.sign_ins();
                town.a.expire_sessions();
                alice.open(page.as_str()).see("\"who\":\"alice-77\"");
                assert_eq!(town.a.sign_ins() - before, 1, "{turn} {page} {cookies}");
            }
        }
    }
}

#[test]
fn a_page_that_its_resident_may_not_see_is_shown_after_a_form_has_opened_the_session_again() {
    let set = |agency: Agency| agency.set("session_over.statuses", vec![401, 403]);
    let town = Town::build_with_agency(|site| site, set);
    let mut alice = town.alice();
    let over = told(&town, "/over/x", &[("status", "403")]);
    town.a.expire_sessions();
    alice.open(over.as_str()).see("alice-77");
    // A form finds the session over, too, and opens another; that one ends before its first page.
    town.a.expire_sessions();
    alice.visit(sent(over.clone(), FORM, "texte=x"));
    town.a.expire_sessions();
    alice.open(over.as_str()).see("alice-77");
}
