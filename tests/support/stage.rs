//! What a gateway under test stands on: the same sentences hold on each stage.

use std::path::Path;

use toml::Value;

use super::postgres::{self, Database};

/// A kind of ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A file in the gateway's folder.
    Sqlite,
    /// A database of its own on the server that all tests of this process share.
    Postgres,
}

/// The ground of one gateway; it goes with this value.
pub struct Ground {
    url: String,
    _database: Option<Database>,
}

impl Ground {
    /// Prepares what a gateway with this folder will stand on.
    pub fn prepare(stage: Stage, folder: &Path) -> Self {
        match stage {
            Stage::Sqlite => Self { url: format!("sqlite:{}", folder.join("vestibule.db").display()), _database: None },
            Stage::Postgres => {
                let database = postgres::shared().database();
                Self { url: database.url(), _database: Some(database) }
            }
        }
    }

    /// What the configuration says of it, by dotted paths.
    pub fn settings(&self) -> Vec<(&'static str, Value)> {
        vec![("database.url", self.url.clone().into())]
    }

    /// The database's URL.
    pub fn url(&self) -> &str {
        &self.url
    }
}
