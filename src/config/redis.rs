//! `[redis]`: where sessions live when several nodes share them.

use std::time::Duration;

use super::document::Section;
use super::problems::Wrong;
use super::secrets::{self, Surroundings};
use super::settings::{RedisMode, RedisSettings};
use super::values;

/// What `mode` says.
#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Single,
    Sentinel,
    Cluster,
}

pub(super) fn read(section: &Section<'_>, around: Surroundings<'_>) -> Option<RedisSettings> {
    let urls = section.list("urls", values::redis_url);
    if section.has("urls") && urls.is_empty() {
        section.error("urls", Wrong::new("no address of a server").hint("urls = [\"redis://10.0.0.5:6379\"]"));
    }
    let master = section.parsed("master", values::line);
    let mode = match (section.choice("mode")?, master) {
        (Mode::Single, None) => {
            if urls.len() > 1 {
                let wrong = Wrong::new("several servers, of which only one can be the right one");
                section.error("urls", wrong.hint("mode = \"sentinel\" or mode = \"cluster\", or one server"));
            }
            Some(RedisMode::Single)
        }
        (Mode::Cluster, None) => Some(RedisMode::Cluster),
        (Mode::Sentinel, Some(master)) => Some(RedisMode::Sentinel { master }),
        (Mode::Sentinel, None) => {
            section.error("master", Wrong::new("missing; expected the name by which the Sentinels know the master"));
            None
        }
        (Mode::Single | Mode::Cluster, Some(_)) => {
            section.error("master", Wrong::new("is only used with Sentinels").hint("mode = \"sentinel\""));
            None
        }
    };
    let encrypted = urls.iter().filter(|url| url.starts_with("rediss:")).count();
    if encrypted != 0 && encrypted != urls.len() {
        section.error("urls", Wrong::new("some of them with TLS (rediss:) and some without"));
    }
    let ca = section.path("ca_file").and_then(|file| match std::fs::read(&file) {
        Ok(ca) => Some(ca),
        Err(error) => {
            section.error("ca_file", Wrong::new(format!("{} cannot be read: {error}", file.display())));
            None
        }
    });
    if section.has("ca_file") && encrypted == 0 {
        section.error("ca_file", Wrong::new("is only used with TLS").hint("urls = [\"rediss://…\"]"));
    }
    let password = secrets::secret(section, "password", false, around);
    if password.is_some() && encrypted == 0 && !urls.iter().all(|url| values::is_redis_here(url)) {
        section.warning("urls", Wrong::new("the password travels in the clear").hint("urls = [\"rediss://…\"]"));
    }
    Some(RedisSettings {
        urls,
        mode: mode?,
        username: section.parsed("username", values::line),
        password,
        sentinel_username: section.parsed("sentinel_username", values::line),
        sentinel_password: secrets::secret(section, "sentinel_password", false, around),
        ca,
        timeout: Duration::from_millis(section.number("timeout_ms")?),
    })
}
