//! Configuration, as written and as used, with every problem told at once.

mod agencies;
mod document;
mod gateway;
mod headers;
mod json_schema;
mod keys;
mod load;
mod origins;
mod policy;
mod problems;
mod reference;
mod schema;
mod secrets;
mod settings;
mod sign_in;
#[cfg(test)]
mod tests;
mod tls;
mod values;

pub use json_schema::{ConfigFile, json_schema};
pub use load::{Attempt, Loaded, attempt, control_socket, load};
pub use origins::{Source, ValueOrigin, describe};
pub use problems::{Problem, Problems, Severity};
pub use reference::reference;
pub use settings::{
    Argon2Settings, Certificate, LogFormat, LogSettings, MailSettings, PortalSettings, ProxyProtocolSettings,
    ServerSettings, Settings, SmtpLogin, SmtpSettings, SmtpTls, TlsSettings, TraceSettings, TransportSettings,
    UnknownName, VaultKeys,
};
