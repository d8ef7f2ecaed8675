//! What becomes of whom, without a connection: who asks × where × in which way.

use std::sync::Arc;

use pingora::http::RequestHeader;

use super::{Answer, Decided, Gate, Outcome, Request};
use crate::domain::agency::Agency;
use crate::domain::origin::Origin;
use crate::domain::routing::Directory;
use crate::proxy::door::Door;
use crate::proxy::front::asked::{Asked, Connection};
use crate::proxy::passage::bodies::{Found, Sent};
use crate::proxy::request_id::{RequestIds, Source};
use crate::proxy::tests::cast::{agency, cast, form_replay, origin};

/// A page load, a part of a page, and a form that is sent.
const PAGE: &[&str] = &["GET"];
const PART: &[&str] = &["GET", "Sec-Fetch-Mode: no-cors"];
const FORM: &[&str] = &["POST", "Accept: text/html"];

fn head(host: &str, path: &str, who: &str, way: &[&str]) -> RequestHeader {
    let mut head = RequestHeader::build(way[0], path.as_bytes(), None).expect("a head");
    let cookie = format!("Cookie: vestibule={who}");
    let lines = way[1..].iter().copied().chain((!who.is_empty()).then_some(cookie.as_str()));
    for line in lines.chain([format!("Host: {host}").as_str()]) {
        let (name, value) = line.split_once(": ").expect("a header line");
        head.append_header(name.to_owned(), value).expect("a header");
    }
    head
}

struct Rehearsed {
    gate: Gate,
    directory: Arc<Directory>,
}

impl Rehearsed {
    fn of(change: impl FnOnce(&mut Agency)) -> Self {
        let mut agency = agency(1);
        change(&mut agency);
        let directory = Directory::new(origin("https://www.test"), [agency]);
        Self::in_a(directory.after(&[origin("https://old.test")]))
    }

    fn in_a(directory: Directory) -> Self {
        let cast = cast(directory);
        let directory = cast.directory();
        Self { gate: Gate::new(Door::Rehearsal(cast)), directory }
    }

    fn request<'r>(&self, head: &'r RequestHeader, connection: Connection) -> Request<'r> {
        let target = std::str::from_utf8(head.raw_path()).expect("a path");
        let asked = Asked { connection, ..Asked::said(head, target, &self.directory).expect("a request") };
        let source = Source { client: [192, 0, 2, 1].into(), id: RequestIds::new(7).next() };
        Request { head, asked, directory: Arc::clone(&self.directory), source, trace: None }
    }

    /// What becomes of a request in whose body this is found, if it is looked at.
    async fn finding(&self, head: &RequestHeader, connection: Connection, found: Found) -> String {
        match self.gate.decide(self.request(head, connection)).await.expect("no fault of ours") {
            Decided::Outright(outcome) => told(&outcome),
            Decided::ByBody(knock) => told(&self.gate.settle(*knock, head, found).await),
        }
    }

    async fn told(&self, path: &str, who: &str, way: &[&str]) -> String {
        self.finding(&head("a.test:8080", path, who, way), Connection::Fits, Found::Nothing(Sent::AsIs)).await
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Forward(forward) => {
            let ends = if forward.ends { ", with which the session ends" } else { "" };
            format!("{}: goes on{ends}", forward.decision().word())
        }
        Outcome::Answer(answered, answer) => {
            let answer = match answer {
                Answer::Page(_) => "a page".to_owned(),
                Answer::Problem(_, problem, status) => format!("{status} {problem:?}"),
                Answer::LeadOut { to, .. } => format!("out of the frame to {to}"),
                Answer::Redirect { status, to, .. } => format!("{status} {to}"),
                Answer::Unauthorized { .. } => "401".to_owned(),
                Answer::Text(status, _) => format!("{status}"),
                Answer::Refused(refusal) => format!("{}", refusal.status()),
            };
            format!("{}: {answer}", answered.decision.word())
        }
    }
}

const LOGIN: &str = "https://www.test/login?client=SPI31&societe=01";

#[tokio::test]
async fn who_asks_for_what_gets_what_is_theirs() {
    let house = Rehearsed::of(|_| {});
    let sign_in = format!("not-signed-in: 303 {LOGIN}&return=/dossier");
    let terms = "owes-terms: 303 https://www.test/terms?client=SPI31&societe=01&return=/dossier";
    let login = format!("legacy-login: 303 {LOGIN}");
    for (path, who, way, expected) in [
        ("/dossier", "resident", PAGE, "signed-in: goes on"),
        ("/dossier", "resident", PART, "signed-in: goes on"),
        ("/dossier", "resident", FORM, "signed-in: goes on"),
        ("/dossier", "", PAGE, &sign_in),
        ("/dossier", "", PART, "not-signed-in-part: 401"),
        ("/dossier", "", FORM, "form-too-late: 303 /.vestibule/not-sent"),
        ("/dossier", "owes-terms", PAGE, terms),
        ("/dossier", "owes-terms", PART, "not-signed-in-part: 401"),
        ("/dossier", "owes-terms", FORM, "form-too-late: 303 /.vestibule/not-sent"),
        ("/dossier", "unnamed", PAGE, "identity-unwritable: 403 Unnamed"),
        ("/dossier", "unnamed", PART, "identity-unwritable: 403"),
        ("/dossier", "store-is-down", PAGE, "sessions-unavailable: 503 Unavailable"),
        ("/dossier", "store-is-down", PART, "sessions-unavailable: 503"),
        ("/public/a.png", "resident", PART, "public-path: goes on"),
        ("/public/a.png", "", PART, "public-path: goes on"),
        ("/public/a.png", "store-is-down", PART, "sessions-unavailable: 503"),
        ("/login.php", "resident", PAGE, &login),
        ("/login.php", "", PAGE, &login),
        ("/login.php", "resident", FORM, "legacy-login-post: 403 OldLogin"),
        ("/login.php", "", FORM, "legacy-login-post: 403 OldLogin"),
        ("/logout.php", "resident", PAGE, "legacy-logout: 303 /.vestibule/logout"),
        ("/logout.php", "resident", FORM, "legacy-logout: 307 /.vestibule/logout"),
        ("/logout.php", "", PAGE, "legacy-logout: 303 /.vestibule/logout"),
        ("/password.php", "resident", PAGE, "legacy-account-page: 303 https://www.test/account"),
        ("/password.php", "resident", FORM, "legacy-account-post: 403 BadRequest"),
        ("/.vestibule/logout", "resident", PAGE, "own-page: a page"),
        ("/.vestibule/logout", "", FORM, "own-page: a page"),
    ] {
        assert_eq!(house.told(path, who, way).await, expected, "{path} {who} {way:?}");
    }
}

#[tokio::test]
async fn what_changes_something_from_elsewhere_is_nobodys() {
    let house = Rehearsed::of(|_| {});
    for who in ["resident", "", "owes-terms", "unnamed"] {
        for path in ["/dossier", "/public/a.png", "/logout.php"] {
            let told = house.told(path, who, &["POST", "Accept: text/html", "Origin: https://evil.test"]).await;
            assert_eq!(told, "foreign-origin: 403 BadRequest", "{path} {who}");
        }
    }
}

#[tokio::test]
async fn a_frame_is_led_out_of_and_comes_back_to_the_page_around_it() {
    let house = Rehearsed::of(|_| {});
    let framed = |referer| ["GET", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe", referer];
    for (referer, back) in [
        ("Referer: http://a.test:8080/menu?x=1", "&return=/menu%3Fx%3D1"),
        ("Referer: http://a.test:8080/logout.php", ""),
        ("Referer: http://a.test:8080/", ""),
        ("Referer: https://evil.test/menu", ""),
    ] {
        let told = house.told("/dossier", "", &framed(referer)).await;
        assert_eq!(told, format!("not-signed-in: out of the frame to {LOGIN}{back}"), "{referer}");
    }
}

#[tokio::test]
async fn what_a_body_holds_decides_where_the_head_cannot() {
    let house = Rehearsed::of(|agency| agency.adapter = form_replay());
    let head = head("a.test:8080", "/contact.php", "resident", FORM);
    for (found, expected) in [
        (Found::Nothing(Sent::AsIs), "signed-in: goes on"),
        (Found::Leaving, "signed-in: goes on"),
        (Found::Login, "credentials-post: 403 OldLogin"),
        (Found::Logout, "legacy-logout: 307 /.vestibule/logout"),
        (Found::TooSlow, "signed-in: 408 BadRequest"),
    ] {
        assert_eq!(house.finding(&head, Connection::Fits, found).await, expected);
    }
}

#[tokio::test]
async fn a_connection_that_is_for_something_else_reaches_no_extranet() {
    let house = Rehearsed::of(|agency| agency.public = origin("https://a.test"));
    for (host, connection, way, expected) in [
        ("a.test", Connection::ForAnother, PAGE, "misdirected: 421"),
        ("www.test", Connection::ForAnother, PAGE, "misdirected: 421"),
        ("a.test", Connection::OnlyLeads, PAGE, "to-https: 301 https://a.test/dossier?n=1"),
        ("a.test", Connection::OnlyLeads, FORM, "to-https: 403"),
        ("nobody.test", Connection::OnlyLeads, PAGE, "unknown-host: 421"),
        ("nobody.test", Connection::Fits, PAGE, "unknown-host: 421"),
        ("old.test", Connection::Fits, PAGE, "moved: 301 https://www.test/dossier?n=1"),
        ("old.test", Connection::Fits, FORM, "moved: 410"),
        ("www.test", Connection::Fits, FORM, "portal: a page"),
    ] {
        let head = head(host, "/dossier?n=1", "resident", way);
        let told = house.finding(&head, connection, Found::Nothing(Sent::AsIs)).await;
        assert_eq!(told, expected, "{host} {connection:?} {way:?}");
    }
}

#[tokio::test]
async fn on_a_shared_host_nobody_is_forwarded_before_it_is_known_which_agency_is_meant() {
    let shared = |societe: &str, public: &Origin| {
        let mut agency = agency(1);
        agency.code = crate::domain::agency_code::AgencyCode::parse("SPI31", societe).expect("codes");
        agency.accounts = crate::domain::accounts::Accounts::SharedHost;
        agency.public = public.clone();
        agency
    };
    let public = origin("http://a.test:8080");
    let house =
        Rehearsed::in_a(Directory::new(origin("https://www.test"), [shared("01", &public), shared("02", &public)]));
    for (who, way, expected) in [
        ("", PAGE, "no-agency: 303 https://www.test/login?host=a.test&return=/dossier"),
        ("", PART, "not-signed-in-part: 401"),
        ("", FORM, "form-too-late: 303 /.vestibule/not-sent"),
        ("store-is-down", PAGE, "sessions-unavailable: 503 Unavailable"),
        ("resident", PAGE, "signed-in: goes on"),
        ("resident", PART, "signed-in: goes on"),
    ] {
        assert_eq!(house.told("/dossier", who, way).await, expected, "{who} {way:?}");
    }
    let from_elsewhere = ["POST", "Accept: text/html", "Origin: https://evil.test"];
    assert_eq!(house.told("/dossier", "", &from_elsewhere).await, "foreign-origin: 403 BadRequest");
}
