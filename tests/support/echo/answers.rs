//! What each path answers.
//!
//! - `/identification` the login form (a one-time token, a cookie), `/deconnexion`, `/profil`
//! - `/basic/…` what it saw, for who sends right credentials with each request (UTF-8; below `/basic/latin/` ISO-8859-1);
//!   `/basic/closed` refuses everybody
//! - `/entree` signs in who sends right credentials, by a cookie
//! - `/membre/…` what it saw, for who is signed in; others are redirected to the login, absolutely
//! - `/public/…`, and every other path: what it saw, for everybody
//! - `/answer?status=302&location=…&set-cookie=…&body=…` an answer with these headers
//! - `/over/…?status=…` the same for who is not signed in, and what it saw for others · `/leave/…?status=…` the same, at the
//!   end of the session
//! - `/registre/…`, `/guichet/…`, `/atelier/…`, `/bureau/…` what `manners` says
//! - `/bytes?n=…` so many bytes, with ranges · `/slow?ms=…` · `/drip?n=…&ms=…` a long download · `/cut` breaks off

use std::{
    collections::HashMap,
    io,
    sync::{Arc, LazyLock, atomic::Ordering},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};
use unicode_normalization::UnicodeNormalization as _;
use url::{Url, form_urlencoded};

use super::{
    Account, House, Seen, lock, manners,
    wire::{After, Wire},
};

/// The extranet's own session cookie.
const COOKIE: &str = "USESSION";

pub async fn answer(wire: &mut Wire, house: &Arc<House>, seen: &Seen) -> io::Result<After> {
    let url = Url::parse("http://u").and_then(|base| base.join(&seen.target)).map_err(io::Error::other)?;
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    match url.path() {
        "/identification" if house.broken.load(Ordering::SeqCst) => wire.answer(seen, 500, &[], b"out of order").await,
        "/identification" if seen.method == "POST" => sign_in(wire, house, seen).await,
        "/identification" => form(wire, house, seen, "").await,
        "/deconnexion" => {
            if let Some(session) = session(seen) {
                lock(&house.sessions).signed_in.remove(&session);
            }
            let forget = format!("{COOKIE}=; Path=/; Max-Age=0");
            let headers = [("Location", format!("{}/identification", house.origin)), ("Set-Cookie", forget)];
            wire.answer(seen, 302, &headers, b"").await
        }
        "/profil" => match account(house, seen) {
            Some(account) => wire.answer(seen, 200, &html(), profile(account).as_bytes()).await,
            None => to_login(wire, house, seen).await,
        },
        path if path.starts_with("/leave/") && account(house, seen).is_some() => {
            lock(&house.sessions).signed_in.retain(|session, _| Some(session) != self::session(seen).as_ref());
            as_told(wire, seen, &url).await
        }
        path if path.starts_with("/over/") && account(house, seen).is_none() => as_told(wire, seen, &url).await,
        "/answer" => as_told(wire, seen, &url).await,
        "/bytes" => bytes(wire, seen, number("n")).await,
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(number("ms"))).await;
            wire.answer(seen, 200, &[], b"at last").await
        }
        "/drip" => drip(wire, number("n"), Duration::from_millis(number("ms"))).await,
        "/cut" => {
            wire.stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this").await?;
            Ok(After::Close)
        }
        path if manners::place(path).is_some() => manners::answer(wire, house, seen, &url).await,
        "/entree" if is_known(house, seen, "/entree") => enter(wire, house, seen).await,
        path if (path.starts_with("/basic/") || path == "/entree") && !is_known(house, seen, path) => {
            let headers = [("WWW-Authenticate", lock(&house.offer).clone())];
            wire.answer(seen, 401, &headers, b"<p>Authorization required</p>").await
        }
        path if path.starts_with("/membre/") && account(house, seen).is_none() => to_login(wire, house, seen).await,
        _ => {
            let mirror = json!({
                "method": seen.method,
                "target": seen.target,
                "headers": seen.headers,
                "body_length": seen.body_length,
                "who": account(house, seen).map(|account| account.login.clone()),
            });
            let headers = [("Content-Type", "application/json".to_owned())];
            wire.answer(seen, 200, &headers, mirror.to_string().as_bytes()).await
        }
    }
}

/// Sends back each message until the other side closes.
pub async fn websocket(mut wire: Wire, seen: &Seen) -> io::Result<()> {
    let key = seen.values("sec-websocket-key").first().map(|key| derive_accept_key(key.as_bytes())).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {key}\r\n\r\n"
    );
    wire.stream.write_all(head.as_bytes()).await?;
    let mut socket = WebSocketStream::from_raw_socket(wire.stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The headers that `/answer` can be asked for.
const HEADERS: [&str; 11] = [
    "location",
    "content-location",
    "refresh",
    "set-cookie",
    "content-type",
    "www-authenticate",
    "access-control-allow-origin",
    "cache-control",
    "link",
    "content-security-policy",
    "server",
];

/// The answer that the query tells.
async fn as_told(wire: &mut Wire, seen: &Seen, url: &Url) -> io::Result<After> {
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let status = query.get("status").and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut headers: Vec<(&str, String)> = Vec::new();
    for (name, value) in url.query_pairs() {
        if let Some(name) = HEADERS.iter().find(|known| **known == name) {
            headers.push((name, value.into_owned()));
        }
    }
    let body = query.get("body").cloned().unwrap_or_default();
    wire.answer(seen, status, &headers, body.as_bytes()).await
}

async fn sign_in(wire: &mut Wire, house: &Arc<House>, seen: &Seen) -> io::Result<After> {
    let fields: HashMap<String, String> = form_urlencoded::parse(&seen.body).into_owned().collect();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let known = {
        let mut sessions = lock(&house.sessions);
        let given_to = sessions.tokens.remove(field("jeton"));
        if given_to.is_none() || given_to != session(seen) {
            None
        } else {
            *sessions.attempts.entry(field("identifiant").to_owned()).or_default() += 1;
            let replaced = lock(&house.replaced);
            let password = |account: &Account| replaced.get(&account.login).unwrap_or(&account.password).clone();
            let fits = |a: &&Account| is_login(house, a, field("identifiant")) && password(a) == field("motdepasse");
            Some(house.accounts.iter().find(fits))
        }
    };
    if lock(&house.silent).iter().any(|silent| silent == field("identifiant")) {
        return wire.answer(seen, 500, &html(), b"<p>Erreur</p>").await;
    }
    match known {
        None => wire.answer(seen, 403, &html(), b"<p>Formulaire perime</p>").await,
        Some(None) => {
            form(wire, house, seen, "<div class=\"erreur\">Identifiant ou mot de passe incorrect</div>").await
        }
        Some(Some(account)) => {
            let manners = lock(&house.manners).clone();
            if let Some((_, cookie)) = &manners.wants_cookie
                && !seen.values("cookie").iter().any(|line| line.split("; ").any(|pair| pair == cookie))
            {
                return wire.answer(seen, 200, &html(), b"<p>Veuillez activer les cookies</p>").await;
            }
            let session = house.fresh();
            lock(&house.sessions).signed_in.insert(session.clone(), account.login.clone());
            house.sign_ins.fetch_add(1, Ordering::SeqCst);
            let strict = if house.is_strict.load(Ordering::SeqCst) { "; SameSite=Strict" } else { "" };
            let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly{strict}");
            if let Some(page) = &manners.leads_on_by {
                let headers = [html(), [("Set-Cookie", cookie)]].concat();
                return wire.answer(seen, 200, &headers, page.as_bytes()).await;
            }
            if let Some(location) = &manners.leads_to {
                let head = format!("HTTP/1.1 302 Found\r\nSet-Cookie: {cookie}\r\nContent-Length: 0\r\nLocation: ");
                wire.stream.write_all(&[head.as_bytes(), location, b"\r\n\r\n"].concat()).await?;
                return Ok(After::Next);
            }
            let mut headers = vec![("Location", format!("{}/membre/accueil", house.origin)), ("Set-Cookie", cookie)];
            headers.extend(lock(&house.gifts).iter().map(|gift| ("Set-Cookie", gift.clone())));
            wire.answer(seen, 302, &headers, b"").await
        }
    }
}

/// Opens a session for who sends right credentials.
async fn enter(wire: &mut Wire, house: &Arc<House>, seen: &Seen) -> io::Result<After> {
    let login = credentials(seen, "/entree").and_then(|text| Some(text.split_once(':')?.0.to_owned()));
    let session = house.fresh();
    lock(&house.sessions).signed_in.insert(session.clone(), login.unwrap_or_default());
    house.sign_ins.fetch_add(1, Ordering::SeqCst);
    let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly");
    let headers = [("Location", format!("{}/membre/accueil", house.origin)), ("Set-Cookie", cookie)];
    wire.answer(seen, 302, &headers, b"").await
}

/// Whether an account's identifier is the one that was typed, to this extranet.
fn is_login(house: &House, account: &Account, typed: &str) -> bool {
    account.login == typed || house.folds.load(Ordering::SeqCst) && collated(&account.login) == collated(typed)
}

/// Roughly as `utf8mb4_unicode_ci` and SQL Server's collations compare.
fn collated(text: &str) -> String {
    let plain =
        text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'));
    plain.flat_map(char::to_lowercase).collect::<String>().replace('ß', "ss").replace('œ', "oe")
}

/// Whether a request carries somebody's identifier and password, and not one colon more.
fn is_known(house: &House, seen: &Seen, path: &str) -> bool {
    let Some(text) = credentials(seen, path) else { return false };
    let Some((login, password)) = text.split_once(':') else { return false };
    *lock(&house.sessions).attempts.entry(login.to_owned()).or_default() += 1;
    let replaced = lock(&house.replaced);
    let password_of = |account: &Account| replaced.get(&account.login).unwrap_or(&account.password).clone();
    let known =
        house.accounts.iter().any(|account| is_login(house, account, login) && password_of(account) == password);
    known && path != "/basic/closed"
}

fn credentials(seen: &Seen, path: &str) -> Option<String> {
    let value = seen.values("authorization").first().copied().unwrap_or_default();
    let bytes = data_encoding::BASE64.decode(value.strip_prefix("Basic ")?.as_bytes()).unwrap_or_default();
    Some(if path.starts_with("/basic/latin/") {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        String::from_utf8(bytes).unwrap_or_default()
    })
}

async fn form(wire: &mut Wire, house: &Arc<House>, seen: &Seen, note: &str) -> io::Result<After> {
    let (session, token) = (session(seen).unwrap_or_else(|| house.fresh()), house.fresh());
    lock(&house.sessions).tokens.insert(token.clone(), session.clone());
    let piece = lock(&house.manners).wants_cookie.clone().map(|(piece, _)| piece).unwrap_or_default();
    let page = format!(
        "<!doctype html><title>Identification</title>{note}{piece}<form method=\"post\" action=\"/identification\">\
         <input type=\"hidden\" name=\"jeton\" value=\"{token}\"><input name=\"identifiant\">\
         <input type=\"password\" name=\"motdepasse\"><input type=\"submit\" name=\"valider\" value=\"Entrer\"></form>"
    );
    let mut headers = html().to_vec();
    headers.push(("Set-Cookie", format!("{COOKIE}={session}; Path=/; HttpOnly")));
    wire.answer(seen, 200, &headers, page.as_bytes()).await
}

async fn to_login(wire: &mut Wire, house: &House, seen: &Seen) -> io::Result<After> {
    if house.takes_back.load(Ordering::SeqCst) && session(seen).is_some() {
        let headers = [("Location", seen.target.clone()), ("Set-Cookie", format!("{COOKIE}=; Path=/; Max-Age=0"))];
        return wire.answer(seen, 302, &headers, b"").await;
    }
    wire.answer(seen, 302, &[("Location", format!("{}/identification?retour=1", house.origin))], b"").await
}

async fn bytes(wire: &mut Wire, seen: &Seen, length: u64) -> io::Result<After> {
    let range = seen.values("range").first().and_then(|value| {
        let (from, to) = value.strip_prefix("bytes=")?.split_once('-')?;
        let (from, last) = (from.parse::<u64>().ok()?, length.checked_sub(1)?);
        Some((from, to.parse::<u64>().unwrap_or(last).min(last))).filter(|(from, to)| from <= to)
    });
    let (status, from, to) = range.map_or((200, 0, length), |(from, to)| (206, from, to + 1));
    let mut head = format!(
        "HTTP/1.1 {status} Because\r\nContent-Length: {}\r\nAccept-Ranges: bytes\r\nETag: \"v1\"\r\n\
         Content-Type: application/octet-stream\r\n",
        to - from
    );
    if status == 206 {
        let range = format!("Content-Range: bytes {from}-{}/{length}\r\n", to - 1);
        head.push_str(&range);
    }
    head.push_str("\r\n");
    wire.stream.write_all(head.as_bytes()).await?;
    if seen.method == "HEAD" {
        return Ok(After::Next);
    }
    let mut at = from;
    while at < to {
        let part = (to - at).min(PIECE);
        let begin = usize::try_from(at % ROUND).expect("a few bytes");
        wire.stream.write_all(&BYTES[begin..][..usize::try_from(part).expect("a piece")]).await?;
        at += part;
    }
    Ok(After::Next)
}

/// The byte at a place of `/bytes`, so that a range can be told from another.
pub fn byte_at(place: u64) -> u8 {
    u8::try_from(place % ROUND).unwrap_or(0)
}

/// After so many places the bytes of `/bytes` begin anew.
const ROUND: u64 = 251;
/// Bytes that are written at once.
const PIECE: u64 = 64 * 1024;
/// A piece from each place of a round, made once: many downloads at once are no load for the tests' own process.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| (0..PIECE + ROUND).map(byte_at).collect());

async fn drip(wire: &mut Wire, pieces: u64, pause: Duration) -> io::Result<After> {
    wire.stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    for _ in 0..pieces {
        tokio::time::sleep(pause).await;
        wire.stream.write_all(b"4\r\ndrip\r\n").await?;
    }
    wire.stream.write_all(b"0\r\n\r\n").await?;
    Ok(After::Next)
}

fn profile(account: &Account) -> String {
    let line = |id, value: &Option<String>| {
        let escaped = value.as_ref().map(|value| value.replace('&', "&amp;").replace('<', "&lt;"));
        escaped.map(|value| format!("<p id=\"{id}\">{value}</p>")).unwrap_or_default()
    };
    format!("<!doctype html>{}{}", line("nom", &account.name), line("courriel", &account.email))
}

fn account<'a>(house: &'a House, seen: &Seen) -> Option<&'a Account> {
    let login = lock(&house.sessions).signed_in.get(&session(seen)?).cloned()?;
    house.accounts.iter().find(|account| account.login == login)
}

fn session(seen: &Seen) -> Option<String> {
    let pairs = seen.values("cookie").into_iter().flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == COOKIE);
    values.next().map(|(_, value)| value.to_owned())
}

fn html() -> [(&'static str, String); 1] {
    [("Content-Type", "text/html; charset=utf-8".to_owned())]
}

impl House {
    /// A value that was not given out before.
    pub(super) fn fresh(&self) -> String {
        format!("u{:016x}", self.number.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}
