//! One whole reading of the configuration: what `check`, a start and a reload have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::sign::CertifiedKey;

use crate::config::{self, Loaded, PortalSettings, Settings, Severity, UnknownName};
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

/// Reads and checks everything; nothing is changed.
pub(super) fn read(path: &Path) -> Attempt {
    let config::Attempt { files, outcome } = config::attempt(path);
    let outcome = match outcome {
        Ok(Loaded { settings, warnings }) => {
            let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            match Pages::load(settings.pages.as_deref()) {
                Ok(pages) => Ok(Reading { settings, pages, warnings }),
                Err(error) => {
                    let folder = settings.pages.as_deref().map(|folder| format!("{}: ", folder.display()));
                    let problem = format!("{}{error}", folder.unwrap_or_default());
                    Err(Refused { problems: warnings.into_iter().chain([problem]).collect(), errors: 1 })
                }
            }
        }
        Err(problems) => {
            let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
            Err(Refused { problems: problems.0.iter().map(ToString::to_string).collect(), errors })
        }
    };
    Attempt { files, outcome }
}

/// The first edition of what was read, or the one that follows.
pub(super) fn edition(settings: &mut Settings, pages: Pages, before: Option<&Edition>) -> Edition {
    let agencies = std::mem::take(&mut settings.agencies);
    let portal = settings.portal.origin.clone();
    let directory = match before {
        Some(before) => before.directory.renewed(portal, agencies),
        None => Directory::new(portal, agencies),
    };
    let directory = directory.after(&settings.portal.former);
    Edition {
        number: before.map_or(1, |before| before.number + 1),
        directory: Arc::new(directory),
        pages: Arc::new(pages),
        portal: brand(&settings.portal),
    }
}

/// The certificates to be shown, and whether the first is shown to whoever asks for another name.
pub(super) fn certificates(settings: &Settings) -> (Vec<Named<'_>>, bool) {
    let listed = settings.tls.iter().flat_map(|tls| &tls.certificates);
    let listed = listed.map(|certificate| (certificate.names.as_slice(), &certificate.key));
    (listed.collect(), settings.tls.as_ref().is_some_and(|tls| tls.unknown_name == UnknownName::Default))
}

fn brand(portal: &PortalSettings) -> Brand {
    Brand {
        name: portal.name.clone(),
        colour: portal.colour.clone(),
        logo_url: None,
        support_email: portal.support_email.clone(),
        support_phone: portal.support_phone.clone(),
        support_url: portal.support_url.clone(),
    }
}
