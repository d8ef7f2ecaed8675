//! Style sheets, scripts and pictures: kept in memory, named with their hash so that browsers may keep them for a year.

use std::borrow::Cow;
use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::files::Files;

/// A file that a page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset<'a> {
    /// The content.
    pub body: &'a [u8],
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// For `ETag`, with its quotes.
    pub etag: &'a str,
}

#[derive(Debug, Default)]
pub(super) struct Assets(BTreeMap<String, Stored>);

#[derive(Debug)]
struct Stored {
    body: Cow<'static, [u8]>,
    content_type: &'static str,
    etag: String,
}

impl Assets {
    /// Takes the files below `assets/`; the names of those whose kind is unknown come back as problems.
    pub(super) fn take(files: &Files) -> (Self, Vec<String>) {
        let mut assets = BTreeMap::new();
        let mut problems = Vec::new();
        for (path, body) in files {
            let Some(name) = path.strip_prefix("assets/") else { continue };
            let Some(content_type) = content_type(name) else {
                problems.push(format!("{path}: a file of this kind is not served"));
                continue;
            };
            let digest = HEXLOWER.encode(&Sha256::digest(body));
            let etag = format!("\"{}\"", &digest[..16]);
            assets.insert(name.to_owned(), Stored { body: body.clone(), content_type, etag });
        }
        (Self(assets), problems)
    }

    pub(super) fn get(&self, path: &str) -> Option<Asset<'_>> {
        let stored = self.0.get(path)?;
        Some(Asset { body: &stored.body, content_type: stored.content_type, etag: &stored.etag })
    }

    /// Each name with its content.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, stored)| (name.as_str(), stored.body.as_ref()))
    }

    /// Each name with the version that stands behind `?v=`.
    pub(super) fn versions(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, stored)| (name.clone(), stored.etag.trim_matches('"').to_owned())).collect()
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
