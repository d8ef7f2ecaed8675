//! A page that shows the letters which a demo or a test has written into a folder instead of sending them.

use std::{
    fmt::Write as _,
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use mail_parser::{Address, MessageParser, MessagePart};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::{fs, net::TcpListener};

use super::{
    html::{escape, table},
    ways::{Try, WAYS},
};

/// What the frame of a letter may do: open its links in tabs that work like any other tab. No script, no form.
const FRAME_MAY: &str = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// The mailbox of a folder with `.eml` files.
#[derive(Debug)]
pub struct Mailbox {
    folder: Arc<Path>,
    /// The portal whose agencies are shown below the letters.
    portal: Option<String>,
}

/// What all requests share.
#[derive(Debug, Clone)]
struct Shared {
    folder: Arc<Path>,
    /// The guide, as HTML.
    guide: Arc<str>,
}

/// A letter as the page and `/api/letters` show it.
#[derive(Debug, Serialize)]
struct Letter {
    /// The file's name.
    name: String,
    from: String,
    to: String,
    subject: String,
    /// As the letter itself says.
    date: Option<Timestamp>,
    text: Option<String>,
    html: Option<String>,
    /// Each header as it stands in the file.
    #[serde(skip)]
    headers: Vec<(String, String)>,
    /// When the file was written; letters of the same second are told apart by it.
    #[serde(skip)]
    written: Option<SystemTime>,
}

impl Mailbox {
    /// The mailbox of this folder, which may come into being later.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into(), portal: None }
    }

    /// With a guide below the letters: what can be tried at this portal.
    #[must_use]
    pub fn beside(self, portal: String) -> Self {
        Self { portal: Some(portal), ..self }
    }

    /// Answers until `stop`, then finishes what is under way.
    ///
    /// # Errors
    ///
    /// Where the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let guide = self.portal.as_deref().map(guide).unwrap_or_default();
        axum::serve(listener, router(Shared { folder: self.folder, guide: guide.into() }))
            .with_graceful_shutdown(stop)
            .await
    }
}

impl Letter {
    fn read(name: String, written: Option<SystemTime>, bytes: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(bytes)?;
        let date = message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
        let headers = message.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Some(Self {
            name,
            from: addresses(message.from()),
            to: addresses(message.to()),
            subject: message.subject().unwrap_or("(sans objet)").to_owned(),
            date,
            text: first_text(message.text_bodies(), false),
            html: first_text(message.html_bodies(), true),
            headers,
            written,
        })
    }

    fn date(&self) -> String {
        self.date.map_or_else(|| "sans date".to_owned(), |date| date.strftime("%d/%m/%Y %H:%M:%S UTC").to_string())
    }
}

/// Who comes back to the list sees what has arrived meanwhile; nothing moves while somebody reads it.
const LOOK_AGAIN: &str =
    "<script>addEventListener('visibilitychange', () => { if (!document.hidden) location.reload(); });</script>\n";

type Desk = State<Shared>;

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/{name}", get(show))
        .route("/api/letters", get(list_as_json))
        .with_state(shared)
}

async fn list(State(Shared { folder, guide }): Desk) -> Result<Html<String>, Unreadable> {
    let letters = letters(&folder).await?;
    let rows: String = letters.iter().map(row).collect();
    let body = if rows.is_empty() {
        "<p>Aucun message pour le moment.</p>".to_owned()
    } else {
        format!("<table>\n<tr><th>Date</th><th>Pour</th><th>Objet</th></tr>\n{rows}</table>")
    };
    let again = "<p><a href=\"/\">Relever les messages</a></p>\n".to_owned();
    Ok(page("Boîte aux lettres", LOOK_AGAIN, &(again + &body + &guide)))
}

async fn show(State(Shared { folder, .. }): Desk, UrlPath(name): UrlPath<String>) -> Result<Response, Unreadable> {
    // A name is only ever compared with the listing, never made into a path.
    let letters = letters(&folder).await?;
    let Some(letter) = letters.iter().find(|letter| letter.name == name) else {
        let body = "<p><a href=\"/\">Retour à la liste</a></p>";
        return Ok((StatusCode::NOT_FOUND, page("Message introuvable", "", body)).into_response());
    };
    let html = letter.html.as_deref().map_or_else(String::new, |html| {
        let document = escape(&format!("<base target=\"_blank\">{html}"));
        format!(
            "<h2>Version HTML</h2>\n\
             <iframe sandbox=\"{FRAME_MAY}\" srcdoc=\"{document}\" title=\"Message\"></iframe>\n"
        )
    });
    let text = letter
        .text
        .as_deref()
        .map_or_else(String::new, |text| format!("<h2>Version texte</h2>\n<pre>{}</pre>\n", escape(text)));
    let head =
        table([("De", &letter.from), ("Pour", &letter.to), ("Objet", &letter.subject), ("Date", &letter.date())]);
    let headers = table(letter.headers.iter().map(|(name, value)| (name, value)));
    let body = format!(
        "<p><a href=\"/\">Retour à la liste</a></p>\n{head}{html}{text}\
         <details><summary>Tous les en-têtes</summary>\n{headers}</details>"
    );
    Ok(page(&escape(&letter.subject), "", &body).into_response())
}

async fn list_as_json(State(Shared { folder, .. }): Desk) -> Result<Response, Unreadable> {
    let letters = serde_json::to_string(&letters(&folder).await?).map_err(io::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], letters).into_response())
}

/// The folder cannot be read; whoever runs the demo sees why.
struct Unreadable(io::Error);

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Unreadable {
    fn into_response(self) -> Response {
        let body = format!("<p>{}</p>", escape(&self.0.to_string()));
        (StatusCode::INTERNAL_SERVER_ERROR, page("Dossier illisible", "", &body)).into_response()
    }
}

/// The letters of the folder, newest first; what is no letter, or vanishes meanwhile, is left out.
async fn letters(folder: &Path) -> io::Result<Vec<Letter>> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut letters = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(facts) = entry.metadata().await else { continue };
        if !facts.is_file() || Path::new(&name).extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let Ok(bytes) = fs::read(entry.path()).await else { continue };
        letters.extend(Letter::read(name, facts.modified().ok(), &bytes));
    }
    letters.sort_by(|a, b| (b.date, b.written, &b.name).cmp(&(a.date, a.written, &a.name)));
    Ok(letters)
}

fn addresses(addresses: Option<&Address<'_>>) -> String {
    let written = addresses.into_iter().flat_map(Address::iter).map(|address| {
        let email = address.address().unwrap_or_default();
        address.name().map_or_else(|| email.to_owned(), |name| format!("{name} <{email}>"))
    });
    written.collect::<Vec<_>>().join(", ")
}

/// The text of the first such part that is what it should be: the parser also offers the one kind for the other.
fn first_text<'m>(mut parts: impl Iterator<Item = &'m MessagePart<'m>>, html: bool) -> Option<String> {
    parts.find(|part| part.is_text_html() == html).and_then(MessagePart::text_contents).map(str::to_owned)
}

fn row(letter: &Letter) -> String {
    format!(
        "<tr><td>{}</td><td>{}</td><td><a href=\"/{}\">{}</a></td></tr>\n",
        letter.date(),
        escape(&letter.to),
        utf8_percent_encode(&letter.name, NON_ALPHANUMERIC),
        escape(&letter.subject)
    )
}

/// What to try, with links that open beside the letters.
fn guide(portal: &str) -> String {
    let mut rows = String::new();
    for way in WAYS {
        let link = escape(&way.sign_in(portal));
        let _ = writeln!(
            rows,
            "<tr><th colspan=\"3\"><a href=\"{link}\" target=\"_blank\">{}</a> {}</th></tr>",
            way.name,
            escape(way.montre)
        );
        for Try { login, quoi, .. } in way.tries {
            let password = escape(&way.password(login));
            let _ = writeln!(
                rows,
                "<tr><td><code>{login}</code></td><td><code>{password}</code></td><td>{}</td></tr>",
                escape(quoi)
            );
        }
    }
    format!(
        "\n<h2>À essayer</h2>\n<p>Chaque agence mène ses résidents à sa façon. Ouvrez-la, connectez-vous avec l'un de ces identifiants \
         et son ancien mot de passe : le message arrive ici. Ensuite : <a href=\"{portal}/account\" \
         target=\"_blank\">Mon compte</a>.</p>\n\
         <table>\n{rows}</table>"
    )
}

fn page(title: &str, head: &str, body: &str) -> Html<String> {
    Html(format!(
        r#"<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 860px; padding: 12px; color: #222; font-family: Verdana, sans-serif; font-size: 15px; line-height: 1.5; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #999; padding: 4px 8px; text-align: left; word-break: break-word; }}
code {{ white-space: nowrap; }}
iframe {{ width: 100%; height: 32em; border: 1px solid #999; background: #fff; }}
pre {{ white-space: pre-wrap; border: 1px solid #999; padding: 8px; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"#
    ))
}

#[cfg(test)]
mod tests;
