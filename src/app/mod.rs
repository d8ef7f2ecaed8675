//! Use cases: one file per intention, one transaction and one audit event each.

pub mod visit;

use std::sync::Arc;

use crate::domain::routing::Directory;

/// Everything that a use case needs (stand-in).
pub struct App {
    directory: Arc<Directory>,
}

impl App {
    /// Every host and every agency.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }
}
