//! What the bench's contenders speak TLS with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair};

use crate::Failed;

/// A certificate for every host of the bench, and its key, as files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Where both are, with names by which the gateway finds them.
    pub folder: PathBuf,
    /// The certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes them below this folder.
    pub fn write(folder: &Path) -> Result<Self, Failed> {
        let folder = folder.join("certificates");
        fs::create_dir_all(&folder)?;
        let key = KeyPair::generate()?;
        let cert = CertificateParams::new(vec!["*.localhost".to_owned()])?.self_signed(&key)?;
        let written = Self { cert: folder.join("bench.crt"), key: folder.join("bench.key"), folder };
        fs::write(&written.cert, cert.pem())?;
        fs::write(&written.key, key.serialize_pem())?;
        fs::set_permissions(&written.key, fs::Permissions::from_mode(0o600))?;
        Ok(written)
    }
}
