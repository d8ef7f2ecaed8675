//! Who is who, and at which agency, where nobody asks the use cases.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::app::visit::{Passage, Settled, Unavailable};
use crate::domain::access::Visitor;
use crate::domain::accounts::Accounts;
use crate::domain::adapter::{Adapter, Verifier};
use crate::domain::agency::{Agency, AgencyBrand, AgencyMode, CookieMode, SessionOver};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{AccountLabel, LinkId};
use crate::domain::identity_headers::ReservedNames;
use crate::domain::language::Language;
use crate::domain::logout::Logout;
use crate::domain::origin::Origin;
use crate::domain::path::{PathRule, PathRules};
use crate::domain::policy::AgencyPolicy;
use crate::domain::routing::{Directory, SharedHost};
use crate::domain::session::SessionId;
use crate::domain::spelling::IdentifierCase;
use crate::domain::trust::Trust;
use crate::domain::upstream::{FormLogin, Forwarded, LoginButton, Upstream};
use crate::legacy::{Credentials, Signer};

/// Who is who, by the session cookie's value.
#[derive(Clone)]
pub struct Cast {
    /// Until a test replaces it.
    pub directory: Arc<Mutex<Arc<Directory>>>,
    passage: Arc<Passage>,
    /// Whether the resident has signed out, once somebody looks again.
    pub is_out: Arc<AtomicBool>,
}

impl Cast {
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.lock().expect("the directory"))
    }

    pub fn visit(&self, cookie: Option<&str>) -> Result<Visitor<Arc<Passage>>, Unavailable> {
        match cookie {
            Some("resident") => Ok(Visitor::Resident(Arc::clone(&self.passage))),
            Some("signed") => Ok(Visitor::Resident(Arc::new(self.signed()))),
            Some("owes-terms") => Ok(Visitor::OwesTerms),
            Some("unnamed") => Ok(Visitor::Unnamed),
            Some("store-is-down") => Err(Unavailable("the database is away")),
            _ => Ok(Visitor::Stranger),
        }
    }

    /// The resident at an extranet that wants each request signed.
    fn signed(&self) -> Passage {
        let Passage { session, link, account, headers, .. } = &*self.passage;
        let (session, link, account, headers) = (session.clone(), link.clone(), account.clone(), headers.clone());
        let credentials = Credentials::PerRequest(Arc::new(FirstLine));
        Passage { session, link, account, headers, credentials, by_secret: None }
    }

    pub fn lets_in(&self, cookie: &str) -> bool {
        cookie == "resident" && !self.is_out.load(Ordering::SeqCst)
    }

    /// Everybody whose account is known has it at the first of the agencies.
    pub fn visit_shared(&self, shared: &SharedHost, cookie: Option<&str>) -> Result<Option<Settled>, Unavailable> {
        Ok(match self.visit(cookie)? {
            Visitor::Stranger => None,
            visitor => shared.house(&shared.agencies()[0].code).map(|house| (house, visitor)),
        })
    }
}

/// Who is who in this directory.
pub fn cast(directory: Directory) -> Cast {
    let headers = vec![
        (HeaderName::from_static("x-extranet-user"), HeaderValue::from_static("durand")),
        (HeaderName::from_static("x-extranet-client"), HeaderValue::from_static("SPI31")),
    ];
    let passage = Passage {
        session: SessionId::stored("s"),
        link: LinkId::stored("l"),
        account: AccountLabel::of(&LinkId::stored("l")),
        headers,
        credentials: Credentials::default(),
        by_secret: None,
    };
    Cast { directory: Arc::new(Mutex::new(Arc::new(directory))), passage: Arc::new(passage), is_out: Arc::default() }
}

/// Signs what is asked, and to whom it is said; what ends in `unsigned` cannot be signed.
#[derive(Debug)]
struct FirstLine;

impl Signer for FirstLine {
    fn sign(&self, request: &Parts) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let host = request.headers.get("host")?.to_str().ok()?;
        let user = request.headers.get("x-extranet-user")?.to_str().ok()?;
        let text = format!("{} {} {host} {user}", request.method, request.uri);
        let signature = HeaderValue::from_str(&text).ok()?;
        (!text.contains("unsigned")).then(|| vec![(HeaderName::from_static("authorization"), signature)])
    }
}

pub fn origin(text: &str) -> Origin {
    Origin::parse(text).expect("an origin")
}

fn rule(text: &str) -> Vec<PathRule> {
    vec![PathRule::parse(text).expect("a rule")]
}

pub fn agency(port: u16) -> Agency {
    let brand = AgencyBrand {
        name: "Agence du Port".into(),
        colour: "#7a1f3d".into(),
        mail_from: None,
        support_email: None,
        support_phone: None,
        support_url: None,
        old_password_hint: None,
    };
    Agency {
        code: AgencyCode::parse("SPI31", "01").expect("codes"),
        brand,
        controller: None,
        language: Language::default(),
        public: origin("http://a.test:8080"),
        former: Vec::new(),
        accounts: Accounts::OneAtATime,
        start: None,
        upstream: Arc::new(Upstream {
            origin: origin(&format!("http://127.0.0.1:{port}")),
            host_header: format!("127.0.0.1:{port}"),
            aliases: vec![origin("https://extranet.old.test")],
            connect_timeout_ms: 2000,
            read_timeout_ms: 5000,
            trust: Trust::default(),
            forwarded: Forwarded::default(),
        }),
        mode: AgencyMode::Require,
        policy: AgencyPolicy::default(),
        adapter: Adapter::TrustedHeaders,
        login_names: None,
        verifier: Verifier::Roster,
        may_be_email: false,
        identifier_case: IdentifierCase::Learn,
        cookies: CookieMode::Relay,
        headers: Arc::default(),
        reserved: Arc::new(ReservedNames::of(["x-eXTRANET-user", "X-Extranet-Client", "X-Extranet-Name"])),
        keep_authorization: false,
        paths: Arc::new(PathRules {
            public: rule("/public/"),
            login: rule("/login.php"),
            logout: rule("/logout.php"),
            account: rule("/password.php"),
            ..PathRules::default()
        }),
        session_over: SessionOver { login_redirect: true, statuses: vec![401], element: None },
        logout: Logout::default(),
        terms: None,
    }
}

pub fn form_replay() -> Adapter {
    Adapter::FormReplay(Box::new(FormLogin {
        page: "/login.php".into(),
        form: None,
        login_field: "login".into(),
        password_field: "password".into(),
        button: LoginButton::default(),
        posts: false,
        extra: Vec::new(),
        set_cookies: Vec::new(),
        charset: None,
        success: Vec::new(),
        failure: Vec::new(),
        locked: Vec::new(),
        must_change: Vec::new(),
        profile: None,
        logout: None,
        timeout_ms: 1000,
    }))
}
