//! The whole road through extranets that work as frameworks make them: from the old credentials to the way out.

use reqwest::Method;

use crate::support::{
    echo::{Account, Echo},
    gateway::Gateway,
    page,
    person::{Person, Request},
    raw::Raw,
    site::{Agency, Site},
};

const LOGIN: &str = "/login?client=DEMO&societe=A";
const EMAIL: &str = "amelie@residents.example";
const CHOSEN: &str = "Platane-58-vert";
const PASSWORD: &str = "p&s=w+rd 100% \"é'<9>";

/// Amélie at such an extranet, as its operator has described it.
struct Road {
    extranet: Echo,
    gateway: Gateway,
    amelie: Person,
}

impl Road {
    fn build(file: &str, cookies: &str) -> Self {
        let accounts = [("amelie", PASSWORD), ("bruno", "Locataire-2019")];
        let extranet = Echo::start(accounts.map(|(login, password)| Account::new(login, password, "", "")).to_vec());
        let agency = Agency::from_toml("agence-a", file)
            .set("client", "DEMO")
            .set("societe", "A")
            .set("name", "Agence du Port")
            .set("cookies", cookies)
            .set("upstream.url", extranet.origin());
        let gateway = Gateway::start(&Site::new().agency(agency));
        let amelie = Person::new(&gateway);
        Self { extranet, gateway, amelie }
    }

    fn at(&self, path: &str) -> String {
        self.gateway.agency("agence-a", path).to_string()
    }

    /// Wrong credentials, the right ones, the wizard, and in.
    fn enter(&mut self, start: &str) {
        let amelie = &mut self.amelie;
        amelie.open(LOGIN).fill("login", "amelie").fill("password", "faux").press("Connexion");
        amelie.see("Ce couple identifiant et mot de passe est inconnu");
        amelie.fill("login", "amelie").fill("password", PASSWORD).press("Connexion").see("évolue");
        amelie.press("Étape suivante").fill("email", EMAIL).press("Continuer");
        amelie.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
        let code = self.gateway.letter_to(EMAIL).code();
        amelie.fill("code", &code).press("Valider").see("Votre compte est à jour");
        self.come_back(start);
    }

    fn come_back(&mut self, start: &str) {
        let amelie = &mut self.amelie;
        amelie.open(LOGIN).fill("login", EMAIL).fill("password", CHOSEN).press("Connexion").see("Bonjour amelie");
        let here = amelie.here().url.clone();
        assert_eq!(here.as_str().split('?').next(), Some(self.gateway.agency("agence-a", start).as_str()));
    }

    /// Opens a page; what leads on is followed.
    fn open(&mut self, path: &str) -> &mut Person {
        let url = self.at(path);
        self.amelie.open(url);
        while let Some(to) = page::attribute(&self.amelie.here().text(), "meta[http-equiv=refresh]", "content") {
            let to = to.split_once("url=").expect("where it leads").1.to_owned();
            let to = self.amelie.here().url.join(&to).expect("an address");
            self.amelie.open(to);
        }
        &mut self.amelie
    }

    /// A form that is sent arrives; a session that has ended is renewed once; a form that comes too late is shown.
    fn work(&mut self, path: &str) {
        self.open(path).fill("texte", "Fuite d'eau").press("Envoyer").see("Reçu : Fuite d'eau");
        for _ in 0..2 {
            let before = self.extranet.sign_ins();
            self.extranet.expire_sessions();
            self.open(path).see("Bonjour amelie");
            assert_eq!(self.extranet.sign_ins() - before, 1, "{path}");
        }
        self.open(path);
        self.extranet.expire_sessions();
        self.amelie.fill("texte", "Il pleut à l'étage <2>").press("Envoyer");
        if self.amelie.sees("Continuer / Continue") {
            self.amelie.press("Continuer / Continue");
        }
        self.amelie.see("Votre formulaire n'a pas été envoyé").see("Il pleut à l'étage <2>");
        self.open(path).see("Bonjour amelie").miss("Reçu");
    }

    /// Who has left is nobody here and there, and is not signed in unseen.
    fn has_left(&mut self, path: &str) {
        if self.amelie.sees("Voulez-vous vous déconnecter") {
            self.amelie.press("Se déconnecter");
        }
        self.amelie.see("Vous êtes déconnecté");
        assert_eq!(self.extranet.live_sessions(), 0);
        self.open(path).see("Email ou identifiant");
    }

    fn leave_by_the_portal(&mut self, path: &str) {
        self.amelie.open("/account").press("Se déconnecter");
        self.has_left_quietly(path);
    }

    fn has_left_quietly(&mut self, path: &str) {
        assert_eq!(self.extranet.live_sessions(), 0);
        self.open(path).see("Email ou identifiant");
    }
}

#[test]
fn a_resident_works_where_forms_are_taken_from_the_address_that_the_extranet_has_for_itself() {
    for (cookies, forwarded) in [("relay", "upstream"), ("jar", "none")] {
        let file = format!(
            r#"
            start = "/registre/accueil"
            [upstream]
            forwarded = "{forwarded}"
            [sign_in]
            adapter = "form-replay"
            [sign_in.form]
            page = "/registre/login"
            login_field = "nom"
            password_field = "sesame"
            success = [{{ redirect = "/registre/accueil" }}]
            failure = [{{ element = "p.erreur" }}]
            [sign_in.form.logout]
            page = "/registre/logout"
            form = "/registre/logout"
            [paths]
            login = ["/registre/login"]
            logout = ["/registre/logout"]
            "#
        );
        let mut road = Road::build(&file, cookies);
        road.enter("/registre/accueil");
        road.work("/registre/lot/7");
        road.open("/registre/accueil").follow("Quitter");
        road.has_left("/registre/accueil");
        road.come_back("/registre/accueil");
        road.leave_by_the_portal("/registre/accueil");
    }
}

#[test]
fn a_resident_works_where_one_address_does_everything_and_shows_its_login_in_the_place_of_pages() {
    for (cookies, forwarded) in [("relay", "upstream"), ("jar", "none")] {
        let file = format!(
            r#"
            start = "/guichet/"
            [upstream]
            forwarded = "{forwarded}"
            [sign_in]
            adapter = "form-replay"
            [sign_in.form]
            page = "/guichet/"
            login_field = "nom"
            password_field = "sesame"
            success = [{{ redirect = "/guichet/?@ok_message=" }}]
            failure = [{{ redirect = "/guichet/?@error_message=" }}]
            [sign_in.form.logout]
            page = "/guichet/"
            link = "a[href*='@action=logout']"
            [paths]
            logout = ["/guichet/?@action=logout"]
            [logout]
            fields = ["@action=logout"]
            [session_over]
            element = "form#entrer"
            "#
        );
        let mut road = Road::build(&file, cookies);
        road.enter("/guichet/");
        // Its front takes forms as any page does, and a login nowhere.
        for path in ["/guichet/", "/guichet/dossier7"] {
            road.work(path);
            road.open(path);
            let login = "%40action=login&nom=bruno&sesame=Locataire-2019";
            let request = posted(&road.at(path), "application/x-www-form-urlencoded", login);
            assert_eq!(road.amelie.ask(request).status, 403, "{path}");
            road.open(path).see("Bonjour amelie");
        }
        road.amelie.follow("Quitter");
        road.has_left("/guichet/");
        road.come_back("/guichet/");
        let out = posted(&road.at("/guichet/"), "application/x-www-form-urlencoded", "%40action=logout");
        let answer = road.amelie.visit(out);
        assert!(page::words(&answer.text()).contains("Vous êtes déconnecté"), "{}", answer.text());
        road.has_left_quietly("/guichet/");
        road.come_back("/guichet/");
        road.leave_by_the_portal("/guichet/");
    }
}

#[test]
fn a_resident_works_where_basic_at_one_address_sets_a_cookie_and_403_says_two_things() {
    for cookies in ["relay", "jar"] {
        let file = r#"
            start = "/atelier/wiki"
            [upstream]
            [sign_in]
            adapter = "http-basic"
            [sign_in.basic]
            page = "/atelier/login"
            session = true
            success = [{ cookie = "SESSION" }]
            [sign_in.basic.logout]
            page = "/atelier/wiki"
            form = "/atelier/logout"
            [paths]
            login = ["/atelier/login"]
            logout = ["/atelier/logout"]
            [session_over]
            statuses = [401, 403]
        "#;
        let mut road = Road::build(file, cookies);
        road.enter("/atelier/wiki");
        road.work("/atelier/ticket/7");
        // A page that is not for her costs one sign-in, and is shown as it is.
        let before = road.extranet.sign_ins();
        road.open("/atelier/reserve").see("Réservé au conseil syndical");
        assert_eq!((road.amelie.here().status, road.extranet.sign_ins() - before), (403, 1), "{cookies}");
        // That left a session of nobody's behind.
        road.extranet.expire_sessions();
        road.open("/atelier/wiki").press("Quitter");
        road.has_left("/atelier/wiki");
        road.come_back("/atelier/wiki");
        road.leave_by_the_portal("/atelier/wiki");
    }
}

#[test]
fn a_resident_works_where_the_token_is_looked_at_before_the_session() {
    for cookies in ["relay", "jar"] {
        let file = r#"
            start = "/bureau/"
            [upstream]
            [sign_in]
            adapter = "form-replay"
            [sign_in.form]
            page = "/bureau/login"
            login_field = "nom"
            password_field = "sesame"
            success = [{ redirect_elsewhere = "/bureau/login" }]
            failure = [{ redirect = "/bureau/login" }]
            [sign_in.form.logout]
            get = "/bureau/logout"
            [paths]
            login = ["/bureau/login"]
            logout = ["/bureau/logout"]
            [session_over]
            statuses = [401, 403]
        "#;
        let mut road = Road::build(file, cookies);
        road.enter("/bureau/");
        road.work("/bureau/lot/7");
        // A script sends a file as JSON, with the token of its page.
        road.open("/bureau/");
        let token = page::attribute(&road.amelie.here().text(), "input[name=_csrf]", "value").expect("a token");
        let body = "x".repeat(300 * 1024);
        let request = posted(&road.at("/bureau/d%C3%A9compte%20n%C2%B01.pdf"), "application/json", &body)
            .method(Method::PUT)
            .header("x-xsrftoken", &token)
            .header("sec-fetch-mode", "cors");
        let answer = road.amelie.ask(request);
        assert_eq!((answer.status, answer.json()["length"].as_u64()), (201, Some(300 * 1024)));
        // A WebSocket is let in from the public name, which the extranet takes for its own, and from no other.
        let (url, port) = (road.gateway.agency("agence-a", "/bureau/fil"), road.gateway.port());
        let cookies = road.amelie.cookie_line(&url);
        for (origin, status) in
            [(url.origin().ascii_serialization(), 101), ("https://ailleurs.example".to_owned(), 403)]
        {
            let mut socket = Raw::connect(port);
            socket.send(format!(
                "GET /bureau/fil HTTP/1.1\r\nHost: agence-a.localhost:{port}\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Origin: {origin}\r\nCookie: {cookies}\r\n\r\n"
            ));
            assert_eq!(socket.answer().map(|answer| answer.status), Some(status), "{origin}");
        }
        road.open("/bureau/").follow("Quitter");
        road.has_left("/bureau/");
        road.come_back("/bureau/");
        road.leave_by_the_portal("/bureau/");
    }
}

/// Something that a page of this host sends.
fn posted(at: &str, kind: &str, body: &str) -> Request {
    let url = url::Url::parse(at).expect("an address");
    let origin = url.origin().ascii_serialization();
    Request::get(url)
        .method(Method::POST)
        .header("origin", &origin)
        .header("referer", at)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", kind)
        .body(body)
}
