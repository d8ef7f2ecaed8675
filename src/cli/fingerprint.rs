//! Whether files have changed, without reading them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// No folder of settings is deeper; a link that leads back to itself ends here.
pub(super) const MOST_DEPTH: usize = 6;

/// Changes when one of these files does, or anything in one of these folders.
pub(super) fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        print(file, MOST_DEPTH, &mut hasher);
    }
    hasher.finish()
}

fn print(path: &Path, depth: usize, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        return (metadata.mtime(), metadata.mtime_nsec(), metadata.len(), metadata.ino()).hash(hasher);
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    // As bytes: paths are compared part by part, which takes ten times as long.
    entries.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    for entry in &entries {
        print(entry, depth, hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_what_is_in_the_folders_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [folder.path().to_owned(), folder.path().join("missing")];
        let empty = fingerprint(&files);
        assert_eq!(empty, fingerprint(&files));
        std::fs::create_dir(folder.path().join("agencies")).expect("a folder");
        std::fs::write(folder.path().join("agencies/a.toml"), "a").expect("a file");
        let one = fingerprint(&files);
        assert_ne!(one, empty);
        std::fs::write(folder.path().join("agencies/a.toml"), "ab").expect("a file");
        assert_ne!(fingerprint(&files), one);
    }
}
