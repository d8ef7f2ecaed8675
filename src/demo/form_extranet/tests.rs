use std::future::pending;

use encoding_rs::WINDOWS_1252;
use percent_encoding::percent_encode;
use reqwest::{Client, Response, multipart};

use super::*;
use crate::demo::{
    data::form_accounts,
    testing::{browser, header, listen, run},
};

/// A running extranet and one browser in front of it.
struct Visit {
    origin: String,
    handle: Handle,
    browser: Client,
}

impl Visit {
    async fn begin() -> Self {
        let (listener, address) = listen().await;
        let extranet = FormExtranet::new(&address, form_accounts());
        let handle = extranet.handle();
        run(extranet.serve(listener, pending()));
        Self { origin: format!("http://{address}"), handle, browser: browser() }
    }

    async fn signed_in() -> Self {
        let visit = Self::begin().await;
        assert_eq!(visit.sign_in("durand", "Syndic-2019").await.status(), 302);
        visit
    }

    async fn get(&self, path: &str) -> Response {
        self.browser.get(format!("{}{path}", self.origin)).send().await.unwrap()
    }

    async fn read(&self, path: &str) -> String {
        latin(self.get(path).await).await
    }

    async fn token(&self) -> String {
        let page = self.read("/identification.php").await;
        let (_, rest) = page.split_once("name=\"jeton\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn sign_in(&self, login: &str, password: &str) -> Response {
        let token = self.token().await;
        self.post_sign_in(&token, login, password).await
    }

    async fn post_sign_in(&self, token: &str, login: &str, password: &str) -> Response {
        let fields = [("identifiant", login), ("motdepasse", password), ("jeton", token)];
        self.post_latin("/identification.php", &fields).await
    }

    /// As a browser posts a form of an ISO-8859-1 page.
    async fn post_latin(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encode(&WINDOWS_1252.encode(value).0, NON_ALPHANUMERIC)))
            .collect();
        let request = self.browser.post(format!("{}{path}", self.origin)).body(pairs.join("&"));
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }
}

async fn latin(answer: Response) -> String {
    WINDOWS_1252.decode(&answer.bytes().await.unwrap()).0.into_owned()
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_form_at_the_extranets_own_address() {
    let visit = Visit::begin().await;
    let home = visit.browser.get(&visit.origin).header("host", "agence.example").send().await.unwrap();
    assert_eq!(home.status(), 302);
    assert_eq!(header(&home, "location"), format!("{}/accueil.php", visit.origin));
    let statement = visit.get("/releve.php?an=2026").await;
    assert_eq!(statement.status(), 302);
    assert_eq!(
        header(&statement, "location"),
        format!("{}/identification.php?retour=%2Freleve%2Ephp%3Fan%3D2026", visit.origin)
    );
    for public in ["/mentions.php", "/static/style.css", "/static/logo.gif"] {
        assert_eq!(visit.get(public).await.status(), 200, "{public}");
    }
    assert_eq!(visit.get("/annuaire.php").await.status(), 404);
}

#[tokio::test]
async fn every_resident_signs_in_and_is_greeted() {
    for account in form_accounts() {
        let visit = Visit::begin().await;
        let answer = visit.sign_in(&account.login, &account.password).await;
        assert_eq!(answer.status(), 302);
        assert_eq!(header(&answer, "location"), format!("{}/accueil.php", visit.origin));
        assert!(header(&answer, "set-cookie").ends_with("; Path=/; HttpOnly"));
        let home = visit.read("/accueil.php").await;
        assert!(home.contains(&format!("Bonjour {}", account.name)));
        assert!(home.contains(&format!("connecté en tant que {}", account.login)));
        assert_eq!((visit.handle.sign_ins(), visit.handle.live_sessions()), (1, 1));
    }
}

#[tokio::test]
async fn sign_in_leads_back_to_the_page_that_was_asked() {
    let visit = Visit::begin().await;
    let page = visit.read("/identification.php?retour=%2Freleve.php%3Fan%3D2026").await;
    assert!(page.contains("name=\"retour\" value=\"/releve.php?an=2026\""));
    let token = visit.token().await;
    let fields = [
        ("identifiant", "durand"),
        ("motdepasse", "Syndic-2019"),
        ("jeton", &token),
        ("retour", "/releve.php?an=2026"),
    ];
    let answer = visit.post_latin("/identification.php", &fields).await;
    assert_eq!(header(&answer, "location"), format!("{}/releve.php?an=2026", visit.origin));
}

#[tokio::test]
async fn a_token_works_once_and_only_once() {
    let visit = Visit::begin().await;
    let token = visit.token().await;
    let wrong = visit.post_sign_in(&token, "durand", "syndic-2019").await;
    assert_eq!(wrong.status(), 200);
    assert!(latin(wrong).await.contains("<div class=\"erreur\">Identifiant ou mot de passe incorrect</div>"));
    assert_eq!(visit.post_sign_in(&token, "durand", "Syndic-2019").await.status(), 403);
    assert_eq!(visit.post_sign_in("", "durand", "Syndic-2019").await.status(), 403);
    assert_eq!(visit.handle.attempts("durand"), 1);
}

#[tokio::test]
async fn a_blocked_account_says_so() {
    let visit = Visit::begin().await;
    for _ in 0..register::WRONG_TRIES {
        visit.sign_in("durand", "?").await;
    }
    let blocked = visit.sign_in("durand", "Syndic-2019").await;
    assert_eq!(blocked.status(), 200);
    assert!(latin(blocked).await.contains("<div class=\"erreur\">Compte bloqué</div>"));
}

#[tokio::test]
async fn pages_are_written_in_the_old_charset() {
    let visit = Visit::begin().await;
    visit.sign_in("loc-0077", "0412").await;
    let home = visit.get("/accueil.php").await;
    assert_eq!(header(&home, "content-type"), "text/html; charset=ISO-8859-1");
    let bytes = home.bytes().await.unwrap();
    let holds = |wanted: &[u8]| bytes.windows(wanted.len()).any(|bytes| bytes == wanted);
    assert!(holds(b"Bonjour Zo\xe9 \x8cuvrard"));
    assert!(!holds("é".as_bytes()));
}

#[tokio::test]
async fn a_download_comes_whole_in_part_or_not_again() {
    let visit = Visit::signed_in().await;
    let whole = visit.get("/releve.pdf").await;
    let etag = header(&whole, "etag").to_owned();
    assert_eq!(header(&whole, "content-disposition"), "attachment; filename=\"releve.pdf\"");
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    let content = whole.bytes().await.unwrap();
    assert!(content.len() > STATEMENT_FILLER);

    let asked = |name: &'static str, value: String| {
        visit.browser.get(format!("{}/releve.pdf", visit.origin)).header(name, value).send()
    };
    let part = asked("range", "bytes=1000-1999".to_owned()).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), format!("bytes 1000-1999/{}", content.len()));
    assert_eq!(part.bytes().await.unwrap(), content.slice(1000..2000));
    assert_eq!(asked("range", format!("bytes={}-", content.len())).await.unwrap().status(), 416);
    assert_eq!(asked("if-none-match", etag).await.unwrap().status(), 304);

    let head = visit.browser.head(format!("{}/releve.pdf", visit.origin)).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), content.len().to_string());
}

#[tokio::test]
async fn an_upload_is_counted_and_told_on_the_next_page() {
    let visit = Visit::signed_in().await;
    let content = vec![b'\r'; 3_000_000];
    let digest = HEXLOWER.encode(&Sha256::digest(&content));
    let file = multipart::Part::bytes(content).file_name("photo <1>.jpg");
    let form = multipart::Form::new().text("message", "Fuite d'eau\r\nau 3e").part("fichier", file);
    let request = visit.browser.post(format!("{}/message.php", visit.origin)).multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(header(&answer, "location"), format!("{}/message.php?envoye=1", visit.origin));
    let receipt = visit.read("/message.php?envoye=1").await;
    for told in ["photo &lt;1&gt;.jpg", "3000000 octets", &digest, "Fuite d&#39;eau"] {
        assert!(receipt.contains(told), "{told}");
    }
    assert!(!visit.read("/message.php").await.contains("octets"));
}

#[tokio::test]
async fn signing_out_or_the_night_ends_a_session() {
    let visit = Visit::signed_in().await;
    assert_eq!(
        header(&visit.get("/deconnexion.php").await, "location"),
        format!("{}/identification.php", visit.origin)
    );
    assert_eq!(visit.get("/accueil.php").await.status(), 302);
    visit.sign_in("durand", "Syndic-2019").await;
    assert_eq!(visit.get("/accueil.php").await.status(), 200);
    visit.handle.expire_sessions();
    assert_eq!(visit.handle.live_sessions(), 0);
    assert_eq!(visit.get("/accueil.php").await.status(), 302);
}

#[tokio::test]
async fn a_session_from_before_the_sign_in_is_worth_nothing_after_it() {
    let visit = Visit::begin().await;
    let form = visit.get("/identification.php").await;
    let planted = header(&form, "set-cookie").split(';').next().unwrap().to_owned();
    visit.sign_in("durand", "Syndic-2019").await;
    let stranger = browser().get(format!("{}/accueil.php", visit.origin)).header("cookie", planted);
    assert_eq!(stranger.send().await.unwrap().status(), 302);
}

#[tokio::test]
async fn a_password_that_was_changed_replaces_the_old_one() {
    let visit = Visit::signed_in().await;
    let wrong = visit.post_latin("/motdepasse.php", &[("ancien", "?"), ("nouveau", "Été 2026")]).await;
    assert!(latin(wrong).await.contains("Ancien mot de passe incorrect"));
    let right = visit.post_latin("/motdepasse.php", &[("ancien", "Syndic-2019"), ("nouveau", "Été 2026")]).await;
    assert!(latin(right).await.contains("Mot de passe changé"));
    visit.get("/deconnexion.php").await;
    assert_eq!(visit.sign_in("durand", "Syndic-2019").await.status(), 200);
    assert_eq!(visit.sign_in("durand", "Été 2026").await.status(), 302);
}

#[tokio::test]
async fn the_headers_that_arrived_are_shown_as_text() {
    let visit = Visit::signed_in().await;
    let request = visit.browser.get(format!("{}/entetes.php", visit.origin)).header("x-essai", "<b>é</b>");
    let page = latin(request.send().await.unwrap()).await;
    assert!(page.contains("x-essai</th><td>&lt;b&gt;é&lt;/b&gt;"));
}

#[tokio::test]
async fn a_long_poll_answers_when_its_time_has_come() {
    let visit = Visit::signed_in().await;
    assert_eq!(visit.get("/attente.php?s=0").await.text().await.unwrap(), "0 secondes");
    assert_eq!(visit.get("/attente.php").await.status(), 200);
}
