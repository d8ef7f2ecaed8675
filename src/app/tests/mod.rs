//! Use cases without a door: a person, an agency whose extranet is not there, and a gate behind each hash ([`Hasher::hold`]), so that what
//! happens at the same time happens in the order that the sentence tells.

/// Makes of each sentence a test on every ground; one that is not listed is dead code, and told as such.
macro_rules! on_every_ground {
    ($($sentence:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                super::$sentence(crate::app::tests::Ground::sqlite().await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                super::$sentence(crate::app::tests::Ground::postgres().await).await;
            })+
        }
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                super::$sentence(crate::app::tests::Ground::redis().await).await;
            })+
        }
    };
}

mod address_request;
mod browsers;
mod budgets;
mod disabled;
mod kept_secrets;
mod not_me;
mod one_person;
mod own_password;
mod provisional;
mod readers;
mod reset_codes;
mod resets;
mod support;
mod wizard;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::SignedDuration;

use super::attempt::{Credentials, Outcome, SignedIn};
use super::hasher::{HashCost, Hasher};
use super::jar::Turns;
use super::sign_in;
use super::{App, Caller, throttle};
use crate::config::{RedisMode, RedisSettings};
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::credential::{Credential, CredentialId, Meant};
use crate::domain::email::EmailAddress;
use crate::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin, Link, LinkId};
use crate::domain::language::Language;
use crate::domain::lockout::Attempts;
use crate::domain::mail::LetterLimits;
use crate::domain::migration::{Flow, FlowId, MigrationPlan, Step};
use crate::domain::policy::{AgencyPolicy, Identifier, ProofMethod};
use crate::domain::recovery::{Named, RecoveryTerms};
use crate::domain::routing::Directory;
use crate::domain::secret::{Secret, long_secret, random_id};
use crate::domain::warning::Changed;
use crate::edition::{Current, Edition};
use crate::legacy::{Browser, Legacy};
use crate::pages::{Brand, Pages};
use crate::sessions::Sessions;
use crate::store::tests::postgres;
use crate::store::{Store, Vault};
use crate::telemetry::{Clock, RequestId, SystemDice};

/// What a person's password is at first.
const FIRST: &str = "Platane-58-vert";
const SECOND: &str = "Cerisier-31-mur";
const THIRD: &str = "Tilleul-77-banc";
const ANNE: &str = "anne@residents.example";
/// The old password of every run of the wizard.
const OLD: &str = "Ancien-1234-x";

/// Who has forgotten a password and types this, where an address or an identifier is asked for.
fn named(text: &str) -> Named {
    Named::parse(Identifier::Email, text, "").expect("something typed")
}

/// Everything that use cases work with, on a database of its own; it goes with this value.
struct Ground {
    app: Arc<App>,
    anne: IdentityId,
    _kept: Kept,
}

#[expect(dead_code, reason = "held for as long as the ground is stood on")]
enum Kept {
    File(tempfile::TempDir),
    Database(postgres::Database),
    Both(tempfile::TempDir, support::redis::Redis),
}

impl Ground {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = file_in(&folder).await;
        let sessions = Sessions::sql(store.clone(), Duration::from_secs(30));
        Self::on(store, sessions, Kept::File(folder)).await
    }

    async fn postgres() -> Self {
        let database = postgres::shared().database();
        let store = Store::open(&database.url()).await.expect("a store");
        let sessions = Sessions::sql(store.clone(), Duration::from_secs(30));
        Self::on(store, sessions, Kept::Database(database)).await
    }

    async fn redis() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = file_in(&folder).await;
        let redis = support::redis::Redis::start();
        let settings = RedisSettings {
            urls: vec![redis.url()],
            mode: RedisMode::Single,
            username: None,
            password: None,
            sentinel_username: None,
            sentinel_password: None,
            ca: None,
            timeout: Duration::from_secs(2),
        };
        let sessions = Sessions::redis(store.clone(), settings, Duration::from_secs(30));
        Self::on(store, sessions, Kept::Both(folder, redis)).await
    }

    async fn on(store: Store, sessions: Sessions<Arc<super::visit::Passage>>, kept: Kept) -> Self {
        static PAGES: LazyLock<Arc<Pages>> = LazyLock::new(|| Arc::new(Pages::load(None).expect("pages")));
        let settings = support::settings();
        let edition = Edition {
            digest: 0,
            number: 1,
            directory: Arc::new(Directory::new(settings.portal.origin, settings.agencies)),
            pages: Arc::clone(&PAGES),
            portal: Brand {
                name: "Portail".to_owned(),
                colour: "#1f4e79".to_owned(),
                logo_url: None,
                support_name: "Portail".to_owned(),
                answers: false,
                support_email: None,
                support_phone: None,
                support_url: None,
                old_password_hint: None,
            },
            controller: None,
        };
        let app = App {
            current: Current::new(edition),
            store,
            sessions,
            hasher: hasher(64),
            vault: Some(Arc::new(Vault::new("k".to_owned(), [3; 32]))),
            legacy: Legacy::new().expect("TLS"),
            clock: Clock,
            dice: Arc::new(SystemDice),
            failure_floor: Duration::ZERO,
            letter_limits: LetterLimits {
                per_address: 100,
                per_client: 100,
                per_agency: 100,
                per_hour: 100,
                queue: 100,
            },
            turns: Turns::default(),
            landings: crate::app::enter_extranet::Landings::default(),
            jar_turns: Turns::default(),
            owed: throttle::Owed::default(),
            tries: throttle::Tries::default(),
            agency_codes: super::agency_codes::Typed::default(),
        };
        let anne = IdentityId::stored("anne");
        let ground = Self { app: Arc::new(app), anne, _kept: kept };
        ground.add_anne().await;
        ground
    }

    async fn add_anne(&self) {
        let password = self.app.hasher.hash(Secret::new(FIRST)).await.expect("room");
        let (now, identity) = (self.app.now(), self.anne.clone());
        let credential = Credential::of_address(CredentialId::stored("c"), identity, address(ANNE), password);
        let link = Link { id: LinkId::stored("l"), identity: self.anne.clone(), account: account("anne-1") };
        let mut tx = self.app.store.write().await.expect("a turn");
        assert!(tx.create_person(&self.anne, &credential, Language::Fr, now).await.expect("asked"));
        assert!(tx.attach(&link, now).await.expect("asked"));
        tx.commit().await.expect("a commit");
    }

    /// The same ground after the cost of a hash was raised.
    fn raised(mut self) -> Self {
        let app = Arc::get_mut(&mut self.app).expect("nobody else stands here");
        app.hasher = hasher(128);
        self
    }

    /// A browser that signs in with this password; none where it is refused.
    async fn sign_in(&self, password: &str) -> Option<SignedIn> {
        self.sign_in_at(ANNE, password).await
    }

    /// The same with this address.
    async fn sign_in_at(&self, login: &str, password: &str) -> Option<SignedIn> {
        match attempt_with(&self.app, login, password).await {
            Outcome::SignedIn(signed_in) => Some(*signed_in),
            _ => None,
        }
    }

    /// Whether the session of this cookie still stands.
    async fn stands(&self, cookie: &Secret) -> bool {
        self.app.sessions.of_portal(cookie, self.app.now()).await.expect("asked").is_some()
    }

    /// A reset link as its letter has it, sent now.
    async fn reset_link(&self) -> Secret {
        let (id, secret) = (random_id(&SystemDice), long_secret(&SystemDice));
        let now = self.app.now();
        let mut tx = self.app.store.write().await.expect("a turn");
        let terms = RecoveryTerms { method: ProofMethod::Link, code_minutes: 10, link_minutes: 60 };
        tx.insert_recovery(&id, &self.anne, terms, None, now).await.expect("kept");
        assert!(tx.mark_recovery_sent(&id, None, Some(secret.digest()), now).await.expect("asked"));
        tx.commit().await.expect("a commit");
        secret
    }

    /// A run of the wizard that stands at this step in the caller's browser.
    async fn run(&self, here: &Caller, login: &str, step: Step) -> FlowId {
        let old = self.app.hasher.hash(Secret::new(OLD)).await.expect("room");
        let (id, plan) = (FlowId::random(&SystemDice), MigrationPlan::from(&AgencyPolicy::default()));
        let flow = Flow { step, ..Flow::start(id.clone(), account(login), None, plan, self.app.now()) };
        let mut tx = self.app.store.write().await.expect("a turn");
        tx.insert_flow(&flow, here.browser.digest(), None, Some(&old)).await.expect("kept");
        tx.commit().await.expect("a commit");
        id
    }

    /// One more account of Anne's.
    async fn attach(&self, id: &str, login: &str) {
        let link = Link { id: LinkId::stored(id), identity: self.anne.clone(), account: account(login) };
        let mut tx = self.app.store.write().await.expect("a turn");
        assert!(tx.attach(&link, self.app.now()).await.expect("asked"), "{login}");
        tx.commit().await.expect("a commit");
    }

    /// Makes everything that is kept so much older.
    async fn age(&self, by: SignedDuration) {
        let long_ago = self.app.now().checked_sub(SignedDuration::from_hours(1000)).expect("a time");
        let mut tx = self.app.store.write().await.expect("a turn");
        tx.set_back(by, 0, long_ago).await.expect("older");
        tx.commit().await.expect("a commit");
    }

    /// The identifiers of Anne's accounts.
    async fn accounts(&self) -> Vec<String> {
        let links = self.app.store.read().await.expect("a reader").links_of(&self.anne).await.expect("asked");
        links.into_iter().map(|link| link.account.login.as_str().to_owned()).collect()
    }

    /// Failures today that are counted for Anne.
    async fn failures(&self) -> u32 {
        let mut tx = self.app.store.read().await.expect("a reader");
        tx.attempts(&throttle::person_key(&self.anne)).await.expect("asked").0.today
    }

    /// Makes this what is counted for Anne.
    async fn counted(&self, attempts: &Attempts) {
        let key = throttle::person_key(&self.anne);
        let mut tx = self.app.store.write().await.expect("a turn");
        let (_, version) = tx.attempts(&key).await.expect("asked");
        assert!(tx.save_attempts(&key, attempts, version).await.expect("asked"));
        tx.commit().await.expect("a commit");
    }

    /// Letters to an address that wait.
    async fn letters_to(&self, email: &str) -> usize {
        let mut tx = self.app.store.read().await.expect("a reader");
        let letters = tx.outbox(None, "", 100).await.expect("asked");
        letters.iter().filter(|letter| letter.recipient == email).count()
    }

    /// Anne's address, password and account are what they were at first.
    async fn as_at_first(&self) {
        let password = self.app.hasher.hash(Secret::new(FIRST)).await.expect("room");
        let now = self.app.now();
        let link = Link { id: LinkId::stored("l"), identity: self.anne.clone(), account: account("anne-1") };
        let mut tx = self.app.store.write().await.expect("a turn");
        assert!(tx.set_email(&self.anne, &address(ANNE), now).await.expect("asked"));
        tx.reset_password(&self.anne, &password, now).await.expect("set");
        for other in tx.links_of(&self.anne).await.expect("asked") {
            assert!(tx.detach(&other.id).await.expect("asked"));
        }
        assert!(tx.attach(&link, now).await.expect("asked"));
        tx.commit().await.expect("a commit");
    }

    async fn credential(&self) -> Credential {
        let mut tx = self.app.store.read().await.expect("a reader");
        tx.credential_of(&self.anne).await.expect("asked").expect("anne")
    }
}

async fn file_in(folder: &tempfile::TempDir) -> Store {
    Store::open(&format!("sqlite:{}", folder.path().join("vestibule.db").display())).await.expect("a store")
}

fn hasher(memory_kib: u32) -> Hasher {
    Hasher::start(HashCost { memory_kib, iterations: 1 }, 2, 32, Arc::new(SystemDice)).expect("threads")
}

/// Tries to sign in at the agency.
async fn attempt(app: &App, password: &str) -> Outcome {
    attempt_with(app, ANNE, password).await
}

async fn attempt_with(app: &App, login: &str, password: &str) -> Outcome {
    let agency = app.agency("CA", "SA").expect("the agency");
    attempt_at(app, agency, (login, password), Meant::Either).await
}

async fn attempt_at(app: &App, agency: Arc<Agency>, (login, password): (&str, &str), meant: Meant) -> Outcome {
    let credentials = Credentials { login, password: Secret::new(password), meant, keep: false, agency };
    sign_in::sign_in(app, &caller(), credentials).await.expect("an outcome")
}

fn caller() -> Caller {
    Caller {
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        request_id: RequestId::named("test"),
        said: Browser::default(),
        language: Language::Fr,
        browser: long_secret(&SystemDice),
        device: None,
    }
}

/// An account at the agency.
fn account(login: &str) -> LegacyAccount {
    LegacyAccount {
        agency: AgencyCode::parse("CA", "SA").expect("codes"),
        login: LegacyLogin::parse(login).expect("an identifier"),
        name: None,
        kind: Kind::Unknown,
    }
}

/// Anne's address was changed; gives the link of the letter to the one from before.
async fn warned(ground: &Ground) -> Secret {
    let (link, now, before) = (long_secret(&SystemDice), ground.app.now(), ground.credential().await);
    let (changed, new) = (Changed::Email, address("anne.martin@courriel.example"));
    let mut tx = ground.app.store.write().await.expect("a turn");
    assert!(tx.set_email(&ground.anne, &new, now).await.expect("asked"));
    let id = super::not_me::warn(&ground.app, &mut tx, changed, before, &new, now).await.expect("kept");
    assert!(tx.mark_warning_sent(&id.expect("a wait"), link.digest(), now).await.expect("asked"));
    tx.commit().await.expect("a commit");
    link
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}
