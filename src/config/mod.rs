//! Configuration, as written and as used, with every problem told at once.

mod origins;
mod problems;
mod settings;

pub use origins::{Source, ValueOrigin};
pub use problems::{Problem, Problems, Severity};
pub use settings::{
    Argon2Settings, LogFormat, LogSettings, MailSettings, PortalSettings, ServerSettings, Settings, SmtpLogin,
    SmtpSettings, SmtpTls, TransportSettings, VaultKeys,
};
