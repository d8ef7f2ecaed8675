//! What a gateway under test stands on: the same sentences hold on each stage.

use std::{path::Path, sync::Arc};

use toml::Value;

use super::{
    balancer::Relay,
    postgres::{self, Database},
    redis::Redis,
};

/// A kind of ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A file in the gateway's folder.
    Sqlite,
    /// A database of its own on the server that all tests of this process share.
    Postgres,
    /// A file in the gateway's folder, and sessions in a Redis of its own.
    Redis,
    /// Two nodes on one database of `PostgreSQL`.
    TwoNodes,
    /// Two nodes on one database of `PostgreSQL` and one Redis.
    TwoNodesWithRedis,
}

/// The ground of one gateway; it goes with this value.
pub struct Ground {
    url: String,
    /// As the gateway is told it.
    url_of_nodes: String,
    pub redis: Option<Redis>,
    pub relay: Option<Relay>,
    database: Option<Arc<Database>>,
    earlier: Vec<Arc<Database>>,
}

impl Stage {
    /// How many nodes stand on it.
    pub const fn nodes(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres | Self::Redis => 1,
            Self::TwoNodes | Self::TwoNodesWithRedis => 2,
        }
    }

    const fn has_redis(self) -> bool {
        matches!(self, Self::Redis | Self::TwoNodesWithRedis)
    }
}

impl Ground {
    /// Prepares what a gateway with this folder will stand on.
    pub fn prepare(stage: Stage, folder: &Path) -> Self {
        Self::prepare_in(stage, folder, None)
    }

    /// The same, in a database that is there.
    pub fn prepare_in(stage: Stage, folder: &Path, database: Option<Arc<Database>>) -> Self {
        let redis = stage.has_redis().then(Redis::start);
        if matches!(stage, Stage::Sqlite | Stage::Redis) {
            let url = format!("sqlite:{}", folder.join("vestibule.db").display());
            return Self { url_of_nodes: url.clone(), url, redis, relay: None, database: None, earlier: Vec::new() };
        }
        let database = database.unwrap_or_else(|| Arc::new(postgres::shared().database()));
        let server = url::Url::parse(&database.url()).expect("an address").port().expect("a port");
        let relay = (stage.nodes() > 1).then(|| Relay::start(server));
        Self {
            url: database.url(),
            url_of_nodes: relay.as_ref().map_or_else(|| database.url(), |relay| database.url_at(relay.port())),
            redis,
            relay,
            database: Some(database),
            earlier: Vec::new(),
        }
    }

    /// What the configuration says of it, by dotted paths.
    pub fn settings(&self) -> Vec<(&'static str, Value)> {
        let mut settings = vec![("database.url", self.url_of_nodes.clone().into())];
        if let Some(redis) = &self.redis {
            settings.push(("redis.urls", vec![redis.url()].into()));
        }
        settings
    }

    /// The database's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stands on the database of another ground from now on, and keeps its own until the end; gives the URL from before.
    pub fn take_database(&mut self, other: Self) -> String {
        let before = std::mem::replace(&mut self.url, other.url);
        self.url_of_nodes = other.url_of_nodes;
        self.earlier.extend(std::mem::replace(&mut self.database, other.database));
        before
    }

    /// The same by the port of a line.
    pub fn url_over(&self, port: u16) -> String {
        self.database.as_ref().expect("a line leads to PostgreSQL").url_at(port)
    }

    /// Lets every sign-in upstream that stands in Redis have been so many minutes earlier.
    pub fn let_pass(&self, minutes: i64) {
        let Some(redis) = &self.redis else { return };
        let aged = "for _, key in ipairs(redis.call('KEYS', 'vestibule:*:jars')) do
                      local all = redis.call('HGETALL', key)
                      for i = 1, #all, 2 do
                        local version, at, rest = string.match(all[i + 1], '^(%d+) (%d+) (.*)$')
                        local earlier = string.format('%.0f', at - ARGV[1])
                        redis.call('HSET', key, all[i], version .. ' ' .. earlier .. ' ' .. rest)
                      end
                    end";
        let said = redis.cli(&["EVAL", aged, "0", &(minutes * 60_000).to_string()]);
        assert!(!said.contains("ERR"), "{said}");
    }
}
