//! Which file the gateway that runs serves from, and which keys it has, as it says itself: what lies beside a database of `SQLite` may have been
//! taken away with it.

use super::control;
use super::said::Said;
use crate::config::Settings;
use crate::store::{self, StoreError};

/// Whether the file at the place that a gateway serves from is the one that it has open; None where none does, as far as
/// that is known.
pub(super) async fn is_the_one_served(settings: &Settings) -> Option<bool> {
    let url = settings.database_url.expose();
    match control::ask(&settings.server.control, "serves").await {
        Ok(Said::Done(told)) => store::is_the_file_told(url, &told),
        _ => None,
    }
}

/// Fails where another file lies there than the one that is served from: what is written into it, nobody reads.
///
/// # Errors
/// [`StoreError::InItsPlace`].
pub(super) async fn refuse_another(settings: &Settings) -> Result<(), StoreError> {
    match is_the_one_served(settings).await {
        Some(false) => Err(store::in_its_place(settings.database_url.expose())),
        Some(true) | None => Ok(()),
    }
}

/// What is known of the vault's keys of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeysThere {
    /// No gateway answers here.
    NoGateway,
    /// It does not say: its program is an older one.
    Untold,
    /// Their names, the one that seals first.
    Told(Vec<String>),
}

/// Asks the gateway that runs on this configuration which keys it has.
pub(super) async fn keys_there(settings: &Settings) -> KeysThere {
    match control::ask(&settings.server.control, "keys").await {
        Ok(Said::Done(text)) => KeysThere::Told(text.split_whitespace().map(str::to_owned).collect()),
        Ok(_) => KeysThere::Untold,
        Err(_) => KeysThere::NoGateway,
    }
}
