//! A letting agency's extranet of 2011 that believes the headers a gateway sets, and has no sign-in of its own.

use std::{
    collections::HashMap,
    future::Future,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Router,
    extract::{FromRequestParts, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    data::{Account, Kind},
    document::Document,
    html::{escape, headers_table, table},
};

const USER: &str = "x-extranet-user";
const NAME: &str = "x-extranet-name";
const KIND: &str = "x-extranet-kind";

const NOTICES: [(&str, &str); 2] = [
    ("16/11/2026", "Entretien annuel des chaudières : le technicien passera la semaine du 7 décembre."),
    ("02/11/2026", "Les quittances d'octobre sont disponibles."),
];

/// The months whose receipt can be downloaded, with how they are written.
const RECEIPTS: [(&str, &str); 3] =
    [("2026-10", "octobre 2026"), ("2026-09", "septembre 2026"), ("2026-08", "août 2026")];

/// The sample of an extranet that trusts `X-Extranet-User`, `X-Extranet-Name` (percent-encoded UTF-8) and
/// `X-Extranet-Kind`.
#[derive(Debug)]
pub struct HeaderExtranet {
    agency: Arc<Agency>,
}

/// What all requests share.
#[derive(Debug)]
struct Agency {
    accounts: Vec<Account>,
    /// The last message of each login.
    messages: Mutex<HashMap<String, Message>>,
}

/// Who asks, as far as the headers say.
struct Caller {
    login: String,
    name: String,
    kind: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Message {
    #[serde(default)]
    sujet: String,
    #[serde(default)]
    message: String,
}

impl HeaderExtranet {
    /// An extranet with these files; whoever the headers name may enter, with a file or without.
    #[must_use]
    pub fn new(accounts: Vec<Account>) -> Self {
        Self { agency: Arc::new(Agency { accounts, messages: Mutex::default() }) }
    }

    /// Answers until `stop`, then finishes what is under way.
    ///
    /// # Errors
    ///
    /// Where the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        axum::serve(listener, router(self.agency)).with_graceful_shutdown(stop).await
    }
}

impl Agency {
    fn file(&self, login: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.login == login)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = (StatusCode, Html<String>);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let [login, name, kind] = [USER, NAME, KIND]
            .map(|header| parts.headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default());
        if login.is_empty() {
            let body = "<p>Cet espace s'ouvre depuis le portail de l'agence.</p>\n\
                        <p><a href=\"/public/\">L'agence</a></p>\n";
            return Err((StatusCode::FORBIDDEN, page("Accès réservé", None, body)));
        }
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        let kind = Kind::parse(kind).map_or(kind, |kind| kind.label()).to_owned();
        Ok(Self { login: login.to_owned(), name, kind })
    }
}

type Letting = State<Arc<Agency>>;

fn router(agency: Arc<Agency>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/quittances/", get(receipts))
        .route("/quittances/{file}", get(receipt))
        .route("/contact", get(contact).post(send))
        .route("/profil", get(profile))
        .route("/entetes", get(echo_headers))
        .route("/api/solde", get(balance))
        .route("/public/", get(about))
        .route("/public/style.css", get(style))
        .route("/deconnexion", get(goodbye))
        .fallback(async || (StatusCode::NOT_FOUND, page("Page introuvable", None, "")))
        .with_state(agency)
}

async fn home(caller: Caller) -> Html<String> {
    let body = format!("<p>Bonjour {} ({})</p>\n{}", escape(&caller.name), escape(&caller.kind), table(NOTICES));
    page("Votre espace", Some(&caller), &body)
}

async fn receipts(caller: Caller) -> Html<String> {
    let links = RECEIPTS
        .map(|(month, words)| format!("<li><a href=\"/quittances/{month}.pdf\">Quittance de {words}</a></li>\n"));
    page("Quittances", Some(&caller), &format!("<ul>\n{}</ul>\n", links.concat()))
}

async fn receipt(caller: Caller, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let month = file.strip_suffix(".pdf").unwrap_or_default();
    let Some((_, words)) = RECEIPTS.iter().find(|(known, _)| *known == month) else {
        return (StatusCode::NOT_FOUND, page("Page introuvable", Some(&caller), "")).into_response();
    };
    let title = format!("Quittance de {words}");
    Document::pdf(&file, &["Agence des Tilleuls", &title, &caller.name], 0).answer(&headers)
}

async fn contact(State(agency): Letting, caller: Caller, RawQuery(query): RawQuery) -> Html<String> {
    let messages = agency.messages.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = messages.get(&caller.login).filter(|_| query.as_deref() == Some("envoye=1"));
    let confirmation = sent.map_or_else(String::new, |sent| {
        let rows = table([("Sujet", &sent.sujet), ("Message", &sent.message)]);
        format!("<p class=\"succes\">Votre message a bien été envoyé.</p>\n{rows}")
    });
    let body = format!(
        r#"{confirmation}<form method="post" action="contact">
<p><label for="sujet">Sujet</label><br><input id="sujet" name="sujet" size="40"></p>
<p><label for="message">Message</label><br><textarea id="message" name="message" rows="8" cols="50"></textarea></p>
<p><button>Envoyer</button></p>
</form>
"#
    );
    page("Contact", Some(&caller), &body)
}

async fn send(State(agency): Letting, caller: Caller, Form(message): Form<Message>) -> Response {
    agency.messages.lock().unwrap_or_else(PoisonError::into_inner).insert(caller.login, message);
    (StatusCode::SEE_OTHER, [(header::LOCATION, "contact?envoye=1")]).into_response()
}

async fn profile(State(agency): Letting, caller: Caller) -> Html<String> {
    let file = agency.file(&caller.login);
    let rows = [
        ("Nom", caller.name.as_str()),
        ("Qualité", &caller.kind),
        ("Identifiant", &caller.login),
        ("Adresse e-mail", file.and_then(|file| file.email.as_deref()).unwrap_or("non renseignée")),
        ("Logement", file.map_or("non renseigné", |file| &file.lot)),
    ];
    page("Profil", Some(&caller), &table(rows))
}

async fn echo_headers(caller: Caller, headers: HeaderMap) -> Html<String> {
    page("En-têtes reçus", Some(&caller), &headers_table(&headers))
}

async fn balance(caller: Caller) -> impl IntoResponse {
    // Some amount that differs from one resident to the next, in cents.
    let cents = caller.login.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 100_000);
    let answer = json!({
        "identifiant": caller.login,
        "nom": caller.name,
        "qualite": caller.kind,
        "solde_centimes": cents,
        "devise": "EUR",
    });
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], answer.to_string())
}

async fn about() -> Html<String> {
    let body = "<p>L'Agence des Tilleuls gère vos locations. Cette agence est imaginaire, pour la démonstration de \
                Vestibule.</p>\n";
    page("L'agence", None, body)
}

async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("header_extranet/style.css"))
}

async fn goodbye() -> Html<String> {
    page("Au revoir", None, "<p>Vous avez quitté votre espace. À bientôt.</p>\n")
}

fn page(title: &str, caller: Option<&Caller>, body: &str) -> Html<String> {
    let menu = caller.map_or_else(String::new, |caller| {
        format!(
            "<div class=\"menu\"><a href=\"/\">Accueil</a> · <a href=\"/quittances/\">Quittances</a> · \
             <a href=\"/contact\">Contact</a> · <a href=\"/profil\">Profil</a> · \
             <a href=\"/deconnexion\">Déconnexion</a><br><small>connecté en tant que {}</small></div>\n",
            escape(&caller.login)
        )
    });
    Html(format!(
        r#"<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | Agence des Tilleuls</title>
<link rel="stylesheet" href="/public/style.css">
</head>
<body>
<div class="bandeau"><b>Agence des Tilleuls</b>, gestion locative</div>
{menu}<h1>{title}</h1>
{body}</body>
</html>
"#
    ))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::demo::{
        data::header_accounts,
        testing::{browser, header, listen, run},
    };

    async fn extranet() -> String {
        let (listener, address) = listen().await;
        run(HeaderExtranet::new(header_accounts()).serve(listener, pending()));
        format!("http://{address}")
    }

    fn as_francoise(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.header(USER, "L2003").header(NAME, "Fran%C3%A7oise%20N'Diaye").header(KIND, "tenant")
    }

    #[tokio::test]
    async fn without_headers_only_the_public_pages_open() {
        let (origin, browser) = (extranet().await, browser());
        for path in ["/", "/quittances/", "/quittances/2026-09.pdf", "/contact", "/profil", "/entetes", "/api/solde"] {
            let answer = browser.get(format!("{origin}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path}");
            assert!(answer.text().await.unwrap().contains("Accès réservé"));
        }
        for path in ["/public/", "/public/style.css", "/deconnexion"] {
            assert_eq!(browser.get(format!("{origin}{path}")).send().await.unwrap().status(), 200, "{path}");
        }
    }

    #[tokio::test]
    async fn whoever_the_headers_name_is_greeted() {
        let (origin, browser) = (extranet().await, browser());
        let home = as_francoise(browser.get(&origin)).send().await.unwrap().text().await.unwrap();
        assert!(home.contains("Bonjour Françoise N&#39;Diaye (Locataire)"));
        let profile = as_francoise(browser.get(format!("{origin}/profil"))).send().await.unwrap();
        assert!(profile.text().await.unwrap().contains("Studio D7"));
        let balance = as_francoise(browser.get(format!("{origin}/api/solde"))).send().await.unwrap();
        assert_eq!(header(&balance, "content-type"), "application/json");
        let balance: serde_json::Value = serde_json::from_str(&balance.text().await.unwrap()).unwrap();
        assert_eq!(balance["identifiant"], "L2003");
    }

    #[tokio::test]
    async fn a_message_leads_back_to_the_form_by_a_relative_redirect() {
        let (origin, browser) = (extranet().await, browser());
        let post = browser.post(format!("{origin}/contact")).form(&[("sujet", "Clé"), ("message", "<b>Perdue</b>")]);
        let answer = as_francoise(post).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "contact?envoye=1"));
        let next = as_francoise(browser.get(format!("{origin}/contact?envoye=1"))).send().await.unwrap();
        assert!(next.text().await.unwrap().contains("&lt;b&gt;Perdue&lt;/b&gt;"));
    }

    #[tokio::test]
    async fn a_receipt_is_a_document_with_its_name() {
        let (origin, browser) = (extranet().await, browser());
        let receipt = as_francoise(browser.get(format!("{origin}/quittances/2026-09.pdf"))).send().await.unwrap();
        assert_eq!(header(&receipt, "content-disposition"), "attachment; filename=\"2026-09.pdf\"");
        assert!(receipt.bytes().await.unwrap().starts_with(b"%PDF-"));
        let none = as_francoise(browser.get(format!("{origin}/quittances/1999-01.pdf"))).send().await.unwrap();
        assert_eq!(none.status(), 404);
    }
}
