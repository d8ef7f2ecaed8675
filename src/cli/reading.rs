//! One whole reading of the configuration: what `check`, a start and a reload have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};

use crate::config::{
    self, Loaded, PackedSources, PortalSettings, Problems, Settings, Severity, UnknownName, ValueOrigin,
};
use crate::domain::routing::Directory;
use crate::edition::Edition;
use crate::pages::{Brand, Pages};

/// The hosts that a certificate is for, and the certificate.
type Named<'s> = (&'s [String], &'s Arc<CertifiedKey>);

/// A configuration that can be put in force as it is.
pub(super) struct Reading {
    pub(super) settings: Settings,
    pub(super) pages: Pages,
    /// None of them is an error; each with file and line.
    pub(super) warnings: Vec<String>,
    /// What a start goes on with, and a reload does not.
    pub(super) flaws: Vec<String>,
    /// Of what a reload puts in force, but for certificates and pages.
    pub(super) digest: u32,
    /// The texts that it was read from.
    pub(super) sources: PackedSources,
}

/// What came of a reading.
pub(super) struct Attempt {
    /// The files and folders that it depended on.
    pub(super) files: Vec<PathBuf>,
    /// The reading, or why it is refused.
    pub(super) outcome: Result<Reading, Refused>,
}

/// Why a configuration is refused: every problem with file, line and a hint, and how many of them are errors.
pub(super) struct Refused {
    pub(super) problems: Vec<String>,
    pub(super) errors: usize,
}

impl Refused {
    /// For these problems.
    pub(super) fn of(problems: &Problems) -> Self {
        let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
        Self { problems: problems.0.iter().map(ToString::to_string).collect(), errors }
    }
}

/// Reads and checks everything; nothing is changed.
pub(super) fn read(path: &Path) -> Attempt {
    let config::Attempt { files, outcome, sources, .. } = config::attempt(path);
    let outcome = match outcome {
        Ok(Loaded { settings, warnings }) => {
            let (flaws, warnings): (Vec<_>, Vec<_>) =
                warnings.iter().partition(|problem| problem.severity == Severity::Flaw);
            let [flaws, warnings] =
                [flaws, warnings].map(|told| told.iter().map(ToString::to_string).collect::<Vec<_>>());
            match Pages::load(settings.pages.as_deref()) {
                Ok(pages) => Ok(Reading {
                    digest: digest(&settings),
                    settings,
                    pages,
                    warnings,
                    flaws,
                    sources: sources.packed(),
                }),
                Err(error) => {
                    let folder = settings
                        .pages
                        .as_deref()
                        .map(|folder| format!("{}: pages.folder: {}: ", path.display(), folder.display()));
                    let problem = format!("{}{error}", folder.unwrap_or_default());
                    Err(Refused { problems: warnings.into_iter().chain(flaws).chain([problem]).collect(), errors: 1 })
                }
            }
        }
        Err(problems) => Err(Refused::of(&problems)),
    };
    Attempt { files, outcome }
}

/// The first edition of what was read, or the one that follows.
pub(super) fn edition(settings: &mut Settings, pages: Pages, digest: u32, before: Option<&Edition>) -> Edition {
    let agencies = std::mem::take(&mut settings.agencies);
    let portal = settings.portal.origin.clone();
    let directory = match before {
        Some(before) => before.directory.renewed(portal, agencies),
        None => Directory::new(portal, agencies),
    };
    let directory = directory.after(&settings.portal.former);
    Edition {
        number: before.map_or(1, |before| before.number + 1),
        digest,
        directory: Arc::new(directory),
        pages: Arc::new(pages),
        portal: brand(&settings.portal),
        controller: settings.portal.controller.clone(),
    }
}

/// The certificates to be shown, and whether the first is shown to whoever asks for another name.
pub(super) fn certificates(settings: &Settings) -> (Vec<Named<'_>>, bool) {
    let listed = settings.tls.iter().flat_map(|tls| &tls.certificates);
    let listed = listed.map(|certificate| (certificate.names.as_slice(), &certificate.key));
    (listed.collect(), settings.tls.as_ref().is_some_and(|tls| tls.unknown_name == UnknownName::Default))
}

/// The same on every node that has read the same, wherever its files are and whatever addresses it listens on.
fn digest(settings: &Settings) -> u32 {
    let mut hasher = Sha256::new();
    let is_shared = |key: &str| key.starts_with("portal.");
    for ValueOrigin { agency, key, value, .. } in &settings.origins {
        let agency = match agency {
            Some(agency) => agency.to_string(),
            None if is_shared(key) => String::new(),
            None => continue,
        };
        for part in [agency.as_str(), key, value] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
    }
    for terms in settings.agencies.iter().filter_map(|agency| agency.terms.as_ref()) {
        hasher.update(terms.digest().as_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// How the portal looks where no agency is known.
pub(super) fn brand(portal: &PortalSettings) -> Brand {
    Brand {
        name: portal.name.clone(),
        colour: portal.colour.clone(),
        logo_url: None,
        support_name: portal.name.clone(),
        answers: portal.support_email.is_some(),
        support_email: portal.support_email.clone(),
        support_phone: portal.support_phone.clone(),
        support_url: portal.support_url.clone(),
        old_password_hint: None,
    }
}
