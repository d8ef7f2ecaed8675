//! A syndic's extranet of 2004: ISO-8859-1, a sign-in form with a one-time token, a session cookie, absolute
//! redirects.

mod latin;
mod pages;
mod register;

use std::{
    future::Future,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{FromRequestParts, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cookie::Cookie;
use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use self::{
    latin::{LatinFields, LatinPage, decode},
    pages::Refusal,
    register::{Received, Register, Sent, SignIn},
};
use super::{
    data::Account,
    document::Document,
    upload::{Broken, Multipart},
};

const SESSION_COOKIE: &str = "EXTRANETSID";

/// As large as an old server had it; the generated filler makes a download worth resuming.
const STATEMENT_FILLER: usize = 3 * 1024 * 1024;

/// The text of a message, in bytes; files may be of any size.
const LONGEST_TEXT: usize = 64 * 1024;

/// The longest that `/attente.php` keeps a browser waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The sample of an extranet where residents sign in through a form.
#[derive(Debug)]
pub struct FormExtranet {
    office: Arc<Office>,
}

/// A view of a running [`FormExtranet`] from behind its counter, for tests and the demo.
#[derive(Debug, Clone)]
pub struct Handle {
    office: Arc<Office>,
}

/// What all requests share.
#[derive(Debug)]
struct Office {
    /// `http://host:port`, where this extranet believes that it is, whatever `Host` says.
    origin: String,
    statement: Document,
    register: Mutex<Register>,
}

impl FormExtranet {
    /// An extranet with these residents that believes to be at `own_address` (`host:port`).
    #[must_use]
    pub fn new(own_address: &str, accounts: Vec<Account>) -> Self {
        let lines = ["Cabinet Vasseur & Fils", "Relevé de charges au 30/09/2026", "Solde : 412,37 euros"];
        let office = Office {
            origin: format!("http://{own_address}"),
            statement: Document::pdf("releve.pdf", &lines, STATEMENT_FILLER),
            register: Mutex::new(Register::new(accounts, rand::make_rng::<StdRng>())),
        };
        Self { office: Arc::new(office) }
    }

    /// A handle that outlives [`FormExtranet::serve`].
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { office: Arc::clone(&self.office) }
    }

    /// Answers until `stop`, then finishes what is under way.
    ///
    /// # Errors
    ///
    /// Where the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        axum::serve(listener, router(self.office)).with_graceful_shutdown(stop).await
    }
}

impl Handle {
    /// Forgets every session, as such an extranet does overnight.
    pub fn expire_sessions(&self) {
        self.office.register().end_all();
    }

    /// How many sign-ins succeeded so far.
    #[must_use]
    pub fn sign_ins(&self) -> u64 {
        self.office.register().sign_ins()
    }

    /// How many sessions are signed in.
    #[must_use]
    pub fn live_sessions(&self) -> usize {
        self.office.register().live_sessions()
    }

    /// How many sign-ins were tried with this login, right or wrong, with a form that was valid.
    #[must_use]
    pub fn attempts(&self, login: &str) -> u32 {
        self.office.register().attempts(login)
    }
}

impl Office {
    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn redirect(&self, status: StatusCode, path: &str) -> Response {
        match HeaderValue::from_str(&format!("{}{path}", self.origin)) {
            Ok(target) => (status, [(header::LOCATION, target)]).into_response(),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }
}

/// A resident whose session is alive; anybody else is sent to the sign-in form.
struct SignedIn {
    session: String,
    account: Account,
}

impl FromRequestParts<Arc<Office>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> Result<Self, Self::Rejection> {
        let known = session_cookie(&parts.headers).and_then(|session| {
            let account = office.register().account(&session).cloned()?;
            Some(Self { session, account })
        });
        known.ok_or_else(|| {
            let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
            let return_to = utf8_percent_encode(asked, NON_ALPHANUMERIC);
            office.redirect(StatusCode::FOUND, &format!("/identification.php?retour={return_to}"))
        })
    }
}

fn router(office: Arc<Office>) -> Router {
    Router::new()
        .route("/", get(async |State(office): Extranet| office.redirect(StatusCode::FOUND, "/accueil.php")))
        .route("/identification.php", get(show_sign_in).post(sign_in))
        .route("/deconnexion.php", get(sign_out))
        .route("/accueil.php", get(async |who: SignedIn| LatinPage(pages::home(&who.account))))
        .route("/avis.php", get(async |who: SignedIn| LatinPage(pages::notices(&who.account))))
        .route("/releve.php", get(async |who: SignedIn| LatinPage(pages::statement(&who.account))))
        .route("/releve.pdf", get(download_statement))
        .route("/message.php", get(show_message).post(send_message))
        .route("/profil.php", get(async |who: SignedIn| LatinPage(pages::profile(&who.account))))
        .route("/motdepasse.php", get(show_change_password).post(change_password))
        .route("/attente.php", get(wait))
        .route("/entetes.php", get(echo_headers))
        .route("/mentions.php", get(async || LatinPage(pages::legal())))
        .route("/static/style.css", get(async || asset("text/css", include_bytes!("form_extranet/style.css"))))
        .route("/static/logo.gif", get(async || asset("image/gif", include_bytes!("form_extranet/logo.gif"))))
        .fallback(async || (StatusCode::NOT_FOUND, LatinPage(pages::not_found())))
        .with_state(office)
}

type Extranet = State<Arc<Office>>;

async fn show_sign_in(State(office): Extranet, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let session = session_cookie(&headers);
    if session.as_deref().is_some_and(|session| office.register().account(session).is_some()) {
        return office.redirect(StatusCode::FOUND, "/accueil.php");
    }
    let query = LatinFields::read(query.unwrap_or_default().as_bytes());
    sign_in_form(&office, session.as_deref(), query.get("retour"), None)
}

async fn sign_in(State(office): Extranet, headers: HeaderMap, fields: LatinFields) -> Response {
    let session = session_cookie(&headers);
    let return_to = fields.get("retour");
    let outcome = office.register().sign_in(
        session.as_deref(),
        fields.get("jeton"),
        fields.get("identifiant"),
        fields.get("motdepasse"),
    );
    match outcome {
        SignIn::Wrong => sign_in_form(&office, session.as_deref(), return_to, Some(Refusal::Wrong)),
        SignIn::Blocked => sign_in_form(&office, session.as_deref(), return_to, Some(Refusal::Blocked)),
        SignIn::StaleForm => (StatusCode::FORBIDDEN, LatinPage(pages::stale_form())).into_response(),
        SignIn::Welcome { session } => {
            // Only a path: what follows our own origin cannot lead elsewhere.
            let path = if return_to.starts_with('/') { return_to } else { "/accueil.php" };
            with_session(office.redirect(StatusCode::FOUND, path), &session)
        }
    }
}

async fn sign_out(State(office): Extranet, headers: HeaderMap) -> Response {
    if let Some(session) = session_cookie(&headers) {
        office.register().end(&session);
    }
    let mut response = office.redirect(StatusCode::FOUND, "/identification.php");
    let forget = HeaderValue::from_static("EXTRANETSID=; Path=/; HttpOnly; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, forget);
    response
}

async fn download_statement(State(office): Extranet, _: SignedIn, headers: HeaderMap) -> Response {
    office.statement.answer(&headers)
}

async fn show_message(State(office): Extranet, who: SignedIn, RawQuery(query): RawQuery) -> LatinPage {
    let just_sent = LatinFields::read(query.unwrap_or_default().as_bytes()).get("envoye") == "1";
    let sent = if just_sent { office.register().last_sent(&who.session) } else { None };
    LatinPage(pages::message(&who.account, sent.as_ref()))
}

async fn send_message(State(office): Extranet, who: SignedIn, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(form) = Multipart::new(&parts.headers, body) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    match read_message(form).await {
        Ok(sent) => {
            office.register().keep_sent(&who.session, sent);
            office.redirect(StatusCode::SEE_OTHER, "/message.php?envoye=1")
        }
        Err(Broken) => (StatusCode::BAD_REQUEST, LatinPage(pages::broken_upload())).into_response(),
    }
}

async fn show_change_password(who: SignedIn) -> LatinPage {
    LatinPage(pages::change_password(&who.account, None))
}

async fn change_password(State(office): Extranet, who: SignedIn, fields: LatinFields) -> LatinPage {
    let changed = office.register().change_password(&who.account.login, fields.get("ancien"), fields.get("nouveau"));
    LatinPage(pages::change_password(&who.account, Some(changed)))
}

/// A long poll: the answer comes after `s` seconds.
async fn wait(_: SignedIn, RawQuery(query): RawQuery) -> String {
    let query = LatinFields::read(query.unwrap_or_default().as_bytes());
    let wait = Duration::from_secs(query.get("s").parse().unwrap_or(0)).min(LONGEST_WAIT);
    tokio::time::sleep(wait).await;
    format!("{} secondes", wait.as_secs())
}

async fn echo_headers(who: SignedIn, headers: HeaderMap) -> LatinPage {
    LatinPage(pages::headers(&who.account, &headers))
}

fn sign_in_form(office: &Office, session: Option<&str>, return_to: &str, refusal: Option<Refusal>) -> Response {
    let (session, token) = office.register().open_form(session);
    with_session(LatinPage(pages::sign_in(&token, return_to, refusal)).into_response(), &session)
}

/// Reads the text and counts the file, of which nothing is kept.
async fn read_message(mut form: Multipart) -> Result<Sent, Broken> {
    let mut sent = Sent { text: String::new(), file: None };
    while let Some(part) = form.next_part().await? {
        match part.file_name {
            // An empty name is a field where no file was chosen.
            Some(name) if !name.is_empty() => sent.file = Some(receive(&mut form, decode(&name)).await?),
            None if part.name == b"message" => sent.text = decode(&form.text(LONGEST_TEXT).await?),
            _ => {}
        }
    }
    Ok(sent)
}

async fn receive(form: &mut Multipart, name: String) -> Result<Received, Broken> {
    let (mut size, mut digest) = (0, Sha256::new());
    while let Some(piece) = form.next_piece().await? {
        size += piece.len() as u64;
        digest.update(&piece);
    }
    Ok(Received { name, size, digest: HEXLOWER.encode(&digest.finalize()) })
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == SESSION_COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

fn with_session(mut response: Response, session: &str) -> Response {
    let cookie = HeaderValue::from_str(&format!("{SESSION_COOKIE}={session}; Path=/; HttpOnly"));
    response.headers_mut().append(header::SET_COOKIE, cookie.expect("a session of ours is hexadecimal"));
    response
}

fn asset(kind: &'static str, content: &'static [u8]) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=3600")], content).into_response()
}

#[cfg(test)]
mod tests;
