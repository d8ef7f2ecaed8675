//! The texts of the files as one reading found them: what is in force can be read again although the files have changed.
//!
//! No secret's file is among them; each reading opens those itself.

use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The texts of one reading.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sources {
    main: Option<String>,
    /// By the names of their files.
    agencies: Vec<(String, String)>,
}

/// The same, small: ten thousand agencies' files are much alike.
#[derive(Clone, Default)]
pub struct PackedSources(Zeroizing<Vec<u8>>);

impl Sources {
    /// Keeps the text of the main file.
    pub(super) fn keep_main(&mut self, text: &str) {
        self.main = Some(text.to_owned());
    }

    /// Keeps the text of an agency's file.
    pub(super) fn keep_agency(&mut self, file: &Path, text: &str) {
        self.agencies.push((name(file), text.to_owned()));
    }

    pub(super) fn main(&self) -> Option<&str> {
        self.main.as_deref()
    }

    /// The names of the agencies' files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.agencies.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn agency(&self, file: &Path) -> Option<&str> {
        let name = name(file);
        self.agencies.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    /// Packs them.
    #[must_use]
    pub fn packed(&self) -> PackedSources {
        let text = Zeroizing::new(serde_json::to_vec(self).unwrap_or_default());
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory cannot fail.
        let _ = packer.write_all(&text);
        PackedSources(Zeroizing::new(packer.finish().unwrap_or_default()))
    }

    /// Reads back what [`PackedSources::text`] gave.
    #[must_use]
    pub fn told(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl PackedSources {
    /// One line of text that [`Sources::told`] reads.
    #[must_use]
    pub fn text(&self) -> Option<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::new());
        ZlibDecoder::new(self.0.as_slice()).read_to_string(&mut text).ok()?;
        Some(text)
    }
}

impl Drop for Sources {
    /// A database's password may stand in the main file.
    fn drop(&mut self) {
        self.main.zeroize();
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
