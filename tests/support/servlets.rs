//! An extranet in a servlet container: its session stands in a cookie of its own folder, or in the path; the login form is
//! shown in the place of whatever was asked for, and is worth nothing without the session that it was shown in; who signs
//! in gets another session; redirects name the server's own port behind whatever name it was asked by.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{DefaultBodyLimit, Request},
    response::{IntoResponse, Response},
};
use reqwest::{Method, StatusCode, header};
use tokio::{net::TcpListener, task::AbortHandle};
use url::form_urlencoded;

use super::{RUNTIME, site::Agency, town::ALICE, wait};

/// A running one; it ends with this value.
pub struct Servlets {
    address: SocketAddr,
    house: Arc<Mutex<House>>,
    task: AbortHandle,
}

#[derive(Default)]
struct House {
    /// Who is signed in, if anybody, by the session's name.
    sessions: HashMap<String, Option<&'static str>>,
    made: u64,
    sign_ins: u64,
    /// What was sent last, with its right token.
    kept: Bytes,
}

const FOLDER: &str = "/gestion/prive/";

impl Servlets {
    /// Starts on a free port.
    pub fn start() -> Self {
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let house = Arc::new(Mutex::new(House::default()));
        let of_all = Arc::clone(&house);
        let router = Router::new()
            .fallback(move |request: Request| {
                let house = Arc::clone(&of_all);
                async move { answer(&house, address.port(), request).await }
            })
            .layer(DefaultBodyLimit::disable());
        let task = RUNTIME.spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { address, house, task }
    }

    /// The agency in front of it, at `<label>.localhost`, as its operator would write it.
    pub fn agency(&self, label: &str) -> Agency {
        let text = r#"
            client = "CA"
            societe = "SA"
            name = "Agence du Port"
            [upstream]
            host = "gestion.example"
            [sign_in]
            adapter = "form-replay"
            [sign_in.form]
            page = "/gestion/prive/accueil.jsp"
            login_field = "j_username"
            password_field = "j_password"
            success = [{ redirect = "/gestion/prive/accueil.jsp" }]
            failure = [{ element = "p.refus" }]
            [sign_in.form.logout]
            get = "/gestion/prive/accueil.jsp?quitter=oui"
            [paths]
            login = ["/gestion/prive/j_security_check"]
            logout = ["/gestion/prive/accueil.jsp?quitter"]
            [session_over]
            element = "form[action*='j_security_check']"
        "#;
        Agency::from_toml(label, text).set("upstream.url", format!("http://{}", self.address))
    }

    /// Forgets every session.
    pub fn expire_sessions(&self) {
        lock(&self.house).sessions.clear();
    }

    /// Who is signed in.
    pub fn signed_in(&self) -> Vec<&'static str> {
        lock(&self.house).sessions.values().copied().flatten().collect()
    }

    /// How many sign-ins succeeded so far.
    pub fn sign_ins(&self) -> u64 {
        lock(&self.house).sign_ins
    }
}

impl Drop for Servlets {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(house: &Mutex<House>, port: u16, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 8 * 1024 * 1024).await.expect("a body");
    let text = |name| head.headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let (path, in_path) = match head.uri.path().split_once(";jsessionid=") {
        Some((path, session)) => (path, Some(session)),
        None => (head.uri.path(), None),
    };
    let mut in_cookie = text("cookie").into_iter().flat_map(|line| line.split("; "));
    let named = in_cookie.find_map(|pair| pair.strip_prefix("JSESSIONID=")).or(in_path);
    let mut house = lock(house);
    let session = named.filter(|name| house.sessions.contains_key(*name)).map(str::to_owned);
    let who = session.as_ref().and_then(|session| house.sessions[session]);
    let Some(page) = path.strip_prefix(FOLDER) else { return StatusCode::NOT_FOUND.into_response() };
    let name = text("host").and_then(|host| host.split(':').next()).unwrap_or_default();
    let there = format!("http://{name}:{port}{FOLDER}accueil.jsp");
    let query: HashMap<String, String> =
        form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    match (page, who) {
        ("j_security_check", _) => sign_in(&mut house, session, &body, &there),
        (_, None) => {
            let session = house.fresh(None);
            let form = format!(
                "<form method=POST action='j_security_check;jsessionid={session}'><input name=j_username>\
                 <input type=password name=j_password><input type=submit value=Entrer><input type=reset></form>"
            );
            (with_cookie(&session), form).into_response()
        }
        ("piece.pdf", _) => house.kept.clone().into_response(),
        // A page's token is its session's name backwards.
        ("depot.jsp", Some(_)) if head.method == Method::POST => {
            if query.get("jeton") != session.as_ref().map(|name| name.chars().rev().collect()).as_ref() {
                return StatusCode::FORBIDDEN.into_response();
            }
            house.kept = body;
            (StatusCode::FOUND, [(header::LOCATION, there)]).into_response()
        }
        (_, Some(_)) if query.contains_key("quitter") => {
            house.sessions.retain(|name, _| Some(name) != session.as_ref());
            (StatusCode::FOUND, [(header::LOCATION, there)]).into_response()
        }
        (_, Some(who)) => {
            let session = session.unwrap_or_default();
            let token: String = session.chars().rev().collect();
            let page = format!(
                "<p>Bonjour {who}, {} octets</p><a href='accueil.jsp;jsessionid={session}'>Accueil</a>\
                 <a href='accueil.jsp?quitter=oui'>Quitter</a>\
                 <form method=post action='depot.jsp;jsessionid={session}?jeton={token}'></form>",
                house.kept.len()
            );
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
    }
}

fn sign_in(house: &mut House, session: Option<String>, body: &[u8], there: &str) -> Response {
    let Some(session) = session else {
        return (StatusCode::REQUEST_TIMEOUT, "<p>Le temps imparti est écoulé</p>").into_response();
    };
    let fields: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let is = |name: &str, value: &str| fields.get(name).is_some_and(|field| field == value);
    if !is("j_username", ALICE.login) || !is("j_password", ALICE.password) {
        return ([(header::CONTENT_TYPE, "text/html")], "<p class=refus>Inconnu</p>").into_response();
    }
    house.sessions.remove(&session);
    house.sign_ins += 1;
    let session = house.fresh(Some(ALICE.login));
    (StatusCode::SEE_OTHER, with_cookie(&session), [(header::LOCATION, there)]).into_response()
}

fn with_cookie(session: &str) -> [(header::HeaderName, String); 2] {
    let cookie = format!("JSESSIONID={session}; Path=/gestion; HttpOnly; SameSite=Strict");
    [(header::CONTENT_TYPE, "text/html;charset=UTF-8".to_owned()), (header::SET_COOKIE, cookie)]
}

impl House {
    fn fresh(&mut self, who: Option<&'static str>) -> String {
        self.made += 1;
        let session = format!("{:032X}", u128::from(self.made).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        self.sessions.insert(session.clone(), who);
        session
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
