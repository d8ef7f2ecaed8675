//! Why a letter was not taken over.

use super::cause::Cause;
use super::dkim::DkimError;
use crate::domain::mail::{Reply, Setback, Stage, judge};

/// Why a letter was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The mail server said no, or nothing; its words may hold the address.
    #[error("{said}")]
    Smtp {
        /// Where in the conversation.
        stage: Stage,
        /// What is in the way.
        cause: Cause,
        /// Its refusal; None where it was silent or hung up.
        reply: Option<Reply>,
        /// In words.
        said: String,
    },
    /// The letter cannot be built.
    #[error("the letter cannot be built: {0}")]
    Message(#[from] lettre::error::Error),
    /// The letter cannot be signed.
    #[error(transparent)]
    Dkim(#[from] DkimError),
    /// The folder cannot be written.
    #[error("the folder of letters: {0}")]
    Folder(#[from] std::io::Error),
    /// An address is not one.
    #[error("\"{0}\" is not an address")]
    Address(String),
}

impl Undelivered {
    /// What it means for the letter.
    #[must_use]
    pub fn setback(&self) -> Setback {
        match self {
            Self::Smtp { stage, reply, .. } => judge(*stage, *reply),
            // A disk that is full, or a folder that is gone, is no letter's fault.
            Self::Folder(_) => Setback::ServerAway,
            // A key may be mended.
            Self::Message(_) | Self::Dkim(_) | Self::Address(_) => Setback::Later,
        }
    }

    /// The same in the words by which it is looked for: what a server says itself is its own.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Smtp { stage: Stage::Connection, cause: Cause::SignIn, reply: Some(_), said } => {
                format!("it does not let us in (name and password?): {said}")
            }
            Self::Smtp { stage: Stage::Connection, reply: Some(_), said, .. } => {
                format!("it does not let us in: {said}")
            }
            other => other.to_string(),
        }
    }

    /// What is refused while we sign in is our name or password.
    pub(super) fn at_sign_in(self) -> Self {
        match self {
            Self::Smtp { stage, cause: Cause::Said, reply, said } => {
                Self::Smtp { stage, cause: Cause::SignIn, reply, said }
            }
            other => other,
        }
    }

    /// Whether the connection cannot be used any more.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self, Self::Smtp { reply: None | Some(Reply { code: 421, .. }), .. })
    }
}
