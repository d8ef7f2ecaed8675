//! Who answers for residents' personal data, and who only handles it (RGPD, 4.7 and 4.8).

use serde::{Deserialize, Serialize};

/// Who does, as an agency's file says it or the portal's says it for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Their name; the agency's own where none is said.
    pub name: Option<String>,
    /// Where residents turn to about their data.
    pub contact: Option<String>,
    /// As what they do.
    pub role: ControllerRole,
}

/// As what the one who is named answers for the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControllerRole {
    /// For all of it.
    #[default]
    Controller,
    /// For all of it but that of a co-ownership, for which the « syndicat des copropriétaires » answers, on whose behalf they
    /// act.
    Syndicat,
}

impl ControllerRole {
    /// The end of its sentence's key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Syndicat => "syndicat",
        }
    }
}
