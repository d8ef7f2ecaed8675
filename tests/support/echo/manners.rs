//! Extranets with manners of their own, as frameworks have them; each stands below a folder of its own.
//!
//! - `/registre/` forms with a token of the session, which is another one after the login, taken only from the address that
//!   they were asked under (`Origin` against `X-Forwarded-Host`); `_method`; the logout is a form on a page of its own
//! - `/guichet/` one address for everything, and `@action` says what; a form is taken once, and only from its own host; its
//!   login stands in the place of every page
//! - `/atelier/` Basic at one address, which sets a cookie; 403 for strangers, and where a right is missing (`/reserve`);
//!   the token is in a cookie, too
//! - `/bureau/` the token is looked at before the session (403); scripts send JSON with it in a header, and
//!   `WebSocket`s are for its own pages only

use std::{collections::HashMap, io, sync::Arc, sync::atomic::Ordering};

use url::{Url, form_urlencoded};

use super::{
    House, Seen, lock,
    wire::{After, Wire},
};

/// The folders.
const FOLDERS: [&str; 4] = ["registre", "guichet", "atelier", "bureau"];

type Told = (u16, Vec<(&'static str, String)>, String);

/// One request, as its folder reads it.
struct Call<'c> {
    house: &'c House,
    seen: &'c Seen,
    folder: &'c str,
    page: &'c str,
    fields: HashMap<String, String>,
    /// Which session it came with.
    session: Option<String>,
    who: Option<String>,
}

/// The folder and the page of a path, where one of these extranets is there.
pub fn place(path: &str) -> Option<(&str, &str)> {
    path.trim_start_matches('/').split_once('/').filter(|(folder, _)| FOLDERS.contains(folder))
}

/// Whether a WebSocket is let in.
pub fn lets_in(seen: &Seen) -> bool {
    let host = seen.values("host").concat();
    !seen.target.starts_with("/bureau/") || seen.values("origin") == [format!("http://{host}")]
}

pub async fn answer(wire: &mut Wire, house: &Arc<House>, seen: &Seen, url: &Url) -> io::Result<After> {
    let Some((folder, page)) = place(url.path()) else { return Ok(After::Close) };
    let mut fields: HashMap<String, String> = url.query_pairs().into_owned().collect();
    fields.extend(form_urlencoded::parse(&seen.body).into_owned());
    let session = cookie(seen, "SESSION");
    let who = session.as_ref().and_then(|session| lock(&house.sessions).signed_in.get(session).cloned());
    let call = Call { house, seen, folder, page, fields, session, who };
    let (status, headers, body) = match folder {
        "registre" => call.registre(),
        "guichet" => call.guichet(),
        "atelier" => call.atelier(),
        _ => call.bureau(),
    };
    wire.answer(seen, status, &headers, body.as_bytes()).await
}

impl Call<'_> {
    fn registre(&self) -> Told {
        let said = |name: &str| self.seen.values(name).concat();
        let host = Some(said("x-forwarded-host")).filter(|host| !host.is_empty()).unwrap_or_else(|| said("host"));
        let from_here = said("origin") == format!("http://{host}");
        match (self.seen.method.as_str(), self.page) {
            ("POST", _) if !from_here || !self.token_is_ours("jeton") => page(422, "<p>Jeton refusé"),
            ("POST", "login") if self.knows() => self.signed_in("accueil"),
            (_, "login") => self.login("jeton", "login", "<p class=erreur>Inconnu"),
            _ if self.who.is_none() => to(&format!("/registre/login?back_url=%2Fregistre%2F{}", self.page)),
            ("POST", "logout") => self.signed_out("login", ""),
            (_, "logout") => {
                page(200, &format!("<form method=post>{}<button>Quitter</button></form>", self.token("jeton")))
            }
            _ => self.inside("jeton", "<input type=hidden name=_method value=patch>", "<a href=logout>Quitter</a>"),
        }
    }

    fn guichet(&self) -> Told {
        let own = format!("http://{}", self.seen.values("host").concat());
        let tells = |name: &str| self.seen.values(name).concat();
        let is_own = tells("origin") == own
            && tells("referer").starts_with(&own)
            && [String::new(), own.replace("http://", "")].contains(&tells("x-forwarded-host"));
        let is_post = self.seen.method == "POST";
        if is_post && self.field("@action") != "logout" && !(is_own && self.token_is_new("@csrf")) {
            return page(400, "<p>Formulaire invalide");
        }
        match self.field("@action") {
            "login" if is_post && self.knows() => self.signed_in("?@ok_message=Bienvenue"),
            "login" if is_post => to("/guichet/?%40error_message=Invalid+login"),
            "logout" => self.signed_out("", "Max-Age=0"),
            _ if self.who.is_none() => self.login("@csrf", "", ""),
            _ => self.inside("@csrf", "", "<a href=\"/guichet/?@action=logout&amp;x=1\">Quitter</a>"),
        }
    }

    fn atelier(&self) -> Told {
        let known = self.seen.values("authorization").concat().strip_prefix("Basic ").and_then(|said| {
            let said = data_encoding::BASE64.decode(said.as_bytes()).ok()?;
            let said = String::from_utf8(said).ok()?;
            said.split_once(':').map(|(login, password)| (login.to_owned(), password.to_owned()))
        });
        match (self.seen.method.as_str(), self.page) {
            (_, "login") => match known {
                Some((login, password)) if self.has(&login, &password) => self.signed_in_as(&login, "wiki"),
                _ => (401, vec![("WWW-Authenticate", "Basic realm=\"Atelier\"".to_owned())], String::new()),
            },
            ("POST", _) if cookie(self.seen, "JETON").as_deref() != Some(self.field("jeton")) => page(400, "<p>Jeton"),
            _ if self.who.is_none() => page(403, "<p>Vous n'êtes pas connecté"),
            (_, "reserve") => page(403, "<p>Réservé au conseil syndical"),
            ("POST", "logout") => self.signed_out("wiki", ""),
            _ => {
                let out = format!(
                    "<form method=post action=logout>{}<button>Quitter</button></form>",
                    hidden("jeton", &cookie(self.seen, "JETON").unwrap_or_else(|| "j1".to_owned()))
                );
                let (status, mut headers, body) = self.inside("", &hidden("jeton", "j1"), &out);
                headers.push(("Set-Cookie", "JETON=j1; Path=/atelier".to_owned()));
                (status, headers, body)
            }
        }
    }

    fn bureau(&self) -> Told {
        let header = self.seen.values("x-xsrftoken").concat();
        let fits = self.token_is_ours("_csrf") || (!header.is_empty() && self.is_ours(&header));
        match (self.seen.method.as_str(), self.page) {
            ("POST" | "PUT", _) if !fits => page(403, "<p>ForbiddenError: invalid csrf token"),
            ("POST", "login") if self.knows() => self.signed_in(""),
            ("POST", "login") => to("/bureau/login"),
            (_, "login") => self.login("_csrf", "login", ""),
            (_, "logout") => self.signed_out("login", ""),
            _ if self.who.is_none() => to("/bureau/login"),
            ("PUT", _) => (201, Vec::new(), format!("{{\"length\":{}}}", self.seen.body_length)),
            _ => self.inside("_csrf", "", "<a href=logout>Quitter</a>"),
        }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn has(&self, login: &str, password: &str) -> bool {
        self.house.accounts.iter().any(|account| account.login == login && account.password == password)
    }

    fn knows(&self) -> bool {
        self.has(self.field("nom"), self.field("sesame"))
    }

    fn is_ours(&self, token: &str) -> bool {
        lock(&self.house.sessions).tokens.get(token).is_some_and(|session| Some(session) == self.session.as_ref())
    }

    fn token_is_ours(&self, field: &str) -> bool {
        self.is_ours(self.field(field))
    }

    fn token_is_new(&self, field: &str) -> bool {
        lock(&self.house.sessions).tokens.remove(self.field(field)).is_some()
    }

    /// A token of this session, as a field of a form.
    fn token(&self, field: &str) -> String {
        let token = self.house.fresh();
        lock(&self.house.sessions).tokens.insert(token.clone(), self.session.clone().unwrap_or_default());
        hidden(field, &token)
    }

    fn login(&self, token: &str, action: &str, refused: &str) -> Told {
        let session = self.session.clone().unwrap_or_else(|| self.house.fresh());
        let with = Call { session: Some(session.clone()), fields: HashMap::new(), who: None, ..*self };
        let note = if self.seen.method == "POST" { refused } else { "" };
        let (status, mut headers, body) = page(
            200,
            &format!(
                "{note}<form id=entrer method=post action=\"/{}/{action}\">{}{}<input name=nom>\
                 <input type=password name=sesame><button>Entrer</button></form>",
                self.folder,
                with.token(token),
                hidden("@action", "login"),
            ),
        );
        headers.push(("Set-Cookie", format!("SESSION={session}; Path=/{}; HttpOnly; SameSite=Lax", self.folder)));
        (status, headers, body)
    }

    fn signed_in(&self, page: &str) -> Told {
        self.signed_in_as(self.field("nom"), page)
    }

    /// The session is another one from now on.
    fn signed_in_as(&self, login: &str, page: &str) -> Told {
        let session = self.house.fresh();
        lock(&self.house.sessions).signed_in.insert(session.clone(), login.to_owned());
        self.house.sign_ins.fetch_add(1, Ordering::SeqCst);
        let (status, mut headers, body) = to(&format!("/{}/{page}", self.folder));
        headers.push(("Set-Cookie", format!("SESSION={session}; Path=/{}; HttpOnly; SameSite=Lax", self.folder)));
        (status, headers, body)
    }

    fn signed_out(&self, page: &str, cookie: &str) -> Told {
        lock(&self.house.sessions).signed_in.retain(|session, _| Some(session) != self.session.as_ref());
        let (status, mut headers, body) = to(&format!("/{}/{page}", self.folder));
        if !cookie.is_empty() {
            headers.push(("Set-Cookie", format!("SESSION=None; Path=/{}; {cookie}", self.folder)));
        }
        (status, headers, body)
    }

    /// A page for who is signed in, with a form, and what its form has sent.
    fn inside(&self, token: &str, more: &str, out: &str) -> Told {
        let token = if token.is_empty() { String::new() } else { self.token(token) };
        let came =
            if self.seen.method == "POST" { format!("<p>Reçu : {}</p>", self.field("texte")) } else { String::new() };
        page(
            200,
            &format!(
                "<p>Bonjour {}</p>{came}<form method=post>{token}{more}<textarea name=texte></textarea>\
                 <button>Envoyer</button></form>{out}",
                self.who.as_deref().unwrap_or_default()
            ),
        )
    }
}

fn page(status: u16, body: &str) -> Told {
    let headers =
        vec![("Content-Type", "text/html; charset=utf-8".to_owned()), ("Cache-Control", "no-cache".to_owned())];
    (status, headers, format!("<!doctype html><title>Extranet</title>{body}"))
}

fn to(location: &str) -> Told {
    (302, vec![("Location", location.to_owned())], String::new())
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=hidden name=\"{name}\" value=\"{value}\">")
}

fn cookie(seen: &Seen, name: &str) -> Option<String> {
    let pairs = seen.values("cookie").into_iter().flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}
