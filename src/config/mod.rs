//! Configuration, as written and as used, with every problem told at once.

mod agencies;
mod brand;
mod controller;
mod description;
mod document;
mod endings;
mod gateway;
mod headers;
mod hosts;
mod json_schema;
mod keys;
mod load;
mod origins;
mod paths;
mod policy;
mod problems;
mod redis;
mod reference;
mod schema;
mod secrets;
mod settings;
mod sign_in;
mod sources;
mod terms;
#[cfg(test)]
mod tests;
mod tls;
mod upstream;
mod values;

pub use description::describe;
pub use json_schema::{ConfigFile, json_schema};
pub use load::{Attempt, Glance, Loaded, attempt, attempt_in_force, glance, load};
pub use origins::{Source, ValueOrigin};
pub use problems::{Problem, Problems, Severity};
pub use reference::reference;
pub use secrets::vault_key_id;
pub use settings::{
    Argon2Settings, Certificate, ControlPlaces, LogFormat, LogSettings, MailSettings, PortalSettings,
    ProxyProtocolSettings, RedisMode, RedisSettings, ServerSettings, Settings, SmtpLogin, SmtpSettings, SmtpTls,
    TlsSettings, TraceSettings, TransportSettings, UnknownName, VaultKey, VaultKeys,
};
pub use sources::{PackedSources, Sources};
pub use tls::ENDS_SOON;
