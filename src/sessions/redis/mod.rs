//! Sessions in Redis: what may be lost there at the price of a new sign-in, and nothing else.
//!
//! Every key has an end of its life. Keys of one session share its hash tag, so that they can be used together in a
//! cluster; a cookie's key only leads to its session. Nothing here tells that a session has ended: that is
//! [`crate::domain::session::Standing`]'s, in SQL.
//!
//! | Key | What it holds |
//! |---|---|
//! | `vestibule:cookie:<digest>` | [`Pointer`]: which session a cookie leads to |
//! | `vestibule:{<session>}` | the [`Session`] |
//! | `vestibule:{<session>}:jars` | for each account, its extranet's cookies, sealed |
//! | `vestibule:sessions-of:<identity>` | which sessions a person has |
//! | `vestibule:client:<client>` | [`Attempts`] of a client |

mod connection;
mod records;

use jiff::Timestamp;

pub use connection::{Outage, reach};
pub(super) use records::Pointer;

use crate::config::RedisSettings;
use crate::domain::identity::{IdentityId, LinkId};
use crate::domain::lockout::Attempts;
use crate::domain::secret::SecretDigest;
use crate::domain::session::{Session, SessionId};
use crate::store::{Sealed, SealedPlace, StoredJar};

use connection::RedisConnection;

/// Sessions in Redis.
#[derive(Clone)]
pub(super) struct Redis {
    line: RedisConnection,
}

/// Puts an account's sealed cookies into the session's jars, as the version after the one that is there.
///
/// KEYS: session, jars. ARGV: account, the version that has to be there or nothing, now, the cookies.
/// Gives the version, 0 if another one was there, -1 if there is no such session.
const PUT_JAR: &str = "
local session = redis.call('GET', KEYS[1])
if not session then return -1 end
local old = redis.call('HGET', KEYS[2], ARGV[1])
local version, signed_in = ARGV[3], ARGV[3]
if old then
  local at, since = string.match(old, '^(%d+) (%d+) ')
  if ARGV[2] ~= '' then
    if at ~= ARGV[2] then return 0 end
    signed_in = since
  end
  version = string.format('%.0f', tonumber(at) + 1)
elseif ARGV[2] ~= '' then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], version .. ' ' .. signed_in .. ' ' .. ARGV[4])
redis.call('PEXPIREAT', KEYS[2], string.match(session, '^%d+'))
return tonumber(version)";

/// Replaces an account's sealed cookies by the same ones, sealed anew, as the same version; how long they live stays.
///
/// KEYS: jars. ARGV: account, the cookies as they were read, the cookies now. Gives 0 if others are there.
const RESEAL_JAR: &str = "
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then return 0 end
local head, sealed = string.match(old, '^(%d+ %d+ )(.*)$')
if sealed ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], head .. ARGV[3])
return 1";

/// Adds a session to a person's, and lets the list live as long as the longest of them.
///
/// KEYS: list. ARGV: session, its end, now.
const LIST: &str = "
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
local left = ARGV[2] - ARGV[3]
if redis.call('PTTL', KEYS[1]) < left then redis.call('PEXPIRE', KEYS[1], left) end";

/// Replaces what has been counted of a client, if its version is still the one that was read.
///
/// KEYS: client. ARGV: version, what is counted now, its life.
const COUNT: &str = "
local old = redis.call('GET', KEYS[1])
if (old and string.match(old, '^%d+') or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// No count of a client matters longer: the longest counts a day.
const COUNTS_LIVE_MS: i64 = 25 * 3_600_000;

impl Redis {
    /// Opens the line to Redis; whether it could be opened shows when something is asked.
    pub(super) fn open(settings: RedisSettings) -> Self {
        Self { line: RedisConnection::open(settings) }
    }

    /// Asks for a sign of life: only one that can be written gives it.
    pub(super) async fn ping(&self) -> Result<(), Outage> {
        self.line.ask(&connection::proof()).await
    }

    /// Keeps a sign-in and the portal's cookie of this generation that leads to it.
    pub(super) async fn begin(
        &self,
        session: &Session,
        cookie: SecretDigest,
        generation: i64,
        now: Timestamp,
    ) -> Result<(), Outage> {
        let (ends, latest) = (millis(session.ends_at()), millis(session.ends_at_latest()));
        let mut kept = redis::cmd("SET");
        kept.arg(key(&session.id)).arg(records::session(session)).arg("PX").arg(left(ends, now));
        let mut list = redis::cmd("EVAL");
        list.arg(LIST).arg(1).arg(list_key(&session.identity)).arg(session.id.as_str()).arg(latest).arg(millis(now));
        let pointer = Pointer::Portal { generation, session: session.id.clone() };
        tokio::try_join!(
            self.line.ask::<()>(&kept),
            self.line.ask::<()>(&list),
            self.point(cookie, &pointer, session.ends_at_latest(), now),
        )?;
        Ok(())
    }

    /// Lets a cookie lead to a session.
    pub(super) async fn point(
        &self,
        cookie: SecretDigest,
        pointer: &Pointer,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Outage> {
        let mut set = redis::cmd("SET");
        set.arg(cookie_key(cookie)).arg(pointer.to_string()).arg("PX").arg(left(millis(until), now));
        self.line.ask(&set).await
    }

    /// Where a cookie leads to.
    pub(super) async fn pointer(&self, cookie: SecretDigest) -> Result<Option<Pointer>, Outage> {
        let text: Option<String> = self.line.ask(redis::cmd("GET").arg(cookie_key(cookie))).await?;
        Ok(text.and_then(|text| Pointer::parse(&text)))
    }

    /// One session, as it was kept.
    pub(super) async fn session(&self, id: &SessionId) -> Result<Option<Session>, Outage> {
        let text: Option<String> = self.line.ask(redis::cmd("GET").arg(key(id))).await?;
        Ok(text.and_then(|text| records::read_session(id, &text)))
    }

    /// Keeps that a request came, unless the session has gone.
    pub(super) async fn touch(&self, session: &Session, now: Timestamp) -> Result<(), Outage> {
        let seen = Session { seen_at: now.max(session.seen_at), ..session.clone() };
        let mut set = redis::cmd("SET");
        set.arg(key(&session.id))
            .arg(records::session(&seen))
            .arg("XX")
            .arg("PX")
            .arg(left(millis(seen.ends_at()), now));
        self.line.ask::<Option<String>>(&set).await?;
        Ok(())
    }

    /// Removes a session that has ended; its cookies lead nowhere then.
    pub(super) async fn remove(&self, session: &Session) -> Result<(), Outage> {
        let id = &session.id;
        let mut remove = redis::cmd("DEL");
        remove.arg(key(id)).arg(jars_key(id));
        let mut unlist = redis::cmd("ZREM");
        unlist.arg(list_key(&session.identity)).arg(id.as_str());
        tokio::try_join!(self.line.ask::<()>(&remove), self.line.ask::<()>(&unlist))?;
        Ok(())
    }

    /// Removes the list of a person's sessions.
    pub(super) async fn remove_list(&self, identity: &IdentityId) -> Result<(), Outage> {
        self.line.ask(redis::cmd("DEL").arg(list_key(identity))).await
    }

    /// The person's sessions, ended ones among them.
    pub(super) async fn sessions_of(&self, identity: &IdentityId) -> Result<Vec<Session>, Outage> {
        let ids: Vec<String> = self.line.ask(redis::cmd("ZRANGE").arg(list_key(identity)).arg(0).arg(-1)).await?;
        let mut sessions = Vec::with_capacity(ids.len());
        for id in ids {
            sessions.extend(self.session(&SessionId::stored(id)).await?);
        }
        sessions.sort_by(|one, other| (other.seen_at, &other.id).cmp(&(one.seen_at, &one.id)));
        Ok(sessions)
    }

    /// The extranet's cookies of a session and account.
    pub(super) async fn jar(&self, session: &SessionId, link: &LinkId) -> Result<Option<StoredJar>, Outage> {
        let text: Option<String> = self.line.ask(redis::cmd("HGET").arg(jars_key(session)).arg(link.as_str())).await?;
        Ok(text.and_then(|text| records::read_jar(&text)))
    }

    /// The extranet's cookies of each account that the session has entered.
    pub(super) async fn jars(&self, session: &SessionId) -> Result<Vec<(LinkId, StoredJar)>, Outage> {
        let all: Vec<(String, String)> = self.line.ask(redis::cmd("HGETALL").arg(jars_key(session))).await?;
        let mut jars: Vec<(LinkId, StoredJar)> = all
            .into_iter()
            .filter_map(|(link, text)| Some((LinkId::stored(link), records::read_jar(&text)?)))
            .collect();
        jars.sort_by(|(one, first), (other, second)| {
            (first.signed_in_at, one.as_str()).cmp(&(second.signed_in_at, other.as_str()))
        });
        Ok(jars)
    }

    /// Keeps the next state of a jar, if it is at this version; without one, whatever is there. Gives its version now;
    /// 0 if it was at another, less if the session has gone.
    pub(super) async fn put_jar(
        &self,
        session: &SessionId,
        link: &LinkId,
        version: Option<i64>,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<i64, Outage> {
        let expected = version.map(|version| version.to_string()).unwrap_or_default();
        let mut put = redis::cmd("EVAL");
        put.arg(PUT_JAR).arg(2).arg(key(session)).arg(jars_key(session));
        put.arg(link.as_str()).arg(expected).arg(millis(now)).arg(sealed.to_line());
        self.line.ask(&put).await
    }

    /// Every jar in the person's sessions, ended ones among them.
    pub(super) async fn sealed_of(&self, identity: &IdentityId) -> Result<Vec<(SealedPlace, Sealed)>, Outage> {
        let ids: Vec<String> = self.line.ask(redis::cmd("ZRANGE").arg(list_key(identity)).arg(0).arg(-1)).await?;
        let mut sealed = Vec::new();
        for session in ids.into_iter().map(SessionId::stored) {
            let jars = self.jars(&session).await?.into_iter();
            sealed.extend(jars.map(|(link, jar)| (SealedPlace::Cookies(session.clone(), link), jar.sealed)));
        }
        Ok(sealed)
    }

    /// Puts the same cookies, sealed anew, in the place of what was read; false if that is not there any more.
    pub(super) async fn reseal_jar(
        &self,
        session: &SessionId,
        link: &LinkId,
        read: &Sealed,
        anew: &Sealed,
    ) -> Result<bool, Outage> {
        let mut reseal = redis::cmd("EVAL");
        reseal.arg(RESEAL_JAR).arg(1).arg(jars_key(session));
        reseal.arg(link.as_str()).arg(read.to_line()).arg(anew.to_line());
        self.line.ask(&reseal).await
    }

    /// Forgets the extranet's cookies of a session and account.
    pub(super) async fn drop_jar(&self, session: &SessionId, link: &LinkId) -> Result<(), Outage> {
        self.line.ask(redis::cmd("HDEL").arg(jars_key(session)).arg(link.as_str())).await
    }

    /// What has been counted of a client, and its version.
    pub(super) async fn attempts_at(&self, client: &str) -> Result<(Attempts, i64), Outage> {
        let text: Option<String> = self.line.ask(redis::cmd("GET").arg(client_key(client))).await?;
        let read = text.as_deref().map(records::read_attempts);
        if read == Some(None) {
            // Counting goes on, from none: nobody is locked out by what nobody can read.
            tracing::error!("what was counted of a client cannot be read");
        }
        Ok(read.flatten().unwrap_or_default())
    }

    /// Keeps what has been counted of a client; false if somebody counted since `version` was read.
    pub(super) async fn save_attempts_at(
        &self,
        client: &str,
        attempts: &Attempts,
        version: i64,
    ) -> Result<bool, Outage> {
        let mut count = redis::cmd("EVAL");
        count.arg(COUNT).arg(1).arg(client_key(client));
        count.arg(version).arg(records::attempts(attempts, version + 1)).arg(COUNTS_LIVE_MS);
        self.line.ask(&count).await
    }
}

fn key(session: &SessionId) -> String {
    format!("vestibule:{{{}}}", session.as_str())
}

fn jars_key(session: &SessionId) -> String {
    format!("vestibule:{{{}}}:jars", session.as_str())
}

fn cookie_key(cookie: SecretDigest) -> String {
    format!("vestibule:cookie:{}", cookie.to_hex())
}

fn list_key(identity: &IdentityId) -> String {
    format!("vestibule:sessions-of:{}", identity.as_str())
}

fn client_key(client: &str) -> String {
    format!("vestibule:{client}")
}

fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// How long a key has to live; Redis takes no less than a millisecond.
fn left(until: i64, now: Timestamp) -> i64 {
    until.saturating_sub(millis(now)).max(1)
}
