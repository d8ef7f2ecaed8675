//! `[redis]`: where sessions live when several nodes share them.

use std::time::Duration;

use super::document::Section;
use super::keys::{self, REDIS, RedisModes};
use super::problems::Wrong;
use super::secrets::{self, Surroundings};
use super::settings::{RedisMode, RedisSettings};
use super::values;

pub(super) fn read(section: &Section<'_, keys::Redis>, around: Surroundings<'_>) -> Option<RedisSettings> {
    let urls = section.list(REDIS.urls, values::redis_url);
    if section.has(REDIS.urls) && urls.is_empty() {
        section.error(REDIS.urls, Wrong::new("no address of a server").hint("urls = [\"redis://10.0.0.5:6379\"]"));
    }
    let master = section.parsed(REDIS.master, values::line);
    let mode = match (section.choice(REDIS.mode)?, master) {
        (RedisModes::Single, None) => {
            if urls.len() > 1 {
                let wrong = Wrong::new("several servers, of which only one can be the right one");
                section.error(REDIS.urls, wrong.hint("mode = \"sentinel\" or mode = \"cluster\", or one server"));
            }
            Some(RedisMode::Single)
        }
        (RedisModes::Cluster, None) => Some(RedisMode::Cluster),
        (RedisModes::Sentinel, Some(master)) => Some(RedisMode::Sentinel { master }),
        (RedisModes::Sentinel, None) => {
            section
                .error(REDIS.master, Wrong::new("missing; expected the name by which the Sentinels know the master"));
            None
        }
        (RedisModes::Single | RedisModes::Cluster, Some(_)) => {
            section.error(REDIS.master, Wrong::new("is only used with Sentinels").hint("mode = \"sentinel\""));
            None
        }
    };
    let encrypted = urls.iter().filter(|url| url.starts_with("rediss:")).count();
    if encrypted != 0 && encrypted != urls.len() {
        section.error(REDIS.urls, Wrong::new("some of them with TLS (rediss:) and some without"));
    }
    let ca = section.path(REDIS.ca_file).and_then(|file| match std::fs::read(&file) {
        Ok(ca) => Some(ca),
        Err(error) => {
            section.error(REDIS.ca_file, Wrong::new(format!("{} cannot be read: {error}", file.display())));
            None
        }
    });
    if section.has(REDIS.ca_file) && encrypted == 0 {
        section.error(REDIS.ca_file, Wrong::new("is only used with TLS").hint("urls = [\"rediss://…\"]"));
    }
    let password = secrets::optional(section, REDIS.password_file, REDIS.password_env, around);
    if password.is_some() && encrypted == 0 && !urls.iter().all(|url| values::is_redis_here(url)) {
        section.warning(REDIS.urls, Wrong::new("the password travels in the clear").hint("urls = [\"rediss://…\"]"));
    }
    Some(RedisSettings {
        urls,
        mode: mode?,
        username: section.parsed(REDIS.username, values::line),
        password,
        sentinel_username: section.parsed(REDIS.sentinel_username, values::line),
        sentinel_password: secrets::optional(
            section,
            REDIS.sentinel_password_file,
            REDIS.sentinel_password_env,
            around,
        ),
        ca,
        timeout: Duration::from_millis(section.number(REDIS.timeout_ms)?),
    })
}
