//! A real Radicale, unmodified: calendars by its own methods, behind trusted headers, its residents from a roster.

use std::fs;

use reqwest::Method;

use crate::support::{
    gateway::Gateway,
    package,
    person::{Answer, Person, Request},
    real_app::RealApp,
    site::{Agency, Site},
};

const CHOSEN: &str = "Platane-58-vert";
const LOGIN: &str = "/login?client=DEMO&societe=AGENDA";
const WHO: &str = "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><current-user-principal/></prop></propfind>";
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//FR\r\nBEGIN:VEVENT\r\nUID:ag\r\n\
    DTSTAMP:20261101T090000Z\r\nDTSTART:20261112T180000Z\r\nSUMMARY:Assemblée générale\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const REPORT: &str = "<?xml version=\"1.0\"?><C:calendar-query xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
    <prop><C:calendar-data/></prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter></C:calendar-query>";

struct House {
    // Dropped before the gateway, which says where it is.
    _radicale: RealApp,
    gateway: Gateway,
}

impl House {
    fn build() -> Self {
        let radicale = RealApp::radicale();
        let file = fs::read_to_string(package().join("config/examples/webdav.toml")).expect("the example");
        let agency = Agency::from_toml("agence-a", &file).set("upstream.url", radicale.origin());
        let gateway = Gateway::start(&Site::new().agency(agency));
        let roster = gateway.folder().join("roster.csv");
        fs::write(
            &roster,
            "login,password,name,kind\nadufour,Prov-4471-x,Amélie Dufour,locataire\nC10023,Prov-9028-y,,\n",
        )
        .expect("the roster");
        let done = gateway.run("import", &["--agency", "DEMO/AGENDA", roster.to_str().expect("a path")]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self { _radicale: radicale, gateway }
    }

    /// Goes through the wizard with provisional credentials, and in.
    fn resident(&self, login: &str, password: &str, email: &str) -> Person {
        let mut person = Person::new(&self.gateway);
        person.open(LOGIN).fill("login", login).fill("password", password).press("Connexion").see("évolue");
        person.press("Étape suivante").fill("email", email).press("Continuer");
        // b20: the provisional password has to be changed.
        person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
        let code = self.gateway.letter_to(email).code();
        person.fill("code", &code).press("Valider").see("Votre compte est à jour");
        person.open(LOGIN).fill("login", email).fill("password", CHOSEN).press("Connexion");
        person
    }

    fn dav(&self, person: &mut Person, method: &str, path: &str, body: &str, more: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(self.gateway.agency("agence-a", path))
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .body(body);
        // As calendar programs ask: no browser's own headers.
        for name in ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "upgrade-insecure-requests", "accept"] {
            request = request.without(name);
        }
        let kind = if body.starts_with('<') { "application/xml" } else { "text/calendar; charset=utf-8" };
        request = request.header("content-type", kind).header("depth", "1");
        for (name, value) in more {
            request = request.header(name, value);
        }
        person.ask(request)
    }
}

#[test]
fn b02_residents_of_a_roster_keep_their_calendars_in_radicale() {
    let house = House::build();
    let mut amelie = house.resident("adufour", "Prov-4471-x", "amelie@residents.example");
    let who = house.dav(&mut amelie, "PROPFIND", "/", WHO, &[]);
    assert_eq!((who.status, who.text().contains("<href>/adufour/</href>")), (207, true), "{}", who.text());
    let made = house.dav(&mut amelie, "MKCALENDAR", "/adufour/agenda/", "", &[]);
    assert_eq!(made.status, 201, "{}", made.text());
    let put = house.dav(&mut amelie, "PUT", "/adufour/agenda/ag.ics", EVENT, &[]);
    assert_eq!(put.status, 201, "{}", put.text());
    let etag = put.header("etag").to_owned();
    let report = house.dav(&mut amelie, "REPORT", "/adufour/agenda/", REPORT, &[]);
    assert_eq!((report.status, report.text().contains("Assemblée générale")), (207, true), "{}", report.text());
    let changed = EVENT.replace("générale", "extraordinaire");
    let late = house.dav(&mut amelie, "PUT", "/adufour/agenda/ag.ics", &changed, &[("if-match", "\"other\"")]);
    assert_eq!(late.status, 412, "{}", late.text());
    let put = house.dav(&mut amelie, "PUT", "/adufour/agenda/ag.ics", &changed, &[("if-match", &etag)]);
    assert!(matches!(put.status, 201 | 204), "{} {}", put.status, put.text());

    // Whoever else she says she is, in whichever spelling.
    for spelling in ["X-Remote-User", "X_Remote_User", "x_remote-user", "X-REMOTE-USER"] {
        let who = house.dav(&mut amelie, "PROPFIND", "/", WHO, &[(spelling, "C10023")]);
        assert!(who.text().contains("<href>/adufour/</href>") && !who.text().contains("C10023"), "{}", who.text());
    }
    let mut benoit = house.resident("C10023", "Prov-9028-y", "benoit@residents.example");
    let foreign = house.dav(&mut benoit, "GET", "/adufour/agenda/ag.ics", "", &[]);
    assert_eq!(foreign.status, 403, "{}", foreign.text());

    let gone = house.dav(&mut amelie, "DELETE", "/adufour/agenda/ag.ics", "", &[]);
    assert_eq!(gone.status, 200, "{}", gone.text());
    amelie.open("/account").press("Se déconnecter");
    let out = house.dav(&mut amelie, "PROPFIND", "/", WHO, &[]);
    assert_eq!(out.status, 401, "a program is not led to a page: {}", out.text());
    assert!(out.headers.get("location").is_none());
}

#[test]
fn b20_provisional_credentials_work_once_and_within_their_time() {
    let house = House::build();
    house.resident("adufour", "Prov-4471-x", "amelie@residents.example");
    let mut again = Person::new(&house.gateway);
    again.open(LOGIN).fill("login", "adufour").fill("password", "Prov-4471-x").press("Connexion").miss("évolue");
    house.gateway.end_provisional_passwords("expires_at");
    let mut late = Person::new(&house.gateway);
    late.open(LOGIN).fill("login", "C10023").fill("password", "Prov-9028-y").press("Connexion");
    late.see("Vos identifiants provisoires ne sont plus valables").miss("évolue");
    let mut nobody = Person::new(&house.gateway);
    for method in ["PROPFIND", "REPORT", "MKCALENDAR", "PUT", "DELETE", "PROPPATCH", "MOVE", "COPY"] {
        let answer = house.dav(&mut nobody, method, "/adufour/", WHO, &[("x-remote-user", "adufour")]);
        assert_eq!(answer.status, 401, "{method}");
    }
}
