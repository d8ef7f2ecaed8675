//! Whole conversations with extranets that are played here, on a port that the system chooses.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;

use super::tests::declared;
use super::{Attempt, Behalf, Browser, Legacy, Look, SignIn, UpstreamCookie};
use crate::domain::adapter::Adapter;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::LegacyLogin;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::trust::Trust;
use crate::domain::upstream::{
    FormLogin, Forwarded, Found, LogoutCall, NoVerdict, ProfilePage, Rule, Upstream, Verdict,
};

const PASSWORD: &str = "p&s=w+rd 100% \"é'<9>";
const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

const PUBLIC: &str = "https://agence.example";
/// What a resident's browser says.
const BROWSER: [(&str, &str); 4] = [
    ("user-agent", "Mozilla/5.0 (X11)"),
    ("accept-language", "fr-FR,fr;q=0.9,en;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("sec-ch-ua-mobile", "?0"),
];

/// A request as the played extranet sees it.
struct Asked {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    fn has(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
    fn posted_to(&self, target: &str) -> bool {
        self.method == Method::POST && self.target == target
    }
}

/// Plays an extranet; the answers may need its own `host:port`.
async fn extranet(answer: impl Fn(&str, &Asked) -> Response + Send + Sync + 'static) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let (own, answer) = (authority.clone(), Arc::new(answer));
    let router = Router::new().fallback(move |request: Request| {
        let (own, answer) = (own.clone(), Arc::clone(&answer));
        async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 100_000).await.unwrap().to_vec();
            let asked = Asked { method: head.method, target: head.uri.to_string(), headers: head.headers, body };
            answer(&own, &asked)
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    upstream(&format!("http://{authority}"))
}

fn upstream(url: &str) -> Upstream {
    let origin = Origin::parse(url).unwrap();
    let host_header = origin.authority();
    Upstream {
        origin,
        host_header,
        aliases: Vec::new(),
        connect_timeout_ms: 300,
        read_timeout_ms: 5000,
        trust: Trust::default(),
        forwarded: Forwarded::default(),
    }
}

/// An extranet whose login page is in order, and which answers so to the posted form.
async fn answering(answer: impl Fn() -> Response + Send + Sync + 'static) -> Upstream {
    extranet(move |_, asked| if asked.method == Method::POST { answer() } else { login_page() }).await
}

fn login_page() -> Response {
    html("<form method=post><input name=identifiant><input type=password name=motdepasse></form>").into_response()
}

fn html(text: &str) -> impl axum::response::IntoResponse + use<> {
    ([("content-type", "text/html; charset=utf-8")], text.to_owned())
}

fn to(place: &str, cookies: &[&str]) -> Response {
    let mut response = (StatusCode::FOUND, [("location", place)]).into_response();
    for cookie in cookies {
        response.headers_mut().append("set-cookie", cookie.parse().unwrap());
    }
    response
}

fn endless() -> Response {
    let bytes = stream::repeat(()).map(|()| Ok::<_, Infallible>(vec![b'x'; 65536]));
    Body::from_stream(bytes).into_response()
}

async fn verify(upstream: &Upstream, form: &FormLogin, password: &str) -> Result<Verdict, NoVerdict> {
    let adapter = replaying(form);
    with_attempt(password, async |legacy, attempt| legacy.verify(upstream, &adapter, &attempt).await).await
}

fn replaying(form: &FormLogin) -> Adapter {
    Adapter::FormReplay(Box::new(form.clone()))
}

async fn with_attempt<T>(password: &str, act: impl AsyncFnOnce(Legacy, Attempt<'_>) -> T) -> T {
    let (login, secret) = (LegacyLogin::parse("C10023").unwrap(), Secret::new(password));
    let agency = AgencyCode::parse("A1", "01").unwrap();
    let public = Origin::parse(PUBLIC).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in BROWSER {
        headers.insert(name, value.parse().unwrap());
    }
    let said = Browser::of(&headers);
    let behalf =
        Behalf { agency: Some(&agency), public: &public, client: CLIENT, said: &said, request_id: Some("00c0ffee") };
    let attempt = Attempt { behalf, login: &login, secret: &secret };
    act(Legacy::new().unwrap(), attempt).await
}

/// As in Django: the token in the form and in the cookie, the origin checked, a relative redirect.
fn django(own: &str, asked: &Asked) -> Response {
    let signed_in = asked.header("cookie").contains("sessionid=s1");
    let no_forgery = asked.header("cookie").contains("csrftoken=t1") && asked.has("csrfmiddlewaretoken=t2");
    if asked.header("x-forwarded-for") != "192.0.2.7"
        || asked.header("user-agent") != "Mozilla/5.0 (X11)"
        || asked.header("host") != own
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if asked.method == Method::POST && (!no_forgery || asked.header("origin") != format!("http://{own}")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let form = "<form method=post><input type=hidden name=csrfmiddlewaretoken value=t2>\
                <input name=username><input type=password name=password><input type=hidden name=next value=/admin/>";
    match (asked.method.as_str(), asked.target.as_str()) {
        ("GET", "/admin/login/") => {
            ([("set-cookie", "csrftoken=t1; Path=/; SameSite=Lax")], html(form)).into_response()
        }
        ("POST", "/admin/login/") if !asked.header("referer").ends_with("/admin/login/") => {
            StatusCode::FORBIDDEN.into_response()
        }
        ("POST", "/admin/login/")
            if asked.has("username=C10023&password=p%26s%3Dw%2Brd+100%25+%22%C3%A9%27%3C9%3E") =>
        {
            to("/admin/", &["sessionid=s1; HttpOnly; Path=/; SameSite=Lax; Max-Age=1800"])
        }
        ("POST", "/admin/login/") => html(&format!("<p class=errornote>Non</p>{form}")).into_response(),
        ("GET", "/admin/") if signed_in => html(
            "<strong>Benoît</strong><i id=mail>c@example.org</i><form id=logout-form method=post action=/admin/logout/>\
             <input type=hidden name=csrfmiddlewaretoken value=t2><button>Déconnexion</button></form>",
        )
        .into_response(),
        ("GET", "/admin/") => to("/admin/login/?next=/admin/", &[]),
        ("POST", "/admin/logout/") if signed_in => html("Au revoir").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn django_form() -> FormLogin {
    FormLogin {
        page: "/admin/login/".into(),
        login_field: "username".into(),
        password_field: "password".into(),
        success: vec![Rule::Redirect("/admin/".into())],
        failure: vec![Rule::Element("p.errornote".into())],
        profile: Some(ProfilePage { page: "/admin/".into(), name: Some("strong".into()), email: Some("#mail".into()) }),
        logout: Some(LogoutCall::Form {
            page: "/admin/".into(),
            path: "/admin/logout/".into(),
            fields: Vec::new(),
            extra: Vec::new(),
        }),
        ..declared()
    }
}

#[tokio::test]
async fn a07_a_form_with_token_cookie_and_origin_check_is_replayed() {
    let logouts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&logouts);
    let upstream = extranet(move |own, asked| {
        let answer = django(own, asked);
        if asked.posted_to("/admin/logout/") && answer.status().is_success() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        answer
    })
    .await;
    let form = django_form();
    let Ok(Verdict::Accepted { profile }) = verify(&upstream, &form, PASSWORD).await else { panic!("not accepted") };
    assert_eq!(profile.name.as_deref(), Some("Benoît"));
    assert_eq!(profile.email.map(|email| email.to_string()).as_deref(), Some("c@example.org"));
    assert_eq!(logouts.load(Ordering::Relaxed), 1, "the session of a verification is ended");
    assert_eq!(verify(&upstream, &form, "faux").await, Ok(Verdict::Refused));

    with_attempt(PASSWORD, async |legacy, attempt| {
        let Ok(SignIn::In { cookies, .. }) = legacy.enter(&upstream, &replaying(&form), &attempt).await else {
            panic!("not signed in")
        };
        assert_eq!(logouts.load(Ordering::Relaxed), 1, "a sign-in stays");
        let names: Vec<_> = cookies.iter().map(|cookie| cookie.name.clone()).collect();
        assert_eq!(names, ["csrftoken".into(), "sessionid".into()]);
        assert!(cookies[1].http_only && cookies[1].expires.is_some());
        let out = async |cookies: &[UpstreamCookie]| {
            legacy.leave(&upstream, &replaying(&form), cookies, &attempt.behalf).await
        };
        assert_eq!(out(&cookies).await, Ok(Some(true)));
        assert_eq!(logouts.load(Ordering::Relaxed), 2);
        assert_eq!(out(&[]).await, Err(NoVerdict::FormChanged), "over already: the form is not there");
    })
    .await;
}

#[tokio::test]
async fn an_old_page_in_latin_1_that_redirects_to_its_own_absolute_url_is_replayed() {
    let upstream = extranet(|own, asked| {
        let signed_in = asked.header("cookie").contains("DW=1") && asked.header("cookie").contains("PHPSESSID=p1");
        match (asked.method.as_str(), asked.target.as_str()) {
            ("GET", "/identification.php") => to(&format!("http://{own}/wiki/entree.php"), &["PHPSESSID=p0; path=/"]),
            ("GET", "/wiki/entree.php") => {
                let page = b"<p>Identit\xe9<form action='http://www.vieux.example/wiki/login.php' method='POST'>\
                    <input name=identifiant><input name=motdepasse type=password>\
                    <input type=submit name=valider value='Entr\xe9e'></form>";
                let mut answer = ([("content-type", "text/html; charset=ISO-8859-1")], &page[..]).into_response();
                answer.headers_mut().append("set-cookie", "DW=deleted; Max-Age=0; path=/wiki/".parse().unwrap());
                answer
            }
            ("POST", "/wiki/login.php")
                if asked.body
                    == b"identifiant=C10023&motdepasse=p%26s%3Dw%2Brd+100%25+%22%E9%27%3C9%3E&valider=Entr%E9e"
                    && asked.header("cookie") == "PHPSESSID=p0" =>
            {
                to(&format!("http://{own}/wiki/accueil.php"), &["PHPSESSID=p1; path=/", "DW=1; path=/wiki/; secure"])
            }
            ("GET", "/wiki/accueil.php") if signed_in => to("/fin.php", &["vu=1", "PHPSESSID=p2; path=/"]),
            ("GET", "/fin.php") => html("fin").into_response(),
            ("GET", "/sortie.php") if signed_in => html("au revoir").into_response(),
            _ => StatusCode::FORBIDDEN.into_response(),
        }
    })
    .await;
    let aliases = vec![Origin::parse("http://www.vieux.example").unwrap()];
    let upstream = Upstream { aliases, ..upstream };
    let form = FormLogin { success: vec![Rule::Redirect("/wiki/accueil.php".into())], ..declared() };
    with_attempt(PASSWORD, async |legacy, attempt| {
        let Ok(SignIn::In { cookies, .. }) = legacy.enter(&upstream, &replaying(&form), &attempt).await else {
            panic!("not signed in")
        };
        let held: Vec<_> =
            cookies.iter().map(|cookie| cookie.to_set_cookie(false).unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(held, ["PHPSESSID=p2; Path=/", "DW=1; Path=/wiki/", "vu=1; Path=/wiki"]);
        let none = legacy.leave(&upstream, &replaying(&form), &cookies, &attempt.behalf).await;
        assert_eq!(none, Ok(None), "no way out is declared");
        let logout = Some(LogoutCall::Get { path: "/sortie.php".into() });
        let form = replaying(&FormLogin { logout, ..form.clone() });
        assert_eq!(legacy.leave(&upstream, &form, &cookies, &attempt.behalf).await, Ok(Some(false)));
    })
    .await;
}

/// A front controller that is left only with the token of the session, and answers 200 whatever happens.
fn asks_for_a_token(asked: &Asked) -> Response {
    let way_out =
        "<a class=fin href='?_task=logout'>Quitter</a><form method=post action='?_task=quit'><button>x</button></form>";
    match asked.target.as_str() {
        "/?_task=logout&_token=t1" => html("<p>Au revoir").into_response(),
        "/?_task=logout&_token=t2" => to("/?fin", &["sid=; Max-Age=0"]),
        "/?fin" => html("<form><input type=password></form>").into_response(),
        "/?_task=logout" => html(&format!("<p>Jeton refusé{way_out}")).into_response(),
        "/?_task=quit" => to("./?_task=mail", &[]),
        "/?_task=mail" => html(way_out).into_response(),
        "/?_task=t1" => html("<a class=fin href='?_task=logout&amp;_token=t1'>Quitter</a>").into_response(),
        "/?_task=t2" => html("<a class=fin href='?_task=logout&amp;_token=t2'>Quitter</a>").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn f6_a_sign_out_after_which_the_way_out_is_still_shown_has_not_worked() {
    let upstream = extranet(|_, asked| asks_for_a_token(asked)).await;
    let link = |page: &str| LogoutCall::Link { page: page.into(), link: "a.fin".into() };
    let post = |page: &str, fields: &[(&str, &str)]| LogoutCall::Form {
        page: page.into(),
        path: "/?_task=quit".into(),
        fields: fields.iter().map(|(name, at)| ((*name).to_owned(), Found::parse(at))).collect(),
        extra: Vec::new(),
    };
    for (logout, worked) in [
        (link("/?_task=t1"), true),
        (link("/?_task=t2"), true),
        (link("/?_task=mail"), false),
        (LogoutCall::Get { path: "/?_task=logout".into() }, false),
        (LogoutCall::Get { path: "/?_task=logout&_token=t2".into() }, true),
        (LogoutCall::Leading { page: "/?_task=mail".into(), path: "/?_task=logout".into() }, false),
        (LogoutCall::Leading { page: "/?_task=t2".into(), path: "/?_task=logout".into() }, true),
        (post("/?_task=mail", &[]), false),
        (post("/?_task=t1", &[("_token", "a.fin")]), false),
    ] {
        let form = replaying(&FormLogin { logout: Some(logout.clone()), ..declared() });
        with_attempt(PASSWORD, async |legacy, attempt| {
            let left = legacy.leave(&upstream, &form, &[], &attempt.behalf).await;
            assert_eq!(left, Ok(Some(worked)), "{logout:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn b03_an_extranet_that_fails_gives_no_verdict() {
    let (form, silent) = (FormLogin { timeout_ms: 300, ..declared() }, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = silent.local_addr().unwrap();
    let verdict = async |upstream: &Upstream| verify(upstream, &form, PASSWORD).await;
    assert_eq!(verdict(&upstream(&format!("http://{address}"))).await, Err(NoVerdict::Slow));
    let shaking_hands = Upstream { connect_timeout_ms: 50, ..upstream(&format!("https://{address}")) };
    assert_eq!(verdict(&shaking_hands).await, Err(NoVerdict::Unreachable));
    drop(silent);
    assert_eq!(verdict(&upstream(&format!("http://{address}"))).await, Err(NoVerdict::Unreachable));
    let failing = extranet(|_, _| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    assert_eq!(verdict(&failing).await, Err(NoVerdict::Unreachable));
    let failing_later = answering(|| (StatusCode::BAD_GATEWAY, "Bienvenue").into_response()).await;
    assert_eq!(verdict(&failing_later).await, Err(NoVerdict::Unreachable));
    let trickling =
        extranet(|_, _| Body::from_stream(stream::pending::<Result<Vec<u8>, Infallible>>()).into_response());
    assert_eq!(verdict(&trickling.await).await, Err(NoVerdict::Slow));
}

#[tokio::test]
async fn sec_080_what_has_no_end_is_cut_off() {
    let form = FormLogin { success: vec![Rule::Status(200)], ..declared() };
    let verdict = async |upstream: Upstream| verify(&upstream, &form, PASSWORD).await;
    assert_eq!(verdict(extranet(|_, _| endless()).await).await, Err(NoVerdict::FormChanged));
    assert_eq!(verdict(answering(endless).await).await, Err(NoVerdict::Unrecognised));
    let cookies: Vec<String> = (0..10_000).map(|number| format!("c{number}=1")).collect();
    let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
    let heady = to("/", &cookies).headers().clone();
    let heady = extranet(move |_, _| (StatusCode::OK, heady.clone()).into_response()).await;
    assert_eq!(verdict(heady).await, Err(NoVerdict::FormChanged));
    assert_eq!(verdict(extranet(|_, asked| to(&asked.target, &[])).await).await, Err(NoVerdict::FormChanged));
}

#[tokio::test]
async fn a_form_that_is_not_as_declared_is_never_sent() {
    let posts = Arc::new(AtomicUsize::new(0));
    for page in [
        "",
        "<form method=post><input name=identifiant></form>",
        "<form method=post action=//evil.example/>\
        <input name=identifiant><input type=password name=motdepasse>",
    ] {
        let counted = Arc::clone(&posts);
        let upstream = extranet(move |_, asked| {
            counted.fetch_add(usize::from(asked.method == Method::POST), Ordering::Relaxed);
            html(page).into_response()
        })
        .await;
        assert_eq!(verify(&upstream, &declared(), PASSWORD).await, Err(NoVerdict::FormChanged), "{page}");
    }
    let leaving = extranet(|_, _| to("https://sso.example/", &[])).await;
    assert_eq!(verify(&leaving, &declared(), PASSWORD).await, Err(NoVerdict::FormChanged));
    assert_eq!(posts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a10_only_a_declared_answer_is_a_verdict() {
    let form = FormLogin {
        success: vec![Rule::Cookie("entre".into())],
        failure: vec![Rule::Text("incorrect".into())],
        locked: vec![Rule::Text("Compte bloqué".into())],
        must_change: vec![Rule::Redirect("/nouveau-mot-de-passe".into())],
        ..declared()
    };
    let verdict = async |upstream: Upstream| verify(&upstream, &form, PASSWORD).await;
    let locked = answering(|| html("<h1>Compte bloqu&eacute;</h1>").into_response());
    assert_eq!(verdict(locked.await).await, Ok(Verdict::Locked));
    let must_change = answering(|| to("nouveau-mot-de-passe.php", &["entre=1"]));
    assert_eq!(verdict(must_change.await).await, Ok(Verdict::MustChange));
    assert_eq!(verdict(answering(|| html("incorrect").into_response()).await).await, Ok(Verdict::Refused));
    let emptied = answering(|| to("/", &["entre=1", "entre="]));
    assert_eq!(verdict(emptied.await).await, Err(NoVerdict::Unrecognised));
    assert_eq!(verdict(answering(|| html("Bonjour").into_response()).await).await, Err(NoVerdict::Unrecognised));
}

#[tokio::test]
async fn credentials_are_sent_once_and_only_to_the_form() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let upstream = extranet(move |_, asked| {
        let told = format!("{} {} {}", asked.target, asked.header("referer"), String::from_utf8_lossy(&asked.body));
        noted.lock().unwrap().push(told);
        match asked.target.split('?').next() {
            Some("/identification.php") => {
                html("<form method=post action=/entrer><input name=identifiant><input type=password name=motdepasse>")
                    .into_response()
            }
            Some("/entrer") => (StatusCode::TEMPORARY_REDIRECT, [("location", "/accueil")]).into_response(),
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    })
    .await;
    let profile = Some(ProfilePage { page: "/profil".into(), name: Some("h1".into()), email: None });
    let form = FormLogin { success: vec![Rule::Redirect("/accueil".into())], profile, ..declared() };
    let verdict = verify(&upstream, &form, "hunter2").await;
    assert!(matches!(verdict, Ok(Verdict::Accepted { .. })), "a failure afterwards does not take it back: {verdict:?}");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|told| told.contains("hunter2")).count(), 1, "{seen:?}");
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn review_case_27_a_wrong_password_never_opens_the_wizard_however_the_ticket_is_deleted() {
    let form = FormLogin { success: vec![Rule::Cookie("sid".into())], ..declared() };
    for set in [
        "sid=x; path=/; Expires=Thu, 1 Jan 1970 00:00:00 GMT",
        "sid=x; path=/; Expires=Thu, 01-Jan-70 00:00:01 GMT",
        "sid=x; path=/; Expires=Thu Jan  1 00:00:00 1970",
        "sid=x; path=/; Expires=Mon, 01-Jan-2001 0:0:0 GMT",
        "sid=x; path=/; Expires=Thu, 01 Jan 1970 00:00:00 UTC; HttpOnly",
        "sid=x; path=/; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "sid=x; path=/; max-age=-1",
        "sid=\"\"; path=/",
        "sid=; path=/",
        "sid=x; path=/; Domain=10.1.2.3; Expires=Thu, 1 Jan 1970 00:00:00 GMT",
        "sid",
        "=sid",
        " =sid=x",
    ] {
        let upstream = answering(move || to("/", &[set])).await;
        assert_eq!(verify(&upstream, &form, PASSWORD).await, Err(NoVerdict::Unrecognised), "{set}");
    }
    let long: &'static str = Box::leak(format!("sid={}", "x".repeat(4100)).into_boxed_str());
    let upstream = answering(move || to("/", &[long])).await;
    assert_eq!(verify(&upstream, &form, PASSWORD).await, Err(NoVerdict::Unrecognised), "no browser takes it");
}

#[tokio::test]
async fn review_case_07_a_right_password_opens_it_whatever_domain_the_ticket_names() {
    let form = FormLogin { success: vec![Rule::Cookie("sid".into())], ..declared() };
    for set in [
        "sid=s1; path=/; Domain=10.1.2.3",
        "sid=s1; path=/; Domain=.ancien-nom.example",
        "sid=s1; path=/; Domain=extranet",
        "sid=s1; path=/; Domain=com",
        "sid=s1; path=/; Domain=\"127.0.0.1:8080\"",
        "sid=s1; path=/; Domain=",
        "sid=s1; path=/; Domain",
        "sid=s1; Expires=Fri, 1 Jan 2100 0:00:00",
        "sid=s1; Max-Age=60; Expires=Thu, 1 Jan 1970 00:00:00 GMT",
        "  sid =s1 ;; =;Version=1;Priority=High",
    ] {
        let upstream = extranet(move |_, asked| match asked.method.as_str() {
            "POST" => to("/identification.php?ici", &[set]),
            _ if asked.target.ends_with("ici") && asked.header("cookie") != "sid=s1" => endless(),
            _ => login_page(),
        })
        .await;
        assert!(matches!(verify(&upstream, &form, PASSWORD).await, Ok(Verdict::Accepted { .. })), "{set}");
        with_attempt(PASSWORD, async |legacy, attempt| {
            let Ok(SignIn::In { cookies, .. }) = legacy.enter(&upstream, &replaying(&form), &attempt).await else {
                panic!("not signed in: {set}")
            };
            assert_eq!(cookies.len(), 1, "{set}");
        })
        .await;
    }
}

#[tokio::test]
async fn att_07_a_sign_in_takes_cookies_whose_bytes_are_no_text() {
    let form = FormLogin { success: vec![Rule::Cookie("sid".into())], ..declared() };
    let upstream = extranet(|_, asked| {
        let held = asked.headers.get("cookie").map_or(&b""[..], |value| value.as_bytes());
        let mut answer = match asked.method.as_str() {
            "POST" if held == b"nom=Am\xe9lie" => to("/identification.php", &["sid=s1"]),
            _ => login_page(),
        };
        let name = axum::http::HeaderValue::from_bytes(b"nom=Am\xe9lie; path=/").unwrap();
        answer.headers_mut().append("set-cookie", name);
        answer
    })
    .await;
    assert!(matches!(verify(&upstream, &form, PASSWORD).await, Ok(Verdict::Accepted { .. })));
}

/// What the extranet was asked, as method and target, with the type and the fields of what was posted.
async fn asked_with(page: &'static str) -> (Result<Verdict, NoVerdict>, Option<Look>, Vec<String>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let upstream = extranet(move |_, asked| {
        let kind = asked.header("content-type").split(';').next().unwrap_or_default();
        let fields = String::from_utf8_lossy(&asked.body).replace("\r\n", "|");
        noted.lock().unwrap().push(format!("{} {} {kind} {fields}", asked.method, asked.target).trim_end().to_owned());
        if asked.method == Method::POST { to("/accueil", &[]) } else { html(page).into_response() }
    })
    .await;
    let form = FormLogin { success: vec![Rule::Redirect("/accueil".into())], ..declared() };
    let look =
        with_attempt("", async |legacy, _| legacy.look_at_form(&upstream, &replaying(&form), &upstream.origin).await)
            .await;
    let looked = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(looked, ["GET /identification.php"], "a look sends nothing");
    let verdict = verify(&upstream, &form, "hunter2").await;
    let seen = seen.lock().unwrap().clone();
    (verdict, look, seen)
}

#[tokio::test]
async fn case_21_a_form_is_sent_as_its_button_says_and_check_tells_how() {
    const URLENCODED: &str = "application/x-www-form-urlencoded identifiant=C10023&motdepasse=hunter2";
    for (page, posted, how) in [
        (
            "<form action=/x><input name=identifiant><input type=password name=motdepasse>\
             <button name=go value=1 formmethod=post formaction=/auth>x</button></form>",
            format!("POST /auth {URLENCODED}&go=1"),
            "is posted to /auth as application/x-www-form-urlencoded, by the button go",
        ),
        (
            "<form method=post enctype=text/plain action='?page=auth'><input name=identifiant>\
             <input type=password name=motdepasse><input type=image></form>",
            "POST /identification.php?page=auth text/plain identifiant=C10023|motdepasse=hunter2|x=1|y=1|".to_owned(),
            "is posted to /identification.php as text/plain, by a button without a name",
        ),
        (
            "<form method=post action=/m enctype=multipart/form-data><input name=identifiant>\
             <input type=password name=motdepasse></form>",
            "POST /m multipart/form-data ------VestibuleForm00000000|Content-Disposition: form-data; name=\"identifiant\"||\
             C10023|------VestibuleForm00000000|Content-Disposition: form-data; name=\"motdepasse\"||hunter2|\
             ------VestibuleForm00000000--|"
                .to_owned(),
            "is posted to /m as multipart/form-data, by no button",
        ),
        (
            "<form method=post action=/p><input type=hidden name=__EVENTTARGET><input name=identifiant>\
             <input type=password name=motdepasse><a href=\"javascript:__doPostBack('lnk','')\">x</a></form>",
            "POST /p application/x-www-form-urlencoded \
             __EVENTTARGET=lnk&identifiant=C10023&motdepasse=hunter2&__EVENTARGUMENT="
                .to_owned(),
            "is posted to /p as application/x-www-form-urlencoded, by the event lnk",
        ),
    ] {
        let (verdict, look, seen) = asked_with(page).await;
        assert!(matches!(verdict, Ok(Verdict::Accepted { .. })), "{verdict:?} {seen:?}");
        assert_eq!(seen[1], posted);
        assert_eq!(look, Some(Look::Fits(how.to_owned())));
    }
}

#[tokio::test]
async fn case_21_a_password_never_travels_in_a_url() {
    for attributes in [
        ["", ""],
        ["method=get", ""],
        ["method=GET action=/auth", ""],
        ["method=patch", ""],
        ["method=post", "formmethod=get"],
        ["method=post", "formmethod=''"],
    ] {
        let page = format!(
            "<form {}><input name=identifiant><input type=password name=motdepasse><button {}>x</button></form>",
            attributes[0], attributes[1]
        );
        let (verdict, look, seen) = asked_with(Box::leak(page.into_boxed_str())).await;
        assert_eq!(verdict, Err(NoVerdict::FormChanged), "{attributes:?}");
        assert!(matches!(look, Some(Look::Refused(_))), "{attributes:?} {look:?}");
        assert_eq!(seen, ["GET /identification.php"], "{attributes:?}");
    }
    let (_, look, _) = asked_with("<p>En travaux").await;
    assert_eq!(look, Some(Look::Unfit("no form has both declared fields".to_owned())));
}

mod following;
mod saying;
